"""Wire pieces that Japanese providers share: form bodies in legacy charsets, half-width kana, digests."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote_plus

#: Characters whose Unicode twin CP932 does not know are sent as the Microsoft mapping does.
_CP932_TWINS = str.maketrans({"\u301c": "\uff5e", "\u2212": "\uff0d", "\u2014": "\u2015"})


def encode_text(value: str, charset: str) -> bytes:
    """Text as bytes of ``charset``. Raises ``UnicodeEncodeError`` for letters the charset does not have.

    CP932 as Microsoft encodes it: the letters it knows twice (髙, 﨑 …) take their IBM place, not the NEC one that
    Python would choose.
    """
    if charset != "cp932":
        return value.encode(charset)
    value = value.translate(_CP932_TWINS)
    if _IBM_LETTERS.isdisjoint(value):
        return value.encode(charset)
    return b"".join(_IBM.get(letter) or letter.encode(charset) for letter in value)


def _ibm_table() -> dict[str, bytes]:
    table = {}
    for lead in (0xFA, 0xFB, 0xFC):
        for trail in range(0x40, 0xFD):
            place = bytes((lead, trail))
            letter = place.decode("cp932", "ignore")
            if len(letter) == 1 and letter.encode("cp932")[0] in (0xED, 0xEE):
                table[letter] = place
    return table


_IBM = _ibm_table()
_IBM_LETTERS = frozenset(_IBM)


def form_body(fields: Iterable[tuple[str, str]], charset: str) -> bytes:
    """``key=value&…``: encoded to ``charset`` first, then percent-encoded (``~`` and ``*`` too, blank as ``+``)."""
    pairs = (f"{_percent(key, charset)}={_percent(value, charset)}" for key, value in fields)
    return "&".join(pairs).encode("ascii")


def _percent(value: str, charset: str) -> str:
    return quote_plus(encode_text(value, charset)).replace("~", "%7E")


def parse_form(body: bytes, charset: str) -> list[tuple[str, str]]:
    """Fields of a form body, in order. Bytes outside ``charset`` become replacement characters. Never fails: whoever takes a body
    in limits its bytes, and with them the fields."""
    text = body.decode("ascii", "replace")
    return parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace")


def half_width_kana(value: str) -> str:
    """Full-width katakana to half width, voiced marks apart (ガ → ｶﾞ); every other character stays."""
    return "".join(_NARROW.get(character, character) for character in value)


def _narrow_table() -> dict[str, str]:
    table = {"。": "｡", "「": "｢", "」": "｣", "、": "､", "・": "･", "ー": "ｰ", "゛": "ﾞ", "゜": "ﾟ"}
    for point in range(0xFF66, 0xFF9E):
        narrow = chr(point)
        table[unicodedata.normalize("NFKC", narrow)] = narrow
        for mark in "ﾞﾟ":
            wide = unicodedata.normalize("NFKC", narrow + mark)
            if len(wide) == 1:
                table[wide] = narrow + mark
    return table


_NARROW = _narrow_table()


def sha256_hex(*parts: str) -> str:
    """Lower-case hex SHA-256 over the plain concatenation of ``parts``."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def same_digest(left: str, right: str) -> bool:
    """Compare in constant time; texts that are not ASCII are simply unequal."""
    return hmac.compare_digest(left.encode(), right.encode())
