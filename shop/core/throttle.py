"""Counting in the database, because a counter in memory forgets per worker (study §3.12)."""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, Session

from shop.core.db import Base, Code, Key, Moment
from shop.core.text import narrow

#: What anybody may name is good for so many times its limit, as long as each comes from another network.
_WHOSE_FIRST = 3
#: Mail providers that read an address without its dots, with the domain they go by.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


class ThrottleEvent(Base):
    """One counted try: who (``subject``) at what (``scope``)."""

    __tablename__ = "throttle_event"
    __table_args__ = (Index(None, "scope", "subject", "at"),)

    id: Mapped[Key]
    scope: Mapped[Code]
    subject: Mapped[Code]
    at: Mapped[Moment]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``tries`` of ``subject`` at ``scope`` within ``window``. Without a subject nobody is limited."""

    scope: str
    subject: str
    tries: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Turn:
    """A counted try, with the ids of its events – or, when a limit was reached, when it may be tried again."""

    events: tuple[int, ...] = ()
    blocked_until: datetime | None = None


def count(session: Session, limits: Sequence[Limit], now: datetime) -> Turn:
    """Count one try against every limit, or against none when one of them is reached."""
    limits = [limit for limit in limits if limit.subject]
    for limit in limits:
        take_turn(session, limit.scope, limit.subject)
    times = [free_at(session, limit.scope, limit.subject, limit.tries, limit.window, now) for limit in limits]
    until = max((time for time in times if time), default=None)
    if until:
        return Turn(blocked_until=until)
    events = [ThrottleEvent(scope=limit.scope, subject=limit.subject, at=now) for limit in limits]
    session.add_all(events)
    session.flush()
    return Turn(events=tuple(event.id for event in events))


def named(session: Session, limit: Limit, network: str, now: datetime) -> list[Limit]:
    """The limits of what anybody may name and one owns – a mailbox, a door –: ``limit``, whoever asks, and a further turn for
    a ``network`` that has had none, so that strangers who use it up do not shut out its owner (T-045, T-091). Three times the
    limit is the end, from however many networks they come."""
    if not network:
        return [limit]
    take_turn(session, limit.scope, limit.subject)
    whence = replace(limit, scope=f"{limit.scope}-whence", subject=digest(f"{limit.subject} {network}"))
    first = free_at(session, whence.scope, whence.subject, 1, limit.window, now) is None
    return [replace(limit, tries=limit.tries * (_WHOSE_FIRST if first else 1)), whence]


def take_back(session: Session, turn: Turn) -> None:
    """The try was none that counts."""
    session.execute(delete(ThrottleEvent).where(ThrottleEvent.id.in_(turn.events)))


def digest(value: str) -> str:
    """A subject of any length, and one that tells nobody who reads the table whose it is."""
    return hashlib.sha256(value.encode()).hexdigest()


def mailbox(address: str) -> str:
    """A mailbox as it is counted, however its address is written: in any width and case, with a ``+tag`` or without."""
    local, _, domain = narrow(address).casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    return digest(f"{local}@{domain}")


def network(address: str, bits: int = 32) -> str:
    """What one connection may call its own: the first ``bits`` of an IPv4 address, or 64 of an IPv6 one.

    Empty for an address that is nobody's own on the internet – behind a proxy that is not declared (``TRUSTED_PROXIES``)
    everybody comes from such a one, and must not close the shop to everybody else.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if not found.is_global:
        return ""
    return str(ipaddress.ip_network((found, bits if found.version == 4 else 64), strict=False))


def free_at(session: Session, scope: str, subject: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
    """When ``subject`` may try again, or ``None`` while fewer than ``limit`` tries lie within ``window``."""
    times = session.scalars(
        select(ThrottleEvent.at)
        .where(ThrottleEvent.scope == scope, ThrottleEvent.subject == subject, ThrottleEvent.at > now - window)
        .order_by(ThrottleEvent.at.desc())
        .limit(limit)
    ).all()
    return times[-1] + window if len(times) >= limit else None


def take_turn(session: Session, scope: str, subject: str) -> None:
    """Let tries of one subject count one after the other: without it, parallel ones would all see the same count.

    Ends with the transaction. On SQLite the write lock does this already.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(f"{scope}:{subject}".encode()).digest()[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def record(session: Session, scope: str, subject: str, now: datetime) -> None:
    session.add(ThrottleEvent(scope=scope, subject=subject[:64], at=now))


def forget(session: Session, scope: str, subject: str) -> None:
    """Clear the count, e.g. after a correct log-in."""
    session.execute(delete(ThrottleEvent).where(ThrottleEvent.scope == scope, ThrottleEvent.subject == subject))


def purge(session: Session, before: datetime) -> int:
    """Delete old events; returns how many."""
    return session.execute(delete(ThrottleEvent).where(ThrottleEvent.at < before)).rowcount  # type: ignore[attr-defined, no-any-return]
