"""Fixtures of the page tests: a buyer and a member of staff at the demo shop, and an ear on what is logged and received."""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from shop.core.logs import JsonFormatter
from tests.support.buying import Buyer
from tests.support.members import Member, join
from tests.support.servers import LiveServer
from tests.web.counter import Desk


@pytest.fixture
def shopper(live_server: LiveServer, demo_app: Flask) -> Buyer:
    """A visitor of the demo shop with an empty basket."""
    return Buyer(live_server.url)


@pytest.fixture
def desk(live_server: LiveServer, demo_app: Flask) -> Desk:
    """The owner of the demo shop, logged in."""
    return Desk(live_server.url)


@pytest.fixture
def hanako(live_server: LiveServer, demo_app: Flask) -> Member:
    """A member's browser, not logged in yet."""
    return join(Member(live_server.url), demo_app)


@pytest.fixture
def one_network(app: Flask) -> str:
    """All requests come from one public address: a private one, as of the tests' own connections, is nobody's network."""
    inner: Callable[..., Any] = app.wsgi_app
    address = "61.200.3.4"
    app.wsgi_app = lambda environ, start: inner(environ | {"REMOTE_ADDR": address}, start)  # type: ignore[method-assign, assignment]
    return address


@dataclass
class Traffic:
    """All bytes the shop received: request lines, headers, bodies."""

    requests: list[bytes] = field(default_factory=list)

    def __str__(self) -> str:
        return b"\n".join(self.requests).decode("utf-8", "replace")


@pytest.fixture
def traffic(app: Flask) -> Traffic:
    """Writes down what reaches the shop from now on."""
    heard = Traffic()
    inner: Callable[..., Any] = app.wsgi_app

    def listen(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        head = "\n".join(f"{key}: {value}" for key, value in environ.items() if isinstance(value, str))
        heard.requests.append(head.encode() + b"\n\n" + body)
        return inner(environ | {"wsgi.input": io.BytesIO(body)}, start)

    app.wsgi_app = listen  # type: ignore[method-assign, assignment]
    return heard


@pytest.fixture
def log(app: Flask) -> Iterator[io.StringIO]:
    """The lines of the log as they are written, from the application's start on."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)
