"""Form bodies in legacy charsets, half-width kana, digests."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import codecs

#: Six letters have a twin in CP932 that they come back as.
TWINS = "¢£¬‖−〜"
CP932 = st.text(st.characters(codec="cp932", exclude_characters=TWINS), max_size=40)
WIDE_KANA = [chr(point) for point in range(0x30A1, 0x30FB)]


@given(st.lists(st.tuples(CP932, CP932), max_size=8))
def test_form_round_trip_in_cp932(fields: list[tuple[str, str]]) -> None:
    assert codecs.parse_form(codecs.form_body(fields, "cp932"), "cp932") == fields


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_form_round_trip_in_utf8(fields: list[tuple[str, str]]) -> None:
    clean = [(key.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for key, value in fields]
    assert codecs.parse_form(codecs.form_body(clean, "utf-8"), "utf-8") == clean


@given(CP932)
def test_body_is_plain_ascii_without_what_splits_it(value: str) -> None:
    body = codecs.form_body([("k", value)], "cp932")
    assert set(body.removeprefix(b"k=")) <= set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+-._")


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("a b", b"a+b"), ("~*", b"%7E%2A"), ("-._", b"-._"), ("+&=%", b"%2B%26%3D%25"), ("\r\n", b"%0D%0A"),
        ("山", b"%8ER"), ("表", b"%95%5C"), ("〜", b"%81%60"), ("～", b"%81%60"), ("−", b"%81%7C"), ("－", b"%81%7C"),
        ("髙", b"%FB%FC"), ("﨑", b"%FA%B1"), ("①", b"%87%40"), ("ｶﾞ", b"%B6%DE"),
    ],
)  # fmt: skip
def test_percent_encoding_after_the_charset(text: str, body: bytes) -> None:
    assert codecs.form_body([("k", text)], "cp932") == b"k=" + body


@pytest.mark.parametrize("letter", ["😀", "𠮷", "é", "한", "\u200b"])
def test_letters_outside_the_charset_are_refused_not_replaced(letter: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        codecs.form_body([("k", letter)], "cp932")


@given(st.binary(max_size=300))
def test_parsing_a_form_never_fails(body: bytes) -> None:
    for charset in ("cp932", "utf-8"):
        assert all(isinstance(text, str) for pair in codecs.parse_form(body, charset) for text in pair)


@pytest.mark.parametrize(("repeated", "times", "fields"), [(b"a=1&", 16_384, 16_384), (b"=&", 32_768, 32_768), (b"&", 65_536, 0), (b"%", 65_536, 1)])
def test_a_form_may_have_any_number_of_fields(repeated: bytes, times: int, fields: int) -> None:
    """What fits into a body is read: a provider tells of as many payments at once as it likes."""
    assert len(codecs.parse_form(repeated * times, "cp932")) == fields


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("ヤマダ", "ﾔﾏﾀﾞ"), ("パピプペポ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ"), ("ヴ", "ｳﾞ"), ("ッャュョァィゥェォ", "ｯｬｭｮｧｨｩｪｫ"), ("ー・、。「」", "ｰ･､｡｢｣"),
        ("゛゜", "ﾞﾟ"), ("やまだ", "やまだ"), ("ＡＢ１２　", "ＡＢ１２　"), ("山田", "山田"), ("", ""),
    ],
)  # fmt: skip
def test_half_width_kana(wide: str, narrow: str) -> None:
    assert codecs.half_width_kana(wide) == narrow


@given(st.text(st.sampled_from(WIDE_KANA + list("あ山Ａ1 ")), max_size=30))
def test_narrowing_keeps_the_sound(text: str) -> None:
    narrow = codecs.half_width_kana(text)
    assert unicodedata.normalize("NFKC", narrow) == unicodedata.normalize("NFKC", text)
    assert codecs.half_width_kana(narrow) == narrow


@given(st.text(max_size=20), st.text(max_size=20))
def test_digest_of_parts_is_the_digest_of_their_text(left: str, right: str) -> None:
    left, right = left.encode("utf-8", "replace").decode(), right.encode("utf-8", "replace").decode()
    assert codecs.sha256_hex(left, right) == codecs.sha256_hex(left + right)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_same_digest_compares_any_text(text: str) -> None:
    assert codecs.same_digest(text, text)
    assert not codecs.same_digest(text, text + "0")
