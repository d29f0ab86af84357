"""Crash points, found by running: every commit, provider call, mail hand-over and answer of one process.

Installed in the forked server only; the product knows nothing of it. Each passed point is a line in a journal that
outlives the process, and at the chosen one the process kills itself – no handler runs, no buffer is flushed.
"""

import http.client
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.wsgi import ClosingIterator

from providers import transport
from providers.ports import Gateway
from shop.core import db
from shop.outbox import sending
from shop.payments import accounts

_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def deliveries(journal: Path) -> Path:
    """The file of Message-IDs as they are handed over, one a line; lies beside the journal."""
    return journal.with_name("deliveries")


class Points:
    """Counts the points passed since :meth:`arm` and dies at the chosen one."""

    def __init__(self, journal: Path) -> None:
        self._path = journal
        self._journal = -1
        self._lock = threading.Lock()
        self._passed = 0
        self._fatal = 0

    def arm(self, fatal: int) -> None:
        """Start counting; ``fatal`` 0 only records."""
        with self._lock:
            self._journal = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            self._passed, self._fatal = 0, fatal

    def delivered(self, message_id: str) -> None:
        """Noted armed or not: the folder of mails keeps one file for each Message-ID, however often it went."""
        with deliveries(self._path).open("a") as written:
            written.write(f"{message_id}\n")

    def passing(self, name: str) -> None:
        with self._lock:
            if self._journal < 0:
                return
            os.write(self._journal, f"{name}\n".encode())
            self._passed += 1
            if self._passed == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)


def install(app: Flask, points: Points) -> None:
    """Put points around everything that another party can see."""
    with app.app_context():
        _around_commits(db.db.engine, points)
    _around_provider_calls(points)
    _around_mails(points)


def _around_commits(engine: Any, points: Points) -> None:
    """Named after the tables written since the transaction began."""
    commit = engine.dialect.do_commit

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.info["crash_writes"] = []

    @event.listens_for(engine, "before_cursor_execute")
    def execute(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found = _WRITES.match(statement)
        written = connection.info.setdefault("crash_writes", [])
        if found and found[1] not in written:
            written.append(found[1])

    def do_commit(connection: Any) -> None:
        name = "commit " + "+".join(connection.info.get("crash_writes", ())) or "nothing"
        points.passing(f"{name} | before")
        commit(connection)
        points.passing(f"{name} | after")

    engine.dialect.do_commit = do_commit


class UnderWay(threading.local):
    """What a thread asks a provider for, and how many requests that has taken so far."""

    verb = ""
    requests = 0

    @property
    def name(self) -> str:
        return f"call {self.verb}" if self.requests == 1 else f"call {self.verb}, request {self.requests}"


class _Noting:
    """A gateway that notes which of its verbs is called."""

    def __init__(self, gateway: Gateway, under_way: UnderWay) -> None:
        self._gateway = gateway
        self._under_way = under_way

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._gateway, verb)

        def calling(*arguments: Any, **named: Any) -> Any:
            self._under_way.verb, self._under_way.requests = verb, 0
            return method(*arguments, **named)

        return calling


def _around_provider_calls(points: Points) -> None:
    """Before a byte leaves, once the request is written, and when the whole answer is there but nobody has seen it. Named after the
    verb of the contract, whatever its provider calls it."""
    open_account: Any = accounts._open
    post, get_response = transport.post, http.client.HTTPConnection.getresponse
    under_way = UnderWay()

    def opening(*arguments: Any) -> Any:
        return _Noting(open_account(*arguments), under_way)

    def posting(*arguments: Any, **options: Any) -> Any:
        under_way.requests += 1
        points.passing(f"{under_way.name} | before sending")
        answer = post(*arguments, **options)
        points.passing(f"{under_way.name} | answer received")
        return answer

    def getting_response(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        points.passing(f"{under_way.name} | sent")
        return get_response(connection)

    accounts._open = opening  # type: ignore[assignment]
    transport.post = posting
    http.client.HTTPConnection.getresponse = getting_response  # type: ignore[assignment, method-assign]


def _around_mails(points: Points) -> None:
    hand_over = sending.hand_over

    def handing_over(letter: sending.Letter, config: Any) -> None:
        points.passing("mail | before hand-over")
        hand_over(letter, config)
        points.delivered(letter.message_id)
        points.passing("mail | after hand-over")

    sending.hand_over = handing_over


class Answers:
    """WSGI: points around the answer to a request, and a count of requests still at work."""

    def __init__(self, app: Wsgi, points: Points) -> None:
        self._app = app
        self._points = points
        self._lock = threading.Lock()
        self.at_work = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        name = "acknowledgement" if environ["PATH_INFO"].startswith("/pay/n/") else "answer"
        self._count(1)
        answer = self._app(environ, start_response)
        self._points.passing(f"{name} | before")

        def answered() -> None:
            self._points.passing(f"{name} | after")
            self._count(-1)

        return ClosingIterator(answer, [answered])

    def _count(self, change: int) -> None:
        with self._lock:
            self.at_work += change
