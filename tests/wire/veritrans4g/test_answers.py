"""Answers that the practice provider never gives, and that the protocol does not rule out: read strictly, guessed never."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from providers import transport
from providers.charge import CardSource, Charge
from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    Exchange,
    MoneyStatus,
    NeedsBuyer,
    QueryResult,
    RemoteState,
    Result,
    Unknown,
)
from providers.kept_cards import CardList, CardStored, KeptCard
from providers.veritrans4g import errors, mpi
from providers.veritrans4g.adapter import Veritrans4GGateway
from providers.veritrans4g.provider import PROVIDER
from tests.wire.veritrans4g.practice import NOW

ORDER = "92611210000000000001"
GATEWAY = Veritrans4GGateway(PROVIDER.practice_settings(), "http://nowhere.invalid", before_send=lambda: None, record=lambda _: None)
SECRET = mpi.Secret(ORDER, 3130, "company").packed()

#: Lets each of these members be the ``result`` of an answer, in order.
Says = Callable[..., None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    answers: list[bytes] = []

    def post(*args: object, **more: object) -> transport.Answer:
        return transport.Answer(200, {}, answers.pop(0))

    def say(*results: dict[str, Any], account: object = None) -> None:
        whole = [{"payNowIdResponse": {"account": account}, "result": {"mstatus": "success"} | result} for result in results]
        answers[:] = [json.dumps(each).encode() for each in whole]

    monkeypatch.setattr(transport, "post", post)
    return say


def charge(kind: str = "off") -> Charge:
    return Charge(ORDER, 3130, CardSource("t"), capture=False, options={"authentication": kind}, started_at=NOW)


# ---- money -----------------------------------------------------------------------------------------------------------


def test_an_answer_about_another_order_is_none(says: Says) -> None:
    for ask in (
        lambda: GATEWAY.authorize(charge()), lambda: GATEWAY.capture(ORDER, 1), lambda: GATEWAY.authorize(charge("company")),
        lambda: GATEWAY.resume(charge("company"), SECRET, []),
    ):  # fmt: skip
        for status in ("success", "failure"):
            says({"orderId": "another", "mstatus": status, "authStartUrl": "http://x", "reqAmount": "3130", "mpiMstatus": "success", "cardMstatus": "success"})
            assert isinstance(ask(), Unknown)


@pytest.mark.parametrize("command", ["authorize", "capture", "void", "refund", "authenticate"])
def test_pending_is_no_refusal(says: Says, command: str) -> None:
    says({"orderId": ORDER, "mstatus": "pending", "vResultCode": "AE10000000000000"})
    asked: dict[str, Callable[[], Result]] = {
        "authorize": lambda: GATEWAY.authorize(charge()),
        "capture": lambda: GATEWAY.capture(ORDER, 1),
        "void": lambda: GATEWAY.void(ORDER),
        "refund": lambda: GATEWAY.refund(ORDER, 1),
        "authenticate": lambda: GATEWAY.authorize(charge("company")),
    }
    assert asked[command]() == Unknown("AE10000000000000")


def test_the_page_to_the_issuer_is_shown_as_it_came_where_there_is_no_address(says: Says) -> None:
    page = "<html>\r\n<body onload='go()'>本人認証\u2028</body>"
    says({"orderId": ORDER, "resResponseContents": page}, {"orderId": ORDER})
    shown = GATEWAY.authorize(charge("complete"))
    assert isinstance(shown, NeedsBuyer)
    assert (shown.html, shown.url) == (page, "")
    assert isinstance(GATEWAY.authorize(charge("complete")), Unknown)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//elsewhere", "https://a\r\nSet-Cookie: x", "https://a b"])
def test_nobody_is_led_to_what_is_no_web_address(says: Says, url: str) -> None:
    says({"orderId": ORDER, "authStartUrl": url})
    assert isinstance(GATEWAY.authorize(charge("complete")), Unknown)


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ({"mpiMstatus": "success", "cardMstatus": "pending"}, Unknown("not decided yet")),
        ({"mpiMstatus": "success", "cardMstatus": ""}, Unknown("not decided yet")),
        ({"mpiMstatus": "success"}, Unknown("not decided yet")),
        ({"cardMstatus": "success"}, Unknown("not decided yet")),
        ({"mpiMstatus": "other", "cardMstatus": "success"}, Unknown("not decided yet")),
        ({}, Unknown("not decided yet")),
        # 3-D Secure failed, and the card was asked all the same: money may be held.
        ({"mpiMstatus": "failure", "cardMstatus": "success", "mpiVresultCode": "G012A001"}, Unknown("not decided yet")),
        ({"mpiMstatus": "failure", "cardMstatus": "pending", "mpiVresultCode": "GE23"}, Unknown("not decided yet")),
        ({"mpiMstatus": "failure", "cardMstatus": "other"}, Unknown("not decided yet")),
        ({"mpiMstatus": "failure", "cardMstatus": "failure", "mpiVresultCode": "GE23AG33"}, Declined(Category.CARD_REFUSED, "GE23AG33")),
        ({"mpiMstatus": "failure", "cardMstatus": "", "mpiVresultCode": "GE23"}, Declined(Category.AUTHENTICATION, "GE23")),
        ({"mpiMstatus": "failure"}, Declined(Category.AUTHENTICATION, "")),
        ({"mpiMstatus": "success", "cardMstatus": "failure", "mpiVresultCode": "G012ACD2"}, Declined(Category.CARD_DATA, "G012ACD2")),
        ({"mpiMstatus": "success", "cardMstatus": "failure", "mpiVresultCode": "AG33"}, Declined(Category.CARD_REFUSED, "AG33")),
        ({"mpiMstatus": "success", "cardMstatus": "failure"}, Declined(Category.OTHER, "")),
    ],
)  # fmt: skip
def test_getresult(says: Says, told: dict[str, str], result: Result) -> None:
    says({"orderId": ORDER, "reqAmount": "3130", "vResultCode": "G021000000000000"} | told)
    assert GATEWAY.resume(charge("company"), SECRET, []) == result


@pytest.mark.parametrize("more", [{"orderId": "another"}, {"orderId": ""}, *({"reqAmount": yen} for yen in ("", "3131", "03130", "313"))])
@pytest.mark.parametrize("outcome", [("success", "success"), ("success", "failure"), ("failure", "")])
def test_getresult_about_another_order_or_amount(says: Says, more: dict[str, str], outcome: tuple[str, str]) -> None:
    says({"orderId": ORDER, "reqAmount": "3130", "mpiMstatus": outcome[0], "cardMstatus": outcome[1]} | more)
    assert GATEWAY.resume(charge("company"), SECRET, []) == Unknown("answer for another payment")


# ---- the search ------------------------------------------------------------------------------------------------------


def step(command: str, status: str = "success", amount: str = "3130", kind: str = "", at: str = "1", **own: str) -> dict[str, Any]:
    proper = {"cardTransactionType": kind} | own
    return {"command": command, "mstatus": status, "amount": amount, "txnDatetime": at, "properTransactionInfo": proper}


def order(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"orderId": ORDER, "serviceTypeCd": "card", "orderStatus": "end", "transactionInfos": {"transactionInfo": [*steps]}} | more


def searched(says: Says, *orders: dict[str, Any], count: object = "1") -> QueryResult:
    """What is still pending is asked for by Retry, and searched again."""
    found = {"searchCount": count, "orderInfos": {"orderInfo": [*orders]}}
    says(found, {}, found)
    return GATEWAY.query(merchant_ref=ORDER)


@pytest.mark.parametrize(
    ("steps", "status", "yen"),
    [
        ([], MoneyStatus.CREATED, None),
        ([step("Authorize")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize", kind="a"), step("Capture", amount="3000", kind="??", at="2")], MoneyStatus.CAPTURED, 3000),
        ([step("Capture", amount="3000", at="2"), step("Authorize", at="1")], MoneyStatus.CAPTURED, 3000),
        ([step("Authorize", kind="ac")], MoneyStatus.CAPTURED, 3130),
        ([step("Authorize", reqWithCapture="true")], MoneyStatus.CAPTURED, 3130),
        ([step("Authorize", kind="ax")], MoneyStatus.EXPIRED, 3130),
        ([step("Authorize", "failure")], MoneyStatus.DECLINED, None),
        ([step("Authorize", "pending", kind="ap")], None, None),
        ([step("Authorize", "pending"), step("Retry", at="2")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize", "pending"), step("Retry", "failure", at="2")], MoneyStatus.DECLINED, None),
        ([step("Authorize"), step("Authorize", "failure", at="2")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize"), step("Capture", "failure", at="2")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize"), step("Cancel", "failure", at="2")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize"), step("Capture", "pending", at="2")], None, 3130),
        ([step("Authorize"), step("Cancel", at="2")], MoneyStatus.VOIDED, 3130),
        ([step("Authorize"), step("Cancel", amount="", at="2")], MoneyStatus.VOIDED, 3130),
        ([step("Authorize"), step("Cancel", amount="130", at="2")], MoneyStatus.AUTHORIZED, 3000),
        ([step("Authorize", kind="ac"), step("Cancel", amount="130", at="2"), step("Cancel", amount="3000", at="3")], MoneyStatus.REFUNDED, 3000),
        ([step("Authorize"), step("Unheard", at="2")], MoneyStatus.AUTHORIZED, 3130),
        ([step("Authorize", amount="many")], MoneyStatus.AUTHORIZED, None),
        ([step("Verify")], MoneyStatus.CREATED, None),
    ],
)  # fmt: skip
def test_what_transactions_add_up_to(says: Says, steps: list[dict[str, Any]], status: MoneyStatus | None, yen: int | None) -> None:
    state = searched(says, order(*steps))
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (status, yen)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, MoneyStatus.CREATED),
        ({"mpiMstatus": "success"}, MoneyStatus.CREATED),
        ({"mpiMstatus": "failure"}, MoneyStatus.DECLINED),
        ({"mpiMstatus": "success", "cardMstatus": "failure"}, MoneyStatus.DECLINED),
        ({"mpiMstatus": "failure", "cardMstatus": "success"}, None),
        ({"mpiMstatus": "failure", "cardMstatus": "pending"}, None),
        ({"mpiMstatus": "success", "cardMstatus": "success"}, None),
        ({"mpiMstatus": "failure", "orderId": "another"}, MoneyStatus.CREATED),
        ({"mpiMstatus": "failure", "mstatus": "failure"}, MoneyStatus.CREATED),
    ],
)
def test_a_card_that_only_getresult_knows_of_may_hold_money(says: Says, told: dict[str, str], status: MoneyStatus | None) -> None:
    """The search lists no card's transaction. What GetResult then says can end the order, never free it of money it may hold."""
    listed = {"searchCount": "1", "orderInfos": {"orderInfo": [order(step("Verify"), serviceTypeCd="mpi")]}}
    says(listed, {"orderId": ORDER} | told)
    state = GATEWAY.query(merchant_ref=ORDER)
    assert isinstance(state, RemoteState)
    assert state.status == status


