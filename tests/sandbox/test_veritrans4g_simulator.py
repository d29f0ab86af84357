"""The VeriTrans4G simulator over real sockets: envelope, token server, fields, the state table."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from providers.sandbox.card_numbers import check_sum
from providers.sandbox.clock import japan_time
from providers.sandbox.practice import HOLDING, State
from providers.veritrans4g.demo import DEMO_MERCHANT, DEMO_RESONA, VeriTrans4GMerchantKeys
from providers.veritrans4g.simulator.cards import EXPIRY_REFUSALS, TEST_CARDS
from tests.sandbox.veritrans4g_world import (
    DAY,
    PENDING_CARD,
    VISA,
    Answer,
    VeriTransWorld,
    authorised,
    cancelled,
    captured,
    captured_later,
    expired,
    none,
    pending,
    refused,
)

PENDING_THEN_REFUSED = "4980000000069001"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


# ---- envelope ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("dummy", ["0", "1"])
def test_both_body_encodings_in_both_modes(world: VeriTransWorld, form: bool, dummy: str) -> None:
    answer = world.ask("Authorize/card", world.payment(), form=form, dummy=dummy)
    assert answer.outcome == ("success", "A001")
    assert answer.code == "A001000000000000"
    assert answer["cardTransactiontype"] == "a"
    assert answer["resActionCode"] == "000"
    assert answer["reqCardNumber"] == "411111********11"


def test_the_hash_is_over_the_text_as_sent(world: VeriTransWorld) -> None:
    """Escapes and order are the client's: the same content in other words is another text."""
    params = world.payment(itemCode="0000001", exSlipInfo="山田 太郎/")
    assert world.ask("Authorize/card", params)["mstatus"] == "success"
    ccid, key = DEMO_MERCHANT.merchant_ccid, DEMO_MERCHANT.merchant_key
    signed = world.payment(exSlipInfo="山田") | {"txnVersion": "2.0.0", "dummyRequest": "1", "merchantCcid": ccid}
    text = json.dumps(signed, separators=(",", ":"))
    assert "\\u5c71" in text
    digest = hashlib.sha256((ccid + text + key).encode()).hexdigest()
    body = f'{{"params":{text},"authHash":"{digest}"}}'
    address = f"{world.base}/test-paynow/v2/Authorize/card"
    assert Answer(requests.post(address, data=body, timeout=10))["mstatus"] == "success"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"digest": "0" * 64}, "NZ03"),
        ({"merchant": VeriTrans4GMerchantKeys("A1000000000000000unknown", "0" * 64, "")}, "NZ02"),
        ({"merchant": VeriTrans4GMerchantKeys(DEMO_MERCHANT.merchant_ccid, "0" * 64, "")}, "NZ03"),
        ({"path": "paynow/v2/Authorize/card"}, "NZ04"),
        ({"path": "test-paynow/v2/Authorize/card", "dummy": "0"}, "NZ04"),
        ({"path": "test-paynow/v2/Authorize/cvs"}, "NZ06"),
        ({"path": "test-paynow/v2/Authorize/account"}, "NZ06"),
        ({"path": "test-paynow/v2/Refund/card"}, "NZ06"),
    ],
)
def test_envelopes_that_are_refused(world: VeriTransWorld, how: dict[str, Any], code: str) -> None:
    """Always HTTP 200 and mstatus failure; nothing is used up."""
    params = world.payment(order_id="kept")
    answer = world.ask("Authorize/card", params, **how)
    assert answer.outcome == ("failure", code)
    assert world.ask("Authorize/card", params)["mstatus"] == "success"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"%7B", b"\xff", b'{"params":{}}', b'{"authHash":"","params":{}}', b'{ "params":{},"authHash":"x"}', b'{"params":{"orderId":"\\ud800"},"authHash":"x"}', b"[" * 100_000],
)
def test_bodies_that_cannot_be_read(world: VeriTransWorld, body: bytes) -> None:
    answer = Answer(requests.post(f"{world.base}/test-paynow/v2/Authorize/card", data=body, timeout=10))
    assert answer.outcome == ("failure", "NZ01")


