"""The only place that opens sockets to providers.

It decides one thing above all: whether bytes left the machine. Refused, name not found, connect time-out and a bad
certificate are ``NotSent``; closed, reset, half a body, a slow drip or a broken status line are ``Unknown``. Only the
cause chain tells (study §3.5). One connection per call, no redirects, no proxies from the environment.
"""

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as raw
from urllib3.connection import HTTPConnection

from providers.contract import BeforeSend, NotSent, Unknown

CONNECT_TIMEOUT = 5.0
MAX_ANSWER = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """PEM texts for mutual TLS. ``ca`` empty = the system's authorities; ``password`` for an encrypted key."""

    certificate: str
    key: str
    password: str = ""
    ca: str = ""

    def __repr__(self) -> str:
        return "ClientCertificate([hidden])"


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    deadline: float,
    before_send: BeforeSend,
    certificate: ClientCertificate | None = None,
) -> Answer | NotSent | Unknown:
    """POST ``body`` and read the whole answer within ``deadline`` seconds, counted over everything.

    ``before_send`` runs first and may raise: the shop refuses to call out with a transaction open.
    """
    before_send()
    try:
        context = _tls_context(certificate) if urlsplit(url).scheme == "https" else None
    except (OSError, ValueError) as error:
        return NotSent(f"client certificate unusable: {type(error).__name__}")
    with requests.Session() as session, _Watch(deadline) as watch:
        session.trust_env = False
        session.mount("http://", _Adapter(watch, None))
        session.mount("https://", _Adapter(watch, context))
        try:
            with session.post(
                url, data=body, headers={"Accept-Encoding": "identity", **headers}, stream=True,
                allow_redirects=False, timeout=(min(CONNECT_TIMEOUT, deadline), deadline),
            ) as response:  # fmt: skip
                content = _read(response)
        except requests.RequestException as error:
            return _classify(error)
        except raw.HTTPError as error:
            return Unknown(type(error).__name__)
    if watch.over:
        return Unknown("deadline")
    if content is None:
        return Unknown("answer too large")
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)


def _read(response: requests.Response) -> bytes | None:
    """The body, or ``None`` past the size limit. Raises ``IncompleteRead`` when less came than was announced."""
    announced = response.headers.get("Content-Length")
    content = bytearray()
    while chunk := response.raw.read1(8192):
        content += chunk
        if len(content) > MAX_ANSWER:
            return None
    if announced and announced.isdigit() and len(content) < int(announced):
        raise raw.IncompleteRead(len(content), int(announced) - len(content))
    return bytes(content)


def _classify(error: requests.RequestException) -> NotSent | Unknown:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (raw.NewConnectionError, raw.NameResolutionError, raw.ConnectTimeoutError)):
            return NotSent(type(cause).__name__)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSent("certificate")
        arguments = [argument for argument in cause.args if isinstance(argument, BaseException)]
        reason: Any = getattr(cause, "reason", None)
        cause = arguments[0] if arguments else reason if isinstance(reason, BaseException) else cause.__cause__
    return Unknown(type(error).__name__)


def _tls_context(certificate: ClientCertificate | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=(certificate.ca or None) if certificate else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate and certificate.certificate:
        # ssl reads certificates from files only; the folder is private and gone when the call starts.
        with tempfile.TemporaryDirectory() as folder:
            chain, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
            chain.write_text(certificate.certificate)
            key.touch(0o600)
            key.write_text(certificate.key)
            # Never ``None``: for an encrypted key the TLS library would ask at the server's own terminal.
            context.load_cert_chain(chain, key, password=certificate.password)
    return context


class _Watch:
    """The overall deadline. A socket's own time-out is per read, so a server that drips would never run out of time:
    when the time is over the connection is shut from here, wherever the call stands."""

    def __init__(self, deadline: float) -> None:
        self.over = False
        self.connection: HTTPConnection | None = None
        self._timer = threading.Timer(deadline, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _shut(self) -> None:
        self.over = True
        opened = getattr(self.connection, "sock", None)
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """One connection, watched; with our TLS context, certificate and host name checks on."""

    def __init__(self, watch: _Watch, context: ssl.SSLContext | None) -> None:
        self._watch = watch
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        if self._context:
            kwargs["ssl_context"] = self._context
        return super().init_poolmanager(*args, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool for one host; each connection it makes is known to the watch."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        make = pool.ConnectionCls

        def watched(*arguments: Any, **named: Any) -> Any:
            self._watch.connection = make(*arguments, **named)
            return self._watch.connection

        pool.ConnectionCls = watched
        return pool
