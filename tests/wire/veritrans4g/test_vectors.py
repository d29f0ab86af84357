"""Requests, pushes and returns as the vendor's own client wrote and judged them: our gateway, given the same inputs, sends the same
requests and makes the right thing of the answers; our wire code comes to the same verdicts, or to stricter ones where the
vendor's check can be led by the nose.

Every file in ``vectors`` belongs to one of the tests below. Of requests that the shop never sends, the envelope is reproduced.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from providers import transport
from providers.codecs import parse_form
from providers.contract import (
    Approved,
    Authentication,
    AuthenticationOutcome,
    Category,
    Declined,
    Liability,
    MoneyStatus,
    NeedsBuyer,
    Reference,
    RemoteState,
    Unknown,
)
from providers.kept_cards import CardList, CardRemoved, CardStored, KeptCard
from providers.veritrans4g import client, mpi, push
from providers.veritrans4g.client import Merchant
from tests.wire.veritrans4g import replay

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


# ---- what our gateway sends, and what it makes of the answer ---------------------------------------------------------

SENT = [name for name in OPERATIONS if name not in NOT_SENT and _kind(FILES[name])[1] not in NOT_OFFERED]


def _approved(order_id: str, status: MoneyStatus, card: str = "411111********11", **more: Any) -> Approved:
    return Approved(order_id, status, (Reference("orderId", order_id), Reference("custTxn", "31415926")), card, **more)


def _to_issuer(order_id: str, yen: int, kind: str) -> NeedsBuyer:
    secret = mpi.Secret(order_id, yen, kind).packed()
    return NeedsBuyer("", replay.NOW + mpi.LIFE, secret=secret, url="https://example.invalid/start?r=made-up")


KEPT = KeptCard("CARD00000000000000000017", "1111", "Visa", "1230")
RESULTS: dict[str, object] = {
    "op_account_add": CardStored(KEPT),
    "op_card_authorize_account_cardid": _approved("SHOP1-20261121-0006", MoneyStatus.CAPTURED),
    "op_card_authorize_declined": Declined(Category.CARD_REFUSED, "AG39000000000000", "made-up decline message"),
    "op_card_authorize_installment_61C03": _approved("SHOP1-20261121-0003", MoneyStatus.AUTHORIZED),
    "op_card_authorize_token_authonly": _approved("SHOP1-20261121-0001", MoneyStatus.AUTHORIZED),
    "op_card_authorize_token_withcapture": _approved("SHOP1-20261121-0002", MoneyStatus.CAPTURED),
    "op_card_cancel_full": _approved("SHOP1-20261121-0001", MoneyStatus.VOIDED),
    "op_card_capture_full": _approved("SHOP1-20261121-0001", MoneyStatus.CAPTURED),
    "op_card_http_500": Unknown("HTTP 500"),
    "op_card_info_add_token": CardStored(KEPT),
    "op_card_info_delete": CardRemoved(),
    "op_card_info_get": CardList((KeptCard("C1", "1111", "Visa", "1230"), KeptCard("C2", "4444", "Mastercard", "0131"))),
    "op_card_reauthorize": _approved("SHOP1-20261121-0008", MoneyStatus.AUTHORIZED),
    "op_mpi_authorize_account": _to_issuer("SHOP1-3DS-0004", 100, "merchant"),
    "op_mpi_authorize_company": _to_issuer("SHOP1-3DS-0002", 1980, "company"),
    "op_mpi_authorize_complete": _to_issuer("SHOP1-3DS-0001", 1980, "complete"),
    "op_mpi_authorize_merchant_minimal": _to_issuer("SHOP1-3DS-0003", 100, "merchant"),
    "op_mpi_get_result": _approved(
        "SHOP1-3DS-0001", MoneyStatus.AUTHORIZED, "", authentication=Authentication(AuthenticationOutcome.PASSED, Liability.ISSUER)
    ),
    "op_search_order_card": RemoteState(
        "SHOP1-20261121-0001", "SHOP1-20261121-0001", MoneyStatus.AUTHORIZED, 1980, (Reference("orderId", "SHOP1-20261121-0001"),),
        "Authorize/success",
    ),
}  # fmt: skip


def test_the_tables_name_what_is_sent_and_nothing_else() -> None:
    assert RESULTS.keys() == {*SENT}
    assert replay.DIFFERENT.keys() <= {*SENT}
    assert {member for members in replay.DIFFERENT.values() for member in members} == replay.CHOICES.keys()
    assert all(why for _, why in replay.CHOICES.values())


@pytest.mark.parametrize("name", SENT)
def test_our_gateway_sends_what_was_captured_and_understands_the_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Path and every member with its value; the hash is good over the text as we wrote it."""
    vector, before = FILES[name], replay.BEFORE.get(name, [])
    wire = replay.wire(vector, [FILES[each] for each in (*before, name, *replay.AFTER.get(name, []))])
    monkeypatch.setattr(transport, "post", wire.post)
    result = replay.PLAYS[vector["inputs"]["request_class"]](replay.gateway(vector), vector["inputs"]["fields"])
    assert len(wire.sent) == len(wire.replies)
    path, params = wire.sent[len(before)]
    assert path == vector["request"]["path"]
    assert replay.differing(params, vector["decoded"]["json"]["params"]) == {each: replay.CHOICES[each][0] for each in replay.DIFFERENT.get(name, [])}
    assert result == RESULTS[name]


def test_a_refund_is_the_captured_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    vector = FILES["op_card_cancel_full"]
    wire = replay.wire(vector, [vector])
    monkeypatch.setattr(transport, "post", wire.post)
    assert replay.gateway(vector).refund("SHOP1-20261121-0001", 1980) == _approved("SHOP1-20261121-0001", MoneyStatus.REFUNDED)
    assert wire.sent == [(vector["request"]["path"], vector["decoded"]["json"]["params"])]


def test_retry_names_the_order_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no capture of it; its one member and its path are the vendor's."""
    searched = FILES["op_search_order_card"]
    reply = searched["server_reply"]
    silent = searched | {"server_reply": reply | {"body": reply["body"].replace('"command":"Authorize","mstatus":"success"', '"command":"Authorize","mstatus":"pending"')}}
    wire = replay.wire(searched, [silent, FILES["op_card_authorize_token_authonly"], searched])
    monkeypatch.setattr(transport, "post", wire.post)
    assert replay.gateway(searched).query(handle="SHOP1-20261121-0001") == RESULTS["op_search_order_card"]
    assert [path for path, _ in wire.sent] == [searched["request"]["path"], "/test-paynow/v2/Retry/card", searched["request"]["path"]]
    assert wire.sent[1][1] == FILES["op_card_cancel_full"]["decoded"]["json"]["params"]


# ---- envelopes and answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_envelope_is_reproduced(name: str) -> None:
    """Of the captured members, whoever chose them: text, hash and body are the same to the byte."""
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


OURS = Merchant("A100000000000000007777cc", "5f2c9d1e8b7a46f3a0c4d2e9b6781135c0ffee00d15ea5e0b16b00b5feedface", dummy=True)

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


def test_a_listed_name_that_is_not_posted_is_not_read_as_empty() -> None:
    fields = _signed(VALID | {"fdResult": ""}, [*NAMES, "fdResult"])
    assert mpi.read_return(SECRET, fields, OURS).genuine
    assert mpi.read_return(SECRET, [pair for pair in fields if pair[0] != "fdResult"], OURS).reason == "signature"


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
