"""Settings of every installed product: 接続テスト, the mode an order was made under, and credentials that change under old orders."""

from dataclasses import dataclass, replace

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from providers.contract import Verb
from providers.installed import INSTALLED
from providers.ports import Provider
from shop.core.config import Config
from shop.core.db import db, write
from shop.core.runtime import now
from shop.payments import accounts, actions
from shop.payments.models import Payment, PaymentMethod
from tests.support.pages import Page
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.shop import dispose
from tests.support.turns import Turns
from tests.support.world import Simulator
from tests.web.counter import Desk, number_of

pytestmark = pytest.mark.one_database
METHODS = "/admin/settings/payment-methods"
PRODUCTS = Turns(INSTALLED, name=lambda each: each.code)


@pytest.fixture
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def keys(provider: Provider, *, secret: bool) -> list[str]:
    """Account settings that name the contract, or that prove who asks."""
    known = provider.practice_settings()
    return [each.key for each in provider.settings if each.key in known and (each.secret if secret else each.contract)]


def save(product: Product, **values: str) -> None:
    with product.app.app_context(), write() as session:
        accounts.save_settings(session, product.account_id, values, now())


def method_path(app: Flask) -> str:
    with app.app_context():
        method = db.session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
        return f"/admin/settings/payment-methods/{method.id}"


@pytest.mark.req("R-027")
@PRODUCTS.every()
def test_the_connection_test_tells_right_from_wrong(product: Product, desk: Desk, demo_app: Flask) -> None:
    """Before anything is saved, with what is typed."""
    path = method_path(demo_app)
    right = Page(desk.press_on(desk.get(path), path, "test").text).text
    assert "正しい" in right
    assert "正しくありません" not in right
    wrong = {f"account_{key}": "0" * 64 for key in keys(product.provider, secret=True)[:1]}
    assert "正しくありません" in Page(desk.press_on(desk.get(path), path, "test", **wrong).text).text
    assert product.buy().public_id, "nothing of it was saved"


@dataclass(frozen=True)
class Act:
    button: str
    state: str


@pytest.mark.req("P-28", "R-030")
@PRODUCTS.every()
@pytest.mark.parametrize("act", [Act("capture", "captured"), Act("cancel", "cancelled")], ids=lambda act: act.button)
def test_old_orders_go_on_with_their_own_contract(product: Product, desk: Desk, demo_app: Flask, act: Act) -> None:
    """The shop has another contract by now; what was made under the old one is looked at and settled with the old one."""
    number = number_of(product.buy())
    other = {key: product.provider.practice_settings()[key][:-1] + "9" for key in keys(product.provider, secret=False)}
    save(product, **other)
    assert product.buy().public_id is None, "the new contract is nobody's at the provider"
    desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/payment/refresh")
    with demo_app.app_context():
        payment = db.session.scalars(select(Payment).where(Payment.status == "authorized")).one()
        assert payment.remote_problem == ""
    path = f"/admin/orders/{number}/payment/{act.button}"
    desk.submit(path, path)
    assert next(row["state"] for row in product.payments() if row["state"] != "pending") == act.state


@pytest.mark.req("R-022", "R-023")
@PRODUCTS.pairs("at_once", [False, True])
def test_an_order_keeps_the_mode_it_was_made_under(product: Product, desk: Desk, demo_app: Flask, at_once: bool) -> None:
    product.install(capture_at_once=at_once)
    number = number_of(product.buy())
    with demo_app.app_context(), write() as session:
        session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one().capture_at_once = not at_once
    page = desk.page(f"/admin/orders/{number}")
    can = [form.action for form in page.forms if form.action.endswith("/payment/capture")]
    pressable = can and "disabled" not in str(list(page.find("button", aria_describedby="pay-capture")))
    assert bool(pressable) is not at_once
    assert product.provider.capabilities.recovery[Verb.CAPTURE]


@pytest.mark.req("R-028")
@pytest.mark.parametrize("provider", INSTALLED[1:], ids=lambda provider: provider.code)  # the first one is the demo's own
def test_a_provider_is_tried_without_a_contract(
    provider: Provider, desk: Desk, demo_app: Flask, simulator: Simulator, live_server: LiveServer
) -> None:
    """リストに追加, 設定する as it stands, a courier – and its test cards pay."""
    form = next(form for form in desk.page(f"{METHODS}?tab=linked").forms if form.fields.get("key") == provider.code)
    desk.session.post(desk.shop_url + form.action, data=form.fields)
    with demo_app.app_context():
        added = db.session.scalars(select(PaymentMethod.id).order_by(PaymentMethod.id.desc()).limit(1)).one()
    assert "支払方法を設定しました。" in desk.set_up(f"{METHODS}/{added}").text
    desk.set_up("/admin/settings/deliveries/1", methods=[str(added)])
    product = Product(provider, demo_app, simulator, live_server.url)
    number = number_of(product.buy())
    assert len(product.held()) == 1
    assert f"{number} (1) テスト" in desk.order(number).text


@pytest.mark.req("R-029")
@PRODUCTS.every()
def test_a_practice_order_counts_for_nothing_and_is_sent_nowhere_else(product: Product, desk: Desk, demo_app: Flask, settings: Config) -> None:
    number = number_of(product.buy())
    figures = desk.page("/admin").text
    assert "売上（14日間） 0円 0件" in figures
    assert "練習の注文（14日間） 1,572円 1件" in figures
    calls = len(product.world.books()["calls"])
    live = create_app(replace(settings, demo=False))
    with live.app_context():
        payment_id = db.session.scalars(select(Payment.id)).one()
        assert actions.refresh(payment_id).kind == "not_allowed"
        with pytest.raises(accounts.PracticeOnly):
            accounts.gateway_of(db.session(), db.session.get_one(Payment, payment_id), accounts.Tape())
    dispose(live)
    assert len(product.world.books()["calls"]) == calls
    assert number in desk.page("/admin/orders").text
