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
#: 3-D Secure 1, gone since 2025: its HTML on the line of the key is dropped by the module, a defect. We keep it.
THREEDS_1 = "parse_html_same_line"
#: The captures say the status of an answer in words.
STATUS = {"HTTP status 500 with a well formed body": 500}


def _named(*, beside: tuple[str, ...] = ()) -> list[str]:
    return [name for name in VECTORS if name not in EXCEPTIONS and name not in beside]


def _params(vector: dict[str, Any]) -> list[tuple[str, str]]:
    """The caller's values as they stand in the captured module when it writes the telegram."""
    return [(key, _taken(value, mistaken=_mistaken(vector))) for key, value in vector["inputs"]["params_in_order"]]


def _mistaken(vector: dict[str, Any]) -> bool:
    """The caller named no charset and gave UTF-8."""
    return bool(vector["inputs"]["charset_of_values_given_to_the_module"] == "none")


def _taken(value: str | int, *, mistaken: bool) -> str:
    """An integer zero is nothing to the module; with no charset named it takes UTF-8 bytes for CP932."""
    text = str(value or "")
    return text.encode().decode("cp932") if mistaken else text


def _kind(vector: dict[str, Any]) -> str:
    return dict(_params(vector))["telegram_kind"]


def _answer(vector: dict[str, Any]) -> client.Telegram:
    answer = vector["response_given"]
    return client.parse(_kind(vector), bytes.fromhex(answer["hex"]), STATUS.get(vector["operation"], 200))


def _rows(telegram: client.Telegram) -> list[dict[str, str]]:
    return [dict(row) for row in telegram.rows] or ([dict(telegram.fields)] if telegram.fields else [])


def test_every_file_is_reproduced_or_excepted_with_a_reason() -> None:
    assert len(FILES) == 65
    assert all(name in FILES and name.startswith("module_") and reason for name, reason in EXCEPTIONS.items())
    assert len(_named()) == 61
    assert THREEDS_1 in VECTORS


@pytest.mark.parametrize("name", _named())
def test_request_is_reproduced(name: str) -> None:
    vector, request = VECTORS[name], VECTORS[name]["request"]
    certificate = request["client_certificate_subject_cn"] is not None
    assert client.encode(_params(vector)) == bytes.fromhex(request["body_hex"])
    assert client.path(_kind(vector), certificate=certificate) == request["path"]
    assert _mistaken(vector) or client.charset(_kind(vector)) == request["body_charset"]


@pytest.mark.parametrize("name", _named(beside=(THREEDS_1,)))
def test_answer_is_read_as_the_real_client_reads_it(name: str) -> None:
    """What the real client reports as a failure (an E code of its own) is no answer to us either."""
    expected = VECTORS[name]["parsed_by_client"]
    if expected["post_return"] is not True:
        with pytest.raises(client.Garbled):
            _answer(VECTORS[name])
        return
    telegram = _answer(VECTORS[name])
    assert (telegram.result, telegram.code, telegram.detail) == (
        expected["result"], expected["response_code"], expected["response_detail"],
    )  # fmt: skip
    assert _rows(telegram) == expected["rows"]


@pytest.mark.parametrize("name", _named())
def test_request_is_readable_again(name: str) -> None:
    vector = VECTORS[name]
    body = bytes.fromhex(vector["request"]["body_hex"])
    charset = vector["request"]["body_charset"]
    sent = [(key, _seen(value, charset)) for key, value in vector["request"]["body_decoded"]]
    assert codecs.parse_form(body, charset) == sent


def _seen(value: str, charset: str) -> str:
    """Bytes that are no text in their charset are written in hex in the capture."""
    return bytes.fromhex(value[4:]).decode(charset, "replace") if value.startswith("hex:") else value


def test_digest_of_the_mode_without_certificate() -> None:
    fields = dict(_params(VECTORS["hash_mode_no_client_certificate"]))
    signed = ("merchant_id", "connect_id", "connect_password", "telegram_kind", "telegram_version", "trading_id")
    text = [*(fields[name] for name in signed), fields["payment_id"], fields["request_date"], "reqhash_MADEUP"]
    assert codecs.sha256_hex(*text) == fields["hc"]


def test_kana_in_the_right_charset_is_not_damaged() -> None:
    given = VECTORS["kana_field_utf8_bytes"]["inputs"]["params_in_order"]
    ours = dict(codecs.parse_form(client.encode([(key, value) for key, value in given]), "cp932"))
    assert (ours["customer_family_name_kana"], ours["customer_family_name"]) == ("ﾔﾏﾀﾞ", "山田")


def test_html_on_the_line_of_its_key_is_kept() -> None:
    telegram = _answer(VECTORS[THREEDS_1])
    assert telegram.result == "7"
    assert telegram.fields == {"payment_id": "9", "out_acs_html": "<HTML>first\r\nsecond</HTML>"}


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
        case "3DS return":
            digest = client.return_digest(parts, key)
        case _:  # 3-D Secure 1 and link type: no function of their own
            digest = codecs.sha256_hex(*parts.values(), key)
    assert digest == example["hc"]
