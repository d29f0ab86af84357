"""Units: never more sold than there are, held while a payment is open, given back exactly once."""

from contextlib import suppress

import pytest
from sqlalchemy.exc import IntegrityError

from shop.catalogue import stock
from shop.catalogue.models import Product, StockHold, Variant
from shop.checkout.placement import ConfirmAgain
from shop.core import db
from shop.core.runtime import now
from shop.orders import numbering
from shop.orders.models import Order
from tests.domain.desk import REFUSED, Desk
from tests.support.shop import MovableClock


def left(desk: Desk, units: int) -> None:
    desk.change(Variant, Variant.id == desk.variant_id, on_hand=units, allocated=0, held=0)


@pytest.mark.req("R-165", "S-043", "T-016")
def test_parallel_buyers_of_the_last_units(desk: Desk) -> None:
    left(desk, 3)
    presses = [(*desk.confirmed(), desk.token()) for _ in range(6)]
    results = desk.together(*[lambda press=press: desk.press(*press) for press in presses])
    told = [result for result in results if isinstance(result, ConfirmAgain)]
    assert len(told) == 3
    assert all(each.problem == "stock" and each.product_names for each in told)
    assert desk.stock() == (3, 3, 0)
    assert desk.telegrams("020") == 3
    assert len(desk.rows(Order, state="placed")) == 3


@pytest.mark.req("R-165", "P-07", "S-039")
def test_units_come_back_from_refused_cards(desk: Desk) -> None:
    left(desk, 2)
    for _ in range(3):
        desk.place(REFUSED)
        assert desk.stock() == (2, 0, 0)
    desk.place(quantity=2)
    assert desk.stock() == (2, 2, 0)


@pytest.mark.req("R-165")
@pytest.mark.parametrize("values", [{"held": -1}, {"allocated": -1}, {"on_hand": -1}, {"held": 10_000}])
def test_the_database_refuses_impossible_stock(desk: Desk, values: dict[str, int]) -> None:
    with pytest.raises(IntegrityError):
        desk.change(Variant, Variant.id == desk.variant_id, **values)


def test_a_short_line_takes_nothing_of_the_others(desk: Desk) -> None:
    first, second = (variant.id for variant in desk.rows(Variant, Variant.on_hand >= 10)[:2])
    desk.change(Product, published=True)
    before = desk.stock(first), desk.stock(second)
    with pytest.raises(stock.OutOfStock) as short, desk.app.app_context(), db.write() as session:
        stock.hold(session, 1, {first: 1, second: 10_000}, now())
    assert short.value.variant_id == second
    assert (desk.stock(first), desk.stock(second)) == before
    assert desk.rows(StockHold) == []


@pytest.mark.req("T-009")
def test_a_product_withdrawn_meanwhile_is_not_sold(desk: Desk) -> None:
    confirmed = desk.confirmed()
    desk.change(Product, published=False)
    with pytest.raises(ConfirmAgain):
        desk.press(*confirmed, desk.token())
    assert desk.telegrams("020") == 0


@pytest.mark.req("S-040")
def test_holds_end_once(desk: Desk) -> None:
    on_hand, allocated, held = desk.stock()
    with desk.app.app_context(), db.write() as session:
        stock.hold(session, 4711, {desk.variant_id: 2}, now())
    assert desk.stock() == (on_hand, allocated, held + 2)
    for expected in (2, 0):
        with desk.app.app_context(), db.write() as session:
            assert stock.release(session, 4711, now()) == expected
        with desk.app.app_context(), db.write() as session:
            stock.consume(session, 4711, now())
    assert desk.stock() == (on_hand, allocated, held)


def test_consumed_is_not_released(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place(quantity=2)
    stock_now = desk.stock()
    clock.advance(3600)
    desk.run("release_holds")
    assert desk.stock() == stock_now
    assert desk.holds(placed) == ["consumed"]


# ---- order numbers ---------------------------------------------------------------------------------------------


@pytest.mark.req("R-157")
def test_numbers_are_unique_rising_and_without_gaps(desk: Desk) -> None:
    placed = [desk.placed(desk.press(*desk.confirmed(), desk.token())) for _ in range(3)]
    placed.insert(1, desk.place(REFUSED))
    numbers = [desk.order(each).number for each in placed]
    assert numbers == ["order00000001", None, "order00000002", "order00000003"]


@pytest.mark.req("R-157")
def test_parallel_orders_have_their_own_numbers(desk: Desk) -> None:
    presses = [(*desk.confirmed(), desk.token()) for _ in range(5)]
    desk.together(*[lambda press=press: desk.press(*press) for press in presses])
    numbers = sorted(order.number or "" for order in desk.rows(Order))
    assert numbers == [f"order0000000{serial}" for serial in range(1, 6)]


@pytest.mark.req("R-157")
def test_a_number_is_not_given_again(desk: Desk) -> None:
    placed = desk.place()
    with suppress(KeyboardInterrupt), desk.app.app_context(), db.write() as session:
        assert numbering.next_number(session, "order") == "order00000002"
        raise KeyboardInterrupt
    desk.change(Order, Order.id == placed.order_id, number="order99999999")
    assert desk.order(desk.place()).number == "order00000002"


def test_a_draft_has_no_number_and_an_order_has_one(desk: Desk) -> None:
    placed = desk.place()
    with pytest.raises(IntegrityError):
        desk.change(Order, Order.id == placed.order_id, state="draft")


def test_a_product_taken_off_sale_after_the_last_look_cannot_be_held(desk: Desk) -> None:
    """The condition stands in the statement that takes the units, not only in the check before it."""
    desk.change(Product, published=False)
    with pytest.raises(stock.OutOfStock), desk.app.app_context(), db.write() as session:
        stock.hold(session, 4711, {desk.variant_id: 1}, now())
    assert desk.stock()[1:] == (0, 0)
