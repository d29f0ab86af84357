"""The e-SCOTT simulator over real HTTP: the form of messages, what is wrong with them, faults, the books."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from providers.escott.demo import DEMO_MERCHANT as DEMO
from providers.escott.simulator import EscottSimulator
from providers.sandbox.practice import State
from tests.sandbox.escott_world import VISA, World, escott_world

NEVER = "Q" * 32
A = State.AUTHORIZED


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with escott_world(tmp_path) as running:
        yield running


# ---- the form of replies -------------------------------------------------------------------------


def test_a_reply_is_one_line_with_the_echo_first_and_only_what_breaks_it_encoded(world):
    reply = world.auth(MerchantFree2="半図 太郎|A&B=100%+#", MerchantFree3="x")
    assert reply["MerchantFree2"] == "半図 太郎|A&B=100%+#"
    assert b"MerchantFree2=%E5%8D%8A%E5%9B%B3%20%E5%A4%AA%E9%83%8E|A%26B%3D100%25%2B%23&" in reply.raw
    assert list(reply) == [
        *("TransactionId", "TransactionDate", "OperateId", "MerchantFree1", "MerchantFree2", "MerchantFree3"),
        *("ProcessId", "ProcessPass", "ResponseCd", "CompanyCd", "ApproveNo"),
    ]  # fmt: skip
    assert len(reply["TransactionId"]) == 13
    assert len(reply["ProcessId"]) == len(reply["ProcessPass"]) == 32
    assert int(reply.headers["Content-Length"]) == len(reply.raw)
    assert "Transfer-Encoding" not in reply.headers
    assert b"\n" not in reply.raw


def test_a_refusal_echoes_too_and_has_a_number_of_its_own(world):
    first = world.auth(PayType="99", Amount="0", MerchantFree2="太郎")
    second = world.auth(PayType="99", Amount="0", MerchantFree2="太郎")
    assert first["MerchantFree2"] == "太郎"
    assert b"ResponseCd=K22|K23" in first.raw
    assert first["TransactionId"] != second["TransactionId"]
    assert set(first) == {"TransactionId", "TransactionDate", "OperateId", "MerchantFree1", "MerchantFree2", "ResponseCd"}


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ({"encoding": "percent"}, b"ResponseCd=K22%7CK23"),
        ({"pad": True}, b"ResponseCd=K22|K23   "),
        ({"encoding": "percent", "pad": True}, b"ResponseCd=K22%7CK23+++"),
    ],
)
def test_replies_can_be_written_in_other_dialects(world, dialect, line):
    assert dialect.items() <= world.control("replies", **dialect).items()
    assert line in world.auth(PayType="99", Amount="0").raw


def test_the_order_of_fields_can_be_shuffled_and_a_reset_ends_that(world):
    world.control("replies", order="shuffled")
    orders = {tuple(world.auth()) for _ in range(8)}
    assert len(orders) > 1
    assert {frozenset(order) for order in orders} == {frozenset(next(iter(orders)))}
    world.simulator.reset()
    assert next(iter(world.auth())) == "TransactionId"


def test_query_and_body_are_merged_and_need_no_encoding(world):
    fields = world.envelope("1Auth") | {"PayType": "01", "Amount": "100", "Token": world.token(), "KaiinId": ""}
    line = "&".join(f"{name}={value}" for name, value in fields.items())
    assert b"ResponseCd=OK" in world.post_raw(f"/online/aut/OAUT002.do?{line}", b"").content
    raw = line.replace(fields["Token"], world.token()) + "&MerchantFree1=太郎"
    assert b"ResponseCd=OK" in world.post_raw("/online/aut/OAUT002.do", raw.encode()).content
    assert world.last_call().reference == "太郎"


# ---- levels 1 to 3 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"MerchantId": None, "MerchantPass": None}, "K02|K03"),
        ({"MerchantPass": None}, "K03"),
        ({"MerchantId": "12345678"}, "K03"),
        ({"MerchantPass": "wrong", "OperateId": "9Nothing"}, "K03"),
        ({"OperateId": "9Nothing", "TransactionDate": "2026112", "TenantId": "1"}, "K06|K05|K04"),
        ({"OperateId": None}, "K06"),
        ({"OperateId": "4MemAdd"}, "K06"),
        ({"TransactionDate": None}, "K05"),
        ({"TransactionDate": "20260231"}, "K05"),
        ({"TenantId": None}, "K04"),
        ({"TenantId": "00001"}, "K04"),
        ({"TenantId": "0002"}, "K13"),
        ({"PayType": None}, "K01"),
        ({"Amount": None, "PayType": "1"}, "K01|K22"),
        ({"PayType": "04"}, "K22"),
        ({"Amount": "0"}, "K23"),
        ({"Amount": "-1"}, "K23"),
        ({"Amount": "1,000"}, "K23"),
        ({"Amount": "１００"}, "K23"),
        ({"Amount": "123456789"}, "K23"),
        ({"MerchantFree1": "a\tb", "MerchantFree2": "x" * 101, "MerchantFree3": "\ufffd"}, "K07|K08|K09"),
        ({"Token": None}, "K01"),
        ({"KaiinId": "a", "KaiinPass": "b"}, "K01"),
        ({"Token": None, "KaiinId": "a"}, "K01"),
        ({"Token": None, "KaiinId": "あ", "KaiinPass": "?"}, "K45|K46"),
        ({"Token": None, "CardNo": VISA}, "K01"),
        ({"Token": None, "CardNo": "4111", "CardExp": "3013", "SecCd": "12"}, "K20|K21|K24"),
        ({"KanaSei": "taro", "KanaMei": "x", "BirthDay": "1301", "TelNo": "1"}, "K25|K26|K27|K28"),
        ({"Token": "a b"}, "KHX"),
        ({"Token": "tokNEVER"}, "KHZ"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_level_by_level(world, fields, code):
    token = {} if "Token" in fields else {"Token": world.token()}
    assert world.ask("1Auth", **{"PayType": "01", "Amount": "100"} | token | fields).code == code
    assert not world.payments()


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("1Capture", {}, "K01"),
        ("1Capture", {"ProcessId": "x", "ProcessPass": "y", "SalesDate": "20260230"}, "K39|K10|K11"),
        ("1Change", {"ProcessId": NEVER, "ProcessPass": NEVER, "Amount": "0"}, "K23"),
        ("1Delete", {"ProcessId": NEVER, "ProcessPass": NEVER}, "K12"),
        ("1Search", {"ProcessId": NEVER}, "K01"),
        ("1ReAuth", {"ProcessId": NEVER, "ProcessPass": NEVER}, "K01"),
    ],
)
def test_a_follow_up_needs_its_own_items(world, operation, fields, code):
    reply = world.ask(operation, **fields)
    assert reply.code == code
    assert "ProcessId" not in reply


def test_known_fields_that_an_operation_does_not_use_are_passed_over_whatever_their_form(world):
    surplus = {"Amount": "x", "Token": "?", "PayType": "z"}
    assert world.ask("4MemRefM", **world.member(), **surplus).code == "OK"
    master = world.auth()
    assert world.ask("1Search", **master.pair, **surplus, KaiinId="?").code == "OK"


@pytest.mark.parametrize("operation", ["1Capture", "1Search", "1Delete", "1Change", "1ReAuth"])
def test_a_follow_up_may_leave_the_shop_code_out_but_not_send_a_wrong_one(world, operation):
    master = world.auth()
    more = {"SalesDate": world.today, "Amount": "1"} | master.pair
    assert world.ask(operation, **more, TenantId="9999").code == "K13"
    assert world.ask(operation, **more, TenantId=None).code == "OK"


def test_wrong_passwords_lock_the_merchant_out_until_somebody_releases_it(world):
    wrong = [world.auth(MerchantPass="wrong").code for _ in range(5)]
    assert wrong == ["K03"] * 5
    assert [world.auth(MerchantPass="wrong").code, world.auth().code] == ["KG8", "KG8"]
    world.control("merchants", locked=False)
    assert world.auth().code == "OK"


def test_only_wrong_passwords_in_a_row_count(world):
    for _ in range(3):
        assert [world.auth(MerchantPass="wrong").code for _ in range(4)] == ["K03"] * 4
        assert world.auth().code == "OK"


def test_renewed_credentials(world):
    world.control("merchants", merchant_pass="renewed0002", unknown_to_us="x")
    assert world.auth().code == "K03"
    assert world.auth(MerchantPass="renewed0002").code == "OK"


def test_another_merchant_sees_nothing_of_this_one(world):
    world.control("merchants", merchant_id="90000002")
    other, master = {"MerchantId": "90000002"}, world.auth()
    assert world.ask("1Search", **master.pair, **other).code == "K12"
    assert world.auth(Token=world.token(), **other).code == "KHZ"
    assert world.ask("4MemRefM", **world.member(), **other).code == "K71"


@pytest.mark.parametrize(
    ("contract", "operation", "pay_type", "code"),
    [
        ({"capture_kind": "auth"}, "1Gathering", "01", "C01"),
        ({"capture_kind": "gathering"}, "1Auth", "01", "C01"),
        ({"capture_kind": "gathering"}, "1Gathering", "01", "OK"),
        ({"pay_types": "01"}, "1Auth", "12", "C12"),
        ({"pay_types": "01"}, "1Auth", "80", "C10"),
        ({"pay_types": "01"}, "1Auth", "88", "C10"),
        ({"bonus_closed": True}, "1Auth", "80", "C11"),
        ({"bonus_closed": True}, "1Auth", "88", "OK"),
        ({}, "1Auth", "80", "OK"),
    ],
)
def test_only_what_is_contracted_is_taken(world, contract, operation, pay_type, code):
    world.control("merchants", **contract)
    assert world.auth(operation=operation, PayType=pay_type).code == code
    assert len(world.payments()) == (code == "OK")


# ---- faults and books ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["reset", "close", "half", "garbage", "html", "http_500", "empty"])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_trouble_before_leaves_a_request_undone_and_after_spoils_only_the_answer(world, mode, phase):
    world.fault("1Auth", mode, phase)
    try:
        answer = world.post_auth().content
    except OSError:
        answer = b""
    assert b"ResponseCd=OK" not in answer or mode == "half"
    assert len(world.payments()) == (phase == "after")
    assert (world.last_call().fault, world.last_call().kind) == (mode, "1Auth")
    assert world.auth().code == "OK"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_fault_may_answer_any_codes(world, phase):
    world.fault("authorize", "code", phase, code="K96|C02")
    assert b"ResponseCd=K96|C02" in world.auth().raw
    assert world.last_call().code == "K96|C02"
    assert len(world.payments()) == (phase == "after")


def test_a_fault_of_the_token_search_names_the_codes_of_query_and_token(world):
    world.fault("search", "code", code="OK", detail="KI5")
    found = world.ask("1TokenSearch", Token=world.token())
    assert (found.code, found["TokenResponseCd"]) == ("OK", "KI5")


@pytest.mark.parametrize(
    ("operation", "verb"),
    [("1Capture", "capture"), ("1Delete", "void"), ("1Change", "change"), ("1ReAuth", "reauthorize"), ("1Search", "query")],
)
def test_faults_go_by_verb_as_well(world, operation, verb):
    master = world.auth()
    more = master.pair | {"SalesDate": world.today, "Amount": "1"}
    world.fault(verb, "code", code="K98")
    assert world.ask(operation, **more).code == "K98"
    assert world.last_call().verb == verb
    assert world.ask(operation, **more).code == "OK"


def test_to_take_back_a_sale_is_a_refund_and_an_authorisation_a_void(world):
    sale, hold = world.auth(operation="1Gathering"), world.auth()
    world.fault("refund", "code", code="K98", times=None)
    assert world.ask("1Delete", **sale.pair).code == "K98"
    assert world.ask("1Delete", **hold.pair).code == "OK"
    assert [call.verb for call in world.simulator.books().calls[-2:]] == ["refund", "void"]


def test_the_books_tell_every_request_and_what_became_of_it(world):
    good = world.auth(MerchantFree1="order-1")
    world.auth("4980000000038261", MerchantFree1="order-2")
    world.post("9Nothing", "aut/OAUT002.do")
    calls = world.simulator.books().calls
    assert [(call.kind, call.verb, call.reference, call.code, call.answered) for call in calls] == [
        ("1Auth", "authorize", "order-1", "", True),
        ("1Auth", "authorize", "order-2", "G61", True),
        ("9Nothing", "", "", "K06", True),
    ]
    held, refused = world.payments()
    assert (held.merchant, held.reference, held.handle) == (DEMO.merchant_id, "order-1", good["TransactionId"])
    assert (held.state, held.amount_yen, held.history) == (A, 4980, (A,))
    assert (refused.reference, refused.state) == ("order-2", State.REFUSED)


def test_a_request_is_in_the_books_before_it_is_answered(world):
    world.fault("1Auth", "slow", "after", seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(world.auth)
        deadline = time.monotonic() + 5
        while not (books := world.simulator.books()).busy and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (books.busy, books.calls[-1].answered) == (1, False)
        assert answer.result().code == "OK"
    assert world.simulator.books().busy == 0
    assert world.last_call().answered


def test_the_books_outlive_the_process_and_a_reset_empties_them(world):
    master = world.auth()
    again = EscottSimulator(world.clock._file.with_name("escott.sqlite3"), world.clock, world.faults)
    assert again.books().payments == world.payments()
    again.close()
    world.control("merchants", merchant_pass="other")
    world.simulator.reset()
    assert world.payments() == world.simulator.books().calls == ()
    assert int(world.auth()["TransactionId"]) > int(master["TransactionId"])


def test_an_unknown_address_is_not_found_and_a_huge_request_is_not_read(world):
    assert world.post("1Auth", "aut/OAUT003.do").status_code == 404
    assert world.post("1Auth", MerchantFree1="x" * 102_400).status_code == 413
