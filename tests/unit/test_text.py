"""What buyers type: widths, blanks and control characters are put right, names stay as they were typed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core.phone_numbers import phone
from shop.core.text import (
    clean_line,
    clean_lines,
    digits,
    katakana,
    narrow,
    postal_code,
    visible_lines,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  山田　太郎 ", "山田 太郎"), ("a\r\nBcc: x@y", "a Bcc: x@y"), ("a\x00\x1b[31mb", "a [31mb"),
        ("a\u2028b\u2029c\x85d", "a b c d"), ("髙﨑 𠮷野", "髙﨑 𠮷野"), ("か\u3099", "が"), ("神\ufa19", "神\ufa19"),
        ("ＡＢＣ", "ＡＢＣ"), ("", ""), ("\u3000\t\n", ""), ("\u200b\ufeff", ""), ("\u3164\u2800", ""),
        ("abc\u202egnp.exe\u202c", "abcgnp.exe"), ("山\u200d田", "山田"), ("\u200d", ""), ("👨‍👩‍👧 ✂️", "👨‍👩‍👧 ✂️"), ("👍🏽", "👍🏽"),
        ("❤️‍🔥", "❤️‍🔥"), ("葛\U000e0100", "葛\U000e0100"),
    ],
)  # fmt: skip
def test_clean_line(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept


def test_several_lines_keep_their_lines() -> None:
    assert clean_lines(" 一  行\r\n\r\n\u202e二\t行 \n") == "一 行\n\n二 行"
    assert visible_lines("  一  行\r二\u200b行 \n\u3164\n") == "一  行\n二行"


@pytest.mark.req("R-224")
@given(st.text(max_size=60))
def test_a_clean_line_is_one_line(typed: str) -> None:
    line = clean_line(typed)
    assert len(line.splitlines()) <= 1
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert line == line.strip()
    assert clean_line(line) == line
    line.encode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("０３－１２３４－５６７８", "0312345678"), ("03-1234-5678", "0312345678"), ("(03) 1234 5678", "0312345678"),
        ("03ー1234−5678", "0312345678"), ("〒100-0001", "〒1000001"), ("", ""),
    ],
)  # fmt: skip
def test_digits(typed: str, kept: str) -> None:
    assert digits(typed) == kept


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("1000001", "〒100-0001"), ("100-0001", "〒100-0001"), ("１００－０００１", "〒100-0001"), ("10001", "〒10001"),
    ],
)  # fmt: skip
def test_a_postal_code_is_read_in_one_way(kept: str, read: str) -> None:
    assert postal_code(kept) == read


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("09012345678", "090-1234-5678"), ("０９０－１２３４－５６７８", "090-1234-5678"), ("05012345678", "050-1234-5678"),
        ("0312345678", "03-1234-5678"), ("0112345678", "011-234-5678"), ("0120123456", "0120-123-456"),
        ("08001234567", "0800-123-4567"), ("0263123456", "0263-12-3456"), ("0262345678", "026-234-5678"), ("+81 3 1234 5678", "+81 3 1234 5678"), ("", ""),
    ],
)  # fmt: skip
def test_a_phone_number_is_read_in_one_way(kept: str, read: str) -> None:
    assert phone(kept) == read


@pytest.mark.parametrize(
    ("typed", "kept"), [("ＡＢＣ１２３", "ABC123"), ("ｱﾊﾟｰﾄ", "アパート"), ("a＠b．jp", "a@b.jp"), ("　x　", "x")]
)
def test_narrow(typed: str, kept: str) -> None:
    assert narrow(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("やまだ はなこ", "ヤマダ ハナコ"), ("ﾔﾏﾀﾞ", "ヤマダ"), ("ヤマダ", "ヤマダ"), ("ゔぃ", "ヴィ"), ("ABC", "ABC")],
)
def test_katakana(typed: str, kept: str) -> None:
    assert katakana(typed) == kept


@given(st.text(max_size=40))
def test_cleaning_never_fails(typed: str) -> None:
    for clean in (narrow, digits, katakana):
        clean(typed).encode()
