"""P-13: many buyers, few uses. No use twice, nobody is charged the full price for having been late, nothing leaks.

Uses are taken before any provider is asked and given back when an order has failed: the shop's own rows, by whatever product it pays.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Browser, is_complete
from tests.race.practice import GOOD, REFUSED
from tests.race.shopping import CARD, CASH, Shop, at_once, by_many

CODE, COUPON, OFF = "TK-050", "ARIGATO500", 500
BUYERS, USES = 24, 3
SENTENCES = {"busy": "混み合っています", "gone": "クーポンが、いまはご利用いただけません。", "refused": "請求はされていません。ご注文は確定していません。"}
#: Only ends a test in which the shop stays busy for ever.
_ROUNDS = 60


@pytest.fixture
def scarce(shop: Shop) -> Iterator[None]:
    """A coupon with a few uses left."""
    shop.change("UPDATE coupon SET uses = used + :uses WHERE code = :code", uses=USES, code=COUPON)
    yield
    shop.change("UPDATE coupon SET uses = NULL WHERE code = :code", code=COUPON)


class Shopper:
    """A buyer who has confirmed one unit with the coupon; one in eight pays by a card that is refused."""

    def __init__(self, shop: Shop, variant_id: int, number: int) -> None:
        self.kind = CARD if number % 2 else CASH
        self.browser: Browser
        self.browser, self.confirmation = shop.ready_buyer(variant_id, self.kind, coupon=COUPON)
        self.token = shop.practice.token(REFUSED if number % 8 == 1 else GOOD) if self.kind == CARD else ""
        self.outcome = "busy"

    def press(self) -> None:
        path, page = self.browser.follow(self.browser.place(self.confirmation, self.token), 40.0)
        met = ["ordered"] if is_complete(path) else [name for name, said in SENTENCES.items() if said in page.text]
        assert len(met) == 1, f"{met} {page.status} {page.location} {page.text[:3000]}"
        self.outcome = met[0]


@pytest.mark.req("R-166", "P-13", "T-017")
def test_the_last_uses_of_a_coupon_go_to_as_many_orders(shop: Shop, scarce: None) -> None:
    before, variant_id = shop.newest_order(), shop.stock(CODE, BUYERS)
    waiting = shoppers = by_many(lambda number: Shopper(shop, variant_id, number), range(BUYERS))
    for _ in range(_ROUNDS):
        at_once([shopper.press for shopper in waiting])
        if not (waiting := [shopper for shopper in waiting if shopper.outcome == "busy"]):
            break
    met = Counter(shopper.outcome for shopper in shoppers)
    for shopper in shoppers:
        shopper.browser.close()
    placed = shop.rows("SELECT coupon_code, coupon_yen, goods_yen, shipping_yen, fee_yen, total_yen FROM shop_order WHERE state = 'placed' AND id > :before", before=before)
    assert met["ordered"] == len(placed) <= USES
    assert met.total() == BUYERS
    assert met["busy"] == 0
    for order in placed:
        assert (order.coupon_code, order.coupon_yen) == (COUPON, OFF)
        assert order.total_yen == order.goods_yen + order.shipping_yen + order.fee_yen - OFF
    left = "SELECT uses - used - held FROM coupon WHERE code = :code"
    assert shop.value(left, code=COUPON) == USES - len(placed), "who was refused holds none"
    shop.settle()
    assert_books_agree(shop)
    last = [Shopper(shop, variant_id, 0) for _ in range(USES - len(placed))]
    for shopper in last:
        shopper.press()
        shopper.browser.close()
    assert [shopper.outcome for shopper in last] == ["ordered"] * len(last), "what was given back can be used"
    assert shop.value(left, code=COUPON) == 0
