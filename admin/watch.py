"""Lists that watch over money in motion: 要確認, 決済未完了 and 引き当て中の在庫. They read only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request
from sqlalchemy import BigInteger, String, Text, func, literal_column, null, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from admin import words
from admin.blueprint import blueprint
from admin.order_query import latest_payment
from admin.paging import SIZE
from providers.contract import MoneyStatus
from shop.catalogue.models import Product, StockHold, Variant
from shop.core.db import UtcDateTime, db
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.paging import Rows
from shop.core.runtime import now
from shop.core.text import small_number
from shop.orders import review
from shop.orders.models import Order, OrderReview
from shop.payments import attention
from shop.payments.models import Payment, PaymentOperation

#: Of each kind of concern.
ATTENTION_LIMIT = 100
HOLD_LIMIT = 200
_NOT_PLACED = Order.state != literal_column("'placed'", String)
#: What is known of some concerns only.
_NO_PAYMENT = null().cast(BigInteger).label("payment_id")
_NO_AMOUNT = null().cast(Payment.remote_amount_yen.type).label("theirs")
_NO_SIGNALS = null().cast(Text).label("signals")
_HELD = StockHold.state == literal_column("'held'", String)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something for a person to look at, in words, and the number of the order it is about, if that became one."""

    item: attention.Item
    number: str | None

    @property
    def detail(self) -> str:
        return words.problem(self.item.detail) if self.item.kind == "payment" else self.item.detail


@dataclass(frozen=True, slots=True)
class Hold:
    """One open hold and how long it has left."""

    data: Any
    seconds_left: int


@blueprint.get("/payments/attention")
def payment_attention() -> str:
    """要確認 – what a person should look at, oldest first."""
    found = concerns(db.session(), now(), ATTENTION_LIMIT)
    return render_template("admin/attention.html", concerns=found)


def concerns(session: Session, moment: datetime, limit: int) -> list[Concern]:
    """What needs a person, at most ``limit`` of each kind."""
    items = attention.items(session, moment, limit)
    ids = {item.order_id for item in items if item.order_id}
    rows = session.execute(union_all(_numbers(ids), _differing(limit), _in_doubt(limit))).all()
    numbers = {row.id: row.number for row in rows}
    differing = [_difference(row) for row in rows if row.theirs is not None]
    doubtful = [_doubt(row) for row in rows if row.signals is not None]
    return [
        Concern(item, numbers.get(item.order_id or 0))
        for item in sorted([*items, *differing, *doubtful], key=lambda item: item.since)
    ]


def _numbers(ids: set[int]) -> Rows:
    return select(
        Order.id, Order.number, Order.total_yen, _NO_PAYMENT, _NO_AMOUNT, null().cast(UtcDateTime()).label("since"), _NO_SIGNALS
    ).where(Order.id.in_(ids))


def _differing(limit: int) -> Rows:
    """Orders in 受注一覧 whose amount is not the provider's (R-194)."""
    live = (MoneyStatus.AUTHORIZED.value, MoneyStatus.CAPTURED.value)
    found = (
        select(
            Order.id, Order.number, Order.total_yen, Payment.id.label("payment_id"),
            Payment.remote_amount_yen.label("theirs"), Payment.remote_seen_at.label("since"), _NO_SIGNALS,
        )
        .join(Payment, Payment.id == latest_payment())
        .where(
            Order.state == literal_column("'placed'", String), Order.filed == "open", Payment.status.in_(live),
            Payment.remote_amount_yen != Order.total_yen,
        )
        .order_by(Order.id)
        .limit(limit)
    ).subquery()  # fmt: skip
    return select(found)


def _in_doubt(limit: int) -> Rows:
    """Orders that a person has yet to look into (T-090). One that was cancelled needs nobody any more."""
    found = (
        select(
            Order.id, Order.number, Order.total_yen, _NO_PAYMENT, _NO_AMOUNT, OrderReview.found_at.label("since"),
            OrderReview.signals,
        )
        .join(Order, Order.id == OrderReview.order_id)
        .where(review.IN_DOUBT, Order.filed != "cancelled")
        .order_by(OrderReview.order_id)
        .limit(limit)
    ).subquery()  # fmt: skip
    return select(found)


def _doubt(row: Any) -> attention.Item:
    reasons = "".join(signal.reason for signal in review.read(row.signals))
    return attention.Item("review", str(words.IN_DOUBT.text), reasons, row.id, None, row.since)


def _difference(row: Any) -> attention.Item:
    text = _("受注 %(ours)s、決済会社側 %(theirs)s", ours=format_yen(row.total_yen), theirs=format_yen(row.theirs))
    return attention.Item("amount", _("金額の差異"), text, row.id, row.payment_id, row.since)


@blueprint.get("/payments/attempts")
def payment_attempts() -> str:
    """決済未完了 – attempts that did not become orders (decision 21)."""
    before = small_number(request.args.get("before"))
    rows = db.session.execute(_attempts(before)).all()
    older = rows[SIZE - 1].id if len(rows) > SIZE else None
    return render_template("admin/attempts.html", rows=rows[:SIZE], older=older, before=before)


@blueprint.get("/holds")
def holds() -> str:
    """Stock kept for open payments, the next to end first."""
    moment = now()
    rows = [Hold(row, _seconds_left(row.expires_at, moment)) for row in db.session.execute(_holds())]
    return render_template("admin/holds.html", holds=rows, limit=HOLD_LIMIT)


def _attempts(before: int | None) -> Rows:
    inner = aliased(PaymentOperation)
    last = select(func.max(inner.id)).where(inner.payment_id == Payment.id).correlate(Payment).scalar_subquery()
    query = (
        select(
            Order.id, Order.created_at, Order.state, Order.buyer_name, Order.email, Order.total_yen, Order.practice,
            Order.payment_name, Payment.merchant_ref, PaymentOperation.verb, PaymentOperation.state.label("operation"),
            PaymentOperation.result_category, PaymentOperation.result_code,
        )
        .select_from(Order)
        .where(_NOT_PLACED)
        .outerjoin(Payment, Payment.id == latest_payment())
        .outerjoin(PaymentOperation, PaymentOperation.id == last)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(SIZE + 1)
    )
    if before is None:
        return query
    last_shown = aliased(Order)
    moment = select(last_shown.created_at).where(last_shown.id == before).scalar_subquery()
    return query.where(tuple_(Order.created_at, Order.id) < tuple_(moment, before))


def _holds() -> Rows:
    return (
        select(
            StockHold.id, StockHold.order_id, StockHold.quantity, StockHold.expires_at, Product.name, Variant.name.label("variant"),
            Variant.code, Order.buyer_name, Order.created_at, Order.number,
        )
        .where(_HELD)
        .join(Variant, Variant.id == StockHold.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .join(Order, Order.id == StockHold.order_id)
        .order_by(StockHold.expires_at)
        .limit(HOLD_LIMIT)
    )


def _seconds_left(expires_at: datetime, moment: datetime) -> int:
    return max(0, int((expires_at - moment).total_seconds()))
