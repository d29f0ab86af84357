"""P-07: many buyers, few units. Nobody gets what is not there, nobody is charged for nothing, nothing leaks."""

from collections import Counter

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, is_complete
from tests.race.practice import GOOD, REFUSED
from tests.race.shopping import CARD, CASH, Shop, at_once, by_many, no_error_page

CODE = "TK-050"
#: The sentences a buyer can be met with, besides the completion page.
SENTENCES = {
    "busy": "混み合っています", "sold out": "在庫が足りなくなりました", "refused": "請求はされていません。ご注文は確定していません。",
}  # fmt: skip
#: Only ends a test in which the shop stays busy for ever.
_ROUNDS = 60


class Shopper:
    """A buyer who has confirmed one unit and presses 注文する until the answer is definite."""

    def __init__(self, shop: Shop, variant_id: int, kind: str, number: str) -> None:
        self.kind, self.number = kind, number
        self.browser, self.confirmation = shop.ready_buyer(variant_id, kind)
        self.card_token = shop.practice.token(number) if kind == CARD else ""
        self.answers: list[Answer] = []
        self.outcome = "busy"

    def press(self) -> None:
        answer = self.browser.place(self.confirmation, self.card_token)
        path, page = self.browser.follow(answer, 40.0)
        self.answers += [answer, page]
        self.outcome = "ordered" if is_complete(path) else _sentence(page)

    def close(self) -> None:
        self.browser.close()


def _sentence(page: Answer) -> str:
    met = [name for name, sentence in SENTENCES.items() if sentence in page.text]
    assert len(met) == 1, f"{met} {page.status} {page.location} {page.text[:3000]}"
    return met[0]


def storm(shop: Shop, buyers: int, units: int, refused_of_ten: int) -> Counter[str]:
    """All press at once; who is told "busy" presses again. Returns how many met which end."""
    variant_id = shop.stock(CODE, units)

    def prepare(number: int) -> Shopper:
        kind = CARD if number % 2 else CASH
        refused = kind == CARD and number // 2 % 10 < refused_of_ten
        return Shopper(shop, variant_id, kind, REFUSED if refused else GOOD)

    shoppers = by_many(prepare, range(buyers))
    waiting = shoppers
    for _ in range(_ROUNDS):
        at_once([shopper.press for shopper in waiting])
        waiting = [shopper for shopper in waiting if shopper.outcome == "busy"]
        if not waiting:
            break
    for shopper in shoppers:
        no_error_page(shopper.answers)
        shopper.close()
        if shopper.number == REFUSED:
            assert shopper.outcome in ("refused", "sold out")
    return Counter(shopper.outcome for shopper in shoppers)


def _sell_the_rest(shop: Shop) -> None:
    """What was given back can be bought."""
    rest = shop.available(CODE)
    if rest:
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CASH, rest)
        path, _ = browser.follow(browser.place(confirmation))
        assert is_complete(path)
        browser.close()
    assert shop.available(CODE) == 0


def _check(shop: Shop, met: Counter[str], buyers: int, units: int, before: int) -> None:
    sold = shop.value("SELECT count(*) FROM shop_order WHERE state = 'placed' AND id > :before", before=before)
    assert met["ordered"] == sold <= units
    assert sum(met.values()) == buyers
    assert met["busy"] == 0
    shop.settle()
    assert shop.available(CODE) == units - sold
    assert_books_agree(shop)
    _sell_the_rest(shop)


@pytest.mark.req("P-07", "R-165")
def test_200_buyers_get_exactly_50_units(shop: Shop) -> None:
    before = shop.newest_order()
    met = storm(shop, buyers=200, units=50, refused_of_ten=0)
    assert met == {"ordered": 50, "sold out": 150}
    _check(shop, met, 200, 50, before)


@pytest.mark.req("P-07", "R-165")
def test_units_of_refused_cards_come_back(shop: Shop) -> None:
    before = shop.newest_order()
    met = storm(shop, buyers=60, units=20, refused_of_ten=3)
    _check(shop, met, 60, 20, before)


@pytest.mark.evidence
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("run", range(25))
def test_the_race_many_times(shop: Shop, run: int) -> None:
    before = shop.newest_order()
    refused = 3 * (run % 2)
    met = storm(shop, buyers=200, units=50, refused_of_ten=refused)
    print(f"run {run}: {dict(met)}")
    _check(shop, met, 200, 50, before)


def test_a_page_without_an_answer_is_noticed() -> None:
    """The oracle's own eyes: a page with none of the sentences is no answer."""
    with pytest.raises(AssertionError):
        _sentence(Answer(200, "", "<h1>?</h1>"))

