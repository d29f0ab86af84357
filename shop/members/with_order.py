"""会員登録 with a purchase: it takes effect when the order is placed or, as the shop chooses, when it is completed – until then
it is 仮登録 (R-272). Called inside the transactions that place and file orders."""

import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.members import accounts, boxes, history, leaving, mails, proof
from shop.members.accounts import Person, Taken
from shop.members.models import Member
from shop.members.names import fold


def pack(login: str, password_hash: str) -> str:
    """What a confirmation and an order keep of 会員登録 until it happens. The password itself is in none of them. Without
    a ``login`` the member logs in with the mail address."""
    return json.dumps({"login": fold(login), "password_hash": password_hash}, sort_keys=True)


def register_with_order(
    session: Session, registration_json: str, person: Person, now: datetime, timing: str
) -> Member | None:
    """The member that comes with an order: active with the timing ``placed``, provisional with ``completed``.

    When 会員ID or mail address have become somebody's meanwhile the order stands all the same; nobody is registered, and
    a mail to the buyer says why.
    """
    wanted = json.loads(registration_json)
    provisional = timing == "completed"
    try:
        member = accounts.create(
            session, person, wanted["login"], wanted["password_hash"], now, proven=False, provisional=provisional
        )
    except Taken as error:
        earlier = accounts.by_email(session, person.email) if error.what == "email" else None
        taken = "provisional" if earlier and earlier.state == "provisional" else error.what
        if boxes.may_write(session, "not registered", person.email, now):
            mails.not_registered(session, person.email, person.language, person.name, taken, now)
        return None
    if provisional:
        mails.provisional(session, member, now)
    else:
        mails.welcome(session, member, now, proof.secret(member, now))
    return member


def activate_by_order(session: Session, member_id: int, now: datetime) -> bool:
    """The order is completed: 仮登録 becomes 本登録, whatever the timing is by now (R-273). Returns whether it was one."""
    member = _provisional(session, member_id)
    if member:
        member.state, member.activated_at = "active", now
        history.note(session, member.id, N_("会員登録（本登録）"), now)
        mails.welcome(session, member, now, proof.secret(member, now))
    return member is not None


def end_by_order(session: Session, member_id: int, now: datetime) -> bool:
    """The order is cancelled: 仮登録 ends, and 会員ID and mail address are free for another registration. Returns whether
    it was one."""
    member = _provisional(session, member_id)
    if member:
        mails.provisional_ended(session, member, now)
        leaving.forget(session, member, now)
    return member is not None


def _provisional(session: Session, member_id: int) -> Member | None:
    query = select(Member).where(Member.id == member_id, Member.state == "provisional").with_for_update()
    return session.scalars(query).one_or_none()
