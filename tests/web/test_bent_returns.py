"""The return of a browser alone never moves money: bent, relabelled, shifted and replayed ones in the running shop, of every installed
product that sends buyers away: this file names none of them.

A buyer who has once had a genuine return can make others without knowing any key (see the README of the protocol's folder); what
they want is an order without money.
"""

import io
import time
from collections.abc import Iterable

import pytest
from flask import Flask
from sqlalchemy import select

from providers.installed import INSTALLED
from providers.kept_cards import Linking
from providers.ports import Provider
from shop.core.db import db
from shop.orders.models import Order
from shop.payments import hop
from shop.payments.models import PaymentOperation, RejectedNotice
from tests.crash.products import options, sends_away
from tests.support.forging import forge, spoiled
from tests.support.pages import Page
from tests.support.products import Product, lead, send
from tests.support.servers import LiveServer
from tests.support.shop import run_jobs
from tests.support.turns import Turns
from tests.support.world import Simulator

pytestmark = pytest.mark.one_database
#: Passes 本人認証 and is refused by the card company.
REFUSED = "4980000000058202"
AWAY = [provider for provider in INSTALLED if sends_away(provider)]
#: Whose provider charges before the buyer is back: a return that is spoiled then leaves money to be found.
CHARGING = [provider for provider in AWAY if provider.capabilities.charges_while_away]


@pytest.fixture
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    made.set(**options(request.param, secure=True, linking=Linking.NEVER))
    return made


by_each = pytest.mark.parametrize("product", AWAY, ids=[provider.code for provider in AWAY], indirect=True)


def by_modes(providers: Iterable[Provider], what: str) -> pytest.MarkDecorator:
    """Of each protocol each product and each mode that it names: who reads them is the same client for all of one protocol."""
    rows = [row for able, modes in spoiled(providers, what) for row in Turns(able, name=_code).pairs("mode", modes).args[1]]
    return pytest.mark.parametrize(("product", "mode"), rows, indirect=["product"])


def _code(provider: Provider) -> str:
    return provider.code


def placed(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Order.id).where(Order.state == "placed")).all())


@pytest.mark.req("R-092")
@by_modes(AWAY, "FORGED_RETURNS")
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
@by_modes(CHARGING, "DAMAGED_RETURNS")
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


@by_each
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
@by_each
def test_a_return_that_comes_twice_orders_once(product: Product, demo_app: Flask) -> None:
    left = product.buy(through_issuer=False)
    back = lead(left)
    for _ in range(2):
        assert send(left.buyer, back).url.endswith("/complete")
    assert (placed(demo_app), len(product.held())) == (1, 1)


@pytest.mark.req("R-092", "R-105")
@by_modes(CHARGING, "FORGED_PUSHES")
def test_a_forged_push_is_refused_and_noted(product: Product, demo_app: Flask, mode: str) -> None:
    left = product.buy(through_issuer=False)
    product.world.control(f"{product.world_code}/pushes", mode=mode, times=50)
    lead(left)
    product.world.control("notices", release=True, mode="normal", delay=0, retry_seconds=600)
    assert refused(demo_app) == forge(product.provider).REFUSED
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


@pytest.mark.req("R-093", "R-094")
@by_each
def test_the_way_to_the_issuer_goes_out_as_the_provider_gave_it(product: Product, demo_app: Flask) -> None:
    """Its page byte by byte, or its address, which is followed."""
    left = product.buy(through_issuer=False)
    with demo_app.app_context():
        public_id = db.session.scalars(select(PaymentOperation.public_id)).one()
        parked = hop.parked(db.session(), public_id)
    assert parked is not None
    if parked.html:
        assert left.response.content == parked.html.encode()
    else:
        assert left.response.headers["Refresh"] == f"0; url={parked.url}"
    assert send(left.buyer, lead(left)).url.endswith("/complete")
