"""Stored cards at the Paygent simulator over real sockets: 025, 026, 027, 116, and 020 and 450 with them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.conftest import Answer, World

VISA, MASTER = "4111111111111111", "5555555555554444"
FRICTIONLESS = "4980000000057600"
NOT_STORED, REFUSED_LATER, ANSWER_LOST = "4980000000027025", "4980000000017026", "4980000000007027"
NOT_FOUND = "指定した顧客ID、顧客カードIDのカード情報はありません。"
MINUTE, HOUR, YEAR = 60, 3600, 366 * 86_400

COLUMNS = [
    "customer_id", "customer_card_id", "card_number", "card_valid_term", "card_last_use_date", "card_brand",
    "cardholder_name", "add_info1", "add_info2", "add_info3", "add_info4", "card_expire_flag",
]  # fmt: skip
VECTORS = Path(__file__).parents[1] / "wire/paygent/vectors"
CHECK_COLUMNS = ["valid_check_result", "valid_update_cd", "valid_check_date", "issur_name"]


def store(world: World, number: str = VISA, /, **fields: str) -> Answer:
    sent = {"customer_id": "c1"} | fields
    if "card_token" not in sent:
        sent["card_token"] = world.token(number)
    return world.ask("025", **sent)


def stored(world: World, number: str = VISA, /, **fields: str) -> str:
    return store(world, number, **fields)["customer_card_id"]


def charge(world: World, card_id: str, trading_id: str = "order1", /, **fields: str) -> Answer:
    terms = {"trading_id": trading_id, "payment_amount": "1000", "3dsecure_ryaku": "1"}
    card = {"stock_card_mode": "1", "customer_id": "c1", "customer_card_id": card_id}
    return world.ask("020", **(terms | card | fields))


def security_code(world: World) -> dict[str, str]:
    return {"security_code_token": "1", "card_token": world.token(cvc_only_flg="1")}


def records(response: requests.Response) -> list[list[str]]:
    assert response.headers["Content-Type"] == "text/html; charset=Windows-31J"
    return list(csv.reader(io.StringIO(response.content.decode("cp932"), newline=""), strict=True))


def rows(world: World, **fields: str) -> list[dict[str, str]]:
    """What 027 tells, row by row."""
    first, *table = records(world.telegram("027", **({"customer_id": "c1"} | fields)))
    if first[1] != "0":
        assert table == [["4", "0"]]
        return []
    head, *found, last = table
    assert (first, head[0], last) == (["1", "0", "", ""], "2", ["4", str(len(found))])
    assert {row[0] for row in found} == {"3"}
    return [dict(zip(head[1:], row[1:], strict=True)) for row in found]


def alive(world: World, customer_id: str = "c1") -> list[str]:
    """What a test asks the books about a customer."""
    return [
        card["customer_card_id"]
        for card in world.ledger()["stored_cards"]
        if card["customer_id"] == customer_id and card["state"] == "alive"
    ]


# ---- requests of a real client -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "025_store_card_token",
        "025_store_card_limit",
        "026_delete_card",
        "027_query_cards",
        "027_query_no_cards",
        "020_auth_stored_card",
        "020_auth_stored_card_cvc_token",
    ],
)
def test_a_real_client_is_understood(world: World, name: str) -> None:
    """Its requests as captured; only token and card number are those of this world."""
    vector = json.loads((VECTORS / f"{name}.json").read_text())
    sent = dict(vector["request"]["body_decoded"])
    customer = sent["customer_id"]
    if "no_cards" not in name:
        card_id = stored(world, customer_id=customer, valid_check_flg="1")
        sent |= {"customer_card_id": card_id} if sent.get("customer_card_id") else {}
    for _ in range(9 if "limit" in name else 0):
        store(world, customer_id=customer)
    if "card_token" in sent:
        sent["card_token"] = world.token(cvc_only_flg=sent.get("security_code_token", ""))
    response = requests.post(f"{world.url}/paygent{vector['request']['path']}", data=sent)
    expected = bytes.fromhex(vector["response_given"]["hex"]).decode("cp932")
    if sent["telegram_kind"] == "027":
        told = list(csv.reader(expected.splitlines()))
        assert records(response)[:2] == [told[0], told[1]]
        return
    fields = [line.split("=")[0] for line in expected.strip().split("\r\n")]
    answer = world.read(response)
    assert list(answer) == fields
    assert answer.code == vector["parsed_by_client"]["response_code"]


# ---- 025 -----------------------------------------------------------------------------------------


def test_registration_on_the_wire(world: World) -> None:
    token = world.tokenize()["tokenizedCardObject"]
    answer = store(world, card_token=token["token"])
    assert answer.raw.startswith(b"\r\nresult=0\r\nnum_of_cards=1\r\ncustomer_card_id=")
    assert list(answer) == [
        "result", "num_of_cards", "customer_card_id", "issur_id", "issur_name", "fingerprint",
        "masked_card_number", "card_valid_term", "cardholder_name", "acq_id", "acq_name",
    ]  # fmt: skip
    assert len(answer["customer_card_id"]) == 18
    assert answer["customer_card_id"].isdigit()
    assert answer["fingerprint"] == token["fingerprint"]
    assert (answer["masked_card_number"], answer["card_valid_term"]) == ("************1111", "0140")
    assert answer["cardholder_name"] == "TARO YAMADA"
    assert answer["issur_name"] == answer["acq_id"] == answer["acq_name"] == ""
    assert world.ledger()["payments"] == []


def test_validity_check_leaves_a_payment(world: World) -> None:
    answer = store(world, valid_check_flg="1", security_code_use="1", trading_id="check1")
    assert (answer["issur_name"], answer["acq_id"], answer["acq_name"]) == ("ﾋﾞｻﾞ", "50001", "NICOS")
    (payment,) = world.ledger("check1")["payments"]
    assert (payment["status"], payment["amount"]) == ("22", 0)
    for kind in ("021", "022", "023"):
        assert world.ask(kind, payment_id=payment["payment_id"]).code == "2004"
    assert world.ledger()["notices"] == []


@pytest.mark.parametrize(
    ("number", "code", "detail", "status"),
    [
        ("4980000000038261", "2001", '"1G61"', "17"),
        ("4980000000058244", "2003", '"1G44"', "17"),
        ("4980000000098000", "2002", '"2999"', "17"),
        ("4980000000037016", "2016", "", "17"),
        ("4980000000097010", "P010", "", ""),
    ],
)
def test_validity_check_refuses(world: World, number: str, code: str, detail: str, status: str) -> None:
    token = world.token(number)
    answer = store(world, card_token=token, valid_check_flg="1")
    assert answer.code == code
    assert detail in ("", answer["response_detail"])
    assert [payment["status"] for payment in world.ledger()["payments"]] == [status][: bool(status)]
    assert alive(world) == []
    # Not checked, the same card is stored, with the same token: an error has not used it up.
    assert store(world, card_token=token)["result"] == "0"


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"customer_id": ""}, "P006", '"customer_id"パラメータの値が設定されていません。'),
        ({"customer_id": "c-1"}, "P008", '"customer_id"パラメータの値はタイプが不正です。'),
        ({"customer_id": "c" * 26}, "P009", '"customer_id"パラメータの値は桁数が不正です。'),
        ({"card_brand": "UNIONPAY"}, "P010", '"card_brand"パラメータの値は不正な値です。'),
        ({"add_info1": "あ" * 33}, "P009", '"add_info1"パラメータの値は桁数が不正です。'),
        ({"valid_check_flg": "2"}, "P010", '"valid_check_flg"パラメータの値は不正な値です。'),
        ({"card_token": ""}, "P006", '"card_token"パラメータの値が設定されていません。'),
        ({"card_token": "tok_nobody"}, "2021", ""),
        ({"card_number": VISA, "card_valid_term": "0140"}, "2024", ""),
        ({"card_token": "", "card_number": VISA, "card_valid_term": "0140"}, "2023", ""),
    ],
)
def test_what_a_registration_refuses(world: World, fields: dict[str, str], code: str, detail: str) -> None:
    answer = store(world, **fields)
    assert answer.code == code
    assert detail in ("", answer["response_detail"])
    assert list(answer) == ["result", "response_code", "response_detail"]
    assert world.ledger()["stored_cards"] == []


def test_a_token_is_good_for_one_normal_answer(world: World) -> None:
    token = world.token()
    assert store(world, card_token=token, customer_id="").code == "P006"
    assert store(world, card_token=token)["result"] == "0"
    assert store(world, card_token=token).code == "2022"
    assert world.authorise("order1", card_token=token).code == "2022"
    charged = world.token()
    assert world.authorise("order2", card_token=charged)["result"] == "0"
    assert store(world, card_token=charged).code == "2022"
    assert len(alive(world)) == 1


def test_authentication_does_not_use_the_token_up(world: World) -> None:
    token = world.token()
    world.authenticate(card_token=token)
    assert store(world, card_token=token)["result"] == "0"


def test_wrong_and_late_tokens(world: World) -> None:
    assert store(world, card_token=world.token(cvc_only_flg="1")).code == "2026"
    assert store(world, card_token=world.token(card_cvc=""), security_code_use="1").code == "P010"
    late = world.token()
    world.later(HOUR + 1)
    assert store(world, card_token=late).code == "2020"


def test_a_failed_order_leaves_the_second_token_alone(world: World) -> None:
    """Two tokens of one card, as a page makes them that wants to charge and to store."""
    first, second = (world.tokenize("4980000000038261")["tokenizedCardObject"] for _ in range(2))
    assert first["token"] != second["token"]
    assert first["fingerprint"] == second["fingerprint"]
    assert world.authorise("order1", card_token=first["token"]).code == "2001"
    assert store(world, card_token=second["token"])["result"] == "0"


def test_ten_cards_and_no_more(world: World) -> None:
    for number in range(1, 11):
        assert store(world)["num_of_cards"] == str(number)
    token = world.token()
    refused = store(world, card_token=token)
    assert (refused.code, refused["response_detail"]) == ("P023", "カード情報がすでに上限数登録済みです。")
    assert store(world, customer_id="c2", card_token=token)["num_of_cards"] == "1"
    world.ask("026", customer_id="c1", customer_card_id=alive(world)[0])
    assert store(world)["num_of_cards"] == "10"
    assert len(rows(world)) == 10


def test_the_same_card_is_stored_twice(world: World) -> None:
    assert stored(world) != stored(world)
    (one, other) = world.ledger()["stored_cards"]
    assert one["fingerprint"] == other["fingerprint"]


# ---- 026 -----------------------------------------------------------------------------------------


def test_deletion(world: World) -> None:
    one, other, foreign = stored(world), stored(world, MASTER), stored(world, customer_id="c2")
    answer = world.ask("026", customer_id="c1", customer_card_id=one)
    assert answer.raw == b"\r\nresult=0\r\nnum_of_cards=1"
    again = world.ask("026", customer_id="c1", customer_card_id=one)
    assert (again.code, again["response_detail"]) == ("P022", NOT_FOUND)
    assert world.ask("026", customer_id="c1", customer_card_id=foreign).code == "P022"
    assert (alive(world), alive(world, "c2")) == ([other], [foreign])
    gone = world.ledger()["stored_cards"][0]
    assert (gone["state"], gone["deleted_by"]) == ("deleted", "026")
    assert gone["deleted_at"] >= gone["stored_at"]


def test_deletion_of_all_cards(world: World) -> None:
    stored(world)
    stored(world, MASTER)
    other = stored(world, customer_id="c2")
    assert world.ask("026", customer_id="c1", customer_card_id="")["num_of_cards"] == "0"
    assert (alive(world), alive(world, "c2")) == ([], [other])
    assert world.ask("026", customer_id="c1", customer_card_id="").code == "P022"
    assert world.ask("026").code == "P005"


# ---- 027 -----------------------------------------------------------------------------------------


def test_query_on_the_wire(world: World) -> None:
    card_id = stored(world, add_info1="自宅,用", add_info2='二重"引用"')
    response = world.telegram("027", customer_id="c1", customer_card_id="", limit_count="2000")
    head = '"1","0","",""\r\n"2",' + ",".join(f'"{name}"' for name in COLUMNS)
    assert response.content.decode("cp932").startswith(f'{head}\r\n"3","c1","{card_id}","************1111","0140",')
    assert response.content.endswith('"自宅,用","二重""引用""","","","0"\r\n"4","1"\r\n'.encode("cp932"))


