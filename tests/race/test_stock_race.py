"""P-07: many buyers, few units. Nobody gets what is not there, nobody is charged for nothing, nothing leaks."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, is_away, is_complete
from tests.race.practice import GOOD, REFUSED, UNAUTHENTICATED
from tests.race.products import AUTHENTICATED, Product
from tests.race.shopping import CARD, CASH, Shop, at_once, by_many, no_error_page
from tests.support.evidence import Series
from tests.support.issuer import AUTHENTICATE, LOOK
from tests.support.products import Request

CODE = "TK-050"
#: The sentences a buyer can be met with, besides the completion page.
SENTENCES = {
    "busy": "混み合っています", "sold out": "在庫が足りなくなりました", "refused": "請求はされていません。ご注文は確定していません。",
}  # fmt: skip
#: Only ends a test in which the shop stays busy for ever.
_ROUNDS = 60


@dataclass(frozen=True)
class Crowd:
    """Who comes: of ten buyers some pay in vain, and some go to the issuer's page and never come back."""

    buyers: int
    units: int
    refused_of_ten: int = 0
    away_of_ten: int = 0

    def shopper(self, shop: Shop, variant_id: int, number: int) -> "Shopper":
        refused, away = number % 10 < self.refused_of_ten, 0 <= number % 10 - self.refused_of_ten < self.away_of_ten
        kind = CARD if refused or away or number % 2 else CASH
        # Authentication is the first thing that can fail, the card the second – where there is no authentication, it alone.
        card = GOOD if not refused else UNAUTHENTICATED if self.away_of_ten and number % 2 else REFUSED
        return Shopper(shop, variant_id, kind, card, LOOK if away else "" if card == UNAUTHENTICATED else AUTHENTICATE)


class Shopper:
    """A buyer who has confirmed one unit and presses 注文する until the answer is definite."""

    def __init__(self, shop: Shop, variant_id: int, kind: str, number: str, at_issuer: str) -> None:
        self.kind, self.number, self.at_issuer = kind, number, at_issuer
        self.browser, self.confirmation = shop.ready_buyer(variant_id, kind)
        self.card_token = shop.practice.token(number) if kind == CARD else ""
        self.answers: list[Answer] = []
        self.outcome = "busy"

    def press(self) -> None:
        answer = self.browser.place(self.confirmation, self.card_token)
        path, page = self.browser.follow(answer, 40.0)
        if is_away(path):
            if self.at_issuer == LOOK:
                self.browser.stay_at_issuer(path)
                path = ""
            else:
                path, page = self._come_back(self.browser.way_back(path, self.at_issuer))
        self.answers += [answer, page]
        self.outcome = "ordered" if is_complete(path) else _sentence(page) if path else "away"

    def _come_back(self, back: Request) -> tuple[str, Answer]:
        """A return that meets no free line to the provider is told to come again in a moment, as its page does by itself."""
        for _ in range(_ROUNDS):
            path, page = self.browser.follow(self.browser.arrive(back), 40.0)
            if page.status != 503:
                break
            time.sleep(0.2)
        return path, page

    def close(self) -> None:
        self.browser.close()


def _sentence(page: Answer) -> str:
    met = [name for name, sentence in SENTENCES.items() if sentence in page.text]
    assert len(met) == 1, f"{met} {page.status} {page.location} {page.text[:3000]}"
    return met[0]


def storm(shop: Shop, crowd: Crowd, chance: random.Random) -> Counter[str]:
    """All press at once; who is told "busy" presses again. Returns how many met which end."""
    variant_id = shop.stock(CODE, crowd.units)
    shoppers = by_many(lambda number: crowd.shopper(shop, variant_id, number), range(crowd.buyers))
    chance.shuffle(shoppers)
    waiting = shoppers
    for _ in range(_ROUNDS):
        at_once([shopper.press for shopper in waiting])
        waiting = [shopper for shopper in waiting if shopper.outcome == "busy"]
        if not waiting:
            break
    for shopper in shoppers:
        no_error_page(shopper.answers)
        shopper.close()
        if shopper.number != GOOD:
            assert shopper.outcome in ("refused", "sold out")
        elif shopper.outcome == "away":
            assert shopper.at_issuer == LOOK
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


def _check(shop: Shop, crowd: Crowd, met: Counter[str], before: int) -> None:
    sold = shop.value("SELECT count(*) FROM shop_order WHERE state = 'placed' AND id > :before", before=before)
    assert met["ordered"] == sold <= crowd.units
    assert sum(met.values()) == crowd.buyers
    assert met["busy"] == 0
    assert shop.available(CODE) == crowd.units - sold - met["away"], "who is away holds one, who was refused none"
    shop.settle()
    assert shop.available(CODE) == crowd.units - sold
    assert_books_agree(shop)
    _sell_the_rest(shop)


@pytest.mark.req("P-07", "R-165")
def test_200_buyers_get_exactly_50_units(shop: Shop) -> None:
    before, crowd = shop.newest_order(), Crowd(buyers=200, units=50)
    met = storm(shop, crowd, random.Random(0))
    assert met == {"ordered": 50, "sold out": 150}
    _check(shop, crowd, met, before)


@pytest.mark.req("P-07", "R-165")
def test_units_of_refused_cards_come_back(shop: Shop) -> None:
    before, crowd = shop.newest_order(), Crowd(buyers=40, units=15, refused_of_ten=3)
    _check(shop, crowd, storm(shop, crowd, random.Random(0)), before)


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-07", "R-165")
def test_the_race_many_times(shop: Shop, pay_by: Callable[[Product], None]) -> None:
    """With 30 % payment failures and 30 % who never come back from the issuer, by each product that leads there in turn; fifty
    races on each database."""
    series = Series("races of 200 buyers for 50 units", 50, shop.database)
    crowd, ends = Crowd(buyers=200, units=50, refused_of_ten=3, away_of_ten=3), Counter[str]()
    products = cycle(AUTHENTICATED)
    while series.more():
        pay_by(next(products))
        before = shop.newest_order()
        met = storm(shop, crowd, series.chance)
        _check(shop, crowd, met, before)
        ends += met
        series.done += 1
    series.end(f"0 units leaked in {ends.total()} attempts: {dict(ends)}")


def test_a_page_without_an_answer_is_noticed() -> None:
    """The oracle's own eyes: a page with none of the sentences is no answer."""
    with pytest.raises(AssertionError):
        _sentence(Answer(200, "", "<h1>?</h1>"))

