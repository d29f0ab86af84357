"""What moves one order's money from several sides at once – the way back from the issuer against the buyer's 中止, an approval
against the same, two members of staff – has one effect, and both sides' books say the same of it (P-02, P-08, P-26)."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

import pytest
import requests

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, Browser, is_away, is_complete
from tests.race.products import AUTHENTICATED, PLAIN, Product, rounds, updates
from tests.race.shopping import CARD, Shop, at_once, no_error_page
from tests.support.issuer import FRICTIONLESS
from tests.support.pages import Page
from tests.support.products import Request
from tests.web.counter import Desk

CODE = "TK-050"
_ABORT = "/checkout/pending/abort"
#: Seconds the aborting tab comes before or after: into and around the call.
_AHEAD = (-0.03, -0.01, 0.0, 0.01, 0.03, 0.06)


@dataclass
class Attempt:
    """One buyer with two tabs: one comes to the end of the payment, the other gives it up at that moment."""

    shop: Shop
    browser: Browser
    #: Known once it was ordered: a refused insert leaves a gap in PostgreSQL's numbers.
    order_id: int = 0
    answers: list[Answer] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def order(self, confirmation: str, token: str) -> None:
        """注文する."""
        self.answers.append(self.browser.place(confirmation, token))

    def come_back(self, back: Request, browser: Browser | None = None) -> None:
        """Be led back from the issuer, to the last page."""
        opened = browser or self.browser.tab()
        self._end(opened, opened.arrive(back))

    def look(self) -> None:
        """Open the waiting page, and where it leads."""
        opened = self.browser.tab()
        self._end(opened, Answer(303, "/checkout/pending", ""))

    def _end(self, opened: Browser, answer: Answer) -> None:
        end, page = opened.follow(answer)
        opened.close()
        self.answers.append(page)
        self.told.append(end)

    def give_up(self, after: float = 0.0) -> None:
        time.sleep(after)
        tab = self.browser.tab()
        self.answers.append(tab.post(_ABORT, {}))
        tab.close()

    def check(self) -> str:
        """One end, and nobody was told another one; returns the order's state."""
        no_error_page(self.answers)
        state = str(self.shop.value("SELECT state FROM shop_order WHERE id = :id", id=self.order_id))
        complete = [path for path in self.told if is_complete(path)]
        assert state == "placed" or not complete, (state, self.told)
        reference = self.shop.value("SELECT merchant_ref FROM payment WHERE order_id = :id", id=self.order_id)
        made = [each for each in self.shop.practice.payments() if each["reference"] == reference]
        assert len(made) <= 1, "authorised twice"
        assert self.shop.practice.live().get(reference, []) == ([made[0]["amount_yen"]] if state == "placed" else [])
        return state


def _at_the_issuer(shop: Shop) -> tuple[Attempt, Request]:
    """A buyer whose browser stands on the issuer's page, and what leads back."""
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    placed = browser.place(confirmation, shop.practice.token(FRICTIONLESS))
    assert is_away(placed.location), placed
    return Attempt(shop, browser, shop.newest_order()), browser.way_back(placed.location)


Pay = Callable[[Product], None]


@rounds(AUTHENTICATED)
@pytest.mark.req("P-08", "P-12", "R-163")
def test_coming_back_and_giving_up_at_the_same_moment(shop: Shop, pay_by: Pay, products: tuple[Product, ...]) -> None:
    """The return – in the buyer's own browser, reloaded, and in one without cookies – against この決済を中止する."""
    shop.stock(CODE, 50)
    attempts = []
    for ahead, product in zip(_AHEAD, cycle(products), strict=False):
        pay_by(product)
        attempt, back = _at_the_issuer(shop)
        attempts.append(attempt)
        stranger = Browser(shop.port)
        returns = [partial(attempt.come_back, back, browser) for browser in (None, None, stranger)]
        late = [partial(_after, -ahead, each) for each in returns]
        at_once([*late, partial(attempt.give_up, max(0.0, ahead))])
        attempt.browser.close()
    shop.settle()
    print(f"ends: {Counter(attempt.check() for attempt in attempts)}")
    assert_books_agree(shop)


def _after(seconds: float, call: partial[None]) -> None:
    time.sleep(max(0.0, seconds))
    call()


