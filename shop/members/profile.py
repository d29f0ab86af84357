"""会員情報 – who a member is and where they live, as forms of the shop name it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.members.models import Member


def as_form(session: Session, member_id: int) -> dict[str, str]:
    """The member's own data by the names of the form's fields, what is blank left out."""
    query = select(
        Member.name.label("buyer_name"), Member.kana.label("buyer_kana"), Member.email, Member.phone, Member.postal_code,
        Member.prefecture, Member.address1, Member.address2,
    ).where(Member.id == member_id)  # fmt: skip
    return {name: value for name, value in session.execute(query).one()._mapping.items() if value}
