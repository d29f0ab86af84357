"""Yen: per rate, rounded once, and everything adds up."""

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.checkout.cart import CartLine, CartView
from shop.checkout.quote import quote
from shop.core.money import STANDARD_RATE, apportion, order_totals_per_rate, tax_included, totals_per_rate
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod
from shop.promotions.coupons import Applied, discount

yen = st.integers(0, 99_999_999)
rates = st.sampled_from([8, 10])


@given(yen, rates)
def test_tax_is_the_exact_share_rounded_down_once(total: int, rate: int) -> None:
    exact = Decimal(total) * rate / (100 + rate)
    assert tax_included(total, rate) == int(exact.to_integral_value(ROUND_FLOOR))


@pytest.mark.parametrize(("total", "rate", "tax"), [(50_000, 10, 4545), (108, 8, 8), (107, 8, 7), (1, 10, 0), (0, 8, 0)])
def test_tax(total: int, rate: int, tax: int) -> None:
    assert tax_included(total, rate) == tax


@pytest.mark.req("S-060")
def test_tax_of_a_sum_is_not_the_sum_of_taxes() -> None:
    lines = [(98, 10)] * 100
    (total,) = totals_per_rate(lines).values()
    assert tax_included(total, 10) == 890
    assert sum(tax_included(each, rate) for each, rate in lines) == 800


@given(st.lists(st.tuples(yen, rates), max_size=20))
def test_rates_add_up_to_the_total(amounts: list[tuple[int, int]]) -> None:
    sums = totals_per_rate(amounts)
    assert sum(sums.values()) == sum(amount for amount, _ in amounts)
    assert all(sums.values())
    assert list(sums) == sorted(sums, reverse=True)
    assert all(isinstance(amount, int) for amount in sums.values())


@pytest.mark.req("R-282")
@given(st.data(), st.lists(st.tuples(yen, rates), max_size=20))
def test_a_deduction_is_apportioned_and_everything_still_adds_up(data: st.DataObject, amounts: list[tuple[int, int]]) -> None:
    whole = sum(amount for amount, _ in amounts)
    deduction = data.draw(st.integers(0, whole))
    left = totals_per_rate(amounts, deduction)
    assert sum(left.values()) == whole - deduction
    assert all(amount > 0 for amount in left.values())
    shuffled = data.draw(st.permutations(amounts))
    assert totals_per_rate(shuffled, deduction) == left
    for rate, before in totals_per_rate(amounts).items():
        exact = Fraction(deduction * before, whole)
        assert abs(before - left.get(rate, 0) - exact) < 1, "no rate bears a yen more or less than its share"


@given(st.lists(yen, min_size=1, max_size=5), st.data())
def test_the_yen_left_over_go_where_most_was_cut_off(weights: list[int], data: st.DataObject) -> None:
    whole = sum(weights)
    amount = data.draw(st.integers(0, whole))
    parts = apportion(amount, weights)
    assert sum(parts) == amount
    cut = [Fraction(amount * weight, whole or 1) - part for weight, part in zip(weights, parts, strict=True)]
    rounded_up = [abs(each) for each in cut if each < 0]
    rounded_down = [each for each in cut if each >= 0]
    assert max(rounded_up, default=Fraction(0)) + max(rounded_down, default=Fraction(0)) <= 1


@pytest.mark.parametrize(
    ("deduction", "left"),
    [(1, {10: 3899, 8: 972}), (2, {10: 3898, 8: 972}), (500, {10: 3500, 8: 872}), (4871, {10: 1}), (4872, {})],
)
def test_deductions_by_hand(deduction: int, left: dict[int, int]) -> None:
    assert totals_per_rate([(972, 8), (3900, 10)], deduction) == left


def test_equal_shares_leave_the_odd_yen_to_the_higher_rate() -> None:
    assert totals_per_rate([(100, 8), (100, 10)], 1) == {10: 99, 8: 100}


def test_no_more_is_apportioned_than_there_is() -> None:
    with pytest.raises(ValueError, match="101 yen out of 100"):
        totals_per_rate([(100, 8)], 101)


lines = st.builds(
    CartLine, item_id=st.integers(1, 50), variant_id=st.integers(1, 50), product_code=st.just("P"),
    product_name=st.text(max_size=5), variant_name=st.just(""), code=st.just("V"), image=st.just(""), unit_yen=yen,
    quantity=st.integers(1, 999), tax_rate=rates, available=st.just(999), published=st.just(True),
)  # fmt: skip
carts = st.builds(CartView, cart_id=st.just(1), version=st.just(1), lines=st.lists(lines, max_size=50).map(tuple))


def courier(fee: int, *apart: str) -> Delivery:
    return Delivery(id=1, name="宅配便", fee_yen=fee, apart_prefectures=list(apart))


def method(fee: int, *, apart: bool = False) -> PaymentMethod:
    return PaymentMethod(id=1, name="代金引換", fee_yen=fee, fee_apart=apart, capture_at_once=False)


