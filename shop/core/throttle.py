"""Counting in the database, because a counter in memory forgets per worker (study §3.12)."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, Session

from shop.core.db import Base, Code, Key, Moment


class ThrottleEvent(Base):
    """One counted try: who (``subject``) at what (``scope``)."""

    __tablename__ = "throttle_event"
    __table_args__ = (Index(None, "scope", "subject", "at"),)

    id: Mapped[Key]
    scope: Mapped[Code]
    subject: Mapped[Code]
    at: Mapped[Moment]


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
