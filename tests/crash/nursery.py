"""A parent with the application loaded that forks one server process after another: a kill costs milliseconds.

``python -m tests.crash.nursery PORT JOURNAL``, told what to do on standard input: ``fork`` answers the child's process
id – it listens already –, ``reap`` waits for its end and answers its exit status. Between two lives the port is closed.
``rehearse`` serves without any thread until ``/_crash/enough``, so that every child is born with compiled statements and
templates. The environment configures the shop as in real life.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from providers.ports import Endpoint
from shop.core import db
from shop.core.runtime import now
from shop.jobs import joblist
from shop.payments import accounts, testimony
from shop.payments.engine import Busy, engine
from shop.payments.models import AccountVersion, PaymentMethod, PaymentOperation
from tests.crash.points import Answers, Points, install
from tests.support.shop import PROMPT_JOBS

_ROUNDS = 20


class Child:
    """One life of the shop: its own pages, and ``/_crash/…`` for the driver."""

    def __init__(self, app: Flask, points: Points) -> None:
        self._app = app
        self._points = points
        self._shop = Answers(app.wsgi_app, points)
        self.enough = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith("/_crash/"):
            return self._shop(environ, start_response)
        _, _, verb, *argument = path.split("/")
        with self._app.app_context():
            told = getattr(self, f"do_{verb}")(*argument)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]

    def do_enough(self) -> None:
        self.enough = True

    def do_arm(self, fatal: str) -> None:
        self._points.arm(int(fatal))

    def do_install(self, code: str) -> str:
        """Take cards through this provider and no other. Returns its address for notices, as a path."""
        provider = engine().registry.get(code)
        with db.write() as session:
            method = session.scalars(sa.select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            earlier = method.account
            method.account = account = accounts.create(session, provider, Endpoint.PRACTICE, provider.practice_settings(), now())
            session.flush()
            session.execute(sa.delete(AccountVersion).where(AccountVersion.account == earlier))
            session.delete(earlier)
            return urlsplit(accounts.notice_url(account)).path

    def do_testify(self, operation_id: str, said: str) -> bool:
        """A person looked into the provider's console, if the shop asks one. Returns whether it does."""
        operation = db.db.session.get_one(PaymentOperation, int(operation_id))
        asked = testimony.asked(db.db.session(), operation.payment_id) is operation
        db.end_read()
        return asked and testimony.give(int(operation_id), testimony.Said(said))

    def do_job(self, name: str) -> int:
        return joblist.by_name(name).run()

    def do_sweep(self) -> int:
        """What the runner does every few seconds, until no job finds anything to do. Returns how many rounds that took."""
        for number in range(1, _ROUNDS + 1):
            if not sum(joblist.by_name(name).run() for name in PROMPT_JOBS):
                return number
        raise RuntimeError(f"the jobs still find work after {_ROUNDS} rounds")

    def do_idle(self) -> None:
        """Return when no request and no provider call is at work."""
        slots: list[Any] = []
        try:
            while self._shop.at_work:
                time.sleep(0.001)
            while len(slots) < self._app.extensions["shop.runtime"].config.threads // 2:
                try:
                    slots.append(engine().pool.reserve())
                except Busy:
                    time.sleep(0.001)
        finally:
            for slot in slots:
                slot.__exit__()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """The journal is the log."""


def live(app: Flask, listener: socket.socket, journal: Path) -> None:
    """Serve until killed."""
    points = Points(journal)
    install(app, points)
    host, port = listener.getsockname()
    server = make_server(
        host, port, Child(app, points), threaded=True, fd=listener.fileno(), request_handler=_Quiet
    )
    server.serve_forever()


class _NoThreads:
    """Stands in for the pool's executor: a provider call is made at once, by the caller."""

    def submit(self, work: Callable[[], object]) -> "Future[object]":
        done: Future[object] = Future()
        done.set_result(work())
        return done


def rehearse(app: Flask, listener: socket.socket, journal: Path) -> None:
    """Serve one request after another in this thread, then leave no connection behind."""
    child = Child(app, Points(journal))
    pool = app.extensions["shop.payments"].pool
    threads, pool._threads = pool._threads, _NoThreads()
    host, port = listener.getsockname()
    server = make_server(host, port, child, threaded=False, fd=listener.fileno(), request_handler=_Quiet)
    print("serving", flush=True)
    while not child.enough:
        server.handle_request()
    server.server_close()
    pool._threads = threads
    with app.app_context():
        db.db.engine.dispose()
    gc.collect()
    gc.freeze()
    # A child lives for some moments; looking for garbage would only copy pages it shares with its parent.
    gc.disable()


def main() -> None:
    port, journal = int(sys.argv[1]), Path(sys.argv[2])
    app = create_app()
    child = 0
    for command in sys.stdin:
        if command == "reap\n":
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            child = 0
            continue
        # The driver keeps the port from being taken by others, hence reuse_port.
        with socket.create_server(("127.0.0.1", port), backlog=128, reuse_port=True) as listener:
            if command == "rehearse\n":
                rehearse(app, listener, journal)
                continue
            child = os.fork()
            if not child:
                live(app, listener, journal)
        print(child, flush=True)
    if child:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
