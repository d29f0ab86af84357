"""P-11: a provider that does not answer is rested; buyers are led to what works and nothing they typed is lost."""

import pytest
from flask import Flask

from shop.outbox.models import OutboxMail
from shop.payments import breaker
from shop.payments.models import PaymentOperation
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
def test_an_answer_to_a_question_ends_the_rest(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    fail(shopper, simulator, breaker.FAILURES)
    shopper.put_into_cart(TEA)
    assert AT_THE_CHOICE in methods(shopper)
    clock.advance(REST / 2)
    run_jobs(demo_app, "reconcile")
    assert AT_THE_CHOICE not in methods(shopper)
