"""Records of the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.sandbox.outgoing import Notice
from providers.sandbox.practice import State


@dataclass(frozen=True)
class Merchant:
    merchant_ccid: str
    merchant_key: str
    token_api_key: str
    title: str = ""
    #: 分割 that the acquirer takes, comma separated
    instalments: str = "2,3,5,6,10,12,15,18,20,24"
    revolving: bool = True
    bonus: bool = True
    #: contracts
    paynowid: bool = True
    mpi: bool = True
    withdrawn: bool = False
    security_code: bool = True
    #: what is registered and used where a request does not say it
    push_url: str = ""
    redirect_url: str = ""
    verify_result_link: str = "1"
    device_channel: str = "02"
    #: OURS: Authorize/mpi answers with authStartUrl, not with resResponseContents alone
    start_url: bool = True


@dataclass(frozen=True)
class Card:
    """What the books keep of a card: never its number."""

    #: 411111********11, as answers about payments show it
    masked: str = ""
    #: 411111******1111, as answers about stored cards show it
    masked_long: str = ""
    last_four: str = ""
    brand: str = ""
    #: MM/YY
    expire: str = ""
    holder: str = ""
    #: what the number makes happen (cards.py)
    plan: str = ""


@dataclass(frozen=True)
class Token(Card):
    token: str = ""
    merchant_ccid: str = ""
    valid_until: float = 0.0
    used: bool = False


@dataclass(frozen=True)
class StoredCard(Card):
    card_id: str = ""
    merchant_ccid: str = ""
    account_id: str = ""
    is_default: bool = False
    deleted_at: float | None = None


@dataclass(frozen=True)
class Account:
    #: merchant and member in one, see ``account_key``
    key: str
    merchant_ccid: str
    account_id: str
    created_at: float
    deleted_at: float | None = None


@dataclass(frozen=True)
class Order(Card):
    #: names it in the console; a series of its own, because two merchants may use the same orderId
    handle: str = ""
    merchant_ccid: str = ""
    order_id: str = ""
    #: card or mpi: how it began
    service: str = "card"
    dummy: bool = True
    state: State = State.PENDING
    #: what was asked for at first
    requested: int = 0
    #: reserved or taken; of an order that is over, what was
    amount: int = 0
    jpo: str = "10"
    with_capture: bool = False
    auth_code: str = ""
    #: cardTransactionType of the latest success
    transaction_type: str = ""
    created_at: float = 0.0
    authorized_at: float | None = None
    centre_at: float | None = None
    original_order_id: str = ""
    #: the stored card that was charged, or the one that this order registered
    account_id: str = ""
    card_id: str = ""
    #: to be stored once the payment stands
    registers: bool = False
    registers_default: bool = True
    memo1: str = ""
    memo2: str = ""
    memo3: str = ""
    free_key: str = ""
    # ---- 3-D Secure ----
    option_type: str = ""
    request_id: str = ""
    page_key: str = ""
    redirect_uri: str = ""
    push_url: str = ""
    result_link: str = ""
    deadline: float | None = None
    #: EMV status, empty = not finished
    trans_status: str = ""
    txn_type: str = ""
    mpi_mstatus: str = ""
    mpi_code: str = ""
    card_mstatus: str = ""
    finished_at: float | None = None
    #: fields of the genuine return as JSON
    returned: str = ""
    returns: int = 0

    @property
    def balance(self) -> int:
        return self.amount if self.state in (State.AUTHORIZED, State.CAPTURED) else 0

    @property
    def paid_by_card(self) -> bool:
        """mpi-none only looks at the buyer: no money belongs to it."""
        return self.option_type != "mpi-none"


@dataclass(frozen=True)
class Transaction:
    """One message about an order, as Search lists it."""

    id: int | None
    handle: str
    txn_id: str
    command: str
    mstatus: str
    code: str
    at: float
    amount: int
    transaction_type: str
    by: str


@dataclass(frozen=True)
class Step:
    """A state that an order has reached."""

    id: int | None
    handle: str
    state: State
    at: float
    by: str


@dataclass(frozen=True)
class Push(Notice):
    id: int | None
    merchant_ccid: str
    handle: str
    url: str
    #: the record's fields as JSON, names without their number
    record: str


def card_of(card: Card) -> dict[str, Any]:
    """The fields of the card alone, to be copied into another row."""
    return {name: getattr(card, name) for name in Card.__dataclass_fields__}


def account_key(merchant_ccid: str, account_id: str) -> str:
    return f"{merchant_ccid}/{account_id}"
