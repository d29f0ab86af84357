"""What buyers type: widths, spaces and control characters are our work, not theirs (U-009, U-015)."""

import re
import unicodedata

#: Letters by their class, and a blank to look at.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
#: Joins emoji to one; anywhere else it only hides.
_JOINER = "\u200d"
_SPACES = re.compile(r"[\s\u3000]+")
_COMBINED = re.compile(r".[\u0300-\u036f\u3099\u309a]+")
#: ``=?`` begins an encoded word, which makers of mail headers decode wherever it stands (T-044).
_EMAIL = re.compile(r"(?!.*=\?)[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−─－ー", "-"))  # noqa: RUF001 – look-alikes are the point


def visible(value: str) -> str:
    """One line of text without what nobody sees: control characters and blank letters become spaces, characters that
    only steer – zero widths, turns of the writing direction – go."""
    kept = []
    for index, letter in enumerate(value):
        match unicodedata.category(letter):
            case "Cc" | "Cs" | "Zl" | "Zp":
                kept.append(" ")
            case "Cf" if letter != _JOINER or not _is_emoji(value[index - 1 : index]):
                pass
            case _:
                kept.append(" " if letter in _BLANKS else letter)
    return "".join(kept)


def _is_emoji(letter: str) -> bool:
    return letter == "\ufe0f" or (letter not in _BLANKS and unicodedata.category(letter or " ") in ("So", "Sk"))


def clean_line(value: str) -> str:
    """One line of free text: only what is :func:`visible`, runs of spaces one space, ends trimmed; nothing when no
    letter, digit or sign is left.

    Letters are kept as typed: whole-text NFC would turn compatibility ideographs in names into other letters, so
    only a base letter with its combining marks is joined.
    """
    joined = _COMBINED.sub(lambda match: unicodedata.normalize("NFC", match[0]), visible(value))
    line = _SPACES.sub(" ", joined).strip()
    return line if any(unicodedata.category(letter)[0] in "LNPS" for letter in line) else ""


def clean_lines(value: str) -> str:
    """Several lines of free text, each as :func:`clean_line` leaves it, ends trimmed."""
    return "\n".join(clean_line(line) for line in _lines(value)).strip()


def visible_lines(value: str) -> str:
    """Several lines, each :func:`visible`, ends trimmed; blanks within a line stay, as a shopkeeper set them."""
    return "\n".join(visible(line).rstrip() for line in _lines(value)).strip()


def _lines(value: str) -> list[str]:
    return value.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def narrow(value: str) -> str:
    """Full-width letters, digits and symbols to half width (ＡＢＣ１２３ → ABC123), line cleaned."""
    return clean_line(unicodedata.normalize("NFKC", value))


def folded(value: str) -> str:
    """What different spellings of one text have in common: without width, case, spaces and kinds of hyphens."""
    return narrow(value).translate(_HYPHENS).replace(" ", "").casefold()


def postal_code(value: str) -> str:
    """〒 as it is read, ``〒123-4567``, however it is kept."""
    return f"〒{hyphenated(value)}"


def hyphenated(code: str) -> str:
    """郵便番号 as it is written, ``123-4567``; what is none stays as it is."""
    plain = digits(code)
    return f"{plain[:3]}-{plain[3:]}" if len(plain) == 7 and plain.isdecimal() else code


def digits(value: str) -> str:
    """Digits only, from whatever width and with whatever hyphens and spaces between them."""
    return re.sub(r"[-\s()]", "", narrow(value).translate(_HYPHENS))


def is_mail_address(value: str) -> bool:
    """Lenient: carrier addresses with dots in odd places exist and work (study §5)."""
    return value.isascii() and _EMAIL.fullmatch(value) is not None


def katakana(value: str) -> str:
    """Hiragana and half-width kana to full-width katakana; other characters stay."""
    wide = unicodedata.normalize("NFKC", clean_line(value))
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in wide)


def small_number(text: str | None, limit: int = 2**31 - 1) -> int | None:
    """A plain positive id from outside, or ``None`` for anything else – also for one no column could hold."""
    value = text or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 11 and 0 < int(value) <= limit else None
