"""A member's own orders, as they see them. Which member is always asked for: an order of somebody else is none (R-278).

Orders placed as a guest are not among them, not even with the member's mail address: the address on an order proves
nobody (T-046).
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from shop.core.paging import Rows
from shop.orders.models import Order, OrderLine
from shop.payments.models import Payment


def listed(member_id: int) -> Rows:
    """注文状況・履歴, as columns for a page of a list."""
    line = select(OrderLine.name).where(OrderLine.order_id == Order.id).order_by(OrderLine.id).limit(1)
    lines = select(func.count()).select_from(OrderLine).where(OrderLine.order_id == Order.id)
    return select(
        Order.id, Order.public_id, Order.number, Order.placed_at, Order.total_yen, Order.filed,
        line.scalar_subquery().label("first_line"), lines.scalar_subquery().label("line_count"),
    ).where(Order.member_id == member_id, Order.state == "placed")  # fmt: skip


def find(session: Session, member_id: int, public_id: str) -> Order | None:
    """This order with its lines, if it is the member's."""
    query = select(Order).where(Order.public_id == public_id, Order.member_id == member_id, Order.state == "placed")
    return session.scalars(query.options(selectinload(Order.lines))).one_or_none()


def payment(session: Session, order: Order) -> Payment:
    """The payment that counts for a placed order: the newest."""
    newest = select(Payment).where(Payment.order_id == order.id).order_by(Payment.id.desc()).limit(1)
    return session.scalars(newest).one()
