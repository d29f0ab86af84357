"""Messages on the wire: addresses, the form of requests and replies, refusals."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_to_bytes

from flask import Response

#: Largest request body in bytes; OURS, the provider names no limit
REQUEST_LIMIT = 102_400

#: Address -> the operations it takes (protocol §1.1)
OPERATIONS = {
    "aut/OAUT002.do": (
        *("1Check", "1Auth", "1Gathering", "1Capture", "1Change", "1Delete", "1Search", "1ReAuth"),
    ),
    "crp/OCRP005.do": (
        *("4MemAdd", "4MemChg", "4MemInval", "4MemUnInval", "4MemDel", "4MemRef", "4MemRefM"),
    ),
    "atn/OATN005.do": ("1TokenSearch",),
}

MASTER = ("1Check", "1Auth", "1Gathering")
MEMBER = OPERATIONS["crp/OCRP005.do"]

#: What the switches call the operations; 1Delete is told by what it meets.
VERBS = {
    "1Check": "authorize",
    "1Auth": "authorize",
    "1Gathering": "authorize",
    "1Capture": "capture",
    "1Delete": "void",
    "1Change": "change",
    "1ReAuth": "reauthorize",
    "1Search": "query",
    "4MemAdd": "store",
    "4MemChg": "store",
    "4MemUnInval": "store",
    "4MemRef": "list",
    "4MemRefM": "list",
    "4MemInval": "remove",
    "4MemDel": "remove",
    "1TokenSearch": "search",
    "token": "token",
}

#: Fields of every reply, in this order, before those of the operation (protocol §2)
ECHOED = ("TransactionDate", "OperateId", "MerchantFree1", "MerchantFree2", "MerchantFree3")

OK = "OK"

#: What padding adds to a value
PADDING = 3


class Refusal(Exception):
    """A request answered with codes; ``answered`` are the fields that are filled in spite of it."""

    def __init__(self, *codes: str, answered: dict[str, str] | None = None) -> None:
        super().__init__("|".join(codes))
        self.code = "|".join(codes)
        self.answered = answered or {}


@dataclass(frozen=True)
class Dialect:
    """How replies are written. The sources disagree (protocol §1.3), so a client must read each of these."""

    #: raw: only what would break the line is percent-encoded; percent: everything, as a form would
    encoding: str = "raw"
    #: values are filled up with blanks on the right
    pad: bool = False
    #: normal | shuffled
    order: str = "normal"

    def __post_init__(self) -> None:
        if self.encoding not in ("raw", "percent") or self.order not in ("normal", "shuffled"):
            raise ValueError("encoding is raw or percent, order is normal or shuffled")
        if not isinstance(self.pad, bool):
            raise TypeError("pad is true or false")

    def written(self, fields: dict[str, str]) -> str:
        pairs = list(fields.items())
        if self.order == "shuffled":
            random.shuffle(pairs)
        return "&".join(f"{name}={self._value(value)}" for name, value in pairs)

    def _value(self, value: str) -> str:
        if self.encoding == "percent":
            return quote_plus(value + " " * PADDING * self.pad)
        return re.sub(r"[&=%+#\s]|[^ -~]", _percent, value) + " " * PADDING * self.pad


def _percent(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def read_request(query: bytes, body: bytes) -> dict[str, str]:
    """The fields of a request, of its query string as well; what is empty counts as left out (protocol §1.2).

    Read from the bytes, since some clients encode nothing; what is no UTF-8 comes out as U+FFFD.
    """
    pairs = [pair.partition(b"=") for pair in [*query.split(b"&"), *body.split(b"&")]]
    fields = {_text(name): _text(value) for name, _, value in pairs}
    return {name: value for name, value in fields.items() if value}


def _text(quoted: bytes) -> str:
    return unquote_to_bytes(quoted.replace(b"+", b" ")).decode("utf-8", errors="replace")


def reply(dialect: Dialect, transaction_id: str, sent: dict[str, str], fields: dict[str, str]) -> Response:
    """One line; Response counts its length, so it is never sent in chunks (protocol §1.3)."""
    echoed = {name: sent[name] for name in ECHOED if name in sent}
    line = dialect.written({"TransactionId": transaction_id} | echoed | fields)
    return Response(line.encode(), content_type="text/plain;charset=UTF-8")
