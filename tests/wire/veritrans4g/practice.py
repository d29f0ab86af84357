"""A product's contract in the practice world: the gateway as the shop opens it, the buyer's browser, and the provider's books."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from providers.charge import Browser, Cardholder, CardSource, Charge
from providers.contract import Approved, Exchange, NeedsBuyer
from providers.kept_cards import StoredCardSource
from providers.ports import Endpoint
from providers.veritrans4g.adapter import Veritrans4GGateway
from providers.veritrans4g.product import Product
from tests.sandbox.veritrans4g_world import VeriTransWorld
from tests.support.turns import Turns
from tests.support.world import VISA, Simulator

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BUYER = Cardholder(email="hanako@canary.example", phone="090-1234-5678")
BROWSER = Browser("Mozilla/5.0 canary", "text/html", "192.0.2.77")
RETURN = "http://shop.invalid/pay/3ds/return"

#: Every way an answer can be lost without waiting for it. They take turns where several requests lose theirs.
LOST = ("reset", "close", "half", "garbage", "html", "http_500", "empty", "wrong_charset")
IN_TURN = Turns(LOST, "mode", direct=True)


@dataclass
class Practice:
    world: Simulator
    product: Product
    exchanges: list[Exchange] = field(default_factory=list)

    # ---- the shop ----------------------------------------------------------------------------------------------------

    def gateway(self, **settings: str) -> Veritrans4GGateway:
        opened = self.product.open(
            {**self.product.practice_settings(), **settings}, self.product.base_url(Endpoint.PRACTICE, self.world.url),
            before_send=lambda: None, record=self.exchanges.append, now=lambda: NOW,
        )  # fmt: skip
        assert isinstance(opened, Veritrans4GGateway)
        return opened

    def charge(self, number: str = VISA, *, expiry: str = "4001", source: StoredCardSource | None = None, **more: Any) -> Charge:
        known: dict[str, Any] = {
            "merchant_ref": self.product.new_merchant_ref(NOW), "amount_yen": 3130, "capture": False, "started_at": NOW,
            "source": source or CardSource(self.world.token(self.product, number, expiry=expiry)),
            "return_url": RETURN, "cardholder": BUYER, "browser": BROWSER,
        }  # fmt: skip
        return Charge(**known | more)

    def authorized(self, **more: Any) -> str:
        """A payment that stands; its handle."""
        result = self.gateway().authorize(self.charge(**more))
        assert isinstance(result, Approved), result
        return result.handle

    def authenticating(self, number: str = VISA, kind: str = "company", **more: Any) -> tuple[Charge, NeedsBuyer]:
        """A payment whose buyer is to go to the issuer."""
        charge = self.charge(number, options={"authentication": kind}, **more)
        result = self.gateway().authorize(charge)
        assert isinstance(result, NeedsBuyer), result
        return charge, result

    def sent(self, number: int = -1) -> str:
        return self.exchanges[number].request

    # ---- the buyer ---------------------------------------------------------------------------------------------------

    @staticmethod
    def walk(asked: NeedsBuyer, choice: str = "authenticate") -> list[tuple[str, str]]:
        """Follows the provider's pages, pressing ``choice`` where the issuer asks; what the way back carries."""
        page = requests.get(asked.url, timeout=10)
        if 'id="back"' not in page.text:
            page = requests.post(page.url, data={"choice": choice, "password": ""}, allow_redirects=False, timeout=10)
        if 'id="back"' not in page.text:
            return []
        address, fields = VeriTransWorld.returned(page)
        assert address == RETURN
        return [*fields.items()]

    # ---- the provider's side -----------------------------------------------------------------------------------------

    def spoil(self, switch: str, **values: Any) -> None:
        """A switch that only this provider has."""
        self.world.control(f"veritrans4g/{switch}", **values)

    def booked(self, ref: str) -> tuple[str, int] | None:
        """State and amount in the provider's books."""
        rows = [row for row in self.world.books()["payments"] if row["reference"] == ref]
        return (rows[0]["state"], rows[0]["amount_yen"]) if rows else None

    def calls(self, kind: str) -> int:
        return sum(row["kind"] == kind for row in self.world.books()["calls"])
