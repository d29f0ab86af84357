"""A cart that an order names is never deleted: a freed number would come again, and its next owner find the order (R-153, T-050)."""

import pytest
from flask import Flask
from sqlalchemy import select

from shop.checkout.models import Cart
from shop.core.db import db
from shop.orders.models import Order
from tests.support.buying import CASH, StepsBuyer
from tests.support.members import Member, join
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, run_jobs
from tests.web.counter import CUP, TEA, number_of, orders

#: What numbers a database gives anew is tried on SQLite, which does.
pytestmark = pytest.mark.one_database


class Walker(Member, StepsBuyer):
    """Who may take either cart."""


def order(buyer: Walker, goods: str, flow: str = "zero") -> str:
    """The mail address on the page that thanks for it."""
    buyer.put_into_cart(goods)
    if flow == "steps":
        buyer.step1(email=buyer.email)
        done = buyer.press(buyer.step2(CASH))
    else:
        done = buyer.place(buyer.confirm(CASH, email=buyer.email))
    number_of(done)
    assert buyer.email in done.page.text
    return buyer.email


def stranger(server: LiveServer) -> Walker:
    made = Walker(server.url)
    made.email = "stranger@example.jp"
    return made


@pytest.mark.req("R-153", "R-278", "T-050")
@pytest.mark.parametrize("flow", ["zero", "steps"])
@pytest.mark.parametrize("way", ["left", "forgotten"])
def test_the_next_visitor_gets_an_order_of_their_own(
    way: str, flow: str, live_server: LiveServer, demo_app: Flask, clock: MovableClock
) -> None:
    """After 退会, and after the night in which the shop forgets a guest's old cart."""
    first = Walker(live_server.url)
    if way == "left":
        join(first, demo_app).log_in()
    order(first, TEA)
    if way == "left":
        first.submit("/mypage/leave", "/mypage/leave", password=first.password)
    else:
        clock.advance(31 * 24 * 3600)
        run_jobs(demo_app, "purge")
    order(stranger(live_server), CUP, flow)
    assert orders(demo_app) == 2
    with demo_app.app_context():
        named = db.session.scalars(select(Order.cart_id)).all()
        kept = db.session.execute(select(Cart.id, Cart.form, Cart.member_id).where(Cart.id == named[0])).one()
    assert len(set(named)) == 2
    assert (kept.form, kept.member_id) == ("{}", None), "nothing but its number"


@pytest.mark.req("T-050")
def test_a_cart_without_an_order_is_forgotten_as_a_whole(live_server: LiveServer, demo_app: Flask, clock: MovableClock) -> None:
    stranger(live_server).put_into_cart(TEA)
    clock.advance(31 * 24 * 3600)
    run_jobs(demo_app, "purge")
    with demo_app.app_context():
        assert db.session.scalars(select(Cart.id)).all() == []
