"""Card numbers where none belongs. They are found by shape, and whoever finds one forgets it (R-111, R-316). Besides: how a card
is shown where it does belong.

A text field meets telephone numbers, slip numbers, JAN codes and payment ids far more often than cards. So all of this must
fit: 14 to 16 digits as the cards this trade takes have, the beginning and length of a brand, the check digit, and one and
the same separator between the groups, whatever it is.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from shop.core.i18n import gettext as _

#: A group and what stands after it: blanks, line ends, punctuation – no letter but the long vowel mark, a hyphen to many.
_GROUP = re.compile(r"(\d+)(?:([\W_ー]+)(?=\d))?")
_WIDEST = 3
_LENGTHS = range(14, 17)
#: Beginnings by length: Visa, Mastercard, JCB, Discover and UnionPay; American Express; Diners Club.
_BRAND = re.compile(
    r"(?=\d{16}$)(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|352[89]|35[3-8]|3[89]|6)\d+"
    r"|(?=\d{15}$)3[47]\d+"
    r"|(?=\d{14}$)3(?:0[0-5]|095|[689])\d+"
)


def luhn_valid(number: str) -> bool:
    """Whether a run of digits could be a card number (ISO/IEC 7812 check digit)."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def places(text: str) -> list[tuple[int, int]]:
    """Where ``text`` holds a card number, written in one or in groups. Groups are taken whole: a longer number holds none."""
    groups = [(found.start(), found.end(1), _plain(found[1]), _separator(found[2])) for found in _GROUP.finditer(text)]
    found: list[tuple[int, int]] = []
    for first, group in enumerate(groups):
        if (not found or group[0] >= found[-1][1]) and (place := _from(groups, first)):
            found.append(place)
    return found


def _from(groups: list[tuple[int, int, str, str]], first: int) -> tuple[int, int] | None:
    """The card number that begins with this group, if one does."""
    start, _end, number, separator = groups[first]
    for place in range(first, len(groups)):
        if place > first:
            number += groups[place][2]
        if len(number) > max(_LENGTHS):
            return None
        if len(number) in _LENGTHS and _BRAND.match(number) and luhn_valid(number):
            return start, groups[place][1]
        if not separator or groups[place][3] != separator:
            return None
    return None


def _separator(between: str | None) -> str:
    """What stands between two groups, however wide its blanks are; empty for nothing, or for more than a separator."""
    shown = " ".join((between or "").split()) or ("" if between is None else " ")
    return shown if len(shown) <= _WIDEST else ""


def _plain(digits: str) -> str:
    """Digits of any width or script as 0 to 9."""
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)


def present(text: str) -> bool:
    """Whether ``text`` holds a card number."""
    return bool(places(text))


def mask(text: str) -> str:
    """``text`` with ``*`` for all digits of such numbers but the last four."""
    for start, end in reversed(places(text)):
        text = text[:start] + re.sub(r"\d", "*", text[start : end - 4]) + text[end - 4 :]
    return text


def cut(text: str) -> str:
    """``text`` without them."""
    for start, end in reversed(places(text)):
        text = text[:start] + text[end:]
    return text.strip()


def shown(brand: str, digits: str) -> str:
    """A card as it is written everywhere, in the reader's language: the brand where it is known, and the last four of
    ``digits``, which may be longer, and masked in a provider's own way."""
    last_four = _("下4桁")
    return f"{brand} {last_four} *****{digits[-4:]}".strip()


def forget(fields: Iterable[Any]) -> bool:
    """Take the number out of each form field that holds one, and say so beside it; what else was typed stays. Returns
    whether there was any."""
    misplaced = [field for field in fields if any(present(value) for value in _values(field))]
    for field in misplaced:
        field.data, field.raw_data = (cut(field.data) if isinstance(field.data, str) else None), None
        field.errors = [_("カード番号はこの欄に入力しないでください。番号は消去しました。")]
    return bool(misplaced)


def _values(field: Any) -> list[str]:
    """As it came, and as the field's own cleaning left it."""
    return [value for value in (field.data, *(field.raw_data or ())) if isinstance(value, str)]
