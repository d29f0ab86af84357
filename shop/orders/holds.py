"""引き当て – ending the hold of an attempt: when its time is over, or when staff let go of it (R-161, R-167)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalogue.models import StockHold
from shop.core import db
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.runtime import now as moment
from shop.orders import history, settlement
from shop.payments import executor, reconcile
from shop.payments.engine import Busy
from shop.payments.models import Payment, PaymentOperation


class UnderWay(Exception):
    """The provider is being called for this attempt at this moment; nothing was released."""


def end(order_id: int) -> bool:
    """End an order's open holds. An unknown payment is asked about first; without an answer the units go back anyway.

    Money that comes later takes the units again or is voided (R-164). Returns whether anything was settled or released.
    """
    payment_id = db.db.session.scalar(select(Payment.id).where(Payment.order_id == order_id))
    operation_id = reconcile.open_operation(payment_id) if payment_id is not None else None
    if operation_id is not None and reconcile.ask(operation_id):
        return True
    with db.write() as session:
        return settlement.release_expired(session, order_id, moment())


def end_if_over(order_id: int) -> bool:
    """End the hold of a buyer who is away at another page, when its time is over: whoever comes by first does it, the job or
    the buyer. Calls nobody. Returns ``False``, without writing, while there is time left, nothing is held, or the provider has
    to be asked first."""
    now = moment()
    if _decided_elsewhere(order_id):
        return False
    over = select(StockHold.id).where(
        StockHold.order_id == order_id, StockHold.state == "held", StockHold.expires_at <= now
    )
    if db.db.session.scalar(over.limit(1)) is None:
        return False
    with db.write() as session:
        return settlement.release_expired(session, order_id, now)


def _decided_elsewhere(order_id: int) -> bool:
    """Whether the buyer who is away may have been charged there: then the provider is asked first, by :func:`end`."""
    query = select(PaymentOperation).join(Payment).where(Payment.order_id == order_id, PaymentOperation.state == "parked")
    parked = db.db.session.scalar(query)
    return parked is not None and reconcile.decided_elsewhere(parked)


def let_go(order_id: int, actor: str) -> bool:
    """Release before the time is over, because staff say so; noted in 変更履歴. Returns ``False`` when nothing was held.

    Raises :class:`UnderWay` while a call is out: its answer is a matter of seconds. So is this one's own question.
    """
    session = db.db.session()
    if _call_is_out(session, order_id):
        raise UnderWay
    if not is_open(session, order_id):
        return False

    def release() -> bool:
        end(order_id)
        with db.write() as writing, force_locale(DEFAULT):
            history.add(writing, order_id, actor, _("引き当て中の在庫を解放"), moment())
        return True

    try:
        if executor.attend(release) is None:
            raise UnderWay
    except Busy:
        raise UnderWay from None
    return True


def is_open(session: Session, order_id: int) -> bool:
    """Whether units are held for this order."""
    held = select(StockHold.id).where(StockHold.order_id == order_id, StockHold.state == "held")
    return session.scalar(held.limit(1)) is not None


def _call_is_out(session: Session, order_id: int) -> bool:
    query = (
        select(PaymentOperation.id)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .where(Payment.order_id == order_id, PaymentOperation.state == "sent", PaymentOperation.check_at > moment())
    )
    return session.scalar(query.limit(1)) is not None
