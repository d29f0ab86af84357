"""Captured requests of a real client and answers in the real format: our wire code makes and reads the same bytes.

Every file in ``vectors`` is reproduced, except those listed here with their reason.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from providers import codecs
from providers.paygent import client

FOLDER = Path(__file__).with_name("vectors")
FILES: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
VECTORS = {name: vector for name, vector in FILES.items() if name != "hash_examples"}

#: Not reproduced: these show how the captured module treats its own caller, not what goes over the wire.
EXCEPTIONS = {
    "module_default_credentials": "the module fills in credentials from its own file; ours always come from the account",
    "module_no_telegram_kind": "refused by the module, nothing is sent; ours refuses too (test_refused_locally)",
    "module_value_too_long": "refused by the module, nothing is sent; ours refuses too (test_refused_locally)",
}
#: Reproduced with a stated difference; each is named by a test below that shows the difference.
OTHER_REQUEST = {
    "020_amount_integer_zero": "an amount of zero leaves as 0, not as an empty value",
    "027_query_cards": "no limit_count is added unasked; the server ignores it",
    "027_query_no_cards": "no limit_count is added unasked; the server ignores it",
    "hash_mode_no_client_certificate": "/s/ instead of /n/ is chosen by whoever uses that access mode",
    "kana_field_utf8_bytes": "text is Unicode with us, so kana cannot arrive in the wrong charset and be damaged",
    "parse_csv_count_mismatch": "no limit_count is added unasked; the server ignores it",
    "parse_csv_unquoted": "no limit_count is added unasked; the server ignores it",
}
#: The same for answers.
OTHER_ANSWER = {
    "client_timeout": "there is no answer to parse; the adapter calls the outcome unknown",
    "parse_csv_count_mismatch": "no telegram at all instead of half of one",
    "parse_empty_body": "no telegram instead of a row made from HTTP headers",
    "parse_html_same_line": "HTML on the line of its key is kept",
    "parse_http_500": "the status is judged by the adapter, which calls the outcome unknown",
}


SHOWN: set[str] = set()


def shows(*names: str) -> pytest.MarkDecorator:
    """Marks a test that shows how these files are reproduced differently."""
    SHOWN.update(names)
    return pytest.mark.parametrize("name", names)


def _named(exceptions: dict[str, str]) -> list[str]:
    return [name for name in VECTORS if name not in exceptions and name not in EXCEPTIONS]


def _params(vector: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, value) for key, value in vector["inputs"]["params_in_order"]]


def _kind(vector: dict[str, Any]) -> str:
    return dict(_params(vector))["telegram_kind"]


def _answer(vector: dict[str, Any]) -> client.Telegram:
    return client.parse(_kind(vector), bytes.fromhex(vector["response_given"]["hex"]))


def _rows(telegram: client.Telegram) -> list[dict[str, str]]:
    return [dict(row) for row in telegram.rows] or ([dict(telegram.fields)] if telegram.fields else [])


def test_every_file_is_reproduced_or_excepted_with_a_reason() -> None:
    assert len(FILES) == 65
    assert all(name in FILES and name.startswith("module_") and reason for name, reason in EXCEPTIONS.items())
    assert {*OTHER_REQUEST, *OTHER_ANSWER} == SHOWN
    assert set(VECTORS) == {*_named(OTHER_REQUEST), *OTHER_REQUEST, *EXCEPTIONS}
    assert set(VECTORS) == {*_named(OTHER_ANSWER), *OTHER_ANSWER, *EXCEPTIONS}


@pytest.mark.parametrize("name", _named(OTHER_REQUEST))
def test_request_is_reproduced(name: str) -> None:
    request = VECTORS[name]["request"]
    assert client.encode(_params(VECTORS[name])) == bytes.fromhex(request["body_hex"])
    assert client.path(_kind(VECTORS[name])) == request["path"]
    assert client.charset(_kind(VECTORS[name])) == request["body_charset"]


@pytest.mark.parametrize("name", _named(OTHER_ANSWER))
def test_answer_is_read_as_the_real_client_reads_it(name: str) -> None:
    expected, telegram = VECTORS[name]["parsed_by_client"], _answer(VECTORS[name])
    assert (telegram.result, telegram.code, telegram.detail) == (
        expected["result"], expected["response_code"], expected["response_detail"],
    )  # fmt: skip
    assert _rows(telegram) == expected["rows"]


@pytest.mark.parametrize("name", _named(OTHER_REQUEST))
def test_request_is_readable_again(name: str) -> None:
    vector = VECTORS[name]
    body = bytes.fromhex(vector["request"]["body_hex"])
    sent = [(key, value) for key, value in vector["request"]["body_decoded"]]
    assert codecs.parse_form(body, client.charset(_kind(vector))) == sent


@shows("027_query_cards", "027_query_no_cards", "parse_csv_unquoted", "parse_csv_count_mismatch")
def test_no_limit_count_unasked(name: str) -> None:
    captured = bytes.fromhex(VECTORS[name]["request"]["body_hex"])
    assert client.encode(_params(VECTORS[name])) + b"&limit_count=2000" == captured
    assert client.encode([*_params(VECTORS[name]), ("limit_count", "2000")]) == captured


@shows("020_amount_integer_zero")
def test_amount_of_zero_leaves_as_zero(name: str) -> None:
    vector = VECTORS[name]
    captured = bytes.fromhex(vector["request"]["body_hex"])
    ours = client.encode([(key, str(value)) for key, value in _params(vector)])
    assert b"payment_amount=&" in captured
    assert ours == captured.replace(b"payment_amount=&", b"payment_amount=0&")


@shows("hash_mode_no_client_certificate")
def test_mode_without_certificate_has_another_path_and_a_digest(name: str) -> None:
    vector = VECTORS[name]
    assert client.encode(_params(vector)) == bytes.fromhex(vector["request"]["body_hex"])
    assert client.path("022").replace("/n/", "/s/", 1) == vector["request"]["path"]
    fields = dict(_params(vector))
    signed = ("merchant_id", "connect_id", "connect_password", "telegram_kind", "telegram_version", "trading_id")
    text = [*(fields[name] for name in signed), fields["payment_id"], fields["request_date"], "reqhash_MADEUP"]
    assert codecs.sha256_hex(*text) == fields["hc"]


@shows("kana_field_utf8_bytes")
def test_kana_is_never_damaged(name: str) -> None:
    ours = dict(codecs.parse_form(client.encode(_params(VECTORS[name])), "cp932"))
    assert ours["customer_family_name_kana"] == "ﾔﾏﾀﾞ"
    assert ours["customer_family_name"] == "山田"


@shows("parse_html_same_line")
def test_html_on_the_line_of_its_key_is_kept(name: str) -> None:
    telegram = _answer(VECTORS[name])
    assert telegram.result == "7"
    assert telegram.fields == {"payment_id": "9", "out_acs_html": "<HTML>first\r\nsecond</HTML>"}


@shows("parse_empty_body", "parse_csv_count_mismatch", "client_timeout")
def test_answer_that_is_no_telegram(name: str) -> None:
    with pytest.raises(client.Garbled):
        _answer(VECTORS[name])


@shows("parse_http_500")
def test_http_status_is_not_judged_by_the_parser(name: str) -> None:
    """The body is well formed; that its status makes the outcome unknown is shown in test_gateway.py."""
    assert VECTORS[name]["parsed_by_client"]["result"] is None
    assert _answer(VECTORS[name]).ok


def test_refused_locally() -> None:
    with pytest.raises(client.CannotEncode, match="kind"):
        client.encode(_params(VECTORS["module_no_telegram_kind"]))
    header = _params(VECTORS["020_auth_token"])
    client.encode([*header, ("site_info", "あ" * 51_200)])
    with pytest.raises(client.CannotEncode, match="long"):
        client.encode([*header, ("site_info", "あ" * 51_201)])
    with pytest.raises(client.CannotEncode, match="outside"):
        client.encode([*header, ("site_info", "😀")])
    with pytest.raises(client.CannotEncode, match="unknown"):
        client.path("999")


HASHES = FILES["hash_examples"]["examples"]


@pytest.mark.parametrize("example", HASHES, ids=[f"{n}-{example['hash_of']}" for n, example in enumerate(HASHES)])
def test_hash_example(example: dict[str, Any]) -> None:
    parts: dict[str, Any] = dict(example["parts_in_order"])
    key = parts.pop("key")
    match example["hash_of"]:
        case "token answer":
            token, masked_number, valid_until, fingerprint = parts.values()
            digest = client.token_digest(token, masked_number, valid_until, fingerprint, key)
        case "difference notice (push)":
            digest = client.notice_digest(dict(reversed(parts.items())), key)
        case _:  # 3-D Secure return and link type: no function of their own yet
            digest = codecs.sha256_hex(*parts.values(), key)
    assert digest == example["hc"]
