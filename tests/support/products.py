"""The demo shop on any installed provider: what tests that name none of them need."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from flask import Flask
from sqlalchemy import func, select

from providers.contract import Recovery, Verb
from providers.ports import Endpoint, Provider
from shop.core.db import db, write
from shop.core.runtime import now
from shop.payments import accounts
from shop.payments.models import PaymentMethod, ProviderNotice
from tests.support.buying import Buyer, Purchase
from tests.support.issuer import AUTHENTICATE, LOOK
from tests.support.pages import Page
from tests.support.shop import run_jobs
from tests.support.world import VISA, Simulator, merchant, world_code

#: In the issuer's page: the buyer is asked.
_ASKS = 'name="choice"'


@dataclass
class Product:
    """A provider at work in a demo shop."""

    provider: Provider
    app: Flask
    world: Simulator
    shop_url: str
    account_key: str = ""
    account_id: int = 0

    @property
    def code(self) -> str:
        return self.provider.code

    def install(self, *, capture_at_once: bool = False, **options: str) -> None:
        """Let the demo's card method pay by this provider, with the defaults of its settings form and ``options``."""
        with self.app.app_context(), write() as session:
            method = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            account = accounts.create(session, self.provider, Endpoint.PRACTICE, self.provider.practice_settings(), now())
            method.account_id, method.capture_at_once, method.options = account.id, capture_at_once, json.dumps(options)
            self.account_key, self.account_id = account.key, account.id
            address = accounts.notice_url(account)
        self.world.control("register", provider=self.world_code, push_url=address)

    def set(self, **options: str) -> None:
        """Change method settings."""
        with self.app.app_context(), write() as session:
            method = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            method.options = json.dumps(json.loads(method.options) | options)

    def vanish(self) -> None:
        """Every kept card is gone at the provider, without a word to the shop."""
        for card in self.cards():
            if card["alive"]:
                self.world.control(f"{self.world_code}/cards/delete", customer=card["customer"], card=card["card"])

    @property
    def world_code(self) -> str:
        return world_code(self.provider)

    @property
    def sends_away(self) -> bool:
        """Whether buyers go to the issuer's page."""
        with self.app.app_context():
            method = db.session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            return self.provider.capabilities.authenticates(accounts.method_options(method))

    @property
    def asks_people(self) -> bool:
        """Whether only a person can find out what became of an authorization."""
        return self.provider.capabilities.recovery[Verb.AUTHORIZE] == Recovery.BY_CONSOLE

    def let_notices_go(self) -> None:
        """Let the notices that were held come in, and wait until each was taken."""
        self.world.control("notices", release=True, mode="normal", delay=0)
        while self.world.books()["busy"]:
            time.sleep(0.01)

    def look_into_notices(self) -> None:
        """Until every notice has been looked into, be it by the thread that took it in."""
        for _ in range(200):
            run_jobs(self.app, "inbox")
            with self.app.app_context():
                if not db.session.scalar(select(func.count()).select_from(ProviderNotice).where(ProviderNotice.state == "waiting")):
                    return
        raise AssertionError("notices wait that nobody looks into")

    def token(self, number: str = VISA) -> str:
        return self.world.token(self.provider, number)

    def fault(self, verb: str, mode: str = "reset", phase: str = "after", **values: Any) -> None:
        self.world.control("faults", kind=verb, mode=mode, phase=phase, provider=self.world_code, **values)

    def buy(self, number: str = VISA, *, buyer: Buyer | None = None, through_issuer: bool = True, **typed: str) -> Purchase:
        """A purchase by card, through the issuer's page where there is one."""
        buyer = buyer or Buyer(self.shop_url)
        shown = Page(buyer.put_into_cart(typed.pop("product", "T-002")).text)
        placed = buyer.place(buyer.confirm("card", shown, **typed), self.token(number))
        return through(placed) if through_issuer else placed

    # ---- the provider's books, of this product's merchant --------------------------------------------------------------

    def payments(self) -> list[dict[str, Any]]:
        return [row for row in self.world.books()["payments"] if self._ours(row)]

    def cards(self) -> list[dict[str, Any]]:
        return [row for row in self.world.books()["cards"] if self._ours(row)]

    def held(self) -> list[tuple[str, int]]:
        """Reference and yen of each payment in which money is reserved or taken."""
        return [(row["reference"], row["amount_yen"]) for row in self.payments() if row["state"] in ("authorized", "captured")]

    def _ours(self, row: dict[str, Any]) -> bool:
        return row["provider"] == self.world_code and row["merchant"] == merchant(self.provider)


@dataclass(frozen=True)
class Request:
    """What a page makes a browser send."""

    method: str
    url: str
    fields: dict[str, str]


def through(purchase: Purchase, choice: str = AUTHENTICATE) -> Purchase:
    """From the shop's hop page over the provider's and the issuer's pages back to the shop. Does nothing when the purchase has not
    left the shop."""
    if not purchase.path.startswith("/pay/h/"):
        return purchase
    return Purchase(purchase.buyer, send(purchase.buyer, lead(purchase, choice)))


def send(buyer: Buyer, back: Request) -> requests.Response:
    if back.method == "post":
        return buyer.session.post(back.url, data=back.fields)
    return buyer.session.get(back.url, params=back.fields)


def lead(purchase: Purchase, choice: str = AUTHENTICATE) -> Request:
    """Through the issuer's page; what the browser would send to the shop, not yet sent."""
    return beyond(purchase.response.text, purchase.url, purchase.buyer.shop_url, choice)


def beyond(hop: str, address: str, shop_url: str, choice: str = AUTHENTICATE) -> Request:
    """From the shop's hop page, which stands at ``address``, as a browser without script goes – by links, forms and redirects – to
    what it would send to the shop. The shop's cookies stay at the shop. ``LOOK``: no further than the issuer's page."""
    following = _onward(hop, address, choice)
    elsewhere = requests.Session()
    elsewhere.trust_env = False
    for _ in range(10):
        if following.url.startswith(shop_url):
            return following
        answer = elsewhere.request(following.method, following.url, data=following.fields or None, allow_redirects=False)
        if choice == LOOK and _ASKS in answer.text:
            return following
        moved = answer.headers.get("Location")
        following = Request("get", urljoin(answer.url, moved), {}) if moved else _onward(answer.text, answer.url, choice)
    raise AssertionError(f"the issuer leads nowhere: {following.url}")


def _onward(html: str, address: str, choice: str) -> Request:
    """Where a page leads: its form, with the button that is pressed, or the link that stands in for one."""
    page = Page(html)
    forms = [form for form in page.forms if "language" not in form.action]
    if not forms:
        return Request("get", urljoin(address, next(iter(page.find("a", rel="noreferrer")))["href"]), {})
    pressed = {"choice": choice, "password": "1234"} if _ASKS in html else {}
    return Request(forms[0].method, urljoin(address, forms[0].action), forms[0].fields | pressed)


