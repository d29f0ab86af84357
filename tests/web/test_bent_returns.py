"""The return of a browser alone never moves money: bent, relabelled, shifted and replayed ones in the running shop.

A buyer who has once had a genuine return can make others without knowing any key (see the README of the protocol's folder); what
they want is an order without money.
"""

import io
import time

import pytest
from flask import Flask
from sqlalchemy import select

from providers.installed import INSTALLED
from shop.core.db import db
from shop.orders.models import Order
from shop.payments import hop
from shop.payments.models import PaymentOperation, RejectedNotice
from tests.support.pages import Page
from tests.support.products import Product, lead, send
from tests.support.servers import LiveServer
from tests.support.shop import run_jobs
from tests.support.turns import Turns
from tests.support.world import Simulator, merchant

pytestmark = pytest.mark.one_database
#: Passes 本人認証 and is refused by the card company.
REFUSED = "4980000000058202"
FORGED = ("bent_hash", "relabelled", "dropped_name", "shifted", "no_authparams", "bent_amount")
#: Those of them that spoil a return of somebody who has paid.
DAMAGED = ("bent_hash", "shifted", "bent_amount")
#: Products whose buyers come back with a signed form; who reads it is the same client for all of one protocol.
SIGNED = Turns((provider for provider in INSTALLED if provider.capabilities.charges_while_away), name=lambda each: each.code)


@pytest.fixture
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def placed(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Order.id).where(Order.state == "placed")).all())


@pytest.mark.req("R-092")
@SIGNED.pairs("mode", FORGED)
def test_a_forged_return_orders_nothing(product: Product, demo_app: Flask, log: io.StringIO, mode: str) -> None:
    """Of a card that was refused, as its holder would like it."""
    left = product.buy(REFUSED, through_issuer=False)
    product.world.control(f"{product.world_code}/returns", mode=mode)
    answer = send(left.buyer, lead(left))
    assert answer.status_code == 200
    assert (placed(demo_app), product.held()) == (0, [])
    assert "return refused" in log.getvalue()
    assert "請求はされていません" not in answer.text, "nobody knows, until the provider is asked"
    product.let_notices_go()
    run_jobs(demo_app)
    assert (placed(demo_app), product.held()) == (0, [])


@pytest.mark.req("R-092")
@SIGNED.pairs("mode", DAMAGED)
def test_who_has_paid_gets_the_order_all_the_same(product: Product, demo_app: Flask, mode: str) -> None:
    """A return that was damaged on the way is not believed; the provider, asked, is."""
    left = product.buy(through_issuer=False)
    product.world.control(f"{product.world_code}/returns", mode=mode)
    send(left.buyer, lead(left))
    assert len(product.held()) == 1
    pending = Page(left.buyer.get("/checkout/pending").text)
    for form in pending.forms:
        if form.action == "/checkout/pending/check":  # the buyer has the provider asked
            left.buyer.post(form.action, form.fields)
    assert (placed(demo_app), len(product.held())) == (1, 1)


@SIGNED.every()
def test_an_old_return_is_no_new_payment(product: Product, demo_app: Flask) -> None:
    """The genuine return of a paid order, shown again for the next one."""
    first = product.buy(through_issuer=False)
    genuine = lead(first)
    assert send(first.buyer, genuine).status_code == 200
    second = product.buy(REFUSED, through_issuer=False)
    address = second.url.replace("/pay/h/", "/pay/r/")
    assert second.buyer.session.post(address, data=genuine.fields).status_code == 200
    lead(second)
    run_jobs(demo_app)
    assert (placed(demo_app), len(product.held())) == (1, 1)


@pytest.mark.req("R-091")
@SIGNED.every()
def test_a_return_that_comes_twice_orders_once(product: Product, demo_app: Flask) -> None:
    left = product.buy(through_issuer=False)
    product.world.control(f"{product.world_code}/returns", mode="twice")
    send(left.buyer, lead(left))
    assert (placed(demo_app), len(product.held())) == (1, 1)


@pytest.mark.req("R-092", "R-105")
@SIGNED.pairs("mode", ["wrong_key", "tampered", "other_merchant", "no_header", "unsigned_v_only"])
def test_a_forged_push_is_refused_and_noted(product: Product, demo_app: Flask, mode: str) -> None:
    left = product.buy(through_issuer=False)
    product.world.control(f"{product.world_code}/pushes", mode=mode, times=50)
    lead(left)
    product.world.control("notices", release=True, mode="normal", delay=0, retry_seconds=600)
    assert refused(demo_app) == "content-hmac"
    assert placed(demo_app) == 0


def refused(app: Flask) -> str | None:
    """Why a notice was refused, once one has come in."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        with app.app_context():
            if reason := db.session.scalars(select(RejectedNotice.reason)).first():
                return reason
        time.sleep(0.01)
    return None


@pytest.mark.req("R-093")
@SIGNED.every()
def test_the_page_of_the_provider_goes_out_byte_by_byte(product: Product, demo_app: Flask) -> None:
    """Where it gives a page instead of an address."""
    product.world.control(f"{product.world_code}/merchants", merchant_ccid=merchant(product.provider), start_url=False)
    left = product.buy(through_issuer=False)
    with demo_app.app_context():
        public_id = db.session.scalars(select(PaymentOperation.public_id)).one()
        parked = hop.parked(db.session(), public_id)
    assert parked is not None
    assert parked.html.startswith("<")
    assert left.response.content == parked.html.encode()
    assert send(left.buyer, lead(left)).url.endswith("/complete")


@pytest.mark.req("R-094")
@SIGNED.every()
def test_an_address_is_followed(product: Product) -> None:
    left = product.buy(through_issuer=False)
    assert left.response.headers["Refresh"].startswith("0; url=http")
    assert "authStartUrl" not in left.response.text
