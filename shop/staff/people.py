"""スタッフの管理: who works here with which rights. Every change names who made it and stands in 最近の操作.

Nobody gives or takes a right they do not have themselves, nobody changes an owner – owners are made by command – and
nobody changes their own account but for the password. Everything runs in the caller's transaction; passwords come hashed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core import passwords, sealed_links
from shop.core.throttle import digest
from shop.staff import log, mails, rights, service
from shop.staff.models import StaffUser
from shop.staff.rights import Right
from shop.staff.service import Identity

LINK_LIFETIME = timedelta(hours=24)
_LINK = "staff-password"


class NotYours(Exception):
    """Whoever asked may not change this account, or not give one of these rights."""


class Taken(Exception):
    """Somebody has this login already."""


class LastOwner(Exception):
    """A shop has an owner."""


class LinkDead(Exception):
    """The link was used, is too old, went to an address that is no longer the person's, or the account is suspended."""


class BadPassword(ValueError):
    """It is the login or the mail address."""


@dataclass(frozen=True, slots=True)
class About:
    """What an account is to be."""

    name: str
    email: str
    rights: frozenset[Right]


def everyone(session: Session) -> Sequence[StaffUser]:
    """Owners first, then in the order they came; who is suspended last."""
    return session.scalars(select(StaffUser).order_by(StaffUser.active.desc(), StaffUser.owner.desc(), StaffUser.id)).all()


def who_can_grant(session: Session, right: Right | None) -> Sequence[str]:
    """Names of those who can give ``right``; the owners alone for ``None``."""
    people = session.scalars(select(StaffUser).where(StaffUser.active).order_by(StaffUser.owner.desc(), StaffUser.id))
    return [each.name for each in people if each.owner or {right, Right.STAFF} <= rights.read(each.rights)]


def may_change(by: Identity, person: StaffUser) -> bool:
    """Whether ``by`` may change this account: not their own, no owner's, and none with a right they lack."""
    if person.owner or person.id == by.user_id:
        return False
    return by.may(Right.STAFF) and rights.read(person.rights) <= by.rights


def add(session: Session, by: Identity, login: str, about: About, now: datetime) -> StaffUser:
    """A new account without a password; a link to choose one goes by mail. Raises :class:`NotYours` or :class:`Taken`."""
    _may_give(by, about.rights)
    new = {
        "login": service.login_name(login), "name": about.name, "email": about.email, "password_hash": "", "owner": False,
        "rights": rights.write(about.rights), "active": True, "created_at": now,
    }  # fmt: skip
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = session.scalar(dialect.insert(StaffUser).values(**new).on_conflict_do_nothing().returning(StaffUser.id))
    if made is None:
        raise Taken
    person = session.get_one(StaffUser, made)
    _note(session, by, N_("スタッフ「%(who)s」を追加（権限：%(rights)s）"), person, now, rights=rights.listed(about.rights))
    _send_link(session, person, now)
    return person


def change(session: Session, by: Identity, person_id: int, about: About, now: datetime) -> bool:
    """Name, address and rights, in force with the person's next request. Returns whether anything was another; the old
    address is told of a new one (T-047). Raises :class:`NotYours`."""
    person = _theirs(session, by, person_id)
    _may_give(by, about.rights)
    changed = [
        f"{label}：{before} → {after}"
        for label, before, after in (
            (N_("名前"), person.name, about.name),
            (N_("メールアドレス"), person.email, about.email),
            (N_("権限"), rights.listed(rights.read(person.rights)), rights.listed(about.rights)),
        )
        if before != after
    ]
    if not changed:
        return False
    moved, before = person.email != about.email, person.email
    _note(session, by, N_("スタッフ「%(who)s」を変更（%(what)s）"), person, now, what="、".join(changed))
    person.name, person.email, person.rights = about.name, about.email, rights.write(about.rights)
    if moved and not person.password_hash:
        _send_link(session, person, now)
    elif moved:
        mails.address_changed(session, person, before, by.login, now)
    return True


def suspend(session: Session, by: Identity, person_id: int, now: datetime) -> None:
    """利用停止: out at once, and the link in the mail dies. Raises :class:`NotYours`."""
    person = _theirs(session, by, person_id)
    if person.active:
        person.active = False
        # Or they would live again with the account.
        service.end_sessions(session, person.id, now)
        _note(session, by, N_("スタッフ「%(who)s」の利用を停止"), person, now)


