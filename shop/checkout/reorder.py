"""もう一度注文する: what an earlier order held goes into the cart again, as far as it can still be had, at today's prices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.checkout import cart
from shop.checkout.cart import CartError
from shop.checkout.models import Cart, CartItem
from shop.orders.models import OrderLine


@dataclass(frozen=True, slots=True)
class Again:
    """What became of one line: units ``wanted`` and ``put``; ``problem`` as in :class:`shop.checkout.cart.CartError`."""

    name: str
    wanted: int
    put: int
    problem: str = ""


def put(session: Session, key: str, lines: Iterable[OrderLine], now: datetime) -> list[Again]:
    """Put the goods of an order into the cart ``key``, on top of what is there."""
    return [_put(session, key, line, now) for line in lines]


def _put(session: Session, key: str, line: OrderLine, now: datetime) -> Again:
    try:
        cart.add(session, key, line.variant_id, line.quantity, now)
    except CartError as error:
        left = error.available - _in_cart(session, key, line.variant_id)
        if left > 0:
            cart.add(session, key, line.variant_id, left, now)
        return Again(line.name, line.quantity, max(left, 0), error.message_key)
    return Again(line.name, line.quantity, line.quantity)


def _in_cart(session: Session, key: str, variant_id: int) -> int:
    query = select(CartItem.quantity).join(Cart, Cart.id == CartItem.cart_id)
    return session.scalar(query.where(Cart.key == key, CartItem.variant_id == variant_id)) or 0
