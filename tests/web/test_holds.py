"""引き当て中の在庫: what is held, how long it still is, and staff letting go of it."""

import threading
import time

import pytest
from flask import Flask

from shop.catalogue.models import Variant
from shop.orders.models import Order, OrderHistory
from tests.support.buying import Buyer, StepsBuyer, buy, buy_in_steps
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, change, count, orders, stock


@pytest.fixture
def cart() -> str:
    return "zero"


@pytest.fixture
def unknown(cart: str, shopper: Buyer, simulator: Simulator, demo_app: Flask, clock: MovableClock) -> None:
    """An attempt whose answer got lost, and a provider that does not say what became of it."""
    simulator.fault("close", kind="094", times=None)
    simulator.fault("reset", kind="020", phase="after")
    if cart == "zero":
        buy(shopper.shop_url, TEA, buyer=shopper)
    else:
        buy_in_steps(shopper.shop_url, TEA, buyer=StepsBuyer(shopper.shop_url))
    assert stock(demo_app)[TEA][2] == 1
    clock.advance(60)


def release(desk: Desk, order_id: int = 1):
    path = f"/admin/holds/{order_id}/release"
    return desk.submit(path, path)


@pytest.mark.parametrize("cart", ["zero", "steps"])
@pytest.mark.req("R-167")
def test_an_open_hold_is_listed_with_its_time_and_released(unknown: None, desk: Desk, demo_app: Flask) -> None:
    on_hand = stock(demo_app)[TEA][0]
    page = desk.page("/admin/holds")
    assert "茎ほうじ茶" in page.text
    assert "18分" in page.text or "19分" in page.text
    asked = desk.page("/admin/holds/1/release")
    assert "取り置いた数を販売可能数に戻します" in asked.text
    assert stock(demo_app)[TEA] == (on_hand, 0, 1)
    assert "引き当てを解放しました。" in release(desk).text
    assert stock(demo_app)[TEA] == (on_hand, 0, 0)
    assert "引き当て中の在庫はありません。" in desk.page("/admin/holds").text
    assert count(demo_app, OrderHistory, text="引き当て中の在庫を解放", actor="staff:owner") == 1
    assert desk.get("/admin/holds/1/release").status_code == 404


@pytest.mark.req("R-167", "R-164", "S-035")
@pytest.mark.parametrize("left", [True, False], ids=["goods left", "sold meanwhile"])
def test_money_that_comes_after_the_release(
    left: bool, unknown: None, desk: Desk, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    release(desk)
    on_hand = stock(demo_app)[TEA][0]
    if not left:
        change(demo_app, Variant.on_hand, 0, code=TEA)
    simulator.control("faults", clear=True)
    clock.advance(120)
    run_jobs(demo_app, "reconcile", "dispatch")
    assert [payment["status"] for payment in simulator.payments()] == (["20"] if left else ["32"])
    assert orders(demo_app) == int(left)
    assert stock(demo_app)[TEA] == ((on_hand, 1, 0) if left else (0, 0, 0))


def test_a_payment_that_went_through_becomes_an_order_instead(
    unknown: None, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    simulator.control("faults", clear=True)
    assert "支払いの成立を確認したため、受注になりました：order00000001" in release(desk).text
    assert count(demo_app, Order, state="placed") == 1
    assert stock(demo_app)[TEA][1:] == (1, 0)


def test_while_the_provider_is_being_called_nothing_is_released(
    shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    simulator.fault("slow", "020", "after", seconds=2)
    buying = threading.Thread(target=lambda: buy(shopper.shop_url, TEA, buyer=shopper))
    buying.start()
    while not stock(demo_app)[TEA][2]:
        time.sleep(0.02)
    assert "決済会社の返事を待っているところです。" in release(desk).text
    assert stock(demo_app)[TEA][2] == 1
    buying.join()
    assert orders(demo_app) == 1


def test_a_double_press_releases_once(unknown: None, desk: Desk, demo_app: Flask) -> None:
    form = desk.page("/admin/holds/1/release").form("/admin/holds/1/release")
    for _ in range(2):
        answer = desk.session.post(desk.shop_url + form.action, data=form.fields)
    assert "この引き当ては、すでに終わっています。" in answer.text
    assert stock(demo_app)[TEA][1:] == (0, 0)
    assert count(demo_app, OrderHistory, text="引き当て中の在庫を解放") == 1
