"""Structured logs: one JSON object a line, redacted last. What must never be written is removed here, in one place."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from shop.core import card_numbers

#: Field names whose value is never logged, whoever logs it.
SECRET_FIELDS = (
    "password", "connect_password", "card_number", "card_conf_number", "cvc", "cvv", "card_token", "token", "secret",
    "token_generate_key", "hc", "authorization", "cookie", "security_code",
)
_VALUE = r"(?:\"[^\"]*\"?|'[^']*'?|[^\s&\"',;}]+)"
_SECRET_PAIR = re.compile(r"(?i)\b(" + "|".join(SECRET_FIELDS) + r")([\"']?\s*[=:]\s*)" + _VALUE)
#: These hold several words; nothing after their name is worth keeping.
_SECRET_HEADER = re.compile(r"(?i)\b(authorization|cookie)([\"']?\s*[=:]\s*)[^\r\n]+")
_STANDARD = frozenset(vars(logging.makeLogRecord({})))


def redact(text: str) -> str:
    """Mask card-number-like digits (all but the last four) and the values of secret fields; line breaks are escaped."""
    hidden = _SECRET_HEADER.sub(r"\1\2[hidden]", _SECRET_PAIR.sub(r"\1\2[hidden]", card_numbers.mask(text)))
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
