"""確認中: an attempt whose outcome is still open after a few minutes. Its buyer gets one mail with the way back to the waiting
page – from any browser, for they may have left the one they ordered in (U-041)."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from providers.contract import Verb
from shop.core import db, sealed_links
from shop.core.batch import each
from shop.core.runtime import now as moment
from shop.orders import mails
from shop.orders.models import Order
from shop.outbox import service as outbox
from shop.outbox.models import OutboxMail
from shop.payments.models import OPEN, Payment, PaymentOperation

#: The page says that it usually takes a few minutes, and three minutes after sending a provider's "no such payment" counts
#: (``absent_after``), so nearly everything is settled by now: who gets the mail would otherwise wait without a word.
PATIENCE = timedelta(minutes=5)
#: How long the link leads back. What is open for longer is for a person to settle, and its outcome comes by mail as well.
LINK_LIFE = timedelta(days=3)
_PURPOSE = "waiting"
_BATCH = 50


def run() -> int:
    """Write to every buyer who has waited so long. Returns how many mails were promised."""
    query = select(Order.id).where(Order.state == "draft", _waits(moment()), ~_told()).limit(_BATCH)
    return each(db.db.session.scalars(query).all(), tell)


def tell(order_id: int) -> bool:
    """Promise the mail, once per order; the outbox's row is the mark that it was. Returns whether this call did.

    The order is locked as by settling: an outcome is either known before the mail is written, or comes after it.
    """
    now = moment()
    with db.write() as session:
        session.execute(select(Order.id).where(Order.id == order_id).with_for_update())
        order = session.scalar(select(Order).where(Order.id == order_id, Order.state == "draft", _waits(now)))
        if order is None or outbox.is_promised(session, mails.still_open_key(order)):
            return False
        token = sealed_links.seal({"order": order.id}, _PURPOSE, now + LINK_LIFE)
        mails.still_open(session, order, token, now)
    return True


def opened(session: Session, token: str, now: datetime) -> Order | None:
    """The order behind the mail's link, whatever became of it, while the link works."""
    link = sealed_links.opened(token, _PURPOSE, now)
    return session.get(Order, int(link["order"])) if link else None


def _waits(now: datetime) -> ColumnElement[bool]:
    """The provider was asked for the money that long ago and nobody knows what it did. Whose buyer is at the issuer's page
    (``parked``) is not waited for: their time ends with the hold, and then they are told."""
    return Order.id.in_(
        select(Payment.order_id)
        .join(PaymentOperation, PaymentOperation.payment_id == Payment.id)
        .where(
            OPEN, PaymentOperation.state.in_(("sent", "unknown")), PaymentOperation.verb == Verb.AUTHORIZE,
            PaymentOperation.origin == "shop", PaymentOperation.sent_at <= now - PATIENCE,
        )
    )  # fmt: skip


def _told() -> ColumnElement[bool]:
    return exists().where(OutboxMail.order_id == Order.id, OutboxMail.kind == mails.STILL_OPEN)
