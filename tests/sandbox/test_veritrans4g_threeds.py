"""3-D Secure of the VeriTrans4G simulator: how it begins, and all its outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from providers.sandbox.practice import State
from tests.sandbox.veritrans4g_world import (
    ATTEMPT,
    DECLINED,
    FAILED,
    FRICTIONLESS,
    NEEDED,
    PENDING_CARD,
    UNABLE,
    Shop,
    VeriTransWorld,
    matches,
    names,
    push_matches,
)  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


@pytest.fixture
def shop(world: VeriTransWorld) -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


# ---- beginning -----------------------------------------------------------------------------------


def test_answer_of_authorize(world: VeriTransWorld) -> None:
    answer = world.begin(cardholderEmail="taro@example.jp", httpUserAgent="Mozilla", httpAccept="*/*")
    assert answer.outcome == ("success", "G001")
    assert answer["authStartUrl"].startswith(f"{world.base}/3ds/start?r=")
    assert (answer["resBrandId"], answer["resCorporationId"], answer["mpiTransactiontype"]) == ("4", "05", "auth")
    assert answer["reqRedirectionUri"] == "http://shop.invalid/return"
    assert answer["authRequestDatetime"].split()[4] == "JST"
    assert world.state(answer["orderId"]) == State.PENDING


def test_both_ways_to_the_provider(world: VeriTransWorld) -> None:
    """The address and the HTML lead to the same page; the HTML works without a script."""
    answer = world.begin()
    action, fields = world.returned(answer["resResponseContents"])
    assert "<button>" in answer["resResponseContents"]
    assert requests.post(action, data=fields, timeout=10).text == world.browse(answer).text
    page = world.browse(answer)
    assert "1,980円" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert requests.get(f"{world.base}/3ds/start?r=unknown", timeout=10).status_code == 404
    assert requests.get(f"{world.base}/3ds/start", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"serviceOptionType": ""}, "NZ10"), ({"serviceOptionType": "mpi-other"}, "NZ11"), ({"deviceChannel": "01"}, "NZ11"),
        ({"redirectionUri": "shop.example"}, "NZ11"), ({"redirectionUri": "https://x/" + "a" * 1016}, "NZ11"),
        ({"pushUrl": "https://x/" + "a" * 248}, "NZ11"), ({"verifyTimeout": "0"}, "NZ11"), ({"verifyTimeout": "1000"}, "NZ11"),
        ({"verifyResultLink": "3"}, "NZ11"), ({"cardholderName": " "}, "NZ11"), ({"cardholderName": "山田"}, "NZ11"),
        ({"cardholderEmail": "taro"}, "NZ11"), ({"cardholderMobilePhoneNumber": "090-0000"}, "NZ11"),
        ({"billingAddressCountry": "JP"}, "NZ11"), ({"browserDeviceCategory": "2"}, "NZ11"), ({"jpo": "61C04"}, "NZ12"),
        ({"payNowIdParam": {}}, "NZ10"), ({"amount": "0"}, "NZ11"),
    ],
)  # fmt: skip
def test_fields_that_are_refused(world: VeriTransWorld, changes: dict[str, Any], code: str) -> None:
    assert world.begin(order_id="kept", **changes).outcome == ("failure", code)
    assert world.begin(order_id="kept")["mstatus"] == "success"


def test_a_name_must_be_somewhere(world: VeriTransWorld) -> None:
    nameless: dict[str, Any] = {"payNowIdParam": {"token": world.token(cardholder_name="")}}
    assert world.begin(**nameless).outcome == ("failure", "GE23")
    nameless = {"payNowIdParam": {"token": world.token(cardholder_name="")}}
    assert world.begin(**nameless, cardholderName="TARO YAMADA")["mstatus"] == "success"
    nameless = {"payNowIdParam": {"token": world.token(cardholder_name="")}}
    assert world.begin(**nameless, cardholderNameOmitFlag="true")["mstatus"] == "success"


def test_contract_without_three_d_secure(world: VeriTransWorld) -> None:
    world.control("merchants", mpi=False)
    assert world.begin().outcome == ("failure", "GZ01")
    world.control("merchants", mpi=True, device_channel="")
    assert world.begin(deviceChannel="").outcome == ("failure", "NZ10")


def test_card_whose_authentication_cannot_begin(world: VeriTransWorld) -> None:
    assert world.begin("4980000000047601", "x1").outcome == ("failure", "GE23")
    assert world.state("x1") == State.REFUSED


def test_ids_are_shared_with_the_card_service(world: VeriTransWorld) -> None:
    world.begin(order_id="one")
    assert world.authorise(order_id="one").outcome == ("failure", "NZ20")
    world.authorise(order_id="two")
    assert world.begin(order_id="two").outcome == ("failure", "NZ20")
    assert world.result("two").outcome == ("failure", "NZ21")


# ---- outcomes ------------------------------------------------------------------------------------

PAID = ("success", "success", State.AUTHORIZED)
STOPPED = ("failure", "", State.REFUSED)
OUTCOMES = [
    # option type, how it ends, card; mpiMstatus, cardMstatus, state; code
    ("mpi-complete", "authenticate", "", PAID, "G011A001"),
    ("mpi-company", "authenticate", "", PAID, "G011A001"),
    ("mpi-merchant", "authenticate", "", PAID, "G011A001"),
    ("mpi-complete", "attempt_0", "", STOPPED, "GE23"),
    ("mpi-company", "attempt_0", "", PAID, "G012A001"),
    ("mpi-merchant", "attempt_0", "", PAID, "G012A001"),
    ("mpi-complete", "unable", "", STOPPED, "GE23"),
    ("mpi-company", "unable", "", STOPPED, "GE23"),
    ("mpi-merchant", "unable", "", PAID, "G012A001"),
    ("mpi-complete", "refused", "", STOPPED, "GE23"),
    ("mpi-company", "refused", "", STOPPED, "GE23"),
    ("mpi-merchant", "refused", "", STOPPED, "GE23"),
    ("mpi-complete", "", FRICTIONLESS, PAID, "G011A001"),
    ("mpi-complete", "", ATTEMPT, STOPPED, "GE23"),
    ("mpi-company", "", ATTEMPT, PAID, "G012A001"),
    ("mpi-merchant", "", FAILED, STOPPED, "GE23"),
    ("mpi-merchant", "", UNABLE, PAID, "G012A001"),
    ("mpi-complete", "authenticate", DECLINED, ("success", "failure", State.REFUSED), "G011AG33"),
    ("mpi-complete", "authenticate", PENDING_CARD, ("success", "pending", State.PENDING), "G011AE10"),
]


@pytest.mark.parametrize(("option", "choice", "number", "outcome", "code"), OUTCOMES)
def test_outcomes(
    world: VeriTransWorld, shop: Shop, option: str, choice: str, number: str, outcome: tuple[str, str, State], code: str
) -> None:
    """The browser's return, the push and GetResult tell the same."""
    began = world.begin(*[number] * bool(number), serviceOptionType=option, pushUrl=shop.url)
    order_id = began["orderId"]
    address, fields = world.returned(world.choose(began, choice) if choice else world.browse(began))
    mpi, card, state = outcome
    assert address == "http://shop.invalid/return"
    assert (fields["mpiMstatus"], fields["cardMstatus"], fields["vResultCode"]) == (mpi, card, code.ljust(16, "0"))
    assert (fields["OrderId"], fields["reqAmount"]) == (order_id, "1980")
    assert matches(fields)
    assert set(NEEDED) <= set(names(fields))
    assert world.state(order_id) == state
    world.eventually(lambda: len(shop.received) == 1)
    pushed = shop.fields()
    assert push_matches(*shop.received[0])
    txn_type = "VerifyNotify" if choice else "AuthorizeConfirm"
    assert {name: value for name, value in pushed.items() if name.endswith("0000")} == {
        "orderId0000": order_id, "vResultCode0000": code.ljust(16, "0"), "txnType0000": txn_type, "mpiMstatus0000": mpi,
        "cardMstatus0000": card, "dummy0000": "1",
    }  # fmt: skip
    assert pushed["numberOfNotify"] == "1"
    result = world.result(order_id)
    assert result.outcome == ("success", "G021")
    assert (result["mpiMstatus"], result["cardMstatus"], result["txnType"]) == (mpi, card, txn_type)
    assert (result["mpiVresultCode"], result["requestId"]) == (fields["vResultCode"], fields["RequestId"])
    assert result["reqAmount"] == "1980"


