"""A purchase and what staff do with it, on every installed product: this file names none of them.

What a product allows is its capabilities' word; what really happened is the practice provider's.
"""

import pytest
from flask import Flask
from sqlalchemy import select

from providers.installed import INSTALLED
from shop.core.db import db
from shop.orders.models import Order
from shop.payments.models import Payment, PaymentOperation
from tests.support.buying import Purchase
from tests.support.pages import Page
from tests.support.products import Product, Request, lead, send
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import Desk, number_of

REFUSED, UNAUTHENTICATED = "4980000000058202", "4980000000087607"
DECIDING = [provider for provider in INSTALLED if provider.capabilities.charges_while_away]
#: Longer than any request can be on its way.
LATE = 200.0


@pytest.fixture(params=INSTALLED, ids=[provider.code for provider in INSTALLED])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def order_of(app: Flask) -> tuple[str, Payment]:
    """State of the newest attempt, and its payment."""
    with app.app_context():
        order = db.session.scalars(select(Order).order_by(Order.id.desc()).limit(1)).one()
        payment = db.session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
        db.session.expunge(payment)
        return order.state, payment


def operation_state(app: Flask, verb: str) -> str:
    with app.app_context():
        query = select(PaymentOperation.state).where(PaymentOperation.verb == verb).order_by(PaymentOperation.id.desc()).limit(1)
        return db.session.scalars(query).one()


def test_a_purchase_holds_the_money_once(product: Product, demo_app: Flask) -> None:
    bought = product.buy()
    assert bought.public_id, bought.page.text
    state, payment = order_of(demo_app)
    assert state == "placed"
    assert product.held() == [(payment.merchant_ref, payment.authorized_yen)]


def test_a_refused_card_holds_nothing_and_orders_nothing(product: Product, demo_app: Flask) -> None:
    bought = product.buy(REFUSED)
    assert bought.public_id is None
    state, _payment = order_of(demo_app)
    assert (state, product.held()) == ("lapsed", [])


def test_taken_at_once_nothing_is_left_to_press(product: Product, demo_app: Flask, desk: Desk) -> None:
    product.install(capture_at_once=True)
    number = number_of(product.buy())
    assert [row["state"] for row in product.payments()] == ["captured"]
    assert "売上確定を実行" not in desk.get(f"/admin/orders/{number}").text


@pytest.mark.parametrize("act", ["capture", "cancel"])
def test_staff_capture_or_cancel(product: Product, demo_app: Flask, desk: Desk, act: str) -> None:
    number = number_of(product.buy())
    path = f"/admin/orders/{number}/payment/{act}"
    assert desk.submit(path, path).status_code == 200
    assert [row["state"] for row in product.payments()] == ["captured" if act == "capture" else "cancelled"]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("act", ["capture", "cancel"])
def test_a_lost_answer_to_staff_is_found_out(
    product: Product, demo_app: Flask, desk: Desk, clock: MovableClock, act: str, phase: str
) -> None:
    """Never repeated blindly, never called failed: what the provider's books say is what ours say in the end."""
    number = number_of(product.buy())
    verb = "capture" if act == "capture" else "void"
    product.fault(verb, phase=phase)
    path = f"/admin/orders/{number}/payment/{act}"
    desk.submit(path, path)
    assert operation_state(demo_app, verb) == "unknown"
    clock.advance(LATE)
    run_jobs(demo_app)
    clock.advance(LATE)
    run_jobs(demo_app)
    (row,) = product.payments()
    _state, payment = order_of(demo_app)
    theirs = {"authorized": "authorized", "captured": "captured", "cancelled": "voided"}[row["state"]]
    assert payment.status == theirs
    assert operation_state(demo_app, verb) in ("succeeded", "absent")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_answer_to_an_authorization_is_found_out(
    product: Product, demo_app: Flask, clock: MovableClock, desk: Desk, phase: str
) -> None:
    """By asking – or, where nothing can be asked, by the person who looked."""
    product.fault("authenticate" if product.sends_away else "authorize", phase=phase)
    bought = product.buy()
    assert bought.public_id is None
    clock.advance(LATE)
    run_jobs(demo_app)
    if product.asks_people:
        assert order_of(demo_app)[0] == "draft"
        say(desk, order_of(demo_app)[1].id, "found" if product.held() else "not_found")
    state, payment = order_of(demo_app)
    assert state == ("placed" if product.held() else "lapsed")
    assert bool(product.held()) == (phase == "after" and not product.sends_away)
    assert payment.status == ("authorized" if product.held() else "created")