def test_query_tells_the_last_used_card_first(world: World) -> None:
    one = stored(world)
    world.later(MINUTE)
    other = stored(world, MASTER)
    assert [row["customer_card_id"] for row in rows(world)] == [other, one]
    world.later(MINUTE)
    assert charge(world, other).code == charge(world, one, "order2").code == ""
    world.later(MINUTE)
    assert charge(world, other, "order3", payment_amount="0").code == "P014"
    assert charge(world, other, "order4", security_code_use="1").code == "P010"
    first, second = rows(world)
    assert (first["customer_card_id"], second["customer_card_id"]) == (one, other)
    assert len(first["card_last_use_date"]) == 14
    assert [row["customer_card_id"] for row in rows(world, customer_card_id=other)] == [other]


def test_query_shows_more_columns_on_demand(world: World) -> None:
    stored(world)
    assert list(rows(world)[0]) == COLUMNS
    (with_fingerprint,) = rows(world, return_fingerprint_flg="1")
    assert list(with_fingerprint) == [*COLUMNS, "fingerprint"]
    assert with_fingerprint["fingerprint"] == world.tokenize()["tokenizedCardObject"]["fingerprint"]
    world.later(MINUTE)
    stored(world, MASTER, valid_check_flg="1")
    checked, unchecked = rows(world, return_fingerprint_flg="1")
    assert list(checked) == list(unchecked) == [*COLUMNS, *CHECK_COLUMNS, "fingerprint"]
    assert (checked["valid_check_result"], checked["issur_name"]) == ("0", "ﾏｽﾀｰ")
    assert [unchecked[name] for name in CHECK_COLUMNS] == [""] * 4