def test_question_before_the_buyer_has_finished(world: VeriTransWorld) -> None:
    began = world.begin(order_id="q1")
    for _ in range(2):
        answer = world.result("q1")
        assert answer.outcome == ("success", "G021")
        assert "mpiMstatus" not in answer
        world.browse(began)
    assert world.found("q1")["orderInfos"]["orderInfo"][0]["orderStatus"] == "end_presentation"
    assert world.result("unknown").outcome == ("failure", "NZ21")


def test_afterwards_it_is_a_card_order(world: VeriTransWorld) -> None:
    began = world.begin(order_id="a1")
    assert world.ask("Capture/card", world.order("a1")).outcome == ("failure", "NZ22")
    assert world.ask("Retry/card", world.order("a1")).outcome == ("failure", "NZ22")
    world.choose(began)
    assert world.ask("Capture/card", world.order("a1", amount="1000"))["cardTransactiontype"] == "pa"
    assert world.ask("Cancel/card", world.order("a1"))["cardTransactiontype"] == "pav"
    by_request = {"requestId": world.result("a1")["requestId"], "containDummyFlag": "true", "serviceTypeCd": ["mpi"]}
    (order,) = world.ask("Search/search", by_request)["orderInfos"]["orderInfo"]
    commands = [line["command"] for line in order["transactionInfos"]["transactionInfo"]]
    assert commands == ["Authorize", "Verify", "Authorize", "Capture", "Cancel"]
    assert world.found("a1", serviceTypeCd=["card"])["searchCount"] == "1"
    assert world.result("a1")["cardTransactionType"] == "a"


