"""再送: a mail that has left, written once more – to its reader, or to the shop, which sees what the reader gets.

The copy is a mail of its own with its own Message-ID, and says which one it repeats. A mail that was given up needs none:
``service.retry`` goes on with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.outbox import service
from shop.outbox.models import OutboxMail

#: Kind of a copy that goes to the shop.
TEST = "test_copy"


class Obstacle(Enum):
    """Why a mail cannot be sent again."""

    #: It is on its way, or was given up.
    NOT_SENT = "not_sent"
    #: It held something for its reader alone, which was forgotten when it left.
    SECRET = "secret"
    #: The copy before is still on its way.
    COPY_WAITS = "copy_waits"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a mail can be sent again, and how many copies there are: a press says how many it saw, so it counts once."""

    obstacle: Obstacle | None
    copies: int


def standing(session: Session, mail: OutboxMail) -> Standing:
    """How it stands now."""
    states = session.scalars(select(OutboxMail.state).where(OutboxMail.copy_of == _first(mail))).all()
    return Standing(_obstacle(mail, states), len(states))


def make(session: Session, mail_id: int, seen: int, now: datetime, *, to_shop: str = "") -> bool:
    """Promise a copy to the mail's own reader or, as a test, ``to_shop``. Returns whether this call did: ``False`` when it cannot
    be sent again, or when there are other copies than the ``seen`` number of them – the press came twice."""
    mail = session.get_one(OutboxMail, mail_id)
    session.execute(select(OutboxMail.id).where(OutboxMail.id == _first(mail)).with_for_update())
    now_standing = standing(session, mail)
    if now_standing.obstacle or now_standing.copies != seen:
        return False
    with force_locale(DEFAULT):
        subject = _("【テスト送信】%(subject)s", subject=mail.subject) if to_shop else mail.subject
    service.queue(
        session, TEST if to_shop else mail.kind, mail.order_id, to_shop or mail.recipient, subject, mail.body, now,
        f"copy:{_first(mail)}:{seen}", copy_of=_first(mail),
    )  # fmt: skip
    return True


def _first(mail: OutboxMail) -> int:
    """The mail that was written first: a copy of a copy is one of the same mail."""
    return mail.copy_of or mail.id


def _obstacle(mail: OutboxMail, copies: Sequence[str]) -> Obstacle | None:
    if mail.state != "sent":
        return Obstacle.NOT_SENT
    if service.SECRET in mail.body:
        return Obstacle.SECRET
    return Obstacle.COPY_WAITS if {"queued", "sending"} & set(copies) else None
