"""クーポン: whether a code can be used and what it takes off, and its uses – by single conditional updates, as stock is taken.

A row count of zero *is* the answer "no use is left": what is read before only finds the words for it (R-166).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.clock import jst
from shop.core.text import folded
from shop.core.throttle import Limit
from shop.promotions.models import Coupon, CouponUse

#: Whether the shop has any coupon that can be typed somewhere.
OFFERED = exists(select(Coupon.__table__.c.id).where(Coupon.__table__.c.active))
#: Wrong codes from one browser and from one connection, before none is looked at for a while (T-091).
WINDOW = timedelta(minutes=30)
PER_BROWSER, PER_NETWORK = 10, 60


class NotUsable(Exception):
    """Why a code takes nothing off: ``unknown``, ``stopped``, ``early`` and ``over`` – with the first or last ``day`` –,
    ``members`` – for members only –, ``used_up`` or ``in_use``: the last use is held by an order under way."""

    def __init__(self, problem: str, day: date | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.day = day


class TooManyTries(Exception):
    """So many wrong codes that none is looked at ``until`` then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Applied:
    """A coupon on a cart: its code as the shop writes it, and the yen it takes off."""

    coupon_id: int
    code: str
    discount_yen: int


def apply(session: Session, typed: str, goods_yen: int, *, member: bool, now: datetime) -> Applied | None:
    """What a ``typed`` code takes off goods of ``goods_yen``; ``None`` where none is typed, at no cost. ``member``: whether a
    member is logged in. Width, case and spaces make no other code. Raises :class:`NotUsable`. Holds nothing."""
    if not typed:
        return None
    coupon = _find(session, typed)
    if coupon is None:
        raise NotUsable("unknown")
    _check(coupon, member, jst(now).date())
    return Applied(coupon.id, coupon.code, discount(coupon.kind, coupon.value, goods_yen))


def discount(kind: str, value: int, goods_yen: int) -> int:
    """Yen off goods of ``goods_yen``: never more than they cost, parts of a yen in the shop's favour."""
    return min(value, goods_yen) if kind == "yen" else goods_yen * value // 100


def _find(session: Session, typed: str) -> Coupon | None:
    return session.scalar(select(Coupon).where(Coupon.folded == folded(typed)))


def _check(coupon: Coupon, member: bool, today: date) -> None:
    if not coupon.active:
        raise NotUsable("stopped")
    if today < coupon.starts_on:
        raise NotUsable("early", coupon.starts_on)
    if today > coupon.ends_on:
        raise NotUsable("over", coupon.ends_on)
    if coupon.members_only and not member:
        raise NotUsable("members")
    if coupon.uses is not None and coupon.held + coupon.used >= coupon.uses:
        raise NotUsable("used_up" if coupon.used >= coupon.uses else "in_use")


def count_try(session: Session, typed: str, browser: str, address: str, now: datetime) -> None:
    """Count a code that is none, before anything is said about it; one that is costs no try. Raises :class:`TooManyTries`,
    for right ones as well, so that a guess learns nothing; the caller's transaction must then end."""
    limits = [
        Limit("coupon-browser", throttle.digest(browser), PER_BROWSER, WINDOW),
        Limit("coupon-network", throttle.network(address), PER_NETWORK, WINDOW),
    ]
    turn = throttle.count(session, limits, now)
    if turn.blocked_until:
        raise TooManyTries(turn.blocked_until)
    if _find(session, typed) is not None:
        throttle.take_back(session, turn)


# ---- uses ----


def hold(session: Session, order_id: int, coupon_id: int, day: date) -> None:
    """Keep one use for an order pressed on that ``day``. Raises :class:`NotUsable` (``gone``) when there is none: the last
    one went, or the coupon was stopped or is over; the caller's transaction must then end."""
    if not _take(session, coupon_id, _valid(day), held=1):
        raise NotUsable("gone")
    session.add(CouponUse(order_id=order_id, coupon_id=coupon_id))