def test_query_finds_nothing(world: World) -> None:
    card_id = stored(world)
    nothing = [["1", "1", "P026", NOT_FOUND], ["4", "0"]]
    for named in ({"customer_id": "c2"}, {"customer_id": "c2", "customer_card_id": card_id}):
        assert records(world.telegram("027", **named)) == nothing
    world.control("paygent/merchants", merchant_id="200002")
    assert records(world.telegram("027", customer_id="c1", merchant_id="200002")) == nothing


def test_errors_of_a_query_are_records_as_well(world: World) -> None:
    missing = records(world.telegram("027"))
    assert missing[0] == ["1", "1", "P005", '"customer_id"パラメータが存在しません。']
    world.control("paygent/merchants", stored_cards=False)
    assert records(world.telegram("027", customer_id="c1"))[0][2] == "P021"


# ---- 116 -----------------------------------------------------------------------------------------


def test_what_is_left_out_stays_and_what_is_empty_is_cleared(world: World) -> None:
    card_id = stored(world, add_info1="one", add_info2="two")
    named = {"customer_id": "c1", "customer_card_id": card_id}
    answer = world.ask("116", **named, add_info2="", add_info3="three", cardholder_name="HANAKO")
    assert (answer["result"], answer["customer_card_id"]) == ("0", card_id)
    (row,) = rows(world)
    assert [row[f"add_info{number}"] for number in range(1, 5)] == ["one", "", "three", ""]
    assert (row["cardholder_name"], row["card_valid_term"]) == ("HANAKO", "0140")
    assert world.ledger()["payments"] == []


