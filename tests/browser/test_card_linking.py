"""クレジットカード紐づけ設定 in both carts: what the buyer is offered, and which card is linked once the order stands.

The rows of the truth table follow each other in one shop, so that the page of each row shows what the row before left
behind; the provider's own books say the same.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from shop.catalogue.models import Variant
from shop.payments.models import PaymentMethod
from tests.browser.conftest import DESKTOP, PHONE, Watch
from tests.browser.steps import assert_accessible, assert_fits, choose, dialog, fill_card, press_confirm
from tests.browser.steps import CARD_METHOD as METHOD
from tests.support import issuer
from tests.support.buying import StepsBuyer
from tests.support.members import Member, join
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, change, orders, path_of

VISA, JCB = "4111 1111 1111 1111", "3580 0000 0000 1000"
REFUSED, NOT_KEPT = "4980 0000 0003 8261", "4980 0000 0002 7025"
LINKED = "ご登録のクレジットカードで購入する"
OTHER = {"zero": "ご登録のクレジットカードを変更して購入する", "steps": "新しいクレジットカードで購入する"}
KEEP = "カード情報を保持し次回も利用する"
GOES, GOES_UNCHECKED = "ご注文のあとで、ご登録のカードは削除されます。", "チェックを外すと、ご注文のあとで、ご登録のカードは削除されます。"
BOTH_CARTS = pytest.mark.parametrize("cart", ["zero", "steps"])


@dataclass(frozen=True)
class Row:
    """A row of the table: the mode, who buys, with which card, whether the box is checked – and what is linked then."""

    mode: str
    #: The last four digits of the card that is linked; empty without one.
    before: str
    pays: str
    after: str
    keep: bool | None = None
    guest: bool = False

    @property
    def notice(self) -> str:
        """What is said before a link is removed (R-139)."""
        if not self.before or self.mode == "always":
            return ""
        return GOES if self.mode == "never" else GOES_UNCHECKED

    @property
    def tokens(self) -> int:
        """None for the linked card, a second one only where the card will be linked."""
        if self.pays == "stored":
            return 0
        return 2 if not self.guest and (self.mode == "always" or self.keep) else 1


#: In an order in which each row finds what it needs. What the two carts need not both try – the box off with either card,
#: the last order with either card – they share.
MEMBER = {
    "zero": [
        Row("always", "", VISA, after="1111"),
        Row("always", "1111", "stored", after="1111"),
        Row("always", "1111", JCB, after="1000"),
        Row("ask", "1000", VISA, keep=True, after="1111"),
        Row("ask", "1111", "stored", keep=False, after=""),
        Row("ask", "", VISA, keep=False, after=""),
        Row("ask", "", VISA, keep=True, after="1111"),
        Row("never", "1111", "stored", after=""),
        Row("never", "", VISA, after=""),
    ],
    "steps": [
        Row("always", "", VISA, after="1111"),
        Row("always", "1111", "stored", after="1111"),
        Row("always", "1111", JCB, after="1000"),
        Row("ask", "1000", "stored", keep=True, after="1000"),
        Row("ask", "1000", VISA, keep=False, after=""),
        Row("ask", "", VISA, keep=False, after=""),
        Row("ask", "", JCB, keep=True, after="1000"),
        Row("never", "1000", VISA, after=""),
        Row("never", "", VISA, after=""),
    ],
}
GUEST = [Row(mode, "", VISA, after="", guest=True) for mode in ("always", "ask", "never")]


class Till:
    """One buyer's way to the till of one cart: basket and address over plain HTTP, the till itself in the window."""

    def __init__(self, cart: str, page: Page, buyer: StepsBuyer) -> None:
        self.cart, self.page, self.buyer = cart, page, buyer

    @property
    def panel(self) -> Locator:
        return self.page.locator("[data-card-panel]")

    @property
    def numbers(self) -> Locator:
        return self.panel.locator(".card-form")

    def open(self) -> None:
        """The page that asks for the card."""
        self.take()
        self.buyer.put_into_cart(TEA)
        assert path_of(self.buyer.step1()) == "/checkout/step2"
        if self.cart == "steps":
            assert path_of(self.buyer.step2()) == "/checkout/step3"
        self.give()
        self.page.goto(f"/checkout/{'step3' if self.cart == 'steps' else 'zero'}")
        if self.cart == "zero":
            choose(self.page, METHOD)

    def take(self) -> None:
        """The buyer's other hand goes on where the window is …"""
        for cookie in self.page.context.cookies():
            self.buyer.session.cookies.set(cookie["name"], cookie["value"], domain=cookie["domain"], path=cookie["path"])

    def give(self) -> None:
        """… and the other way round."""
        for cookie in self.buyer.session.cookies:
            self.page.context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": self.buyer.shop_url}])

    def pay(self, card: str) -> None:
        """By the linked card (``stored``), or by a number: then the form must be there to take it."""
        choice = self.panel.get_by_label(OTHER[self.cart])
        if card != "stored":
            if choice.count():
                choice.check()
            expect(self.numbers).to_be_visible()
            fill_card(self.page, カード番号=card)
        self.order()

    def order(self) -> None:
        if self.cart == "zero":
            press_confirm(self.page)
        place = dialog(self.page) if self.cart == "zero" else self.page
        place.get_by_role("button", name="注文する").click()

    def done(self) -> None:
        self.page.wait_for_url("**/complete")