@pytest.mark.req("P-15", "R-282")
@given(carts, yen, yen)
def test_quote_equals_an_independent_sum(cart: CartView, shipping: int, fee: int) -> None:
    made = quote(cart, courier(shipping), method(fee), "東京都")
    by_hand = {8: 0, STANDARD_RATE: shipping + fee}
    for line in cart.lines:
        by_hand[line.tax_rate] += line.unit_yen * line.quantity
    assert made.total_yen == sum(by_hand.values()) == made.goods_yen + shipping + fee
    assert made.per_rate == {rate: amount for rate, amount in by_hand.items() if amount}


@pytest.mark.req("R-244")
@given(carts, yen, yen)
def test_shipping_that_is_not_known_adds_nothing(cart: CartView, shipping: int, fee: int) -> None:
    made = quote(cart, courier(shipping, "沖縄県"), method(fee), "沖縄県")
    without = quote(cart, courier(0), method(fee), "沖縄県")
    assert (made.shipping_apart, without.shipping_apart) == (True, False)
    assert (made.shipping_yen, made.total_yen, made.per_rate) == (0, without.total_yen, without.per_rate)
    assert made.digest != without.digest, "not known is not free of charge"


@pytest.mark.req("R-244")
@given(carts, yen, yen)
def test_nor_does_a_fee_that_is_not_known(cart: CartView, shipping: int, fee: int) -> None:
    made, without = (quote(cart, courier(shipping), each, "東京都") for each in (method(fee, apart=True), method(0)))
    assert (made.fee_apart, without.fee_apart) == (True, False)
    assert (made.fee_yen, made.total_yen, made.per_rate) == (0, without.total_yen, without.per_rate)


@pytest.mark.req("L-018", "P-15")
@given(carts, yen, yen, st.sampled_from(["yen", "percent"]), st.data())
def test_a_coupon_is_borne_by_the_goods_alone(cart: CartView, shipping: int, fee: int, kind: str, data: st.DataObject) -> None:
    value = data.draw(st.integers(1, 100 if kind == "percent" else 99_999_999))
    off, goods = discount(kind, value, cart.goods_yen), quote(cart, None, None, "東京都").per_rate
    assert 0 <= off <= cart.goods_yen
    made = quote(cart, courier(shipping), method(fee), "東京都", Applied(1, "A", off))
    assert made.total_yen == sum(made.per_rate.values()) == cart.goods_yen - off + shipping + fee
    for rate, before in goods.items():
        left = made.per_rate.get(rate, 0) - (shipping + fee if rate == STANDARD_RATE else 0)
        assert 0 <= left <= before
        assert abs(before - left - Fraction(off * before, cart.goods_yen)) < 1, "its share to less than a yen"


@pytest.mark.parametrize(
    ("kind", "value", "goods", "off"),
    [("yen", 500, 972, 500), ("yen", 973, 972, 972), ("percent", 10, 999, 99), ("percent", 1, 99, 0), ("percent", 100, 972, 972)],
)
def test_what_a_coupon_takes_off(kind: str, value: int, goods: int, off: int) -> None:
    assert discount(kind, value, goods) == off


def test_a_coupon_beyond_the_goods_of_an_edited_order_comes_off_the_whole() -> None:
    assert order_totals_per_rate([(100, 8), (100, 10)], 600, 500) == {10: 300}
    assert order_totals_per_rate([(100, 8), (100, 10)], 600, 100, 50) == {10: 604, 8: 46}


LINE = CartLine(1, 1, "P", "皿", "小", "V", "", 1200, 2, 10, 9, True)
CART = CartView(1, 1, (LINE,))


def changed(**fields: object) -> CartView:
    values = {name: getattr(LINE, name) for name in CartLine.__dataclass_fields__} | fields
    return CartView(1, 1, (CartLine(**values),))  # type: ignore[arg-type]


@pytest.mark.req("P-14")
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(quote(changed(unit_yen=1201), courier(600), method(0), "東京都"), id="price"),
        pytest.param(quote(changed(quantity=3), courier(600), method(0), "東京都"), id="quantity"),
        pytest.param(quote(changed(tax_rate=8), courier(600), method(0), "東京都"), id="tax rate"),
        pytest.param(quote(changed(variant_id=2), courier(600), method(0), "東京都"), id="variant"),
        pytest.param(quote(changed(product_name="鉢"), courier(600), method(0), "東京都"), id="name"),
        pytest.param(quote(CART, courier(601), method(0), "東京都"), id="shipping"),
        pytest.param(quote(CART, courier(600, "東京都"), method(0), "東京都"), id="shipping 別途連絡"),
        pytest.param(quote(CART, courier(600), method(330), "東京都"), id="fee"),
        pytest.param(quote(CART, courier(600), method(0, apart=True), "東京都"), id="fee 別途連絡"),
        pytest.param(quote(CART, None, method(0), "東京都"), id="courier"),
        pytest.param(quote(CART, courier(600), None, "東京都"), id="method"),
        pytest.param(quote(CartView(1, 1, (LINE, LINE)), courier(600), method(0), "東京都"), id="another line"),
        pytest.param(quote(CART, courier(600), method(0), "東京都", Applied(1, "A", 0)), id="coupon that takes nothing off"),
    ],
)
def test_every_change_of_what_is_agreed_changes_the_digest(other) -> None:
    same = quote(CartView(1, 7, (LINE,)), courier(600), method(0), "東京都")
    assert same.digest == quote(CART, courier(600), method(0), "東京都").digest != other.digest
