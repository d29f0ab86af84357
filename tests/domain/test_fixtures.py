"""The fixtures themselves: a broken test base proves nothing."""

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from app import create_app
from shop.catalogue.models import Product
from shop.core import db
from shop.core.config import Config
from shop.core.runtime import now, runtime
from shop.core.shopinfo import ShopInfo
from shop.payments.engine import engine
from shop.web.filters import shop_info
from tests.support.applications import OF_ONE_SHOP, Applications
from tests.support.buying import buy
from tests.support.databases import Databases
from tests.support.net import Guard
from tests.support.servers import LiveServer
from tests.support.shop import OWNER_PASSWORD, MovableClock, count_statements, dispose, mails, run_jobs
from tests.support.world import Simulator


def test_an_empty_shop_is_migrated_and_empty(app: Flask) -> None:
    with app.app_context():
        assert db.db.session.scalar(select(ShopInfo.id)) is None


def test_the_lent_application_is_like_a_new_one(app: Flask, settings: Config) -> None:
    """What the shop keeps on its application is known: something new there must be made anew for every test, too."""
    made = create_app(settings)
    names = {name for name in made.extensions if name.startswith("shop.")}
    assert names == OF_ONE_SHOP
    assert made.extensions.keys() == app.extensions.keys()
    assert vars(made).keys() == vars(app).keys()
    assert (made.config | {"TESTING": True}, made.instance_path) == (app.config, app.instance_path)
    dispose(made)


def test_what_one_shop_left_does_not_reach_the_next(settings: Config, databases: Databases, tmp_path: Path) -> None:
    """Lent twice: the same application, but nothing of the first shop – not even its kept pages or its rows."""
    applications = Applications(tmp_path)
    url = databases.copy("demo", tmp_path)
    other = replace(settings, instance=tmp_path, database_url=url, base_url="http://127.0.0.1:1", port=1)
    with applications.lend(settings) as first:
        with first.app_context():
            assert db.db.session.scalar(select(ShopInfo.id)) is None
        before = {name: first.extensions[name] for name in OF_ONE_SHOP}
        plain, pages, front = first.config["SESSION_COOKIE_NAME"], first.wsgi_app, first.view_functions["storefront.front"]
        first.config["SESSION_COOKIE_NAME"] = first.jinja_env.globals["shop"] = "changed"
        first.wsgi_app = first.view_functions["storefront.front"] = first.extensions["other"] = lambda *_: []  # type: ignore[method-assign]
        with pytest.raises(AssertionError, match="first request"):
            first.add_url_rule("/more", view_func=lambda: "")
    with applications.lend(other) as second, second.app_context():
        assert second is first
        assert all(second.extensions[name] is not one for name, one in before.items())
        assert (second.config["SESSION_COOKIE_NAME"], second.wsgi_app) == (plain, pages)
        assert second.view_functions["storefront.front"] is front
        assert "other" not in second.extensions
        assert second.jinja_env.globals["shop"] is shop_info
        assert (runtime().config, second.instance_path) == (other, str(tmp_path))
        assert db.db.session.scalar(select(ShopInfo.id))
    databases.drop(url)


@pytest.mark.parametrize("at_work", ["call", "request"])
def test_an_application_at_work_is_not_lent_again(settings: Config, tmp_path: Path, at_work: str) -> None:
    applications, answer = Applications(tmp_path), threading.Event()
    with applications.lend(settings) as first:
        if at_work == "call":
            with first.app_context():
                call = engine().pool.reserve().run(answer.wait)
        else:
            context = first.app_context()
            context.push()
    with applications.lend(settings) as second:
        assert second is not first
    answer.set()
    if at_work == "call":
        call.result()
    else:
        context.pop()


def test_a_closed_server_lets_nothing_through(app: Flask, door: socket.socket) -> None:
    """Its application may serve another shop by the time a browser has said what it wants."""
    server = LiveServer(app, door)
    browser = Client(server._answer)
    assert browser.get("/healthz").status_code == 200
    server.close()
    assert browser.get("/healthz").status_code == 503


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
