"""A member's own things behind マイページ, and a guest's order behind its link, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from shop.catalogue.models import Variant
from shop.checkout import cart, reorder
from shop.core import db, ids
from shop.core.runtime import now
from shop.members import accounts, addresses
from shop.members.accounts import Person
from shop.members.models import MemberAddress
from shop.orders import cancel_request, lookup, own
from shop.orders.models import Order, OrderHistory
from shop.outbox.models import OutboxMail
from tests.domain.desk import BUYER, Desk

PLACE = dict.fromkeys(addresses.COLUMNS, "x")


def make(login: str = "hanako") -> int:
    with db.write() as session:
        return accounts.create(session, Person("山田 花子", f"{login}@example.jp", "ja"), login, "no hash", now(), proven=True).id


def add(app: Flask, member_id: int, _turn: object = None) -> bool:
    """Add one address; whether there was room."""
    with app.app_context():
        try:
            with db.write() as session:
                addresses.add(session, member_id, PLACE, now())
        except addresses.Full:
            return False
        return True


def owned(desk: Desk, member_id: int) -> Order:
    """A placed order that is the member's."""
    order_id = desk.place(quantity=2).order_id
    with desk.app.app_context():
        with db.write() as session:
            session.execute(update(Order).where(Order.id == order_id).values(member_id=member_id))
        order = db.db.session.get_one(Order, order_id)
        _ = order.lines
        return order


@pytest.mark.req("T-051")
def test_the_last_place_of_the_book_goes_to_one(app: Flask, demo_app: Flask) -> None:
    with app.app_context():
        hanako, taro = make(), make("taro")
    for _ in range(addresses.MOST - 1):
        assert add(app, hanako)
    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(partial(add, app, hanako), range(4))) == [False] * 3 + [True]
    with app.app_context():
        session = db.db.session()
        assert session.scalar(select(func.count()).select_from(MemberAddress)) == addresses.MOST
        first = addresses.of_member(session, hanako)[0]
        assert addresses.find(session, hanako, first.id) is first
        assert addresses.find(session, taro, first.id) is None
        assert add(app, taro), "each has a book of their own"


@pytest.mark.req("R-278", "T-046")
def test_orders_are_whose_they_are(desk: Desk) -> None:
    with desk.app.app_context():
        hanako, taro = make(), make("taro")
    mine, guests = owned(desk, hanako), desk.place()
    with desk.app.app_context():
        session = db.db.session()
        (row,) = session.execute(own.listed(hanako)).all()
        assert (row.number, row.line_count, row.first_line) == (mine.number, 1, mine.lines[0].name)
        assert session.execute(own.listed(taro)).all() == []
        found = own.find(session, hanako, mine.public_id)
        assert found
        assert own.payment(session, found).status == "authorized"
        assert own.find(session, taro, mine.public_id) is None
        assert own.find(session, hanako, session.get_one(Order, guests.order_id).public_id) is None


def test_an_order_goes_into_the_cart_again_as_far_as_there_is_stock(desk: Desk) -> None:
    with desk.app.app_context():
        lines, key = owned(desk, make()).lines, ids.public_id()

        def again(available: int) -> tuple[int, str, int]:
            with db.write() as session:
                variant = session.get_one(Variant, desk.variant_id)
                variant.on_hand = variant.allocated + variant.held + available
            with db.write() as session:
                (tried,) = reorder.put(session, key, lines, now())
            return tried.put, tried.problem, cart.view(db.db.session(), key).count

        assert again(9) == (2, "", 2)
        assert again(3) == (1, "not_enough", 3)
        assert again(3) == (0, "not_enough", 3)
        assert again(0) == (0, "sold_out", 3)


@pytest.mark.req("U-064", "T-039")
def test_a_link_is_promised_only_for_number_and_address_together(desk: Desk) -> None:
    placed = desk.place()
    with desk.app.app_context():
        number = db.db.session.scalars(select(Order.number).where(Order.id == placed.order_id)).one() or ""

        def promised(number: str, email: str) -> int:
            with db.write() as session:
                lookup.ask(session, number, email, "203.0.113.9", now())
            return db.db.session.scalar(select(func.count()).where(OutboxMail.kind == "order_lookup")) or 0

        assert promised(number, "someone@example.jp") == 0
        assert promised("order00009999", BUYER["email"]) == 0
        assert promised(number, BUYER["email"].upper()) == 1
        mail = db.db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "order_lookup")).one()
        assert (mail.recipient, mail.order_id) == (BUYER["email"], placed.order_id)


@pytest.mark.req("U-064")
def test_presses_at_once_are_one_request_to_cancel(desk: Desk) -> None:
    order_id = desk.place().order_id

    def press(_turn: int) -> bool:
        with desk.app.app_context(), db.write() as session:
            return cancel_request.make(session, order_id, "", now())

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(press, range(4))) == [True] * 4
    with desk.app.app_context():
        session = db.db.session()
        lines = session.scalars(select(OrderHistory.text).where(OrderHistory.order_id == order_id)).all()
        assert len([line for line in lines if line.endswith("キャンセルの依頼")]) == 1
        assert session.scalar(select(func.count()).where(OutboxMail.kind == "cancel_request")) == 1
