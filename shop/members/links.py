"""Asking for a link by mail. Every answer is the same whether the address is known, and nobody's box is flooded: only so
many mails are asked for from one connection, and only so many that say the same go to one mailbox (T-039, T-045;
:mod:`shop.members.boxes`).

While the turns of a link are used up the newest of its mails still works – it lives as long as they are counted, and who used
it has them back. An address that came with an order and was never proven opens no way into its account: whoever asks gets the
link of 会員登録, and the account gives way (T-089).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.throttle import Limit
from shop.members import accounts, boxes, mails, tokens
from shop.members.models import Member

#: Mails asked for from one connection, whatever they say.
PER_NETWORK = 5


class TooOften(Exception):
    """This connection has asked for too many mails; ``until`` says when it may again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def to_register(session: Session, email: str, address: str, language: str, now: datetime) -> None:
    """会員登録: a link to prove the address, or word to its member that they are one. Raises :class:`TooOften`."""
    count_request(session, address, now)
    member = accounts.by_email(session, email)
    if member and member.proven_at:
        _say_known(session, member, now)
    elif member:
        _send_claim(session, member, language, now)
    elif boxes.may_write(session, "register", email, now):
        mails.registration_link(session, email, language, tokens.issue(session, "register", email, None, now), now)


def to_reset(session: Session, email: str, address: str, language: str, now: datetime) -> None:
    """パスワードを忘れた: a link to its member, or word that there is none. Raises :class:`TooOften`."""
    count_request(session, address, now)
    member = accounts.by_email(session, email)
    if member and not member.proven_at:
        _send_claim(session, member, language, now)
    elif member and boxes.may_write(session, "reset", email, now):
        token = tokens.issue(session, "reset", member.email, member.id, now)
        mails.reset_link(session, member, token, now)
    elif not member and boxes.may_write(session, "unknown", email, now):
        mails.no_member(session, email, language, now)


def to_change_email(session: Session, member_id: int, email: str, address: str, now: datetime) -> None:
    """メールアドレス変更: a link to the new address, or word to the member who has it. Raises :class:`TooOften`."""
    count_request(session, address, now)
    other = accounts.by_email(session, email)
    if other and (other.proven_at or other.id == member_id):
        _say_known(session, other, now)
    elif boxes.may_write(session, f"email of {member_id}", email, now, kind="email", address=address):
        token = tokens.issue(session, "email", email, member_id, now)
        mails.address_link(session, session.get_one(Member, member_id), email, token, now)


def count_request(session: Session, address: str, now: datetime) -> None:
    """One more mail is asked for from this connection. Raises :class:`TooOften`."""
    asked = throttle.count(session, [Limit("member-mail", throttle.network(address), PER_NETWORK, boxes.WINDOW)], now)
    if asked.blocked_until:
        raise TooOften(asked.blocked_until)


def reset_used(session: Session, email: str) -> None:
    """The links of パスワード再設定 are dead with the one that was used; more may be sent."""
    boxes.forget(session, "reset", email)


def _say_known(session: Session, member: Member, now: datetime) -> None:
    if boxes.may_write(session, "known", member.email, now):
        mails.already_member(session, member.email, member.language, now)


def _send_claim(session: Session, member: Member, language: str, now: datetime) -> None:
    email, provisional = member.email, member.state == "provisional"
    if boxes.may_write(session, "claim", email, now):
        token = tokens.issue(session, "register", email, None, now)
        mails.claim_link(session, email, language, token, now, provisional=provisional)
