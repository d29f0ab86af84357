"""What the provider's books hold: contracts, cards, tokens, stored cards, authentications, payments, notices, telegrams."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from providers.paygent.demo import PaygentMerchantKeys
from providers.sandbox.outgoing import Notice

#: Attemptオーソリ制御区分 -> the attempt_kbn it refuses; empty = the provider leaves it to the shop
ATTEMPT_CONTROLS: dict[str, tuple[str, ...]] = {"": (), "low": (), "medium": ("1",), "high": ("0", "1")}


@dataclass(frozen=True)
class Merchant(PaygentMerchantKeys):
    """A contract."""

    #: notices of status 10 are sent (by contract, protocol §15 no. 12)
    notify_applied: bool = False
    #: 支払区分 of the contract, comma separated
    payment_classes: str = "10,23,61,80"
    #: 分割回数 of the contract, comma separated
    split_counts: str = "3,5,6,10,12,15,18,20,24"
    #: failed pushes in a row, and until when all pushes rest
    push_failures: int = 0
    push_paused_until: float = 0.0
    #: the merchant number is no longer valid: every telegram gets P002
    closed: bool = False
    #: EMV 3-D Secure is contracted, otherwise P063
    threeds: bool = True
    #: 3dsecure_ryaku=1 is not taken for a card the buyer has just entered or has stored
    threeds_required: bool = False
    #: Attemptオーソリ制御区分 as enforced by the provider (2015), one of ATTEMPT_CONTROLS
    attempt_control: str = ""
    #: the option 補正 (028, 029), otherwise P029
    corrections: bool = False
    #: 028 and 029 are taken for payments with 3-D Secure as well, otherwise 2014
    corrections_after_3ds: bool = False
    #: the option カード情報お預り (025, 026, 027, 116), otherwise P021, and P024 in 020
    stored_cards: bool = True
    #: the option 有効性チェック (valid_check_flg of 025, a new expiry in 116), otherwise P027
    validity_checks: bool = True

    def __post_init__(self) -> None:
        if self.attempt_control not in ATTEMPT_CONTROLS:
            raise ValueError(f"attempt_control must be one of {', '.join(ATTEMPT_CONTROLS)}")


@dataclass(frozen=True)
class Card:
    """What the books know of a card."""

    masked_card_number: str
    fingerprint: str
    brand: str
    acquirer_id: str
    #: 0 domestic, 1 foreign
    issuer_class: str
    #: MMYY
    valid_term: str

    @property
    def last_four(self) -> str:
        return self.masked_card_number[-4:]

    def card_fields(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(Card)}


@dataclass(frozen=True)
class Token(Card):
    token: str
    merchant_id: str
    #: セキュリティコードトークン, without a card
    cvc_only: bool
    has_security_code: bool
    valid_until: float
    used: bool = False
    holder_name: str = ""


@dataclass(frozen=True)
class StoredCard(Card):
    """A card that a merchant keeps at the provider for one of its customers; a deleted one stays in the books."""

    customer_card_id: str
    merchant_id: str
    customer_id: str
    stored_at: float
    #: the latest authorisation; the registration counts as the first use
    last_used_at: float
    holder_name: str = ""
    add_info1: str = ""
    add_info2: str = ""
    add_info3: str = ""
    add_info4: str = ""
    #: when a validity check said yes, if there was one
    checked_at: float | None = None
    deleted_at: float | None = None
    #: telegram or page that deleted it
    deleted_by: str = ""


@dataclass(frozen=True)
class Authentication(Card):
    """One 450 that was answered normally, and what became of it."""

    auth_id: str
    #: names the issuer's page in its address
    page_key: str
    merchant_id: str
    trading_id: str
    site_id: str
    term_url: str
    #: merchant_name as sent
    shop_name: str
    #: yen
    amount: int
    created_at: float
    #: what the issuer will do, see outcomes.py
    plan: str
    #: empty until there is one, then 0 or 1 for good
    result: str = ""
    attempt_kbn: str = ""
    response_code: str = ""
    server_error_code: str = ""
    finished_at: float | None = None
    #: payment_id of the 020 that used it up
    used_by: str = ""
    #: how often the browser was sent back
    returns: int = 0
    #: when the provider calls the shop about a time-out
    notice_due: float | None = None
    notice_attempts: int = 0
    notice_acknowledged: bool = False

    @property
    def state(self) -> str:
        if not self.result:
            return "pending"
        if self.result == "0":
            return "authenticated"
        return "timed_out" if self.response_code == "31013" else "refused"


@dataclass(frozen=True)
class Payment(Card):
    payment_id: str
    merchant_id: str
    trading_id: str
    site_id: str
    #: yen
    amount: int
    payment_class: str
    split_count: str
    #: 3dsecure_ryaku as sent
    threeds_omitted: str
    created_at: float
    status: str = ""
    #: 000 or the code of the refusal
    joho_code: str = ""
    authorized_at: float | None = None
    captured_at: float | None = None
    cancelled_at: float | None = None
    #: when the status changes by itself
    deadline: float | None = None
    #: repeated authorisations after code 2003
    retries: int = 0
    #: the authentication it rests on, its result, and the version of EMV 3-D Secure; empty without one
    threeds_auth_id: str = ""
    attempt_kbn: str = ""
    threeds_version: str = ""
    #: the payment that this one replaces with another amount
    base_payment_id: str = ""
    #: whose stored card it charged; empty for a card that was not stored
    customer_id: str = ""
    customer_card_id: str = ""


@dataclass(frozen=True)
class Step:
    """A status that a payment has reached."""

    id: int | None
    payment_id: str
    at: float
    from_status: str
    to_status: str
    by: str


@dataclass(frozen=True)
class StatusNotice(Notice):
    """The notice of a status."""

    merchant_id: str
    notice_id: int
    payment_id: str
    status: str
    site_id: str
    changed_at: float
    #: as JSON
    fields: str
    #: no longer a novelty for 091
    fetched: bool = False


@dataclass(frozen=True)
class Request:
    """A telegram as it came in."""

    id: int | None
    kind: str
    trading_id: str
    payment_id: str
    fault: str
    at: float
    #: 0 or 1, empty = not answered
    result: str = ""
    response_code: str = ""
    customer_id: str = ""


@dataclass(frozen=True)
class TelegramCount:
    kind: str
    count: int