def test_addresses_that_do_not_exist(world: VeriTransWorld) -> None:
    assert requests.post(f"{world.base}/paynow/v3/Authorize/card", data=b"{}", timeout=10).status_code == 404
    assert requests.get(f"{world.base}/paynow/v2/Authorize/card", timeout=10).status_code == 405


def test_renewed_key_and_ended_contract(world: VeriTransWorld) -> None:
    new = VeriTrans4GMerchantKeys(DEMO_MERCHANT.merchant_ccid, "ab" * 32, DEMO_MERCHANT.token_api_key)
    world.control("merchants", merchant_key=new.merchant_key)
    assert world.authorise().outcome == ("failure", "NZ03")
    assert world.ask("Authorize/card", world.payment(), merchant=new)["mstatus"] == "success"
    world.control("merchants", withdrawn=True)
    assert world.ask("Search/search", merchant=new).outcome == ("failure", "NZ05")
    assert world.tokenize().json()["code"] == "invalid_token_api_key"


def test_merchants_switch_takes_only_what_there_is(world: VeriTransWorld) -> None:
    world.control("merchants", 400, secret="x")
    world.control("merchants", 400, withdrawn="yes")
    made = world.control("merchants", merchant_ccid="A1000000000000000anothcc", title="別の店")
    assert made["merchant_key"] == DEMO_MERCHANT.merchant_key
    listed = requests.get(f"{world.url}/control/veritrans4g/merchants", timeout=10).json()
    assert [row["merchant_ccid"] for row in listed][:2] == [DEMO_MERCHANT.merchant_ccid, DEMO_RESONA.merchant_ccid]
    assert len(listed) == 3


# ---- token server --------------------------------------------------------------------------------


def test_token_and_cross_origin(world: VeriTransWorld) -> None:
    response = world.tokenize()
    answer = response.json()
    assert (response.status_code, answer["status"], answer["code"]) == (200, "success", "success")
    assert str(uuid.UUID(answer["token"])) == answer["token"]
    assert len(answer["token_expire_date"]) == 14
    assert answer["req_card_number"] == "411111********11"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    preflight = requests.options(f"{world.base}/4gtoken", timeout=10)
    assert preflight.status_code == 204
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    assert world.tokenize(lang="en").json()["message"] == "Success"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"token_api_key": ""}, "invalid_token_api_key"),
        ({"token_api_key": str(uuid.uuid4())}, "invalid_token_api_key"),
        ({"card_number": ""}, "missing_card_number"),
        ({"card_number": "4111-1111-1111-1111"}, "invalid_card_number"),
        ({"card_number": 4111111111111111}, "missing_card_number"),
        ({"card_number": "9999999999999995"}, "invalid_card_number"),
        ({"card_number": "4111111111111112"}, "digit_check_error"),
        ({"card_expire": ""}, "missing_card_expire"),
        ({"card_expire": "13/40"}, "invalid_card_expire"),
        ({"card_expire": "1240"}, "invalid_card_expire"),
        ({"card_expire": "01/20"}, "invalid_card_expire"),
        ({"security_code": ""}, "missing_security_code"),
        ({"security_code": "12"}, "invalid_security_code"),
        ({"cardholder_name": "山田"}, "invalid_cardholder_name"),
        ({"cardholder_name": "   "}, "invalid_cardholder_name"),
    ],
)
def test_token_errors(world: VeriTransWorld, fields: dict[str, Any], code: str) -> None:
    response = world.tokenize(**fields)
    assert response.status_code == 400
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    answer = response.json()
    assert (answer["status"], answer["code"]) == ("failure", code)
    assert "token" not in answer


