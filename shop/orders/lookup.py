"""Orders of guests: who knows the number and reads the mail address on it gets a link that shows the order for a while
(U-064). The answer is the same for every number and every address (T-039); nothing is shown by a number (T-050)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.core import sealed_links
from shop.core.text import narrow
from shop.members import boxes, links
from shop.members.names import fold
from shop.orders import mails
from shop.orders.models import Order

LIFETIME = timedelta(minutes=30)
_PURPOSE = "order-lookup"


def ask(session: Session, number: str, email: str, address: str, now: datetime) -> None:
    """Send the link to the buyer if order number and mail address go together; otherwise do nothing. ``address`` is that of
    the connection. Raises :class:`shop.members.links.TooOften`, for right and wrong numbers alike."""
    links.count_request(session, address, now)
    order = session.scalar(select(Order).where(Order.number == narrow(number), Order.state == "placed"))
    if order is None or fold(order.email) != fold(email):
        return
    if boxes.may_write(session, f"order {order.id}", email, now, kind="order", address=address):
        token = sealed_links.seal({"order": order.id}, _PURPOSE, now + LIFETIME)
        mails.lookup_link(session, order, token, LIFETIME, now)


def opened(session: Session, token: str, now: datetime) -> Order | None:
    """The order behind a link, with its lines, while the link works."""
    link = sealed_links.opened(token, _PURPOSE, now)
    if link is None:
        return None
    return session.get(Order, int(link["order"]), options=[selectinload(Order.lines)])
