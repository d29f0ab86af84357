"""Becoming a member, and what members change about how they log in. Everything here runs in the caller's transaction;
passwords come hashed (:func:`shop.members.names.hashed`), because hashing takes too long for one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core import ids
from shop.members import history, leaving, mails, sessions, tokens
from shop.members.models import Member
from shop.members.names import fold


class Taken(Exception):
    """Somebody else has the 会員ID (``login``) or the mail address (``email``)."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class LinkDead(Exception):
    """The link was used, is too old, or belongs to an address or password that has changed since."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a new member is; the address may be blank."""

    name: str
    email: str
    language: str
    kana: str = ""
    phone: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""


def create(
    session: Session, person: Person, login: str, password_hash: str, now: datetime, *, proven: bool, provisional: bool = False
) -> Member:
    """A new member, whose mailbox is ``proven`` to be theirs or not. Raises :class:`Taken`, also when another one comes first at the very same moment."""
    new = {
        "public_id": ids.public_id(), "login": fold(login) or None, "email_key": fold(person.email), "password_hash": password_hash,
        "state": "provisional" if provisional else "active", "created_at": now,
        "activated_at": None if provisional else now, "proven_at": now if proven else None,
        **{name: getattr(person, name) for name in Person.__dataclass_fields__},
    }  # fmt: skip
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    member_id = session.scalar(dialect.insert(Member).values(**new).on_conflict_do_nothing().returning(Member.id))
    if member_id is None:
        raise Taken("email" if by_email(session, person.email) else "login")
    history.note(session, member_id, N_("会員登録（仮登録）") if provisional else N_("会員登録"), now)
    return session.get_one(Member, member_id)


def by_email(session: Session, email: str) -> Member | None:
    """The member with this address, provisional ones included."""
    return session.scalars(select(Member).where(Member.email_key == fold(email))).one_or_none()


def has_proven(session: Session, member_id: int, email: str) -> bool:
    """Whether ``email`` is this member's own address, and proven."""
    query = select(Member.id).where(Member.id == member_id, Member.email_key == fold(email), Member.proven_at.is_not(None))
    return session.scalar(query) is not None


def login_taken(session: Session, login: str, proven_email: str = "") -> bool:
    """Whether somebody has this 会員ID who would not give way to one who has proven ``proven_email``."""
    gives_way = (Member.email_key == fold(proven_email)) & Member.proven_at.is_(None)
    return session.scalar(select(Member.id).where(Member.login == fold(login), ~gives_way)) is not None


def register(session: Session, token: str, name: str, login: str, password_hash: str, language: str, now: datetime) -> Member:
    """会員登録 by a link: the address is proven, and an account that has it unproven ends. Raises :class:`LinkDead` or :class:`Taken`; then the link still works if
    the caller's transaction is undone."""
    link = tokens.spend(session, "register", token, now)
    if link is None:
        raise LinkDead
    _make_way(session, link.email, now)
    member = create(session, Person(name, link.email, language), login, password_hash, now, proven=True)
    mails.welcome(session, member, now)
    return member


def change_password(session: Session, member_id: int, password_hash: str, now: datetime) -> Member:
    """Every session ends – the caller opens a new one for who is here – and every link in a mail dies (T-034)."""
    member = _locked(session, member_id)
    member.password_hash = password_hash
    sessions.end_all(session, member_id)
    tokens.kill(session, member_id)
    history.note(session, member_id, N_("パスワードの変更"), now)
    mails.password_changed(session, member, now)
    return member


def reset_password(session: Session, token: str, password_hash: str, now: datetime) -> Member:
    """The same by a link for whoever forgot it. Raises :class:`LinkDead`."""
    link = tokens.spend(session, "reset", token, now)
    if link is None or link.member_id is None:
        raise LinkDead
    return change_password(session, link.member_id, password_hash, now)


def change_login(session: Session, member_id: int, login: str, now: datetime) -> None:
    """会員ID変更. Raises :class:`Taken`."""
    member = _locked(session, member_id)
    _set(session, member, login=fold(login))
    history.note(session, member_id, N_("会員IDの変更"), now)
    mails.login_changed(session, member, now)


def change_email(session: Session, token: str, by: int | None, now: datetime) -> Member:
    """The link that went to the new address was used, ``by`` the member who is logged in there. The old address is told; links
    that went to it die. Raises :class:`LinkDead` – also when the address has become somebody else's meanwhile, which is nobody's
    business, and when an unproven account would have to give way to somebody who is not logged in: the owner of the mailbox,
    curious about a link, shall not end her own account for a stranger's (decision 15)."""
    link = tokens.spend(session, "email", token, now)
    if link is None or link.member_id is None:
        raise LinkDead
    member = _locked(session, link.member_id)
    before = member.email
    if fold(before) != fold(link.email):
        if by != member.id and gives_way(session, link.email):
            raise LinkDead
        _make_way(session, link.email, now)
    try:
        _set(session, member, email=link.email, email_key=fold(link.email))
    except Taken:
        raise LinkDead from None
    member.proven_at = now
    tokens.kill(session, member.id)
    history.note(session, member.id, N_("メールアドレスの変更"), now)
    mails.address_changed(session, member, before, now)
    return member


def gives_way(session: Session, email: str) -> bool:
    """Whether somebody has this address without ever having proven it."""
    query = select(Member.id).where(Member.email_key == fold(email), Member.proven_at.is_(None))
    return session.scalar(query) is not None


def _make_way(session: Session, email: str, now: datetime) -> None:
    """Who has proven this address is about to have it: an account that came with an order and never proved it ends, with all that
    was kept in it. Its orders stay with what is left of it, as a guest's would stay a guest's (T-046, decision 15)."""
    query = select(Member).where(Member.email_key == fold(email), Member.proven_at.is_(None)).with_for_update()
    unproven = session.scalars(query).one_or_none()
    if unproven:
        history.note(session, unproven.id, N_("メールアドレスの持ち主の手続きにより、未確認の会員登録を終了"), now)
        leaving.forget(session, unproven, now)


def _set(session: Session, member: Member, **values: str) -> None:
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(member, name, value)
    except IntegrityError:
        raise Taken("email" if "email" in values else "login") from None


def _locked(session: Session, member_id: int) -> Member:
    return session.scalars(select(Member).where(Member.id == member_id).with_for_update()).one()
