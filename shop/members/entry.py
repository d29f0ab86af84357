"""Log-in of members. A stranger who guesses closes the name for his own connection, not for the member (T-040, T-091)."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from providers.contract import N_
from shop.core import guessing
from shop.core.db import db, end_read
from shop.core.guessing import Door, LogIn
from shop.core.throttle import Limit
from shop.members.models import Member
from shop.members.names import fold
from shop.outbox import spraying

WINDOW = timedelta(minutes=15)
DOOR = Door("member-login", WINDOW, per_name=5, per_network=30, everywhere=50, shop=100)
_MANY = N_(
    "会員ログインの失敗が、1時間に%(count)s回になりました。他社から流出したパスワードの一覧などで、多くの会員が少しずつ試されているおそれがあります（リスト型攻撃）。\n"
    "ログインは止めていません。同じ接続元や同じ会員IDからの試行は、自動で止まります。身に覚えのない注文の問い合わせや、要確認の受注に注意してください。\n"
    "このお知らせは1日に1回までお送りします。\n"
)


class Provisional(Exception):
    """The password is right, but the registration is not in force yet: 仮登録 (R-272)."""


def authenticate(name: str, password: str, address: str, now: datetime, *, known: str = "") -> LogIn:
    """Check a 会員ID or mail address and its password, typed at ``address``.

    ``known`` is what :func:`marks` gave this browser when a member was last let in with it. Opens its own transactions.
    Raises :class:`Provisional`.
    """
    folded = fold(name)
    own, shared = DOOR.limits(folded, address, known=known)
    whose = or_(Member.login == folded, Member.email_key == folded) & (Member.state != "left")
    found = guessing.check(Member, whose, password, own, shared, now)
    if found.user_id is not None:
        state = db.session.scalar(select(Member.state).where(Member.id == found.user_id))
        end_read()
        if state == "provisional":
            raise Provisional
    if found == LogIn():
        spraying.refused(DOOR, _MANY, now)
    return found


def marks(login: str | None, email: str) -> str:
    """What a browser keeps of a member who has logged in with it, or has proven the mailbox in it."""
    return guessing.marks(login, fold(email))


def prove(member_id: int, password: str, now: datetime) -> LogIn:
    """Check the password of a member who is in, before something that matters. Whoever found the browser open may guess
    five times. Opens its own transactions."""
    own = [Limit("member-proof", str(member_id), DOOR.per_name, WINDOW)]
    return guessing.check(Member, (Member.id == member_id) & (Member.state == "active"), password, own, [], now)
