"""Nightly look at the provider's side (R-184, P-06). What differs then stands in 要確認.

Asked about is every payment that stands for an order in 受注一覧, however old, and everything else of the last sixty days:
orders filed away, money that was given back, and attempts that we believe never arrived. What was seen longest ago comes
first: once the provider has refused a contract's credentials, the rest of that contract waits for the next night.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, literal_column, or_, select
from sqlalchemy.types import String

from providers.contract import MoneyStatus
from shop.core import db
from shop.core.batch import each
from shop.core.runtime import now as moment
from shop.orders.models import Order
from shop.payments import actions, turned_away
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
        select(Payment.id, Payment.account_version_id)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.account_version_id.is_not(None),
            or_(
                and_(placed, Order.filed == "open", Payment.status.in_(_STANDING)),
                and_(placed, recent),
                and_(Order.state == "lapsed", recent, lost),
            ),
        )
        .order_by(Payment.remote_seen_at.is_not(None), Payment.remote_seen_at, Payment.id)
    )
    refused: set[int] = set()
    return each(db.db.session.execute(due).all(), lambda row: _refresh(row.id, row.account_version_id, refused))


def _refresh(payment_id: int, version_id: int, refused: set[int]) -> bool:
    asked = version_id not in refused and not turned_away.rests(version_id)
    seen = asked and actions.refresh(payment_id).kind == "done"
    if turned_away.rests(version_id):
        refused.add(version_id)
    return seen
