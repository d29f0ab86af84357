"""Nightly look at the provider's side (R-184, P-06). What differs then stands in 要確認.

Asked about is every payment that stands for an order in 受注一覧, however old, and everything else of the last sixty days:
orders filed away, money that was given back, and attempts that we believe never arrived.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, literal_column, or_, select
from sqlalchemy.types import String

from providers.contract import MoneyStatus
from shop.core import db
from shop.core.batch import each
from shop.core.runtime import now as moment
from shop.orders.models import Order
from shop.payments import actions
from shop.payments.models import Payment, PaymentOperation

_STANDING = (MoneyStatus.AUTHORIZED.value, MoneyStatus.CAPTURED.value)
#: As long as an authorization can be captured (001 §7-2).
_LOOKING_BACK = timedelta(days=60)


def run() -> int:
    """Ask about each payment, one after the other. Returns how many answers were readable."""
    placed = Order.state == literal_column("'placed'", String)
    recent = Payment.created_at > moment() - _LOOKING_BACK
    lost = exists().where(PaymentOperation.payment_id == Payment.id, PaymentOperation.state == "absent")
    due = (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.account_version_id.is_not(None),
            or_(
                and_(placed, Order.filed == "open", Payment.status.in_(_STANDING)),
                and_(placed, recent),
                and_(Order.state == "lapsed", recent, lost),
            ),
        )
        .order_by(Payment.id)
    )
    return each(db.db.session.scalars(due).all(), _refresh)


def _refresh(payment_id: int) -> bool:
    return actions.refresh(payment_id).kind == "done"
