"""The VeriTrans4G simulator over real sockets: search, faults, books, console."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from providers.sandbox.practice import State
from providers.veritrans4g.simulator import VeriTrans4GSimulator
from tests.sandbox.veritrans4g_world import (
    Answer,
    VeriTransWorld,
    authorised,
    cancelled,
    captured,
    captured_later,
    expired,
    pending,
    refused,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


# ---- search --------------------------------------------------------------------------------------


def test_search_lists_every_message_of_an_order(world: VeriTransWorld) -> None:
    params = world.payment(order_id="s1")
    params["payNowIdParam"] |= {"memo1": "メモ", "freeKey": "k-1"}
    world.ask("Authorize/card", params)
    world.ask("Capture/card", world.order("s1", amount="1500"))
    world.ask("Cancel/card", world.order("s1", amount="500"))
    answer = world.found("s1", serviceTypeCd=["card"])
    assert (answer.outcome, answer["searchCount"], answer["overMaxCountFlag"]) == (("success", "N001"), "1", "false")
    (order,) = answer["orderInfos"]["orderInfo"]
    assert (order["orderStatus"], order["lastSuccessTxnType"], order["successDetailTxnType"]) == ("end", "Cancel", "par")
    assert (order["memo1"], order["freeKey"]) == ("メモ", "k-1")
    assert (order["properOrderInfo"]["amount"], order["properOrderInfo"]["balance"]) == ("1980", "1000")
    listed = order["transactionInfos"]["transactionInfo"]
    assert [(line["command"], line["amount"], line["properTransactionInfo"]["cardTransactionType"]) for line in listed] == [
        ("Authorize", "1980", "a"), ("Capture", "1500", "pa"), ("Cancel", "500", "par"),
    ]  # fmt: skip
    (newest,) = world.found("s1", newerFlag="true")["orderInfos"]["orderInfo"][0]["transactionInfos"]["transactionInfo"]
    assert newest == listed[-1]


@pytest.mark.parametrize(
    ("make", "word"),
    [(authorised, "end"), (captured, "end"), (cancelled, "end"), (pending, "pending"), (refused, "error"), (expired, "expired")],
)
def test_search_words_of_states(world: VeriTransWorld, make: Any, word: str) -> None:
    order_id = make(world)
    (order,) = world.found(order_id)["orderInfos"]["orderInfo"]
    assert order["orderStatus"] == word
    by_word = {"containDummyFlag": "true", "searchParameters": {"common": {"orderStatus": word}}}
    assert world.ask("Search/search", by_word)["searchCount"] == "1"


def test_search_filters(world: VeriTransWorld) -> None:
    first, second = authorised(world), captured_later(world)
    world.authorise("4980000000058202")

    def count(common: dict[str, Any], **more: Any) -> str:
        sent = {"containDummyFlag": "1", "searchParameters": {"common": common}} | more
        return str(world.ask("Search/search", sent)["searchCount"])

    assert count({}) == "3"
    assert count({"command": ["Capture"]}) == "1"
    assert count({"mstatus": ["failure"]}) == "1"
    assert count({"amount": {"from": "1981"}}) == "0"
    assert count({"amount": {"from": "1980", "to": "1980"}}) == "3"
    assert count({"txnDatetime": {"from": "203001010000"}}) == "0"
    assert count({"txnDatetime": {"to": "203001010000"}}) == "3"
    assert count({"orderId": first}, serviceTypeCd=["mpi"]) == "0"
    assert count({"orderId": "nothing"}) == "0"
    assert world.ask("Search/search", {"containDummyFlag": "true", "maxCount": "1"})["overMaxCountFlag"] == "true"
    odds: tuple[dict[str, Any], ...] = ({"searchParameters": "x"}, {"searchParameters": {"common": []}}, {"serviceTypeCd": [{}]})
    for odd in odds:
        assert world.ask("Search/search", odd)["mstatus"] == "success"
    assert world.ask("Search/search", {"masterNames": "bankFinancialInstInfo"}).outcome == ("failure", "NZ06")
    assert second


# ---- faults and books ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Authorize/card", "authorize", "*"])
@pytest.mark.parametrize(("phase", "state"), [("before", None), ("after", State.AUTHORIZED)])
def test_faults_before_and_after(world: VeriTransWorld, name: str, phase: str, state: State | None) -> None:
    params = world.payment(order_id="f1")
    world.fault(name, "http_500", phase)
    assert world.send("Authorize/card", params).status_code == 500
    assert world.state("f1") == state
    call = world.simulator.books().calls[-1]
    assert (call.kind, call.verb, call.reference, call.fault) == ("Authorize/card", "authorize", "f1", "http_500")
    assert call.answered == (phase == "after")
    again = world.ask("Authorize/card", params)
    assert again.outcome == (("success", "A001") if state is None else ("failure", "NZ20"))


@pytest.mark.parametrize("mode", ["reset", "close", "half"])
def test_cut_answers(world: VeriTransWorld, mode: str) -> None:
    params = world.payment(order_id="f1")
    world.fault("authorize", mode, "after")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        world.send("Authorize/card", params)
    assert world.state("f1") == State.AUTHORIZED
    assert world.simulator.books().busy == 0


def test_fault_codes(world: VeriTransWorld) -> None:
    world.fault("capture", "code", code="AG72")
    order_id = authorised(world)
    answer = world.ask("Capture/card", world.order(order_id))
    assert (answer.outcome, answer["orderId"]) == (("failure", "AG72"), order_id)
    assert world.state(order_id) == State.AUTHORIZED
    assert world.simulator.books().calls[-1].code == "AG72000000000000"
    world.fault("token", "code", code="system_error")
    assert world.tokenize().json()["code"] == "system_error"
    world.fault("token", "http_500")
    assert world.tokenize().status_code == 500


def test_a_cancel_is_a_void_or_a_refund(world: VeriTransWorld) -> None:
    held, taken = authorised(world), captured(world)
    world.fault("refund", "http_500", times=None)
    assert world.send("Cancel/card", world.order(held)).status_code == 200
    assert world.send("Cancel/card", world.order(taken)).status_code == 500
    assert [call.verb for call in world.simulator.books().calls[-2:]] == ["void", "refund"]
    assert world.state(taken) == State.CAPTURED


@pytest.mark.parametrize(
    ("kind", "params", "verb", "reference"),
    [
        ("Retry/card", {"orderId": "o"}, "query", "o"),
        ("GetResult/mpi", {"orderId": "o"}, "query", "o"),
        ("Search/search", {"searchParameters": {"common": {"orderId": "o"}}}, "query", "o"),
        ("Search/search", {"requestId": "r"}, "query", "r"),
        ("ReAuthorize/card", {"orderId": "o", "originalOrderId": "p", "amount": "1"}, "reauthorize", "o"),
        ("ReAuthorize/mpi", {"orderId": "o"}, "reauthorize", "o"),
        ("Add/account", {"payNowIdParam": {"accountParam": {"accountId": "m"}}}, "store", "m"),
        ("Delete/account", {"payNowIdParam": {"accountParam": {"accountId": "m"}}}, "remove", "m"),
        ("Delete/cardinfo", {"payNowIdParam": {"accountParam": {"accountId": "m"}}}, "remove", "m"),
        ("Get/cardinfo", {"payNowIdParam": {"accountParam": {"accountId": "m"}}}, "list", "m"),
        ("Update/cardinfo", {"payNowIdParam": {"accountParam": {"accountId": "m"}}}, "store", "m"),
    ],
)
def test_calls_in_the_books(world: VeriTransWorld, kind: str, params: dict[str, Any], verb: str, reference: str) -> None:
    answer = world.ask(kind, params)
    (call,) = world.simulator.books().calls
    assert (call.kind, call.verb, call.reference, call.answered) == (kind, verb, reference, True)
    assert call.code == ("" if answer["mstatus"] == "success" else answer.code)


def test_waiting_requests_are_counted(world: VeriTransWorld) -> None:
    world.fault("authorize", "stall", "before", seconds=1.0)
    params = world.payment(order_id="w1")
    sender = threading.Thread(target=world.send, args=("Authorize/card", params))
    sender.start()
    world.eventually(lambda: world.simulator.books().busy == 1)
    assert world.simulator.books().calls[-1].answered is False
    sender.join()
    assert (world.state("w1"), world.simulator.books().busy) == (State.AUTHORIZED, 0)


def test_cards_with_trouble_of_their_own(world: VeriTransWorld) -> None:
    with pytest.raises(requests.ConnectionError):
        world.send("Authorize/card", world.payment("4980000000007050", "lost"))
    assert world.state("lost") == State.AUTHORIZED
    garbage = world.send("Authorize/card", world.payment("4980000000087060", "garbage"))
    with pytest.raises(ValueError):
        garbage.json()
    assert world.state("garbage") == State.AUTHORIZED


def test_one_order_sent_twice_at_once(world: VeriTransWorld) -> None:
    tries = [world.payment(order_id="same") for _ in range(6)]
    answers: list[Answer] = []
    senders = [threading.Thread(target=lambda sent=sent: answers.append(world.ask("Authorize/card", sent))) for sent in tries]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(answer["mstatus"] for answer in answers) == ["failure"] * 5 + ["success"]


# ---- the console ---------------------------------------------------------------------------------


def test_console_acts(world: VeriTransWorld) -> None:
    order_id = authorised(world)
    handle = world.handle(order_id)
    with pytest.raises(ValueError):
        world.simulator.console_act(handle, "refund")
    world.simulator.console_act(handle, "capture")
    assert world.state(order_id) == State.CAPTURED
    with pytest.raises(ValueError):
        world.simulator.console_act(handle, "void")
    world.simulator.console_act(handle, "refund")
    assert world.state(order_id) == State.CANCELLED
    with pytest.raises(ValueError):
        world.simulator.console_act("1", "void")


def test_console_pages(world: VeriTransWorld) -> None:
    base = f"{world.url}/console/veritrans4g"
    assert "取引はありません" in requests.get(f"{base}/", timeout=10).text
    ids = [authorised(world) for _ in range(51)]
    page = requests.get(f"{base}/", timeout=10).text
    assert ids[-1] in page
    assert f">{ids[0]}<" not in page
    assert "次の 50 件" in page
    assert f">{ids[0]}<" in requests.get(f"{base}/", params={"q": ids[0]}, timeout=10).text
    handle = world.handle(ids[0])
    form = requests.post(f"{base}/payments/{handle}/capture", timeout=10)
    assert form.url == f"{base}/payments/{handle}"
    assert "売上 pa" in form.text
    again = requests.post(f"{base}/payments/{handle}/void", timeout=10)
    assert "操作できませんでした" in again.text
    assert requests.post(f"{base}/payments/1/void", timeout=10).status_code == 404


def test_books_outlive_the_process(tmp_path: Any) -> None:
    world = VeriTransWorld(tmp_path)
    world.authorise(order_id="kept")
    world.close()
    reopened = VeriTrans4GSimulator(tmp_path / "veritrans4g.sqlite3", world.clock, world.faults)
    assert [row.reference for row in reopened.books().payments] == ["kept"]
    reopened.reset()
    assert reopened.books().payments == ()
    reopened.close()
