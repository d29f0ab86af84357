"""P-02: however often and from wherever 注文する is pressed – one order, one authorization, one pair of mails."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import STEPS, ZERO, Answer, Browser, is_complete
from tests.race.products import EVERY, Product, Turns
from tests.race.shopping import CARD, CASH, Shop, at_once, no_error_page
from tests.support.evidence import Series
from tests.support.pages import Page

CODE = "TK-050"
_TURNS = Turns()
#: Where the card's provider has nothing to do with it, the first one will do.
_CASH = (EVERY[0], CASH)


@dataclass
class Presses:
    """What came of a buyer's presses."""

    shop: Shop
    before: int
    #: Payments that the provider had ever seen.
    seen: int
    answers: list[Answer] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    pages: list[Answer] = field(default_factory=list)

    def press(self, browser: Browser, confirmation: str, token: str, door: str = ZERO) -> str:
        """Returns where the press ended."""
        answer = browser.place(confirmation, token, door)
        path, page = browser.follow(answer, through_issuer=True)
        self.answers.append(answer)
        self.pages.append(page)
        self.ends.append(path)
        browser.close()
        return path

    def look_again(self, browser: Browser, path: str) -> None:
        """The page of the browser's order opens again by reload, by its link, and by way of the pending page."""
        stranger = self.shop.browser()
        pages = [browser.get(path) for _ in range(10)] + [stranger.get(path)]
        assert {page.status for page in pages} == {200}
        assert browser.get("/checkout/pending").location == path
        browser.close()
        stranger.close()

    def check(self, orders: int = 1) -> None:
        """Every press led to a completion page, and as many orders exist as buyers wanted."""
        no_error_page(self.answers + self.pages)
        lost = [path for path in self.ends if not is_complete(path)]
        said = [Page(page.text).text[:300] for path, page in zip(self.ends, self.pages, strict=True) if path in lost]
        assert not lost, f"{lost}: {said}"
        assert len(set(self.ends)) == orders
        assert self.shop.value("SELECT count(*) FROM shop_order WHERE id > :id", id=self.before) == orders
        assert self.shop.value("SELECT count(*) FROM shop_order WHERE id > :id AND state = 'placed'", id=self.before) == orders
        self.shop.settle()
        card = "SELECT count(*) FROM payment WHERE kind = 'card' AND order_id > :id"
        assert _ever_authorized(self.shop) - self.seen == self.shop.value(card, id=self.before)
        assert_books_agree(self.shop)


@pytest.fixture
def presses(shop: Shop, product: Product) -> Presses:
    return _beginning(shop)


def _beginning(shop: Shop) -> Presses:
    shop.stock(CODE, 100)
    return Presses(shop, shop.newest_order(), _ever_authorized(shop))


def _ever_authorized(shop: Shop) -> int:
    return sum("authorized" in payment["history"] for payment in shop.practice.payments())


#: What one buyer does: the calls that run side by side.
Calls = list[Callable[[], object]]


def _presser(
    presses: Presses, browser: Browser, confirmation: str, token: str, door: str = ZERO
) -> Callable[[], object]:
    return lambda: presses.press(browser, confirmation, token, door)


def _token(presses: Presses, kind: str) -> str:
    return presses.shop.practice.token() if kind == CARD else ""


def _ready(presses: Presses, kind: str) -> tuple[Browser, str]:
    return presses.shop.ready_buyer(presses.shop.variant(CODE), kind)


