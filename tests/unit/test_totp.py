"""Codes of authenticator apps against the vectors of RFC 6238, appendix B (SHA-1; the last six of its eight digits)."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from shop.staff import totp

KEY = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_vectors_of_the_rfc(seconds: int, shown: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert totp.code(KEY, totp.step_at(moment)) == shown
    assert totp.step_of(KEY, shown, moment) == seconds // 30


def test_a_clock_may_be_off_by_one_step_and_no_more() -> None:
    moment = datetime.fromtimestamp(1_800_000_010, UTC)
    now = totp.step_at(moment)
    found = [totp.step_of(KEY, totp.code(KEY, now + off), moment) for off in range(-2, 3)]
    assert found == [None, now - 1, now, now + 1, None]


def test_what_is_no_code() -> None:
    moment = datetime.fromtimestamp(59, UTC)
    for typed in ("", "28708", "2870822", "２８７０８２", "ABCDEF", "-87082"):
        assert totp.step_of(KEY, typed, moment) is None


def test_the_qr_code_names_shop_and_log_in() -> None:
    address = urlsplit(totp.address(KEY, "月 & 山:店", "hana"))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/月 & 山:店:hana")
    assert parse_qs(address.query) == {"secret": [KEY], "issuer": ["月 & 山:店"]}


def test_keys_are_random_and_as_long_as_the_hash() -> None:
    one, other = totp.new_key(), totp.new_key()
    assert one != other
    assert len(base64.b32decode(one)) == 20
