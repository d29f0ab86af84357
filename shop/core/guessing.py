"""Checking a typed password, for staff and members alike, so that guessing gets nowhere (T-040).

The try is counted before the password is looked at: parallel guesses cannot slip through between look and count. A name
that nobody has takes as long as any other. The password is hashed while no transaction is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from shop.core import passwords, throttle
from shop.core.db import Base, db, end_read, write
from shop.core.throttle import Limit

_SHOP = "shop"
#: Each of 64 characters, in a cookie.
_MARKS = 8


@dataclass(frozen=True, slots=True)
class Door:
    """How often may be guessed at one log-in, within ``window``. Whoever guesses closes a name for himself, not for its
    owner (T-091): what is tried from everywhere does not count for a browser that the owner has been in with before."""

    scope: str
    window: timedelta
    #: One name from one connection, all names from one, and one name from everywhere.
    per_name: int
    per_network: int
    everywhere: int
    #: Refused within an hour, whatever the names and connections: from so many on the shop is told. It closes nothing.
    shop: int

    def limits(self, name: str, address: str, *, known: str) -> tuple[list[Limit], list[Limit]]:
        """Those that are the name's own, and those it shares. ``known`` is what this browser keeps (:func:`marks`)."""
        network, at_home = throttle.network(address), marks(name) in known.split()
        whence = f"{name} {network}{' known' * at_home}"
        own = [Limit(self.scope, throttle.digest(whence), self.per_name, self.window)]
        shared = [Limit(f"{self.scope}-network", network, self.per_network, self.window)]
        if not at_home:
            shared.append(Limit(f"{self.scope}-everywhere", throttle.digest(name), self.everywhere, self.window))
        return own, shared

    def refused(self, session: Session, now: datetime) -> bool:
        """Count one more refused try of the whole shop; whether there are too many."""
        throttle.take_turn(session, self.scope, _SHOP)
        throttle.record(session, self.scope, _SHOP, now)
        return throttle.free_at(session, self.scope, _SHOP, self.shop, timedelta(hours=1), now) is not None


def marks(*names: str | None) -> str:
    """What a browser keeps of the names it has been let in with; it tells nobody the names."""
    return " ".join(throttle.digest(f"known {name}") for name in names if name)


def remembered(known: str, new: str) -> str:
    """What a browser keeps when the :func:`marks` ``new`` join those it has: the newest first, and no more than a few people's."""
    return " ".join(list(dict.fromkeys(f"{new} {known}".split()))[:_MARKS])


@dataclass(frozen=True, slots=True)
class LogIn:
    """What came of a try: whose password it is, or nobody's; ``blocked_until`` when it was not even looked at."""

    user_id: int | None = None
    blocked_until: datetime | None = None


def check(
    holder: type[Base], whose: ColumnElement[bool], password: str, own: Sequence[Limit], shared: Sequence[Limit], now: datetime
) -> LogIn:
    """Look for ``whose`` row of ``holder`` – a table with ``id`` and ``password_hash`` – and compare the password.

    A right one clears the counts that are the name's ``own``; of those it shares with others it takes back only itself.
    Opens its own transactions.
    """
    table: Any = holder
    with write() as session:
        turn = throttle.count(session, [*own, *shared], now)
    if turn.blocked_until:
        return LogIn(blocked_until=turn.blocked_until)
    row = db.session.execute(select(table.id, table.password_hash).where(whose)).one_or_none()
    end_read()
    # Who has not chosen a password yet is, here, nobody – and takes as long.
    stored = (row.password_hash if row else "") or passwords.nobody()
    if not passwords.matches(stored, password) or row is None:
        return LogIn()
    better = passwords.renewed(row.password_hash, password)
    with write() as session:
        for limit in own:
            throttle.forget(session, limit.scope, limit.subject)
        throttle.take_back(session, turn)
        if better:
            session.execute(update(holder).where(table.id == row.id).values(password_hash=better))
    return LogIn(user_id=row.id)
