"""Recorded exchanges of five real clients: our wire code makes the same bytes and reads the same answers.

Every exchange of the cards' addresses is reproduced, those that precede another one included. What belongs to another
product, or to the way another client treats its own caller, is listed with its reason and at least read as a form.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers import codecs
from providers.escott import client

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


class Exchange(NamedTuple):
    name: str
    address: str
    line: str
    status: int
    answer: str


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


def _named(exchange: Exchange) -> str:
    return f"{exchange.name}-{dict(parse_qsl(exchange.line)).get('OperateId')}"


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


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_not_ours_goes_to_no_address_of_ours(name: str) -> None:
    """An exception that would hide a card message from us is none."""
    request = VECTORS[name].get("request")
    assert request is None or urlsplit(request["path"]).path not in (*OURS, TOKENS)


# ---- requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exchange", EXCHANGES, ids=_named)
def test_request_is_reproduced(exchange: Exchange) -> None:
    """The fields in the recorded order come out as the recorded bytes. W2 joins values raw, which is the same where they are ASCII."""
    fields = parse_qsl(exchange.line, keep_blank_values=True)
    assert client.encode(fields).decode() == _without_empty(exchange.line)


def test_only_the_listed_requests_differ_from_ours_in_form() -> None:
    assert {each.name for each in EXCHANGES if each.line != _without_empty(each.line)} == WITH_EMPTY_FIELDS.keys()
    assert {name for name, vector in VECTORS.items() if "?" in (vector.get("request") or {"path": ""})["path"]} == IN_THE_QUERY


@pytest.mark.parametrize("exchange", [each for each in EXCHANGES if each.address != TOKENS], ids=_named)
def test_address_is_chosen_by_the_operation(exchange: Exchange) -> None:
    """1TokenSearch has an address of its own that our client does not know: a token is charged, not asked about."""
    assert client.path(dict(parse_qsl(exchange.line))["OperateId"]) == exchange.address


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
