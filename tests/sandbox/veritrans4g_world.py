"""The VeriTrans4G simulator on a port of its own, and a plain client for it: only sockets, nothing of the shop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import requests
from flask import Flask
from werkzeug.serving import make_server

from providers.sandbox.clock import Clock
from providers.sandbox.faults import Fault, FaultBook
from providers.sandbox.practice import State
from providers.sandbox.server import Handler
from providers.veritrans4g.demo import DEMO_MERCHANT, VeriTrans4GMerchantKeys
from providers.veritrans4g.simulator import VeriTrans4GSimulator

VISA = "4111111111111111"
PENDING_CARD = "4980000000079000"
FRICTIONLESS, ATTEMPT, FAILED, UNABLE, ERROR_PAGE = (
    "4980000000057600", "4980000000037610", "4980000000087607", "4980000000017612", "4980000000067690",
)  # fmt: skip
DECLINED = "4980000000058202"
#: What a return must sign, or a shop can check nothing
NEEDED = ["OrderId", "mpiMstatus", "cardMstatus", "vResultCode", "reqAmount"]
DAY = 86_400

BASES = {"card": "paynow/v2", "mpi": "paynow/v2", "search": "paynow-search/v2", "account": "paynowid/v1", "cardinfo": "paynowid/v1"}


class Answer(dict[str, Any]):
    """The ``result`` of an answer, and PayNowID's part."""

    def __init__(self, response: requests.Response) -> None:
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"].startswith("application/json")
        whole = response.json()
        assert list(whole) == ["payNowIdResponse", "result"]
        super().__init__(whole["result"])
        self.paynowid: dict[str, Any] = whole["payNowIdResponse"]

    @property
    def code(self) -> str:
        return str(self["vResultCode"])

    @property
    def outcome(self) -> tuple[str, str]:
        """mstatus, and the code without its empty blocks."""
        return self["mstatus"], re.sub("(0000)+$", "", self.code)


