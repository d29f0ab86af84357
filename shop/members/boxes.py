"""Mails that anybody may ask for: how many of a kind go to one mailbox, whoever asks and however its address is written (T-045).

The refusal is said to nobody, so no stranger may use up what its owner needs (T-091): what sends no mail takes no turn, and each
kind has turns of its own.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.throttle import Limit

WINDOW = timedelta(minutes=30)
#: Mails that say the same.
PER_RECIPIENT = 3
#: Mails of one kind about different things – another order each, another member who asks.
PER_KIND = 6
_RECIPIENT = "member-mail-to"
_KIND = "member-mail-kind"


def may_write(session: Session, what: str, email: str, now: datetime, *, kind: str = "", address: str = "") -> bool:
    """Whether one more mail that says ``what`` may go to ``email``: asked only when there is one to send, which is then counted.
    ``kind``: what such mails have in common, asked for from ``address``."""
    limits = [Limit(_RECIPIENT, _box(what, email), PER_RECIPIENT, WINDOW)]
    if kind:
        limits += throttle.named(session, Limit(_KIND, _box(kind, email), PER_KIND, WINDOW), throttle.network(address), now)
    return throttle.count(session, limits, now).blocked_until is None


def forget(session: Session, what: str, email: str) -> None:
    """The mails that said ``what`` have done their work; more may be sent."""
    throttle.forget(session, _RECIPIENT, _box(what, email))


def _box(what: str, email: str) -> str:
    return throttle.digest(f"{what} {throttle.mailbox(email)}")