@pytest.mark.parametrize(
    "steps",
    [
        [step("Authorize", "pending")],
        [step("Authorize"), step("Capture", "pending", at="2")],
        [step("Authorize"), step("Cancel", "pending", at="2")],
        [step("Authorize"), step("Cancel", "pending", at="2"), step("Capture", "failure", at="3")],
    ],
)
def test_what_hangs_is_settled_by_retry_and_never_sent_anew(says: Says, steps: list[dict[str, Any]]) -> None:
    taped: list[Exchange] = []
    gateway = Veritrans4GGateway(PROVIDER.practice_settings(), "http://nowhere.invalid", before_send=lambda: None, record=taped.append)
    found = {"searchCount": "1", "orderInfos": {"orderInfo": [order(*steps)]}}
    says(found, {"orderId": ORDER, "mstatus": "pending"}, found)
    state = gateway.query(handle=ORDER)
    assert isinstance(state, RemoteState)
    assert state.status is None
    assert [exchange.label for exchange in taped] == ["Search/search", "Retry/card", "Search/search"]


def test_an_order_that_was_only_at_3d_secure_holds_nothing(says: Says) -> None:
    state = searched(says, order(step("Authorize"), step("Verify", "failure", at="2"), serviceTypeCd="mpi"))
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.CREATED, None)


