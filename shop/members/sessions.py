"""Log-ins of members: sessions that can be ended from here, one by one or all at once (T-034)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from shop.members.models import Member, MemberSession

#: A member stays logged in this long after the last visit, and never longer than the second.
IDLE = timedelta(days=14)
LIFETIME = timedelta(days=90)
#: ``seen_at`` is written at most this often, so that looking at the shop costs no write per page.
TOUCH_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """The member behind a live session."""

    member_id: int
    public_id: str
    name: str
    login: str | None
    email: str
    language: str
    #: Whether the mail address is known to be theirs (:mod:`shop.members.proof`).
    proven: bool
    seen_at: datetime


def start(session: Session, member_id: int, now: datetime) -> str:
    """Open a session and return its token; only the digest is stored. Clears the member's dead sessions."""
    dead = (MemberSession.seen_at <= now - IDLE) | (MemberSession.created_at <= now - LIFETIME)
    session.execute(delete(MemberSession).where(MemberSession.member_id == member_id, dead))
    token = secrets.token_urlsafe(32)
    session.add(MemberSession(token_digest=_digest(token), member_id=member_id, created_at=now, seen_at=now))
    return token


def find(session: Session, token: str, now: datetime) -> Identity | None:
    """Who is behind ``token``, or ``None`` when the session ended, idled out or grew too old, or the member may not be in
    any more. Writes nothing."""
    row = session.execute(
        select(
            Member.id, Member.public_id, Member.name, Member.login, Member.email, Member.language,
            Member.proven_at.is_not(None), MemberSession.seen_at,
        )
        .join(Member, Member.id == MemberSession.member_id)
        .where(
            MemberSession.token_digest == _digest(token),
            MemberSession.seen_at > now - IDLE,
            MemberSession.created_at > now - LIFETIME,
            Member.state == "active",
        )
    ).one_or_none()
    return Identity(*row) if row else None


def touch(session: Session, token: str, now: datetime) -> None:
    """Note that the session was used."""
    session.execute(update(MemberSession).where(MemberSession.token_digest == _digest(token)).values(seen_at=now))


def end(session: Session, token: str) -> None:
    """Log out on the server: whoever still holds the cookie holds nothing."""
    session.execute(delete(MemberSession).where(MemberSession.token_digest == _digest(token)))


def end_all(session: Session, member_id: int) -> None:
    """End every session of a member, wherever they are in: a changed password throws everybody out."""
    session.execute(delete(MemberSession).where(MemberSession.member_id == member_id))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
