"""Stock by single conditional updates: a row count of zero *is* the answer "not enough" (R-165, study §3.8)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from shop.catalogue.models import Product, StockHold, Variant


class OutOfStock(Exception):
    """A variant has fewer units left than asked for."""

    def __init__(self, variant_id: int) -> None:
        super().__init__(variant_id)
        self.variant_id = variant_id


def hold(session: Session, order_id: int, quantities: Mapping[int, int], expires_at: datetime) -> None:
    """Keep units of each variant for an order until ``expires_at``. Raises :class:`OutOfStock` for the first short one.

    Only published products can be held. Rows are taken in id order, so two orders never wait for each other.
    """
    for variant_id in sorted(quantities):
        _take(session, variant_id, quantities[variant_id])
    rows = [
        {"order_id": order_id, "variant_id": variant_id, "quantity": quantity, "state": "held", "expires_at": expires_at}
        for variant_id, quantity in quantities.items()
    ]
    session.execute(insert(StockHold), rows)


def _take(session: Session, variant_id: int, wanted: int) -> None:
    sellable = select(Product.id).where(Product.published)
    taken = session.execute(
        update(Variant)
        .where(
            Variant.id == variant_id,
            Variant.on_hand - Variant.allocated - Variant.held >= wanted,
            Variant.product_id.in_(sellable),
        )
        .values(held=Variant.held + wanted)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise OutOfStock(variant_id)


def consume(session: Session, order_id: int, now: datetime) -> None:
    """Turn an order's holds into allocations (引き当て確定). Does nothing for holds that have ended."""
    for variant_id, quantity in _end(session, order_id, "consumed", now):
        _move(session, variant_id, held=-quantity, allocated=quantity)


def release(session: Session, order_id: int, now: datetime) -> int:
    """Give an order's held units back. Does nothing for holds that have ended; returns how many units came back."""
    ended = _end(session, order_id, "released", now)
    for variant_id, quantity in ended:
        _move(session, variant_id, held=-quantity, allocated=0)
    return sum(quantity for _, quantity in ended)


def take_again(session: Session, order_id: int, quantities: Mapping[int, int], now: datetime) -> bool:
    """Hold an order's units once more after its hold had ended. Returns ``False``, changing nothing, when some are gone."""
    try:
        with session.begin_nested():
            for variant_id in sorted(quantities):
                _take(session, variant_id, quantities[variant_id])
    except OutOfStock:
        return False
    session.execute(
        update(StockHold)
        .where(StockHold.order_id == order_id)
        .values(state="held", ended_at=None, expires_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def is_held(session: Session, order_id: int) -> bool:
    """Whether an order still has every unit it once held (none released)."""
    released = select(StockHold.id).where(StockHold.order_id == order_id, StockHold.state == "released")
    return session.scalar(released.limit(1)) is None


def _end(session: Session, order_id: int, state: str, now: datetime) -> list[tuple[int, int]]:
    """Close open holds; the guarded update makes a second caller find nothing."""
    ended = session.execute(
        update(StockHold)
        .where(StockHold.order_id == order_id, StockHold.state == "held")
        .values(state=state, ended_at=now)
        .returning(StockHold.variant_id, StockHold.quantity)
        .execution_options(synchronize_session=False)
    )
    return sorted((variant_id, quantity) for variant_id, quantity in ended)


def _move(session: Session, variant_id: int, *, held: int, allocated: int) -> None:
    session.execute(
        update(Variant)
        .where(Variant.id == variant_id)
        .values(held=Variant.held + held, allocated=Variant.allocated + allocated)
        .execution_options(synchronize_session=False)
    )


def units(session: Session) -> dict[int, tuple[int, int, int]]:
    """Per variant: on hand, allocated, held – for the daily self-check and the crash checker."""
    rows = session.execute(select(Variant.id, Variant.on_hand, Variant.allocated, Variant.held))
    return {row.id: (row.on_hand, row.allocated, row.held) for row in rows}


def units_of_holds(session: Session, state: str) -> dict[int, int]:
    """Per variant: units of holds in ``state``. ``held`` ones must equal the variant's held units, ``consumed`` ones its
    allocated units."""
    rows = session.execute(
        select(StockHold.variant_id, func.sum(StockHold.quantity))
        .where(StockHold.state == state)
        .group_by(StockHold.variant_id)
    )
    return {variant_id: int(quantity) for variant_id, quantity in rows}
