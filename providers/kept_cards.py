"""カードお預かり in the words of the contract: cards that a provider keeps for members. Plain values, as all of it."""

from dataclasses import dataclass
from enum import StrEnum


class CardVerb(StrEnum):
    """What can be asked of a provider that keeps members' cards (カードお預かり)."""

    #: Keep the card of a one-time token.
    STORE = "store"
    REMOVE = "remove"


class Linking(StrEnum):
    """クレジットカード紐づけ設定: whether the card of an order is kept for the member's next one."""

    #: Every order of a member links the card it was paid with (12-1).
    ALWAYS = "always"
    #: The member decides, order by order (12-2).
    ASK = "ask"
    #: An order leaves no card behind (12-3).
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class StoredCardSource:
    """A card that the provider keeps: of which customer of it, and which of their cards."""

    customer_ref: str
    card_ref: str


#: Brands as buyers know them.
CARD_BRANDS = ("Visa", "Mastercard", "JCB", "American Express", "Diners Club")


#: By how a number begins, the longer beginning first.
_BEGINNINGS = {
    "35": "JCB", "34": "American Express", "37": "American Express", "36": "Diners Club", "30": "Diners Club", "38": "Diners Club",
    "4": "Visa", "5": "Mastercard", "2": "Mastercard",
}  # fmt: skip


def brand_of(masked: str) -> str:
    """The brand by the first digits of a number, where its mask leaves them readable; else nothing."""
    return next((brand for start, brand in _BEGINNINGS.items() if masked.startswith(start)), "")


def brand_named(word: str) -> str:
    """``word``, out of a buyer's browser, where it is one of :data:`CARD_BRANDS`; else nothing: it is shown."""
    return word if word in CARD_BRANDS else ""


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A card as its keeper describes it. Empty = not said."""

    card_ref: str
    last_four: str = ""
    #: One of :data:`CARD_BRANDS`.
    brand: str = ""
    #: ``MMYY``: good to the end of that month.
    expiry: str = ""


@dataclass(frozen=True, slots=True)
class CardStored:
    """The provider keeps the card from now on."""

    card: KeptCard


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The provider keeps the card no longer. It says :class:`~providers.contract.Absent` where it knew no such card: that is as good."""


@dataclass(frozen=True, slots=True)
class CardList:
    """The cards the provider keeps for one customer, the one used last first; empty for a customer it does not know."""

    cards: tuple[KeptCard, ...]
