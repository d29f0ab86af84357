"""P-11: whatever the provider does on the wire, no state is wrong, and nobody who may have paid is asked to pay again."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, Browser, is_away, is_complete
from tests.race.products import AUTHENTICATED, EVERY, PLAIN, Product, Turns, codes, rounds
from tests.race.shopping import CARD, CASH, Shop, by_many, no_error_page
from tests.support.evidence import Series
from tests.support.issuer import FRICTIONLESS
from tests.web.counter import Desk, buttons

CODE = "TK-050"
#: Answers that tell nothing: whether money is held is not known until the provider is asked.
SILENT = ("reset", "close", "half", "garbage", "html", "http_500", "empty")
#: Sentences of the pages a buyer may meet; exactly one of them each time.
PENDING, NOT_CHARGED = "もう一度注文する必要はありません", "請求はされていません"
BUSY, RESTS = "混み合っています", "応答がないため"
_TURNS = Turns()
#: Whose codes leave anything open, and whose authorizations can be asked about: the others are given back by people.
_DOUBTFUL = [product for product in EVERY if codes(product, "DOUBTFUL")]
_ASKED = [product for product in EVERY if not product.asks_people]
#: Only ends a test in which the shop stays busy for ever.
_ROUNDS = 100


@dataclass(frozen=True)
class Met:
    """What one buyer saw and which order it was about."""

    page: Answer
    order_id: int

    @property
    def kind(self) -> str:
        if PENDING in self.page.text:
            return "pending"
        return "not charged" if NOT_CHARGED in self.page.text else "complete" if "注文番号" in self.page.text else "?"


def _pay(shop: Shop) -> Met:
    shop.forget_silence()
    return _press(shop, *shop.ready_buyer(shop.variant(CODE), CARD), shop.practice.token(FRICTIONLESS))


def _press(shop: Shop, browser: Browser, confirmation: str, token: str) -> Met:
    """Press 注文する, through 本人認証 where there is any, and look at the first page without waiting for a better one. Who is told
    that the lines are busy or the provider rests presses again."""
    for _ in range(_ROUNDS):
        shop.forget_silence()
        answer = browser.place(confirmation, token)
        way = browser.arrive(browser.way_back(answer.location)) if is_away(answer.location) else answer
        _, page = browser.follow(way, 0.0)
        if BUSY not in page.text and RESTS not in page.text:
            break
        time.sleep(0.2)
    no_error_page([answer, page])
    browser.close()
    return Met(page, shop.value("SELECT id FROM shop_order WHERE submission_key = :key", key=confirmation))


def _state(shop: Shop, met: Met) -> str:
    return str(shop.value("SELECT state FROM shop_order WHERE id = :id", id=met.order_id))


def _money_held(shop: Shop, met: Met) -> bool:
    return _reference(shop, met) in shop.practice.live()


def _reference(shop: Shop, met: Met) -> Any:
    return shop.value(
        "SELECT o.merchant_ref FROM payment_operation o JOIN payment p ON p.id = o.payment_id"
        " WHERE p.order_id = :id AND o.verb = 'authorize'",
        id=met.order_id,
    )  # fmt: skip


def _told_the_truth(shop: Shop, *all_met: Met) -> None:
    """I-8, at rest: "complete" has an order and its money, "not charged" has neither; pending became one of the two."""
    live = shop.practice.live()
    for met in all_met:
        _is_true(met, _state(shop, met) == "placed", _reference(shop, met) in live)


def _is_true(met: Met, placed: bool, money_held: bool) -> None:
    assert placed == money_held, met
    assert met.kind != "complete" or placed
    assert met.kind != "not charged" or not placed
    assert met.kind != "?", met.page.text[:2000]


def _lose(shop: Shop, product: Product, mode: str, phase: str) -> None:
    """The answer to the press is lost before anything was reserved, or the one that would have told that it is; the provider stays
    silent."""
    shop.practice.control("faults", clear=True)
    shop.practice.control("notices", mode="hold")
    shop.practice.fault(product.opening_call if phase == "before" else product.deciding_call, mode, phase)
    shop.practice.fault("query", mode, phase, times=None)


@rounds()
@pytest.mark.req("P-11", "P-05", "S-013")
@pytest.mark.parametrize("phase", ["before", "after"])
def test_silent_answers_of_an_authorization(
    shop: Shop, pay_by: Callable[[Product], None], products: tuple[Product, ...], phase: str
) -> None:
    """Nothing executed, or executed and not told: the buyer waits on the pending page, the provider – or a person – is asked."""
    shop.stock(CODE, 50)
    met = {}
    for mode, product in zip(SILENT, cycle(products), strict=False):
        pay_by(product)
        _lose(shop, product, mode, phase)
        met[mode] = _pay(shop)
        assert met[mode].kind == "pending", (mode, met[mode].page.text[:500])
    assert {mode: _money_held(shop, seen) for mode, seen in met.items()} == dict.fromkeys(SILENT, phase == "after")
    shop.settle()
    _told_the_truth(shop, *met.values())
    states = {_state(shop, seen) for seen in met.values()}
    assert states == ({"placed"} if phase == "after" else {"lapsed"})
    assert_books_agree(shop)


@pytest.mark.req("P-11", "P-05")
@_TURNS.cases("nth phase", [(nth, phase) for nth in range(3) for phase in ("before", "after")], _DOUBTFUL)
def test_codes_that_may_hide_an_approval(shop: Shop, product: Product, nth: int, phase: str) -> None:
    """Time-out, system error, a code nobody has heard of: no refusal, until the provider was asked."""
    shop.stock(CODE, 50)
    # The provider is asked when everything is over, so that the first page is judged.
    shop.practice.control("notices", mode="hold")
    shop.practice.fault(product.opening_call, "code", phase, code=codes(product, "DOUBTFUL")[nth])
    met = _pay(shop)
    assert met.kind == "pending"
    shop.settle()
    _told_the_truth(shop, met)
    assert _state(shop, met) == ("placed" if phase == "after" else "lapsed")
    assert_books_agree(shop)


@pytest.mark.req("P-11")
@_TURNS.cases("nth", [(nth,) for nth in range(5)], [product for product in EVERY if codes(product, "REFUSING")])
def test_refusals_are_told_at_once(shop: Shop, product: Product, nth: int) -> None:
    """A definite no: nothing is held, the units are back, the buyer may try again."""
    shop.stock(CODE, 50)
    shop.practice.fault(product.first_call, "code", code=codes(product, "REFUSING")[nth])
    met = _pay(shop)
    assert met.kind == "not charged"
    assert _state(shop, met) == "lapsed"
    assert shop.available(CODE) == 50
    _told_the_truth(shop, met)


@pytest.mark.req("P-11")
@_TURNS.cases("mode phase", [("wrong_charset", "after"), ("slow", "before"), ("slow", "after"), ("drip", "after")])
def test_odd_but_complete_answers(shop: Shop, product: Product, mode: str, phase: str) -> None:
    """Late, dripping or mislabelled, but whole: the order is placed as usual."""
    shop.stock(CODE, 50)
    shop.practice.fault(product.deciding_call, mode, phase, seconds=0.5)
    met = _pay(shop)
    assert met.kind in ("complete", "pending")
    shop.settle()
    _told_the_truth(shop, met)
    assert _state(shop, met) == "placed"
    assert_books_agree(shop)


@pytest.mark.req("P-11", "P-08")
@_TURNS.each()
def test_an_approval_that_shows_after_the_hold_has_ended(shop: Shop, product: Product) -> None:
    """The provider is silent for 25 minutes; the units are sold to somebody else. The late money is given back once."""
    shop.stock(CODE, 1)
    _lose(shop, product, "reset", "after")
    met = _pay(shop)
    assert met.kind == "pending"
    shop.practice.later(25 * 60)
    shop.eventually(lambda: shop.available(CODE) == 1, "the hold did not end")
    shop.forget_silence()
    # Nobody can pay by card where the shop has to ask for each authorization.
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CASH if product.decides_while_away else CARD)
    path, _ = browser.follow(browser.place(confirmation, shop.practice.token()), through_issuer=True)
    browser.close()
    assert is_complete(path)
    shop.settle()
    assert _state(shop, met) == "lapsed"
    assert not _money_held(shop, met)
    assert _mails(shop, met) == (_RELEASED_BY_PEOPLE if product.asks_people else _GIVEN_BACK)
    assert_books_agree(shop)


#: What both sides are told about money that came too late.
_GIVEN_BACK = ["payment_cancelled", "payment_cancelled_notice"]
_RELEASED_BY_PEOPLE = ["console_check", "payment_not_cancelled", "payment_not_cancelled_notice"]


def _mails(shop: Shop, met: Met) -> list[str]:
    """Kinds of the mails about it. Whether its buyer was written to before the outcome was known depends on the moment: that it
    happened once at most is for the books."""
    query = "SELECT kind FROM outbox_mail WHERE order_id = :id AND kind <> 'still_open' ORDER BY kind"
    return [row.kind for row in shop.rows(query, id=met.order_id)]


@pytest.mark.req("P-11", "S-036")
@_TURNS.cases("mode phase", [(mode, phase) for mode in ("reset", "garbage", "http_500") for phase in ("before", "after")], _ASKED)
def test_silent_answers_of_a_compensation(shop: Shop, product: Product, mode: str, phase: str) -> None:
    """The void of an automatic give-back gets no answer: it is asked about and repeated until the money is gone, once."""
    shop.stock(CODE, 1)
    _lose(shop, product, "reset", "after")
    met = _pay(shop)
    shop.practice.later(25 * 60)
    shop.eventually(lambda: shop.available(CODE) == 1, "the hold did not end")
    shop.stock(CODE, 0)
    shop.practice.control("faults", clear=True)
    shop.practice.fault("void", mode, phase)
    shop.practice.later(60)
    shop.eventually(lambda: _sent(shop, met, "void"), "no void was sent")
    shop.settle()
    shop.eventually(lambda: not _money_held(shop, met), "the money is still held")
    assert _mails(shop, met) == _GIVEN_BACK
    assert_books_agree(shop)


def _sent(shop: Shop, met: Met, verb: str) -> list[Any]:
    return shop.rows(
        "SELECT o.id FROM payment_operation o JOIN payment p ON p.id = o.payment_id WHERE p.order_id = :id AND o.verb = :verb",
        id=met.order_id, verb=verb,
    )  # fmt: skip


# ---- the long form -----------------------------------------------------------------------------------------------------

#: Answers spoilt, late or missing, each before and after the provider has executed.
SPOILT = (*SILENT, "wrong_charset", "slow")
Way = tuple[str, str, str]
#: Two more, in few rounds only: a page waits eight seconds for one, a new provider takes a second for the other.
STALL, NOT_THERE = ("stall", "after", ""), "not there"
_SELDOM = 0.05
#: Longer than a buyer waits for a page.
_STALL, _SLOW = 9.0, 0.3
_BUYERS = 24
#: What is paid, and with which products.
FLOWS = {"card": PLAIN, "authenticated card": AUTHENTICATED, "capture": EVERY}
_ROUNDS_OF_ALL = [(flow, product) for flow, products in FLOWS.items() for product in products]


def _spoilt(flow: str, product: Product) -> tuple[str, ...]:
    """The calls whose answers are bad; in the end the shop asks."""
    return ("capture",) if flow == "capture" else tuple({product.first_call, product.deciding_call})


def _ways(product: Product) -> list[Way]:
    """How the provider behaves badly: mode, phase, code."""
    return [
        *[(mode, phase, "") for mode in SPOILT for phase in ("before", "after")],
        *[("code", phase, code) for code in codes(product, "DOUBTFUL") for phase in ("before", "after")],
        ("drip", "after", ""),
    ]


def _misbehave(shop: Shop, flow: str, product: Product, chance: random.Random) -> Counter[str]:
    """Give every buyer of a round one bad answer – who gets which is left to the race – and returns how many of each."""
    ways = chance.choices(_ways(product), k=_BUYERS)
    if chance.random() < _SELDOM:
        ways[:4] = [STALL] * 4
    for mode, phase, code in ways:
        seconds = _STALL if mode == "stall" else _SLOW
        shop.practice.fault(chance.choice(_spoilt(flow, product)), mode, phase, code=code, seconds=seconds)
    for mode, phase, code in chance.choices(_ways(product), k=3):
        shop.practice.fault("query", mode, phase, code=code, seconds=_SLOW)
    return Counter(f"{mode}{code} {phase}" for mode, phase, code in ways)


def _round(shop: Shop, flow: str, product: Product, chance: random.Random) -> Counter[str]:
    """Many buyers, each meeting one bad answer; then the provider is well, and every page must have been true."""
    shop.stock(CODE, _BUYERS)
    shop.practice.control("notices", mode=chance.choice(("normal", "hold", "before_answer")))
    ready = by_many(
        lambda _: (*shop.ready_buyer(shop.variant(CODE), CARD), shop.practice.token(FRICTIONLESS)), range(_BUYERS)
    )
    presses = [partial(_press, shop, *buyer) for buyer in ready]
    with ExitStack() as stack:
        if flow == "card" and chance.random() < _SELDOM:
            stack.enter_context(shop.nobody_at_the_provider())
            met, used = _all(presses), Counter({NOT_THERE: _BUYERS})
        elif flow == "capture":
            met = _all(presses)
            used = _misbehave(shop, flow, product, chance)
            _capture(shop, met)
        else:
            used = _misbehave(shop, flow, product, chance)
            met = _all(presses)
    shop.settle()
    _told_the_truth(shop, *met)
    assert _captured_with_us(shop) == _captured_there(shop)
    assert_books_agree(shop)
    return used


def _all(presses: list[partial[Met]]) -> list[Met]:
    """As many at once as a worker has lines to the provider."""
    return by_many(lambda press: press(), presses, threads=8)


def _capture(shop: Shop, all_met: list[Met]) -> None:
    """売上確定 of each order, by somebody who logs in for it: much time has passed."""
    desk = Desk(shop.server.url)
    for met in all_met:
        number = shop.value("SELECT number FROM shop_order WHERE id = :id", id=met.order_id)
        _see_it(desk, number)
        path = f"/admin/orders/{number}/payment/capture"
        assert desk.submit(path, path).status_code == 200


def _see_it(desk: Desk, number: str) -> None:
    """決済状況を更新 until the payment can be seen: the answer to a look at it may be spoilt as well."""
    shown = desk.order(number)
    while not buttons(shown).get("capture"):
        shown = desk.refresh(number)


def _captured_with_us(shop: Shop) -> set[str]:
    return {row.merchant_ref for row in shop.rows("SELECT merchant_ref FROM payment WHERE status = 'captured'")}


def _captured_there(shop: Shop) -> set[str]:
    return {payment["reference"] for payment in shop.practice.payments() if payment["state"] == "captured"}


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-11", "P-05")
def test_every_fault_in_every_flow(shop: Shop, pay_by: Callable[[Product], None]) -> None:
    series = Series("presses at a misbehaving provider", 25 * len(FLOWS) * 200, shop.database, minutes=8)
    tried = Counter[str]()
    for flow, product in cycle(series.chance.sample(_ROUNDS_OF_ALL, len(_ROUNDS_OF_ALL))):
        pay_by(product)
        used = _round(shop, flow, product, series.chance)
        tried += Counter({f"{flow} by {product}, {way}": count for way, count in used.items()})
        series.done += used.total()
        if not series.more():
            break
    series.end(f"{len(tried)} kinds, the rarest {min(tried.values())} times")
