"""変更履歴 – who did what to an order, and when. Lines are added, never changed."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.orders.models import OrderHistory

_LINE = insert(OrderHistory.__table__)  # type: ignore[arg-type]


def add(session: Session, order_id: int, actor: str, text: str, now: datetime) -> None:
    """Append one line. ``actor`` is ``buyer``, ``staff:<login>``, ``job:<name>`` or ``provider``."""
    session.execute(_LINE, {"order_id": order_id, "at": now, "actor": actor, "text": text})
