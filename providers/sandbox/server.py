"""The process around the simulators: one threaded HTTP server and the background sender of notices."""

from __future__ import annotations

import os
import socket
import struct
import threading
from pathlib import Path
from ssl import SSLContext
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from providers.sandbox.app import create_app
from providers.sandbox.clock import Clock
from providers.sandbox.faults import AnswerCut, FaultBook
from providers.sandbox.installed import SIMULATORS


class Handler(WSGIRequestHandler):
    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """The ledger is the log."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """A client that went away, or an answer that was cut on request."""
        self.close_connection = True
        if isinstance(error, AnswerCut) and error.reset:
            # Linger 0 turns the close into an RST. The descriptor is taken away from the server first,
            # because its orderly shutdown would send a FIN before.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())


class Sandbox:
    """A running practice world."""

    def __init__(self, host: str, port: int, state_dir: Path, ssl_context: SSLContext | None) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        clock, faults = Clock(state_dir), FaultBook()
        #: by their codes
        self.simulators = {
            make.code: make(state_dir / f"{make.code}.sqlite3", clock, faults.of(make.code)) for make in SIMULATORS
        }
        self._server = make_server(
            host,
            port,
            create_app(self.simulators, clock, faults),
            threaded=True,
            request_handler=Handler,
            ssl_context=ssl_context,
        )
        self.port: int = self._server.port
        self.url = f"{'https' if ssl_context else 'http'}://{host}:{self.port}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        # Not serve_forever(), which looks again and again whether it shall end.
        while not self._closing.is_set():
            self._server.handle_request()

    def close(self) -> None:
        """Does nothing the second time."""
        if self._closing.is_set():
            return
        self._closing.set()
        socket.create_connection(self._server.socket.getsockname()[:2]).close()  # the caller it waits for
        self._thread.join()
        self._server.server_close()
        for simulator in self.simulators.values():
            simulator.close()
