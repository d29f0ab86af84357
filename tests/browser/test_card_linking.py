"""クレジットカード紐づけ設定 in both carts: what the buyer is offered, and which card is linked once the order stands.

The rows of the truth table follow each other in one shop: the page of each row shows what the row before left behind, and
the provider's own books say the same.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, Route, expect

from shop.catalogue.models import Variant
from shop.payments.models import PaymentMethod
from tests.browser.conftest import PHONE, Watch
from tests.browser.steps import (
    CARD_METHOD,
    assert_accessible,
    assert_fits,
    choose,
    dialog,
    fill_card,
    press_confirm,
)
from tests.support import issuer
from tests.support.members import PASSWORD, join
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, change, orders, path_of
from tests.web.test_my_cards import kept
from tests.web.test_same_calls import Walker

VISA, JCB = "4111 1111 1111 1111", "3580 0000 0000 1000"
REFUSED, NOT_KEPT = "4980 0000 0003 8261", "4980 0000 0002 7025"
LINKED = "ご登録のクレジットカードで購入する"
OTHER = {"zero": "ご登録のクレジットカードを変更して購入する", "steps": "新しいクレジットカードで購入する"}
KEEP = "カード情報を保持し次回も利用する"
GOES, GOES_UNCHECKED = "ご注文のあとで、ご登録のカードは削除されます。", "チェックを外すと、ご注文のあとで、ご登録のカードは削除されます。"
CARTS = ("zero", "steps")


@dataclass(frozen=True)
class Row:
    """Who buys – before: the last four digits of their linked card –, with which card, whether the box is checked, and which
    card is linked then."""

    before: str
    #: A number, or ``stored``.
    pays: str
    after: str
    keep: bool | None = None
    guest: bool = False
    #: Becomes a member with the order.
    registers: bool = False

    def tokens(self, mode: str) -> int:
        """None for the linked card, a second one only where the card will be linked."""
        if self.pays == "stored":
            return 0
        return 2 if self.registers or (not self.guest and (mode == "always" or self.keep)) else 1


GUEST = Row("", VISA, after="", guest=True)
#: Under 12-1 only: the card is linked as they become a member.
REGISTERS = Row("", JCB, after="1000", guest=True, registers=True)


class Till:
    """One buyer's way to the till of one cart: basket and address over plain HTTP, the till itself in the window."""

    def __init__(self, cart: str, page: Page, buyer: Walker) -> None:
        self.cart, self.page, self.buyer = cart, page, buyer

    @property
    def panel(self) -> Locator:
        return self.page.locator("[data-card-panel]")

    @property
    def numbers(self) -> Locator:
        return self.panel.locator(".card-form")

    @property
    def refusal(self) -> Locator:
        return self.page.locator("#refusal")

    def open(self, **joining: str) -> None:
        """The page that asks for the card."""
        self.take()
        self.buyer.put_into_cart(TEA)
        assert path_of(self.buyer.step1(**joining)) == "/checkout/step2"
        if self.cart == "steps":
            assert path_of(self.buyer.step2()) == "/checkout/step3"
        self.give()
        self.page.goto(f"/checkout/{'step3' if self.cart == 'steps' else 'zero'}")
        if self.cart == "zero":
            choose(self.page, CARD_METHOD)

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


@pytest.fixture
def till(window: Callable[..., Page], watch: Watch, demo_app: Flask) -> Callable[..., Till]:
    """Opens a till for a member who is logged in or, with ``guest``, for anybody."""

    def open_till(cart: str, *, guest: bool = False) -> Till:
        buyer = Walker(watch.shop)
        if not guest:
            buyer.login, buyer.email = cart, f"{cart}@example.jp"
            join(buyer, demo_app).log_in()
        return Till(cart, window(viewport=PHONE), buyer)

    return open_till


def offered(till: Till) -> dict[str, object]:
    """What the page shows of the table."""
    words = [" ".join(choice.inner_text().split()) for choice in till.panel.locator(".card-source .choice").all()]
    panel, box = till.panel.inner_text(), till.panel.get_by_label(KEEP)
    return {
        "choice": [said.partition(" 有効期限 ")[0] for said in words],
        "form": till.numbers.is_visible(),
        "keep": box.is_checked() if box.count() else None,
        "notice": GOES_UNCHECKED if GOES_UNCHECKED in panel else GOES if GOES in panel else "",
    }


