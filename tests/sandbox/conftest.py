"""A running practice world and a plain client for it: only sockets, nothing of the shop."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.paygent.simulator import PaygentSimulator
from providers.sandbox import serve

VISA = "4111111111111111"
CREDENTIALS = {
    "merchant_id": DEMO.merchant_id,
    "connect_id": DEMO.connect_id,
    "connect_password": DEMO.connect_password,
    "telegram_version": "1.0",
}
PATHS = {"091": "ref/paynotice", "094": "ref/paymentref", "450": "threeds/request"}


class Answer(dict[str, str]):
    """The fields of a telegram's answer, and the bytes they came in."""

    def __init__(self, response: requests.Response) -> None:
        self.raw = response.content
        charset = "utf-8" if "UTF-8" in response.headers["Content-Type"] else "cp932"
        head, name, html = response.content.decode(charset).partition("out_acs_html=\r\n")
        lines = head.removeprefix("\r\n").removesuffix("\r\n").split("\r\n")
        super().__init__(line.split("=", 1) for line in lines)
        if name:
            self["out_acs_html"] = html

    @property
    def code(self) -> str:
        return self.get("response_code", "")


class World:
    """What a shop, a buyer's browser and a tester can do."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.start()

    def start(self) -> None:
        self.sandbox = serve("127.0.0.1", 0, self.state)
        self.url = self.sandbox.url

    @property
    def paygent(self) -> PaygentSimulator:
        simulator = self.sandbox.simulators["paygent"]
        assert isinstance(simulator, PaygentSimulator)
        return simulator

    def restart(self) -> None:
        self.sandbox.close()
        self.start()

    def telegram(self, kind: str, path: str | None = None, **fields: str) -> requests.Response:
        address = f"{self.url}/paygent/n/{path or PATHS.get(kind, 'card/request')}"
        charset = "utf-8" if kind == "450" else "cp932"
        body = urlencode(CREDENTIALS | {"telegram_kind": kind} | fields, encoding=charset)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return requests.post(address, data=body, headers=form, timeout=10)

    def ask(self, kind: str, path: str | None = None, **fields: str) -> Answer:
        return self.read(self.telegram(kind, path, **fields))

    def tokenize(self, number: str = VISA, /, **fields: str) -> dict[str, Any]:
        card = {
            "merchant_id": DEMO.merchant_id,
            "token_generate_key": DEMO.token_generate_key,
            "card_number": number,
            "card_expire_year": "40",
            "card_expire_month": "1",
            "card_cvc": "123",
            "card_name": "TARO YAMADA",
        }
        answer = requests.post(f"{self.url}/paygent/n/token/request", data=card | fields, timeout=10)
        result: dict[str, Any] = answer.json()
        return result

    def token(self, number: str = VISA, /, **fields: str) -> str:
        return str(self.tokenize(number, **fields)["tokenizedCardObject"]["token"])

    def authorise(self, trading_id: str, number: str = VISA, /, **fields: str) -> Answer:
        return self.read(self.send_authorisation(trading_id, number, **fields))

    def send_authorisation(self, trading_id: str, number: str = VISA, /, **fields: str) -> requests.Response:
        terms = {"trading_id": trading_id, "payment_amount": "1000", "3dsecure_ryaku": "1"} | fields
        if "card_token" not in terms:
            terms["card_token"] = self.token(number)
        return self.telegram("020", **terms)

    def authenticate(self, number: str = VISA, /, **fields: str) -> Answer:
        return self.read(self.send_authentication(number, **fields))

    def send_authentication(self, number: str = VISA, /, **fields: str) -> requests.Response:
        """450, by default as a shop sends it for an order of 1,000 yen."""
        sent = {
            "trading_id": "order1",
            "term_url": "http://shop.invalid/return",
            "merchant_name": DEMO.merchant_name,
            "authentication_type": "01",
            "card_set_method": "token",
            "payment_amount": "1000",
        }
        sent |= fields
        if "card_token" not in sent:
            sent["card_token"] = self.token(number)
        return self.telegram("450", **sent)

    def browse(self, answer: Answer) -> requests.Response:
        """What a browser does with the page of 450; redirects are not followed, for the shop may not exist."""
        form = re.search(
            r'<form action="([^"]+)" method="post">\s*<input type="hidden" name="id" value="([^"]+)">',
            answer["out_acs_html"],
        )
        assert form, answer["out_acs_html"]
        return requests.post(form[1], data={"id": form[2]}, allow_redirects=False, timeout=10)

    def choose(self, answer: Answer, choice: str, password: str = "") -> requests.Response:
        """Presses a button of the issuer's page."""
        page = self.browse(answer)
        return self.press(page.headers["Location"], choice, password)

    def press(self, page: str, choice: str, password: str = "") -> requests.Response:
        address = page if page.startswith("http") else f"{self.url}{page}"
        sent = {"choice": choice, "password": password}
        return requests.post(address, data=sent, allow_redirects=False, timeout=10)

    def ledger(self, trading_id: str | None = None) -> dict[str, Any]:
        query = {} if trading_id is None else {"trading_id": trading_id}
        books: dict[str, Any] = requests.get(f"{self.url}/console/paygent/ledger.json", params=query, timeout=10).json()
        return books

    def status(self, trading_id: str) -> str:
        (payment,) = self.ledger(trading_id)["payments"]
        return str(payment["status"])

    def control(self, switch: str, **values: Any) -> Any:
        answer = requests.post(f"{self.url}/control/{switch}", json=values, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def page(self, path: str, **form: str) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=form, timeout=10)

    @staticmethod
    def read(response: requests.Response) -> Answer:
        return Answer(response)

    @staticmethod
    def eventually(condition: Callable[[], bool]) -> None:
        """Waits for what must come; the limit is only there to end a failing test."""
        limit = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < limit, "it did not happen"
            time.sleep(0.02)

    def later(self, seconds: float) -> None:
        self.control("clock", advance=seconds)


@pytest.fixture(scope="session")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("practice"))
    yield world
    world.sandbox.close()


@pytest.fixture
def world(running_world: World) -> World:
    running_world.control("reset")
    running_world.control("clock", reset=True)
    return running_world


class Receiver:
    """The merchant's address for notices, or for the way back from 3-D Secure; ``reply`` is what it answers."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.reply: tuple[int, bytes] = (200, b"result=0")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(body.decode("ascii"))

            def do_GET(self) -> None:
                assert "Cookie" not in self.headers
                self._answer(urlsplit(self.path).query)

            def _answer(self, fields: str) -> None:
                status, content = receiver.reply
                receiver.received.append(dict(parse_qsl(fields, keep_blank_values=True)))
                self.send_response(status)
                self.send_header("Location", f"{receiver.url}?followed=1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notices"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def shop(world: World) -> Iterator[Receiver]:
    """Where term_url points to."""
    shop = Receiver()
    yield shop
    shop.close()


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    receiver = Receiver()
    world.control("register", provider="paygent", push_url=receiver.url)
    world.control("notices", delay=0, retry_seconds=0)
    yield receiver
    receiver.close()
