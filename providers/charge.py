"""What an authorization asks for, in the words of the contract. Plain values, as all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from providers.kept_cards import StoredCardSource


@dataclass(frozen=True, slots=True)
class CardSource:
    """A one-time token made by the provider's script in the buyer's browser. Never a card number."""

    token: str

    def __repr__(self) -> str:
        return "CardSource(token=[hidden])"


@dataclass(frozen=True, slots=True)
class Cardholder:
    """What the card's issuer may be told about the buyer to authenticate them. Plain text, empty where not known."""

    email: str = ""
    phone: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""


@dataclass(frozen=True, slots=True)
class Browser:
    """What the issuer may be told about the buyer's browser: two of its headers, and its network address."""

    user_agent: str = ""
    accept: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """What an authorization asks for."""

    merchant_ref: str
    amount_yen: int
    source: CardSource | StoredCardSource
    capture: bool
    #: 支払回数: 1 = 一括, n = 分割, 0 = ボーナス一括.
    instalments: int = 1
    #: Values of the method's own settings.
    options: Mapping[str, str] = field(default_factory=dict)
    #: Where a page of the provider sends the buyer back to; ``started_at`` is the shop's clock at the press.
    return_url: str = ""
    started_at: datetime | None = None
    cardholder: Cardholder = Cardholder()
    browser: Browser = Browser()
    #: 購入者氏名, where the provider keeps it beside the payment for the shop's own search.
    buyer_name: str = ""
    #: The account's address for notifications, where a request names it.
    notice_url: str = ""


#: The parameters of a buyer's return, in order, as they came.
ReturnFields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reauthorization:
    """A new authorization with the card of an earlier one, which stands until it is voided by itself."""

    merchant_ref: str
    amount_yen: int
    #: The earlier authorization: our reference for it and the provider's handle.
    earlier_ref: str
    earlier_handle: str
    #: 支払回数 as in :class:`Charge`.
    instalments: int = 1
