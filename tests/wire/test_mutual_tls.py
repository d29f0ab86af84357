"""The client certificate reaches a server that demands one; a wrong or missing one means that nothing was sent."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from providers import transport
from providers.contract import NotSent, Unknown
from providers.transport import Answer, ClientCertificate
from tests.support.authority import Authority, demanding_context, pem


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.requests += 1  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"result=0")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def merchants() -> Authority:
    return Authority("merchants")


@pytest.fixture(scope="module")
def servers() -> Authority:
    return Authority("servers")


@pytest.fixture
def demanding(merchants: Authority, servers: Authority, tmp_path: Path) -> Iterator[HTTPServer]:
    """A TLS server that lets nobody in without a certificate of ``merchants``."""
    context = demanding_context(tmp_path, servers, merchants)
    server = HTTPServer(("127.0.0.1", 0), Echo)
    server.requests = 0  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[assignment, method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def call(server: HTTPServer, certificate: ClientCertificate) -> Answer | NotSent | Unknown:
    url = f"https://127.0.0.1:{server.server_port}/n/card/request"
    return transport.post(url, b"a=1", {}, deadline=5, before_send=lambda: None, certificate=certificate)


def test_the_right_certificate_opens(demanding: HTTPServer, merchants: Authority, servers: Authority) -> None:
    chain, key = merchants.issue("shop")
    answer = call(demanding, ClientCertificate(chain, key, ca=pem(servers.certificate)))
    assert isinstance(answer, Answer)
    assert answer.body == b"result=0"


@pytest.mark.parametrize("issuer", ["nobody", "stranger"])
def test_without_the_right_certificate_no_request_arrives(
    demanding: HTTPServer, servers: Authority, issuer: str
) -> None:
    chain, key = Authority("stranger").issue("shop") if issuer == "stranger" else ("", "")
    answer = call(demanding, ClientCertificate(chain, key, ca=pem(servers.certificate)))
    assert isinstance(answer, (NotSent, Unknown))
    assert demanding.requests == 0  # type: ignore[attr-defined]


def test_a_server_of_an_unknown_authority_gets_nothing(demanding: HTTPServer, merchants: Authority) -> None:
    chain, key = merchants.issue("shop")
    assert call(demanding, ClientCertificate(chain, key, ca=pem(Authority("other").certificate))) == NotSent("certificate")
    assert demanding.requests == 0  # type: ignore[attr-defined]


def test_an_unusable_certificate_is_not_sent(demanding: HTTPServer, servers: Authority) -> None:
    answer = call(demanding, ClientCertificate("no pem", "no pem", ca=pem(servers.certificate)))
    assert isinstance(answer, NotSent)


def test_a_locked_key_without_its_password_asks_nobody(
    demanding: HTTPServer, merchants: Authority, servers: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a password given, OpenSSL asks for it at the server's terminal, and the call waits for a person."""
    chain, key = merchants.issue("shop")
    private = serialization.load_pem_private_key(key.encode(), None)
    lock = serialization.BestAvailableEncryption(b"changeit")
    locked = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()
    passwords: list[str] = []
    load = ssl.SSLContext.load_cert_chain

    def listen(context: ssl.SSLContext, chain: Path, key: Path, password: str) -> None:
        passwords.append(password)
        load(context, chain, key, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", listen)
    ca = pem(servers.certificate)
    assert isinstance(call(demanding, ClientCertificate(chain, locked, ca=ca)), NotSent)
    assert isinstance(call(demanding, ClientCertificate(chain, locked, "changeit", ca)), Answer)
    assert passwords == ["", "changeit"]