def joining(cart: str) -> dict[str, str]:
    """会員登録, as typed with the address."""
    return {"register_member": "y", "login_id": f"new.{cart}", "new_password": PASSWORD, "email": f"new.{cart}@example.jp"}


def expected(cart: str, mode: str, row: Row) -> dict[str, object]:
    """What the table says of the row. The box is checked at first where a card is linked: nobody loses it unawares."""
    brand = "JCB" if row.before == "1000" else "Visa"
    linked = f"{LINKED} {brand} 下4桁 *****{row.before}"
    return {
        "choice": [linked, OTHER[cart]] if row.before else [],
        "form": not row.before,
        "keep": bool(row.before) if mode == "ask" and not row.guest else None,
        "notice": {"always": "", "ask": GOES_UNCHECKED, "never": GOES}[mode] if row.before else "",
    }


@pytest.fixture
def walk(till: Callable[..., Till], watch: Watch, demo_app: Flask, simulator: Simulator) -> Callable[..., Till]:
    """A member's orders one after another, and a guest's; each must find what its row says, and leave that behind."""
    change(demo_app, Variant.on_hand, 100)

    def walk_through(mode: str, cart: str, *rows: Row) -> Till:
        link_as(demo_app, mode)
        member, looked_at = till(cart, guest=all(row.guest for row in rows)), False
        if rows[0].before:
            member.buyer.register()
        for row in rows:
            with named((mode, cart, row)):
                here = till(cart, guest=True) if row.guest else member
                before, held = orders(demo_app), kept(simulator)
                watch.requests.clear()
                here.open(**(joining(cart) if row.registers else {}))
                assert offered(here) == expected(cart, mode, row)
                if row.keep is not None:
                    here.panel.get_by_label(KEEP).set_checked(row.keep)
                if row.before and mode == "ask" and not looked_at:  # the fullest page of all
                    looked_at = True
                    assert_fits(here.page)
                    assert_accessible(here.page)
                here.pay(row.pays)
                here.done()
                run_jobs(demo_app, "dispatch_cards", "dispatch_cards")  # the new card, then the removal of the old one
                assert orders(demo_app) == before + 1
                asked = watch.to(watch.provider)
                assert len([each for each in asked if each.method == "POST"]) == row.tokens(mode)
                assert asked == [] or row.pays != "stored", "the linked card takes no script of the provider's"
                assert kept(simulator) == (held if row.guest else []) + [row.after] * bool(row.after)
        return member

    return walk_through


@pytest.mark.req("R-127", "R-128", "R-130")
def test_every_order_links_its_card(walk: Callable[..., Till], simulator: Simulator) -> None:
    for cart in CARTS:
        member = walk(
            "always", cart,
            Row("", VISA, after="1111"),
            Row("1111", "stored", after="1111"),
            Row("1111", JCB, after="1000"),
            GUEST,
        )  # fmt: skip
        member.take()
        member.buyer.remove()
    for cart in CARTS:
        walk("always", cart, REGISTERS)


@pytest.mark.req("R-131", "R-132", "R-139")
def test_the_member_decides_whether_the_card_is_linked(walk: Callable[..., Till], simulator: Simulator) -> None:
    """What need not be tried in both carts – the box off with either card – they share."""
    walk(
        "ask", "zero",
        Row("", VISA, keep=True, after="1111"),
        Row("1111", JCB, keep=True, after="1000"),
        Row("1000", "stored", keep=False, after=""),
        Row("", VISA, keep=False, after=""),
        GUEST,
    )  # fmt: skip
    walk(
        "ask", "steps",
        Row("", VISA, keep=True, after="1111"),
        Row("1111", "stored", keep=True, after="1111"),
        Row("1111", JCB, keep=False, after=""),
        Row("", VISA, keep=False, after=""),
        GUEST,
    )  # fmt: skip
    assert kept(simulator) == []


@pytest.mark.req("R-129", "R-133", "R-134")
def test_no_order_leaves_a_card_linked(walk: Callable[..., Till], simulator: Simulator) -> None:
    walk("never", "zero", Row("1111", "stored", after=""), Row("", VISA, after=""), GUEST)
    walk("never", "steps", Row("1111", JCB, after=""), Row("", VISA, after=""), GUEST)
    assert kept(simulator) == []


