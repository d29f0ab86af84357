"""Parameter checks P001-P014 (protocol §2.4, §4.1, §4.5, §4.6, §5.1, §7.1): in table order, the first error wins."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Merchant
from providers.paygent.simulator.wire import Refusal, charset_of, path_of

#: What a field may hold, by the type names of the provider's tables
DIGITS, ALNUM, WORD, TEXT = r"[0-9]*", r"[0-9A-Za-z]*", r"[0-9A-Za-z_]*", r"[^\x00-\x1f\x7f�]*"
HALF_WIDTH = r"[ -~]*"


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    #: bytes in Windows-31J; characters in a telegram that is UTF-8
    max_size: int
    required: bool = False
    #: the only values it may have, when not empty
    values: tuple[str, ...] = ()
    min_size: int = 1

    def check(self, sent: dict[str, str], charset: str = "cp932") -> None:
        value = sent.get(self.name)
        if value is None and self.required:
            raise Refusal("P005", field=self.name)
        if not value:
            if self.required:
                raise Refusal("P006", field=self.name)
            return
        if not re.fullmatch(self.type, value):
            raise Refusal("P008", field=self.name)
        size = len(value) if charset == "utf-8" else len(value.encode(charset, errors="replace"))
        if not self.min_size <= size <= self.max_size:
            raise Refusal("P009", field=self.name)
        if self.values and value not in self.values:
            raise Refusal("P010", field=self.name)


def demand(sent: dict[str, str], name: str) -> str:
    """A field that only another field makes a required one."""
    if not sent.get(name):
        raise Refusal("P006" if name in sent else "P005", field=name)
    return sent[name]


CREDENTIALS = ("merchant_id", "connect_id", "connect_password")
TELEGRAM_KIND = Field("telegram_kind", ALNUM, 3, required=True)
TELEGRAM_VERSION = Field("telegram_version", TEXT, 6, required=True)
KEYS = (Field("trading_id", WORD, 25), Field("payment_id", DIGITS, 18))
SITE = Field("site_id", ALNUM, 4)

CORRECTION = (
    *KEYS,
    Field("payment_amount", DIGITS, 7, required=True),
    Field("reduction_flag", DIGITS, 1, required=True, values=("0", "1")),
    Field("base_payment_cancel_timing", DIGITS, 1, values=("0", "1")),
)


def _address(prefix: str) -> tuple[Field, ...]:
    """A country that is no number is a trap of the 3-D Secure server (outcomes.py), not an error here."""
    sizes = {"city": 50, "country": 3, "line1": 50, "line2": 50, "line3": 50, "post_code": 16, "state": 3}
    return tuple(Field(f"{prefix}_address_{name}", TEXT, size) for name, size in sizes.items())


def _phone(prefix: str) -> tuple[Field, ...]:
    return (Field(f"{prefix}_phone_cc", DIGITS, 3), Field(f"{prefix}_phone_subscriber", DIGITS, 15))


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{number:02}" for number in range(first, last + 1))


#: 450. Hints whose form is not documented are not listed and thereby ignored.
AUTHENTICATION = (
    KEYS[0],
    SITE,
    Field("term_url", HALF_WIDTH, 256, required=True),
    Field("merchant_name", HALF_WIDTH, 40, required=True),
    Field("authentication_type", DIGITS, 2, required=True, values=("01",)),
    Field("card_set_method", ALNUM, 8, required=True, values=("token", "customer", "direct", "google")),
    Field("card_token", TEXT, 30),
    Field("customer_id", WORD, 25),
    Field("customer_card_id", DIGITS, 18),
    Field("card_number", DIGITS, 16),
    Field("card_valid_term", DIGITS, 4),
    Field("payment_amount", DIGITS, 13, required=True),
    Field("currency_code", ALNUM, 3, values=("JPY",)),
    Field("payment_date", DIGITS, 14, min_size=14),
    Field("transaction_type", DIGITS, 2, values=("01",)),
    Field("cardholder_name", TEXT, 45, min_size=2),
    Field("email_address", TEXT, 254),
    *_phone("home"),
    *_phone("mobile"),
    *_phone("work"),
    *_address("bill"),
    *_address("ship"),
    Field("login_type", DIGITS, 2, values=_numbers(1, 6)),
    Field("login_date", DIGITS, 12, min_size=12),
    Field("account_indicator", DIGITS, 2, values=_numbers(1, 5)),
    *(
        Field(f"{name}_date", DIGITS, 8, min_size=8)
        for name in (
            "account_change",
            "account_create",
            "password_change",
            "card_registration",
            "ship_address_use",
            "pre_order",
        )
    ),
    Field("shipping_indicator", DIGITS, 2, values=_numbers(1, 7)),
)

CUSTOMER = (*KEYS, Field("customer_id", WORD, 25, required=True))
CUSTOMER_CARD = Field("customer_card_id", DIGITS, 18)
CARD_TOKEN = Field("card_token", TEXT, 30)
CARD_NOTES = (
    Field("cardholder_name", TEXT, 64),
    *(Field(f"add_info{number}", TEXT, 64) for number in range(1, 5)),
)
SECURITY_CODE_USE = Field("security_code_use", DIGITS, 1, values=("0", "1"))
BRANDS = ("VISA", "MASTER", "JCB", "AMEX", "DINERS", "DISCOVER", "HOUSE")

#: 025, 026, 027, 116
STORED_CARDS: dict[str, tuple[Field, ...]] = {
    "025": (
        *CUSTOMER,
        CARD_TOKEN,
        Field("card_brand", ALNUM, 24, values=BRANDS),
        *CARD_NOTES,
        SITE,
        Field("valid_check_flg", DIGITS, 1, values=("0", "1")),
        SECURITY_CODE_USE,
    ),
    "026": (*CUSTOMER, CUSTOMER_CARD, SITE),
    "027": (*CUSTOMER, CUSTOMER_CARD, SITE, Field("return_fingerprint_flg", DIGITS, 1, values=("0", "1"))),
    "116": (
        *CUSTOMER,
        replace(CUSTOMER_CARD, required=True),
        SITE,
        Field("card_valid_term", DIGITS, 4, min_size=4),
        *CARD_NOTES,
        CARD_TOKEN,
        SECURITY_CODE_USE,
    ),
}

TABLES: dict[str, tuple[Field, ...]] = {
    **STORED_CARDS,
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
        CUSTOMER_CARD,
        SITE,
        CARD_TOKEN,
        Field("sales_mode", DIGITS, 1, values=("0", "1")),
        Field("security_code_token", DIGITS, 1, values=("0", "1")),
        SECURITY_CODE_USE,
        Field("3ds_auth_id", TEXT, 36),
    ),
    "021": (*KEYS, SITE),
    "022": (*KEYS, SITE),
    "023": (*KEYS, SITE),
    "028": CORRECTION,
    "029": CORRECTION,
    "091": (Field("payment_notice_id", DIGITS, 18), SITE),
    "094": (*KEYS, Field("payment_type", DIGITS, 2)),
    "450": AUTHENTICATION,
}


def authenticated(ledger: Ledger, sent: dict[str, str]) -> Merchant:
    if any(name not in sent for name in CREDENTIALS):
        raise Refusal("P001")
    merchant = ledger.merchant(sent["merchant_id"])
    if (
        merchant is None
        or merchant.closed
        or any(sent[name] != getattr(merchant, name) for name in CREDENTIALS)
    ):
        raise Refusal("P002")
    return merchant


#: Telegram -> the option of the contract it needs, and the code without it
OPTIONS = {
    "028": ("corrections", "P029"),
    "029": ("corrections", "P029"),
    "450": ("threeds", "P063"),
    **dict.fromkeys(STORED_CARDS, ("stored_cards", "P021")),
}


def check_telegram(merchant: Merchant, path: str, sent: dict[str, str]) -> None:
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
    option, without = OPTIONS.get(kind, ("", ""))
    if option and not getattr(merchant, option):
        raise Refusal(without)
    for field in TABLES[kind]:
        field.check(sent, charset_of(kind))
