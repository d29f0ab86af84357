"""キャンセルのご依頼: the buyer asks, the shop decides (U-064). Asking moves neither money nor goods.

That it was asked is kept as the mail to the shop: it is promised under a key of the order, so there is never a second.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, aliased

from providers.contract import MoneyStatus
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.text import clean_line
from shop.orders import history, mails, own
from shop.orders.models import Order
from shop.outbox import service as outbox
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment

#: The money was taken, or has been given back: nothing is left that an easy word could stop.
_TOO_LATE = (MoneyStatus.CAPTURED, MoneyStatus.REFUNDED, MoneyStatus.VOIDED)


def is_open(order: Order, payment: Payment) -> bool:
    """Whether a cancellation may still be asked for, or a request that was made still stands."""
    return order.filed == "open" and payment.status not in _TOO_LATE


def was_made(session: Session, order: Order) -> bool:
    """Whether the buyer has asked."""
    return outbox.is_promised(session, mails.cancel_request_key(order))


def stands(session: Session, order: Order, payment: Payment) -> bool:
    """Whether the buyer has asked and may still be answered: said wherever staff decide on the order."""
    return is_open(order, payment) and was_made(session, order)


def standing() -> ColumnElement[bool]:
    """:func:`stands` as a condition on the orders of a statement: by an order's id, its mails and payments are indexed."""
    mail, payment = aliased(OutboxMail), aliased(Payment)
    asked = select(mail.id).where(mail.order_id == Order.id, mail.kind == mails.CANCEL_REQUEST)
    newest = select(payment.status).where(payment.order_id == Order.id).order_by(payment.id.desc()).limit(1)
    return and_(Order.filed == "open", asked.exists(), newest.scalar_subquery().not_in(_TOO_LATE))


def make(session: Session, order_id: int, reason: str, now: datetime) -> bool:
    """Tell the shop by mail and 変更履歴 that the buyer of a placed order wants to cancel it; ``reason`` may be empty. Who
    asks again has asked once. Returns whether the request stands: ``False`` when it came too late."""
    order = session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()
    if not is_open(order, own.payment(session, order)):
        return False
    if not was_made(session, order):
        mails.cancel_request(session, order, reason, now)
        with force_locale(DEFAULT):
            what = _("キャンセルの依頼 %(reason)s", reason=clean_line(reason)) if reason else _("キャンセルの依頼")
            history.add_deed(session, order, "buyer", what, now)
    return True
