"""The practice provider from outside: switches, card tokens, and its ledger as the oracle for money."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO

GOOD = "4111111111111111"
#: Refused by the issuer (2001).
REFUSED = "4980000000058202"
#: Refused on the way: 本人認証 fails.
UNAUTHENTICATED = "4980000000087607"
#: Statuses in which money is reserved or taken.
LIVE = ("20", "30", "40", "41", "42")


class Practice:
    """The simulator at one address."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def control(self, switch: str, **values: object) -> Any:
        return self._json(f"/control/{switch}", json.dumps(values).encode(), "application/json")

    def fault(self, kind: str, mode: str, phase: str = "before", **values: object) -> None:
        self.control("faults", kind=kind, mode=mode, phase=phase, **values)

    def calm(self) -> None:
        """No faults, notices as usual."""
        self.control("faults", clear=True)
        self.control("notices", mode="normal", duplicate=0, delay=0.5, reorder=False, release=True)

    def later(self, seconds: float) -> None:
        """Move the clock that shop and provider share."""
        self.control("clock", advance=seconds)

    def token(self, number: str = GOOD) -> str:
        card = {
            "merchant_id": DEMO.merchant_id, "token_generate_key": DEMO.token_generate_key, "card_number": number,
            "card_expire_year": "40", "card_expire_month": "1", "card_cvc": "123", "card_name": "TARO YAMADA",
        }  # fmt: skip
        body = urlencode(card).encode()
        answer = self._json("/paygent/n/token/request", body, "application/x-www-form-urlencoded")
        return str(answer["tokenizedCardObject"]["token"])

    def console(self, payment_id: str, button: str) -> None:
        """Press a button on the provider's own management console: capture, void, refund."""
        request = urllib.request.Request(f"{self.url}/console/paygent/payments/{payment_id}/{button}", b"", method="POST")
        with urllib.request.urlopen(request, timeout=10):
            pass

    def ledger(self) -> dict[str, Any]:
        books: dict[str, Any] = self._json("/console/paygent/ledger.json")
        return books

    def live(self) -> dict[str, list[int]]:
        """Amounts of live payments by trading_id."""
        amounts: dict[str, list[int]] = {}
        for payment in self.ledger()["payments"]:
            if payment["status"] in LIVE:
                amounts.setdefault(payment["trading_id"], []).append(int(payment["amount"]))
        return amounts

    def _json(self, path: str, body: bytes | None = None, content_type: str = "") -> Any:
        headers = {"Content-Type": content_type} if body else {}
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