def double_click(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """Two identical requests at once."""
    browser, confirmation = _ready(presses, kind)
    token = _token(presses, kind)
    return [_presser(presses, browser.tab(), confirmation, token) for _ in range(2)]


def back_again(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """The same confirmation ten times, each time with a fresh card token as a page from the cache would; then reloads."""
    browser, confirmation = _ready(presses, kind)

    def call() -> None:
        ends = [presses.press(browser, confirmation, _token(presses, kind)) for _ in range(10)]
        presses.look_again(browser, ends[-1])

    return [call]


def two_tabs(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """Both tabs confirmed the one cart, both press at the same time."""
    first, confirmation = _ready(presses, kind)
    second = first.tab()
    other = presses.shop.confirm(second, kind)
    return [
        _presser(presses, first, confirmation, _token(presses, kind)),
        _presser(presses, second, other, _token(presses, kind)),
    ]


def both_carts(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """The one cart stands confirmed in both checkouts, both press at the same time."""
    first, confirmation = _ready(presses, kind)
    second = first.tab()
    other = presses.shop.confirm(second, kind, steps=True)
    return [
        _presser(presses, first, confirmation, _token(presses, kind)),
        _presser(presses, second, other, _token(presses, kind), STEPS),
    ]


def step3_in_two_tabs(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """Both tabs show STEP3 of one confirmation, each with a card token of its own."""
    browser = presses.shop.browser()
    browser.add(presses.shop.variant(CODE))
    confirmation = presses.shop.confirm(browser, kind, steps=True)
    return [_presser(presses, browser.tab(), confirmation, _token(presses, kind), STEPS) for _ in range(2)]


def two_devices(presses: Presses, kind: str, chance: random.Random) -> Calls:
    """Each with a cart of its own: two orders that were meant."""
    return [_presser(presses, *_ready(presses, kind), _token(presses, kind)) for _ in range(2)]


def cut_off(presses: Presses, kind: str, chance: random.Random, read: int | None = None) -> Calls:
    """The connection is cut within the request, before, in or after the answer; a reload, back or another tab finds the order."""
    browser, confirmation = _ready(presses, kind)
    token = _token(presses, kind)
    sent = chance.random() if read is None and chance.random() < 0.5 else 1.0
    read = chance.choice((0, 1, 20, 200, 2000)) if read is None else read

    def call() -> None:
        browser.press_and_hang_up(confirmation, token, read, sent)
        presses.press(browser, confirmation, token)

    return [call]


#: What buyers do, and how many orders they mean by it.
HABITS = {
    double_click: 1, back_again: 1, two_tabs: 1, both_carts: 1, step3_in_two_tabs: 1, two_devices: 2, cut_off: 1
}  # fmt: skip


@_TURNS.cases("kind", [(CARD,)], besides=[_CASH])
@pytest.mark.req("P-02", "R-122", "R-153")
def test_double_click(presses: Presses, kind: str) -> None:
    """Two identical requests at once (S-001, S-003, S-004), several times over."""
    at_once([call for _ in range(5) for call in double_click(presses, kind, random.Random(0))])
    presses.check(orders=5)


@_TURNS.cases("kind", [(CARD,)], besides=[_CASH])
@pytest.mark.req("P-02", "R-153", "S-005")
def test_back_ten_times_and_again(presses: Presses, kind: str) -> None:
    at_once(back_again(presses, kind, random.Random(0)))
    presses.check()


@_TURNS.each()
@pytest.mark.req("P-02", "R-153", "S-002")
def test_reload_and_link_of_the_completion_page(presses: Presses, shop: Shop) -> None:
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    path = presses.press(browser, confirmation, shop.practice.token())
    presses.look_again(browser, path)
    presses.check()


@pytest.mark.req("P-02", "S-007", "S-009")
@_TURNS.cases("kind", [(CARD,)], besides=[_CASH])
def test_two_tabs_with_two_confirmations_of_one_cart(presses: Presses, kind: str) -> None:
    """The second finds the first one's order."""
    # Eight presses: as many as one worker has provider slots, should all meet there.
    at_once([call for _ in range(4) for call in two_tabs(presses, kind, random.Random(0))])
    presses.check(orders=4)


@_TURNS.each()
@pytest.mark.req("P-02", "R-122", "R-153")
def test_one_cart_in_both_checkouts_and_step3_twice(presses: Presses) -> None:
    """Whichever way it was confirmed, a cart becomes one order, authorised once."""
    habits = (both_carts, step3_in_two_tabs)
    at_once([call for habit in habits for _ in range(2) for call in habit(presses, CARD, random.Random(0))])
    presses.check(orders=4)


@pytest.mark.req("P-02", "S-012")
@_TURNS.cases("kind", [(CARD,)], besides=[_CASH])
def test_two_devices_with_carts_of_their_own_are_two_orders(presses: Presses, kind: str) -> None:
    """The guard against doubles never swallows an order that was meant."""
    at_once(two_devices(presses, kind, random.Random(0)))
    presses.check(orders=2)


@_TURNS.each()
@pytest.mark.req("P-02", "S-013")
def test_the_answer_never_reached_the_buyer(presses: Presses) -> None:
    for read in (0, 1, 20, 200):
        for call in cut_off(presses, CARD, random.Random(0), read):
            call()
    presses.check(orders=4)


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-02", "R-122", "R-153")
def test_a_thousand_storms(shop: Shop, pay_by: Callable[[Product], None]) -> None:
    """Whatever buyers do, four at a time: one order for each that was meant, authorised once, and its page is reached."""
    series = Series("storms of presses", 1000, shop.database)
    while series.more():
        pay_by(series.chance.choice(EVERY))
        presses, meant = _beginning(shop), 0
        for _ in range(10):
            habits = series.chance.choices(list(HABITS), k=4)
            at_once([call for habit in habits for call in habit(presses, series.chance.choice((CARD, CASH)), series.chance)])
            meant += sum(HABITS[habit] for habit in habits)
            series.done += len(habits)
        presses.check(orders=meant)
    series.end(f"{_ever_authorized(shop)} authorisations")


@_TURNS.each()
@pytest.mark.req("P-02", "S-011")
def test_looking_orders_nothing(presses: Presses, shop: Shop) -> None:
    """No GET – of place, confirm, pending or the form – makes an order or calls the provider."""
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    calls = _calls_for_money(shop)
    for path in ("/checkout/zero/place", "/checkout/zero/confirm", "/checkout/zero", "/checkout/pending"):
        browser.get(f"{path}?confirmation_token={confirmation}&card_token=x")
    assert shop.newest_order() == presses.before
    assert _calls_for_money(shop) == calls
    browser.close()


def _calls_for_money(shop: Shop) -> int:
    return sum(call["verb"] in ("authenticate", "authorize") for call in shop.practice.books()["calls"])
