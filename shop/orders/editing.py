"""編集モード – price and quantity, deductions and charges of an order in 受注一覧, one row at a time.

Totals and stock change with the row in one transaction. The payment does not: its box then shows the difference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.catalogue import stock
from shop.core.i18n import DEFAULT, force_locale, lazy_gettext
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.orders import history
from shop.orders.models import Order, OrderLine
from shop.payments import facts_of
from shop.payments.models import Payment

#: Amounts of an order that are edited besides its lines, in the order of their rows. All take 0–99999999 yen (part G).
AMOUNTS: Mapping[str, Any] = {
    "coupon_yen": lazy_gettext("クーポン"), "points_yen": lazy_gettext("ポイント"), "discount_yen": lazy_gettext("値引き"), "shipping_yen": lazy_gettext("送料"),
    "fee_yen": lazy_gettext("手数料"), "cool_yen": lazy_gettext("クール料金"),
}  # fmt: skip
#: Those among them that are taken off the total.
DEDUCTIONS = ("coupon_yen", "points_yen", "discount_yen")

#: Those that may be 別途連絡, and the mark of an order of which that holds.
_APART = {"shipping_yen": "shipping_apart", "fee_yen": "fee_apart"}


def is_apart(order: Order, name: str) -> bool:
    """Whether this one of :data:`AMOUNTS` is 別途連絡: not known yet."""
    return name in _APART and bool(getattr(order, _APART[name]))


class ChangedMeanwhile(Exception):
    """Somebody else changed or moved the order since the page was opened; nothing was saved (T-107)."""


class BelowZero(Exception):
    """More would be deducted than there is: the order would come to ``total_yen``, less than nothing."""

    def __init__(self, total_yen: int) -> None:
        super().__init__(total_yen)
        self.total_yen = total_yen


class CannotRaise(Exception):
    """The provider takes no more than was reserved, ``most_yen`` (000 §2)."""

    def __init__(self, most_yen: int) -> None:
        super().__init__(most_yen)
        self.most_yen = most_yen


class MoneyIsFixed(Exception):
    """``taken_yen`` are taken, and no amount can be changed from here any more (000 §2, 002 §7-3)."""

    def __init__(self, taken_yen: int) -> None:
        super().__init__(taken_yen)
        self.taken_yen = taken_yen


class LosesProtection(Exception):
    """The payment carries 3-D Secure and the total would change: staff must say that they know (R-067)."""

    def __init__(self, total_yen: int) -> None:
        super().__init__(total_yen)
        self.total_yen = total_yen


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A line of goods as it shall be."""

    line_id: int
    unit_yen: int
    quantity: int


@dataclass(frozen=True, slots=True)
class AmountEdit:
    """One of :data:`AMOUNTS` as it shall be; what was 別途連絡 is known with it."""

    name: str
    yen: int


Edit = LineEdit | AmountEdit


def save(
    session: Session, order_id: int, version: int, edit: Edit, actor: str, now: datetime, *, aware: bool = False
) -> bool:
    """Save one row of the order as it was in ``version``. Returns ``False`` when the row says what it said before.

    ``aware`` = staff know that the protection of 3-D Secure is lost. Raises :class:`ChangedMeanwhile`,
    :class:`BelowZero`, :class:`CannotRaise`, :class:`MoneyIsFixed`, :class:`LosesProtection` or ``stock.OutOfStock``; the caller's transaction must then end.
    """
    order = _claim(session, order_id, version)
    before = order.total_yen
    with force_locale(DEFAULT):
        changes = list(_apply(session, order, edit))
    if not changes:
        return False
    order.version += 1
    _recompute(order)
    if order.total_yen < 0:
        raise BelowZero(order.total_yen)
    changed = order.total_yen != before
    payment = _payment(session, order.id)
    effect = facts_of.edit(payment, order.total_yen, now) if payment and changed else facts_of.Edit.FINE
    if payment and effect == facts_of.Edit.CANNOT_RAISE:
        raise CannotRaise(payment.authorized_yen)
    if payment and effect == facts_of.Edit.FIXED:
        raise MoneyIsFixed(payment.captured_yen)
    unprotected = effect == facts_of.Edit.LOSES_PROTECTION
    if unprotected and not aware:
        raise LosesProtection(order.total_yen)
    with force_locale(DEFAULT):
        if changed:
            changes.append(_step(_("合計"), format_yen(before), format_yen(order.total_yen)))
        if unprotected:
            changes.append(_("3Dセキュアの保護がなくなることを確認"))
        history.add_deed(session, order, actor, _("受注商品変更 %(changes)s", changes="、".join(changes)), now)
    return True


def _claim(session: Session, order_id: int, version: int) -> Order:
    """The order as it was shown, for this writer alone: of two editors one finds it."""
    shown = select(Order).where(Order.id == order_id, Order.version == version, Order.filed == "open")
    order = session.scalars(shown.with_for_update().options(selectinload(Order.lines))).one_or_none()
    if order is None:
        raise ChangedMeanwhile
    return order


def _apply(session: Session, order: Order, edit: Edit) -> Iterator[str]:
    """Change the row; yield what changed, old → new (R-180)."""
    match edit:
        case LineEdit(line_id, unit_yen, quantity):
            line = next((line for line in order.lines if line.id == line_id), None)
            if line is None:
                raise ChangedMeanwhile
            yield from _change_line(session, line, unit_yen, quantity)
        case AmountEdit(name, yen):
            yield from _change_amount(order, name, yen)


def _change_amount(order: Order, name: str, yen: int) -> Iterator[str]:
    apart = is_apart(order, name)
    before = getattr(order, name)
    if apart or before != yen:
        setattr(order, name, yen)
        if apart:
            setattr(order, _APART[name], False)
        yield _step(str(AMOUNTS[name]), _("別途連絡") if apart else format_yen(before), format_yen(yen))


def _change_line(session: Session, line: OrderLine, unit_yen: int, quantity: int) -> Iterator[str]:
    if line.unit_yen != unit_yen:
        yield _step(_("%(code)s 単価", code=line.code), format_yen(line.unit_yen), format_yen(unit_yen))
    if line.quantity != quantity:
        stock.change_allocation(session, line.order_id, line.variant_id, quantity - line.quantity)
        yield _step(_("%(code)s 数量", code=line.code), f"{line.quantity:,}", f"{quantity:,}")
    line.unit_yen, line.quantity = unit_yen, quantity


def _step(what: str, before: str, after: str) -> str:
    return f"{what} {before} → {after}"


def _recompute(order: Order) -> None:
    order.goods_yen = sum(line.amount_yen for line in order.lines)
    order.total_yen = order.goods_yen + order.charges_yen - order.deductions_yen


def _payment(session: Session, order_id: int) -> Payment | None:
    return session.scalar(select(Payment).where(Payment.order_id == order_id).order_by(Payment.id.desc()).limit(1))
