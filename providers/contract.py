"""What a payment provider is to the shop: verbs, results, capabilities.

Plain values only – integer yen, aware datetimes, frozen dataclasses. ``Unknown`` is a result, not an exception, so no
caller can forget it. The shop decides nothing by a provider's code: the adapter translates into the words of this file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from providers.kept_cards import CardList, CardRemoved, CardStored, Linking


def N_(text: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a Japanese text for the shop's message catalogue; the shop translates it where it is shown."""
    return text


class Verb(StrEnum):
    """What can be asked of a provider about money."""

    #: 与信 – reserve the amount (with ``capture=True``: take it at once, 同時売上).
    AUTHORIZE = "authorize"
    #: 売上確定 – take the reserved amount.
    CAPTURE = "capture"
    #: 与信取消 – release a reservation.
    VOID = "void"
    #: 返金 – give a captured amount back in full.
    REFUND = "refund"
    #: 再与信 – a new authorization for a new amount; the old one is voided by a second operation.
    REAUTHORIZE = "reauthorize"
    #: 金額変更 – the reservation stands with another amount: the provider secures the new one before it lets the old one go.
    CHANGE = "change"
    #: A slip or number to pay by; the money comes days later.
    ISSUE_SLIP = "issue_slip"


class Recovery(StrEnum):
    """How an unknown outcome of a verb is found out."""

    #: Ask by the reference we made before the call.
    BY_MERCHANT_REF = "by_merchant_ref"
    #: Ask by the provider's own handle.
    BY_HANDLE = "by_handle"
    #: Ask by the handle; what stays half-way may be sent again: a repetition is answered like the first time.
    SAFE_REPEAT = "safe_repeat"
    #: Nothing can be asked: a person looks it up in the provider's console.
    BY_CONSOLE = "by_console"


class MoneyStatus(StrEnum):
    """Where the money of one payment stands."""

    CREATED = "created"
    AWAITING_BUYER = "awaiting_buyer"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"
    DECLINED = "declined"
    EXPIRED = "expired"


class Category(StrEnum):
    """Why something was refused – the shop reacts to these words, never to a provider's code."""

    CARD_DATA = "card_data"
    CARD_EXPIRED = "card_expired"
    CARD_REFUSED = "card_refused"
    NOT_ACCEPTED = "not_accepted"
    #: 本人認証 failed, was given up, or its outcome is not enough for this shop.
    AUTHENTICATION = "authentication"
    #: The provider keeps no such card any more: the buyer enters one (R-140).
    STORED_CARD_GONE = "stored_card_gone"
    CONFIGURATION = "configuration"
    STATE_CONFLICT = "state_conflict"
    DEADLINE = "deadline"
    TEMPORARY = "temporary"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reference:
    """An id by which the provider's side can be searched; unique per account."""

    kind: str
    value: str


class Liability(StrEnum):
    """Who bears the loss when a card turns out to be stolen."""

    ISSUER = "issuer"
    MERCHANT = "merchant"


class AuthenticationOutcome(StrEnum):
    """What became of 本人認証 (EMV 3-D Secure)."""

    AUTHENTICATED = "authenticated"
    #: Attempt 正常: issuer or card take no part; the issuer bears the loss all the same.
    ATTEMPTED = "attempted"
    #: Attempt 注意: something went wrong on the way; the merchant bears the loss.
    UNCERTAIN = "uncertain"
    #: The provider let the buyer pass and does not say how.
    PASSED = "passed"
    #: The brand has no 3-D Secure at this acquirer; the shop's settings let it pass.
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the cardholder was authenticated before an approval."""

    outcome: AuthenticationOutcome
    liability: Liability


@dataclass(frozen=True, slots=True)
class Approved:
    """The provider did it. ``handle`` is opaque to the shop and handed back with follow-up verbs."""

    handle: str
    status: MoneyStatus
    references: tuple[Reference, ...] = ()
    masked_card: str = ""
    card_brand: str = ""
    #: The provider's own name for the card, the same for every payment with it under this contract; empty where it has none.
    fingerprint: str = ""
    authentication: Authentication | None = None
    #: What follow-ups need besides the handle. Secret: the shop keeps it encrypted and opens the gateway with it.
    keys: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider refused; nothing was reserved or moved."""

    category: Category
    code: str
    #: Provider's own words, for staff and the timeline only.
    detail: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsBuyer:
    """The buyer must act on another page before ``until``. ``html`` leads there, byte by byte as the provider wrote it – or the
    address ``url`` does; ``secret`` is handed back with the buyer's return. All survive the hop encrypted, then are erased."""

    html: str
    until: datetime
    references: tuple[Reference, ...] = ()
    secret: str = ""
    #: The same for the same card, whoever holds it; empty where the provider does not say.
    fingerprint: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class AwaitingPayment:
    """The order stands unpaid until the buyer pays by ``until`` with these instructions (label, text)."""

    handle: str
    instructions: tuple[tuple[str, str], ...]
    until: datetime
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request left: certainly nothing happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no usable answer came: it may have happened. Ask, never repeat blindly."""

    reason: str


Result = Approved | Declined | NeedsBuyer | AwaitingPayment | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What the provider says about one payment. ``None`` means: not reported."""

    handle: str
    merchant_ref: str
    status: MoneyStatus | None
    amount_yen: int | None
    references: tuple[Reference, ...] = ()
    #: The provider's own status word or number, for the timeline.
    raw_status: str = ""
    changed_at: datetime | None = None
    authorized_at: datetime | None = None
    masked_card: str = ""
    fingerprint: str = ""
    authentication: Authentication | None = None
    #: Whether the provider would have said that the payment is over. Where it would not, what we ended ourselves is over, and
    #: what was ended on its console goes unseen.
    tells_end: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider answered soundly and knows no such payment."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The provider answered, but the state cannot be read (refused credentials, several payments for one key …)."""

    category: Category
    code: str
    detail: str = ""


