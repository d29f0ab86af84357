"""会員情報 – who a member is and where they live, as forms of the shop name it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.members import history, mails
from shop.members.models import Member

#: What 会員情報変更 changes: columns of a member, and their fields. The mail address proves itself elsewhere.
_FIELDS = {"name": "buyer_name", "kana": "buyer_kana"} | {
    name: name for name in ("phone", "postal_code", "prefecture", "address1", "address2")
}


def as_form(session: Session, member_id: int) -> dict[str, str]:
    """The member's own data by the names of the form's fields, what is blank left out."""
    query = select(
        Member.name.label("buyer_name"), Member.kana.label("buyer_kana"), Member.email, Member.phone, Member.postal_code,
        Member.prefecture, Member.address1, Member.address2,
    ).where(Member.id == member_id)  # fmt: skip
    return {name: value for name, value in session.execute(query).one()._mapping.items() if value}


def change(session: Session, member_id: int, form: Mapping[str, str], now: datetime) -> None:
    """会員情報変更, by the names of the form's fields. The member is told by mail (T-047), unless nothing changed."""
    member = session.scalars(select(Member).where(Member.id == member_id).with_for_update()).one()
    if all(getattr(member, column) == form[field] for column, field in _FIELDS.items()):
        return
    for column, field in _FIELDS.items():
        setattr(member, column, form[field])
    history.note(session, member_id, N_("会員情報の変更"), now)
    mails.profile_changed(session, member, now)