def test_nobody_but_the_provider_answers_where_it_can_be_asked(product: Product, demo_app: Flask, desk: Desk) -> None:
    product.fault("authenticate" if product.sends_away else "authorize")
    product.buy()
    payment_id = order_of(demo_app)[1].id
    path = f"/admin/payments/{payment_id}/console"
    assert desk.get(path).status_code == (200 if product.asks_people else 404)
    forged = {"csrf_token": desk.page("/admin").forms[0].fields["csrf_token"], "said": "found"}
    if not product.asks_people:
        desk.session.post(desk.shop_url + path, data=forged)
        assert order_of(demo_app)[0] != "placed"


def say(desk: Desk, payment_id: int, said: str) -> None:
    path = f"/admin/payments/{payment_id}/console"
    assert desk.submit(path, path, said=said).status_code == 200


# ---- where the provider authorizes when the buyer comes back from the issuer --------------------------------------------


@pytest.fixture(params=DECIDING, ids=[provider.code for provider in DECIDING])
def away(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    """A product whose provider decides while the buyer is away."""
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


@pytest.mark.req("R-089")
def test_a_notice_before_the_return(away: Product, demo_app: Flask) -> None:
    left = away.buy(through_issuer=False)
    back = way_back(left)
    away.let_notices_go()
    away.look_into_notices()
    state, payment = order_of(demo_app)
    assert (state, away.held()) == ("placed", [(payment.merchant_ref, payment.authorized_yen)])
    later = deliver(left, back)
    assert later.public_id
    assert (len(away.payments()), orders(demo_app)) == (1, 1)


@pytest.mark.req("R-090", "R-091")
def test_a_return_before_the_notice_and_once_more(away: Product, demo_app: Flask) -> None:
    left = away.buy(through_issuer=False)
    back = way_back(left)
    first = deliver(left, back)
    assert first.public_id
    run_jobs(demo_app)
    said = len(mails(demo_app))
    away.let_notices_go()
    away.look_into_notices()
    again = deliver(left, back)
    run_jobs(demo_app)
    assert again.public_id == first.public_id
    assert (orders(demo_app), len(away.held()), len(mails(demo_app))) == (1, 1, said)


@pytest.mark.req("R-095")
@pytest.mark.parametrize("finished", [True, False])
def test_neither_return_nor_notice_comes(away: Product, demo_app: Flask, clock: MovableClock, finished: bool) -> None:
    """The provider is asked before the hold ends: what was authorized becomes an order, what was not ends."""
    left = away.buy(through_issuer=False)
    if finished:
        way_back(left)
    clock.advance(20 * 60 + 1)
    run_jobs(demo_app)
    run_jobs(demo_app)
    state, _payment = order_of(demo_app)
    assert state == ("placed" if finished else "lapsed")
    assert len(away.held()) == int(finished)


def test_a_buyer_who_gives_up_after_paying_is_not_charged(away: Product, demo_app: Flask, clock: MovableClock) -> None:
    """この決済を中止する in one tab, 認証する in the other: the money is given back."""
    left = away.buy(through_issuer=False)
    way_back(left)
    pending = Page(left.buyer.get("/checkout/pending").text)
    left.buyer.post("/checkout/pending/abort", pending.form("/checkout/pending/abort").fields)
    for _ in range(3):
        run_jobs(demo_app)
        clock.advance(LATE)
    assert (order_of(demo_app)[0], away.held()) == ("lapsed", [])


@pytest.mark.parametrize("told", ["return", "nobody"])
def test_a_buyer_who_pays_after_giving_up_is_not_charged(away: Product, demo_app: Flask, clock: MovableClock, told: str) -> None:
    """この決済を中止する after minutes at the issuer, and only then 認証する in the other tab; no notice ever comes."""
    away.world.control("notices", mode="hold")
    left = away.buy(through_issuer=False)
    clock.advance(240)
    pending = Page(left.buyer.get("/checkout/pending").text)
    left.buyer.post("/checkout/pending/abort", pending.form("/checkout/pending/abort").fields)
    run_jobs(demo_app)
    back = way_back(left)
    assert len(away.held()) == 1
    if told == "return":
        assert "請求はされていません" not in deliver(left, back).page.text
        run_jobs(demo_app)
        assert away.held() == [], "found out by the return"
    for _ in range(12):
        clock.advance(LATE)
        run_jobs(demo_app)
    assert (order_of(demo_app)[0], away.held()) == ("lapsed", [])


def test_an_authentication_that_fails_is_told(away: Product, demo_app: Flask) -> None:
    bought = away.buy(UNAUTHENTICATED)
    assert bought.public_id is None
    assert "本人認証" in bought.page.text
    assert (order_of(demo_app)[0], away.held()) == ("lapsed", [])


def way_back(left: Purchase) -> Request:
    """Through the issuer's page; what the browser would send to the shop, unsent."""
    return lead(left)


def deliver(left: Purchase, back: Request) -> Purchase:
    return Purchase(left.buyer, send(left.buyer, back))


def orders(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Order.id).where(Order.state == "placed")).all())
