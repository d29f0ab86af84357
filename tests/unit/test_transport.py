"""Did bytes leave the machine? Each trouble of the network against real sockets, and the one right word for it."""

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers import transport
from providers.contract import NotSent, Unknown
from providers.transport import Answer, ClientCertificate

DEADLINE = 0.6
BODY = b"a=1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Word: yes\r\n\r\nresult=0"

Script = Callable[[socket.socket], None]
Result = Answer | NotSent | Unknown


class Peer:
    """A TCP server of one script; it remembers what it received."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self._script, self._tls = script, tls
        self.received: list[bytes] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            talk = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with talk:
                self.received.append(_request(talk))
                self._script(talk)

    def close(self) -> None:
        self._socket.close()


def _request(connection: socket.socket) -> bytes:
    """The whole request; headers and body may come apart. Of anything else only the first bytes."""
    data = b""
    while data[:4] in b"POST" and not data.endswith(BODY) and (more := connection.recv(65_536)):
        data += more
    return data


@contextmanager
def peer(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    server = Peer(script, tls)
    try:
        yield server
    finally:
        server.close()


def says(*parts: bytes, pause: float = 0.0) -> Script:
    def script(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return script


def post(url: str, **options: object) -> Result:
    given = {"deadline": DEADLINE, "before_send": lambda: None} | options
    return transport.post(url, BODY, {"Content-Type": "text/x"}, **given)  # type: ignore[arg-type]


def ask(script: Script) -> tuple[Result, float]:
    """The result of one call to a peer with this script, and how long it took."""
    with peer(script) as server:
        started = time.monotonic()
        result = post(f"http://127.0.0.1:{server.port}/n/card/request")
        assert server.connections == 1, "a request must never be repeated"
        return result, time.monotonic() - started


def test_answer() -> None:
    with peer(says(OK)) as server:
        result = post(f"http://127.0.0.1:{server.port}/n/card/request")
        assert result == Answer(200, {"content-length": "8", "x-word": "yes"}, b"result=0")
        assert server.received[0].startswith(b"POST /n/card/request HTTP/1.1\r\n")
        assert server.received[0].endswith(b"\r\n\r\n" + BODY)


# ---- certainly nothing happened ----------------------------------------------------------------------


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_refused() -> None:
    assert isinstance(post(f"http://127.0.0.1:{closed_port()}/"), NotSent)


def test_name_not_found() -> None:
    assert isinstance(post("http://nobody.invalid/"), NotSent)


def test_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        result = post(f"http://127.0.0.1:{full.getsockname()[1]}/")
        for one in waiting:
            one.close()
    assert result == NotSent("ConnectTimeoutError")


@pytest.mark.parametrize(
    "certificate",
    [ClientCertificate("no certificate", "no key"), ClientCertificate("", "", ca="no authority")],
    ids=["certificate", "authority"],
)
def test_unusable_certificate(certificate: ClientCertificate) -> None:
    result = post("https://127.0.0.1:9/", certificate=certificate)
    assert isinstance(result, NotSent)
    assert "certificate" in result.reason
    assert "no key" not in repr(certificate)


# ---- it may have happened ----------------------------------------------------------------------------


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stall(connection: socket.socket) -> None:
    time.sleep(4 * DEADLINE)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.req("P-11")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(says(), id="closed without an answer"),
        pytest.param(reset, id="reset"),
        pytest.param(stall, id="no answer in time"),
        pytest.param(says(HEAD + b"Content-Length: 99\r\n\r\nresult=0"), id="half a body"),
        pytest.param(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\nresult=0\r\n"), id="half a chunked body"),
        pytest.param(says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nresult=0\r\n"), id="broken chunks"),
        pytest.param(says(b"HT"), id="half the status line"),
        pytest.param(says(b"\x00\xff\x13garbage\r\n\r\n"), id="garbage status line"),
        pytest.param(says(b"HTTP/1.1 abc\r\n\r\n"), id="status that is no number"),
        pytest.param(says(HEAD + b"Content-Length: 9999999\r\n\r\n" + b"x" * 9_999_999), id="too large"),
        pytest.param(says(HEAD + b"\r\n" + b"x" * 3_000_000), id="too large, not announced"),
    ],
)
def test_outcome_is_unknown(script: Script) -> None:
    result, _ = ask(script)
    assert isinstance(result, Unknown)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(says(HEAD + b"Content-Length: 99\r\n\r\n", *[b"x"] * 40, pause=0.1), id="dripping body"),
        pytest.param(says(HEAD, *[b"X-A: b\r\n"] * 40, pause=0.1), id="dripping headers"),
        pytest.param(says(*[b"H"] * 40, pause=0.1), id="dripping status line"),
        pytest.param(says(b"", HEAD + b"Content-Length: 99\r\n\r\n", pause=0.5), id="late headers, then nothing"),
    ],
)
def test_deadline_counts_over_everything(script: Script) -> None:
    def and_then_nothing(connection: socket.socket) -> None:
        script(connection)
        time.sleep(5)

    result, seconds = ask(and_then_nothing)
    assert isinstance(result, Unknown)
    assert seconds < DEADLINE + 0.4


@pytest.mark.req("T-078")
@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_a_status_is_an_answer_and_redirects_are_not_followed(status: int) -> None:
    result, _ = ask(says(b"HTTP/1.1 %d X\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n" % status))
    assert isinstance(result, Answer)
    assert (result.status, result.body) == (status, b"")


def test_no_compressed_answer_is_asked_for() -> None:
    """The body is read as it comes, so a compressed one would read as garbage."""

    def script(connection: socket.socket) -> None:
        asked = b"gzip" in server.received[0].lower()
        body = gzip.compress(b"result=0") if asked else b"result=0"
        encoding = b"Content-Encoding: gzip\r\n" if asked else b""
        connection.sendall(HEAD + encoding + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    with peer(script) as server:
        result = post(f"http://127.0.0.1:{server.port}/")
    assert isinstance(result, Answer)
    assert result.body == b"result=0"


# ---- before a byte leaves ----------------------------------------------------------------------------


def test_before_send_can_forbid_the_call() -> None:
    def forbid() -> None:
        raise RuntimeError("a transaction is open")

    with peer(says(OK)) as server:
        with pytest.raises(RuntimeError, match="transaction"):
            post(f"http://127.0.0.1:{server.port}/", before_send=forbid)
        assert server.connections == 0


def test_before_send_runs_before_the_connection() -> None:
    with peer(says(OK)) as server:
        seen: list[int] = []
        post(f"http://127.0.0.1:{server.port}/", before_send=lambda: seen.append(server.connections))
        assert seen == [0]


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(says(OK)) as proxy, peer(says(OK)) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert isinstance(post(f"http://127.0.0.1:{server.port}/"), Answer)
        assert (proxy.connections, server.connections) == (0, 1)


# ---- TLS ---------------------------------------------------------------------------------------------


class Authority:
    """A certificate authority that lives for one test run."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.pem = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))

    def issue(self, *addresses: str) -> tuple[str, str]:
        """Certificate and key as PEM, for these IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made up")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(each)) for each in addresses])
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._signed(name, key, names), private.decode()

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> str:
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def server_tls(authority: Authority, tmp_path) -> ssl.SSLContext:
    """A server that demands a client certificate of the same authority."""
    return _server(authority, tmp_path, "127.0.0.1")


def _server(authority: Authority, folder, address: str) -> ssl.SSLContext:
    certificate, key = authority.issue(address)
    (folder / "server.pem").write_text(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_client_certificate_is_shown(authority: Authority, server_tls: ssl.SSLContext) -> None:
    certificate, key = authority.issue("127.0.0.1")
    with peer(says(OK), server_tls) as server:
        result = post(
            f"https://127.0.0.1:{server.port}/", certificate=ClientCertificate(certificate, key, ca=authority.pem)
        )
    assert isinstance(result, Answer)


def test_missing_client_certificate_is_no_answer(authority: Authority, server_tls: ssl.SSLContext) -> None:
    with peer(says(OK), server_tls) as server:
        result = post(f"https://127.0.0.1:{server.port}/", certificate=ClientCertificate("", "", ca=authority.pem))
    assert isinstance(result, Unknown)


@pytest.mark.req("T-032")
def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert transport._tls_context(None).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.req("T-032")
def test_server_of_a_stranger_gets_nothing(authority: Authority, server_tls: ssl.SSLContext) -> None:
    with peer(says(OK), server_tls) as server:
        assert post(f"https://127.0.0.1:{server.port}/") == NotSent("certificate")
        assert server.received == []


@pytest.mark.req("T-032")
def test_server_of_another_name_gets_nothing(authority: Authority, tmp_path) -> None:
    with peer(says(OK), _server(authority, tmp_path, "127.0.0.9")) as server:
        result = post(f"https://127.0.0.1:{server.port}/", certificate=ClientCertificate("", "", ca=authority.pem))
        assert result == NotSent("certificate")
        assert server.received == []


def test_tls_to_a_plain_port_is_treated_as_unknown() -> None:
    """Nothing but a handshake left. Unknown is on the safe side: it is asked about, never repeated."""
    with peer(says(OK)) as server:
        assert isinstance(post(f"https://127.0.0.1:{server.port}/"), Unknown)
