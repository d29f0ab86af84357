"""The way to the issuer, which this protocol gives as an address or – where ``authStartUrl`` is missing – as a page."""

import pytest
from flask import Flask
from sqlalchemy import select

from providers.payresort import PROVIDER as PAYRESORT
from providers.veritrans4g.provider import PROVIDER as VERITRANS4G
from shop.core.db import db
from shop.payments import hop
from shop.payments.models import PaymentOperation
from tests.support.products import Product, lead, send
from tests.support.servers import LiveServer
from tests.support.world import Simulator, merchant

pytestmark = pytest.mark.one_database


@pytest.fixture(params=[VERITRANS4G, PAYRESORT], ids=lambda product: product.code)
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


@pytest.mark.req("R-093")
def test_the_page_of_the_provider_goes_out_byte_by_byte(product: Product, demo_app: Flask) -> None:
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
def test_an_address_is_followed(product: Product) -> None:
    left = product.buy(through_issuer=False)
    assert left.response.headers["Refresh"].startswith("0; url=http")
    assert "authStartUrl" not in left.response.text
