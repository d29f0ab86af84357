"""Nightly look at the provider's side of every open order (R-184). What differs then stands in 要確認."""

from sqlalchemy import literal_column, select
from sqlalchemy.types import String

from providers.contract import MoneyStatus
from shop.core import db
from shop.core.batch import each
from shop.orders.models import Order
from shop.payments import actions
from shop.payments.models import Payment

_STANDING = (MoneyStatus.AUTHORIZED.value, MoneyStatus.CAPTURED.value)


def run() -> int:
    """Ask about each payment that stands for an order in 受注一覧. Returns how many answers were readable."""
    standing = (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Order.state == literal_column("'placed'", String), Order.filed == "open", Payment.status.in_(_STANDING),
            Payment.account_version_id.is_not(None),
        )
        .order_by(Payment.id)
    )  # fmt: skip
    return each(db.db.session.scalars(standing).all(), _refresh)


def _refresh(payment_id: int) -> bool:
    return actions.refresh(payment_id).kind == "done"