def test_token_body_that_is_no_object(world: VeriTransWorld) -> None:
    response = requests.post(f"{world.base}/4gtoken", data=b"x=1", timeout=10)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_a_token_is_good_once_for_a_quarter_of_an_hour_and_for_its_merchant(world: VeriTransWorld) -> None:
    token = world.token()
    params = {"payNowIdParam": {"token": token}, "amount": "100"}
    assert world.ask("Authorize/card", params | {"orderId": "t1"})["mstatus"] == "success"
    assert world.ask("Authorize/card", params | {"orderId": "t2"}).outcome == ("failure", "OC09")
    params = {"payNowIdParam": {"token": world.token()}, "amount": "100"}
    world.later(14 * 60)
    assert world.ask("Authorize/card", params | {"orderId": "t3"})["mstatus"] == "success"
    params = {"payNowIdParam": {"token": world.token()}, "amount": "100"}
    world.later(16 * 60)
    assert world.ask("Authorize/card", params | {"orderId": "t4"}).outcome == ("failure", "OC09")
    params = world.payment()
    assert world.ask("Authorize/card", params, merchant=DEMO_RESONA).outcome == ("failure", "OC09")
    # A try with a bad token has used its id up.
    assert world.authorise(order_id="t4").outcome == ("failure", "NZ20")


def test_all_test_cards_pass_the_check_digit() -> None:
    assert all(check_sum(card.number) == 0 for card in TEST_CARDS)
    assert len({card.number for card in TEST_CARDS}) == len(TEST_CARDS)


def test_tokens_for_testers(world: VeriTransWorld) -> None:
    card = {"number": VISA, "expiry": "4012", "cvc": "123", "name": "TARO YAMADA"}
    params = {"payNowIdParam": {"token": world.simulator.token(card)}, "amount": "100", "orderId": "x"}
    assert world.ask("Authorize/card", params)["mstatus"] == "success"
    params = {"payNowIdParam": {"token": world.simulator.token(card, DEMO_RESONA.merchant_ccid)}, "amount": "100", "orderId": "x"}
    assert world.ask("Authorize/card", params, merchant=DEMO_RESONA)["mstatus"] == "success"


# ---- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"orderId": ""}, "NZ10"),
        ({"orderId": "x" * 101}, "NZ11"),
        ({"orderId": "a.b"}, "NZ11"),
        ({"amount": ""}, "NZ10"),
        ({"amount": "0"}, "NZ11"),
        ({"amount": "100000000"}, "NZ11"),
        ({"amount": "-1"}, "NZ11"),
        ({"amount": 100}, "NZ10"),
        ({"itemCode": 7}, "NZ11"),
        ({"withCapture": "yes"}, "NZ11"),
        ({"salesDay": "20261231"}, "NZ11"),
        ({"jpo": "61C04"}, "NZ12"),
        ({"jpo": "11"}, "NZ11"),
        ({"payNowIdParam": {}}, "NZ10"),
        ({"payNowIdParam": {"token": "x" * 37}}, "NZ11"),
        ({"cardNumber": VISA, "cardExpire": "12/40"}, "NZ12"),
        ({"cardholderName": "  "}, "NZ11"),
    ],
)
def test_fields_that_are_refused_use_nothing_up(world: VeriTransWorld, changes: dict[str, Any], code: str) -> None:
    params = world.payment(order_id="kept")
    assert world.ask("Authorize/card", params | changes).outcome == ("failure", code)
    assert world.ask("Authorize/card", params)["mstatus"] == "success"


def test_unknown_members_pass(world: VeriTransWorld) -> None:
    assert world.authorise(SERVICE_TYPE="card", new_field={"a": ["b"]})["mstatus"] == "success"


@pytest.mark.parametrize(
    ("jpo", "demo", "resona"),
    [
        ("10", True, True), ("61C02", True, False), ("61C03", True, True), ("61C05", True, False), ("61C24", True, True),
        ("61C06", True, True), ("61C15", True, True), ("61C18", True, True), ("61C20", True, True), ("80", True, False),
        ("21", True, False), ("2206", True, False), ("61C07", False, False),
    ],
)  # fmt: skip
def test_ways_to_pay_by_contract(world: VeriTransWorld, jpo: str, demo: bool, resona: bool) -> None:
    answer = world.authorise(jpo=jpo)
    assert answer.outcome == (("success", "A001") if demo else ("failure", "NZ12"))
    token = world.token(token_api_key=DEMO_RESONA.token_api_key)
    params = world.payment(jpo=jpo) | {"payNowIdParam": {"token": token}}
    answer = world.ask("Authorize/card", params, merchant=DEMO_RESONA)
    assert answer.outcome == (("success", "A001") if resona else ("failure", "NZ12"))


