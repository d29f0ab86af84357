"""The Paygent simulator over real sockets."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.paygent.simulator.cards import TEST_CARDS
from providers.sandbox.activity import Heartbeat

if TYPE_CHECKING:
    from tests.sandbox.conftest import Receiver, World

VISA = "4111111111111111"
HOUR, DAY = 3600, 86_400
CREDENTIALS = {name: asdict(DEMO)[name] for name in ("merchant_id", "connect_id", "connect_password")} | {
    "telegram_version": "1.0"
}

CODES = {
    "4980000000038261": ("2001", '"1G61"', "11"),
    "4980000000058202": ("2001", '"1G02"', "11"),
    "4980000000098000": ("2002", '"2999"', "11"),
    "4980000000058244": ("2003", '"1G44"', "10"),
    "4980000000079000": ("2008", "タイムアウトが発生しました。", "11"),
    "4980000000037016": ("2016", "入力されたカードはお取扱いできません。", "11"),
    "4980000000007001": ("31001", "入力されたカードはお取扱いできません。", "11"),
    "4980000000067054": ("2054", "入力されたカードはご利用できません。", "15"),
}


def retriable(world: World) -> str:
    """The payment_id of a payment refused with code 2003."""
    return world.authorise("retry", "4980000000058244")["payment_id"]


# ---- browser script ------------------------------------------------------------------------------


def test_token_answer_is_signed_and_open_to_other_origins(world: World) -> None:
    answer = world.tokenize()
    card = answer["tokenizedCardObject"]
    assert answer["result"] == "0000"
    assert card["masked_card_number"] == "************1111"
    parts = (
        card["token"],
        card["masked_card_number"],
        card["valid_until"],
        card["fingerprint"],
        DEMO.token_hash_key,
    )
    assert answer["hc"] == hashlib.sha256("".join(parts).encode()).hexdigest()
    assert world.tokenize()["tokenizedCardObject"]["fingerprint"] == card["fingerprint"]

    response = requests.post(f"{world.url}/paygent/n/token/request", data={})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in world.telegram("094", trading_id="x").headers


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"merchant_id": ""}, "1100"),
        ({"token_generate_key": ""}, "1200"),
        ({"token_generate_key": "test_wrong"}, "1201"),
        ({"card_number": ""}, "1300"),
        ({"card_number": f"{VISA} "}, "1301"),
        ({"card_expire_year": ""}, "1400"),
        ({"card_expire_year": "2x"}, "1401"),
        ({"card_expire_month": ""}, "1500"),
        ({"card_expire_month": "1a"}, "1501"),
        ({"card_expire_month": "13"}, "1502"),
        ({"card_expire_year": "20"}, "1502"),
        ({"card_expire_year": "70"}, "1502"),
        ({"card_cvc": "12"}, "1600"),
        ({"cvc_only_flg": "1", "card_cvc": ""}, "1601"),
        ({"card_name": "TARO　YAMADA"}, "1700"),
        # the first error in documented order wins
        ({"card_number": "x", "card_name": "山田"}, "1301"),
    ],
)
def test_token_codes(world: World, fields: dict[str, str], code: str) -> None:
    assert world.tokenize(**fields) == {"result": code}


@pytest.mark.parametrize("card", [card for card in TEST_CARDS if card.script_code != "0000"])
def test_cards_for_the_script_codes(world: World, card: Any) -> None:
    assert world.tokenize(card.number) == {"result": card.script_code}


def test_security_code_token_has_no_card(world: World) -> None:
    answer = world.tokenize(cvc_only_flg="1")
    assert set(answer) == {"result", "tokenizedCardObject"}
    assert set(answer["tokenizedCardObject"]) == {"token", "valid_until"}
    token = answer["tokenizedCardObject"]["token"]
    assert world.authorise("cvc", card_token=token).code == "2026"


def test_script_is_served(world: World) -> None:
    script = requests.get(f"{world.url}/paygent/js/PaygentToken.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "createCvcToken" in script.text


def test_all_test_cards_pass_the_check_digit() -> None:
    for card in TEST_CARDS:
        digits = [int(digit) for digit in reversed(card.number)]
        doubled = [2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0, card.number
    assert len({card.last_four for card in TEST_CARDS}) == len(TEST_CARDS)


# ---- 020 -----------------------------------------------------------------------------------------


def test_authorisation_on_the_wire(world: World) -> None:
    response = world.send_authorisation("order1")
    assert response.headers["Content-Type"] == "text/html; charset=Windows-31J"
    assert response.content.startswith(b"\r\nresult=0\r\npayment_id=")
    assert response.content.endswith(b"\r\nout_acs_html=")
    answer = world.read(response)
    assert answer["issur_name"] == "ﾋﾞｻﾞ"
    assert answer["card_valid_term"] == "0140"
    assert "response_code" not in answer
    assert "shonin_no" not in answer
    assert world.status("order1") == "20"


def test_capture_at_once(world: World) -> None:
    world.authorise("order1", sales_mode="1")
    assert world.status("order1") == "40"


def test_refusal_on_the_wire(world: World) -> None:
    answer = world.authorise("order1", "4980000000038261")
    assert answer.raw.startswith(
        b'\r\nresult=1\r\nresponse_code=2001\r\nresponse_detail="1G61"\r\npayment_id=\r\n'
    )
    assert answer["trading_id"] == "order1"
    assert answer["shonin_no"] == answer["acq_member_no"] == answer["fingerprint"] == ""


@pytest.mark.parametrize("number", CODES)
def test_refusing_cards(world: World, number: str) -> None:
    code, detail, status = CODES[number]
    answer = world.authorise("order1", number)
    assert (answer.code, answer["response_detail"]) == (code, detail)
    assert bool(answer["payment_id"]) == (code == "2003")
    assert world.status("order1") == status


@pytest.mark.parametrize(("number", "code"), [("4980000000097010", "P010"), ("4980000000017901", "E001")])
def test_cards_that_leave_no_payment(world: World, number: str, code: str) -> None:
    assert world.authorise("order1", number).code == code
    assert world.ledger("order1")["payments"] == []


def test_retry_of_the_same_payment(world: World) -> None:
    payment_id = retriable(world)
    answer = world.authorise("retry", payment_id=payment_id)
    assert (answer["result"], answer["payment_id"]) == ("0", payment_id)
    assert world.status("retry") == "20"
    assert world.authorise("retry", payment_id=payment_id)["response_detail"] == '"P902"'


def test_three_retries_are_allowed(world: World) -> None:
    payment_id = retriable(world)
    for _ in range(3):
        assert world.authorise("retry", "4980000000058244", payment_id=payment_id).code == "2003"
    refused = world.authorise("retry", payment_id=payment_id)
    assert (refused.code, refused["response_detail"]) == ("2001", '"P903"')
    assert world.status("retry") == "11"


def test_retry_of_an_unknown_payment(world: World) -> None:
    assert world.authorise("retry", payment_id="1")["response_detail"] == '"P901"'


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"connect_password": "wrong"}, "P002", "認証情報が不正です。"),
        ({"telegram_version": "2.0"}, "P003", "バージョン番号が不正です。"),
        ({"telegram_version": ""}, "P006", '"telegram_version"パラメータの値が設定されていません。'),
        ({"trading_id": "order-1"}, "P008", '"trading_id"パラメータの値はタイプが不正です。'),
        ({"trading_id": "1" * 26}, "P009", '"trading_id"パラメータの値は桁数が不正です。'),
        ({"payment_amount": ""}, "P006", '"payment_amount"パラメータの値が設定されていません。'),
        ({"payment_amount": "0"}, "P014", "決済金額は0より大きい値を設定して下さい。"),
        ({"payment_amount": "-5"}, "P008", '"payment_amount"パラメータの値はタイプが不正です。'),
        ({"payment_amount": "10000000"}, "P009", '"payment_amount"パラメータの値は桁数が不正です。'),
        ({"payment_class": "62"}, "P010", '"payment_class"パラメータの値は不正な値です。'),
        ({"payment_class": "61"}, "P005", '"split_count"パラメータが存在しません。'),
        ({"payment_class": "61", "split_count": "4"}, "P030", ""),
        ({"3dsecure_ryaku": ""}, "P010", '"3dsecure_ryaku"パラメータの値は不正な値です。'),
        ({"3dsecure_ryaku": "", "3dsecure_use_type": "2"}, "31009", ""),
        ({"3dsecure_use_type": "2", "3ds_auth_id": "a"}, "31011", ""),
        ({"3ds_auth_id": "a"}, "31008", ""),
        ({"ref_trading_id": "earlier"}, "2024", ""),
        ({"card_token": "", "ref_trading_id": "earlier"}, "2009", ""),
        ({"card_token": "", "card_number": VISA}, "2023", ""),
        ({"card_token": ""}, "P006", '"card_token"パラメータの値が設定されていません。'),
        ({"card_token": "tok_a+b/c=d&e%20~-_.*"}, "2021", "トークンなしエラー"),
    ],
)
def test_parameter_errors(world: World, fields: dict[str, str], code: str, detail: str) -> None:
    answer = world.authorise("order1", **fields)
    assert answer.code == code
    assert detail in ("", answer["response_detail"])
    assert world.ledger()["payments"] == []


def test_header_errors(world: World) -> None:
    address = f"{world.url}/paygent/n/card/request"
    missing = world.read(requests.post(address, data={"telegram_kind": "020", "telegram_version": "1.0"}))
    assert (missing.code, missing["response_detail"]) == ("P001", "認証情報が存在しません。")
    assert world.read(requests.post(address, data=CREDENTIALS)).code == "P005"
    assert world.ask("094", "card/request", payment_id="1").code == "P004"
    assert world.ask("999").code == "P010"


@pytest.mark.parametrize(
    ("kind", "code", "detail"),
    [
        ("450", "P063", "EMV 3Dセキュアは未契約です。"),
        ("280", "P007", "指定された決済手段は未契約です。"),
        ("025", "P021", "カード情報お預りサービスは未契約です。"),
        ("028", "P029", "補正は未契約です。"),
        ("029", "P029", "補正は未契約です。"),
    ],
)
def test_what_is_not_contracted(world: World, kind: str, code: str, detail: str) -> None:
    world.control("paygent/merchants", threeds=False, corrections=False, stored_cards=False)
    answer = world.ask(kind)
    assert (answer.code, answer["response_detail"]) == (code, detail)
    head = f"\r\nresult=1\r\nresponse_code={code}\r\nresponse_detail={detail}"
    assert answer.raw.decode("utf-8" if kind == "450" else "cp932").startswith(head)


def test_request_encoding_and_limit(world: World) -> None:
    token = world.token()
    body = "&".join(f"{name}={value}" for name, value in CREDENTIALS.items())
    body += f"&telegram_kind=020&trading_id=hex%5f%5F&payment_amount=1&3dsecure_ryaku=1&card_token={token}"
    address = f"{world.url}/paygent/n/card/request"
    assert world.read(requests.post(address, data=body + "&free=%93%FA+%7E"))["trading_id"] == "hex__"
    assert requests.post(address, data=body + "&free=" + "x" * 102_400).status_code == 413


def test_token_dies_with_a_normal_answer_only(world: World) -> None:
    token = world.token()
    assert world.authorise("order1", card_token=token, payment_amount="0").code == "P014"
    assert world.authorise("order1", card_token=token)["result"] == "0"
    assert world.authorise("order2", card_token=token).code == "2022"
    refused = world.token("4980000000058244")
    assert world.authorise("order3", card_token=refused).code == "2003"
    assert world.authorise("order4", card_token=refused).code == "2003"


def test_token_lives_one_hour(world: World) -> None:
    token = world.token()
    world.later(HOUR + 1)
    assert world.authorise("order1", card_token=token).code == "2020"


def test_security_code_can_be_demanded(world: World) -> None:
    bare = world.token(card_cvc="")
    assert world.authorise("order1", card_token=bare, security_code_use="1").code == "P010"
    assert world.authorise("order1", card_token=bare)["result"] == "0"


def test_card_of_an_earlier_order(world: World) -> None:
    first = world.authorise("order1")
    again = world.authorise("order1", card_token="", ref_trading_id="order1")
    assert again["fingerprint"] == first["fingerprint"]
    assert int(again["payment_id"]) > int(first["payment_id"])


def test_foreign_cards_pay_at_once(world: World) -> None:
    foreign = "4000000000000002"
    assert world.authorise("order1", foreign, payment_class="61", split_count="3").code == "2003"
    assert world.authorise("order2", foreign)["issur_class"] == "1"


# ---- 021 022 023 ---------------------------------------------------------------------------------


def bring_to(world: World, status: str) -> str:
    """A payment in the given status; returns its payment_id."""
    payment_id = world.authorise("order1", "4980000000057022" if status == "30" else VISA)["payment_id"]
    route = {"32": ["021"], "40": ["022"], "60": ["022", "023"], "41": ["022"], "30": ["022"]}.get(status, [])
    for kind in route:
        world.ask(kind, payment_id=payment_id)
    if status in ("33", "41"):
        world.later(60 * DAY + 1)
    assert world.status("order1") == status
    return payment_id


@pytest.mark.parametrize(
    ("before", "kind", "code", "after"),
    [
        ("20", "021", "", "32"),
        ("32", "021", "", "32"),
        ("33", "021", "", "33"),
        ("40", "021", "2004", "40"),
        ("60", "021", "2004", "60"),
        ("20", "022", "", "40"),
        ("30", "022", "", "40"),
        ("40", "022", "", "40"),
        ("41", "022", "", "41"),
        ("33", "022", "2007", "33"),
        ("32", "022", "2004", "32"),
        ("60", "022", "2004", "60"),
        ("40", "023", "", "60"),
        ("60", "023", "", "60"),
        ("41", "023", "2007", "41"),
        ("20", "023", "2004", "20"),
        ("32", "023", "2004", "32"),
    ],
)
def test_follow_up_by_status(world: World, before: str, kind: str, code: str, after: str) -> None:
    payment_id = bring_to(world, before)
    answer = world.ask(kind, payment_id=payment_id)
    assert answer.code == code
    assert answer["payment_id"] == ("" if code else payment_id)
    assert answer["fingerprint"] == ""
    assert world.status("order1") == after


def test_follow_up_keys(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    assert world.ask("022").code == "P005"
    assert world.ask("022", trading_id="none").code == "2006"
    assert world.ask("022", trading_id="other", payment_id=payment_id).code == "2006"
    assert world.ask("022", trading_id="order1")["payment_id"] == payment_id
    world.authorise("order1")
    assert world.ask("022", trading_id="order1").code == "2005"


def test_cancellation_that_fails(world: World) -> None:
    world.authorise("order1", "4980000000022000")
    assert world.ask("021", trading_id="order1").code == "2002"
    assert world.status("order1") == "20"


def test_cancellation_that_times_out_once(world: World) -> None:
    world.authorise("order1", "4980000000003000", sales_mode="1")
    assert world.ask("023", trading_id="order1").code == "2008"
    assert world.status("order1") == "42"
    assert world.ask("023", trading_id="order1")["result"] == "0"
    assert world.status("order1") == "60"


def test_provider_finishes_a_cancellation(world: World) -> None:
    world.authorise("order1", "4980000000003000")
    world.ask("021", trading_id="order1")
    assert world.status("order1") == "31"
    world.later(HOUR)
    assert world.status("order1") == "32"


def test_unfinished_payment_ends_after_30_days(world: World) -> None:
    retriable(world)
    world.later(30 * DAY)
    (payment,) = world.ledger()["payments"]
    assert payment["status"] == "11"
    assert payment["history"][-1]["by"] == "deadline"


# ---- 094 091 -------------------------------------------------------------------------------------


def test_look_up(world: World) -> None:
    assert world.ask("094", trading_id="order1").raw.decode("cp932") == (
        "\r\nresult=1\r\nresponse_code=13001\r\nresponse_detail=該当する決済情報が存在しません。"
    )
    payment_id = world.authorise("order1", payment_class="61", split_count="3")["payment_id"]
    answer = world.ask("094", payment_id=payment_id, trading_id="")
    assert (answer["payment_status"], answer["payment_amount"], answer["split_count"]) == ("20", "1000", "3")
    assert answer["payment_date"] == answer["cancel_date"] == ""
    assert list(answer)[-1] == "3dsecure_message_version"
    assert world.ask("094", trading_id="order1", payment_type="03").code == "13001"
    world.authorise("order1")
    assert world.ask("094", trading_id="order1").code == "13002"


def test_look_up_of_a_refusal(world: World) -> None:
    world.authorise("order1", "4980000000038261")
    answer = world.ask("094", trading_id="order1")
    assert (answer["payment_status"], answer["joho_code"], answer["authorized_date"]) == ("11", "1G61", "")


def test_merchants_do_not_see_each_other(world: World) -> None:
    world.control("paygent/merchants", merchant_id="200002", connect_id="conn0002")
    payment_id = world.authorise("order1")["payment_id"]
    other = {"merchant_id": "200002", "connect_id": "conn0002"}
    assert world.ask("094", payment_id=payment_id, **other).code == "13001"
    assert world.ask("022", payment_id=payment_id, **other).code == "2006"


def test_notices_are_fetched_in_series(world: World) -> None:
    none = world.ask("091")
    assert none.raw == b"\r\nresult=0\r\nsuccess_code=1\r\nsuccess_detail=1"
    world.authorise("order1")
    world.ask("022", trading_id="order1")
    first, second = world.ask("091"), world.ask("091")
    assert [first["payment_notice_id"], first["payment_status"]] == ["1", "20"]
    assert [second["payment_notice_id"], second["payment_status"]] == ["2", "40"]
    assert world.ask("091")["success_code"] == "1"
    assert world.ask("091", payment_notice_id="1")["payment_status"] == "20"
    assert world.ask("091", payment_notice_id="3")["success_code"] == "1"


def test_notices_are_purged_after_seven_days(world: World) -> None:
    world.authorise("order1")
    world.later(7 * DAY + 1)
    assert world.ask("091")["success_code"] == "1"
    assert world.ask("091", payment_notice_id="1")["success_code"] == "1"
    world.authorise("order2")
    found = world.ask("091")
    assert (found["success_code"], found["payment_notice_id"]) == ("2", "2")
    assert world.ask("091")["success_code"] == "1"


def test_applications_are_noticed_by_contract(world: World) -> None:
    world.control("paygent/merchants", notify_applied=True)
    world.authorise("order1")
    assert [notice["status"] for notice in world.ledger()["notices"]] == ["10", "20"]


# ---- push ----------------------------------------------------------------------------------------


def test_pushed_notice_is_signed_and_counts_as_read(world: World, receiver: Receiver) -> None:
    world.authorise("order1", payment_amount="2450")
    world.eventually(lambda: world.ledger()["notices"][0]["acknowledged"])
    (notice,) = receiver.received
    signed = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
    text = "".join(notice[name] for name in signed) + DEMO.notice_hash_key
    assert notice["hc"] == hashlib.sha256(text.encode()).hexdigest()
    assert (notice["payment_status"], notice["payment_amount"]) == ("20", "2450")
    assert world.ask("091")["success_code"] == "1"


def test_every_noticed_status_is_pushed(world: World, receiver: Receiver) -> None:
    world.authorise("order1", "4980000000038261")
    world.authorise("order2")
    world.ask("021", trading_id="order2")
    world.authorise("order3", sales_mode="1")
    world.ask("023", trading_id="order3")
    world.authorise("order4")
    world.authorise("order5", sales_mode="1")
    world.later(60 * DAY)
    world.eventually(lambda: len(receiver.received) == 9)
    statuses = sorted(notice["payment_status"] for notice in receiver.received)
    assert statuses == ["11", "20", "20", "32", "33", "40", "40", "41", "60"]


@pytest.mark.parametrize(
    "reply", [(200, b"result=0\r\n"), (200, b""), (204, b""), (500, b"result=0"), (200, b"OK")]
)
def test_only_the_exact_acknowledgement_counts(
    world: World, receiver: Receiver, reply: tuple[int, bytes]
) -> None:
    receiver.reply = reply
    world.authorise("order1")
    world.eventually(lambda: len(receiver.received) >= 2)
    receiver.reply = (200, b"result=0")
    world.eventually(lambda: world.ledger()["notices"][0]["acknowledged"])
    assert len({notice["payment_notice_id"] for notice in receiver.received}) == 1


def test_five_failures_in_a_row_pause_for_15_minutes(world: World, receiver: Receiver) -> None:
    receiver.reply = (500, b"")
    world.authorise("order1")
    world.eventually(lambda: world.ledger()["notices"][0]["attempts"] == 5)
    receiver.reply = (200, b"result=0")
    world.authorise("order2")
    world.later(14 * 60)
    world.paygent.notices.push_due()
    assert len(receiver.received) == 5
    world.later(61)
    world.eventually(lambda: all(notice["acknowledged"] for notice in world.ledger()["notices"]))


def test_notices_can_be_held_reordered_and_doubled(world: World, receiver: Receiver) -> None:
    world.control("notices", mode="hold", reorder=True, duplicate=1)
    world.authorise("order1")
    world.ask("022", trading_id="order1")
    world.paygent.notices.push_due()
    assert receiver.received == []
    world.control("notices", mode="normal", release=True)
    world.eventually(lambda: len(receiver.received) == 4)
    assert [notice["payment_notice_id"] for notice in receiver.received] == ["2", "1", "2", "1"]


def test_notice_before_the_answer(world: World, receiver: Receiver) -> None:
    world.control("notices", mode="before_answer", delay=60)
    world.authorise("order1")
    assert [notice["payment_status"] for notice in receiver.received] == ["20"]


# ---- console -------------------------------------------------------------------------------------


def test_amount_change_makes_a_new_payment(world: World) -> None:
    old = world.authorise("order1")["payment_id"]
    page = world.page(f"/console/paygent/payments/{old}/amount", amount="800")
    books = world.ledger("order1")
    before, after = books["payments"]
    assert (before["payment_id"], before["status"], before["amount"]) == (old, "32", 1000)
    assert (after["status"], after["amount"], after["trading_id"]) == ("20", 800, "order1")
    assert after["payment_id"] in page.url
    assert [notice["status"] for notice in books["notices"]] == ["20", "20", "32"]
    assert world.ask("094", trading_id="order1").code == "13002"


def test_console_buttons(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    address = f"/console/paygent/payments/{payment_id}"
    world.page(f"{address}/capture")
    assert world.status("order1") == "40"
    assert "2004" in world.page(f"{address}/void").text
    world.page(f"{address}/refund")
    assert world.status("order1") == "60"
    (payment,) = world.ledger("order1")["payments"]
    assert [step["by"] for step in payment["history"]][-5:] == ["console"] * 5


def test_console_pages(world: World) -> None:
    for number in range(51):
        world.authorise(f"order{number}")
    first = requests.get(f"{world.url}/console/paygent/").text
    assert "order50" in first
    assert "order0<" not in first
    assert "次の 50 件" in first
    assert "order7<" in requests.get(f"{world.url}/console/paygent/", params={"q": "order7"}).text
    assert "決済はありません" in requests.get(f"{world.url}/console/paygent/", params={"q": "order999"}).text
    start = requests.get(world.url).text
    assert all(card.number in start for card in TEST_CARDS)


def test_switches_refuse_foreign_pages(world: World) -> None:
    headers = {"Origin": "https://evil.example"}
    assert (
        requests.post(f"{world.url}/switches/clock", data={"step": "3600"}, headers=headers).status_code
        == 403
    )
    assert (
        requests.post(f"{world.url}/control/reset", data={}).status_code == 200
    )  # no origin: a tool, not a page


def test_start_page_switches(world: World) -> None:
    world.page("/switches/clock", step="86400")
    assert float((world.state / "clock_offset").read_text()) == DAY
    world.page("/switches/clock", step="")
    assert float((world.state / "clock_offset").read_text()) == 0
    world.page(
        "/switches/faults", kind="022", mode="code", phase="before", times="1", seconds="", code="2008"
    )
    assert requests.get(f"{world.url}/control/faults").json()[0]["code"] == "2008"
    world.page("/switches/faults/clear")
    assert requests.get(f"{world.url}/control/faults").json() == []


# ---- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["reset", "close", "half"])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_answer_lost(world: World, mode: str, phase: str) -> None:
    world.control("faults", kind="020", mode=mode, phase=phase)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)) as lost:
        world.send_authorisation("order1")
    assert ("reset by peer" in str(lost.value)) == (mode == "reset")
    assert len(world.ledger("order1")["payments"]) == (phase == "after")
    assert world.authorise("order2")["result"] == "0"


def test_answers_spoiled(world: World) -> None:
    world.authorise("order1")

    def spoiled(mode: str, **more: Any) -> requests.Response:
        world.control("faults", kind="094", mode=mode, phase="after", **more)
        return world.telegram("094", trading_id="order1")

    assert b"result=" not in spoiled("garbage").content
    assert "メンテナンス" in spoiled("html").content.decode()
    assert spoiled("http_500").status_code == 500
    assert spoiled("empty").content == b""
    assert "ﾋﾞｻﾞ".encode() in spoiled("wrong_charset").content
    assert world.read(spoiled("code", code="E001")).code == "E001"
    assert world.read(spoiled("drip", seconds=0.2))["payment_status"] == "20"
    assert world.read(spoiled("slow", seconds=0.1))["payment_status"] == "20"
    assert world.read(spoiled("stall", seconds=0.1))["payment_status"] == "20"


def test_slow_answer_outlasts_the_client(world: World) -> None:
    world.control("faults", kind="020", mode="slow", phase="after", seconds=1)
    token = world.token()
    fields = {"trading_id": "order1", "payment_amount": "1", "3dsecure_ryaku": "1", "card_token": token}
    data = CREDENTIALS | {"telegram_kind": "020"} | fields
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{world.url}/paygent/n/card/request", data=data, timeout=0.3)
    world.eventually(lambda: world.status("order1") == "20")


def test_faults_are_used_up_and_cleared(world: World) -> None:
    world.control("faults", kind="*", mode="code", code="9005", times=2)
    assert world.tokenize() == {"result": "9005"}
    assert world.ask("094", trading_id="x").code == "9005"
    assert world.ask("094", trading_id="x").code == "13001"
    assert world.control("faults", kind="020", mode="half", times=None) != []
    assert world.control("faults", clear=True) == []
    misused = requests.post(f"{world.url}/control/faults", json={"mode": "unknown"})
    assert misused.status_code == 400


def test_cards_that_spoil_the_answer(world: World) -> None:
    with pytest.raises(requests.ConnectionError):
        world.send_authorisation("order1", "4980000000007050")
    assert b"result=" not in world.send_authorisation("order2", "4980000000087060").content
    assert (world.status("order1"), world.status("order2")) == ("20", "20")


# ---- the books -----------------------------------------------------------------------------------


def test_restart_keeps_the_books(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    token = world.token()
    before = world.ledger()
    world.restart()
    assert world.ledger() == before
    assert world.ask("022", payment_id=payment_id)["result"] == "0"
    assert world.authorise("order2", card_token=token)["result"] == "0"


def test_reset_starts_a_new_world(world: World) -> None:
    world.authorise("order1")
    world.authenticate()
    world.control("paygent/returns", mode="never")
    world.control("reset")
    empty: dict[str, object] = {
        "authentications": [],
        "stored_cards": [],
        "payments": [],
        "notices": [],
        "telegrams": {},
        "requests": [],
    }
    assert world.ledger() == empty
    assert requests.get(f"{world.url}/control/paygent/returns").json() == []
    assert world.authorise("order1")["result"] == "0"


def test_requests_are_on_record(world: World) -> None:
    world.authorise("order1", "4980000000038261")
    world.ask("094", trading_id="order1")
    books = world.ledger("order1")
    assert books["telegrams"] == {"020": 1, "094": 1}
    assert [(row["kind"], row["result"], row["response_code"]) for row in books["requests"]] == [
        ("020", "1", "2001"),
        ("094", "0", ""),
    ]


def test_card_numbers_are_not_kept(world: World) -> None:
    world.authorise("order1")
    world.tokenize("4980000000077301")
    pages = "".join(requests.get(f"{world.url}{path}").text for path in ("/console/paygent/", "/console/paygent/ledger.json"))
    assert VISA not in pages
    world.sandbox.close()
    files = [path for path in world.state.iterdir() if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert VISA.encode() not in content
        assert b"4980000000077301" not in content
    world.start()


def test_a_failed_beat_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    beaten: list[int] = []
    again = threading.Event()

    def beat() -> None:
        beaten.append(1)
        if len(beaten) == 1:
            raise LookupError("the books were put back meanwhile")
        again.set()

    heart = Heartbeat(beat)
    assert again.wait(30)
    heart.stop()
    assert "own activity failed" in caplog.text
