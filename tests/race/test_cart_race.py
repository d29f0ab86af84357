"""T-019: another tab changes the cart at the instant of 注文する. What is shipped, shown and charged is one and the same.

What is ordered is settled in the shop's own rows before any provider is asked, by whatever product it pays.
"""

import time
from functools import partial
from typing import Any

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, is_complete
from tests.race.shopping import CARD, CASH, Shop, at_once, by_many, no_error_page
from tests.support.evidence import Series

CODE = "TK-050"
_ADDED = 2


class Pair:
    """One buyer with two tabs: one presses 注文する for one unit, the other adds more of the same."""

    def __init__(self, shop: Shop, number: int) -> None:
        kind = CARD if number % 2 else CASH
        self.shop = shop
        self.variant_id = shop.variant(CODE)
        self.browser, self.confirmation = shop.ready_buyer(self.variant_id, kind)
        self.other = self.browser.tab()
        self.token = shop.practice.token() if kind == CARD else ""
        #: The tabs start apart by this much, so that the change falls before, into and after the press.
        self.ahead = (number % 11 - 5) * 0.004
        self.answers: list[Answer] = []
        self.end = ""

    def press(self) -> None:
        time.sleep(max(0.0, self.ahead))
        answer = self.browser.place(self.confirmation, self.token)
        self.end, page = self.browser.follow(answer)
        self.answers += [answer, page]

    def add(self) -> None:
        time.sleep(max(0.0, -self.ahead))
        self.answers.append(self.other.add(self.variant_id, _ADDED))
        assert self.answers[-1].status == 303

    def close(self) -> None:
        self.browser.close()
        self.other.close()

    def check(self) -> bool:
        """Whether an order came of it; then it is exactly the confirmed one."""
        no_error_page(self.answers)
        confirmed = self.shop.rows("SELECT * FROM confirmation WHERE token = :token", token=self.confirmation)[0]
        orders = self.shop.rows("SELECT * FROM shop_order WHERE cart_id = :cart", cart=confirmed.cart_id)
        in_cart = self.shop.rows("SELECT quantity FROM cart_item WHERE cart_id = :cart", cart=confirmed.cart_id)
        if not is_complete(self.end):
            assert orders == []
            assert [row.quantity for row in in_cart] == [1 + _ADDED]
            return False
        (order,) = orders
        self._agrees(order, confirmed)
        assert [row.quantity for row in in_cart] == [_ADDED]
        return True

    def _agrees(self, order: Any, confirmed: Any) -> None:
        lines = self.shop.rows("SELECT quantity, unit_yen FROM order_line WHERE order_id = :id", id=order.id)
        assert [line.quantity for line in lines] == [1]
        assert order.total_yen == confirmed.total_yen == lines[0].unit_yen + order.shipping_yen + order.fee_yen
        if self.token:
            ref = self.shop.value("SELECT merchant_ref FROM payment WHERE order_id = :id", id=order.id)
            assert self.shop.practice.live()[ref] == [confirmed.total_yen]


def _run(shop: Shop, pairs: int) -> tuple[int, int]:
    shop.stock(CODE, 5 * pairs)
    ordered = 0
    # Some dozens at a time: the server hangs up on connections that idle while others are prepared.
    for start in range(0, pairs, 44):
        prepared = by_many(lambda number: Pair(shop, number), range(start, min(start + 44, pairs)))
        for first in range(0, len(prepared), 8):
            at_once([call for pair in prepared[first : first + 8] for call in (pair.press, pair.add)])
        for pair in prepared:
            pair.close()
        ordered += sum(pair.check() for pair in prepared)
    shop.settle()
    assert_books_agree(shop)
    return ordered, pairs - ordered


@pytest.mark.req("T-019", "S-093", "P-14")
def test_quantity_raised_while_the_order_is_placed(shop: Shop) -> None:
    ordered, refused = _run(shop, 44)
    print(f"interleavings: {ordered} ordered as confirmed, {refused} asked to confirm again")


@pytest.mark.evidence
@pytest.mark.timeout(600)
def test_quantity_raised_a_thousand_times(shop: Shop) -> None:
    series = Series("pairs of tabs", 1000, shop.database)
    ordered, refused = _run(shop, series.wanted)
    series.done = ordered + refused
    series.end(f"{ordered} ordered as confirmed, {refused} asked to confirm again")


@pytest.mark.req("S-096", "S-097")
def test_first_adds_in_parallel_make_one_cart_and_lose_nothing(shop: Shop) -> None:
    shop.stock(CODE, 50)
    browser = shop.browser()
    browser.look()  # the session is given with the first page; the cart is born with the first add – here in several requests at once
    tabs = [browser.tab() for _ in range(6)]
    answers = at_once([partial(tab.add, shop.variant(CODE)) for tab in tabs])
    assert [answer.status for answer in answers] == [303] * 6
    for tab in tabs:  # whichever answer the browser hears last
        assert 'value="6"' in tab.get("/cart").text
        tab.close()
    browser.close()
