"""The member's card as it was confirmed: which one pays, and what becomes of it, cannot change between the page and 注文する."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from requests import Response
from sqlalchemy import select

from shop.core.db import db
from shop.orders.models import Order
from shop.payments.cards.models import StoredCard
from shop.payments.models import PaymentMethod
from tests.support.buying import CASH, Purchase, method_id
from tests.support.issuer import FRICTIONLESS
from tests.support.members import join
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import run_jobs
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA, change, count, number_of, orders
from tests.web.test_my_cards import kept
from tests.web.test_same_calls import Walker

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

JCB = "3580000000001000"
AGAIN = "ご登録のクレジットカードについての内容が、確認のあとで変わりました。"
GOES = "ご登録のカードは削除されます"
CARTS = pytest.mark.parametrize("cart", ["zero", "steps"])


def link_as(app: Flask, mode: str) -> None:
    change(app, PaymentMethod.options, json.dumps({"card_linking": mode, "use_3ds": "0"}), kind="card")


@pytest.fixture
def member(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> Walker:
    """Logged in, without a card."""
    link_as(demo_app, "always")
    walker = Walker(live_server.url)
    join(walker, demo_app).log_in()
    return walker


def confirmed(buyer: Walker, cart: str, *, stored: bool = False, **typed: str) -> tuple[Response, Callable[[], Purchase]]:
    """The page – dialog or STEP3 – on which 注文する stands, and the press."""
    buyer.put_into_cart(TEA)
    source: dict[str, Any] = buyer.source(stored) | typed
    if cart == "steps":
        buyer.step1()
        shown = buyer.step2()
        page = Page(shown.text)
        form = page.form("/checkout/place")
    else:
        page, _ = buyer.checkout_form()
        shown = buyer.confirm("card", page, **source)
        form, source = Page(shown.text).form("/checkout/zero/place"), {}
    tokens = {} if stored else buyer.tokens(page)
    return shown, lambda: Purchase(buyer, buyer.post(form.action, form.fields | source | tokens))


@CARTS
@pytest.mark.req("R-121", "R-290", "P-14")
def test_the_card_that_pays_is_the_one_that_was_confirmed(
    cart: str, member: Walker, demo_app: Flask, simulator: Simulator
) -> None:
    """Changed in マイページ in another tab: nobody is charged on a card they did not see."""
    member.register(VISA)
    shown, press = confirmed(member, cart, stored=True)
    assert "*****1111" in shown.text
    member.register(JCB, "JCB")
    again = press()
    assert AGAIN in again.page.text
    assert (orders(demo_app), simulator.payments()) == (0, [])
    _, press = confirmed(member, cart, stored=True)
    number_of(press())
    assert [each["masked_card_number"][-4:] for each in simulator.payments()] == ["1000"]


@CARTS
@pytest.mark.req("R-139")
def test_no_link_is_removed_by_a_page_that_did_not_say_so(
    cart: str, member: Walker, demo_app: Flask, simulator: Simulator
) -> None:
    """The shop changes クレジットカード紐づけ設定 while the buyer looks at the confirmation."""
    member.register(VISA)
    shown, press = confirmed(member, cart, stored=True)
    assert GOES not in shown.text
    link_as(demo_app, "never")
    assert AGAIN in press().page.text
    assert (orders(demo_app), count(demo_app, StoredCard)) == (0, 1)
    shown, press = confirmed(member, cart, stored=True)
    assert GOES in shown.text
    number_of(press())
    run_jobs(demo_app)
    assert kept(simulator) == []


@CARTS
@pytest.mark.req("R-131", "R-139")
def test_a_card_on_its_way_is_spoken_of_as_one_that_is_linked(
    cart: str, member: Walker, demo_app: Flask, simulator: Simulator
) -> None:
    """An order right after the first: its page offers no choice yet, and whoever leaves the box alone loses nothing."""
    number_of(confirmed(member, cart)[1]())
    where = {"zero": "/checkout/zero", "steps": "/checkout/step3"}[cart]
    for mode in ("ask", "never"):
        link_as(demo_app, mode)
        confirmed(member, cart)
        panel = member.get(where).text
        assert GOES in panel
        assert ('name="keep_card" value="1" checked' in panel) == (mode == "ask")
    run_jobs(demo_app, "dispatch_cards")
    assert kept(simulator) == [FRICTIONLESS[-4:]]


@CARTS
@pytest.mark.req("R-132", "R-134")
def test_a_box_that_was_not_shown_is_not_heard(
    cart: str, live_server: LiveServer, demo_app: Flask, simulator: Simulator
) -> None:
    """Under 12-2 who registers with the order has none: a forged one keeps no card."""
    link_as(demo_app, "ask")
    buyer, joining = Walker(live_server.url), {"register_member": "y", "login_id": "Hanako.77", "new_password": "tsuki-no-wa-77"}
    buyer.put_into_cart(TEA)
    if cart == "steps":
        buyer.step1(**joining)
        page = Page(buyer.step2().text)
        form = page.form("/checkout/place")
    else:
        page, _ = buyer.checkout_form()
        form = Page(buyer.confirm("card", page, **joining, keep_card="y").text).form("/checkout/zero/place")
    tokens = {name: buyer.card_token(VISA, page) for name in ("card_token", "link_token")}
    number_of(Purchase(buyer, buyer.post(form.action, form.fields | tokens | {"keep_card": "y", "card_source": "new"})))
    run_jobs(demo_app)
    assert kept(simulator) == []


@CARTS
def test_a_link_that_would_go_unsaid_asks_again(cart: str, member: Walker, demo_app: Flask) -> None:
    """Who pays by another card was told nothing of the linked one: the shop's setting changed since, or it came since."""
    member.register(VISA)
    _, press = confirmed(member, cart)
    link_as(demo_app, "never")
    assert AGAIN in press().page.text
    member.remove()
    link_as(demo_app, "ask")
    _, press = confirmed(member, cart)
    member.register(JCB, "JCB")
    assert AGAIN in press().page.text
    assert orders(demo_app) == 0


