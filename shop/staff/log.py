"""最近の操作 – who changed what in the settings. Lines are added, never changed; they name settings, never values."""

from datetime import datetime

from sqlalchemy.orm import Session

from shop.staff.models import StaffLog


def add(session: Session, actor: str, text: str, now: datetime) -> None:
    """Append one line in the caller's transaction. ``actor`` is ``staff:<login>``."""
    session.add(StaffLog(at=now, actor=actor, text=text))