def test_a_new_expiry_is_checked(world: World) -> None:
    card_id = stored(world)
    named = {"customer_id": "c1", "customer_card_id": card_id}
    assert world.ask("116", **named, card_valid_term="").code == "P006"
    assert world.ask("116", **named, card_valid_term="1345").code == "P010"
    past = world.ask("116", **named, card_valid_term="0120")
    assert (past.code, past["response_detail"]) == ("2003", '"1G83"')
    assert rows(world)[0]["card_valid_term"] == "0140"
    assert world.ask("116", **named, card_valid_term="1245")["card_valid_term"] == "1245"
    assert [payment["status"] for payment in world.ledger()["payments"]] == ["17", "22"]
    (row,) = rows(world)
    assert (row["card_valid_term"], row["valid_check_result"]) == ("1245", "0")


def test_an_update_takes_a_security_code_only(world: World) -> None:
    named = {"customer_id": "c1", "customer_card_id": stored(world)}
    assert world.ask("116", **named, card_token=world.token()).code == "2026"
    assert world.ask("116", **named, security_code_use="1").code == "P010"
    code = world.token(cvc_only_flg="1")
    assert world.ask("116", **named, card_token=code, security_code_use="1")["result"] == "0"
    assert world.ask("116", **named, card_token=code).code == "2022"
    assert world.ask("116", customer_id="c1", customer_card_id="1").code == "P022"
    assert world.ask("116", customer_id="c1").code == "P005"


