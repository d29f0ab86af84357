"""トップ – what needs a person first, then how the shop is doing. One statement per block."""

from typing import Any

from flask import render_template
from sqlalchemy import Row, func, literal_column, select
from sqlalchemy.orm import Session

from admin import sales
from admin.blueprint import blueprint, staff
from admin.order_query import Search, countable, judge, listed
from admin.watch import ATTENTION_LIMIT, concerns
from shop.catalogue.models import StockHold
from shop.core.db import db
from shop.core.paging import COUNT_CAP
from shop.core.runtime import now
from shop.delivery.models import DeliveryPayment
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments import breaker, cardalarm
from shop.payments.guard_models import CardGuard
from shop.payments.models import PaymentMethod, ProviderAccount
from shop.staff.models import TwoStep

_LAST_ORDERS = 8
_SHOWN_ITEMS = 5


@blueprint.get("")
def dashboard() -> str:
    """The desk in the morning."""
    session = db.session()
    moment = now()
    counts = _counts(session)
    real, practice = sales.two_weeks(session, moment)
    last = session.execute(listed("open", Search()).order_by(Order.id.desc()).limit(_LAST_ORDERS)).all()
    return render_template(
        "admin/dashboard.html",
        concerns=concerns(session, moment, ATTENTION_LIMIT),
        shown=_SHOWN_ITEMS,
        counts=counts,
        card_stage=cardalarm.stage(counts.CardGuard, moment),
        cap=COUNT_CAP,
        unpaired=session.scalars(_unpaired_methods()).all(),
        real=real,
        practice=practice,
        rows=[judge(row) for row in last],
    )


def _counts(session: Session) -> Row[Any]:
    uncaptured = countable("open", Search(todo="uncaptured"))
    cancel_asked = countable("open", Search(todo="cancel_asked"))
    failed = select(OutboxMail.id).where(OutboxMail.state == "failed")
    held = select(StockHold.id).where(StockHold.state == literal_column("'held'"))
    silent = select(ProviderAccount.id).where(ProviderAccount.silent_calls >= breaker.FAILURES)
    named = {"uncaptured": uncaptured, "cancel_asked": cancel_asked, "failed_mails": failed, "holds": held, "silent": silent}
    user = staff()
    guarded = select(TwoStep.id).where(TwoStep.user_id == (user.identity.user_id if user else 0)).exists()
    # With the row of カード不正利用対策, which 要確認 asks for as well: it is in the session then.
    return session.execute(
        select(CardGuard, guarded.label("two_step"), *[_capped(query).label(name) for name, query in named.items()])
    ).one()


def _capped(query: Any) -> Any:
    return select(func.count()).select_from(query.limit(COUNT_CAP + 1).subquery()).scalar_subquery()


def _unpaired_methods() -> Any:
    """設定済み, but [×] for every courier: buyers never see it (R-031)."""
    paired = select(DeliveryPayment.delivery_id).where(DeliveryPayment.payment_method_id == PaymentMethod.id)
    return select(PaymentMethod.name).where(
        PaymentMethod.configured, PaymentMethod.removed_at.is_(None), ~paired.exists()
    )
