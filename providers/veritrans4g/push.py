"""結果通知 (PUSH): its signature over the raw body, and the numbered records inside."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping

from providers.codecs import parse_form, same_digest
from providers.veritrans4g.client import Merchant

_NUMBERED = re.compile(r"([A-Za-z][A-Za-z0-9]*?)(\d{4})")
_HMAC = re.compile(r"h=HmacSHA256;s=([^;]+);v=([0-9a-f]{64})")


def is_genuine(header: str, content: bytes, merchant: Merchant) -> bool:
    """Whether ``content-hmac`` is ours: the algorithm, our CCID and the HMAC over the bytes as they came."""
    told = _HMAC.fullmatch(header)
    if told is None or not content or told[1] != merchant.ccid:
        return False
    try:
        key = bytes.fromhex(merchant.key)
    except ValueError:
        return False
    return same_digest(hmac.new(key, content, hashlib.sha256).hexdigest(), told[2])


def records(content: bytes) -> Iterator[Mapping[str, str]]:
    """The records of a push in their order, each without its number; what carries none belongs to all of them and is left."""
    found: dict[str, dict[str, str]] = {}
    for name, value in parse_form(content, "utf-8"):
        if numbered := _NUMBERED.fullmatch(name):
            found.setdefault(numbered[2], {}).setdefault(numbered[1], value)
    yield from (found[number] for number in sorted(found))
