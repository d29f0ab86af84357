"""What all applications of a worker have in common is worked out once: addresses, templates and SQL are compiled by the first.

Passwords are hashed at the least cost. Each test has an application of its own all the same. Compiling was a third of what a small test takes (docs/decisions/0010).
"""

import importlib.metadata
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app import create_app
from shop.core import db, passwords
from shop.core.config import Config

#: More than all statements of the shop.
_STATEMENTS = 4_000


def assemble(config: Config) -> Flask:
    """A new application for a test, with what earlier ones compiled."""
    app = create_app(config)
    app.testing = True
    app.jinja_env.bytecode_cache = _templates
    with app.app_context():
        engine = db.db.engine
        # A statement is kept under the dialect it was compiled for; every engine would bring its own.
        if engine.dialect.name not in _dialects:
            engine.connect().close()  # it learns what its server can
            _dialects[engine.dialect.name] = engine.dialect
        engine.dialect = _dialects[engine.dialect.name]
        engine._compiled_cache = _statements
    return app


class _Templates(BytecodeCache):
    """Compiled templates as Python has them: nothing to read again."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._compiled[bucket.key, bucket.checksum] = bucket.code


#: A password costs a tenth of a second by design. What is about that cost takes production's hasher back.
PRODUCTION_HASHER = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

#: Werkzeug reads its own version from a file for each server, and a test has two.
importlib.metadata.version = cache(importlib.metadata.version)

_dialects: dict[str, Dialect] = {}
_statements: LRUCache[Any, Any] = LRUCache(_STATEMENTS)
_templates = _Templates()


def _compile_once(compile_rule: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """What a pattern consists of, what turns its parts into values and what puts an address together depend on the pattern and the
    converters only; werkzeug works it out for every application."""
    known: dict[tuple[object, ...], Rule] = {}

    def compiled(rule: Rule) -> None:
        assert rule.map is not None
        key = (
            rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults), rule.map.host_matching,
            *rule.map.converters.values(),
        )  # fmt: skip
        like = known.get(key)
        if like is None:
            compile_rule(rule)
            known[key] = rule
            return
        rule._parts, rule._trace, rule._converters = like._parts, like._trace, like._converters
        rule.arguments.update(like._converters)
        rule._build = like._build.__func__.__get__(rule)  # type: ignore[attr-defined]
        rule._build_unknown = like._build_unknown.__func__.__get__(rule)  # type: ignore[attr-defined]

    return compiled


Rule.compile = _compile_once(Rule.compile)  # type: ignore[method-assign, assignment]
