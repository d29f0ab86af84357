"""One assembled application per worker, lent to test after test (docs/decisions/0010).

Assembling one costs as much as a small test does: its addresses, its templates and its statements are compiled anew. What is
one shop's own – settings, clock, database, kept pages, provider threads – is made anew for every test by the functions
``create_app`` calls, and what a test changed on the application is put back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, appcontext_popped, appcontext_pushed
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event, make_url

from app import create_app
from shop.core import db, logs, runtime
from shop.core.config import Config
from shop.payments import engine as payments
from shop.web import window
from tests.support.shop import dispose

#: The state of one shop on its application. ``tests/domain/test_fixtures.py`` holds it against what ``create_app`` puts there.
OF_ONE_SHOP = frozenset({"shop.runtime", "shop.payments", "shop.window"})
#: Settings that tell shops apart; with any other difference an application is assembled anew.
_APART = ("instance", "database_url", "base_url", "port", "simulator_url")
#: Seconds a provider thread with nothing to do may take to end.
_ENDS_WITHIN = 0.1


class Applications:
    """The application of this worker. ``templates`` is where Jinja keeps what it compiled, for when there is a second one."""

    def __init__(self, templates: Path) -> None:
        self._compiled = FileSystemBytecodeCache(str(templates))
        self._spare: _Lendable | None = None

    @contextmanager
    def lend(self, config: Config) -> Iterator[Flask]:
        """A shop with these settings.

        An application that is still at work for its test – a provider that does not answer, a request nobody waited for –
        is not lent again: that work would end in the next test's database.
        """
        lent, self._spare = self._spare, None
        if lent is None or not lent.suits(config):
            lent = _Lendable(config)
            lent.app.jinja_env.bytecode_cache = self._compiled
        lent.furnish(config)
        yield lent.app
        if lent.clear_out():
            self._spare = lent


class _Lendable:
    """An application, and how it looked when it was made."""

    def __init__(self, config: Config) -> None:
        self.app = app = create_app(config)
        app.testing = True
        with app.app_context():
            self._engine = db.db.engine
        self._ports = app.extensions["shop.payments"]
        for name in OF_ONE_SHOP:
            del app.extensions[name]
        # Whoever would add a page or a hook is told, as on a running server: addresses are not put back.
        app._got_first_request = True
        parts = [part for part in vars(app).values() if isinstance(part, dict)]
        holders: list[dict[str, Any]] = [vars(app), *parts, app.jinja_env.globals, app.jinja_env.filters]
        self._looks = [(holder, dict(holder)) for holder in holders]
        self._config = config
        event.listen(self._engine, "do_connect", self._connect)
        self._contexts = 0
        self._counting = threading.Lock()
        appcontext_pushed.connect(self._pushed, app)
        appcontext_popped.connect(self._popped, app)

    def suits(self, config: Config) -> bool:
        return replace(self._config, **{name: getattr(config, name) for name in _APART}) == config

    def furnish(self, config: Config) -> None:
        """Put in what is one shop's own."""
        app, ports = self.app, self._ports
        logs.configure()
        app.instance_path = str(config.instance)
        runtime.install(app, config)
        window.init_app(app)
        payments.init_app(app, ports.registry, ports.handler)
        self._engine.url = make_url(config.database_url).set(drivername=self._engine.url.drivername)
        app.config["SQLALCHEMY_DATABASE_URI"] = self._engine.url.render_as_string(hide_password=False)

    def clear_out(self) -> bool:
        """Close what the shop holds and put back what its test changed. Returns whether nothing is at work any more."""
        calls = self.app.extensions["shop.payments"].pool._threads._threads
        dispose(self.app)
        for thread in calls:
            thread.join(_ENDS_WITHIN)
        for holder, look in self._looks:
            holder.clear()
            holder.update(look)
        return self._contexts == 0 and not any(thread.is_alive() for thread in calls)

    def _connect(self, dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> None:
        """The engine keeps its compiled statements and opens the database of the shop it now belongs to."""
        arguments[:], changed = dialect.create_connect_args(self._engine.url)
        named.update(changed)

    def _pushed(self, _app: Flask) -> None:
        with self._counting:
            self._contexts += 1

    def _popped(self, _app: Flask) -> None:
        with self._counting:
            self._contexts -= 1
