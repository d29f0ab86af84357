"""Links in mails: they work once, for half an hour, for one purpose, and only the digest of their secret is stored (T-038)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from shop.core.throttle import digest
from shop.members.models import MemberToken

LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that still works is good for."""

    member_id: int | None
    email: str


def issue(session: Session, purpose: str, email: str, member_id: int | None, now: datetime) -> str:
    """A new secret for ``purpose`` (``register``, ``reset`` or ``email``), bound to the address it is sent to."""
    token = secrets.token_urlsafe(32)
    session.add(
        MemberToken(
            token_digest=digest(token), purpose=purpose, email=email, member_id=member_id, expires_at=now + LIFETIME
        )
    )
    return token


def look(session: Session, purpose: str, token: str, now: datetime) -> Link | None:
    """What the link is good for, if it still works. Changes nothing: mail programs open links, too."""
    row = session.execute(
        select(MemberToken.member_id, MemberToken.email).where(*_works(purpose, token, now))
    ).one_or_none()
    return Link(*row) if row else None


def spend(session: Session, purpose: str, token: str, now: datetime) -> Link | None:
    """Use the link. Of two presses at once only one gets it."""
    row = session.execute(
        update(MemberToken)
        .where(*_works(purpose, token, now))
        .values(used_at=now)
        .returning(MemberToken.member_id, MemberToken.email)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Link(*row) if row else None


def kill(session: Session, member_id: int) -> None:
    """All links of a member die: another password or address, or the member has left."""
    session.execute(delete(MemberToken).where(MemberToken.member_id == member_id))


def purge(session: Session, now: datetime) -> None:
    """Forget links nobody can use any more."""
    session.execute(delete(MemberToken).where(MemberToken.expires_at < now))


def _works(purpose: str, token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        MemberToken.token_digest == digest(token),
        MemberToken.purpose == purpose,
        MemberToken.used_at.is_(None),
        MemberToken.expires_at > now,
    )
