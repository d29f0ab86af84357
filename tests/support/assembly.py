"""What all applications of a worker have in common is worked out once: addresses, templates and SQL are compiled by the first.

Passwords are hashed at the least cost. Each test has an application of its own all the same. Compiling was a third of what a small test takes (docs/decisions/0010).
"""

import importlib.metadata
from collections.abc import Callable, Iterable
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


def _compile_once(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """How an address is put together depends on the parts of its pattern only; werkzeug compiles it for every application."""
    builders: dict[tuple[object, ...], Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = (*rule._trace, repr(rule.defaults), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    return compiled


def _parse_once(parse_rule: Callable[[Rule, str], Iterable[Any]]) -> Callable[[Rule, str], Iterable[Any]]:
    """What a pattern consists of, and what turns its parts into values, is the same wherever the converters are."""
    known: dict[tuple[object, ...], tuple[list[Any], list[Any], dict[str, Any]]] = {}

    def parsed(rule: Rule, pattern: str) -> Iterable[Any]:
        assert rule.map is not None
        key = (pattern, *rule.map.converters.values())
        if key not in known:
            before = len(rule._trace)
            parts = list(parse_rule(rule, pattern))
            known[key] = parts, rule._trace[before:], rule._converters
        parts, trace, converters = known[key]
        if rule._converters is not converters:
            rule._trace.extend(trace)
            rule._converters.update(converters)
            rule.arguments.update(converters)
        return parts

    return parsed


Rule._parse_rule = _parse_once(Rule._parse_rule)  # type: ignore[method-assign, assignment]
Rule._compile_builder = _compile_once(Rule._compile_builder)  # type: ignore[method-assign, assignment]
