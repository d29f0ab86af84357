"""退会. What belongs to the person goes; orders stay as the law asks, and point to a row without a name."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.members import history, mails, sessions, tokens
from shop.members.models import Member, MemberAddress

#: Why a member cannot leave yet, in words for them; ``None`` when nothing stands against it.
Objection = Callable[[Session, int], str | None]
#: What else goes with a member, in the same transaction: the member, then the moment.
Farewell = Callable[[Session, Member, datetime], None]

_objections: list[Objection] = []
_farewells: list[Farewell] = []


class CannotLeave(Exception):
    """Something still runs in the member's name; ``reason`` says what, in words for them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def on_leaving(objection: Objection | None = None, farewell: Farewell | None = None) -> None:
    """For parts of the shop that members knows nothing of – subscriptions, stored cards: take part in 退会. Called where the
    application is put together; a second time it changes nothing."""
    if objection and objection not in _objections:
        _objections.append(objection)
    if farewell and farewell not in _farewells:
        _farewells.append(farewell)


def objection(session: Session, member_id: int) -> str | None:
    """Why this member cannot leave yet, if so (R-276)."""
    return next((reason for ask in _objections if (reason := ask(session, member_id))), None)


def leave(session: Session, member_id: int, now: datetime) -> None:
    """The member leaves: no log-in any more, name and address gone, 会員ID and mail address free for others. Raises
    :class:`CannotLeave`."""
    member = session.scalars(select(Member).where(Member.id == member_id).with_for_update()).one()
    reason = objection(session, member_id)
    if reason:
        raise CannotLeave(reason)
    history.note(session, member.id, N_("退会"), now)
    mails.left(session, member.name, member.email, member.language, now)
    forget(session, member, now)


def forget(session: Session, member: Member, now: datetime) -> None:
    """Take out of a member's row, and of what hangs on it, all that says who they were; what else goes with them, goes first."""
    for farewell in _farewells:
        farewell(session, member, now)
    sessions.end_all(session, member.id)
    tokens.kill(session, member.id)
    session.execute(delete(MemberAddress).where(MemberAddress.member_id == member.id))
    member.login = member.email_key = None
    member.state, member.left_at = "left", now
    for name in ("email", "password_hash", "name", "kana", "phone", "postal_code", "prefecture", "address1", "address2"):
        setattr(member, name, "")
    session.flush()
