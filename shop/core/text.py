"""What buyers type: widths, spaces and control characters are our work, not theirs (U-009, U-015)."""

import re
import unicodedata

_SPACES = re.compile(r"[\s\u3000]+")
_COMBINED = re.compile(r".[\u0300-\u036f\u3099\u309a]+")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー", "-"))  # noqa: RUF001 – look-alikes are the point


def clean_line(value: str) -> str:
    """One line of free text: control characters become spaces, runs of spaces one space, ends trimmed.

    Letters are kept as typed: whole-text NFC would turn compatibility ideographs in names into other letters, so
    only a base letter with its combining marks is joined.
    """
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in value)
    joined = _COMBINED.sub(lambda match: unicodedata.normalize("NFC", match[0]), visible)
    return _SPACES.sub(" ", joined).strip()


def narrow(value: str) -> str:
    """Full-width letters, digits and symbols to half width (ＡＢＣ１２３ → ABC123), line cleaned."""
    return clean_line(unicodedata.normalize("NFKC", value))


def digits(value: str) -> str:
    """Digits only, from whatever width and with whatever hyphens and spaces between them."""
    return re.sub(r"[-\s()]", "", narrow(value).translate(_HYPHENS))


def katakana(value: str) -> str:
    """Hiragana and half-width kana to full-width katakana; other characters stay."""
    wide = unicodedata.normalize("NFKC", clean_line(value))
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in wide)


def small_number(text: str | None, limit: int = 2**31 - 1) -> int | None:
    """A plain positive id from outside, or ``None`` for anything else – also for one no column could hold."""
    value = text or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 11 and 0 < int(value) <= limit else None
