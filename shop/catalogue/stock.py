"""Stock by single conditional updates: a row count of zero *is* the answer "not enough" (R-165, study §3.8)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from shop.catalogue.models import Product, StockHold, Variant

# On tables and built once: these run inside the shortest and most frequent write transactions of the shop.
_variant = Variant.__table__.c
_TAKE = (
    update(Variant.__table__)  # type: ignore[arg-type]
    .where(
        _variant.id == bindparam("variant"),
        _variant.on_hand - _variant.allocated - _variant.held >= bindparam("wanted"),
        _variant.product_id.in_(select(Product.__table__.c.id).where(Product.__table__.c.published)),
    )
    .values(held=_variant.held + bindparam("wanted"))
)
_ALLOCATE = (
    update(Variant.__table__)  # type: ignore[arg-type]
    .where(
        _variant.id == bindparam("variant"),
        _variant.on_hand - _variant.allocated - _variant.held >= bindparam("wanted"),
    )
    .values(allocated=_variant.allocated + bindparam("wanted"))
)
_MOVE = (
    update(Variant.__table__)  # type: ignore[arg-type]
    .where(_variant.id == bindparam("variant"))
    .values(held=_variant.held + bindparam("held_more"), allocated=_variant.allocated + bindparam("allocated_more"))
)
_hold = StockHold.__table__.c
_HOLD = insert(StockHold.__table__)  # type: ignore[arg-type]
_END = (
    update(StockHold.__table__)  # type: ignore[arg-type]
    .where(_hold.order_id == bindparam("order"), _hold.state == bindparam("before"))
    .values(state=bindparam("ending"), ended_at=bindparam("now"))
    .returning(_hold.variant_id, _hold.quantity)
)


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
    session.execute(_HOLD, rows)


def _take(session: Session, variant_id: int, wanted: int) -> None:
    taken = session.execute(_TAKE, {"variant": variant_id, "wanted": wanted})
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise OutOfStock(variant_id)


def consume(session: Session, order_id: int, now: datetime) -> None:
    """Turn an order's holds into allocations (引き当て確定). Does nothing for holds that have ended."""
    ended = _end(session, order_id, "held", "consumed", now)
    _move(session, [(variant_id, -quantity, quantity) for variant_id, quantity in ended])


def release(session: Session, order_id: int, now: datetime) -> int:
    """Give an order's held units back. Does nothing for holds that have ended; returns how many units came back."""
    ended = _end(session, order_id, "held", "released", now)
    _move(session, [(variant_id, -quantity, 0) for variant_id, quantity in ended])
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


def give_back(session: Session, order_id: int, now: datetime) -> int:
    """Return what a placed order has allocated. Does nothing the second time (R-292); returns how many units came back."""
    ended = _end(session, order_id, "consumed", "released", now)
    _move(session, [(variant_id, 0, -quantity) for variant_id, quantity in ended])
    return sum(quantity for _, quantity in ended)


def allocate_again(session: Session, order_id: int, now: datetime) -> None:
    """Allocate once more what :func:`give_back` returned, also of products no longer published. Does nothing when nothing
    was returned. Raises :class:`OutOfStock` when some units are gone; the caller's transaction must then end."""
    for variant_id, quantity in _end(session, order_id, "released", "consumed", now):
        _allocate(session, variant_id, quantity)


def change_allocation(session: Session, order_id: int, variant_id: int, difference: int) -> None:
    """Allocate that many more units for a placed order or, below zero, return them. Raises :class:`OutOfStock`."""
    if difference > 0:
        _allocate(session, variant_id, difference)
    elif difference < 0:
        _move(session, [(variant_id, 0, difference)])
    session.execute(
        update(StockHold)
        .where(StockHold.order_id == order_id, StockHold.variant_id == variant_id)
        .values(quantity=StockHold.quantity + difference)
        .execution_options(synchronize_session=False)
    )


def _allocate(session: Session, variant_id: int, wanted: int) -> None:
    taken = session.execute(_ALLOCATE, {"variant": variant_id, "wanted": wanted})
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise OutOfStock(variant_id)


def _end(session: Session, order_id: int, before: str, state: str, now: datetime) -> list[tuple[int, int]]:
    """Bring an order's holds from one state to the next; the guarded update makes a second caller find nothing."""
    ended = session.execute(_END, {"order": order_id, "before": before, "ending": state, "now": now})
    return sorted((variant_id, quantity) for variant_id, quantity in ended)


def _move(session: Session, moves: list[tuple[int, int, int]]) -> None:
    """Each variant's change of held and of allocated units."""
    if moves:
        names = ("variant", "held_more", "allocated_more")
        session.execute(_MOVE, [dict(zip(names, move, strict=True)) for move in moves])


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
