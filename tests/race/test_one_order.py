"""P-02: however often and from wherever 注文する is pressed – one order, one authorization, one pair of mails."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, Browser, is_complete
from tests.race.shopping import CARD, CASH, Shop, at_once, no_error_page

CODE = "TK-050"
BOTH = pytest.mark.parametrize("kind", [CARD, CASH])


@dataclass
class Presses:
    """What came of a buyer's presses."""

    shop: Shop
    before: int
    answers: list[Answer] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def press(self, browser: Browser, confirmation: str, token: str) -> None:
        answer = browser.place(confirmation, token)
        path, page = browser.follow(answer)
        self.answers += [answer, page]
        self.ends.append(path)
        browser.close()

    def check(self, orders: int = 1) -> None:
        """Every press led to a completion page, and as many orders exist as buyers wanted."""
        no_error_page(self.answers)
        lost = [path for path in self.ends if not is_complete(path)]
        assert not lost, (lost, self.ends)
        assert len(set(self.ends)) == orders
        assert self.shop.value("SELECT count(*) FROM shop_order WHERE id > :id", id=self.before) == orders
        assert self.shop.value("SELECT count(*) FROM shop_order WHERE id > :id AND state = 'placed'", id=self.before) == orders
        self.shop.settle()
        assert_books_agree(self.shop)


@pytest.fixture
def presses(shop: Shop) -> Presses:
    shop.stock(CODE, 50)
    return Presses(shop, shop.newest_order())


def _presser(presses: Presses, browser: Browser, confirmation: str, token: str) -> Callable[[], None]:
    return lambda: presses.press(browser, confirmation, token)


@BOTH
@pytest.mark.req("P-02", "R-122", "R-153")
def test_double_click(presses: Presses, shop: Shop, kind: str) -> None:
    """Two identical requests at once (S-001, S-003, S-004), several times over."""
    buyers = [shop.ready_buyer(shop.variant(CODE), kind) for _ in range(5)]
    calls = []
    for browser, confirmation in buyers:
        token = shop.practice.token() if kind == CARD else ""
        calls += [_presser(presses, browser.tab(), confirmation, token) for _ in range(2)]
    at_once(calls)
    presses.check(orders=5)


@BOTH
@pytest.mark.req("P-02", "R-153", "S-005")
def test_back_ten_times_and_again(presses: Presses, shop: Shop, kind: str) -> None:
    """The same confirmation sent again and again, each time with a fresh card token as a page from the cache would."""
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), kind)
    for _ in range(10):
        presses.press(browser, confirmation, shop.practice.token() if kind == CARD else "")
    presses.check()


@pytest.mark.req("P-02", "R-153", "S-002")
def test_reload_and_link_of_the_completion_page(presses: Presses, shop: Shop) -> None:
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    presses.press(browser, confirmation, shop.practice.token())
    (path,) = presses.ends
    pages = [browser.get(path) for _ in range(10)] + [shop.browser().get(path)]
    assert {page.status for page in pages} == {200}
    assert browser.get("/checkout/pending").location == path
    presses.check()


@pytest.mark.req("P-02", "S-007", "S-009")
@BOTH
def test_two_tabs_with_two_confirmations_of_one_cart(presses: Presses, shop: Shop, kind: str) -> None:
    """Both tabs confirmed, both press at the same time: the second finds the first one's order."""
    calls = []
    for _ in range(4):  # eight presses: as many as one worker has provider slots, should all meet there
        first, confirmation = shop.ready_buyer(shop.variant(CODE), kind)
        second = first.tab()
        other = shop.confirm(second, kind)
        tokens = [shop.practice.token(), shop.practice.token()] if kind == CARD else ["", ""]
        calls += [_presser(presses, first, confirmation, tokens[0]), _presser(presses, second, other, tokens[1])]
    at_once(calls)
    presses.check(orders=4)


@pytest.mark.req("P-02", "S-012")
@BOTH
def test_two_devices_with_carts_of_their_own_are_two_orders(presses: Presses, shop: Shop, kind: str) -> None:
    """The guard against doubles never swallows an order that was meant."""
    buyers = [shop.ready_buyer(shop.variant(CODE), kind) for _ in range(2)]
    at_once(
        [_presser(presses, *buyer, shop.practice.token() if kind == CARD else "") for buyer in buyers]
    )
    presses.check(orders=2)


@pytest.mark.req("P-02", "S-013")
def test_the_answer_never_reached_the_buyer(presses: Presses, shop: Shop) -> None:
    """The connection is cut before, in or after the answer; a reload, back or another tab finds the order."""
    for read in (0, 1, 20, 200):
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
        token = shop.practice.token()
        browser.press_and_hang_up(confirmation, token, read)
        presses.press(browser, confirmation, token)
    presses.check(orders=4)


@pytest.mark.req("P-02", "S-011")
def test_looking_orders_nothing(presses: Presses, shop: Shop) -> None:
    """No GET – of place, confirm, pending or the form – makes an order or calls the provider."""
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    telegrams = shop.practice.ledger()["telegrams"].get("020", 0)
    for path in ("/checkout/zero/place", "/checkout/zero/confirm", "/checkout/zero", "/checkout/pending"):
        browser.get(f"{path}?confirmation_token={confirmation}&card_token=x")
    assert shop.newest_order() == presses.before
    assert shop.practice.ledger()["telegrams"].get("020", 0) == telegrams
    browser.close()
