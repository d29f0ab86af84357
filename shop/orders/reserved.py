"""What an order has reserved – its units and the use of its coupon –, always together: held, consumed, given back (R-159, R-160).

Stock before coupon everywhere: one order of locks, no deadlock. An order without a coupon asks for none.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from shop.catalogue import stock
from shop.core.clock import jst
from shop.orders.models import Order
from shop.promotions import coupons


def hold(session: Session, order: Order, quantities: Mapping[int, int], expires_at: datetime) -> None:
    """Hold both for a draft. Raises ``stock.OutOfStock`` or ``coupons.NotUsable``; the caller's transaction must then end."""
    stock.hold(session, order.id, quantities, expires_at)
    if order.coupon_id is not None:
        coupons.hold(session, order.id, order.coupon_id, jst(order.created_at).date())


def consume(session: Session, order: Order, now: datetime) -> None:
    """The order stands. Does nothing for what has ended."""
    stock.consume(session, order.id, now)
    if order.coupon_id is not None:
        coupons.consume(session, order.id, now)


def release(session: Session, order: Order, now: datetime) -> int:
    """Give both back. Does nothing for what has ended; returns how many units came back."""
    units = stock.release(session, order.id, now)
    if order.coupon_id is not None:
        coupons.release(session, order.id, now)
    return units


def secure(session: Session, order: Order, now: datetime) -> bool:
    """Whether the draft still holds all of it – or could take all of it once more after its hold had ended.

    All or nothing, as with units alone: where the coupon's last use went to another order meanwhile, the agreed price is not
    to be had any more, and nobody is charged another one. The caller then gives back whatever was taken, and the money.
    """
    if not stock.is_held(session, order.id):
        wanted = {line.variant_id: line.quantity for line in order.lines}
        if not stock.take_again(session, order.id, wanted, now):
            return False
    return order.coupon_id is None or coupons.hold_again(session, order.id, jst(order.created_at).date())


def give_back(session: Session, order: Order, now: datetime) -> None:
    """Of an order that was cancelled. Does nothing the second time."""
    stock.give_back(session, order.id, now)
    if order.coupon_id is not None:
        coupons.give_back(session, order.id, now)


def take_back(session: Session, order: Order, now: datetime) -> None:
    """Once more what :func:`give_back` returned. Raises ``stock.OutOfStock`` or ``coupons.NotUsable``; the caller's
    transaction must then end."""
    stock.allocate_again(session, order.id, now)
    if order.coupon_id is not None:
        coupons.use_again(session, order.id)
