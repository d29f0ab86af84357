"""The shop behind a socket: fast in a thread of the test, or as production runs it – granian, workers, job runner."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from shop.core.config import Config
from tests.support.files import ROOT
from tests.support.machine import ends_with_us
from tests.support.shop import environment

_WAIT = 20.0


class _Quiet(WSGIRequestHandler):
    #: Head and body go out as two writes; neither shall wait for the other's acknowledgement.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: a failing test shows its own words."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """A browser that walked on while a picture was being sent: werkzeug leaves the answer, and its file, open."""
        answer = (environ or {}).get(_ANSWER)
        if answer is not None:
            answer.close()


#: Where an answer stands while it is being sent.
_ANSWER = "tests.answer"


def _at_hand(app: Flask) -> Callable[..., Iterable[bytes]]:
    """``app`` whose answers :class:`_Quiet` can close."""

    def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ[_ANSWER] = app(environ, start)
        answer: Iterable[bytes] = environ[_ANSWER]
        return answer

    return wsgi


class LiveServer:
    """``app`` on a bound socket, one thread per connection. Runs no jobs by itself."""

    def __init__(self, app: Flask, door: socket.socket) -> None:
        self.app = app
        self._door = door
        door.listen(128)
        host, port = door.getsockname()
        self.url = f"http://{host}:{port}"
        self._server = make_server(
            host, port, _at_hand(app), threaded=True, request_handler=_Quiet, fd=door.fileno()
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        # Not serve_forever(): looking every few milliseconds whether to close took time from every test.
        while not self._closing.is_set():
            self._server.handle_request()

    def close(self) -> None:
        self._closing.set()
        socket.create_connection(self._door.getsockname()).close()  # the caller it waits for
        self._thread.join()
        self._server.server_close()
        # The door listens as well as its copy in the server: left open, callers would wait for nobody.
        self._door.close()


class GranianServer:
    """Real workers in processes of their own, with the job runner behind its lease (decision 10)."""

    def __init__(
        self, config: Config, workers: int = 2, *, factory: str = "app:serve", probe: str = "/healthz"
    ) -> None:
        self.config = config
        self.workers = workers
        self.url = config.base_url
        self._factory = factory
        self._probe = probe
        self._log = config.instance / f"granian-{config.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers. Also after :meth:`kill`, on the same address and database."""
        command = [
            *ends_with_us("TERM"), sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.config.port), "--workers", str(self.workers),
            "--blocking-threads", str(self.config.threads), "--log-level", "warning", "--respawn-failed-workers",
            "--factory", self._factory,
        ]  # fmt: skip
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.config), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + _WAIT
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise RuntimeError(f"granian did not start:\n{self.log()}")
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}{self._probe}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """End main process and workers at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End in order; what does not end is killed. Does nothing when it is not running."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        # The process leads its own group, so the workers get the signal as well.
        self._signal(how)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()
        # A worker may outlive its main process by a moment and still hold the port.
        until = time.monotonic() + 5
        while self._signal(signal.SIGKILL) and time.monotonic() < until:
            time.sleep(0.02)
        self.process = None

    def _signal(self, how: signal.Signals) -> bool:
        assert self.process is not None
        try:
            os.killpg(self.process.pid, how)
        except ProcessLookupError:
            return False
        return True
