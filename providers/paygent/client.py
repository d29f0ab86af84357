"""Wire protocol of Paygent's module interface: build request bytes, read answer bytes, check digests.

No decisions, no clock, no sockets. Works for any telegram kind, also those the adapter does not use.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from providers.codecs import encode_text, form_body, half_width_kana, parse_form, same_digest, sha256_hex

VERSION = "1.0"
#: Bytes one value may have, and the whole request (open client code and the published limit agree).
MAX_VALUE = 102_400

#: These telegrams are UTF-8 in both directions, all others CP932.
_UTF8_KINDS = frozenset({"098", "380", "450"}) | {f"41{n}" for n in range(9)}
#: Answered in CSV records; the captured client asks them for this many rows when its caller names no number.
_CSV_KINDS = frozenset({"027", "090"})
_ROWS = ("limit_count", "2000")
#: The fields a server accepts only as half-width kana.
_KANA_FIELDS = frozenset(
    {"customer_family_name_kana", "customer_name_kana", "payment_detail_kana", "claim_kana", "receipt_name_kana"}
)
#: Path by telegram kind; a kind without its own line uses its first two characters.
_PATHS = {
    "010": "/n/atm/request", "02": "/n/card/request", "116": "/n/card/request", "030": "/n/conveni/request",
    "040": "/n/conveni/request_print", "05": "/n/bank/request", "060": "/n/bank/requestasp",
    "070": "/n/virtualaccount/request", "091": "/n/ref/paynotice", "093": "/n/ref/runnotice",
    "094": "/n/ref/paymentref", "095": "/n/ref/cardnoref", "096": "/n/card/request", "098": "/n/token/request",
    "10": "/n/c/request", "15": "/n/emoney/request", "18": "/n/card/request", "20": "/n/o/requestdata",
    "22": "/n/later/request", "26": "/n/accounttransfer/request", "27": "/n/rakutenid/request",
    "28": "/n/card/request", "30": "/n/upop/request", "31": "/n/alipay/request", "32": "/n/applepay/request",
    "34": "/n/paidy/request", "35": "/n/googlepay/request", "38": "/n/illegal_detect/request",
    "41": "/n/pi/request", "42": "/n/paypay/request", "43": "/n/tokimekiPoint/request", "450": "/n/threeds/request",
}  # fmt: skip

Fields = Iterable[tuple[str, str]]


class CannotEncode(ValueError):
    """A request that must not leave: no telegram kind, an unknown one, a value too long or outside the charset."""


class Garbled(ValueError):
    """Bytes that are no answer of this protocol. The outcome of the request is unknown."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """An answer. ``rows`` holds the records of a CSV telegram; all others answer in ``fields``."""

    result: str
    code: str
    detail: str
    fields: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...] = field(default=())

    @property
    def ok(self) -> bool:
        return self.result == "0"


def charset(kind: str) -> str:
    return "utf-8" if kind in _UTF8_KINDS else "cp932"


def path(kind: str, *, certificate: bool = True) -> str:
    """Where a telegram goes; the access mode without client certificate has ``/s/`` for ``/n/``.

    Raises :class:`CannotEncode` for a kind the protocol does not list.
    """
    known = _PATHS.get(kind) or _PATHS.get(kind[:2])
    if not known:
        raise CannotEncode(f"unknown telegram kind {kind!r}")
    return known if certificate else known.replace("/n/", "/s/", 1)


def encode(fields: Fields) -> bytes:
    """Request body in the telegram's charset, fields in the given order. Raises :class:`CannotEncode`."""
    pairs = list(fields)
    named = dict(pairs)
    kind = named.get("telegram_kind", "")
    if not kind:
        raise CannotEncode("no telegram kind")
    if kind in _CSV_KINDS and _ROWS[0] not in named:
        pairs.append(_ROWS)
    narrowed = [(key, half_width_kana(value) if key.lower() in _KANA_FIELDS else value) for key, value in pairs]
    try:
        if any(len(encode_text(value, charset(kind))) > MAX_VALUE for _, value in narrowed):
            raise CannotEncode("value too long")
        return form_body(narrowed, charset(kind))
    except UnicodeEncodeError as error:
        raise CannotEncode(f"character outside {charset(kind)}") from error


def parse(kind: str, body: bytes, status: int = 200) -> Telegram:
    """Read an answer. Raises :class:`Garbled` when no result can be made out; any HTTP ``status`` but 200 is none,
    whatever the body says."""
    if status != 200:
        raise Garbled(f"http {status}")
    text = body.decode(charset(kind), "replace")
    return _parse_csv(text) if kind in _CSV_KINDS else _parse_lines(text)


def _parse_lines(text: str) -> Telegram:
    """``key=value`` lines; everything after a key ending in ``_html`` is its value, to the end of the body."""
    fields: dict[str, str] = {}
    rest = text
    while rest:
        line, _, rest = rest.partition("\r\n")
        key, equals, value = line.partition("=")
        if not equals:
            continue
        if key.endswith("_html"):
            fields[key] = value + ("\r\n" + rest if value and rest else rest)
            break
        fields[key] = value
    return _telegram(fields)


def _parse_csv(text: str) -> Telegram:
    header: list[str] = []
    head: list[str] = []
    rows: list[dict[str, str]] = []
    for record in _records(text):
        match record[:1]:
            case ["1"]:
                head = record
            case ["2"]:
                header = record[1:]
            case ["3"]:
                if len(record) - 1 != len(header):
                    raise Garbled("columns do not match the header record")
                rows.append(dict(zip(header, record[1:], strict=True)))
    if len(head) < 4:
        raise Garbled("no result record")
    answer = _telegram({"result": head[1], "response_code": head[2], "response_detail": head[3]})
    return Telegram(answer.result, answer.code, answer.detail, {}, tuple(rows))


def _records(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise Garbled("no readable records") from error


def _telegram(fields: dict[str, str]) -> Telegram:
    result = fields.pop("result", "")
    if result not in ("0", "1", "2", "7"):
        raise Garbled("no result")
    code, detail = fields.pop("response_code", ""), fields.pop("response_detail", "")
    return Telegram(result, code, detail, fields)


def notice_digest(fields: Mapping[str, str], key: str) -> str:
    """``hc`` of a 差分通知: payment_notice_id, payment_id, trading_id, payment_type, payment_amount, key."""
    names = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
    return sha256_hex(*(fields.get(name, "") for name in names), key)


def return_digest(fields: Mapping[str, str], key: str) -> str:
    """``hc`` of a return from 3-D Secure: result, 3ds_auth_id, attempt_kbn (empty when absent), key."""
    return sha256_hex(*(fields.get(name, "") for name in ("result", "3ds_auth_id", "attempt_kbn")), key)


def token_digest(token: str, masked_number: str, valid_until: str, fingerprint: str, key: str) -> str:
    """``hc`` that comes with a token from the browser script."""
    return sha256_hex(token, masked_number, valid_until, fingerprint, key)


def read_notice(body: bytes, key: str) -> tuple[dict[str, str], bool]:
    """Fields of a 差分通知 and whether its digest fits. Repeated fields make it not genuine: which one was signed?"""
    pairs = parse_form(body, "cp932")
    fields = dict(pairs)
    genuine = len(fields) == len(pairs) and bool(key) and same_digest(fields.get("hc", ""), notice_digest(fields, key))
    return fields, genuine
