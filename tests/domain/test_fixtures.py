"""The fixtures themselves: a broken test base proves nothing."""

import socket
import time

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from shop.catalogue.models import Product
from shop.core import db
from shop.core.runtime import now
from shop.core.shopinfo import ShopInfo
from tests.support.buying import buy
from tests.support.net import Guard
from tests.support.shop import OWNER_PASSWORD, MovableClock, count_statements, mails, run_jobs
from tests.support.world import Simulator


def test_an_empty_shop_is_migrated_and_empty(app: Flask) -> None:
    with app.app_context():
        assert db.db.session.scalar(select(ShopInfo.id)) is None


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_the_demo_shop_untouched(demo_app: Flask, turn: int) -> None:
    with demo_app.app_context():
        products = db.db.session.scalars(select(Product)).all()
        assert products
        assert all(product.name != "changed" for product in products)
        with db.write() as session:
            session.get_one(Product, products[0].id).name = "changed"


def test_the_database_is_the_one_asked_for(app: Flask, pytestconfig: pytest.Config) -> None:
    with app.app_context():
        assert db.db.engine.dialect.name == pytestconfig.getoption("--db")


def test_shop_and_simulator_share_the_clock(demo_app: Flask, simulator: Simulator, clock: MovableClock) -> None:
    clock.advance(3600)
    with demo_app.app_context():
        assert now().timestamp() - time.time() > 3599
    assert requests.get(f"{simulator.url}/control/clock").json()["offset"] == 3600


def test_the_demo_owner_can_log_in(demo_app: Flask, clock: MovableClock) -> None:
    from shop.staff import service

    with demo_app.app_context():
        assert service.authenticate("owner", OWNER_PASSWORD, "127.0.0.1", now()).user_id is not None


def test_statements_are_counted_without_transaction_control(app: Flask) -> None:
    with count_statements(app) as statements, app.app_context(), db.write() as session:
        session.execute(select(ShopInfo.id))
        session.execute(select(Product.id))
    assert len(statements) == 2, str(statements)


def test_a_purchase_over_http_leads_to_an_authorization_and_mails(demo_app, simulator, purchase, clock) -> None:
    bought = purchase()
    assert bought.public_id, bought.page.text
    (payment,) = simulator.payments()
    assert payment["status"] == "20"
    run_jobs(demo_app, "outbox")
    assert "hanako@example.jp" in [mail["To"] for mail in mails(demo_app)]


def test_cash_on_delivery_asks_no_provider(simulator, purchase) -> None:
    assert purchase(method="cash_on_delivery").public_id
    assert simulator.payments() == []


def test_the_guard_refuses_and_remembers() -> None:
    guard = Guard()
    with socket.socket() as used:
        with pytest.raises(ConnectionRefusedError):
            guard.check(used, ("192.0.2.1", 443))
        guard.check(used, ("127.0.0.1", 443))
    with pytest.raises(socket.gaierror):
        guard.look_up("provider.invalid", 443)
    assert guard.attempts == ["connect to 192.0.2.1:443"]


def test_real_workers_answer_share_the_database_and_survive_a_kill(demo_app, granian_server, clock) -> None:
    url = granian_server.url
    assert buy(url, method="cash_on_delivery").public_id
    granian_server.kill()
    assert not granian_server.answers()
    granian_server.start()
    assert buy(url, method="cash_on_delivery").public_id
