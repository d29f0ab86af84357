"""A provider that answers what a test says, over a real socket, and remembers what it was asked."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from providers.contract import Exchange
from providers.paygent.adapter import PaygentGateway

SETTINGS = {
    "merchant_id": "100001",
    "connect_id": "conn0001",
    "connect_password": "Pw0rd0001",
    "token_generate_key": "test_key",
    "notice_hash_key": "noticekey_MADEUP",
}


@dataclass
class Wire:
    """``answers`` are used up in order, the last one stays. ``None`` = no answer at all."""

    answers: list[bytes | None] = field(default_factory=list)
    status: int = 200
    requests: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    url: str = ""

    def gateway(self, **settings: str) -> PaygentGateway:
        return PaygentGateway(
            SETTINGS | settings, self.url, before_send=lambda: None, record=self.exchanges.append
        )

    def sent(self) -> dict[str, str]:
        """The fields of the only request."""
        ((_, _, _, body),) = self.requests
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding="cp932"))


@contextmanager
def serving() -> Iterator[Wire]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wire.requests.append((self.command, self.path, self.headers["Content-Type"], body))
            answer = wire.answers[0] if len(wire.answers) == 1 else wire.answers.pop(0)
            if answer is None:
                time.sleep(1.5)
                return
            self.send_response(wire.status)
            self.send_header("Content-Type", "text/html; charset=Windows-31J")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wire.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
