"""Browsers that a person has logged in with by a code and that are not asked for one again for 30 days.

What the cookie holds is worth nothing without the password, for nobody else, after another password, and after it was
used: every log-in changes it. Of two copies the second to be used is one too many, and the device is forgotten (T-041).
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from shop.core.throttle import digest
from shop.staff import two_step_mails
from shop.staff.models import KnownDevice, StaffUser

LIFE = timedelta(days=30)


def remember(session: Session, user_id: int, name: str, now: datetime) -> tuple[str, datetime]:
    """Know this browser from now on. Returns what its cookie holds, and until when."""
    token, until = secrets.token_urlsafe(32), now + LIFE
    device = KnownDevice(
        user_id=user_id, token_digest=digest(token), password_mark=_mark(session, user_id), name=name[:100],
        used_at=now, expires_at=until,
    )  # fmt: skip
    session.add(device)
    two_step_mails.device_remembered(session, user_id, name, now)
    return token, until


def recognise(session: Session, user_id: int, token: str, now: datetime) -> tuple[str, datetime] | None:
    """What the cookie holds from now on, if this person's browser is known by ``token``; else ``None``."""
    if not token:
        return None
    following = secrets.token_urlsafe(32)
    until = session.scalar(
        update(KnownDevice)
        .where(*_known(session, user_id, now), KnownDevice.token_digest == digest(token))
        .values(token_digest=digest(following), previous_digest=digest(token), used_at=now)
        .returning(KnownDevice.expires_at)
        .execution_options(synchronize_session=False)
    )
    if until is not None:
        return following, until
    _forget_copied(session, user_id, token, now)
    return None


def known(session: Session, user_id: int, now: datetime) -> list[KnownDevice]:
    """A person's browsers, last used first."""
    query = select(KnownDevice).where(*_known(session, user_id, now)).order_by(KnownDevice.used_at.desc(), KnownDevice.id)
    return list(session.scalars(query))


def forget(session: Session, user_id: int, device_id: int) -> str | None:
    """取り消す. Returns the device's name, or ``None`` where this person has no such device."""
    return session.scalar(
        delete(KnownDevice)
        .where(KnownDevice.id == device_id, KnownDevice.user_id == user_id)
        .returning(KnownDevice.name)
        .execution_options(synchronize_session=False)
    )


def forget_all(session: Session, user_id: int) -> None:
    session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id))


def _known(session: Session, user_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        KnownDevice.user_id == user_id,
        KnownDevice.password_mark == _mark(session, user_id),
        KnownDevice.expires_at > now,
    )


def _mark(session: Session, user_id: int) -> str:
    return digest(session.scalars(select(StaffUser.password_hash).where(StaffUser.id == user_id)).one())


def _forget_copied(session: Session, user_id: int, token: str, now: datetime) -> None:
    name = session.scalar(
        delete(KnownDevice)
        .where(KnownDevice.user_id == user_id, KnownDevice.previous_digest == digest(token))
        .returning(KnownDevice.name)
        .execution_options(synchronize_session=False)
    )
    if name is not None:
        two_step_mails.device_copied(session, user_id, name, now)
