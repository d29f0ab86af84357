"""Money by the MDK protocol: each verb of the contract against the practice provider, over real sockets. What the gateway says is
held against the provider's own books."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from providers.charge import CardSource, Reauthorization
from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    Reference,
    RemoteState,
    Result,
    Unknown,
    Unreadable,
)
from providers.payresort import PROVIDER as PAYRESORT
from providers.veritrans4g import errors
from tests.support.world import VISA
from tests.wire.veritrans4g.practice import IN_TURN, LOST, NOW, Practice

PENDING, PENDING_REFUSED, NO_CANCEL = "4980000000079000", "4980000000069001", "4980000000022000"
DAY = 86_400

Act = Callable[[Practice, str], Result]


# ---- authorization ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capture", "status", "booked"), [(False, MoneyStatus.AUTHORIZED, "authorized"), (True, MoneyStatus.CAPTURED, "captured")]
)
def test_authorization_with_and_without_capture(either: Practice, capture: bool, status: MoneyStatus, booked: str) -> None:
    charge = either.charge(capture=capture)
    result = either.gateway().authorize(charge)
    assert isinstance(result, Approved)
    assert (result.handle, result.status, result.masked_card) == (charge.merchant_ref, status, "411111********11")
    assert [reference.kind for reference in result.references] == ["orderId", "custTxn"]
    assert result.authentication is None
    assert either.booked(charge.merchant_ref) == (booked, 3130)
    assert either.exchanges[-1].label == "Authorize/card"


@pytest.mark.req("R-036")
@pytest.mark.parametrize(("count", "jpo"), [(1, "10"), *((count, f"61C{count:02}") for count in (3, 6, 10, 12, 15, 18, 20, 24))])
def test_instalments(either: Practice, count: int, jpo: str) -> None:
    assert isinstance(either.gateway().authorize(either.charge(instalments=count)), Approved)
    assert f'"jpo": "{jpo}"' in either.sent()


def test_the_bank_takes_no_two_payments(either: Practice) -> None:
    """A form from elsewhere may ask for anything; the practice bank holds to its guide."""
    result = either.gateway().authorize(either.charge(instalments=2))
    assert isinstance(result, Declined if either.product.code == "payresort" else Approved)


@pytest.mark.parametrize(
    ("number", "expiry", "category", "code"),
    [
        ("4980000000058202", "4001", Category.CARD_REFUSED, "AG33"),
        ("4980000000098000", "4001", Category.CARD_REFUSED, "AG72"),
        (VISA, "9902", Category.CARD_REFUSED, "AG41"),
        (VISA, "9803", Category.CARD_REFUSED, "AG51"),
    ],
)
def test_refusal(either: Practice, number: str, expiry: str, category: Category, code: str) -> None:
    charge = either.charge(number, expiry=expiry)
    result = either.gateway().authorize(charge)
    assert isinstance(result, Declined)
    assert (result.category, result.code) == (category, code.ljust(16, "0"))
    assert result.detail.startswith("カード会社が")
    assert errors.buyer_message(result.category, result.code).code == code
    assert either.booked(charge.merchant_ref) == ("refused", 3130)


def test_a_token_serves_once(either: Practice) -> None:
    charge = either.charge()
    assert isinstance(either.gateway().authorize(charge), Approved)
    again = either.gateway().authorize(replace(charge, merchant_ref=either.product.new_merchant_ref(NOW)))
    assert isinstance(again, Declined)
    assert (again.category, again.code[:4]) == (Category.CARD_DATA, "OC09")
    assert "もう一度カード情報を" in errors.buyer_message(again.category, again.code).text


def test_an_order_id_serves_once(either: Practice) -> None:
    charge = either.charge("4980000000058202")
    either.gateway().authorize(charge)
    again = either.gateway().authorize(either.charge(merchant_ref=charge.merchant_ref))
    assert isinstance(again, Declined)
    assert either.booked(charge.merchant_ref) == ("refused", 3130)


@pytest.mark.parametrize(
    ("number", "status", "yen", "booked"),
    [(PENDING, MoneyStatus.AUTHORIZED, 3130, "authorized"), (PENDING_REFUSED, MoneyStatus.DECLINED, None, "refused")],
)
def test_a_silent_card_company(either: Practice, number: str, status: MoneyStatus, yen: int | None, booked: str) -> None:
    """``pending`` is no refusal: Retry settles it, and the search then tells how."""
    charge = either.charge(number)
    assert either.gateway().authorize(charge) == Unknown("AE10".ljust(16, "0"))
    assert either.booked(charge.merchant_ref) == ("pending", 3130)
    state = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen, state.handle) == (status, yen, charge.merchant_ref)
    assert either.booked(charge.merchant_ref) == (booked, 3130)
    assert either.calls("Retry/card") == 1


@pytest.mark.parametrize(("phase", "status"), [("before", None), ("after", MoneyStatus.AUTHORIZED)])
def test_a_lost_answer_to_retry(either: Practice, phase: str, status: MoneyStatus | None) -> None:
    charge = either.charge(PENDING)
    either.gateway().authorize(charge)
    either.world.fault("reset", "Retry/card", phase)
    state = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert state.status is status
    settled = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(settled, RemoteState)
    assert settled.status is MoneyStatus.AUTHORIZED


def test_what_cannot_be_written_never_leaves(practice: Practice) -> None:
    assert practice.gateway().authorize(replace(practice.charge(), source=CardSource("\ud800"))) == NotSent("cannot be encoded")
    assert practice.calls("Authorize/card") == 0


# ---- what follows ----------------------------------------------------------------------------------------------------


@pytest.mark.req("R-042")
@pytest.mark.parametrize("yen", [3130, 3129, 1])
def test_capture_in_full_or_in_part(either: Practice, yen: int) -> None:
    handle = either.authorized()
    result = either.gateway().capture(handle, yen)
    assert isinstance(result, Approved)
    assert (result.handle, result.status) == (handle, MoneyStatus.CAPTURED)
    assert either.booked(handle) == ("captured", yen)
    state = either.gateway().query(handle=handle)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.CAPTURED, yen)


def test_void_and_refund_give_back_everything(either: Practice) -> None:
    for capture, verb, status in ((False, "void", MoneyStatus.VOIDED), (True, "refund", MoneyStatus.REFUNDED)):
        handle = either.authorized(capture=capture)
        gateway = either.gateway()
        result = gateway.void(handle) if verb == "void" else gateway.refund(handle, 3130)
        assert isinstance(result, Approved)
        assert (result.handle, result.status) == (handle, status)
        assert either.booked(handle) == ("cancelled", 3130)
        assert '"amount"' not in either.sent()
        state = gateway.query(handle=handle)
        assert isinstance(state, RemoteState)
        assert (state.status, state.amount_yen) == (status, 3130)


def test_a_part_is_captured_and_that_part_given_back(either: Practice) -> None:
    handle = either.authorized()
    either.gateway().capture(handle, 1000)
    assert isinstance(either.gateway().refund(handle, 1000), Approved)
    state = either.gateway().query(handle=handle)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.REFUNDED, 1000)


@pytest.mark.parametrize("yen", [1, 3129, 3131, 99_999_999])
def test_another_amount_is_a_new_order_with_the_card_of_the_old_one(practice: Practice, yen: int) -> None:
    earlier = practice.authorized()
    again = Reauthorization(practice.product.new_merchant_ref(NOW), yen, earlier, earlier, instalments=6)
    result = practice.gateway().reauthorize(again)
    assert isinstance(result, Approved)
    assert (result.handle, result.status, result.masked_card) == (again.merchant_ref, MoneyStatus.AUTHORIZED, "411111********11")
    assert practice.booked(again.merchant_ref) == ("authorized", yen)
    assert practice.booked(earlier) == ("authorized", 3130)
    assert '"jpo": "61C06"' in practice.sent()
    assert '"payNowIdParam"' not in practice.sent()


def test_there_is_no_change_in_place(practice: Practice) -> None:
    handle = practice.authorized()
    assert practice.gateway().change(handle, 1) == NotSent("no such verb")
    assert practice.booked(handle) == ("authorized", 3130)


def _capture(practice: Practice, handle: str) -> Result:
    return practice.gateway().capture(handle, 3130)


def _void(practice: Practice, handle: str) -> Result:
    return practice.gateway().void(handle)


def _refund(practice: Practice, handle: str) -> Result:
    return practice.gateway().refund(handle, 3130)


@pytest.mark.parametrize("act", [_capture, _void, _refund])
def test_nothing_is_done_twice(either: Practice, act: Act) -> None:
    handle = either.authorized(capture=act is _refund)
    assert isinstance(act(either, handle), Approved)
    assert isinstance(act(either, handle), Declined)


def test_refusals_of_what_follows(either: Practice) -> None:
    handle, stubborn = either.authorized(), either.authorized(number=NO_CANCEL)
    more = either.gateway().capture(handle, 3131)
    assert isinstance(more, Declined)
    assert either.booked(handle) == ("authorized", 3130)
    kept = either.gateway().void(stubborn)
    assert isinstance(kept, Declined)
    assert (kept.category, kept.code[:4]) == (Category.CARD_REFUSED, "AG72")
    state = either.gateway().query(handle=stubborn)
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.AUTHORIZED
    assert isinstance(either.gateway().capture("unknown-order", 1), Declined)


def test_after_sixty_days(either: Practice) -> None:
    handle = either.authorized()
    either.world.control("clock", advance=61 * DAY)
    late = either.gateway().capture(handle, 3130)
    assert isinstance(late, Declined)
    assert (late.category, late.code[:4]) == (Category.DEADLINE, "ACD3")
    state = either.gateway().query(handle=handle)
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.EXPIRED


# ---- lost answers ----------------------------------------------------------------------------------------------------


def lost(result: Result) -> None:
    assert isinstance(result, Unknown), result


@pytest.mark.req("P-05")
@IN_TURN.pairs("capture", [False, True])
def test_a_lost_authorization(practice: Practice, mode: str, capture: bool) -> None:
    """Never sent, and sent but not heard of, look alike; the search tells them apart."""
    never, sent = practice.charge(capture=capture), practice.charge(capture=capture)
    practice.world.fault(mode, "Authorize/card", "before")
    lost(practice.gateway().authorize(never))
    assert practice.gateway().query(merchant_ref=never.merchant_ref) == Absent()
    practice.world.fault(mode, "Authorize/card", "after")
    lost(practice.gateway().authorize(sent))
    status = MoneyStatus.CAPTURED if capture else MoneyStatus.AUTHORIZED
    assert practice.gateway().query(merchant_ref=sent.merchant_ref) == RemoteState(
        sent.merchant_ref, sent.merchant_ref, status, 3130, (Reference("orderId", sent.merchant_ref),),
        "Authorize/success", masked_card="411111********11",
    )  # fmt: skip


@pytest.mark.req("P-05")
@IN_TURN.pairs(
    "act kind before after",
    [
        (_capture, "Capture/card", MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED),
        (_void, "Cancel/card", MoneyStatus.AUTHORIZED, MoneyStatus.VOIDED),
        (_refund, "Cancel/card", MoneyStatus.CAPTURED, MoneyStatus.REFUNDED),
    ],
)
def test_a_lost_answer_of_what_follows(
    practice: Practice, mode: str, act: Act, kind: str, before: MoneyStatus, after: MoneyStatus
) -> None:
    for phase, status in (("before", before), ("after", after)):
        handle = practice.authorized(capture=act is _refund)
        practice.world.fault(mode, kind, phase)
        lost(act(practice, handle))
        state = practice.gateway().query(handle=handle)
        assert isinstance(state, RemoteState)
        assert (state.status, state.amount_yen) == (status, 3130)


@pytest.mark.req("P-05")
@pytest.mark.parametrize("mode", LOST)
def test_a_lost_new_amount(practice: Practice, mode: str) -> None:
    earlier = practice.authorized()
    for phase in ("before", "after"):
        again = Reauthorization(practice.product.new_merchant_ref(NOW), 5000, earlier, earlier)
        practice.world.fault(mode, "ReAuthorize/card", phase)
        lost(practice.gateway().reauthorize(again))
        state = practice.gateway().query(merchant_ref=again.merchant_ref)
        if phase == "before":
            assert state == Absent()
            continue
        assert isinstance(state, RemoteState)
        assert (state.status, state.amount_yen) == (MoneyStatus.AUTHORIZED, 5000)


# ---- questions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", LOST)
def test_a_lost_answer_to_the_question(practice: Practice, mode: str) -> None:
    handle = practice.authorized()
    practice.world.fault(mode, "Search/search")
    assert isinstance(practice.gateway().query(handle=handle), Unknown)


def test_what_cannot_be_asked_is_no_absence(practice: Practice) -> None:
    handle = practice.authorized()
    practice.world.fault("code", "Search/search", code="NH41")
    state = practice.gateway().query(handle=handle)
    assert isinstance(state, Unreadable)
    assert (state.category, state.code[:4]) == (Category.CONFIGURATION, "NH41")
    assert "テスト環境" in practice.product.unreadable(state.code, earlier_contract=False)


def test_what_staff_did_at_the_provider_is_seen(either: Practice) -> None:
    for act, capture, status in (
        ("capture", False, MoneyStatus.CAPTURED), ("void", False, MoneyStatus.VOIDED), ("refund", True, MoneyStatus.REFUNDED),
    ):  # fmt: skip
        ref = either.authorized(capture=capture)
        (row,) = [row for row in either.world.books()["payments"] if row["reference"] == ref]
        either.world.control("act", provider="veritrans4g", handle=row["handle"], act=act)
        state = either.gateway().query(handle=ref)
        assert isinstance(state, RemoteState)
        assert state.status == status


def test_nobody_sees_the_orders_of_another_merchant(practice: Practice) -> None:
    handle = practice.authorized()
    assert Practice(practice.world, PAYRESORT).gateway().query(handle=handle) == Absent()
