"""売上 of the last two weeks per day and of the two weeks before, real and practice orders apart (R-029)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from admin.order_query import PLACED, latest_payment, midnight
from shop.core.clock import jst
from shop.orders.models import Order
from shop.payments.models import Payment

DAYS = 14
_UNDONE = ("voided", "refunded", "declined", "expired")


@dataclass(frozen=True, slots=True)
class Day:
    """One business day in Japan."""

    day: date
    yen: int
    orders: int
    #: Share of the best day, percent – the height of the bar.
    percent: float


@dataclass(frozen=True, slots=True)
class Sales:
    """Two weeks of one kind of orders."""

    days: Sequence[Day]
    yen: int
    orders: int
    #: In the two weeks before.
    yen_before: int

    @property
    def average_yen(self) -> int:
        """平均購入額; 0 without orders."""
        return self.yen // self.orders if self.orders else 0


def two_weeks(session: Session, now: datetime) -> tuple[Sales, Sales]:
    """Real and practice figures up to today. Cancelled orders and undone payments do not count."""
    today = jst(now).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    first = days[0] - timedelta(days=DAYS)
    # SQLite and PostgreSQL know no common "day in Japan", so the statement carries the midnights; before the 14, -1.
    index = case(
        (Order.placed_at < midnight(days[0]), -1),
        *[(Order.placed_at < midnight(day + timedelta(days=1)), i) for i, day in enumerate(days)],
    )
    inner = (
        select(Order.practice, index.label("day"), Order.total_yen)
        .outerjoin(Payment, Payment.id == latest_payment())
        .where(PLACED, Order.placed_at >= midnight(first), Order.filed != "cancelled")
        .where(or_(Payment.status.is_(None), Payment.status.not_in(_UNDONE)))
        .subquery()
    )
    sums = session.execute(
        select(inner.c.practice, inner.c.day, func.sum(inner.c.total_yen), func.count())
        .group_by(inner.c.practice, inner.c.day)
    )
    found = {(bool(practice), day): (int(yen), count) for practice, day, yen, count in sums}
    real, practice = ([found.get((kind, i), (0, 0)) for i in range(-1, DAYS)] for kind in (False, True))
    return _sales(days, *real), _sales(days, *practice)


def _sales(days: Sequence[date], before: tuple[int, int], *figures: tuple[int, int]) -> Sales:
    best = max(yen for yen, _orders in figures) or 1
    bars = [Day(day, yen, count, round(100 * yen / best, 1)) for day, (yen, count) in zip(days, figures, strict=True)]
    return Sales(bars, sum(bar.yen for bar in bars), sum(bar.orders for bar in bars), before[0])
