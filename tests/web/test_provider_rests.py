"""P-11: a provider that does not answer is rested; buyers are led to what works and nothing they typed is lost."""

from contextlib import ExitStack, suppress

import pytest
from flask import Flask
from sqlalchemy import select

from providers.contract import Exchange
from shop.catalogue.models import StockHold
from shop.core.db import db
from shop.core.runtime import now
from shop.outbox.models import OutboxMail
from shop.payments import breaker, executor
from shop.payments.engine import Busy
from shop.payments.models import PaymentOperation, ProviderAccount
from tests.support.buying import CARD, CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, count, number_of
from tests.web.test_bad_input import complaints

AT_THE_CHOICE = "」は、決済代行会社の応答がないため、いまはご利用いただけません。"
AT_THE_FIELD = "このお支払方法は、決済代行会社の応答がないため、いまはご利用いただけません。請求はされていません。"
REFUSED = "4980000000038261"
REST = breaker.REST.total_seconds()


def fail(shopper: Buyer, simulator: Simulator, times: int) -> None:
    """So many buyers press 注文する and the provider says nothing."""
    simulator.fault("http_500", kind="020", times=times)
    for _ in range(times):
        assert buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url)).path == "/checkout/pending"


def methods(buyer: Buyer) -> str:
    return Page(buyer.get("/checkout/zero").text).text


@pytest.mark.req("P-11")
def test_a_silent_provider_rests_and_another_method_is_offered(
    shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    shopper.put_into_cart(TEA)
    confirmed, token = shopper.confirm(CARD, note="急ぎません"), shopper.card_token()
    fail(shopper, simulator, breaker.FAILURES - 1)
    assert AT_THE_CHOICE not in methods(shopper), "two may be chance"
    fail(shopper, simulator, 1)

    tried = count(demo_app, PaymentOperation)
    page, _form = shopper.checkout_form()
    assert AT_THE_CHOICE in page.text
    assert not list(page.find("input", data_card="number")), "nobody types a card for nothing"
    late = shopper.place(confirmed, token)
    assert late.path == "/checkout/zero"
    assert AT_THE_FIELD in late.page.text
    assert late.page.form("/checkout/zero/confirm").fields["note"] == "急ぎません"
    assert (count(demo_app, PaymentOperation), simulator.payments()) == (tried, [])

    assert number_of(shopper.place(shopper.confirm(CASH)))
    assert "決済代行会社が応答していません" in desk.page("/admin").text
    assert count(demo_app, OutboxMail, kind="provider_silent") == 1


@pytest.mark.req("P-11")
def test_the_choice_made_before_is_refused_at_its_field(shopper: Buyer, simulator: Simulator) -> None:
    shopper.put_into_cart(TEA)
    before, _form = shopper.checkout_form()
    fail(shopper, simulator, breaker.FAILURES)
    answer = shopper.confirm(CARD, before)
    assert answer.status_code == 422
    assert complaints(answer.text)["payment_method_id"].startswith(AT_THE_FIELD)


@pytest.mark.req("P-11")
def test_after_its_rest_the_provider_is_tried_again(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    fail(shopper, simulator, breaker.FAILURES)
    clock.advance(REST + 1)
    fail(shopper, simulator, 1)
    shopper.put_into_cart(TEA)
    assert AT_THE_CHOICE in methods(shopper), "still silent: it rests again at once"
    clock.advance(REST + 1)
    # A refusal is an answer, too.
    assert buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url), card=REFUSED).path == "/checkout/zero"
    fail(shopper, simulator, breaker.FAILURES - 1)
    assert AT_THE_CHOICE not in methods(shopper)


@pytest.mark.req("P-11")
def test_look_ups_that_work_are_no_payments_that_work(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    """The commoner trouble: payments are down, questions are answered. Each unknown outcome is asked about – and yet it rests."""
    shopper.put_into_cart(TEA)
    for _ in range(breaker.FAILURES):
        assert AT_THE_CHOICE not in methods(shopper)
        fail(shopper, simulator, 1)
        clock.advance(15)
        run_jobs(demo_app, "reconcile")
    assert simulator.ledger()["telegrams"]["094"] >= breaker.FAILURES
    assert AT_THE_CHOICE in methods(shopper)


def test_a_clock_set_back_ends_the_rest(shopper: Buyer, simulator: Simulator, clock: MovableClock) -> None:
    fail(shopper, simulator, breaker.FAILURES)
    shopper.put_into_cart(TEA)
    assert AT_THE_CHOICE in methods(shopper)
    clock.advance(-3600)
    assert AT_THE_CHOICE not in methods(shopper)


@pytest.mark.req("P-11")
def test_silence_of_parallel_buyers_is_counted_and_a_later_answer_ends_it(demo_app: Flask) -> None:
    def note(*answers: bool | None) -> int:
        exchanges = [Exchange("020", "", "", "", 0, answered) for answered in answers]
        with demo_app.app_context():
            breaker.note(1, exchanges, now())
            return db.session.scalar(select(ProviderAccount.silent_calls)) or 0

    assert [note(False), note(), note(None), note(True, False), note(False)] == [1, 1, 1, 2, 3]
    assert [note(False, True), note(True)] == [0, 0]


# ---- what staff ask ----


@pytest.mark.req("P-11")
def test_questions_of_staff_take_a_line_like_any_call(
    shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    """A stalled provider must not stop the shop: with all lines taken, 決済状況を更新 and 解放 say so at once and wait for nobody."""
    number = number_of(buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url)))
    fail(shopper, simulator, 1)
    with demo_app.app_context(), ExitStack() as taken:
        with suppress(Busy):
            while True:
                taken.enter_context(executor.reserve())
        held = db.session.scalar(select(StockHold.order_id).where(StockHold.state == "held"))
        asked = simulator.ledger()["telegrams"]
        assert "混み合っています" in desk.refresh(number).text
        where = f"/admin/holds/{held}/release"
        assert "決済会社の返事を待っているところです。" in Page(desk.submit(where, where).text).text
        assert simulator.ledger()["telegrams"] == asked
    assert "決済状況を更新しました。" in desk.refresh(number).text