class VeriTransWorld:
    """What a shop, a buyer's browser and a tester can do."""

    def __init__(self, state: Path) -> None:
        self.clock, self.faults = Clock(state), FaultBook()
        self.simulator = VeriTrans4GSimulator(state / "veritrans4g.sqlite3", self.clock, self.faults)
        app = Flask("providers.sandbox.app")
        app.config["PROPAGATE_EXCEPTIONS"] = True
        # The world's menu is not here.
        app.url_build_error_handlers.append(lambda error, endpoint, values: "/elsewhere")
        for blueprint in self.simulator.provider_side():
            app.register_blueprint(blueprint, url_prefix="/veritrans4g")
        app.register_blueprint(self.simulator.console(), url_prefix="/console/veritrans4g")
        app.register_blueprint(self.simulator.switches(), url_prefix="/control/veritrans4g")
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.base = f"{self.url}/veritrans4g"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._orders = 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.simulator.close()

    def fresh(self) -> None:
        self.faults.clear()
        self.clock.reset()
        self.simulator.reset()
        self.simulator.set_notices({"delay": 0.0, "retry_seconds": 0.05})

    # ---- the shop --------------------------------------------------------------------------------

    def send(
        self, kind: str, params: dict[str, Any] | None = None, *, merchant: VeriTrans4GMerchantKeys = DEMO_MERCHANT,
        dummy: str = "1", form: bool = True, path: str | None = None, digest: str | None = None,
    ) -> requests.Response:  # fmt: skip
        signed = {**(params or {}), "txnVersion": "2.0.0", "dummyRequest": dummy, "merchantCcid": merchant.merchant_ccid}
        text = json.dumps(signed, ensure_ascii=False, separators=(",", ":"))
        digest = digest or hashlib.sha256((merchant.merchant_ccid + text + merchant.merchant_key).encode()).hexdigest()
        body = f'{{"params":{text},"authHash":"{digest}"}}'
        command, service = kind.split("/")
        path = path or f"{'test-' if dummy == '1' else ''}{BASES[service]}/{command}/{service}"
        kinds = ("application/x-www-form-urlencoded", quote_plus(body)) if form else ("application/json", body)
        return requests.post(f"{self.base}/{path}", data=kinds[1].encode(), headers={"Content-Type": kinds[0]}, timeout=10)

    def ask(self, kind: str, params: dict[str, Any] | None = None, **how: Any) -> Answer:
        return Answer(self.send(kind, params, **how))

    def tokenize(self, number: str = VISA, **fields: Any) -> requests.Response:
        card = {
            "card_number": number, "card_expire": "12/40", "security_code": "123", "cardholder_name": "TARO YAMADA",
            "token_api_key": DEMO_MERCHANT.token_api_key, "lang": "ja",
        }  # fmt: skip
        return requests.post(f"{self.base}/4gtoken", json=card | fields, timeout=10)

    def token(self, number: str = VISA, **fields: Any) -> str:
        return str(self.tokenize(number, **fields).json()["token"])

    def new_id(self) -> str:
        self._orders += 1
        return f"order-{self._orders}"

    def payment(self, number: str = VISA, order_id: str = "", expire: str = "12/40", **fields: Any) -> dict[str, Any]:
        """The params of an Authorize with a new token."""
        token = self.token(number, card_expire=expire)
        known = {"payNowIdParam": {"token": token}, "orderId": order_id or self.new_id(), "amount": "1980"}
        return known | fields

    def authorise(self, number: str = VISA, order_id: str = "", **fields: Any) -> Answer:
        return self.ask("Authorize/card", self.payment(number, order_id, **fields))

    def order(self, order_id: str, **fields: Any) -> dict[str, Any]:
        return {"orderId": order_id} | fields

    def member(self, account_id: str, **card: Any) -> dict[str, Any]:
        return {"payNowIdParam": {"accountParam": {"accountId": account_id} | ({"cardParam": card} if card else {})}}

    def store(self, account_id: str = "member-1", number: str = VISA, **card: Any) -> Answer:
        if self.ask("Get/cardinfo", self.member(account_id))["mstatus"] == "failure":
            self.ask("Add/account", self.member(account_id))
        return self.ask("Add/cardinfo", self.member(account_id, token=self.token(number), **card))

    def begin(self, number: str = VISA, order_id: str = "", **fields: Any) -> Answer:
        known = {
            "serviceOptionType": "mpi-complete", "redirectionUri": "http://shop.invalid/return", "deviceChannel": "02",
            "verifyResultLink": "1", "verifyTimeout": "15", "jpo": "10", "withCapture": "false",
        }  # fmt: skip
        return self.ask("Authorize/mpi", self.payment(number, order_id, **known | fields))

    def result(self, order_id: str) -> Answer:
        return self.ask("GetResult/mpi", self.order(order_id))

    def found(self, order_id: str, **more: Any) -> Answer:
        return self.ask(
            "Search/search", {"containDummyFlag": "true", "searchParameters": {"common": {"orderId": order_id}}} | more
        )

    # ---- the buyer -------------------------------------------------------------------------------

    def browse(self, began: Answer) -> requests.Response:
        """Follows authStartUrl as far as the provider's own pages go."""
        return requests.get(began["authStartUrl"], timeout=10)

    def choose(self, began: Answer, choice: str = "authenticate") -> requests.Response:
        """Presses a button of the issuer's page."""
        page = self.browse(began)
        return requests.post(page.url, data={"choice": choice, "password": ""}, allow_redirects=False, timeout=10)

    @staticmethod
    def returned(page: requests.Response | str) -> tuple[str, dict[str, str]]:
        """Where the page's form leads, and its fields."""
        text = page if isinstance(page, str) else page.text
        action = re.search(r'<form method="post" action="([^"]+)"', text)
        assert action, text
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
        return html.unescape(action[1]), {name: html.unescape(value) for name, value in fields}

    # ---- the tester ------------------------------------------------------------------------------

    def control(self, switch: str, status: int = 200, **values: Any) -> Any:
        answer = requests.post(f"{self.url}/control/veritrans4g/{switch}", json=values, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json()

    def fault(self, kind: str, mode: str, phase: str = "before", **more: Any) -> None:
        self.faults.add(Fault(kind, mode, phase, **more))

    def state(self, order_id: str) -> State | None:
        found = [payment.state for payment in self.simulator.books().payments if payment.reference == order_id]
        return found[0] if found else None

    def amount(self, order_id: str) -> int:
        return next(row.amount_yen for row in self.simulator.books().payments if row.reference == order_id)

    def handle(self, order_id: str) -> str:
        return next(row.handle for row in self.simulator.books().payments if row.reference == order_id)

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @staticmethod
    def eventually(condition: Callable[[], bool]) -> None:
        """Waits for what must come; the limit is only there to end a failing test."""
        limit = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < limit, "it did not happen"
            time.sleep(0.02)


class Shop:
    """The merchant's addresses for pushes and returns; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str | None]] = []
        self.status = 200
        shop = self

        class Receiver(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert "Cookie" not in self.headers
                self.answer(self.path.partition("?")[2].encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert "Cookie" not in self.headers
                self.answer(body)

            def answer(self, body: bytes) -> None:
                shop.received.append((body, self.headers["content-hmac"]))
                self.send_response(shop.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self._server.server_port}/shop"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def fields(self, place: int = -1) -> dict[str, str]:
        return dict(parse_qsl(self.received[place][0].decode(), keep_blank_values=True))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


# ---- signatures ---------------------------------------------------------------------------------


def names(fields: dict[str, str]) -> list[str]:
    plain = fields["authParams"].translate(str.maketrans("*-_", "=/+"))
    return base64.b64decode(plain).decode().split(",")


def matches(fields: dict[str, str], ccid: str = DEMO_MERCHANT.merchant_ccid, key: str = DEMO_MERCHANT.merchant_key) -> bool:
    """What the vendor's own check does, no more."""
    if not all(name in fields for name in names(fields)):
        return False
    signed = ccid + "".join(fields[name] for name in names(fields)) + key
    return fields["vAuthInfo"] == hashlib.sha256(signed.encode()).hexdigest()


def push_matches(body: bytes, header: str | None, key: str = DEMO_MERCHANT.merchant_key) -> bool:
    if header is None or header.find(";v=") < 1:
        return False
    return header.partition(";v=")[2] == hmac.new(bytes.fromhex(key), body, hashlib.sha256).hexdigest()


# ---- orders in every state -----------------------------------------------------------------------


def authorised(world: VeriTransWorld) -> str:
    return str(world.authorise()["orderId"])


def captured(world: VeriTransWorld) -> str:
    return str(world.authorise(withCapture="true")["orderId"])


def captured_later(world: VeriTransWorld) -> str:
    order_id = authorised(world)
    assert world.ask("Capture/card", world.order(order_id))["mstatus"] == "success"
    return order_id


def pending(world: VeriTransWorld) -> str:
    return str(world.authorise(PENDING_CARD)["orderId"])


def cancelled(world: VeriTransWorld) -> str:
    order_id = authorised(world)
    assert world.ask("Cancel/card", world.order(order_id))["mstatus"] == "success"
    return order_id


def refused(world: VeriTransWorld) -> str:
    return str(world.authorise("4980000000058202")["orderId"])


def expired(world: VeriTransWorld) -> str:
    order_id = authorised(world)
    world.later(61 * DAY)
    return order_id


def none(world: VeriTransWorld) -> str:
    return "never-sent"