@contextmanager
def named(row: object) -> Iterator[None]:
    """A failure says at which row it happened."""
    try:
        yield
    except BaseException as failure:
        failure.add_note(f"at {row}")
        raise


def link_as(app: Flask, mode: str, **options: str) -> None:
    change(app, PaymentMethod.options, json.dumps({"card_linking": mode, "use_3ds": "0"} | options), kind="card")


def kept(simulator: Simulator) -> list[str]:
    """The last four digits of the cards that the provider keeps."""
    return [each["masked_card_number"][-4:] for each in simulator.ledger()["stored_cards"] if each["state"] == "alive"]


def tokens(watch: Watch) -> int:
    return len([each for each in watch.to(watch.provider) if each.method == "POST"])


@pytest.fixture
def till(window: Callable[..., Page], watch: Watch, demo_app: Flask) -> Callable[..., Till]:
    """Opens a till for a member who is logged in – hanako – or, with ``guest``, for anybody."""
    change(demo_app, Variant.on_hand, 500)

    def open_till(cart: str, *, guest: bool = False, **options: object) -> Till:
        buyer = StepsBuyer(watch.shop) if guest else join(Walker(watch.shop), demo_app)
        if isinstance(buyer, Walker):
            buyer.log_in()
        return Till(cart, window(**options), buyer)

    return open_till


class Walker(Member, StepsBuyer):
    """A member who may take either cart."""


def offered(till: Till) -> dict[str, object]:
    """What the page shows of the table."""
    words = [" ".join(choice.inner_text().split()) for choice in till.panel.locator(".card-source .choice").all()]
    said = till.panel.inner_text()
    return {
        "choice": words,
        "form": till.numbers.is_visible(),
        "keep": till.panel.get_by_label(KEEP).count(),
        "notice": GOES_UNCHECKED if GOES_UNCHECKED in said else GOES if GOES in said else "",
    }


def expected(cart: str, row: Row) -> dict[str, object]:
    """What the table says of the row."""
    brand = "JCB" if row.before == "1000" else "Visa"
    linked = f"{LINKED} {brand} 下4桁 *****{row.before} 有効期限 12/40"
    return {
        "choice": [linked, OTHER[cart]] if row.before else [],
        "form": not row.before,
        "keep": int(row.keep is not None),
        "notice": row.notice,
    }


@BOTH_CARTS
@pytest.mark.req("R-127", "R-130", "R-132")
def test_every_row_of_the_table(
    cart: str, till: Callable[..., Till], watch: Watch, demo_app: Flask, simulator: Simulator
) -> None:
    member = till(cart, viewport=PHONE)
    for row in MEMBER[cart] + GUEST:
        with named(row):
            link_as(demo_app, row.mode)
            here = till(cart, guest=True) if row.guest else member
            before, made = orders(demo_app), tokens(watch)
            here.open()
            assert offered(here) == expected(cart, row)
            if row.keep is not None:
                here.panel.get_by_label(KEEP).set_checked(row.keep)
            if row.before:
                assert_fits(here.page)
            here.pay(row.pays)
            here.done()
            run_jobs(demo_app, "dispatch_cards")
            run_jobs(demo_app, "dispatch_cards")
            assert orders(demo_app) == before + 1
            assert tokens(watch) - made == row.tokens
            assert kept(simulator) == [row.after] * bool(row.after)