@pytest.mark.parametrize("split", [True, False], ids=["an entry for each service", "one entry"])
def test_an_authenticated_order_may_be_listed_once_or_twice(says: Says, split: bool) -> None:
    begun, paid = step("Authorize"), step("Authorize", kind="a", at="3")
    verified = step("Verify", at="2")
    orders = (
        [order(begun, verified, serviceTypeCd="mpi"), order(paid)] if split else [order(begun, verified, paid, serviceTypeCd="mpi")]
    )
    state = searched(says, *orders)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.AUTHORIZED, 3130)


def test_an_authorization_that_has_run_out_by_its_order(says: Says) -> None:
    state = searched(says, order(step("Authorize"), orderStatus="expired"))
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.EXPIRED
    held = searched(says, order(step("Authorize"), step("Capture", at="2"), orderStatus="expired"))
    assert isinstance(held, RemoteState)
    assert held.status == MoneyStatus.CAPTURED


@pytest.mark.parametrize(
    ("count", "orders", "result"),
    [
        ("0", [], Absent()), (0, [], Absent()),
        ("1", [], Unknown("answer for another payment")), ("", [], Unknown("answer for another payment")),
        (None, [], Unknown("answer for another payment")), ("00x", [], Unknown("answer for another payment")),
        ("1", [order(orderId="another")], Unknown("answer for another payment")),
        ("1", ["nonsense"], Unknown("answer for another payment")),
    ],
)  # fmt: skip
def test_only_a_count_of_none_is_absence(says: Says, count: object, orders: list[Any], result: QueryResult) -> None:
    assert searched(says, *orders, count=count) == result


# ---- kept cards ------------------------------------------------------------------------------------------------------

ROW = {"cardId": "7", "cardNumber": "411111******1111", "cardExpire": "01/40", "defaultCard": "1"}


