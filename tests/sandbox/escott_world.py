"""A running e-SCOTT simulator and a plain client for it: only sockets, nothing of the shop."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import requests
from flask import Flask
from werkzeug.serving import make_server

from providers.escott.demo import DEMO_MERCHANT as DEMO
from providers.escott.simulator import EscottSimulator
from providers.sandbox.clock import Clock, japan_time
from providers.sandbox.faults import Fault, FaultBook
from providers.sandbox.practice import BookedCard, BookedPayment, Call, Simulator
from providers.sandbox.server import Handler

VISA = "4111111111111111"
VECTORS = Path(__file__).parents[1] / "wire" / "escott" / "vectors"

FAMILIES = {"1": "aut/OAUT002.do", "4": "crp/OCRP005.do"}


def address_of(operation: str) -> str:
    return "atn/OATN005.do" if operation == "1TokenSearch" else FAMILIES[operation[0]]


class Reply(dict[str, str]):
    """The fields of a reply, in the order they came in."""

    def __init__(self, response: requests.Response) -> None:
        assert response.status_code == 200
        self.raw = response.content
        self.headers = response.headers
        parts = [part.split("=") for part in response.content.decode().split("&")]
        # No value holds a raw equals sign: simple clients would cut there.
        super().__init__((name, unquote_plus(value).rstrip(" ")) for name, value in parts)

    @property
    def code(self) -> str:
        return self["ResponseCd"]

    @property
    def pair(self) -> dict[str, str]:
        return {name: self[name] for name in ("ProcessId", "ProcessPass")}


class World:
    """What a shop, a buyer's browser and a tester can do."""

    def __init__(self, state: Path) -> None:
        self.clock = Clock(state)
        self.faults = FaultBook()
        self.simulator = EscottSimulator(state / "escott.sqlite3", self.clock, self.faults)
        app = Flask("providers.sandbox")
        app.config["PROPAGATE_EXCEPTIONS"] = True
        # The pages' frame links to pages of the host, which is not here.
        app.url_build_error_handlers.append(lambda error, endpoint, values: "#")
        served: Simulator = self.simulator
        for blueprint in served.provider_side():
            app.register_blueprint(blueprint, url_prefix=f"/{served.code}")
        app.register_blueprint(served.console(), url_prefix=f"/console/{served.code}")
        if switches := served.switches():
            app.register_blueprint(switches, url_prefix=f"/control/{served.code}")
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.host = f"http://127.0.0.1:{self._server.port}"
        self.url = f"{self.host}/escott"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.simulator.close()

    # ---- the shop --------------------------------------------------------------------------------

    @property
    def today(self) -> str:
        return japan_time(self.clock.now()).strftime("%Y%m%d")

    def envelope(self, operation: str) -> dict[str, str]:
        return {
            "MerchantId": DEMO.merchant_id,
            "MerchantPass": DEMO.merchant_pass,
            "TenantId": DEMO.tenant_id,
            "TransactionDate": self.today,
            "OperateId": operation,
        }

    def post(self, operation: str, address: str = "", /, **fields: str | None) -> requests.Response:
        """One message; a field of None is left out."""
        sent = {name: value for name, value in (self.envelope(operation) | fields).items() if value is not None}
        return self.post_raw(f"/online/{address or address_of(operation)}", urlencode(sent))

    def post_raw(self, path: str, body: str | bytes) -> requests.Response:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return requests.post(self.url + path, data=body, headers=form, timeout=10)

    def ask(self, operation: str, address: str = "", /, **fields: str | None) -> Reply:
        return Reply(self.post(operation, address, **fields))

    def token(self, number: str = VISA, /, expiry: str = "3012", cvc: str = "") -> str:
        return self.simulator.token({"number": number, "expiry": expiry, "cvc": cvc, "name": ""})

    def auth(self, number: str = VISA, /, operation: str = "1Auth", cvc: str = "", **fields: str | None) -> Reply:
        return Reply(self.post_auth(number, operation, cvc, **fields))

    def post_auth(
        self, number: str = VISA, /, operation: str = "1Auth", cvc: str = "", **fields: str | None
    ) -> requests.Response:
        terms: dict[str, str | None] = {"MerchantFree1": "90000600000000019217", "PayType": "01", "Amount": "4980"}
        if "KaiinId" not in fields and "Token" not in fields and "CardNo" not in fields:
            fields["Token"] = self.token(number, cvc=cvc)
        return self.post(operation, **terms | fields)

    def member(self, kaiin_id: str = "5000000000042", number: str = VISA, /, **fields: str | None) -> dict[str, str]:
        """Registers a member and returns its id and password."""
        pair = {"KaiinId": kaiin_id, "KaiinPass": "017564786ae3"}
        added = self.ask("4MemAdd", **{"Token": self.token(number)} | pair | fields)
        assert added.code == "OK", added
        return pair

    # ---- the tester ------------------------------------------------------------------------------

    def control(self, switch: str, /, **sent: Any) -> Any:
        answer = requests.post(f"{self.host}/control/escott/{switch}", json=sent, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, mode: str, phase: str = "before", **more: Any) -> None:
        self.faults.add(Fault(kind, mode, phase, **more))

    def payment(self, handle: str) -> BookedPayment:
        [found] = [one for one in self.simulator.books().payments if one.handle == handle]
        return found

    def payments(self) -> tuple[BookedPayment, ...]:
        return self.simulator.books().payments

    def card(self, customer: str) -> BookedCard:
        [found] = [one for one in self.simulator.books().cards if one.customer == customer]
        return found

    def last_call(self) -> Call:
        return self.simulator.books().calls[-1]

    def page(self, path: str = "/") -> str:
        answer = requests.get(f"{self.host}/console/escott{path}", timeout=10)
        assert answer.status_code == 200
        return answer.text


@contextmanager
def escott_world(state: Path) -> Iterator[World]:
    world = World(state)
    try:
        yield world
    finally:
        world.close()


def vectors() -> list[tuple[str, dict[str, Any]]]:
    """The recorded exchanges of the operations that are practised, by name."""
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        vector = json.loads(path.read_text())
        target = (vector.get("request") or {}).get("path", "")
        if any(name in target for name in ("OAUT002", "OCRP005", "OATN005")):
            found.append((path.stem, vector))
    return found
