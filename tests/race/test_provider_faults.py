"""P-11: whatever the provider does on the wire, no state is wrong, and nobody who may have paid is asked to pay again."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Answer, is_complete
from tests.race.shopping import CARD, Shop, no_error_page

CODE = "TK-050"
#: Answers that tell nothing: whether money is held is not known until the provider is asked.
SILENT = ("reset", "close", "half", "garbage", "html", "http_500", "empty")
#: Sentences of the pages a buyer may meet; exactly one of them each time.
PENDING, NOT_CHARGED = "もう一度注文する必要はありません", "請求はされていません"


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
    """Press 注文する and look at the first page, without waiting for a better one."""
    shop.forget_silence()
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    answer = browser.place(confirmation, shop.practice.token())
    page = browser.get(answer.location)
    page = browser.get(page.location) if page.status in (302, 303) else page
    no_error_page([answer, page])
    browser.close()
    return Met(page, shop.newest_order())


def _state(shop: Shop, met: Met) -> str:
    return str(shop.value("SELECT state FROM shop_order WHERE id = :id", id=met.order_id))


def _money_held(shop: Shop, met: Met) -> bool:
    ref = shop.value(
        "SELECT o.merchant_ref FROM payment_operation o JOIN payment p ON p.id = o.payment_id"
        " WHERE p.order_id = :id AND o.verb = 'authorize'",
        id=met.order_id,
    )  # fmt: skip
    return ref in shop.practice.live()


def _told_the_truth(shop: Shop, met: Met) -> None:
    """I-8, at rest: "complete" has an order and its money, "not charged" has neither; pending became one of the two."""
    placed = _state(shop, met) == "placed"
    assert placed == _money_held(shop, met)
    assert met.kind != "complete" or placed
    assert met.kind != "not charged" or not placed
    assert met.kind != "?", met.page.text[:2000]


@pytest.mark.req("P-11", "P-05", "S-013")
@pytest.mark.parametrize("phase", ["before", "after"])
def test_silent_answers_of_an_authorization(shop: Shop, phase: str) -> None:
    """Nothing executed, or executed and not told: the buyer waits on the pending page, the provider is asked."""
    shop.stock(CODE, 50)
    shop.practice.control("notices", mode="hold")
    shop.practice.fault("094", "http_500", times=None)
    met = {}
    for mode in SILENT:
        shop.practice.fault("020", mode, phase)
        met[mode] = _pay(shop)
        assert met[mode].kind == "pending", (mode, met[mode].page.text[:500])
    assert {mode: _money_held(shop, seen) for mode, seen in met.items()} == dict.fromkeys(SILENT, phase == "after")
    shop.settle()
    for seen in met.values():
        _told_the_truth(shop, seen)
    states = {_state(shop, seen) for seen in met.values()}
    assert states == ({"placed"} if phase == "after" else {"lapsed"})
    assert_books_agree(shop)


@pytest.mark.req("P-11", "P-05")
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("code", ["2008", "E001", "9999"])
def test_codes_that_may_hide_an_approval(shop: Shop, code: str, phase: str) -> None:
    """Time-out, system error, a code nobody has heard of: no refusal, until the provider was asked."""
    shop.stock(CODE, 50)
    # The provider is asked when everything is over, so that the first page is judged.
    shop.practice.control("notices", mode="hold")
    shop.practice.fault("020", "code", phase, code=code)
    met = _pay(shop)
    assert met.kind == "pending"
    shop.settle()
    _told_the_truth(shop, met)
    assert _state(shop, met) == ("placed" if phase == "after" else "lapsed")
    assert_books_agree(shop)


@pytest.mark.req("P-11")
@pytest.mark.parametrize("code", ["2001", "2002", "2016", "P010", "2054"])
def test_refusals_are_told_at_once(shop: Shop, code: str) -> None:
    """A definite no: nothing is held, the units are back, the buyer may try again."""
    shop.stock(CODE, 50)
    shop.practice.fault("020", "code", code=code)
    met = _pay(shop)
    assert met.kind == "not charged"
    assert _state(shop, met) == "lapsed"
    assert shop.available(CODE) == 50
    _told_the_truth(shop, met)


@pytest.mark.req("P-11")
@pytest.mark.parametrize(("mode", "phase"), [("wrong_charset", "after"), ("slow", "before"), ("slow", "after"), ("drip", "after")])
def test_odd_but_complete_answers(shop: Shop, mode: str, phase: str) -> None:
    """Late, dripping or mislabelled, but whole: the order is placed as usual."""
    shop.stock(CODE, 50)
    shop.practice.fault("020", mode, phase, seconds=0.5)
    met = _pay(shop)
    assert met.kind in ("complete", "pending")
    shop.settle()
    _told_the_truth(shop, met)
    assert _state(shop, met) == "placed"
    assert_books_agree(shop)


@pytest.mark.req("P-11", "P-08")
def test_an_approval_that_shows_after_the_hold_has_ended(shop: Shop) -> None:
    """The provider is silent for 25 minutes; the units are sold to somebody else. The late money is given back once."""
    shop.stock(CODE, 1)
    shop.practice.control("notices", mode="hold")
    shop.practice.fault("020", "reset", "after")
    shop.practice.fault("094", "empty", times=None)
    met = _pay(shop)
    assert met.kind == "pending"
    shop.practice.later(25 * 60)
    shop.eventually(lambda: shop.available(CODE) == 1, "the hold did not end")
    shop.forget_silence()
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    path, _ = browser.follow(browser.place(confirmation, shop.practice.token()))
    browser.close()
    assert is_complete(path)
    shop.settle()
    assert _state(shop, met) == "lapsed"
    assert not _money_held(shop, met)
    assert _mails(shop, met) == ["payment_cancelled", "payment_cancelled_notice"]
    assert_books_agree(shop)


def _mails(shop: Shop, met: Met) -> list[str]:
    return [row.kind for row in shop.rows("SELECT kind FROM outbox_mail WHERE order_id = :id ORDER BY kind", id=met.order_id)]


@pytest.mark.req("P-11", "S-036")
@pytest.mark.parametrize("mode", ["reset", "garbage", "http_500"])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_silent_answers_of_a_compensation(shop: Shop, mode: str, phase: str) -> None:
    """021 of an automatic give-back gets no answer: it is asked about and repeated until the money is gone, once."""
    shop.stock(CODE, 1)
    shop.practice.control("notices", mode="hold")
    shop.practice.fault("020", "reset", "after")
    shop.practice.fault("094", "empty", times=None)
    met = _pay(shop)
    shop.practice.later(25 * 60)
    shop.eventually(lambda: shop.available(CODE) == 1, "the hold did not end")
    shop.stock(CODE, 0)
    shop.practice.control("faults", clear=True)
    shop.practice.fault("021", mode, phase)
    shop.eventually(lambda: _sent(shop, met, "void"), "no void was sent")
    shop.settle()
    shop.eventually(lambda: not _money_held(shop, met), "the money is still held")
    assert _mails(shop, met) == ["payment_cancelled", "payment_cancelled_notice"]
    assert_books_agree(shop)


def _sent(shop: Shop, met: Met, verb: str) -> list[Any]:
    return shop.rows(
        "SELECT o.id FROM payment_operation o JOIN payment p ON p.id = o.payment_id WHERE p.order_id = :id AND o.verb = :verb",
        id=met.order_id, verb=verb,
    )  # fmt: skip
