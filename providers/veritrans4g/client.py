"""The envelope of the MDK protocol: one JSON request per operation, signed over the exact text that is sent.

Knows no shop and no payment; opens no socket. Every service – card, 3-D Secure, search, members – goes through here.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from providers.codecs import same_digest

VERSION = "2.0.0"
#: Services of PayNowID stand under a root of their own, and so does the search.
_ROOTS = {
    "search": "paynow-search/v2", "account": "paynowid/v1", "cardinfo": "paynowid/v1", "charge": "paynowid/v1",
    "recurring": "paynowid/v1", "bankAccount": "paynowid/v1",
}  # fmt: skip
#: Line separators of Unicode, which older readers of JSON take for line ends: the vendor's client escapes them.
_LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


class Garbled(ValueError):
    """An answer that is none in this protocol: nobody knows what happened."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """Whose requests these are. ``key`` is 64 hexadecimal characters: text for requests and returns, 32 bytes for pushes."""

    ccid: str
    key: str
    dummy: bool = False

    def __repr__(self) -> str:
        return f"Merchant({self.ccid!r}, key=[hidden])"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. ``status`` is ``success``, ``failure`` or ``pending``."""

    status: str
    code: str
    message: str
    result: Mapping[str, Any]
    account: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return self.status == "success"

    def text(self, name: str) -> str:
        """A member of ``result`` as text; empty where it is missing or no scalar."""
        value = self.result.get(name)
        return str(value) if isinstance(value, (str, int)) else ""


def path(command: str, service: str, dummy: bool) -> str:
    """Where a command goes: ``/paynow/v2/Authorize/card``, for practice orders ``/test-paynow/v2/…``."""
    return f"/{'test-' if dummy else ''}{_ROOTS.get(service, 'paynow/v2')}/{command}/{service}"


def params_text(fields: Mapping[str, Any], merchant: Merchant) -> str:
    """The text of ``params``: minified, every scalar a string, empty members left out, the client's three members last."""
    own = {"txnVersion": VERSION, "dummyRequest": "1" if merchant.dummy else "0", "merchantCcid": merchant.ccid}
    text = json.dumps({**_filled(fields), **own}, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_LINE_ENDS)


def auth_hash(text: str, merchant: Merchant) -> str:
    """``authHash`` over the exact text of ``params``."""
    return hashlib.sha256((merchant.ccid + text + merchant.key).encode()).hexdigest()


def body(fields: Mapping[str, Any], merchant: Merchant) -> bytes:
    """The request as the vendor's client sends it: the whole JSON text percent-encoded. ``params`` is serialised once; the
    text that is hashed is the text that is sent."""
    text = params_text(fields, merchant)
    return quote_plus(f'{{"params":{text},"authHash":"{auth_hash(text, merchant)}"}}').replace("~", "%7E").encode("ascii")


def _filled(value: Any) -> Any:
    """Without members that are ``None``, an empty text or empty: the protocol leaves them out. ``"0"`` stays."""
    if isinstance(value, Mapping):
        kept = {key: _filled(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, "", [], {})}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(each) for each in value]
    return value


def parse(content: bytes, status: int) -> Answer:
    """Raises :class:`Garbled` for what is no answer: another HTTP status, no JSON, no ``mstatus``."""
    if status != 200:
        raise Garbled(f"HTTP {status}")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Garbled("no JSON") from error
    result = told.get("result") if isinstance(told, dict) else None
    if not isinstance(result, dict) or result.get("mstatus") not in ("success", "failure", "pending"):
        raise Garbled("no mstatus")
    member = told.get("payNowIdResponse")
    account = member.get("account") if isinstance(member, dict) else None
    return Answer(
        result["mstatus"], str(result.get("vResultCode") or ""), str(result.get("merrMsg") or ""), result,
        account if isinstance(account, dict) else {},
    )  # fmt: skip


# ---- the signed way back of a browser ---------------------------------------------------------------------------------

_ALPHABET = str.maketrans("=/+", "*-_")
_PLAIN = str.maketrans("*-_ ", "=/++")


def encode64(data: bytes) -> str:
    """Base64 with the vendor's letters (``=`` → ``*``, ``/`` → ``-``, ``+`` → ``_``)."""
    return base64.b64encode(data).decode().translate(_ALPHABET)


def decode64(text: str) -> bytes:
    """The other way; takes plain Base64 too, and a blank for ``+``. Raises ``ValueError``."""
    try:
        return base64.b64decode(text.translate(_PLAIN), validate=True)
    except binascii.Error as error:
        raise ValueError("no Base64") from error


def signed_names(auth_params: str) -> tuple[str, ...]:
    """The names whose values a return is signed over. Raises ``ValueError``."""
    return tuple(decode64(auth_params).decode("utf-8").split(","))


def return_is_signed(fields: Mapping[str, str], merchant: Merchant) -> bool:
    """Whether ``vAuthInfo`` fits the values named in ``authParams``. It proves little (see :mod:`providers.veritrans4g.mpi`):
    neither the list of names nor the borders between the values are part of it."""
    try:
        values = [fields[name] for name in signed_names(fields["authParams"])]
        told = fields["vAuthInfo"]
    except (KeyError, ValueError):
        return False
    text = "".join((merchant.ccid, *values, merchant.key))
    return same_digest(hashlib.sha256(text.encode()).hexdigest(), told)
