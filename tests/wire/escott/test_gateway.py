"""Payments at the practice world: what each verb sends, what its answer means, and what keeps the payment together."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.charge import CardSource, Charge
from providers.contract import (
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    Reference,
    RemoteState,
    Unknown,
    Unreadable,
)
from providers.escott import PROVIDER, client
from providers.escott.adapter import Chain
from tests.wire.escott.desk import MEMBER, NAME, Desk

CARDS = "/escott" + client.CARDS
PAIR = {"ProcessId", "ProcessPass"}
MEMBER_PAIR = {"KaiinId", "KaiinPass"}


# ---- authorization ---------------------------------------------------------------------------------------------


@pytest.mark.req("R-087")
@pytest.mark.parametrize(("capture", "operation"), [(False, "1Auth"), (True, "1Gathering")])
def test_an_authorization_on_the_wire(desk: Desk, capture: bool, operation: str) -> None:
    charge = desk.charge(capture=capture)
    desk.gateway().authorize(charge)
    ((path, sent),) = desk.sent
    settings = PROVIDER.practice_settings()
    assert path == CARDS
    assert isinstance(charge.source, CardSource)
    assert sent == {
        "MerchantId": settings["merchant_id"], "MerchantPass": settings["merchant_pass"], "TenantId": settings["tenant_id"],
        "TransactionDate": desk.now().astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y%m%d"), "OperateId": operation,
        "MerchantFree1": charge.merchant_ref, "MerchantFree2": NAME, "Token": charge.source.token, "PayType": "01",
        "Amount": "4980",
    }  # fmt: skip
    assert re.fullmatch(r"9[0-9]{19}", charge.merchant_ref)


@pytest.mark.parametrize(
    ("capture", "status", "state"),
    [(False, MoneyStatus.AUTHORIZED, "authorized"), (True, MoneyStatus.CAPTURED, "captured")],
)
def test_an_approval_is_read_into_the_contract(desk: Desk, capture: bool, status: MoneyStatus, state: str) -> None:
    made = desk.paid(capture=capture)
    (booked,) = desk.world.books()["payments"]
    assert (made.handle, made.status) == (booked["handle"], status)
    assert made.references == (Reference("TransactionId", made.handle),)
    assert (booked["state"], booked["amount_yen"]) == (state, 4980)


def test_one_request_asks_once_and_leaves_one_record(desk: Desk) -> None:
    desk.paid()
    (exchange,) = desk.tape
    assert desk.before_send == 1
    assert (exchange.label, exchange.outcome, exchange.answered) == ("1Auth", "ok", True)
    assert "Amount=4980" in exchange.request
    assert "ResponseCd=OK" in exchange.response


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6, 10, 12, 15, 18, 20, 24])
def test_every_count_that_is_offered_is_one_that_is_known(desk: Desk, count: int) -> None:
    assert count in PROVIDER.capabilities.instalments({"instalments": "1"})
    desk.paid(instalments=count)
    assert desk.last()["PayType"] == ("80" if count == 0 else f"{count:02d}")


@pytest.mark.parametrize("name", ["A&B=100%+# |~", "髙﨑𠮷野", "", "長" * 20])
def test_any_name_arrives_as_it_was_written(desk: Desk, name: str) -> None:
    desk.paid(name=name)
    assert desk.last().get("MerchantFree2", "") == name


def test_a_name_is_cut_to_twenty_letters(desk: Desk) -> None:
    desk.paid(name="名" * 21)
    assert desk.last()["MerchantFree2"] == "名" * 20


def test_what_cannot_be_written_is_not_sent(desk: Desk) -> None:
    assert isinstance(desk.gateway().authorize(desk.charge(name="\ud800")), NotSent)
    assert desk.sent == []


@pytest.mark.parametrize(
    ("number", "category", "code"),
    [
        ("4980000000058202", Category.CARD_REFUSED, "G55"), ("4980000000038261", Category.CARD_REFUSED, "G61"),
        ("4980000000058244", Category.CARD_DATA, "G44"), ("4980000000078283", Category.CARD_DATA, "G83"),
        ("4980000000037016", Category.NOT_ACCEPTED, "C17"), ("4980000000098000", Category.TEMPORARY, "C80"),
        ("4980000000067054", Category.CARD_REFUSED, "KI5"), ("4980000000080099", Category.OTHER, "K99"),
    ],
)  # fmt: skip
def test_a_refusal_keeps_its_code(desk: Desk, number: str, category: Category, code: str) -> None:
    assert desk.gateway().authorize(desk.charge(number=number)) == Declined(category, code)
    assert desk.payments() == [("refused", 4980)]


def test_a_wrong_security_code_is_a_refusal(desk: Desk) -> None:
    assert desk.gateway().authorize(desk.charge(cvc="999")) == Declined(Category.CARD_DATA, "K40")


def test_a_token_serves_once(desk: Desk) -> None:
    charge = desk.charge()
    assert isinstance(desk.gateway().authorize(charge), Approved)
    assert desk.gateway().authorize(charge) == Declined(Category.CARD_DATA, "KI2")
    assert len(desk.payments()) == 1


@pytest.mark.parametrize(
    ("token", "instalments", "code", "category"),
    [
        ("a b", 4, "K22", Category.OTHER),
        ("tokNEVER", 1, "KHZ", Category.CARD_DATA),
        ("a b", 1, "KHX", Category.CARD_DATA),
    ],
)
def test_refusals_before_any_card(desk: Desk, token: str, instalments: int, code: str, category: Category) -> None:
    charge = Charge("9" * 20, 100, CardSource(token), False, instalments)
    assert desk.gateway().authorize(charge) == Declined(category, code)
    assert desk.payments() == []


def test_several_codes_at_once_are_kept_as_they_came(desk: Desk) -> None:
    charge = Charge("9" * 20, 123_456_789, CardSource("tok"), False, 4)
    assert desk.gateway().authorize(charge) == Declined(Category.OTHER, "K22|K23")


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        ("G55|K22", Category.CARD_REFUSED), ("K22|G44", Category.CARD_DATA), ("C13|G55", Category.CARD_EXPIRED),
        ("K23|K71", Category.STORED_CARD_GONE), ("K22|K03", Category.CONFIGURATION), ("U04|W01", Category.OTHER),
    ],
)  # fmt: skip
def test_of_several_codes_the_one_that_asks_for_most_counts(desk: Desk, codes: str, category: Category) -> None:
    desk.fault("1Auth", "code", code=codes)
    assert desk.gateway().authorize(desk.charge()) == Declined(category, codes)


# ---- follow-ups ------------------------------------------------------------------------------------------------

FOLLOW_UPS: dict[str, tuple[str, set[str], MoneyStatus]] = {
    "capture": ("1Capture", {"SalesDate"}, MoneyStatus.CAPTURED),
    "change": ("1Change", {"Amount"}, MoneyStatus.AUTHORIZED),
    "void": ("1Delete", set(), MoneyStatus.VOIDED),
}
AFTERWARDS = {
    "capture": [("captured", 4980)], "change": [("authorized", 5980)], "void": [("cancelled", 4980)], "refund": [("cancelled", 4980)],
}  # fmt: skip
#: What may have become of the card by the time of the follow-up.
SINCE = ["kept", "removed", "another card registered", "vanished at the provider"]


def follow(desk: Desk, verb: str, made: Approved, keys: str = "") -> Any:
    gateway = desk.gateway(keys or made.keys)
    return {
        "capture": lambda: gateway.capture(made.handle, 4980),
        "change": lambda: gateway.change(made.handle, 5980),
        "void": lambda: gateway.void(made.handle),
        "refund": lambda: gateway.refund(made.handle, 4980),
    }[verb]()


@pytest.mark.parametrize("verb", FOLLOW_UPS)
def test_a_follow_up_carries_the_pair_the_reference_and_no_name(desk: Desk, verb: str) -> None:
    made = desk.paid()
    reference = desk.last()["MerchantFree1"]
    operation, own, status = FOLLOW_UPS[verb]
    result = follow(desk, verb, made)
    sent = desk.last()
    envelope = {"MerchantId", "MerchantPass", "TransactionDate", "OperateId", "MerchantFree1"}
    assert (sent["OperateId"], sent["MerchantFree1"]) == (operation, reference)
    assert sent.keys() == envelope | PAIR | own
    assert isinstance(result, Approved)
    assert (result.handle, result.status) == (made.handle, status)
    assert desk.payments() == AFTERWARDS[verb]


def test_a_sale_is_of_today_in_japan(desk: Desk) -> None:
    made = desk.paid()
    follow(desk, "capture", made)
    assert desk.last()["SalesDate"] == desk.last()["TransactionDate"]


def test_a_sale_is_given_back_by_the_same_message(desk: Desk) -> None:
    made = desk.paid(capture=True)
    result = follow(desk, "refund", made)
    assert isinstance(result, Approved)
    assert (result.status, desk.last()["OperateId"]) == (MoneyStatus.REFUNDED, "1Delete")
    assert desk.payments() == AFTERWARDS["refund"]


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize("verb", [*FOLLOW_UPS, "refund"])
@pytest.mark.parametrize("by_member", [True, False], ids=["member", "token"])
def test_a_follow_up_names_the_member_it_began_with_whatever_became_of_it(
    desk: Desk, verb: str, by_member: bool, since: str
) -> None:
    """Else the provider answers K80 or K81 – or K71, for a payment whose card was removed since."""
    desk.kept()
    made = desk.paid(capture=verb == "refund", member=MEMBER if by_member else "")
    if since == "removed":
        desk.gateway().remove_card(MEMBER, MEMBER)
    elif since == "another card registered":
        desk.gateway().remove_card(MEMBER, MEMBER)
        desk.kept(PROVIDER.customer_ref("publicIdOfAMember00001", 2))
    elif since == "vanished at the provider":
        desk.world.control("escott/cards/delete", customer=MEMBER)
    desk.sent.clear()
    assert isinstance(follow(desk, verb, made), Approved)
    assert (desk.sent[0][1].keys() & MEMBER_PAIR) == (MEMBER_PAIR if by_member else set())
    assert desk.payments() == AFTERWARDS[verb]
    assert isinstance(desk.gateway(made.keys).query(handle=made.handle), RemoteState)
    assert not desk.last().keys() & MEMBER_PAIR
    assert set(desk.codes()) == {""}


def test_the_chain_goes_on_from_answer_to_answer(desk: Desk) -> None:
    made = desk.paid()
    changed = follow(desk, "change", made)
    captured = follow(desk, "capture", made, changed.keys)
    asked = desk.gateway(captured.keys).query(handle=made.handle)
    assert isinstance(asked, RemoteState)
    assert (asked.status, asked.amount_yen) == (MoneyStatus.CAPTURED, 5980)
    assert made.keys == changed.keys == captured.keys


def test_a_pair_that_the_answer_renews_takes_the_place_of_the_old_one(desk: Desk) -> None:
    desk.answering(b"TransactionId=2&OperateId=1Change&MerchantFree1=R&ProcessId=new&ProcessPass=secret&ResponseCd=OK")
    result = desk.gateway(Chain("old", "old", MEMBER, "R").packed()).change("1", 100)
    assert isinstance(result, Approved)
    assert Chain.unpacked(result.keys) == Chain("new", "secret", MEMBER, "R")


def test_a_follow_up_that_names_no_pair_keeps_the_old_one(desk: Desk) -> None:
    desk.answering(b"TransactionId=2&OperateId=1Change&ResponseCd=OK")
    result = desk.gateway(Chain("old", "secret", "", "R").packed()).change("1", 100)
    assert isinstance(result, Approved)
    assert Chain.unpacked(result.keys) == Chain("old", "secret", "", "R")


@pytest.mark.parametrize("verb", [*FOLLOW_UPS, "refund"])
def test_without_a_pair_nothing_is_sent(desk: Desk, verb: str) -> None:
    """People found it on the console, and there it must be gone on with."""
    nothing = Approved("1", MoneyStatus.AUTHORIZED)
    assert follow(desk, verb, nothing) == Declined(Category.STATE_CONFLICT, "", "no pair")
    assert desk.gateway().query(handle="1") == Unreadable(Category.OTHER, "", "no pair")
    assert desk.sent == []


def test_another_reference_than_the_chains_own_is_not_asked_for(desk: Desk) -> None:
    made = desk.paid()
    assert desk.gateway(made.keys).query(merchant_ref="8" * 20) == Unreadable(Category.OTHER, "", "no pair")
    assert desk.operations() == ["1Auth"]


def test_there_is_no_return_and_no_notice(desk: Desk) -> None:
    gateway = desk.gateway(desk.paid().keys)
    assert isinstance(gateway.resume(desk.charge(), "", []), NotSent)
    assert not gateway.read_return("", [("ResponseCd", "OK")]).genuine
    assert (gateway.read_notice("POST", b"ResponseCd=OK", {}).genuine, tuple(gateway.poll_notices())) == (False, ())
    assert desk.operations() == ["1Auth"]


# ---- another amount --------------------------------------------------------------------------------------------


@pytest.mark.req("R-078")
def test_another_amount_is_secured_before_the_old_one_is_let_go(desk: Desk) -> None:
    made = desk.paid(5000, number="4980000000067955")  # good for 10,000 yen
    gateway = desk.gateway(made.keys)
    assert gateway.change(made.handle, 20_000) == Declined(Category.CARD_REFUSED, "G55")
    assert desk.payments() == [("authorized", 5000)]
    for yen in (10_000, 3000):
        assert isinstance(gateway.change(made.handle, yen), Approved)
        assert desk.payments() == [("authorized", yen)]
    assert isinstance(gateway.capture(made.handle, 3000), Approved)


@pytest.mark.parametrize("yen", [0, 4980])
def test_no_amount_and_the_same_amount_are_refused(desk: Desk, yen: int) -> None:
    made = desk.paid()
    assert desk.gateway(made.keys).change(made.handle, yen) == Declined(Category.OTHER, "K23")
    assert desk.payments() == [("authorized", 4980)]


# ---- repeated and impossible -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["K14", "C14"])
@pytest.mark.parametrize(("verb", "status"), [("void", MoneyStatus.VOIDED), ("refund", MoneyStatus.REFUNDED)])
def test_what_is_deleted_already_is_deleted(desk: Desk, verb: str, status: MoneyStatus, code: str) -> None:
    made = desk.paid(capture=verb == "refund")
    desk.fault("1Delete", "code", code=code)
    result = follow(desk, verb, made)
    assert isinstance(result, Approved)
    assert (result.handle, result.status, result.keys) == (made.handle, status, "")


def test_a_repeated_void_is_a_void(desk: Desk) -> None:
    made = desk.paid()
    results = [follow(desk, "void", made) for _ in range(2)]
    assert [result.status for result in results] == [MoneyStatus.VOIDED] * 2
    assert desk.codes() == ["", "", "K14"]


@pytest.mark.parametrize("verb", ["capture", "change"])
def test_of_other_verbs_that_state_is_a_refusal(desk: Desk, verb: str) -> None:
    made = desk.paid()
    follow(desk, "void", made)
    assert follow(desk, verb, made) == Declined(Category.STATE_CONFLICT, "K14")


def test_what_the_provider_has_forgotten_is_beyond_its_deadline(desk: Desk) -> None:
    made = desk.paid(capture=True)
    desk.pass_days(250)
    assert desk.gateway(made.keys).query(handle=made.handle) == Unreadable(Category.DEADLINE, "K12")
    assert follow(desk, "refund", made) == Declined(Category.DEADLINE, "K12")
    assert PROVIDER.unreadable("K12", earlier_contract=False)


# ---- questions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capture", "status", "raw"), [(False, MoneyStatus.AUTHORIZED, ""), (True, MoneyStatus.CAPTURED, "SalesDate=20[0-9]{6}")]
)
def test_a_question_tells_amount_and_sale(desk: Desk, capture: bool, status: MoneyStatus, raw: str) -> None:
    made = desk.paid(capture=capture)
    reference = desk.last()["MerchantFree1"]
    state = desk.gateway(made.keys).query(handle=made.handle)
    assert isinstance(state, RemoteState)
    assert (state.handle, state.merchant_ref, state.status, state.amount_yen) == (made.handle, reference, status, 4980)
    assert re.fullmatch(raw, state.raw_status)
    assert not state.tells_end
    assert desk.last()["TenantId"] == PROVIDER.practice_settings()["tenant_id"]


@pytest.mark.parametrize(("capture", "status"), [(False, MoneyStatus.AUTHORIZED), (True, MoneyStatus.CAPTURED)])
def test_a_question_does_not_tell_that_the_payment_is_over(desk: Desk, capture: bool, status: MoneyStatus) -> None:
    made = desk.paid(capture=capture)
    follow(desk, "void", made)
    state = desk.gateway(made.keys).query(handle=made.handle)
    assert isinstance(state, RemoteState)
    assert (state.status, state.tells_end) == (status, False)
    assert desk.payments() == [("cancelled", 4980)]


def test_what_staff_did_on_the_console_is_seen_as_far_as_it_is_told(desk: Desk) -> None:
    made = desk.paid()
    desk.world.control("act", provider="escott", handle=made.handle, act="capture")
    state = desk.gateway(made.keys).query(merchant_ref=desk.last()["MerchantFree1"])
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.CAPTURED


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"tenant_id": "0002"}, "K13"), ({"merchant_pass": "wrong"}, "K03"), ({"merchant_id": "90000009"}, "K03")],
)
def test_a_question_under_wrong_settings_is_no_absence(desk: Desk, settings: dict[str, str], code: str) -> None:
    made = desk.paid()
    assert desk.gateway(made.keys, **settings).query(handle=made.handle) == Unreadable(Category.CONFIGURATION, code)


@pytest.mark.parametrize("amount", ["", "x", "４９８０", "-1", "123456789"])
def test_an_amount_that_is_none_is_not_reported(desk: Desk, amount: str) -> None:
    desk.answering(f"TransactionId=1&OperateId=1Search&ResponseCd=OK&Amount={amount}".encode())
    state = desk.gateway(Chain("p", "q", "", "R").packed()).query(handle="1")
    assert isinstance(state, RemoteState)
    assert state.amount_yen is None


@pytest.mark.req("P-05")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"TransactionId=1&OperateId=1Capture&ResponseCd=OK&ProcessId=p&ProcessPass=q", id="another operation"),
        pytest.param(b"TransactionId=1&OperateId=1Auth&MerchantFree1=8&ResponseCd=OK&ProcessId=p&ProcessPass=q", id="another payment"),
        pytest.param(b"TransactionId=1&OperateId=1Auth&MerchantFree1=9&ResponseCd=G55&OperateId=1Auth", id="refusal of another payment"),
        pytest.param(b"TransactionId=1&OperateId=1Auth&ResponseCd=OK", id="success without a pair"),
        pytest.param(b"TransactionId=1&OperateId=1Auth&ResponseCd=OK&ProcessId=p", id="half a pair"),
    ],
)
def test_an_answer_that_proves_nothing_is_unknown(desk: Desk, body: bytes) -> None:
    charge = Charge("9" * 20, 100, CardSource("tok"), capture=False)
    desk.answering(body)
    assert isinstance(desk.gateway().authorize(charge), Unknown)


def test_the_day_of_a_message_is_japans(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "now", lambda: datetime(2026, 11, 20, 15, 0, tzinfo=UTC))  # 21 November in Japan
    desk.gateway().authorize(Charge("9" * 20, 100, CardSource("tok"), capture=False))
    assert desk.last()["TransactionDate"] == "20261121"
    assert PROVIDER.new_merchant_ref(desk.now()).startswith("9261121")
