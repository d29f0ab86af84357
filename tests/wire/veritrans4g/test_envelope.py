"""The envelope of the protocol: the text that is signed, the body that is sent, and what counts as an answer – with the worked
examples of the protocol's description."""

import json
from typing import Any

import pytest

from providers.veritrans4g import client, push
from providers.veritrans4g.client import Merchant

OURS = Merchant("A100000000000000007777cc", "5f2c9d1e8b7a46f3a0c4d2e9b6781135c0ffee00d15ea5e0b16b00b5feedface", dummy=True)
TAIL = '"txnVersion":"2.0.0","dummyRequest":"1","merchantCcid":"A100000000000000007777cc"}'

# ---- the text that is signed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("山田 太郎", '"山田 太郎"'), ("a/b", '"a/b"'), ('"\\', r'"\"\\"'), ("\b\t\n\f\r", r'"\b\t\n\f\r"'), ("\0\x1f", r'"\u0000\u001f"'),
        ("\u2028\u2029", r'"\u2028\u2029"'), ("\x7f", '"\x7f"'), ("😀", '"😀"'), ("~", '"~"'), ("0", '"0"'), (" ", '" "'),
        ({"b": "1", "a": ""}, '{"b":"1"}'), (["card", "mpi"], '["card","mpi"]'),
    ],
)  # fmt: skip
def test_canonical_text(value: Any, written: str) -> None:
    assert client.params_text({"a": value}, OURS) == f'{{"a":{written},{TAIL}'


@pytest.mark.parametrize("empty", ["", None, [], {}, {"within": ""}, {"within": {"deeper": None}}])
def test_empty_members_are_left_out(empty: Any) -> None:
    assert client.params_text({"orderId": "1", "left": empty}, OURS) == f'{{"orderId":"1",{TAIL}'


def test_the_members_of_the_client_come_last_and_are_its_own() -> None:
    text = client.params_text({"merchantCcid": "another", "z": "1", "dummyRequest": "0"}, OURS)
    assert json.loads(text) == {"z": "1", "txnVersion": "2.0.0", "dummyRequest": "1", "merchantCcid": OURS.ccid}
    assert client.params_text({}, Merchant("c", "k")) == '{"txnVersion":"2.0.0","dummyRequest":"0","merchantCcid":"c"}'


def test_the_body_is_one_percent_encoded_text() -> None:
    body = client.body({"a": "~ -_.*/é"}, OURS)
    assert body.startswith(b"%7B%22params%22%3A%7B%22a%22%3A%22%7E+-_.%2A%2F%C3%A9%22%2C")


@pytest.mark.parametrize(
    ("command", "service", "dummy", "path"),
    [
        ("Authorize", "card", False, "/paynow/v2/Authorize/card"),
        ("Search", "search", False, "/paynow-search/v2/Search/search"),
        ("Get", "cardinfo", False, "/paynowid/v1/Get/cardinfo"),
        ("Add", "account", True, "/test-paynowid/v1/Add/account"),
        ("GetResult", "mpi", True, "/test-paynow/v2/GetResult/mpi"),
    ],
)
def test_paths(command: str, service: str, dummy: bool, path: str) -> None:
    assert client.path(command, service, dummy) == path


def test_no_key_is_shown() -> None:
    assert OURS.key not in repr(OURS)


# ---- worked examples of the protocol ---------------------------------------------------------------------------------

CARD = {
    "payNowIdParam": {"token": "3f0c7a52-6d1e-4b8a-9c57-0e2d4a6b8c10"}, "orderId": "shop-20260401-0001", "amount": "1980",
    "jpo": "10", "withCapture": "false",
}  # fmt: skip
STORE = {
    "serviceOptionType": "econ", "orderId": "shop-20260401-0002", "amount": "5400", "name1": "山田", "name2": "太郎",
    "kana": "ヤマダタロウ", "telNo": "03-1111-2222", "payLimit": "2026/04/15", "paymentType": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        (CARD, "69c95841197389fa84d7f6da38dd9441e098931b32a2f42472b9d086505654d4"),
        (STORE, "0a5cdde818557212f14b3d4fe84b2eb91f475747b7cb190c5b417d59ace75ff5"),
    ],
)
def test_worked_example_of_a_request(fields: dict[str, Any], digest: str) -> None:
    assert client.auth_hash(client.params_text(fields, OURS), OURS) == digest


def test_worked_example_has_its_length() -> None:
    assert (len(client.params_text(CARD, OURS).encode()), len(client.body(CARD, OURS))) == (228, 447)


def test_worked_example_of_a_return() -> None:
    names = "RequestId,OrderId,mpiMstatus,cardMstatus,vResultCode"
    values = ("Zx0kq1rTVEAAA@SK0000001", "shop-20260401-0001", "success", "success", "G011A00100000000")
    listed = client.encode64(names.encode())
    assert listed == "UmVxdWVzdElkLE9yZGVySWQsbXBpTXN0YXR1cyxjYXJkTXN0YXR1cyx2UmVzdWx0Q29kZQ**"
    fields = dict(zip(names.split(","), values, strict=True)) | {
        "authParams": listed, "vAuthInfo": "66d8e441dffac30954f6942a935e054dbc403a8d5fcb0e1f175ce8effaec3fa8",
    }  # fmt: skip
    assert client.return_is_signed(fields, OURS)
    assert not client.return_is_signed(fields | {"cardMstatus": "failure"}, OURS)


def test_worked_example_of_a_push() -> None:
    body = (
        b"numberOfNotify=1&pushTime=20260401120000&pushId=00000001&orderId0000=shop-20260401-0001&vResultCode0000=G011A00100000000"
        b"&txnType0000=VerifyNotify&mpiMstatus0000=success&cardMstatus0000=success&dummy0000=1"
    )
    header = (
        "h=HmacSHA256;s=A100000000000000007777cc;v=35e10d5f20e6c3b4eaf39945dc15322ff4192467497fe980875fe436a333fd40"
    )
    assert push.is_genuine(header, body, OURS)
    assert not push.is_genuine(header, body.replace(b"success", b"failure"), OURS)


# ---- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe" * 200, id="garbage"),
        pytest.param("<!DOCTYPE html><p>メンテナンス中</p>".encode(), id="maintenance page"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="nothing"),
        pytest.param(b'{"result":[]}', id="a list as result"),
        pytest.param(b'{"result":{"vResultCode":"A001000000000000"}}', id="no mstatus"),
        pytest.param(b'{"result":{"mstatus":"Success"}}', id="another word"),
        pytest.param(b'{"result":{"mstatus":["success"]}}', id="a list as mstatus"),
        pytest.param('{"result":{"mstatus":"success","merrMsg":"処理"}}'.encode("cp932"), id="another charset"),
    ],
)
def test_what_is_no_answer(content: bytes) -> None:
    with pytest.raises(client.Garbled):
        client.parse(content, 200)


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500, 502, 503])
def test_only_status_200_is_an_answer(status: int) -> None:
    with pytest.raises(client.Garbled):
        client.parse(b'{"result":{"mstatus":"success"}}', status)


def test_unknown_members_are_ignored_and_odd_ones_are_no_text() -> None:
    answer = client.parse(b'{"x":1,"result":{"mstatus":"pending","orderId":["a"],"n":7,"more":{}},"payNowIdResponse":[]}', 200)
    assert (answer.status, answer.code, answer.ok, answer.account) == ("pending", "", False, {})
    assert (answer.text("orderId"), answer.text("n"), answer.text("missing")) == ("", "7", "")