# ---- 020 -----------------------------------------------------------------------------------------


def test_charging_a_stored_card(world: World) -> None:
    stored_card = store(world)
    card_id = stored_card["customer_card_id"]
    world.later(HOUR)
    answer = charge(world, card_id, sales_mode="1")
    assert (answer["result"], answer["fingerprint"]) == ("0", stored_card["fingerprint"])
    (payment,) = world.ledger("order1")["payments"]
    assert (payment["status"], payment["customer_id"], payment["customer_card_id"]) == ("40", "c1", card_id)
    looked_up = world.ask("094", payment_id=answer["payment_id"])
    assert (looked_up["customer_id"], looked_up["customer_card_id"]) == ("c1", card_id)
    (card,) = world.ledger("order1")["stored_cards"]
    assert card["last_used_at"] == payment["authorized_at"] > card["stored_at"]
    world.authorise("order2")
    assert world.ledger("order2")["stored_cards"] == []


def test_charging_with_a_security_code(world: World) -> None:
    card_id, code = stored(world), security_code(world)
    assert charge(world, card_id, security_code_use="1").code == "P010"
    assert charge(world, card_id, payment_amount="0", **code).code == "P014"
    assert charge(world, card_id, security_code_use="1", **code)["result"] == "0"
    assert charge(world, card_id, **code).code == "2022"
    late = security_code(world)
    world.later(HOUR + 1)
    assert charge(world, card_id, **late).code == "2020"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"customer_id": ""}, "P006", "customer_id"),
        ({"customer_card_id": ""}, "P006", "customer_card_id"),
        ({"customer_id": "c2"}, "P025", ""),
        ({"customer_card_id": "1"}, "P025", ""),
        ({"card_token": "card"}, "2024", ""),
        ({"card_token": "cvc"}, "2024", ""),
        ({"card_token": "card", "security_code_token": "1"}, "2026", ""),
        ({"card_token": "", "security_code_token": "1"}, "P006", "card_token"),
        ({"card_token": "cvc", "security_code_token": "1", "ref_trading_id": "x"}, "2025", ""),
        ({"card_token": "cvc", "security_code_token": "1", "card_number": VISA}, "2025", ""),
        ({"card_token": "cvc", "security_code_token": "1", "stock_card_mode": ""}, "P006", "stock_card_mode"),
        ({"card_token": "cvc", "security_code_token": "1", "stock_card_mode": "0"}, "P010", "stock_card_mode"),
        # Beside a stored card both are passed over.
        ({"ref_trading_id": "x", "card_number": VISA}, "", ""),
    ],
)
def test_ways_to_name_the_card(world: World, fields: dict[str, str], code: str, field: str) -> None:
    kinds = {"card": world.token(), "cvc": world.token(cvc_only_flg="1")}
    given = {name: kinds.get(value, value) for name, value in fields.items()}
    answer = charge(world, stored(world), **given)
    assert answer.code == code
    assert answer.get("response_detail", "").startswith(f'"{field}"' if field else "")
    assert len(world.ledger()["payments"]) == (code == "")


