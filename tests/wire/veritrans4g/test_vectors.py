"""Requests, pushes and returns as the vendor's own client wrote and judged them: our wire code makes the same bytes and comes to
the same verdicts, or to stricter ones where the vendor's check can be led by the nose.

Every file in ``vectors`` belongs to one of the tests below; services that the shop does not offer are reproduced all the same,
as far as the envelope goes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from providers.codecs import parse_form
from providers.veritrans4g import client, mpi, push
from providers.veritrans4g.client import Merchant

FOLDER = Path(__file__).with_name("vectors")
FILES: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def _named(start: str) -> list[str]:
    return [name for name in FILES if name.startswith(start)]


OPERATIONS, PUSHES, RETURNS = _named("op_"), _named("verify_push_"), _named("verify_return_")
TRIPARTITE, ALPHABET = "verify_tripartite_authinfo_now", _named("verify_urlsafe_base64_")

#: Only the envelope of these is ours: the shop never sends them. Service → why.
NOT_OFFERED = {
    "alipay": "no method of the shop; its return signs the time alone",
    "bank": "no method of the shop yet; deposits come by push only",
    "carrier": "no method of the shop; its pages are Shift_JIS",
    "cvs": "no method of the shop yet; deposits come by push only",
    "oricosc": "no method of the shop; its return is not signed",
    "paypal": "no method of the shop; its return is not signed",
    "upop": "no method of the shop; its return signs the time alone",
}
#: Single requests of services that are offered, which the shop has no use for.
NOT_SENT = {
    "op_account_delete": "a deleted account cannot be used again; only cards are removed",
    "op_card_authorize_account_default_card": "the shop names the card it charges",
    "op_card_authorize_revolving_80": "no revolving payment is offered",
    "op_card_authorize_token_register_account": "a card is kept by a request of its own, after the order stands",
    "op_card_cancel_amount_partial": "a cancellation is always in full",
    "op_card_capture_without_amount": "the shop says what it takes",
    "op_card_info_update": "another expiry is another card",
    "op_search_master_bank": "the list of banks belongs to a service that is not offered",
}


def _merchant(vector: dict[str, Any]) -> Merchant:
    inputs = vector["inputs"]
    return Merchant(inputs["merchant_ccid"], inputs["merchant_secret_key"], inputs.get("dummy_request") == "1")


def _kind(vector: dict[str, Any]) -> tuple[str, str]:
    """Command and service of a captured request."""
    command, service = vector["request"]["path"].split("/")[-2:]
    return command, service


def _fields(vector: dict[str, Any]) -> dict[str, Any]:
    """The caller's part of ``params``, in the order in which the vendor's client wrote it."""
    own = ("txnVersion", "dummyRequest", "merchantCcid")
    return {name: value for name, value in vector["decoded"]["json"]["params"].items() if name not in own}


def test_every_file_is_reproduced() -> None:
    assert len(FILES) == 75
    assert {*OPERATIONS, *PUSHES, *RETURNS, *ALPHABET, TRIPARTITE} == FILES.keys()


def test_what_is_not_offered_is_named_with_its_reason() -> None:
    services = {_kind(FILES[name])[1] for name in OPERATIONS}
    assert services == NOT_OFFERED.keys() | {"card", "mpi", "account", "cardinfo", "search"}
    assert NOT_SENT.keys() <= {name for name in OPERATIONS if _kind(FILES[name])[1] not in NOT_OFFERED}
    assert all((NOT_OFFERED | NOT_SENT).values())


# ---- requests and answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_request_is_reproduced(name: str) -> None:
    vector = FILES[name]
    merchant, fields = _merchant(vector), _fields(vector)
    text = client.params_text(fields, merchant)
    assert text == vector["decoded"]["params_string"]
    assert client.auth_hash(text, merchant) == vector["decoded"]["auth_hash"]
    assert client.body(fields, merchant) == vector["request"]["body"].encode("ascii")
    assert client.path(*_kind(vector), dummy=merchant.dummy) == vector["request"]["path"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_answer_is_read_as_the_vendors_client_reads_it(name: str) -> None:
    reply, theirs = FILES[name]["server_reply"], FILES[name]["client_result"]
    status = int(reply["status"].split()[0])
    if status != 200:
        assert theirs["vResultCode"].startswith("MF")  # made up by the client: nobody knows what happened
        with pytest.raises(client.Garbled, match=f"HTTP {status}"):
            client.parse(reply["body"].encode(), status)
        return
    answer = client.parse(reply["body"].encode(), status)
    assert (answer.status, answer.code, answer.message) == (theirs["mstatus"], theirs["vResultCode"], theirs["merrMsg"])
    assert answer.ok == (theirs["mstatus"] == "success")
    for each in ("orderId", "custTxn", "reqCardNumber", "authStartUrl", "mpiMstatus", "cardMstatus"):
        assert each not in theirs or answer.text(each) == theirs[each]
    assert answer.account == theirs.get("payNowIdResponse", {}).get("account", {})


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
        client.parse(FILES["op_card_capture_full"]["server_reply"]["body"].encode(), status)


def test_unknown_members_are_ignored_and_odd_ones_are_no_text() -> None:
    answer = client.parse(b'{"x":1,"result":{"mstatus":"pending","orderId":["a"],"n":7,"more":{}},"payNowIdResponse":[]}', 200)
    assert (answer.status, answer.code, answer.ok, answer.account) == ("pending", "", False, {})
    assert (answer.text("orderId"), answer.text("n"), answer.text("missing")) == ("", "7", "")


# ---- the text that is signed -----------------------------------------------------------------------------------------

OURS = Merchant("A100000000000000007777cc", "5f2c9d1e8b7a46f3a0c4d2e9b6781135c0ffee00d15ea5e0b16b00b5feedface", dummy=True)
TAIL = '"txnVersion":"2.0.0","dummyRequest":"1","merchantCcid":"A100000000000000007777cc"}'


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


# ---- pushes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUSHES)
def test_push_is_judged_as_the_vendor_judges_it_or_stricter(name: str) -> None:
    vector = FILES[name]
    wanted = vector["verdict"]["checkMessage"] is True and "recommended_for_our_shop" not in vector
    inputs = vector["inputs"]
    assert push.is_genuine(inputs["content-hmac"], inputs["raw_body"].encode(), _merchant(vector)) == wanted


@pytest.mark.parametrize("name", PUSHES)
def test_records_of_a_push(name: str) -> None:
    """Put together again, numbers and all, they are what came – the head and empty bodies apart."""
    body = FILES[name]["inputs"]["raw_body"].strip().encode()
    head = ("numberOfNotify", "pushTime", "pushId")
    sent = {field: value for field, value in parse_form(body, "utf-8") if field not in head}
    found = {f"{field}{number:04}": value for number, record in enumerate(push.records(body)) for field, value in record.items()}
    assert found == sent


@pytest.mark.parametrize(
    "header",
    [
        "h=HmacSHA1;s={ccid};v={mac}", "s={ccid};h=HmacSHA256;v={mac}", "h=HmacSHA256;s={ccid};v={mac};v={mac}", " h=HmacSHA256;s={ccid};v={mac}",
        "h=HmacSHA256;s={ccid};v={mac} ", "h=HmacSHA256;s={ccid};v={mac}\n", "h=HmacSHA256;s=;v={mac}", "h=HmacSHA256;s={ccid};v=", ";v={mac}",
        "h=HmacSHA256;s={ccid};v=٣{mac}",
    ],
)  # fmt: skip
def test_headers_that_are_almost_right(header: str) -> None:
    inputs = FILES["verify_push_mpi_valid"]["inputs"]
    mac = inputs["content-hmac"].partition(";v=")[2]
    exact = "h=HmacSHA256;s={ccid};v={mac}"
    body = inputs["raw_body"].encode()
    assert push.is_genuine(exact.format(ccid=OURS.ccid, mac=mac), body, OURS)
    assert not push.is_genuine(header.format(ccid=OURS.ccid, mac=mac), body, OURS)


def test_a_key_that_is_none_signs_nothing() -> None:
    inputs = FILES["verify_push_mpi_valid"]["inputs"]
    assert not push.is_genuine(inputs["content-hmac"], inputs["raw_body"].encode(), Merchant(OURS.ccid, "no hex"))


# ---- returns of browsers ---------------------------------------------------------------------------------------------

#: What our shop takes for a card's return about the order and amount of these captures.
TAKEN = {"verify_return_mpi_valid", "verify_return_listed_field_empty_ok", "verify_return_plain_base64_authparams"}
SECRET = mpi.Secret("SHOP1-3DS-0001", 1980, "company")


@pytest.mark.parametrize("name", RETURNS)
def test_signature_of_a_return_is_judged_as_the_vendor_judges_it(name: str) -> None:
    vector = FILES[name]
    assert client.return_is_signed(vector["inputs"]["params"], _merchant(vector)) == vector["verdict"]["checkAuthHash"]


@pytest.mark.parametrize("name", RETURNS)
def test_a_return_must_be_about_this_payment_and_make_sense(name: str) -> None:
    vector = FILES[name]
    reading = mpi.read_return(SECRET, [*vector["inputs"]["params"].items()], _merchant(vector))
    assert reading.genuine == (name in TAKEN)
    assert bool(reading.reason) != reading.genuine
    if "recommended_for_our_shop" in vector:
        assert name not in TAKEN
        assert reading.reason != "signature"  # the vendor's check lets it pass: ours alone holds it up


VALID = FILES["verify_return_mpi_valid"]["inputs"]["params"]


@pytest.mark.parametrize(
    ("secret", "more"),
    [
        (mpi.Secret("SHOP1-3DS-0002", 1980, "company"), []),
        (mpi.Secret("SHOP1-3DS-0001", 1981, "company"), []),
        (SECRET, [("OrderId", "SHOP1-3DS-0001")]),
        (SECRET, [("x", "1"), ("x", "2")]),
    ],
    ids=["another order", "another amount", "a signed field twice", "any field twice"],
)
def test_a_genuine_return_of_something_else(secret: mpi.Secret, more: list[tuple[str, str]]) -> None:
    assert mpi.read_return(SECRET, [*VALID.items()], OURS).genuine
    assert mpi.read_return(secret, [*VALID.items(), *more], OURS).reason == "another payment"


def _signed(fields: dict[str, str], names: list[str]) -> list[tuple[str, str]]:
    """As somebody with the key would sign it."""
    digest = hashlib.sha256("".join([OURS.ccid, *(fields[name] for name in names), OURS.key]).encode()).hexdigest()
    return [*(fields | {"authParams": client.encode64(",".join(names).encode()), "vAuthInfo": digest}).items()]


NAMES = ["OrderId", "mpiMstatus", "cardMstatus", "vResultCode", "reqAmount"]


@pytest.mark.parametrize(
    ("changed", "names", "reason"),
    [
        ({}, NAMES, ""),
        ({"cardMstatus": "pending"}, NAMES, ""),
        ({"mpiMstatus": "failure", "cardMstatus": ""}, NAMES, ""),
        ({"mpiMstatus": "failure", "cardMstatus": "success"}, NAMES, "contradiction"),
        ({"mpiMstatus": "SUCCESS"}, NAMES, "words"),
        ({"mpiMstatus": ""}, NAMES, "words"),
        ({"cardMstatus": "successs"}, NAMES, "words"),
        ({"reqAmount": "01980"}, NAMES, "another payment"),
        ({}, NAMES[1:], "signed names"),
        ({}, [*NAMES, "OrderId"], "signed names"),
        ({"extra": "1"}, [*NAMES, "extra"], "signed names"),
    ],
)
def test_what_a_signed_return_may_say(changed: dict[str, str], names: list[str], reason: str) -> None:
    assert mpi.read_return(SECRET, _signed(VALID | changed, names), OURS).reason == reason


@pytest.mark.parametrize("field", ["authParams", "vAuthInfo", *NAMES])
def test_nothing_of_a_return_may_be_missing(field: str) -> None:
    fields = [(name, value) for name, value in VALID.items() if name != field]
    assert mpi.read_return(SECRET, fields, OURS).reason == "signature"


@pytest.mark.parametrize("listed", ["", "*", "あ", "%%%", "AA", client.encode64(b"\xff\xfe"), "=" * 9])
def test_a_list_of_names_that_cannot_be_read(listed: str) -> None:
    assert not client.return_is_signed(VALID | {"authParams": listed}, OURS)


# ---- the vendor's Base64 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALPHABET)
def test_alphabet(name: str) -> None:
    data, written = FILES[name]["inputs"]["data"].encode(), FILES[name]["verdict"]["enc"]
    assert client.encode64(data) == written
    assert client.decode64(written) == data


def test_a_blank_and_plain_base64_are_read_as_well() -> None:
    assert client.decode64("Pz8_") == client.decode64("Pz8+") == client.decode64("Pz8 ") == b"??>"


def test_authinfo_in_three_parts() -> None:
    """The weak signature of other services: over the time alone. No method of the shop rests on it."""
    vector = FILES[TRIPARTITE]
    ccid, at, digest = (client.decode64(part).decode() for part in vector["verdict"]["value"].split("-"))
    keys = _merchant(vector)
    assert ccid == keys.ccid
    assert digest == hashlib.sha256((ccid + at + keys.key).encode()).hexdigest()
    assert len(at) == 17
    assert at.isdigit()
