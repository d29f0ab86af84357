"""How often may be ordered, whatever pays: an order takes stock and sends mail to any address that is typed (T-045, T-084)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.throttle import Limit
from shop.members import accounts, links
from shop.orders.models import Order
from shop.orders.review import place_key
from shop.payments.cardguard import Who

WINDOW = timedelta(minutes=30)
#: Orders from one browser and from one connection. Many a phone may share the latter; nobody shops so often by hand.
PER_BROWSER = 20
PER_NETWORK = 25
#: Orders that name one mailbox, and one door, whoever orders (:func:`~shop.core.throttle.named`): mails go to the one, limited
#: goods to the other.
PER_MAILBOX = 10
PER_DOOR = 10


#: Confirmations from one browser and from one connection: two for each order that may be, for nobody looks at many without one.
CONFIRMED_PER_BROWSER = 2 * PER_BROWSER
CONFIRMED_PER_NETWORK = 2 * PER_NETWORK


class TooManyConfirmations(Exception):
    """Nothing was confirmed; ``until`` says from when on it may be tried again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class TooManyOrders(Exception):
    """Nothing was ordered; ``until`` says from when on it may be tried again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def count(session: Session, who: Who, order: Order, now: datetime, *, registers: bool) -> None:
    """One more press on 注文する, inside the transaction that writes its ``order``; one that ``registers`` a member is counted
    as 会員登録 by mail is – the first of a confirmation, for a further try of it registers nobody else.

    Raises :class:`TooManyOrders`, or :class:`~shop.members.links.TooOften` for the registration alone.
    """
    network = throttle.network(who.address)
    limits = [
        Limit("order-browser", throttle.digest(who.session), PER_BROWSER, WINDOW),
        Limit("order-network", network, PER_NETWORK, WINDOW),
    ]
    # Where no network can be told, neither can an owner from a stranger who has named what is theirs.
    for limit in _named(session, who, order) if network else []:
        limits += throttle.named(session, limit, network, now)
    turn = throttle.count(session, limits, now)
    if turn.blocked_until:
        raise TooManyOrders(turn.blocked_until)
    if registers:
        links.count_request(session, who.address, now)


def count_confirmation(session: Session, who: Who, now: datetime) -> None:
    """One more press on 注文確認する that finds nothing wrong, inside the transaction that keeps what it shows. Raises
    :class:`TooManyConfirmations`."""
    browser = Limit("confirm-browser", throttle.digest(who.session), CONFIRMED_PER_BROWSER, WINDOW)
    network = Limit("confirm-network", throttle.network(who.address), CONFIRMED_PER_NETWORK, WINDOW)
    turn = throttle.count(session, [browser, network], now)
    if turn.blocked_until:
        raise TooManyConfirmations(turn.blocked_until)


def _named(session: Session, who: Who, order: Order) -> list[Limit]:
    """What the order names that may be somebody else's. A member's own mailbox, once proven, is theirs to fill."""
    door = place_key(order.ship_postal_code, order.ship_prefecture, order.ship_address1, order.ship_address2)
    named = [Limit("order-door", throttle.digest(door), PER_DOOR, WINDOW)]
    if who.member_id is None or not accounts.has_proven(session, who.member_id, order.email):
        named.append(Limit("order-mailbox", throttle.mailbox(order.email), PER_MAILBOX, WINDOW))
    return named
