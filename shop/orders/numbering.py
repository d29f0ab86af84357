"""注文番号: prefix + zero-padded serial, unique and never reused (R-157)."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.orders.models import OrderNumber

_DIGITS = 8
_last = OrderNumber.__table__.c.last
_NEXT = update(OrderNumber.__table__).values(last=_last + 1).returning(_last)  # type: ignore[arg-type]


def next_number(session: Session, prefix: str) -> str:
    """Take the next number inside the placing transaction: rolled back with it, given once, in order."""
    serial = session.scalar(_NEXT)
    if serial is None:
        session.add(OrderNumber(last=1))
        session.flush()
        serial = 1
    return f"{prefix}{serial:0{_DIGITS}d}"