def test_capture_at_once_and_reauthorize(world: VeriTransWorld) -> None:
    world.choose(world.begin(order_id="c1", withCapture="true"))
    assert world.state("c1") == State.CAPTURED
    assert world.result("c1")["cardTransactionType"] == "ac"
    again = {"serviceOptionType": "mpi-complete", "orderId": "c2", "originalOrderId": "c1", "amount": "2500",
             "redirectionUri": "http://shop.invalid/r"}  # fmt: skip
    began = world.ask("ReAuthorize/mpi", again)
    assert began.outcome == ("success", "G001")
    world.choose(began)
    assert (world.state("c2"), world.amount("c2")) == (State.AUTHORIZED, 2500)


@pytest.mark.parametrize(("number", "mstatus"), [(PENDING_CARD, "success"), ("4980000000069001", "failure")])
def test_retry_after_three_d_secure(world: VeriTransWorld, number: str, mstatus: str) -> None:
    world.choose(world.begin(number, "r1"))
    assert world.ask("Retry/card", world.order("r1"))["mstatus"] == mstatus
    assert world.result("r1")["cardMstatus"] == mstatus


def test_only_looking_at_the_buyer(world: VeriTransWorld) -> None:
    """mpi-none: no money, the values to pass on instead."""
    _, fields = world.returned(world.choose(world.begin(order_id="n1", serviceOptionType="mpi-none")))
    assert "cardMstatus" not in fields
    assert matches(fields)
    result = world.result("n1")
    assert (result["dddTransactionStatus"], result["dddEci"], result["mpiMstatus"]) == ("Y", "05", "success")
    assert world.simulator.books().payments == ()
    passed_on = {name: value for name, value in result.items() if name.startswith("ddd") and value}
    passed_on.pop("dddTransactionStatusReason", None)
    assert world.authorise(order_id="n2", cardOptionType="mpi", **passed_on)["mstatus"] == "success"