def test_without_the_option_nothing_is_stored_or_charged(world: World) -> None:
    card_id = stored(world)
    world.control("paygent/merchants", stored_cards=False)
    assert charge(world, card_id).code == "P024"
    assert store(world).code == "P021"
    assert world.ask("026", customer_id="c1").code == "P021"
    assert world.ask("116", customer_id="c1", customer_card_id=card_id).code == "P021"
    assert alive(world) == [card_id]
    world.control("paygent/merchants", stored_cards=True, validity_checks=False)
    assert store(world, valid_check_flg="1").code == "P027"
    named = {"customer_id": "c1", "customer_card_id": card_id}
    assert world.ask("116", **named, card_valid_term="1245").code == "P027"


def test_a_stored_card_behaves_like_its_number(world: World) -> None:
    refused = charge(world, stored(world, "4980000000038261"))
    assert (refused.code, refused["response_detail"], world.status("order1")) == ("2001", '"1G61"', "11")
    assert charge(world, stored(world, "6011000990139424"), "order2").code == "2016"
    with pytest.raises(requests.ConnectionError):
        charge(world, stored(world, "4980000000007050"), "order3")
    assert world.status("order3") == "20"


def test_a_card_that_is_refused_once_it_is_stored(world: World) -> None:
    assert world.authorise("order1", REFUSED_LATER)["result"] == "0"
    card_id = stored(world, REFUSED_LATER)
    used = world.ledger()["stored_cards"][0]["last_used_at"]
    world.later(MINUTE)
    refused = charge(world, card_id, "order2")
    assert (refused.code, refused["response_detail"], world.status("order2")) == ("2001", '"1G61"', "11")
    assert world.ledger()["stored_cards"][0]["last_used_at"] == used


def test_a_card_that_cannot_be_stored(world: World) -> None:
    assert world.authorise("order1", NOT_STORED)["result"] == "0"
    assert store(world, NOT_STORED).code == "E001"
    assert store(world, "4980000000067054").code == "2054"
    assert world.ledger()["stored_cards"] == []


def test_an_expired_card_is_refused(world: World) -> None:
    card_id = stored(world)
    world.later(15 * YEAR)
    refused = charge(world, card_id)
    assert (refused.code, refused["response_detail"], world.status("order1")) == ("2003", '"1G83"', "10")
    assert rows(world)[0]["card_expire_flag"] == "1"


def test_a_deleted_card_is_not_charged(world: World) -> None:
    card_id = stored(world)
    world.ask("026", customer_id="c1", customer_card_id=card_id)
    answer = charge(world, card_id)
    assert (answer.code, answer["response_detail"]) == ("P025", NOT_FOUND)
    assert world.ledger()["payments"] == []


# ---- 450 -----------------------------------------------------------------------------------------


