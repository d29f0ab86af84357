"""Proof of a mail address that came with an order (T-089, decision 15): 会員登録 with an order makes a member at once (R-272), and
until its mailbox has been opened the address may be a stranger's.

The link proves the mailbox, the log-in that whoever opened it is the one who registered. Neither is enough alone: else the owner
of a mailbox would make a stranger's account good with a click.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core import sealed_links, throttle
from shop.members import boxes, history, links, mails
from shop.members.models import Member

_PURPOSE = "address-proof"


def secret(member: Member, now: datetime) -> str:
    """The secret of a link that proves the address the member has now."""
    return sealed_links.seal({"member": member.id, "box": _box(member)}, _PURPOSE, now + mails.PROOF_LIFETIME)


def ask(session: Session, member_id: int, address: str, now: datetime) -> None:
    """Send the link once more. ``address`` is that of the connection. Raises :class:`~shop.members.links.TooOften`."""
    links.count_request(session, address, now)
    member = session.get_one(Member, member_id)
    if member.proven_at is None and boxes.may_write(session, "proof", member.email, now):
        mails.proof_link(session, member, secret(member, now), now)


def opens(session: Session, member_id: int, token: str, now: datetime) -> bool:
    """Whether the link behind ``token`` is for this member and their address of now. Changes nothing."""
    return _is_for(session.get_one(Member, member_id), token, now)


def prove(session: Session, member_id: int, token: str, now: datetime) -> bool:
    """The member, logged in, has opened the link: the address is theirs. Returns ``False`` when the link is no good."""
    member = session.scalars(select(Member).where(Member.id == member_id).with_for_update()).one()
    if not _is_for(member, token, now):
        return False
    if member.proven_at is None:
        member.proven_at = now
        history.note(session, member.id, N_("メールアドレスの確認"), now)
    return True


def _is_for(member: Member, token: str, now: datetime) -> bool:
    link = sealed_links.opened(token, _PURPOSE, now)
    return link is not None and (int(link["member"]), link["box"]) == (member.id, _box(member))


def _box(member: Member) -> str:
    """Short enough for a link; it tells the address to nobody."""
    return throttle.mailbox(member.email)[:16]
