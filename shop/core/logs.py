"""Structured logs: one JSON object a line, redacted last. What must never be written is removed here, in one place."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

#: Field names whose value is never logged, whoever logs it.
SECRET_FIELDS = (
    "password", "connect_password", "card_number", "card_conf_number", "cvc", "cvv", "card_token", "token", "secret",
    "token_generate_key", "hc", "authorization", "cookie", "security_code",
)
#: Digits with what people put between them: spaces, dots, hyphens and their look-alikes.
_DIGITS = re.compile(r"\d(?:[ .\u3000‐-―−－ー-]?\d)*")
_GROUP = re.compile(r"\d+")
#: Nobody writes a card number in more groups; the bound keeps long texts cheap.
_MOST_GROUPS = 6
_VALUE = r"(?:\"[^\"]*\"?|'[^']*'?|[^\s&\"',;}]+)"
_SECRET_PAIR = re.compile(r"(?i)\b(" + "|".join(SECRET_FIELDS) + r")([\"']?\s*[=:]\s*)" + _VALUE)
#: These hold several words; nothing after their name is worth keeping.
_SECRET_HEADER = re.compile(r"(?i)\b(authorization|cookie)([\"']?\s*[=:]\s*)[^\r\n]+")
_STANDARD = frozenset(vars(logging.makeLogRecord({})))


def luhn_valid(number: str) -> bool:
    """Whether a run of digits could be a card number (ISO/IEC 7812 check digit)."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card_numbers(text: str) -> list[tuple[int, int]]:
    """Where ``text`` holds card-number-like digits: 13–19 of them, written in one or in groups, with a right check
    digit. Groups are taken whole, so that order and transaction numbers do not match by accident."""
    found = []
    for run in _DIGITS.finditer(text):
        groups = [(run.start() + part.start(), run.start() + part.end()) for part in _GROUP.finditer(run[0])]
        for first, (start, _) in enumerate(groups):
            number = ""
            for begin, end in groups[first : first + _MOST_GROUPS]:
                number += text[begin:end]
                if 13 <= len(number) <= 19 and luhn_valid(number):
                    found.append((start, end))
    return found


def has_card_number(text: str) -> bool:
    """Whether ``text`` holds digits that could be a card number."""
    return bool(card_numbers(text))


def redact(text: str) -> str:
    """Mask card-number-like digits (all but the last four) and the values of secret fields; line breaks are escaped."""
    for start, end in reversed(card_numbers(text)):
        text = text[:start] + re.sub(r"\d", "*", text[start : end - 4]) + text[end - 4 :]
    hidden = _SECRET_HEADER.sub(r"\1\2[hidden]", _SECRET_PAIR.sub(r"\1\2[hidden]", text))
    return hidden.replace("\r", "\\r").replace("\n", "\\n")


class JsonFormatter(logging.Formatter):
    """One line of JSON; ``extra`` fields are kept, secret ones hidden, the rest redacted."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and name not in ("message", "asctime"):
                entry[name] = "[hidden]" if name in SECRET_FIELDS else _plain(value)
        if record.exc_info:
            entry["trace"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, bool)) or value is None else redact(str(value))


def configure(level: str = "INFO") -> None:
    """Send everything to stderr in this format. Safe to call twice."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("apscheduler").setLevel("ERROR")
    logging.getLogger("urllib3").setLevel("WARNING")
