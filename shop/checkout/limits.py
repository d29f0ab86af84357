"""How often may be ordered, whatever pays: an order takes stock and sends mail to any address that is typed (T-045, T-084)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.throttle import Limit
from shop.members import links
from shop.payments.cardguard import Who

WINDOW = timedelta(minutes=30)
#: Orders from one browser and from one connection. Many a phone may share the latter; nobody shops so often by hand.
PER_BROWSER = 20
PER_NETWORK = 25


class TooManyOrders(Exception):
    """Nothing was ordered; ``until`` says from when on it may be tried again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def count(session: Session, who: Who, now: datetime, *, registers: bool) -> None:
    """One more press on 注文する, inside the transaction that writes its order; one that ``registers`` a member is counted
    as 会員登録 by mail is – the first of a confirmation, for a further try of it registers nobody else.

    Raises :class:`TooManyOrders`, or :class:`~shop.members.links.TooOften` for the registration alone.
    """
    limits = [
        Limit("order-browser", throttle.digest(who.session), PER_BROWSER, WINDOW),
        Limit("order-network", throttle.network(who.address), PER_NETWORK, WINDOW),
    ]
    turn = throttle.count(session, limits, now)
    if turn.blocked_until:
        raise TooManyOrders(turn.blocked_until)
    if registers:
        links.count_request(session, who.address, now)
