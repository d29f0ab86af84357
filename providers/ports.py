"""The doors to a provider: a ``Provider`` is its folder seen from outside, a ``Gateway`` one account of it, opened.

What goes through them – verbs, results, verdicts – stands in :mod:`providers.contract`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from providers.charge import CardSource, Charge, Reauthorization, ReturnFields
from providers.contract import (
    BeforeSend,
    Capabilities,
    Category,
    ListResult,
    MoneyStatus,
    Notice,
    NoticeReading,
    Now,
    QueryResult,
    Recorder,
    RemoveResult,
    Result,
    ReturnReading,
    StoreResult,
)
from providers.settings import Setting, SettingsCheck


class Gateway(Protocol):
    """One account at one provider, opened with its credentials. Verbs return results and raise nothing."""

    def authorize(self, charge: Charge) -> Result: ...

    def read_return(self, secret: str, fields: ReturnFields) -> ReturnReading:
        """Check a return against the secret of its operation; calls nobody."""
        ...

    def resume(self, charge: Charge, secret: str, fields: ReturnFields) -> Result:
        """Go on with an authorization after a genuine return. ``charge.source`` is empty: the secret holds what is needed."""
        ...

    def reauthorize(self, again: Reauthorization) -> Result:
        """Authorize another amount on the same card. The earlier authorization is not touched."""
        ...

    def change(self, handle: str, amount_yen: int) -> Result:
        """Have the same authorization stand with another amount. Refused, the old one stands as before."""
        ...

    def capture(self, handle: str, amount_yen: int) -> Result:
        """Take ``amount_yen`` of what was authorized; where less is possible, the rest is released."""
        ...

    def void(self, handle: str) -> Result: ...

    def refund(self, handle: str, amount_yen: int) -> Result: ...

    def query(self, *, merchant_ref: str = "", handle: str = "") -> QueryResult: ...

    def store_card(self, customer_ref: str, source: CardSource) -> StoreResult:
        """Have a card kept for later orders. Authorizes nothing, not even one yen (R-150)."""
        ...

    def list_cards(self, customer_ref: str) -> ListResult:
        """What is kept for a customer: the question after a lost answer of the two other verbs."""
        ...

    def remove_card(self, customer_ref: str, card_ref: str) -> RemoveResult:
        """Have one card kept no longer; an empty ``card_ref`` means every card of the customer. Safe to repeat."""
        ...

    def poll_notices(self) -> Iterator[Notice]:
        """Fetch waiting notices from the provider's feed, oldest first, each when it is asked for: what was fetched may not come
        again. Empty when there is none or no feed."""
        ...

    def read_notice(self, method: str, body: bytes, headers: Mapping[str, str]) -> NoticeReading:
        """Check and read one notification request, exactly as it came. ``headers``: names in lower case."""
        ...

    def check_settings(self, now: datetime) -> tuple[SettingsCheck, ...]:
        """接続テスト: ask something harmless and say of each group of values whether it is right. Moves no money."""
        ...


@dataclass(frozen=True, slots=True)
class BrowserTokens:
    """What the payment page needs to make a card token: the provider's script, our module over it, public values."""

    script_url: str
    origins: tuple[str, ...]
    public: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuyerMessage:
    """What a buyer is told about a refusal: our words, and the code where the contract asks for it."""

    text: str
    code: str = ""


class Endpoint(StrEnum):
    """Which world an account talks to."""

    LIVE = "live"
    #: Our own simulator – practice orders only.
    PRACTICE = "practice"


class Provider(Protocol):
    """A provider's folder, seen from outside: everything the shop may ask of it without naming it."""

    code: str
    name: str
    #: 支払方法 as the shop may call it at first, and its システム側名称.
    method_name: str
    system_name: str
    settings: tuple[Setting, ...]
    #: Numbers that the provider's guide gives to fields every method has: ``name``, ``conditions``, ``note``.
    marks: Mapping[str, str]
    #: What the shopkeeper's console at the provider is called.
    console_name: str
    #: Whether it tells a registered address what became of a payment.
    sends_notices: bool
    #: Under which heading our reference is found there.
    console_search: str
    #: What the provider and its guide call our reference.
    reference_name: str
    status_words: Mapping[MoneyStatus, str]
    #: What the box says of a payment that cannot be looked at: that it cannot, and what is most likely wrong with the settings.
    unreadable_words: tuple[str, str]

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def browser_module(self) -> str:
        """Source of the ES module with ``createToken``, served by the shop from the provider's folder."""
        ...

    def open(
        self,
        settings: Mapping[str, str],
        base_url: str,
        *,
        before_send: BeforeSend,
        record: Recorder,
        now: Now,
        keys: str = "",
        seed: str = "",
    ) -> Gateway:
        """``now``: the shop's clock. ``keys``: what :class:`~providers.contract.Approved` gave us to keep for the payment at hand. ``seed``: a secret of the
        account that stays the same for ever, for what an adapter must make up and find again."""
        ...

    def base_url(self, endpoint: Endpoint, simulator_url: str) -> str: ...

    def browser(self, settings: Mapping[str, str], base_url: str, endpoint: Endpoint) -> BrowserTokens: ...

    def new_merchant_ref(self, now: datetime) -> str:
        """A fresh reference of the provider's length and alphabet, unguessable enough never to repeat."""
        ...

    def customer_ref(self, member_public_id: str, registration: int) -> str:
        """How a member is called at this provider for their ``registration``-th card operation, made from their public id: nobody
        else's, and always the same one unless the provider wants a fresh one for each registration."""
        ...

    def buyer_message(self, category: Category, code: str) -> BuyerMessage: ...

    def refusal(self, code: str) -> str:
        """What staff read in place of a code that says nothing by itself; empty where the code is to be shown as it came."""
        ...

    def unreadable(self, code: str, *, earlier_contract: bool) -> str:
        """The one cause that ``code`` proves when a payment cannot be looked at, in a sentence for staff; empty where it
        proves none. ``earlier_contract``: the payment was made under another contract than today's."""
        ...

    def browser_messages(self) -> Mapping[str, BuyerMessage]:
        """Messages for the token script's result codes; the key ``""`` is the default."""
        ...

    def practice_settings(self) -> Mapping[str, str]:
        """Settings that fit the built-in simulator's demo contract."""
        ...