def test_authentication_of_a_stored_card(world: World) -> None:
    card_id = stored(world, FRICTIONLESS)
    customer = {"card_set_method": "customer", "card_token": "", "customer_id": "c1"}
    passed = world.authenticate(**customer)
    world.browse(passed)
    rests = {"3dsecure_ryaku": "", "3dsecure_use_type": "2", "3ds_auth_id": passed["3ds_auth_id"]}
    other = stored(world)
    assert charge(world, other, **rests).code == "P010"
    assert charge(world, card_id, **rests)["result"] == "0"
    assert world.authenticate(**customer).code == "31006"
    assert world.authenticate(**customer, customer_card_id=other)["result"] == "0"
    world.control("paygent/merchants", threeds_required=True)
    assert charge(world, card_id, "order2").code == "P010"
    assert charge(world, card_id, "order2", ref_trading_id="order1").code == "P010"


# ---- faults, console, books ----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "after"), [("025", 2), ("026", 0), ("116", 1)])
def test_answers_are_lost_before_and_after(world: World, kind: str, after: int) -> None:
    named = {"customer_id": "c1"} | ({"customer_card_id": stored(world)} if kind == "116" else {})
    if kind != "116":
        stored(world)
    sent = named | ({"card_token": world.token()} if kind == "025" else {})
    for phase, left in (("before", 1), ("after", after)):
        world.control("faults", kind=kind, mode="reset", phase=phase)
        with pytest.raises(requests.ConnectionError):
            world.telegram(kind, **sent)
        assert len(alive(world)) == left


def test_other_faults(world: World) -> None:
    stored(world)
    world.control("faults", kind="027", mode="code", code="9005")
    assert records(world.telegram("027", customer_id="c1"))[0][2] == "9005"
    world.control("faults", kind="027", mode="http_500")
    assert world.telegram("027", customer_id="c1").status_code == 500
    world.control("faults", kind="025", mode="slow", seconds=0.1)
    assert store(world)["num_of_cards"] == "2"
    with pytest.raises(requests.ConnectionError):
        store(world, ANSWER_LOST)
    assert len(alive(world)) == 3


def test_a_card_vanishes_at_the_provider(world: World) -> None:
    one, other = stored(world), stored(world, MASTER, customer_id="c2")
    page = requests.get(f"{world.url}/console/paygent/cards").text
    assert all(shown in page for shown in ("c1", one, "************1111", "c2", other, "************4444"))
    assert other not in requests.get(f"{world.url}/console/paygent/cards", params={"q": "c1"}).text
    after = world.page(f"/console/paygent/cards/{one}/delete")
    assert after.status_code == 200
    assert "削除済（console）" in after.text
    assert world.page("/console/paygent/cards/1/delete").status_code == 404
    assert charge(world, one).code == "P025"
    assert world.control("paygent/cards/delete", customer="c2") == {"deleted": [other]}
    assert requests.post(f"{world.url}/control/paygent/cards/delete", json={"customer": "c2"}).status_code == 400
    told = [(card["customer_card_id"], card["deleted_by"]) for card in world.ledger()["stored_cards"]]
    assert told == [(one, "console"), (other, "control")]


def test_books_tell_of_stored_cards(world: World) -> None:
    answer = store(world)
    store(world, customer_id="c2", card_token="tok_nobody")
    (card,) = world.ledger()["stored_cards"]
    expected: dict[str, Any] = {
        "customer_card_id": answer["customer_card_id"],
        "merchant_id": "100001",
        "customer_id": "c1",
        "masked_card_number": "************1111",
        "brand": "VISA",
        "card_valid_term": "0140",
        "fingerprint": answer["fingerprint"],
        "state": "alive",
        "stored_at": card["stored_at"],
        "last_used_at": card["stored_at"],
        "deleted_at": "",
        "deleted_by": "",
        "checked_at": "",
    }
    assert card == expected
    asked = [(row["kind"], row["customer_id"], row["response_code"]) for row in world.ledger()["requests"]]
    assert asked == [("025", "c1", ""), ("025", "c2", "2021")]
