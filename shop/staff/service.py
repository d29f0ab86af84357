"""Who may open the admin: the throttle on guessing, and sessions that can be ended from here."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core import guessing, passwords
from shop.core.guessing import Door, LogIn
from shop.core.text import narrow
from shop.core.throttle import Limit
from shop.outbox import spraying
from shop.staff import rights
from shop.staff.models import StaffSession, StaffUser
from shop.staff.rights import Right

PASSWORD_LENGTH = 12
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
#: So long may who typed the right password look for the phone with the code.
HALFWAY_LIFE = timedelta(minutes=10)
#: ``seen_at`` is written at most this often, so reading the admin costs no write per page.
TOUCH_EVERY = timedelta(minutes=1)
DOOR = Door("staff-login", timedelta(minutes=15), per_name=5, per_network=20, everywhere=50, shop=50)
_MANY = N_(
    "管理画面のログインの失敗が、1時間に%(count)s回になりました。流出したパスワードの一覧などで、ログインIDが少しずつ試されているおそれがあります。\n"
    "ログインは止めていません。スタッフ全員の二段階認証がオンになっているか確かめ、使っていないスタッフは利用を停止してください。\n"
    "このお知らせは1日に1回までお送りします。\n"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The staff member behind a live session."""

    user_id: int
    login: str
    name: str
    seen_at: datetime
    owner: bool
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights

    @property
    def actor(self) -> str:
        """How histories and operations name this person."""
        return f"staff:{self.login}"


def new_owner(login: str, name: str, password: str, now: datetime) -> StaffUser:
    """An owner, hashed but not yet stored: add it in a write of your own. Raises
    :class:`~shop.core.passwords.WeakPassword`."""
    hashed = passwords.hashed(password, PASSWORD_LENGTH)
    return StaffUser(login=login_name(login), name=name, password_hash=hashed, owner=True, created_at=now)


def authenticate(login: str, password: str, address: str, now: datetime, *, known: str = "") -> LogIn:
    """Check a name and password typed at ``address``, in a browser that keeps the :func:`marks` ``known``. Opens its own
    transactions."""
    name = login_name(login)
    own, shared = DOOR.limits(name, address, known=known)
    found = guessing.check(StaffUser, (StaffUser.login == name) & StaffUser.active, password, own, shared, now)
    if found == LogIn():
        spraying.refused(DOOR, _MANY, now)
    return found


def prove(user_id: int, password: str, now: datetime) -> LogIn:
    """Check the password of a person who is in, before something that matters. Whoever found the desk open may guess five
    times; who guesses at the door keeps nobody from it (T-091). Opens its own transactions."""
    own = [Limit("staff-proof", str(user_id), DOOR.per_name, DOOR.window)]
    return guessing.check(StaffUser, (StaffUser.id == user_id) & StaffUser.active, password, own, [], now)


def marks(login: str) -> str:
    """What a browser keeps of a staff member who has logged in with it: strangers who guess do not close it (T-091)."""
    return guessing.marks(login_name(login))


def start_session(session: Session, user_id: int, now: datetime, *, halfway: bool = False) -> str:
    """Open a session and return its token; only the digest is stored. Clears the user's dead sessions.

    ``halfway``: the code of the two-step log-in is still due.
    """
    dead = (StaffSession.ended_at.is_not(None)) | (StaffSession.created_at <= now - LIFETIME)
    session.execute(delete(StaffSession).where(StaffSession.user_id == user_id, dead))
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(token_digest=_digest(token), user_id=user_id, halfway=halfway, created_at=now, seen_at=now)
    )
    return token


def session_user(session: Session, token: str, now: datetime) -> Identity | None:
    """Who is behind ``token``, or ``None`` when the session ended, idled out or grew too old. Writes nothing."""
    row = session.execute(
        select(
            StaffUser.id, StaffUser.login, StaffUser.name, StaffUser.owner, StaffUser.rights, StaffSession.seen_at
        )
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(
            StaffSession.token_digest == _digest(token),
            StaffSession.halfway.is_(False),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - IDLE,
            StaffSession.created_at > now - LIFETIME,
            StaffUser.active,
        )
    ).one_or_none()
    if row is None:
        return None
    granted = rights.ALL if row.owner else rights.read(row.rights)
    return Identity(row.id, row.login, row.name, row.seen_at, row.owner, granted)


def halfway_user(session: Session, token: str, now: datetime) -> int | None:
    """Whose code is due in the session of ``token``, if the password was right a moment ago."""
    return session.scalar(
        select(StaffSession.user_id)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(
            StaffSession.token_digest == _digest(token),
            StaffSession.halfway,
            StaffSession.ended_at.is_(None),
            StaffSession.created_at > now - HALFWAY_LIFE,
            StaffUser.active,
        )
    )


def touch_session(session: Session, token: str, now: datetime) -> None:
    """Note that the session was used."""
    session.execute(update(StaffSession).where(StaffSession.token_digest == _digest(token)).values(seen_at=now))


def end_sessions(session: Session, user_id: int, now: datetime, but: str = "") -> None:
    """Log a person out everywhere – but for the session with this token."""
    theirs = (StaffSession.user_id == user_id) & (StaffSession.token_digest != _digest(but))
    session.execute(update(StaffSession).where(theirs, StaffSession.ended_at.is_(None)).values(ended_at=now))


def end_session(session: Session, token: str, now: datetime) -> None:
    """Log out on the server: whoever still holds the cookie holds nothing."""
    session.execute(update(StaffSession).where(StaffSession.token_digest == _digest(token)).values(ended_at=now))


def login_name(login: str) -> str:
    """As it is stored and looked up: in any width and case."""
    return narrow(login).casefold()


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
