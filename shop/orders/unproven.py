"""会員登録 with an order whose address nobody ever proved, and whose orders came to nothing: what a flood of false orders leaves
behind ends by itself (T-089, decision 15)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core import db
from shop.core.runtime import now as moment
from shop.members import history, leaving
from shop.members.models import Member, MemberSession
from shop.orders.models import Order

#: As long as an address may stay unproven without an order that stands and without a visit.
LIFE = timedelta(days=30)
_BATCH = 200


def over(session: Session, now: datetime) -> Sequence[int]:
    """The members whose time is over, some at a time."""
    return session.scalars(select(Member.id).where(*_over(now)).order_by(Member.id).limit(_BATCH)).all()


def end(member_id: int) -> bool:
    """End one of them, if that is still so; nobody is written to, for the mailbox may be a stranger's."""
    now = moment()
    with db.write() as session:
        member = session.scalars(select(Member).where(Member.id == member_id, *_over(now)).with_for_update()).one_or_none()
        if member:
            history.note(session, member.id, N_("メールアドレスが確認されず、ご注文もないため、会員登録を終了"), now)
            leaving.forget(session, member, now)
    return member is not None


def _over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    stands = (Order.state == "draft") | ((Order.state == "placed") & (Order.filed != "cancelled"))
    return (
        Member.state == "active", Member.proven_at.is_(None), Member.created_at < now - LIFE,
        ~exists().where(Order.member_id == Member.id, stands),
        ~exists().where(MemberSession.member_id == Member.id, MemberSession.seen_at >= now - LIFE),
    )  # fmt: skip
