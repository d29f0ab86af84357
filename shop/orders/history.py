"""変更履歴 – who did what to an order, and when. Lines are added, never changed."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.core.i18n import gettext as _
from shop.orders.models import Order, OrderHistory

_LINE = insert(OrderHistory.__table__)  # type: ignore[arg-type]


def add(session: Session, order_id: int, actor: str, text: str, now: datetime) -> None:
    """Append one line. ``actor`` is ``buyer``, ``staff:<login>``, ``job:<name>`` or ``provider``."""
    session.execute(_LINE, {"order_id": order_id, "at": now, "actor": actor, "text": text})


def deed(order: Order, what: str) -> str:
    """A line in the trade's form (R-179)."""
    return _("注文番号：%(number)s(%(id)s) %(what)s", number=order.number, id=order.id, what=what)


def add_deed(session: Session, order: Order, actor: str, what: str, now: datetime) -> None:
    """Append what somebody did to a placed order, in the trade's form."""
    add(session, order.id, actor, deed(order, what), now)