QueryResult = RemoteState | Absent | Unreadable | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification about one payment. It is a trigger: the shop asks before it believes."""

    serial: str
    merchant_ref: str
    handle: str
    status: MoneyStatus | None
    amount_yen: int | None
    changed_at: datetime | None
    raw_status: str = ""


@dataclass(frozen=True, slots=True)
class NoticeReading:
    """A notification request as read by the adapter: genuine or not, and the exact bytes that acknowledge it."""

    genuine: bool
    notices: tuple[Notice, ...]
    acknowledgement: bytes
    content_type: str = "text/plain"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnReading:
    """A buyer's return as read by the adapter: genuine and about this very operation, or not and why."""

    genuine: bool
    reason: str = ""


StoreResult = CardStored | Declined | NotSent | Unknown
RemoveResult = CardRemoved | Absent | Declined | NotSent | Unknown
ListResult = CardList | Unreadable | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer as bytes already redacted, for the order's timeline."""

    label: str
    request: str
    response: str
    outcome: str
    duration_ms: int
    #: Whether the provider said anything at all in its own protocol – a refusal is an answer; ``None``: it was not called.
    answered: bool | None = True


Recorder = Callable[[Exchange], None]
BeforeSend = Callable[[], None]
#: The shop's clock: an aware datetime.
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the shop knows of a payment when it asks whether a verb is allowed."""

    status: MoneyStatus
    authorized_yen: int
    order_total_yen: int
    capture_at_once: bool
    #: The provider's side as last seen; ``None`` = never seen or not readable then.
    remote_status: MoneyStatus | None
    remote_amount_yen: int | None
    remote_readable: bool
    authorized_at: datetime | None
    three_ds: bool = False
    #: Whether we can name the payment to the provider: of one that only staff found on its console we cannot.
    reachable: bool = True


class Reason(StrEnum):
    """Why a verb is not allowed now; the shop has a sentence for each."""

    NONE = ""
    NOT_NOW = "not_now"
    UNREADABLE = "unreadable"
    AMOUNT_DIFFERS = "amount_differs"
    EXPIRED = "expired"
    #: An authenticated payment: a new amount would lose the protection of 3-D Secure.
    THREE_DS = "three_ds"
    #: Never with this provider under this payment's mode: there is no such button.
    NEVER = "never"
    #: What was authorized cannot be raised here.
    RAISED = "raised"
    #: Only the provider's own console can go on with it.
    CONSOLE_ONLY = "console_only"
    #: The order's total is nothing the provider can authorize.
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a verb is allowed on this payment now; the same verdict draws the button and guards the POST. ``max_yen`` of a
    capture is the amount that it takes."""

    allowed: bool
    reason: Reason = Reason.NONE
    min_yen: int = 0
    max_yen: int = 0
    until: datetime | None = None


class Capabilities(Protocol):
    """What a provider allows, per payment. Plain code in the provider's folder."""

    #: Largest amount one payment may have, yen.
    max_yen: int
    #: Seconds after which "no such payment" is believed; before, a request may still be on its way.
    absent_after: float
    #: Overall deadline of one call, seconds.
    call_deadline: float
    recovery: Mapping[Verb, Recovery]
    #: How 取引更新 is done here: ``REAUTHORIZE`` or ``CHANGE``.
    update_verb: Verb
    #: Whether the provider itself authorizes when a buyer comes back from the issuer: then an attempt whose buyer stays away is
    #: asked about before it ends.
    charges_while_away: bool
    #: Card tokens the page must make so that one card can be charged and kept: two where a token dies with its first use;
    #: zero where the provider keeps no cards.
    tokens_to_link: int

    def verdict(self, verb: Verb, snapshot: Snapshot, now: datetime) -> Verdict: ...

    def instalments(self, settings: Mapping[str, str]) -> tuple[int, ...]:
        """Offered 支払回数 under these settings."""
        ...

    def authenticates(self, settings: Mapping[str, str]) -> bool:
        """Whether the card's issuer is told about the buyer to authenticate them (3-D Secure) under these settings."""
        ...

    def linking(self, settings: Mapping[str, str]) -> Linking:
        """クレジットカード紐づけ設定 under these settings; ``NEVER`` where the provider keeps no cards."""
        ...
