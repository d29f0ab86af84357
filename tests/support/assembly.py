"""What all applications of a worker have in common is worked out once: addresses, templates and SQL are compiled by the first.

Each test has an application of its own all the same. Compiling was a third of what a small test takes (docs/decisions/0010).
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app import create_app
from shop.core import db
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
    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


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


Rule._compile_builder = _compile_once(Rule._compile_builder)  # type: ignore[method-assign, assignment]
