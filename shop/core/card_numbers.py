"""Card numbers where none belongs. They are found by shape, and whoever finds one forgets it (R-111, R-316)."""

import re
from collections.abc import Iterable
from typing import Any

from shop.core.i18n import gettext as _

#: Digits with what people put between them: spaces, dots, hyphens and their look-alikes.
_DIGITS = re.compile(r"\d(?:[ .\u3000‐-―−－ー-]?\d)*")
_GROUP = re.compile(r"\d+")
#: Nobody writes a card number in more groups; the bound keeps long texts cheap.
_MOST_GROUPS = 6
#: The longest number of a card this trade takes; ISO/IEC 7812 would allow 19.
LONGEST_TAKEN = 16


def luhn_valid(number: str) -> bool:
    """Whether a run of digits could be a card number (ISO/IEC 7812 check digit)."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def places(text: str, longest: int = 19) -> list[tuple[int, int]]:
    """Where ``text`` holds card-number-like digits: 13 to ``longest`` of them, written in one or in groups, with a right
    check digit. Groups are taken whole, so that order and transaction numbers do not match by accident."""
    found = []
    for run in _DIGITS.finditer(text):
        groups = [(run.start() + part.start(), run.start() + part.end()) for part in _GROUP.finditer(run[0])]
        for first, (start, _end) in enumerate(groups):
            number = ""
            for begin, end in groups[first : first + _MOST_GROUPS]:
                number += text[begin:end]
                if 13 <= len(number) <= longest and luhn_valid(number):
                    found.append((start, end))
    return found


def present(text: str, longest: int = 19) -> bool:
    """Whether ``text`` holds digits that could be a card number."""
    return bool(places(text, longest))


def mask(text: str) -> str:
    """``text`` with ``*`` for all digits of such numbers but the last four."""
    for start, end in reversed(places(text)):
        text = text[:start] + re.sub(r"\d", "*", text[start : end - 4]) + text[end - 4 :]
    return text


def forget(fields: Iterable[Any]) -> bool:
    """Empty each form field that holds one, and say so beside it. Returns whether there was any."""
    misplaced = [field for field in fields if any(present(value) for value in _values(field))]
    for field in misplaced:
        field.data, field.raw_data = (field.data and ""), None
        field.errors = [_("カード番号はこの欄に入力しないでください。入力された内容は消去しました。")]
    return bool(misplaced)


def _values(field: Any) -> list[str]:
    """As it came, and as the field's own cleaning left it."""
    return [value for value in (field.data, *(field.raw_data or ())) if isinstance(value, str)]
