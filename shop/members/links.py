"""Asking for a link by mail. Every answer is the same whether the address is known, and nobody's box is flooded: only so
many mails are asked for from one connection, and only so many go to one address (T-039, T-045)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.throttle import Limit
from shop.members import accounts, mails, tokens
from shop.members.models import Member
from shop.members.names import fold

WINDOW = timedelta(minutes=30)
PER_NETWORK = 5
PER_RECIPIENT = 3


class TooOften(Exception):
    """This connection has asked for too many mails; ``until`` says when it may again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def to_register(session: Session, email: str, address: str, language: str, now: datetime) -> None:
    """会員登録: a link to prove the address, or word to its member that they are one. Raises :class:`TooOften`."""
    if not may_write(session, email, address, now):
        return
    member = accounts.by_email(session, email)
    if member:
        mails.already_member(session, member.email, member.language, now)
    else:
        mails.registration_link(session, email, language, tokens.issue(session, "register", email, None, now), now)


def to_reset(session: Session, email: str, address: str, language: str, now: datetime) -> None:
    """パスワードを忘れた: a link to its member, or word that there is none. Raises :class:`TooOften`."""
    if not may_write(session, email, address, now):
        return
    member = accounts.by_email(session, email)
    if member:
        token = tokens.issue(session, "reset", member.email, member.id, now)
        mails.reset_link(session, member, token, now)
    else:
        mails.no_member(session, email, language, now)


def to_change_email(session: Session, member_id: int, email: str, address: str, now: datetime) -> None:
    """メールアドレス変更: a link to the new address, or word to the member who has it. Raises :class:`TooOften`."""
    if not may_write(session, email, address, now):
        return
    other = accounts.by_email(session, email)
    if other:
        mails.already_member(session, other.email, other.language, now)
    else:
        token = tokens.issue(session, "email", email, member_id, now)
        mails.address_link(session, session.get_one(Member, member_id), email, token, now)


def count_request(session: Session, address: str, now: datetime) -> None:
    """One more mail is asked for from this connection. Raises :class:`TooOften`."""
    asked = throttle.count(session, [Limit("member-mail", throttle.network(address), PER_NETWORK, WINDOW)], now)
    if asked.blocked_until:
        raise TooOften(asked.blocked_until)


def may_write(session: Session, email: str, address: str, now: datetime) -> bool:
    """Whether one more mail may go to ``email``: counted for known and unknown addresses alike."""
    count_request(session, address, now)
    to = Limit("member-mail-to", throttle.digest(fold(email)), PER_RECIPIENT, WINDOW)
    return throttle.count(session, [to], now).blocked_until is None
