"""The practice world from outside: switches, card tokens, and its books as the oracle for money."""

import json
import urllib.request
from typing import Any

from providers.ports import Provider
from tests.support.world import VISA, card_token, world_code

GOOD = VISA
#: Refused by the issuer.
REFUSED = "4980000000058202"
#: Refused on the way: 本人認証 fails.
UNAUTHENTICATED = "4980000000087607"
#: Charged, and kept where it is to be – but the answer about that is lost.
KEPT_UNHEARD = "4980000000007027"
#: States in which money is reserved or taken.
HOLDING = ("authorized", "captured")


class Practice:
    """The practice world at one address. ``provider`` is the one that the shop's card method pays by."""

    def __init__(self, port: int, provider: Provider) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.provider = provider

    @property
    def code(self) -> str:
        """Which simulator the shop's card method pays by."""
        return world_code(self.provider)

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
        return card_token(f"{self.url}/control/token", self.provider, number)

    def console(self, handle: str, button: str) -> None:
        """Press a button on the provider's own management console: capture, void, refund."""
        self.control("act", provider=self.code, handle=handle, act=button)

    def ledger(self) -> dict[str, Any]:
        """The provider's own books in its own words, for tests of what only it has."""
        found: dict[str, Any] = self._json(f"/console/{self.code}/ledger.json")
        return found

    def books(self) -> dict[str, Any]:
        """What all providers know, in words that they share (:mod:`providers.sandbox.practice`)."""
        found: dict[str, Any] = self._json("/books.json")
        return found

    def payments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.books()["payments"]
        return found

    def live(self) -> dict[str, list[int]]:
        """Amounts of live payments by our reference."""
        amounts: dict[str, list[int]] = {}
        for payment in self.payments():
            if payment["state"] in HOLDING:
                amounts.setdefault(payment["reference"], []).append(payment["amount_yen"])
        return amounts

    def _json(self, path: str, body: bytes | None = None, content_type: str = "") -> Any:
        headers = {"Content-Type": content_type} if body else {}
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