def consume(session: Session, order_id: int, now: datetime) -> None:
    """The order stands: its use is used. Does nothing for one that has ended."""
    _end(session, order_id, "held", "consumed", now, held=-1, used=1)


def release(session: Session, order_id: int, now: datetime) -> None:
    """Give an order's held use back. Does nothing for one that has ended."""
    _end(session, order_id, "held", "released", now, held=-1)


def hold_again(session: Session, order_id: int, day: date) -> bool:
    """Whether an order pressed on that ``day`` still holds its use, or could take one once more after it was released.

    As with a product: of a coupon that was stopped meanwhile, or whose last use went, nothing can be taken. The period is that
    of the press – who ordered on the last day loses nothing by an answer after midnight.
    """
    coupon_id = _released(session, order_id)
    if coupon_id is None:
        return True
    return _take(session, coupon_id, _valid(day), held=1) and _reopen(session, order_id, "held")


def give_back(session: Session, order_id: int, now: datetime) -> None:
    """Return the use of an order that was cancelled. Does nothing the second time."""
    _end(session, order_id, "consumed", "released", now, used=-1)


def use_again(session: Session, order_id: int) -> None:
    """Use once more what :func:`give_back` returned – the shop takes the order back, whatever day it is. Raises
    :class:`NotUsable` (``gone``) when no use is left; the caller's transaction must then end."""
    coupon_id = _released(session, order_id)
    if coupon_id is None:
        return
    if not _take(session, coupon_id, true(), used=1):
        raise NotUsable("gone")
    _reopen(session, order_id, "consumed")


def _valid(day: date) -> ColumnElement[bool]:
    return Coupon.active & (Coupon.starts_on <= day) & (day <= Coupon.ends_on)


def _take(session: Session, coupon_id: int, valid: ColumnElement[bool], *, held: int = 0, used: int = 0) -> bool:
    left = or_(Coupon.uses.is_(None), Coupon.held + Coupon.used < Coupon.uses)
    return _move(session, coupon_id, valid & left, held, used) == 1


def _end(
    session: Session, order_id: int, before: str, state: str, now: datetime, *, held: int = 0, used: int = 0
) -> None:
    """Bring the order's use from one state to the next; the guarded update makes a second caller find nothing."""
    ended = (
        update(CouponUse)
        .where(CouponUse.order_id == order_id, CouponUse.state == before)
        .values(state=state, ended_at=now)
        .returning(CouponUse.coupon_id)
        .execution_options(synchronize_session=False)
    )
    for coupon_id in session.scalars(ended).all():
        _move(session, coupon_id, true(), held, used)


def _reopen(session: Session, order_id: int, state: str) -> bool:
    session.execute(
        update(CouponUse)
        .where(CouponUse.order_id == order_id)
        .values(state=state, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    return True


def _released(session: Session, order_id: int) -> int | None:
    query = select(CouponUse.coupon_id).where(CouponUse.order_id == order_id, CouponUse.state == "released")
    return session.scalar(query)


def _move(session: Session, coupon_id: int, condition: ColumnElement[bool], held: int, used: int) -> int:
    moved = session.execute(
        update(Coupon)
        .where(Coupon.id == coupon_id, condition)
        .values(held=Coupon.held + held, used=Coupon.used + used)
        .execution_options(synchronize_session=False)
    )
    return moved.rowcount  # type: ignore[attr-defined, no-any-return]


def differences(session: Session) -> list[str]:
    """Coupons whose counts are not those of their uses, in words – for the daily self-check."""
    counted = [
        select(func.count())
        .where(CouponUse.coupon_id == Coupon.id, CouponUse.state == state)
        .correlate(Coupon)
        .scalar_subquery()
        for state in ("held", "consumed")
    ]
    rows = session.execute(select(Coupon.id, Coupon.held, Coupon.used, *counted))
    return [
        f"coupon {coupon_id}: held {held} of {open_uses}, used {used} of {consumed}"
        for coupon_id, held, used, open_uses, consumed in rows
        if (held, used) != (open_uses, consumed)
    ]
