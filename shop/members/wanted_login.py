"""A 会員ID that somebody would like: people must be told that it is taken, lists of the shop's IDs must not be made (T-039)."""

from datetime import datetime, timedelta

from shop.core import throttle
from shop.core.db import db, write
from shop.core.throttle import Limit
from shop.members import accounts
from shop.members.links import TooOften

WINDOW = timedelta(minutes=30)
#: So often one connection is told that an ID is taken. What is free costs nothing: it names nobody.
TOLD_PER_NETWORK = 20


def is_taken(login: str, address: str, now: datetime, proven_email: str = "") -> bool:
    """Whether somebody has this 会員ID, as one who comes from ``address`` – and has proven ``proven_email`` – is told. Opens its
    own transactions.

    Raises :class:`~shop.members.links.TooOften`; then nothing is told of any ID.
    """
    told = Limit("member-login-told", throttle.network(address), TOLD_PER_NETWORK, WINDOW)
    session = db.session()
    until = throttle.free_at(session, told.scope, told.subject, told.tries, told.window, now)
    if until is None:
        if not accounts.login_taken(session, login, proven_email):
            return False
        with write() as transaction:
            until = throttle.count(transaction, [told], now).blocked_until
    if until:
        raise TooOften(until)
    return True