@pytest.mark.parametrize("cart", CARTS)
@pytest.mark.req("R-136", "R-140")
def test_what_fails_changes_no_link(
    cart: str, till: Callable[..., Till], demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    here = till(cart)
    here.buyer.register()
    link_as(demo_app, "ask")
    here.open()
    here.panel.get_by_label(KEEP).uncheck()
    here.pay(REFUSED)
    expect(here.refusal).to_contain_text("2001")
    expect(here.panel.get_by_label(OTHER[cart])).to_be_checked()  # the choice is still what it was …
    expect(here.panel.get_by_label(KEEP)).not_to_be_checked()
    link_as(demo_app, "always", use_3ds="1")
    here.open()
    here.pay(issuer.REFUSED)
    expect(here.refusal).to_contain_text("31007")
    link_as(demo_app, "never")
    here.open()
    here.pay(REFUSED)
    expect(here.refusal).to_contain_text("2001")
    run_jobs(demo_app)
    assert kept(simulator) == ["1111"]  # … and so is the link
    assert simulator.ledger()["telegrams"]["025"] == 1

    link_as(demo_app, "always")
    here.page.reload()
    simulator.control("paygent/cards/delete", customer=simulator.ledger()["stored_cards"][0]["customer_id"])
    here.panel.get_by_label(LINKED).check()
    here.pay("stored")
    expect(here.refusal).to_contain_text("ご登録のクレジットカードは、決済代行会社での登録がなくなっていました。")
    expect(here.numbers).to_be_visible()
    expect(here.panel.get_by_label(LINKED)).to_have_count(0)
    assert orders(demo_app) == 0

    here.pay(NOT_KEPT)
    here.done()
    news = here.page.locator("#card-news")
    expect(news).to_contain_text("カードを登録しています")
    run_jobs(demo_app)
    clock.advance(300)
    run_jobs(demo_app)
    expect(news).to_contain_text("カードは登録されていません")  # by itself
    assert_fits(here.page)
    assert_accessible(here.page)
    assert (orders(demo_app), kept(simulator)) == (1, [])
    assert simulator.ledger()["telegrams"]["025"] == 2
    here.open()
    expect(here.numbers).to_be_visible()


@pytest.mark.parametrize(("cart", "failing"), [("zero", "aborted"), ("steps", "refused")])
@pytest.mark.req("R-136", "R-111")
def test_an_order_goes_on_without_the_token_that_links(
    cart: str, failing: str, till: Callable[..., Till], watch: Watch, demo_app: Flask, simulator: Simulator
) -> None:
    """The first token is made, the second one is not: the card pays and is not linked, and nobody types it twice."""
    here = till(cart)
    here.open()
    asked: list[Route] = []

    def second_fails(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.continue_()
        elif failing == "aborted":
            route.abort()
        else:
            route.fulfill(json={"result": "1301"}, headers={"Access-Control-Allow-Origin": "*"})

    here.page.route("**/token/request", second_fails)
    fill_card(here.page, カード番号=VISA)
    if cart == "zero":
        press_confirm(here.page)
        expect(dialog(here.page)).to_be_visible()
        here.page.keyboard.press("Escape")
    here.order()
    here.done()
    expect(here.page.locator("main")).not_to_contain_text("登録")
    run_jobs(demo_app)
    assert (len(asked), orders(demo_app), kept(simulator)) == (2, 1, [])
    assert "025" not in simulator.ledger()["telegrams"]


@pytest.mark.req("R-138", "R-126", "U-016")
def test_a_card_linked_in_one_cart_pays_in_both_without_script(
    till: Callable[..., Till], window: Callable[..., Page], watch: Watch, demo_app: Flask, simulator: Simulator
) -> None:
    link_as(demo_app, "always")
    linking = till("zero")
    linking.open()
    linking.pay(VISA)
    linking.done()
    run_jobs(demo_app, "dispatch_cards")
    linking.take()
    watch.requests.clear()
    plain = window(java_script_enabled=False, viewport=PHONE)
    for cart in ("steps", "zero"):
        with named(cart):
            here = Till(cart, plain, linking.buyer)
            here.open()
            expect(here.panel.get_by_label(LINKED)).to_be_checked()
            expect(here.numbers).to_be_hidden()
            assert_fits(plain)
            plain.get_by_role("button", name="注文確認する").click() if cart == "zero" else None
            plain.get_by_role("button", name="注文する").click()
            here.done()
    assert orders(demo_app) == 3
    assert watch.to(watch.provider) == []
    assert kept(simulator) == ["1111"]
