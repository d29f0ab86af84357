"""What the provider's books hold: contracts, tokens, members, transactions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from providers.escott.demo import EscottMerchantKeys
from providers.sandbox import practice

#: Every 支払区分 there is (protocol §3.5).
PAY_TYPES = ("01", "02", "03", "05", "06", "10", "12", "15", "18", "20", "24", "80", "88")

#: Contracted kinds of sale -> the Master messages that are taken
CAPTURE_KINDS: dict[str, tuple[str, ...]] = {
    "both": ("1Auth", "1Gathering"),
    "auth": ("1Auth",),
    "gathering": ("1Gathering",),
}


@dataclass(frozen=True)
class Merchant(EscottMerchantKeys):
    """A contract."""

    #: 会員機能, otherwise K68
    members: bool = True
    #: 売上方式 of the contract, one of CAPTURE_KINDS
    capture_kind: str = "both"
    #: 支払区分 of the contract, comma separated
    pay_types: str = ",".join(PAY_TYPES)
    #: it is outside the season of ボーナス一括, which gets C11; OURS: the provider's seasons are not known
    bonus_closed: bool = False
    #: how long a token lives; OURS: the provider names no time
    token_seconds: float = 600.0
    #: wrong passwords in a row
    failures: int = 0
    #: locked out after too many of them: every request gets KG8 until somebody releases it
    locked: bool = False

    def __post_init__(self) -> None:
        if self.capture_kind not in CAPTURE_KINDS:
            raise ValueError(f"capture_kind must be one of {', '.join(CAPTURE_KINDS)}")
        if unknown := set(self.pay_types.split(",")) - set(PAY_TYPES):
            raise ValueError(f"no such pay_types: {', '.join(sorted(unknown))}")


@dataclass(frozen=True)
class Card:
    """A card as the books keep it (see ``cards.kept_number``)."""

    number: str
    #: YYMM
    expiry: str
    #: what became of the security code: empty = not sent, else one of the results of McSecCd
    security_code: str = ""


@dataclass(frozen=True)
class Token:
    token: str
    merchant_id: str
    number: str
    expiry: str
    security_code: str
    made_at: float
    used: bool = False

    @property
    def card(self) -> Card:
        return Card(self.number, self.expiry, self.security_code)


class MemberStatus(StrEnum):
    """KaiinStatus (protocol §5.2)."""

    VALID = "0"
    CARD_INVALID = "1"
    LOCKED = "2"
    INVALID = "3"
    DELETED = "4"


@dataclass(frozen=True)
class Member:
    """A card kept for a customer."""

    merchant_id: str
    kaiin_id: str
    kaiin_pass: str
    number: str
    expiry: str
    status: str
    enabled_at: float
    #: wrong KaiinPass in a row
    failures: int = 0
    #: what every charge of this card is answered from now on, empty = what the card itself says
    decline: str = ""

    @property
    def card(self) -> Card:
        return Card(self.number, self.expiry)


class Stage(StrEnum):
    """Where a transaction stands (protocol §3.3)."""

    CHECKED = "CHECKED"
    AUTH = "AUTH"
    SALES = "SALES"
    VOID = "VOID"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


#: CHECKED is no state of a payment: nothing was to be held.
STATES = {
    Stage.AUTH: practice.State.AUTHORIZED,
    Stage.SALES: practice.State.CAPTURED,
    Stage.VOID: practice.State.CANCELLED,
    Stage.REFUSED: practice.State.REFUSED,
    Stage.EXPIRED: practice.State.EXPIRED,
}

STAGE_NAMES = {
    Stage.CHECKED: "有効性確認",
    Stage.AUTH: "与信",
    Stage.SALES: "売上",
    Stage.VOID: "取消",
    Stage.REFUSED: "拒否",
    Stage.EXPIRED: "与信期限切れ",
}


@dataclass(frozen=True)
class Transaction:
    """What a Master message began."""

    #: 処理通番 of the Master reply
    transaction_id: str
    merchant_id: str
    #: the Master message: 1Check, 1Auth, 1Gathering
    kind: str
    free1: str
    free2: str
    free3: str
    process_id: str
    process_pass: str
    stage: str
    amount: int
    pay_type: str
    number: str
    expiry: str
    #: the member that was charged, empty for a token
    kaiin_id: str
    created_at: float
    #: the time of the latest authorisation
    authorized_at: float
    approve_no: str = ""
    #: YYYYMMDD, empty until the sale is booked
    sales_date: str = ""
    #: why it was refused
    code: str = ""

    @property
    def card(self) -> Card:
        return Card(self.number, self.expiry)


@dataclass(frozen=True)
class Step:
    """One line of a transaction's history; ``before`` is empty in the first one."""

    transaction_id: str
    at: float
    operation: str
    before: str
    after: str
    amount: int
    #: who did it: wire, console, clock
    by: str
    code: str = ""
    id: int | None = None
