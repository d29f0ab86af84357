"""What Paygent allows on one payment: every verb against every state, and each single reason to refuse."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers.contract import MoneyStatus, Reason, Snapshot, Verb
from providers.paygent import PROVIDER
from providers.paygent.capabilities import PaygentCapabilities

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CAN = PaygentCapabilities()
AUTHORIZED = Snapshot(
    status=MoneyStatus.AUTHORIZED, authorized_yen=3130, order_total_yen=3130, capture_at_once=False,
    remote_status=MoneyStatus.AUTHORIZED, remote_amount_yen=3130, remote_readable=True,
    authorized_at=NOW - timedelta(days=1),
)  # fmt: skip
ALLOWED = {
    (Verb.CAPTURE, MoneyStatus.AUTHORIZED),
    (Verb.VOID, MoneyStatus.AUTHORIZED),
    (Verb.REFUND, MoneyStatus.CAPTURED),
}


@pytest.mark.req("R-195")
@pytest.mark.parametrize("status", MoneyStatus)
@pytest.mark.parametrize("verb", Verb)
def test_every_verb_in_every_state(verb: Verb, status: MoneyStatus) -> None:
    verdict = CAN.verdict(verb, replace(AUTHORIZED, status=status, remote_status=status), NOW)
    assert verdict.allowed == ((verb, status) in ALLOWED)
    if verdict.allowed:
        # The whole amount or nothing: no partial capture, no partial refund.
        assert (verdict.reason, verdict.min_yen, verdict.max_yen) == (Reason.NONE, 3130, 3130)
    else:
        assert verdict.reason == Reason.NOT_NOW


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("status", [MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED])
def test_nothing_is_allowed_blind(verb: Verb, status: MoneyStatus) -> None:
    verdict = CAN.verdict(verb, replace(AUTHORIZED, status=status, remote_readable=False), NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.UNREADABLE)


@pytest.mark.req("R-063", "R-066")
@pytest.mark.parametrize("total", [1, 3129, 3131, 9_999_999])
def test_an_amount_that_differs_is_authorized_anew(total: int) -> None:
    facts = replace(AUTHORIZED, order_total_yen=total)
    assert CAN.verdict(Verb.REAUTHORIZE, facts, NOW).allowed
    authenticated = CAN.verdict(Verb.REAUTHORIZE, replace(facts, three_ds=True), NOW)
    assert (authenticated.allowed, authenticated.reason) == (False, Reason.THREE_DS)
    for status in set(MoneyStatus) - {MoneyStatus.AUTHORIZED}:
        assert CAN.verdict(Verb.REAUTHORIZE, replace(facts, status=status), NOW).reason == Reason.NOT_NOW


@pytest.mark.parametrize("total", [0, 10_000_000])
def test_an_amount_no_card_can_have_is_not_sent(total: int) -> None:
    verdict = CAN.verdict(Verb.REAUTHORIZE, replace(AUTHORIZED, order_total_yen=total), NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.OUT_OF_RANGE)


def test_an_amount_changed_on_the_console_may_be_set_to_ours() -> None:
    assert CAN.verdict(Verb.REAUTHORIZE, replace(AUTHORIZED, remote_amount_yen=3129), NOW).allowed


@pytest.mark.req("R-187", "R-194")
@pytest.mark.parametrize(
    "facts",
    [
        replace(AUTHORIZED, order_total_yen=3131),
        replace(AUTHORIZED, order_total_yen=3129),
        replace(AUTHORIZED, remote_amount_yen=3129),
    ],
    ids=["order grew", "order shrank", "provider holds less"],
)
def test_capture_needs_equal_amounts(facts: Snapshot) -> None:
    verdict = CAN.verdict(Verb.CAPTURE, facts, NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.AMOUNT_DIFFERS)
    assert CAN.verdict(Verb.VOID, facts, NOW).allowed


def test_an_amount_never_reported_does_not_block() -> None:
    assert CAN.verdict(Verb.CAPTURE, replace(AUTHORIZED, remote_amount_yen=None), NOW).allowed


@pytest.mark.req("R-071")
def test_capture_ends_sixty_days_after_the_authorization() -> None:
    end = NOW - timedelta(days=1) + timedelta(days=60)
    assert CAN.verdict(Verb.CAPTURE, AUTHORIZED, end - timedelta(seconds=1)).until == end
    late = CAN.verdict(Verb.CAPTURE, AUTHORIZED, end)
    assert (late.allowed, late.reason) == (False, Reason.EXPIRED)
    assert CAN.verdict(Verb.VOID, AUTHORIZED, end).allowed
    grown = replace(AUTHORIZED, order_total_yen=3131)
    assert {CAN.verdict(verb, grown, end).reason for verb in (Verb.CAPTURE, Verb.REAUTHORIZE)} == {Reason.EXPIRED}


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({"instalments": "once", "bonus": "1"}, (1,)),
        ({}, (1,)),
        ({"instalments": "split"}, (1, 3, 5, 6, 10, 12, 15, 18, 20, 24)),
        ({"instalments": "split", "bonus": "1"}, (1, 3, 5, 6, 10, 12, 15, 18, 20, 24, 0)),
    ],
)
def test_instalments(settings: dict[str, str], counts: tuple[int, ...]) -> None:
    assert CAN.instalments(settings) == counts


def test_limits() -> None:
    assert (CAN.max_yen, CAN.absent_after, CAN.call_deadline) == (9_999_999, 180.0, 35.0)
    assert set(CAN.recovery) == {Verb.AUTHORIZE, Verb.REAUTHORIZE, Verb.CAPTURE, Verb.VOID, Verb.REFUND}


def test_reference_of_twenty_digits_with_the_day_in_japan() -> None:
    evening = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 21 November in Japan
    made = {PROVIDER.new_merchant_ref(evening) for _ in range(2000)}
    assert len(made) == 2000
    assert all(len(ref) == 20 and ref.isdigit() and ref.startswith("9261121") for ref in made)