def reactivate(session: Session, by: Identity, person_id: int, now: datetime) -> None:
    """利用再開, with the rights there were. Raises :class:`NotYours`."""
    person = _theirs(session, by, person_id)
    if not person.active:
        person.active = True
        _note(session, by, N_("スタッフ「%(who)s」の利用を再開"), person, now)


def send_link(session: Session, by: Identity, person_id: int, now: datetime) -> str:
    """Another link to choose a password; returns the address it goes to. Raises :class:`NotYours`."""
    person = _theirs(session, by, person_id)
    if not person.active:
        raise NotYours
    _note(session, by, N_("スタッフ「%(who)s」にパスワード設定のメールを送信"), person, now)
    _send_link(session, person, now)
    return person.email


def invited(session: Session, token: str, now: datetime) -> StaffUser | None:
    """Whose link this is, if it still works. It dies with the password it replaces, so it works once."""
    link = sealed_links.opened(token, _LINK, now)
    person = session.get(StaffUser, int(link["person"])) if link else None
    if link is None or person is None or not person.active or person.owner:
        return None
    return person if (link["email"], link["stamp"]) == (person.email, digest(person.password_hash)) else None


def choose_password(session: Session, token: str, password_hash: str, now: datetime) -> None:
    """Use the link; whoever was logged in under that name is out. Of two presses at once only one gets it. Raises
    :class:`LinkDead`."""
    person = invited(session, token, now)
    if person is None:
        raise LinkDead
    same = (StaffUser.id == person.id) & (StaffUser.password_hash == person.password_hash) & StaffUser.active
    changed = session.execute(
        update(StaffUser).where(same).values(password_hash=password_hash).execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise LinkDead
    service.end_sessions(session, person.id, now)
    log.add(session, f"staff:{person.login}", N_("管理画面のパスワードを設定（メールのリンク）"), now)


def change_password(session: Session, who: Identity, token: str, password_hash: str, now: datetime) -> None:
    """One's own. Every other session ends; ``token`` is the one that stays."""
    session.execute(update(StaffUser).where(StaffUser.id == who.user_id).values(password_hash=password_hash))
    service.end_sessions(session, who.user_id, now, but=token)
    log.add(session, who.actor, N_("管理画面のパスワードを変更"), now)


def withdraw_owner(session: Session, login: str, now: datetime) -> None:
    """An owner becomes a member of staff without rights – by command, for nobody can do it to a colleague. Raises
    ``LookupError`` when no owner has this login, and :class:`LastOwner`."""
    owners = session.scalars(select(StaffUser).where(StaffUser.owner, StaffUser.active).with_for_update()).all()
    found = [each for each in owners if each.login == service.login_name(login)]
    if not found:
        raise LookupError(login)
    if len(owners) == 1:
        raise LastOwner
    found[0].owner = False
    log.add(session, "operator", N_("「%(who)s」を店主からスタッフに変更") % {"who": found[0].login}, now)


def hashed(password: str, *names: str) -> str:
    """The hash of a new password that is none of ``names``. Takes a tenth of a second: never within a transaction. Raises
    :class:`BadPassword` or :class:`~shop.core.passwords.WeakPassword`."""
    if service.login_name(password) in {service.login_name(name) for name in names if name}:
        raise BadPassword
    return passwords.hashed(password, service.PASSWORD_LENGTH)


def _may_give(by: Identity, wanted: Iterable[Right]) -> None:
    if not by.may(Right.STAFF) or not frozenset(wanted) <= by.rights:
        raise NotYours


def _theirs(session: Session, by: Identity, person_id: int) -> StaffUser:
    person = session.scalars(select(StaffUser).where(StaffUser.id == person_id).with_for_update()).one_or_none()
    if person is None or not may_change(by, person):
        raise NotYours
    return person


def _send_link(session: Session, person: StaffUser, now: datetime) -> None:
    sealed = {"person": person.id, "email": person.email, "stamp": digest(person.password_hash)}
    token = sealed_links.seal(sealed, _LINK, now + LINK_LIFETIME)
    mails.password_link(session, person, token, LINK_LIFETIME, now)


def _note(session: Session, by: Identity, text: str, person: StaffUser, now: datetime, **values: str) -> None:
    log.add(session, by.actor, text % {"who": f"{person.name}（{person.login}）", **values}, now)