# ---- the state table -----------------------------------------------------------------------------


OK = "A001"
TABLE = [
    # made by      state            Authorize Capture Cancel   Cancel 480  ReAuthorize
    (none, None, ("A001", "NZ21", "NZ21", "NZ21", "NZ21")),
    (authorised, State.AUTHORIZED, ("NZ20", OK, OK, OK, OK)),
    (expired, State.EXPIRED, ("NZ20", "ACD3", "ACD3", "ACD3", OK)),
    (captured, State.CAPTURED, ("NZ20", "NZ22", OK, OK, OK)),
    (captured_later, State.CAPTURED, ("NZ20", "NZ22", OK, OK, OK)),
    (pending, State.PENDING, ("NZ20", "NZ22", "NZ22", "NZ22", "NZ22")),
    (cancelled, State.CANCELLED, ("NZ20", "NZ22", "NZ22", "NZ22", OK)),
    (refused, State.REFUSED, ("NZ20", "NZ22", "NZ22", "NZ22", "NZ22")),
]


@pytest.mark.parametrize(("make", "state", "codes"), TABLE, ids=[row[0].__name__ for row in TABLE])
def test_state_table(world: VeriTransWorld, make: Any, state: State | None, codes: tuple[str, ...]) -> None:
    after = {
        "Capture/card": ({}, State.CAPTURED, 1980),
        "Cancel/card": ({}, State.CANCELLED, 1980),
        "Cancel/card part": ({"amount": "480"}, state, 1500),
    }
    for kind, code in zip(("Authorize/card", *after, "ReAuthorize/card"), codes, strict=True):
        order_id = make(world)
        assert world.state(order_id) == state, kind
        if kind == "Authorize/card":
            assert world.authorise(order_id=order_id).outcome[1] == code
            world.fresh()
        elif kind == "ReAuthorize/card":
            again = {"orderId": world.new_id(), "originalOrderId": order_id, "amount": "2200"}
            assert world.ask(kind, again).outcome[1] == code, kind
            assert world.state(again["orderId"]) == (State.AUTHORIZED if code == OK else None)
            assert world.state(order_id) == state
        else:
            fields, then, amount = after[kind]
            answer = world.ask(kind.split()[0], world.order(order_id, **fields))
            assert answer.outcome[1] == code, kind
            if code == OK:
                assert (world.state(order_id), world.amount(order_id)) == (then, amount), kind
            else:
                assert world.state(order_id) == state, kind


def test_capture_of_less_leaves_nothing_for_later(world: VeriTransWorld) -> None:
    order_id = authorised(world)
    assert world.ask("Capture/card", world.order(order_id, amount="1981")).outcome == ("failure", "NZ23")
    answer = world.ask("Capture/card", world.order(order_id, amount="1000"))
    assert (answer["cardTransactiontype"], answer["reqAmount"]) == ("pa", "1000")
    assert (world.state(order_id), world.amount(order_id)) == (State.CAPTURED, 1000)
    assert world.ask("Capture/card", world.order(order_id, amount="980")).outcome == ("failure", "NZ22")
    assert world.ask("Cancel/card", world.order(order_id, amount="1001")).outcome == ("failure", "NZ23")


@pytest.mark.parametrize(
    ("make", "kinds"), [(authorised, ("a", "a", "av")), (captured, ("acr", "acr", "acrd")), (captured_later, ("par", "par", "pard"))]
)
def test_cancelled_bit_by_bit(world: VeriTransWorld, make: Any, kinds: tuple[str, ...]) -> None:
    order_id, state = make(world), None
    for amount, kind in zip(("500", "480", "1000"), kinds, strict=True):
        state = world.state(order_id)
        answer = world.ask("Cancel/card", world.order(order_id, amount=amount))
        assert (answer["cardTransactiontype"], answer["reqAmount"]) == (kind, amount)
    assert state in HOLDING
    assert (world.state(order_id), world.amount(order_id)) == (State.CANCELLED, 1000)


