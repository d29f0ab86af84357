"""Recorded exchanges of five real clients: our adapter, given the same inputs, sends the same message to the same address, and makes
of the same answer what the contract has for it. Where it chose otherwise than the recorded client, ``replay.py`` says why.

What belongs to another product, or to the way another client treats its own caller, is listed with its reason and at least read as a
form.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers import codecs
from providers.contract import (
    Approved,
    Category,
    Declined,
    MoneyStatus,
    Reference,
    RemoteState,
    Unknown,
    Unreadable,
)
from providers.escott import client
from providers.kept_cards import CardList, CardRemoved, CardStored, KeptCard
from tests.wire.escott import replay
from tests.wire.escott.replay import HANDLE, Exchange, chain

FOLDER = Path(__file__).with_name("vectors")
VECTORS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}

#: Families by the address they go to. Ours calls the first two.
TOKENS = "/online/atn/OATN005.do"
OURS = (client.CARDS, client.MEMBERS)

#: Vector -> why nothing in it is ours; all of it is read as forms (test_what_is_not_ours_is_read_as_a_form).
NOT_OURS = {
    "cscart-carrier_7Auth_encrypted": "carrier payments, another product; its value is a description and no capture",
    "cscart-notify_amount_differs": "a notice of 収納代行: cards have none",
    "cscart-notify_hash_bad": "a notice of 収納代行: cards have none",
    "eccube-2Chg_convenience": "収納代行, another product",
    "eccube-2Del_convenience": "収納代行, another product",
    "eccube-2Ref_paid": "収納代行, another product",
    "eccube-notify_wrong_merchant": "a notice of 収納代行: cards have none",
    "welcart-admin_2Ref_deleted_K12": "収納代行, another product",
    "welcart-admin_2Ref_paid": "収納代行, another product",
    "welcart-checkout_convenience_2Add": "収納代行, another product",
    "welcart-notify_ip_not_allowed": "a notice of 収納代行: cards have none",
    "welcart-notify_paid": "a notice of 収納代行: cards have none",
    "welcart-notify_wrong_merchant": "a notice of 収納代行: cards have none",
}
#: Vectors with a part that is not ours beside an exchange that is reproduced.
IN_PART = {
    "welcart-checkout_3ds_redirect_form": "the form that leads to 3-D Secure, which this integration does not have (R-088)",
}
#: Vectors whose client puts all fields, unencoded, into the query of the address; ours stand in the body.
IN_THE_QUERY = {"sfcc-1Auth_query_string_post", "sfcc-4MemRef_query_string_post"}
#: Vectors whose client sends empty fields, which count as absent: ours leaves them out and sends the rest.
WITH_EMPTY_FIELDS = {
    "sfcc-1Auth_query_string_post": "MerchantFree2",
    "sfcc-4MemRef_query_string_post": "MerchantFree2",
    "welcart-checkout_register_card_and_1Gathering": "Token, beside the member that it was used for",
    "welcart-checkout_3ds_done_then_1Auth": "EncodeXId3D, which 3-D Secure did not give",
}
#: Answers that are none: the clients read a failed payment into most of them, to us the outcome is unknown.
NO_ANSWER = {
    "eccube-transport_empty_body": "no ResponseCd",
    "eccube-transport_http_500": "HTTP 500",
    "welcart-transport_empty_body": "no ResponseCd",
    "welcart-transport_reply_without_ResponseCd": "no ResponseCd",
}


def _exchange(name: str, recorded: dict[str, Any]) -> Exchange:
    request, answer = recorded["request"], recorded["response_given"]
    target = urlsplit(request["path"])
    return Exchange(name, target.path, request["body"] or target.query, answer.get("status", 200), answer["body"])


EXCHANGES = [
    _exchange(name, recorded)
    for name, vector in VECTORS.items() if name not in NOT_OURS
    for recorded in [*vector.get("preceding", []), vector]
]  # fmt: skip
ANSWERED = [each for each in EXCHANGES if each.name not in NO_ANSWER]
#: Those whose message is one of ours.
SENT = [each for each in EXCHANGES if each.operation not in replay.NEVER_SENT]


def _named(exchange: Exchange) -> str:
    return f"{exchange.name}-{exchange.operation}"


def _without_empty(line: str) -> str:
    return "&".join(part for part in line.split("&") if part.partition("=")[2])


def _read(exchange: Exchange) -> client.Answer:
    return client.parse(exchange.answer.encode(), exchange.status)


# ---- nothing is left out -------------------------------------------------------------------------------------


def test_every_file_is_reproduced_or_excepted_with_a_reason() -> None:
    assert len(VECTORS) == 63
    excepted = NOT_OURS | IN_PART | WITH_EMPTY_FIELDS | NO_ANSWER
    assert excepted.keys() | IN_THE_QUERY <= VECTORS.keys()
    assert all(excepted.values())
    assert {each.name for each in EXCHANGES} | NOT_OURS.keys() == VECTORS.keys()
    assert Counter(each.address for each in EXCHANGES) == {TOKENS: 9, client.CARDS: 30, client.MEMBERS: 27}
    assert Counter(each.operation for each in EXCHANGES if each not in SENT) == dict.fromkeys(replay.NEVER_SENT, 1) | {"1TokenSearch": 9}
    assert {each.operation for each in SENT} == {*replay.MASTER, *replay.FOLLOW_UPS, "1Search", *replay.MEMBERS}


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_not_ours_goes_to_no_address_of_ours(name: str) -> None:
    """An exception that would hide a card message from us is none."""
    request = VECTORS[name].get("request")
    assert request is None or urlsplit(request["path"]).path not in (*OURS, TOKENS)


# ---- requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exchange", SENT, ids=_named)
def test_request_is_reproduced(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same fields with the same values at the same address, once; in whichever order."""
    sent = replay.replay(exchange, monkeypatch).sent
    ours = [(path, fields) for path, fields in sent if fields["OperateId"] == exchange.operation]
    assert ours == [(exchange.address, replay.wanted(exchange))]
    assert {fields["OperateId"] for _, fields in sent} <= {exchange.operation, *replay.BESIDE.get(exchange.operation, ())}