@pytest.mark.parametrize(
    ("row", "card"),
    [
        ({}, KeptCard("7", "1111", "Visa", "0140")),
        ({"cardExpire": "0140"}, KeptCard("7", "1111", "Visa", "")),
        ({"cardNumber": "****"}, KeptCard("7", "", "", "0140")),
        ({"cardNumber": "6011********0000"}, KeptCard("7", "0000", "", "0140")),
        ({"cardNumber": None, "cardExpire": None}, KeptCard("7", "", "", "")),
    ],
)
def test_how_a_card_is_described(says: Says, row: dict[str, Any], card: KeptCard) -> None:
    says({}, account={"accountId": "m", "cardInfo": [ROW | row]})
    assert GATEWAY.list_cards("m") == CardList((card,))
    says({}, {}, account={"accountId": "m", "cardInfo": [ROW | row]})
    assert GATEWAY.store_card("m", CardSource("t")) == CardStored(card)


@pytest.mark.parametrize("account", [None, [], {}, {"cardInfo": {}}, {"cardInfo": ["7"]}, {"cardInfo": [{"cardId": ""}]}])
def test_a_success_without_a_card_is_none(says: Says, account: object) -> None:
    says({}, {}, account=account)
    assert isinstance(GATEWAY.store_card("m", CardSource("t")), Unknown)


def test_cards_of_somebody_else_are_no_answer(says: Says) -> None:
    says({}, account={"accountId": "another", "cardInfo": [ROW]})
    assert isinstance(GATEWAY.list_cards("m"), Unknown)


@pytest.mark.parametrize(
    ("made", "kept"), [("failure", "success"), ("pending", "success"), ("success", "success")]
)
def test_whether_the_account_was_there_does_not_matter(says: Says, made: str, kept: str) -> None:
    says({"mstatus": made, "vResultCode": "X???"}, {"mstatus": kept}, account={"cardInfo": [ROW]})
    assert isinstance(GATEWAY.store_card("m", CardSource("t")), CardStored)


def test_a_pending_card_is_unknown(says: Says) -> None:
    says({}, {"mstatus": "pending", "vResultCode": "XE10"})
    assert GATEWAY.store_card("m", CardSource("t")) == Unknown("XE10")


# ---- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "stored", "category"),
    [
        ("ACD3000000000000", False, Category.DEADLINE), ("AC61000000000000", False, Category.CARD_DATA), ("AG72", False, Category.CARD_REFUSED),
        ("GC01", False, Category.CARD_DATA), ("G083", False, Category.AUTHENTICATION), ("NH36", False, Category.DEADLINE),
        ("NH41", False, Category.CONFIGURATION), ("NZ03", False, Category.CONFIGURATION), ("OC09", False, Category.CARD_DATA), ("MA01", False, Category.CONFIGURATION),
        ("XZ03", True, Category.STORED_CARD_GONE), ("XZ03", False, Category.OTHER), ("AG33X001", True, Category.CARD_REFUSED),
        # PayNowID behind the service that was asked; ``X001`` is its success, and what the first block says of the card itself counts.
        ("NZ21X003", True, Category.STORED_CARD_GONE), ("NZ21X003", False, Category.CONFIGURATION), ("NZ21X001", True, Category.CONFIGURATION),
        ("X001", True, Category.OTHER), ("A001XZ02", True, Category.STORED_CARD_GONE), ("????0000XZ02", True, Category.STORED_CARD_GONE),
        ("AG33XZ05", True, Category.CARD_REFUSED), ("ACD3XZ02", True, Category.DEADLINE), ("G012XZ02", True, Category.AUTHENTICATION),
        ("AG33X001", False, Category.CARD_REFUSED), ("", False, Category.OTHER), ("????", True, Category.OTHER),
    ],
)  # fmt: skip
def test_codes(code: str, stored: bool, category: Category) -> None:
    assert errors.category(code, stored=stored) == category


@pytest.mark.parametrize(
    ("code", "shown"),
    [("AG33000000000000", "AG33"), ("G011AG3300000000", "G011AG33"), ("A001000000010000", "A00100000001"), ("0000" * 4, "0000"), ("", "")],
)
def test_a_code_is_quoted_without_its_empty_blocks(code: str, shown: str) -> None:
    assert errors.shown(code) == shown


def test_a_buyer_reads_no_code_of_the_shops_own_trouble() -> None:
    told = errors.buyer_message(Category.CONFIGURATION, "NZ03".ljust(16, "0"))
    assert told.code == ""
    assert told.text == errors.buyer_message(Category.OTHER, "").text


def test_an_approval_needs_no_details(says: Says) -> None:
    says({})
    result = GATEWAY.authorize(charge())
    assert isinstance(result, Approved)
    assert [reference.value for reference in result.references] == [ORDER]