def test_retry_decides_what_was_pending(world: VeriTransWorld) -> None:
    answer = world.authorise(PENDING_CARD, "p1")
    assert answer.outcome == ("pending", "AE10")
    assert (answer["cardTransactiontype"], answer["pending"]) == ("ap", "1")
    assert world.ask("Retry/card", world.order("p1")).outcome == ("success", "A001")
    assert world.ask("Retry/card", world.order("p1")).outcome == ("failure", "NZ22")
    assert world.authorise(PENDING_THEN_REFUSED, "p2", withCapture="true").outcome == ("pending", "AE10")
    assert world.ask("Retry/card", world.order("p2")).outcome == ("failure", "AG33")
    assert (world.state("p1"), world.state("p2")) == (State.AUTHORIZED, State.REFUSED)
    histories = {row.reference: row.history for row in world.simulator.books().payments}
    assert histories == {"p1": (State.PENDING, State.AUTHORIZED), "p2": (State.PENDING, State.REFUSED)}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4980000000058202", "AG33"), ("4980000000038261", "AG61"), ("4980000000008256", "AG39"), ("4980000000098000", "AG72"),
        ("4980000000058244", "AG41"),
    ],
)  # fmt: skip
def test_refusing_cards(world: VeriTransWorld, number: str, code: str) -> None:
    answer = world.authorise(number, "r1")
    assert answer.outcome == ("failure", code)
    assert (answer["resAuthCode"], answer["resActionCode"]) == ("", "")
    assert world.state("r1") == State.REFUSED
    assert world.authorise(order_id="r1").outcome == ("failure", "NZ20")


@pytest.mark.parametrize("expire", EXPIRY_REFUSALS)
def test_expiry_dates_of_the_test_list(world: VeriTransWorld, expire: str) -> None:
    assert world.ask("Authorize/card", world.payment(expire=expire)).outcome == ("failure", EXPIRY_REFUSALS[expire])


@pytest.mark.parametrize("number", ["4111111111111111", "5555555555554444", "3528000000000007", "378282246310005", "36666666666660"])
def test_numbers_of_the_test_list(world: VeriTransWorld, number: str) -> None:
    assert world.authorise(number).outcome == ("success", "A001")


def test_card_whose_date_runs_out(world: VeriTransWorld) -> None:
    soon = f"{japan_time(world.clock.now() + 40 * DAY):%m/%y}"
    world.authorise(order_id="old", payNowIdParam={"token": world.token(card_expire=soon)})
    world.later(80 * DAY)
    again = {"orderId": "new", "originalOrderId": "old", "amount": "100"}
    assert world.ask("ReAuthorize/card", again).outcome == ("failure", "AG39")


def test_card_that_cannot_be_cancelled(world: VeriTransWorld) -> None:
    world.authorise("4980000000022000", "c1")
    assert world.ask("Cancel/card", world.order("c1")).outcome == ("failure", "AG72")
    assert world.state("c1") == State.AUTHORIZED
    with pytest.raises(ValueError, match="AG72"):
        world.simulator.console_act(world.handle("c1"), "void")


def test_test_and_live_orders_do_not_mix(world: VeriTransWorld) -> None:
    world.authorise(order_id="d1")
    assert world.ask("Capture/card", world.order("d1"), dummy="0").outcome == ("failure", "NH41")
    assert world.ask("Authorize/card", world.payment(order_id="d1"), dummy="0").outcome == ("failure", "NZ20")
    assert world.found("d1", containDummyFlag="false")["searchCount"] == "0"


def test_merchants_do_not_see_each_other(world: VeriTransWorld) -> None:
    world.authorise(order_id="m1")
    for kind in ("Capture/card", "Cancel/card"):
        assert world.ask(kind, world.order("m1"), merchant=DEMO_RESONA).outcome == ("failure", "NZ21")
    assert world.ask("Search/search", {"containDummyFlag": "true"}, merchant=DEMO_RESONA)["searchCount"] == "0"


def test_original_older_than_four_hundred_days(world: VeriTransWorld) -> None:
    order_id = cancelled(world)
    world.later(401 * DAY)
    again = {"orderId": "again", "originalOrderId": order_id, "amount": "100"}
    assert world.ask("ReAuthorize/card", again).outcome == ("failure", "NH36")
