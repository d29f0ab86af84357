"""The wire of e-SCOTT: one flat form out, one flat line back. Knows no shop and no payment; opens no socket."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from providers import codecs

#: Which address an operation goes to: the family decides, the field ``OperateId`` chooses within it.
CARDS, MEMBERS = "/online/aut/OAUT002.do", "/online/crp/OCRP005.do"
#: The script of the shop's page.
SCRIPT = "/euser/stn/CdGetJavaScript.do"

_CODE = re.compile(r"[A-Z][0-9A-Z]{2}")

Pairs = Sequence[tuple[str, str]]


class Garbled(ValueError):
    """An answer that is none in this protocol: nobody knows what happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. ``codes`` is empty for ``OK``; there may be several."""

    codes: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return not self.codes

    @property
    def code(self) -> str:
        """The codes as the provider joins them."""
        return "|".join(self.codes)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")


def path(operation: str) -> str:
    return MEMBERS if operation.startswith("4") else CARDS


def encode(fields: Pairs) -> bytes:
    """The form in UTF-8. Empty fields are left out: the provider takes them for absent, and few clients send them."""
    return codecs.form_body([(name, value) for name, value in fields if value], "utf-8")


def parse(content: bytes, status: int) -> Answer:
    """Raises :class:`Garbled` for what is no answer: another HTTP status, no transaction number, no ``ResponseCd``.

    Some answers escape their values and some do not, padding included: each value is decoded once and trimmed.
    """
    if status != 200:
        raise Garbled(f"HTTP {status}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Garbled("no UTF-8") from error
    fields: dict[str, str] = {}
    for part in text.strip().split("&"):
        name, separator, value = part.partition("=")
        if separator:
            fields.setdefault(name, unquote_plus(value).strip())
    told = fields.get("ResponseCd", "")
    if not told or not fields.get("TransactionId"):
        raise Garbled("no ResponseCd")
    codes = tuple(told.split("|"))
    if codes == ("OK",):
        return Answer((), fields)
    if not all(_CODE.fullmatch(code) for code in codes):
        raise Garbled("no code")
    return Answer(codes, fields)
