"""Log-in of members. A stranger who guesses closes the name for his own connection, not for the member (T-040, T-091)."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from shop.core import guessing, throttle
from shop.core.db import db, end_read
from shop.core.guessing import LogIn
from shop.core.throttle import Limit
from shop.members.models import Member
from shop.members.names import fold

WINDOW = timedelta(minutes=15)
#: One name from one connection, and all names from it.
TRIES_PER_NAME = 5
TRIES_PER_NETWORK = 30
#: One name from everywhere; browsers the member has used before are not counted in, so they stay open.
TRIES_EVERYWHERE = 50


class Provisional(Exception):
    """The password is right, but the registration is not in force yet: 仮登録 (R-272)."""


def authenticate(name: str, password: str, address: str, now: datetime, *, known: str = "") -> LogIn:
    """Check a 会員ID or mail address and its password, typed at ``address``.

    ``known`` is what :func:`mark` gave this browser when the member last logged in with it. Opens its own transactions.
    Raises :class:`Provisional`.
    """
    folded, network = fold(name), throttle.network(address)
    own = [Limit("member-login", throttle.digest(f"{folded} {network}"), TRIES_PER_NAME, WINDOW)]
    shared = [Limit("member-login-network", network, TRIES_PER_NETWORK, WINDOW)]
    if known != mark(name):
        shared.append(Limit("member-login-everywhere", throttle.digest(folded), TRIES_EVERYWHERE, WINDOW))
    whose = or_(Member.login == folded, Member.email_key == folded) & (Member.state != "left")
    found = guessing.check(Member, whose, password, own, shared, now)
    if found.user_id is not None:
        state = db.session.scalar(select(Member.state).where(Member.id == found.user_id))
        end_read()
        if state == "provisional":
            raise Provisional
    return found


def mark(name: str) -> str:
    """What a browser keeps of a name that has logged in with it; it tells nobody the name."""
    return throttle.digest(f"known {fold(name)}")


def prove(member_id: int, password: str, now: datetime) -> LogIn:
    """Check the password of a member who is in, before something that matters. Whoever found the browser open may guess
    five times. Opens its own transactions."""
    own = [Limit("member-proof", str(member_id), TRIES_PER_NAME, WINDOW)]
    return guessing.check(Member, (Member.id == member_id) & (Member.state == "active"), password, own, [], now)