@rounds()
@pytest.mark.req("P-08", "P-05", "R-164")
@pytest.mark.parametrize("phase", ["before", "after"], ids=["asked late", "answered late"])
def test_giving_up_against_a_late_approval(shop: Shop, pay_by: Pay, products: tuple[Product, ...], phase: str) -> None:
    """The approval is on its way while the buyer gives up: it comes to an order, or it is undone and both sides are told."""
    shop.stock(CODE, 50)
    attempts = []
    for ahead, product in zip((0.05, 0.25, 0.3, 0.35, 0.6, 0.3), cycle(products), strict=False):
        pay_by(product)
        attempt, last_step = _before_the_approval(shop, product)
        attempts.append(attempt)
        shop.practice.fault(product.deciding_call, "slow", phase, seconds=0.3)
        at_once([last_step, partial(attempt.give_up, ahead)])
        attempt.order_id = attempt.order_id or shop.newest_order()
        attempt.look()
        attempt.browser.close()
    shop.settle()
    ends = {attempt.order_id: attempt.check() for attempt in attempts}
    print(f"ends: {Counter(ends.values())}")
    told = "SELECT kind FROM outbox_mail WHERE order_id = :id AND kind LIKE 'payment_cancelled%'"
    assert {order: len(shop.rows(told, id=order)) for order in ends} == {
        order: 0 if state == "placed" else 2 for order, state in ends.items()
    }
    assert_books_agree(shop)


def _before_the_approval(shop: Shop, product: Product) -> tuple[Attempt, Callable[[], None]]:
    """A buyer, and the step of theirs that the approval answers: 注文する or, where they are sent away, the way back."""
    if product.sends_away:
        attempt, back = _at_the_issuer(shop)
        return attempt, partial(attempt.come_back, back)
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    attempt = Attempt(shop, browser)
    return attempt, partial(attempt.order, confirmation, shop.practice.token())


@rounds([product for product in PLAIN if updates(product)])
@pytest.mark.req("P-26", "R-064", "R-192")
def test_staff_at_one_order_from_several_windows(shop: Shop, pay_by: Pay, products: tuple[Product, ...]) -> None:
    """取引更新 ×3 and キャンセル of one order pressed at once: each money verb at most once, one state at the end."""
    shop.stock(CODE, 50)
    desk = Desk(shop.server.url)
    orders = []
    for _, product in zip(range(4), cycle(products), strict=False):
        pay_by(product)
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
        path, _page = browser.follow(browser.place(confirmation, shop.practice.token()))
        browser.close()
        assert is_complete(path)
        order = shop.order_of(path)
        orders.append(order.id)
        raised = "UPDATE shop_order SET shipping_yen = shipping_yen + 100, total_yen = total_yen + 100 WHERE id = :id"
        shop.change(raised, id=order.id)
        windows = [_window(desk, order.number, verb) for verb in ("update", "update", "update", "cancel")]
        answers = at_once([partial(_press, *window) for window in windows])
        assert {answer.status_code for answer in answers} == {200}, [answer.text[:500] for answer in answers]
    shop.settle()
    print(f"ends: {Counter(_one_state(shop, order_id) for order_id in orders)}")
    assert_books_agree(shop)


def _window(desk: Desk, number: str, verb: str) -> tuple[requests.Session, str, dict[str, str]]:
    """A browser window of its own, open on the page that asks."""
    path = f"/admin/orders/{number}/payment/{verb}"
    fields = Page(desk.get(path).text).form(path).fields  # first: the page may bring the cookie its token belongs to
    session = requests.Session()
    session.trust_env = False
    session.cookies.update(desk.session.cookies)
    return session, desk.shop_url + path, fields


def _press(session: requests.Session, address: str, fields: dict[str, str]) -> requests.Response:
    with session:
        return session.post(address, data=fields)


def _one_state(shop: Shop, order_id: int) -> str:
    """The payment's state, once no verb has succeeded twice and at most one authorisation of the order stands."""
    verbs = Counter(
        row.verb
        for row in shop.rows(
            "SELECT o.verb FROM payment_operation o JOIN payment p ON p.id = o.payment_id"
            " WHERE p.order_id = :id AND o.state = 'succeeded'", id=order_id,
        )
    )  # fmt: skip
    assert verbs["authorize"] == 1
    assert verbs["reauthorize"] + verbs["change"] <= 1
    assert verbs["void"] <= 1
    references = {
        row.merchant_ref
        for row in shop.rows(
            "SELECT o.merchant_ref FROM payment_operation o JOIN payment p ON p.id = o.payment_id"
            " WHERE p.order_id = :id AND o.merchant_ref IS NOT NULL", id=order_id,
        )
    }  # fmt: skip
    standing = [yen for reference in references for yen in shop.practice.live().get(reference, [])]
    status = str(shop.value("SELECT status FROM payment WHERE order_id = :id", id=order_id))
    total = shop.value("SELECT total_yen FROM shop_order WHERE id = :id", id=order_id)
    assert standing == ([total] if status == "authorized" else []), (status, standing, total)
    return status
