"""お届け先リスト. Every function asks for the member as well: an address of somebody else is none (T-051)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.members import history, mails
from shop.members.models import Member, MemberAddress

#: More are no list any more.
MOST = 20
COLUMNS = ("name", "phone", "postal_code", "prefecture", "address1", "address2")


class Full(Exception):
    """The list holds :data:`MOST` addresses already."""


def of_member(session: Session, member_id: int) -> Sequence[MemberAddress]:
    """All addresses of a member, as they came."""
    query = select(MemberAddress).where(MemberAddress.member_id == member_id)
    return session.scalars(query.order_by(MemberAddress.id)).all()


def find(session: Session, member_id: int, address_id: int) -> MemberAddress | None:
    """This address, if it is the member's."""
    query = select(MemberAddress).where(MemberAddress.id == address_id, MemberAddress.member_id == member_id)
    return session.scalars(query).one_or_none()


def add(session: Session, member_id: int, values: Mapping[str, str], now: datetime) -> None:
    """One more, ``values`` by the names of :data:`COLUMNS`. Raises :class:`Full`."""
    # Additions of one member wait for each other, so that no two see the last free place.
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
    there = select(func.count()).select_from(MemberAddress).where(MemberAddress.member_id == member_id)
    if (session.scalar(there) or 0) >= MOST:
        raise Full
    session.add(MemberAddress(member_id=member_id, created_at=now, **{name: values[name] for name in COLUMNS}))
    _noted(session, member_id, N_("お届け先の追加"), now)


def change(session: Session, address: MemberAddress, values: Mapping[str, str], now: datetime) -> None:
    """Other values for an address that :func:`find` found; nothing where they are the same."""
    if all(getattr(address, name) == values[name] for name in COLUMNS):
        return
    for name in COLUMNS:
        setattr(address, name, values[name])
    _noted(session, address.member_id, N_("お届け先の変更"), now)


def remove(session: Session, address: MemberAddress, now: datetime) -> None:
    """An address that :func:`find` found goes. Orders keep what was written on them."""
    session.delete(address)
    _noted(session, address.member_id, N_("お届け先の削除"), now)


def _noted(session: Session, member_id: int, what: str, now: datetime) -> None:
    history.note(session, member_id, what, now)
    mails.addresses_changed(session, session.get_one(Member, member_id), now)
