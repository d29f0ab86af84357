"""会員設定 – one row, or the values it comes with."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.members.models import MemberSettings


def get(session: Session) -> MemberSettings:
    """The stored settings, or fresh ones that are not stored yet."""
    return session.scalars(select(MemberSettings).limit(1)).one_or_none() or _as_it_comes()


def to_change(session: Session) -> MemberSettings:
    """The row, made now where there was none, for a transaction that changes it. It is row 1, so there is never a second."""
    row = session.scalars(select(MemberSettings).limit(1).with_for_update()).one_or_none()
    if row is None:
        row = _as_it_comes()
        row.id = 1
        session.add(row)
    return row


def _as_it_comes() -> MemberSettings:
    table = MemberSettings.__table__
    return MemberSettings(**{column.name: column.default.arg for column in table.columns if column.default is not None})
