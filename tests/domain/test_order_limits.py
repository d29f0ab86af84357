"""A flood of orders is stopped, whatever pays: each takes stock and mails somebody."""

import pytest
from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.checkout import limits
from shop.core.db import db
from shop.members import links, with_order
from shop.members.models import Member
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from tests.domain.desk import Desk
from tests.support.shop import MovableClock

HOME, NEIGHBOUR, ELSEWHERE = "61.200.3.4", "61.200.3.9", "93.184.216.34"
WINDOW = limits.WINDOW.total_seconds()


def order(desk: Desk, address: str = HOME, browser: str = "", *, registration: str = "") -> str:
    """Cash on delivery, so that no limit on cards has a say; what became of it."""
    joining = with_order.pack(registration, "hash") if registration else ""
    token, key = desk.confirmed(method="cash_on_delivery", registration=joining)
    try:
        desk.press(token, key, address=address, browser=browser)
    except limits.TooManyOrders:
        return "too many"
    except links.TooOften:
        return "too many members"
    return "ordered"


@pytest.mark.req("S-090", "T-045", "T-088")
def test_one_network_orders_so_often_with_a_fresh_browser_each_time(desk: Desk, clock: MovableClock) -> None:
    desk.change(Variant, on_hand=500)
    assert [order(desk) for _ in range(limits.PER_NETWORK)] == ["ordered"] * limits.PER_NETWORK
    before = len(desk.rows(Order)), len(desk.rows(OutboxMail)), allocated(desk)
    assert [order(desk) for _ in range(3)] == ["too many"] * 3
    assert (len(desk.rows(Order)), len(desk.rows(OutboxMail)), allocated(desk)) == before, "no stock, no mail"
    assert order(desk, NEIGHBOUR) == order(desk, ELSEWHERE) == "ordered"
    clock.advance(WINDOW + 1)
    assert order(desk) == "ordered"


@pytest.mark.req("T-088")
def test_one_browser_orders_so_often_wherever_it_goes(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    for number in range(limits.PER_BROWSER):
        assert order(desk, f"61.9.{number}.1", "bot") == "ordered"
    assert [order(desk, ELSEWHERE, "bot"), order(desk, ELSEWHERE)] == ["too many", "ordered"]


@pytest.mark.req("T-079")
def test_behind_a_proxy_nobody_declared_everybody_may_order(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    assert {order(desk, "10.0.0.7") for _ in range(limits.PER_NETWORK + 3)} == {"ordered"}


@pytest.mark.req("T-089")
def test_registrations_with_an_order_are_counted_like_those_by_mail(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    came = [order(desk, registration=f"flood{number}") for number in range(links.PER_NETWORK + 2)]
    assert came == ["ordered"] * links.PER_NETWORK + ["too many members"] * 2
    assert len(desk.rows(Order)) == links.PER_NETWORK
    assert order(desk) == "ordered", "who does not register may order"
    assert desk.rows(Member, login="flood6") == []


def allocated(desk: Desk) -> int:
    with desk.app.app_context():
        return sum(db.session.scalars(select(Variant.allocated)))
