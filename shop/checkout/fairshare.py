"""引き当て for payments under way: nobody must keep the shelf empty, or a coupon busy, by opening payments and leaving them (T-087,
T-091).

One browser, or one range of addresses, takes its share of a variant's units, and of a coupon's uses; of the units, all together
who wait for 本人認証 take no more than theirs, however many networks they come from – so the last units of a shelf wait until
one of them is done, and are never all gone with people who may not come back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from shop.catalogue.models import StockHold, Variant
from shop.payments import cardalarm, cardguard
from shop.payments.guard_models import CardTry
from shop.payments.models import Payment, PaymentOperation
from shop.promotions.models import Coupon, CouponUse


class CouponBusy(Exception):
    """Payments of this browser or network that are under way hold their share of the coupon. Without it the order can be placed."""


def check(
    session: Session, who: cardguard.Who, wanted: Mapping[int, int], coupon_id: int | None, now: datetime, *, authenticates: bool
) -> None:
    """Refuse a hold that gives somebody more than their share of a variant, or of the coupon, after its rows are locked and before
    the payment of this very hold is written. The first attempt may take all there is: an ordinary buyer has one.
    ``authenticates``: the buyer is sent to 本人認証 with it. Of a coupon all together have no share: one payment left open would
    keep it from everybody.

    Raises :class:`~shop.payments.cardguard.Crowded` or :class:`CouponBusy`; the transaction must then end.
    """
    guard = cardalarm.guard(session)
    shares: list[tuple[ColumnElement[bool], int]] = [
        (getattr(CardTry, name) == value, guard.hold_percent) for name, value in cardguard.places(who)
    ]
    if coupon_id is not None:
        for whose, percent in shares:
            _uses_within(session, whose, coupon_id, percent, now)
    if authenticates:
        shares.append((true(), guard.hold_shop_percent))
    for whose, percent in shares:
        _within(session, _held(session, whose, wanted, now), wanted, percent)


def _within(session: Session, held: Mapping[int, int], wanted: Mapping[int, int], percent: int) -> None:
    rows = session.execute(select(Variant.id, Variant.on_hand - Variant.allocated).where(Variant.id.in_(held)))
    for variant_id, sellable in rows:
        if (held[variant_id] + wanted[variant_id]) * 100 > percent * sellable:
            raise cardguard.Crowded


def _uses_within(session: Session, whose: ColumnElement[bool], coupon_id: int, percent: int, now: datetime) -> None:
    left = session.scalar(select(Coupon.uses - Coupon.used).where(Coupon.id == coupon_id))
    if left is None:
        return
    of_coupon = (CouponUse.state == "held", CouponUse.coupon_id == coupon_id)
    held = session.scalar(
        _under_way(select(func.count()), CouponUse, CouponUse.order_id).where(whose, *_open(now), *of_coupon)
    )
    if held and (held + 1) * 100 > percent * left:
        raise CouponBusy


def _held(session: Session, whose: ColumnElement[bool], wanted: Mapping[int, int], now: datetime) -> dict[int, int]:
    units = _under_way(select(StockHold.variant_id, func.sum(StockHold.quantity)), StockHold, StockHold.order_id)
    of_goods = (StockHold.state == "held", StockHold.variant_id.in_(wanted))
    rows = session.execute(units.where(whose, *_open(now), *of_goods).group_by(StockHold.variant_id))
    return {variant_id: int(quantity) for variant_id, quantity in rows}


def _under_way(query: Any, held: Any, order_id: Any) -> Any:
    """What is ``held`` for the orders of tries of cards."""
    return (
        query.select_from(CardTry)
        .join(PaymentOperation, PaymentOperation.public_id == CardTry.reference)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .join(held, order_id == Payment.order_id)
    )


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (CardTry.state == "open", CardTry.at > now - cardguard.LONGEST_WINDOW)
