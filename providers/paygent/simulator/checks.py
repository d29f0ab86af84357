"""Parameter checks P001-P014 (protocol §2.4, §4.1, §7.1): in table order, the first error wins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from providers.paygent.simulator.ledger import Ledger, Merchant
from providers.paygent.simulator.wire import Refusal, path_of

#: What a field may hold, by the type names of the provider's tables
DIGITS, ALNUM, WORD, TEXT = r"[0-9]*", r"[0-9A-Za-z]*", r"[0-9A-Za-z_]*", r"[^\x00-\x1f\x7f�]*"


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    #: bytes in Windows-31J
    max_bytes: int
    required: bool = False
    #: the only values it may have, when not empty
    values: tuple[str, ...] = ()

    def check(self, sent: dict[str, str]) -> None:
        value = sent.get(self.name)
        if value is None and self.required:
            raise Refusal("P005", field=self.name)
        if not value:
            if self.required:
                raise Refusal("P006", field=self.name)
            return
        if not re.fullmatch(self.type, value):
            raise Refusal("P008", field=self.name)
        if len(value.encode("cp932", errors="replace")) > self.max_bytes:
            raise Refusal("P009", field=self.name)
        if self.values and value not in self.values:
            raise Refusal("P010", field=self.name)


CREDENTIALS = ("merchant_id", "connect_id", "connect_password")
TELEGRAM_KIND = Field("telegram_kind", ALNUM, 3, required=True)
TELEGRAM_VERSION = Field("telegram_version", TEXT, 6, required=True)
KEYS = (Field("trading_id", WORD, 25), Field("payment_id", DIGITS, 18))
SITE = Field("site_id", ALNUM, 4)

TABLES: dict[str, tuple[Field, ...]] = {
    "020": (
        *KEYS,
        Field("payment_amount", DIGITS, 7, required=True),
        Field("payment_class", DIGITS, 2, values=("10", "23", "61", "80")),
        Field("split_count", DIGITS, 2),
        Field("3dsecure_ryaku", DIGITS, 1, values=("1",)),
        Field("3dsecure_use_type", DIGITS, 1, values=("1", "2")),
        Field("ref_trading_id", WORD, 25),
        Field("stock_card_mode", DIGITS, 1, values=("0", "1")),
        Field("customer_id", WORD, 25),
        Field("customer_card_id", DIGITS, 18),
        SITE,
        Field("card_token", TEXT, 30),
        Field("sales_mode", DIGITS, 1, values=("0", "1")),
        Field("security_code_token", DIGITS, 1, values=("0", "1")),
        Field("security_code_use", DIGITS, 1, values=("0", "1")),
        Field("3ds_auth_id", TEXT, 36),
    ),
    "021": (*KEYS, SITE),
    "022": (*KEYS, SITE),
    "023": (*KEYS, SITE),
    "091": (Field("payment_notice_id", DIGITS, 18), SITE),
    "094": (*KEYS, Field("payment_type", DIGITS, 2)),
}


def authenticated(ledger: Ledger, sent: dict[str, str]) -> Merchant:
    if any(name not in sent for name in CREDENTIALS):
        raise Refusal("P001")
    merchant = ledger.merchant(sent["merchant_id"])
    if merchant is None or any(sent[name] != getattr(merchant, name) for name in CREDENTIALS):
        raise Refusal("P002")
    return merchant


def check_telegram(path: str, sent: dict[str, str]) -> None:
    """Header, path, contract and the fields of the kind. Unknown fields are ignored (protocol §15 no. 7)."""
    kind = sent.get("telegram_kind", "")
    TELEGRAM_KIND.check(sent)
    TELEGRAM_VERSION.check(sent)
    if sent["telegram_version"] != "1.0":
        raise Refusal("P003")
    right_path = path_of(kind)
    if right_path is None:
        raise Refusal("P010", field="telegram_kind")
    if path != right_path:
        raise Refusal("P004")
    if kind not in TABLES:
        raise Refusal("P007")
    for field in TABLES[kind]:
        field.check(sent)