def test_every_difference_is_one_and_has_a_reason() -> None:
    """A row that no exchange needs would hide a field that ours forgets one day."""
    for each in replay.THEIRS_ONLY:
        assert [one for one in SENT if one.operation in each.operations and each.field in one.fields], each
    for each in replay.OURS_ONLY:
        assert [one for one in SENT if one.operation in each.operations and each.field not in one.fields], each
    own = [one for one in SENT if "KaiinPass" in one.fields and one.fields["KaiinPass"] == replay.wanted(one)["KaiinPass"]]
    assert own == []
    assert all([*replay.NEVER_SENT.values(), *replay.OWN_RULE.values(), *(row.reason for row in replay.THEIRS_ONLY + replay.OURS_ONLY)])


@pytest.mark.parametrize("exchange", EXCHANGES, ids=_named)
def test_a_form_is_encoded_as_recorded(exchange: Exchange) -> None:
    """The fields in the recorded order come out as the recorded bytes. W2 joins values raw, which is the same where they are ASCII."""
    fields = parse_qsl(exchange.line, keep_blank_values=True)
    assert client.encode(fields).decode() == _without_empty(exchange.line)


def test_only_the_listed_requests_differ_from_ours_in_form() -> None:
    assert {each.name for each in EXCHANGES if each.line != _without_empty(each.line)} == WITH_EMPTY_FIELDS.keys()
    assert {name for name, vector in VECTORS.items() if "?" in (vector.get("request") or {"path": ""})["path"]} == IN_THE_QUERY


@pytest.mark.parametrize("exchange", [each for each in EXCHANGES if each.address != TOKENS], ids=_named)
def test_address_is_chosen_by_the_operation(exchange: Exchange) -> None:
    """1TokenSearch has an address of its own that our client does not know: a token is charged, not asked about."""
    assert client.path(exchange.operation) == exchange.address


# ---- answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exchange", ANSWERED, ids=_named)
def test_answer_is_read(exchange: Exchange) -> None:
    fields = dict(parse_qsl(exchange.answer))
    answer = _read(exchange)
    assert answer.fields == fields
    told = fields["ResponseCd"]
    assert answer.ok == (told == "OK")
    assert answer.codes == (() if told == "OK" else tuple(told.split("|")))
    assert answer.code == ("" if told == "OK" else told)


#: Operation and codes -> what the contract is told of a refusal.
REFUSED = {
    ("1Auth", "K22|K23"): Declined(Category.OTHER, "K22|K23"),
    ("1Auth", "C11"): Declined(Category.OTHER, "C11"),
    ("1Gathering", "G55"): Declined(Category.CARD_REFUSED, "G55"),
    ("1Gathering", "G83"): Declined(Category.CARD_DATA, "G83"),
    ("1Capture", "K14"): Declined(Category.STATE_CONFLICT, "K14"),
    ("1Change", "K23"): Declined(Category.OTHER, "K23"),
    # Deleted before: as good as deleted now.
    ("1Delete", "K14"): Approved(HANDLE, MoneyStatus.VOIDED, (Reference("TransactionId", HANDLE),)),
    ("1Search", "K12"): Unreadable(Category.DEADLINE, "K12"),
    ("4MemAdd", "K68"): Declined(Category.CONFIGURATION, "K68"),
    ("4MemRefM", "K71"): CardList(()),
    # The look that follows shows a member that is valid.
    ("4MemInval", "K75"): Declined(Category.STORED_CARD_GONE, "K75"),
}
STATUS = {
    "1Auth": MoneyStatus.AUTHORIZED, "1Gathering": MoneyStatus.CAPTURED, "1Capture": MoneyStatus.CAPTURED,
    "1Change": MoneyStatus.AUTHORIZED, "1Delete": MoneyStatus.VOIDED, "1ReAuth": MoneyStatus.AUTHORIZED,
}  # fmt: skip


