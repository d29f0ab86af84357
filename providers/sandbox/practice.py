"""What a provider's simulator is to the practice world: its addresses, its switches, and its books in words that every
provider shares – so that one set of tests asks all of them what really happened to the money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from flask import Blueprint

from providers.sandbox.clock import Clock
from providers.sandbox.faults import FaultBook


class State(StrEnum):
    """Where a payment stands in the provider's own books."""

    #: Begun and not decided: the buyer is at the issuer's page, or the provider itself does not know yet.
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    #: Released or given back in full: no money is held.
    CANCELLED = "cancelled"
    #: Refused; nothing was ever held.
    REFUSED = "refused"
    EXPIRED = "expired"


#: States in which money is reserved or taken.
HOLDING = (State.AUTHORIZED, State.CAPTURED)


@dataclass(frozen=True)
class BookedPayment:
    """One payment. ``reference`` is the merchant's own number of it, ``handle`` what names it in the provider's console."""

    merchant: str
    reference: str
    handle: str
    state: State
    #: Yen that are reserved or taken; of a payment that is over, those that were.
    amount_yen: int
    #: The states it went through, the first one first.
    history: tuple[State, ...] = ()
    #: The provider began to change it and has not finished: where it stands may not last.
    half_done: bool = False


@dataclass(frozen=True)
class BookedCard:
    """A card kept for a customer, once kept always in the books."""

    merchant: str
    customer: str
    card: str
    last_four: str
    alive: bool


@dataclass(frozen=True)
class Call:
    """One request of a merchant, in the order of arrival. ``code`` is the provider's answer, empty = accepted."""

    #: The provider's own name of the operation, and the switches' one (see ``VERBS``).
    kind: str
    verb: str
    reference: str
    code: str = ""
    #: Trouble that was asked for and hit it.
    fault: str = ""
    answered: bool = True


@dataclass(frozen=True)
class Books:
    payments: tuple[BookedPayment, ...] = ()
    cards: tuple[BookedCard, ...] = ()
    calls: tuple[Call, ...] = ()
    #: Requests that wait for their answer, and notices let go that wait for their acknowledgement.
    busy: int = 0


#: What the switches call operations of all providers; a fault may name one of these, or a provider's own kind.
VERBS = (
    "authorize", "authenticate", "capture", "void", "refund", "change", "reauthorize", "query", "store", "list", "remove",
    "token", "search",
)  # fmt: skip


@dataclass(frozen=True)
class TestCard:
    """A number to type in, and what comes of it in words for the start page."""

    number: str
    effect: str

    __test__ = False  # no test class, in spite of its name


class Simulator(Protocol):
    """A provider's side of the wire. Made once for the life of a practice world; its books are one SQLite file of its own."""

    #: The folder's name. Its addresses stand under ``/<code>/``, its console under ``/console/<code>/``, switches that only it has
    #: under ``/control/<code>/``.
    code: str
    title: str
    test_cards: tuple[TestCard, ...]

    def __init__(self, path: Path, clock: Clock, faults: FaultBook) -> None: ...

    def provider_side(self) -> Iterable[Blueprint]:
        """What the world may reach: the merchant's requests, the browser's script and token endpoint, the issuer's pages."""
        ...

    def console(self) -> Blueprint:
        """The management console as pages; index at its root."""
        ...

    def switches(self) -> Blueprint | None: ...

    def token(self, card: Mapping[str, str], merchant: str = "") -> str:
        """A one-time token as the browser's script would get it: ``number``, ``expiry`` (``YYMM``), ``cvc``, ``name``; of the demo
        merchant unless another is named. Empty where none is made."""
        ...

    def books(self) -> Books: ...

    def console_act(self, handle: str, act: str) -> None:
        """What staff do there behind the shop's back: ``capture``, ``void``, ``refund``. Raises ``ValueError`` where impossible."""
        ...

    def set_notices(self, switches: Mapping[str, Any]) -> None:
        """How notices are pushed: ``mode`` (``normal``, ``hold``, ``before_answer``), ``delay``, ``duplicate``, ``reorder``,
        ``retry_seconds``, ``release``. Does nothing where there are none."""
        ...

    def register(self, push_url: str) -> None:
        """The demo merchant's address for notices. Does nothing where requests name it, or where there are none."""
        ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class Disorder:
    """How notices are pushed, for simulators that push any."""

    #: hold: only on release; before_answer: before the request that caused it is answered
    mode: str = "normal"
    #: how many extra times each notice is sent
    duplicate: int = 0
    #: real seconds before the first attempt; some, because a provider rarely overtakes its own answer
    delay: float = 0.5
    #: newest first among those that are due
    reorder: bool = False
    #: real seconds between attempts
    retry_seconds: float = 10.0
    modes: tuple[str, ...] = field(default=("normal", "hold", "before_answer"), repr=False)

    def __post_init__(self) -> None:
        if self.mode not in self.modes:
            raise ValueError(f"mode must be one of {', '.join(self.modes)}")