# ---- what the kept page says ----

STAYS, IS_KEPT = "name=\"keep_card\" value=\"1\" checked", "決済代行会社に登録されます"


@pytest.mark.req("R-132", "R-139")
def test_another_method_chosen_meanwhile_unchecks_nothing(member: Walker, demo_app: Flask) -> None:
    """The box is silent while 代金引換 is chosen; a page of mistakes must not hear a no in that."""
    link_as(demo_app, "ask")
    member.register(VISA)
    member.put_into_cart(TEA)
    page, form = member.checkout_form()
    silent = {name: value for name, value in form.fields.items() if name not in ("keep_card", "card_source", "installments")}
    cash = {"payment_method_id": method_id(page, form, CASH), "buyer_name": ""}
    mistaken = member.post("/checkout/zero/confirm", silent | cash)
    assert (mistaken.status_code, STAYS in mistaken.text) == (422, True)
    card = {"payment_method_id": method_id(page, form, "card"), "buyer_name": "", "installments": "1"}
    unchecked = member.post("/checkout/zero/confirm", silent | card)
    assert (unchecked.status_code, STAYS in unchecked.text) == (422, False)


@CARTS
@pytest.mark.req("R-285", "R-290")
def test_the_kept_page_says_what_becomes_of_the_card(cart: str, member: Walker, demo_app: Flask) -> None:
    link_as(demo_app, "never")
    member.register(VISA)
    _, press = confirmed(member, cart, stored=True)
    number_of(press())
    assert GOES in snapshot(demo_app)


@CARTS
@pytest.mark.req("R-285", "R-290")
def test_and_that_it_is_kept_with_the_registration(cart: str, live_server: LiveServer, demo_app: Flask) -> None:
    link_as(demo_app, "always")
    guest = Walker(live_server.url)
    number_of(guest.order(cart, stored=False, register_member="y", login_id="kaede", new_password="tsuki-no-wa-77"))
    assert IS_KEPT in snapshot(demo_app)


@CARTS
@pytest.mark.req("R-290")
def test_the_kept_page_names_the_linked_card_that_pays(cart: str, member: Walker, demo_app: Flask) -> None:
    member.register(VISA)
    _, press = confirmed(member, cart, stored=True)
    number_of(press())
    assert "下4桁 *****1111" in Page(snapshot(demo_app)).text


@pytest.mark.req("R-285", "R-290")
def test_step_3_forgets_what_the_one_page_was_told_of_the_card(member: Walker, demo_app: Flask) -> None:
    change(demo_app, PaymentMethod.options, '{"card_linking": "ask", "use_3ds": "0", "instalments": "split"}', kind="card")
    member.register(VISA)
    member.put_into_cart(TEA)
    page, _ = member.checkout_form()
    assert "6回払い" in member.confirm("card", page, installments="6", card_source="stored", keep_card="1").text
    member.step1()
    shown = member.step2()
    token = member.card_token(JCB, Page(shown.text))
    number_of(member.press(shown, token, card_source="new", installments="1", keep_card=""))
    words = snapshot(demo_app)
    assert "6回払い" not in words
    assert "1111" not in words
    assert "一括払い" in words


def snapshot(app: Flask) -> str:
    with app.app_context():
        return Page(db.session.scalars(select(Order.snapshot)).one()).text