def _result(exchange: Exchange) -> object:
    """What the recorded answer means in the words of the contract."""
    fields, told, operation = exchange.fields, exchange.told, exchange.operation
    if told["ResponseCd"] != "OK":
        return REFUSED[operation, told["ResponseCd"]]
    if operation in STATUS:
        begins = operation in replay.MASTER
        handled = told["TransactionId"]
        keys = chain(fields, told, operation == "1Gathering").packed()
        return Approved(handled if begins else HANDLE, STATUS[operation], (Reference("TransactionId", handled),), keys=keys)
    if operation == "1Search":
        sold = told.get("SalesDate", "")
        status = MoneyStatus.CAPTURED if sold else MoneyStatus.AUTHORIZED
        raw = f"SalesDate={sold}" if sold else ""
        return RemoteState(HANDLE, fields["MerchantFree1"], status, int(told["Amount"]), raw_status=raw, tells_end=False)
    brand = "Visa" if told.get("CardNo", "4").startswith("4") else ""
    card = KeptCard(fields["KaiinId"], "1111", brand, "1228")
    return {"4MemAdd": CardStored(card), "4MemRefM": CardList((card,)), "4MemDel": CardRemoved()}[operation]


@pytest.mark.parametrize("exchange", SENT, ids=_named)
def test_answer_becomes_what_the_contract_has_for_it(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    result = replay.replay(exchange, monkeypatch).result
    if exchange.name in NO_ANSWER:
        assert isinstance(result, Unknown)
        return
    assert result == _result(exchange)


CODES = [
    ("eccube-1Auth_error_multi_code", ("K22", "K23")), ("eccube-1Auth_error_pipe_percent_encoded", ("K22", "K23")),
    ("welcart-checkout_1Auth_multi_code_raw_pipe", ("K22", "K23")), ("welcart-checkout_1Auth_installments_bonus80", ("C11",)),
    ("eccube-1Change_same_amount_K23", ("K23",)), ("eccube-1Delete_member_K14_already_deleted", ("K14",)),
    ("welcart-admin_1Search_K12_handling_expired", ("K12",)), ("eccube-4MemRefM_not_member_K71", ("K71",)),
    ("welcart-mypage_4MemInval_fails_K75", ("K75",)), ("welcart-subscription_renewal_declined_G55", ("G55",)),
    ("woosony-subscription_renewal_declined_G83", ("G83",)), ("welcart-checkout_token_expired_KI3_query_error", ("KI3",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codes"), CODES, ids=[name for name, _ in CODES])
def test_codes(name: str, codes: tuple[str, ...]) -> None:
    """Raw or escaped, one or several – and each client's own name for the file says which."""
    answer = _read(next(each for each in reversed(EXCHANGES) if each.name == name))
    assert answer.codes == codes


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if vector["parsed_by_client"].get("outcome") == "ok"])
def test_answer_is_read_as_ec_cube_reads_it(name: str) -> None:
    """EC-CUBE takes values raw, ours decodes them once; it hides more of a card's number than the answer does."""
    theirs = VECTORS[name]["parsed_by_client"]["fields"]
    ours = client.parse(VECTORS[name]["response_given"]["body"].encode(), 200).fields
    assert ours.keys() == theirs.keys()
    assert {key: value for key, value in ours.items() if key != "CardNo"} == {
        key: value.replace("%7C", "|") for key, value in theirs.items() if key != "CardNo"
    }


@pytest.mark.parametrize("exchange", [each for each in EXCHANGES if each.name in NO_ANSWER], ids=_named)
def test_answer_that_is_none(exchange: Exchange) -> None:
    with pytest.raises(client.Garbled, match=NO_ANSWER[exchange.name]):
        _read(exchange)


# ---- the rest ------------------------------------------------------------------------------------------------


def _forms(vector: dict[str, Any]) -> list[str]:
    """All lines of a vector that are forms, whichever way they went."""
    inputs, request, answer = vector["inputs"], vector.get("request"), vector.get("response_given")
    posted = inputs.get("post") if vector.get("direction") == "inbound notification" else None
    return [
        *([client.encode(list(posted.items())).decode()] if posted else []),
        *([inputs["post_body"]] if "post_body" in inputs else []),
        *([request["body"]] if request else []),
        *([answer["body"]] if answer else []),
        *([vector["decrypted_plaintext"]] if "decrypted_plaintext" in vector else []),
    ]


@pytest.mark.parametrize("name", [*NOT_OURS, *IN_PART])
def test_what_is_not_ours_is_read_as_a_form(name: str) -> None:
    forms = [dict(codecs.parse_form(line.encode(), "utf-8")) for line in _forms(VECTORS[name])]
    assert forms
    assert all("OperateId" in form and "�" not in "".join(form.values()) for form in forms)


@pytest.mark.parametrize("name", [name for name in NOT_OURS if "_2" in name])
def test_an_answer_of_another_product_is_an_answer(name: str) -> None:
    """The line is the same for all products of the provider, blanks that fill a value up included."""
    answer = client.parse(VECTORS[name]["response_given"]["body"].encode(), 200)
    assert answer.ok == (not name.endswith("K12"))
    assert answer.get("FreeArea") == answer.get("FreeArea").strip()
