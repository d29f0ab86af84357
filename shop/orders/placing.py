"""Turning a draft into an order: number, stock, history and mails in the caller's transaction. Used by every way to pay."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.core import shopinfo
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.members import settings, with_order
from shop.members.accounts import Person
from shop.orders import history, mails, numbering, reserved, review
from shop.orders.models import Order
from shop.payments.models import Payment

#: Where an order calls it by another name than a member.
_COLUMNS = {"name": "buyer_name", "kana": "buyer_kana"}


def place(session: Session, order: Order, now: datetime, card: Payment | None = None) -> None:
    """Give the number, turn holds into allocations, promise both mails. The draft's units must be held. ``card``: the payment
    of an order by card, which may put the order in doubt (:mod:`shop.orders.review`)."""
    info = shopinfo.get(session)
    doubts = review.signals(session, order, card, now) if card else ()
    reserved.consume(session, order, now)  # stock before number everywhere: one order of locks, no deadlock
    order.number = numbering.next_number(session, info.order_prefix)
    order.state = "placed"
    order.placed_at = now
    with force_locale(DEFAULT):
        line = _("注文番号：%(number)s 受注 %(yen)s", number=order.number, yen=format_yen(order.total_yen))
    history.add(session, order.id, "buyer", line, now)
    if doubts:
        review.hold(session, order, doubts, now)
    mails.placed(session, order, info, now, in_doubt=bool(doubts))
    if order.registration:
        _register(session, order, now)


def register_afterwards(session: Session, order_id: int, password_hash: str, now: datetime) -> None:
    """会員登録 for a guest who has just ordered: the same as with the order, once. They log in with the mail address."""
    order = session.scalars(select(Order).where(Order.id == order_id, Order.state == "placed").with_for_update()).one()
    if order.member_id is None and order.filed == "open":
        order.registration = with_order.pack("", password_hash)
        _register(session, order, now)


def _register(session: Session, order: Order, now: datetime) -> None:
    """会員登録 that came with the order. Whether it works out or not, the order stands and forgets the password's hash. Whose
    order it is already needs none."""
    wanted, order.registration = order.registration, ""
    if order.member_id is not None:
        return
    buyer = {field.name: getattr(order, _COLUMNS.get(field.name, field.name)) for field in fields(Person)}
    timing = settings.get(session).timing
    member = with_order.register_with_order(session, wanted, Person(**buyer), now, timing)
    if member:
        order.member_id = member.id
