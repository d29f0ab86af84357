"""Which payment methods a buyer is offered – and that a forged form gets no other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app import create_app
from shop.catalogue.models import Variant
from shop.core.config import Config
from shop.core.db import db, write
from shop.delivery.models import Delivery, DeliveryPayment
from shop.orders.models import Order
from shop.payments.models import PaymentMethod, ProviderAccount
from tests.support.buying import ADDRESS, CARD, CASH, Buyer, StepsBuyer, buy
from tests.support.pages import Form, Page
from tests.support.shop import OWNER, OWNER_PASSWORD, dispose
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, change, count, number_of, orders

TOO_LITTLE = "お支払いの合計が1円に満たないため、このお支払方法はご利用いただけません。"
NOT_HERE = "この配送方法で使えるお支払方法を選んでください。"
#: The provider's amount has seven digits.
MOST = 9_999_999


def ids(app: Flask) -> dict[str, str]:
    """The methods of the demo shop by kind."""
    with app.app_context():
        return {m.kind: str(m.id) for m in db.session.scalars(select(PaymentMethod))}


def offered(buyer: Buyer, app: Flask) -> set[str]:
    """The kinds of the methods on the form."""
    shown = buyer.checkout_form()[1].offered.get("payment_method_id", [])
    return {kind for kind, each in ids(app).items() if each in shown}


def send(buyer: Buyer, **forged: str) -> requests.Response:
    """Press 注文確認する on a form that says what no page offered."""
    return buyer.post("/checkout/zero/confirm", buyer.checkout_form()[1].fields | ADDRESS | forged)


def assert_refused(answer: requests.Response, app: Flask, said: str = NOT_HERE) -> None:
    """Refused beside the field, with nothing to place an order from."""
    assert answer.status_code == 422
    assert said in Page(answer.text).text
    assert not list(Page(answer.text).find("input", name="confirmation_token"))
    assert count(app, Order) == 0


@dataclass
class Till:
    """Where methods are chosen, in either cart: the one page, or STEP2 behind a STEP1 that is filled."""

    buyer: StepsBuyer
    page: str

    def form(self) -> Form:
        if self.page == STEP2:
            self.buyer.step1()
        return Page(self.buyer.get(self.page.removesuffix("/confirm")).text).form(self.page)

    def send(self, **forged: str) -> requests.Response:
        """Press on a form that says what no page offered."""
        return self.buyer.post(self.page, self.form().fields | (ADDRESS if self.page == ZERO else {}) | forged)

    def offers(self, app: Flask) -> set[str]:
        shown = self.form().offered.get("payment_method_id", [])
        return {kind for kind, each in ids(app).items() if each in shown}


ZERO, STEP2 = "/checkout/zero/confirm", "/checkout/step2"


@pytest.fixture(params=[ZERO, STEP2], ids=["zero", "steps"])
def till(request: pytest.FixtureRequest, shopper: Buyer) -> Till:
    buyer = StepsBuyer(shopper.shop_url)
    buyer.put_into_cart(TEA)
    return Till(buyer, request.param)


@pytest.mark.req("R-116")
def test_what_costs_nothing_is_paid_by_no_method(till: Till, demo_app: Flask) -> None:
    change(demo_app, Variant.price_yen, 0)
    change(demo_app, Delivery.fee_yen, 0)
    change(demo_app, PaymentMethod.fee_yen, 0)
    change(demo_app, PaymentMethod.shown_from_yen, None)
    assert till.offers(demo_app) == set()
    for kind in (CARD, CASH):
        assert_refused(till.send(payment_method_id=ids(demo_app)[kind]), demo_app, TOO_LITTLE)
    change(demo_app, Variant.price_yen, 1)
    assert till.offers(demo_app) == {CARD, CASH}


@pytest.mark.req("R-116", "T-015")
def test_the_provider_s_limit_is_the_method_s(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    change(demo_app, Delivery.fee_yen, 600)
    change(demo_app, Variant.price_yen, MOST - 600 + 1, code=TEA)
    shopper.put_into_cart(TEA)
    assert offered(shopper, demo_app) == {CASH}
    assert_refused(send(shopper, payment_method_id=ids(demo_app)[CARD]), demo_app)
    change(demo_app, Variant.price_yen, MOST - 600, code=TEA)
    ended = shopper.place(shopper.confirm(), shopper.card_token())
    assert ended.public_id
    assert [payment["amount"] for payment in simulator.payments()] == [MOST]


@pytest.mark.req("T-015")
@pytest.mark.parametrize(("price", "quantity"), [(99_999_999, 21), (99_999_999, 22), (99_999_999, 999)])
def test_sums_beyond_32_bits_are_answered(price: int, quantity: int, shopper: Buyer, demo_app: Flask) -> None:
    change(demo_app, Variant.price_yen, price, code=TEA)
    change(demo_app, Variant.on_hand, 999, code=TEA)
    shopper.put_into_cart(TEA, quantity)
    for page in ("/cart", "/checkout/zero"):
        assert f"{price * quantity:,}円" in Page(shopper.get(page).text).text
    shown = shopper.confirm(CASH)
    assert shown.status_code in (200, 422), shown.status_code
    if shown.status_code == 200:
        assert shopper.place(shown).public_id


@pytest.mark.req("R-117")
def test_an_unpaired_method_is_not_offered_and_refused_when_forged(till: Till, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        card = int(ids(demo_app)[CARD])
        session.execute(delete(DeliveryPayment).where(DeliveryPayment.payment_method_id == card))
    assert till.offers(demo_app) == {CASH}
    assert_refused(till.send(payment_method_id=ids(demo_app)[CARD]), demo_app)


@pytest.mark.req("R-117")
def test_choosing_another_courier_changes_the_methods(till: Till, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        pigeon = Delivery(admin_name="伝書鳩", name="伝書鳩", fee_yen=100, position=2)
        session.add(pigeon)
        session.flush()
        session.add(DeliveryPayment(delivery_id=pigeon.id, payment_method_id=int(ids(demo_app)[CASH])))
        second = str(pigeon.id)
    assert till.offers(demo_app) == {CARD, CASH}
    again = till.send(delivery_id=second, refresh="1")
    assert Page(again.text).form(till.page).offered["payment_method_id"] == [ids(demo_app)[CASH]]
    shown = {each["data-method"]: "hidden" not in each for each in Page(again.text).find("div", class_="method")}
    assert shown == {ids(demo_app)[CASH]: True, ids(demo_app)[CARD]: False}, "what does not go with it is not seen"
    assert_refused(till.send(delivery_id=second, payment_method_id=ids(demo_app)[CARD]), demo_app)


@pytest.mark.parametrize("name", ["delivery_id", "payment_method_id"])
def test_choices_that_do_not_exist_are_refused(name: str, shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    for forged in ("", "0", "99", "-1", "１", "1e0", "9" * 30, "\x00", "1\x00", "1 OR 1=1"):
        assert_refused(send(shopper, **{name: forged}), demo_app, "を選んでください。")


def test_instalments_that_are_not_offered_are_refused(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    for counts in ("2", "0", "-3", "99", "x", "3\x00", "٣"):
        assert_refused(send(shopper, installments=counts), demo_app, "支払回数を選んでください。")


# ---- practice and live ----


@pytest.fixture
def live_shop(demo_app: Flask, settings: Config) -> Iterator[Flask]:
    """The same database, opened as a real shop: ``SHOP_DEMO=0``."""
    made = create_app(replace(settings, demo=False))
    made.testing = True
    yield made
    dispose(made)


def _notice_address(app: Flask) -> str:
    with app.app_context():
        return f"/pay/n/{db.session.scalar(select(ProviderAccount.key))}"


@pytest.mark.req("T-024")
def test_a_real_shop_offers_no_practice_method(live_shop: Flask, simulator: Simulator) -> None:
    buyer = live_shop.test_client()
    form = Page(buyer.get(f"/products/{TEA}").text).form("/cart/items")
    buyer.post("/cart/items", data=form.fields)
    page = Page(buyer.get("/checkout/zero").text)
    methods = ids(live_shop)
    form = page.form("/checkout/zero/confirm")
    assert form.offered["payment_method_id"] == [methods[CASH]]
    assert "練習モード" not in page.text
    forged = buyer.post(
        "/checkout/zero/confirm", data=form.fields | ADDRESS | {"payment_method_id": methods[CARD]}
    )
    assert forged.status_code == 422
    assert NOT_HERE in Page(forged.text).text
    assert simulator.ledger()["telegrams"] == {}


@pytest.mark.req("T-024")
def test_the_practice_provider_cannot_notify_a_real_shop(demo_app: Flask, live_shop: Flask) -> None:
    address = _notice_address(demo_app)
    assert demo_app.test_client().post(address, data=b"x").status_code == 403
    assert live_shop.test_client().post(address, data=b"x").status_code == 404


@pytest.mark.req("P-30")
def test_a_live_account_is_not_used_in_practice(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    shopper.put_into_cart(TEA)
    token, confirmed = shopper.card_token(), shopper.confirm()
    change(demo_app, ProviderAccount.endpoint, "live")
    assert offered(shopper, demo_app) == {CASH}
    assert_refused(send(shopper, payment_method_id=ids(demo_app)[CARD]), demo_app)
    assert "もう一度ご確認ください" in shopper.place(confirmed, token).page.text
    assert count(demo_app, Order) == len(simulator.payments()) == 0
    assert shopper.post(_notice_address(demo_app), {}).status_code == 404


@pytest.mark.req("R-029")
def test_practice_orders_are_labelled_and_not_in_the_sales_figures(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    assert "テスト 練習モード（請求も発送もされません）" in Page(shopper.get("/").text).text
    assert "(1) テスト" in desk.page("/admin/orders").text
    assert f"{number} (1) テスト" in desk.order(number).text
    figures = desk.page("/admin").text
    assert "売上（14日間） 0円 0件" in figures
    assert "練習の注文（14日間） 1,572円 1件" in figures
    change(demo_app, Order.practice, False)
    assert "売上（14日間） 1,572円 1件" in desk.page("/admin").text


@pytest.mark.req("R-029")
def test_a_practice_order_is_never_sent_to_a_live_provider(shopper: Buyer, live_shop: Flask, simulator: Simulator) -> None:
    """The shop went live with practice orders on file: their buttons do nothing, and say so."""
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    said = dict(simulator.ledger()["telegrams"])
    staff = live_shop.test_client()
    _log_in(staff)
    for action in ("capture", "cancel", "refresh"):
        page = Page(staff.get(f"/admin/orders/{number}").text)
        token = page.form("/admin/logout").fields["csrf_token"]
        answer = staff.post(
            f"/admin/orders/{number}/payment/{action}", data={"csrf_token": token, "amount_yen": "1572"}
        )
        assert answer.status_code == 303, action
    after = staff.get(f"/admin/orders/{number}")
    assert after.status_code == 200
    assert "確認中" not in Page(after.text).text
    assert simulator.ledger()["telegrams"] == said
    assert orders(live_shop) == 1


def _log_in(client: FlaskClient) -> None:
    form = Page(client.get("/admin/login").text).form("/admin/login")
    answer = client.post("/admin/login", data=form.fields | {"login": OWNER, "password": OWNER_PASSWORD})
    assert answer.status_code == 303
