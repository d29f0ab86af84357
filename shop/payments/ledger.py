"""The ledger: what the operations of a payment add up to. Pure; the cached columns are this fold, never more."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from providers.contract import MoneyStatus, Verb

#: Ledger-only verb: the authorization ran out at the provider.
EXPIRE = "expire"
#: Verbs that make an authorization, each under a reference of its own.
CREATING = (Verb.AUTHORIZE, Verb.REAUTHORIZE)


class Fact(Protocol):
    """The columns of an operation that the fold reads."""

    verb: str
    state: str
    amount_yen: int
    capture: bool
    handle: str


@dataclass(frozen=True, slots=True)
class Money:
    """Where a payment stands, in yen."""

    status: MoneyStatus = MoneyStatus.CREATED
    authorized_yen: int = 0
    captured_yen: int = 0
    refunded_yen: int = 0


def derive(operations: Iterable[Fact]) -> Money:
    """Fold operations, oldest first. Only succeeded ones move money; a refused authorization names the status.

    The newest authorization counts: voiding one that it replaced moves nothing of the payment.
    """
    money, handle = Money(), ""
    for operation in operations:
        if operation.state == "succeeded":
            if operation.verb in CREATING:
                handle = operation.handle
            elif operation.verb == Verb.VOID and operation.handle != handle:
                continue
            money = _apply(money, operation)
        elif operation.verb == Verb.AUTHORIZE and money.status in (
            MoneyStatus.CREATED, MoneyStatus.DECLINED, MoneyStatus.AWAITING_BUYER,
        ):  # fmt: skip
            money = Money(_attempted(operation.state))
    return money


def _apply(money: Money, operation: Fact) -> Money:
    amount = operation.amount_yen
    match operation.verb:
        case Verb.AUTHORIZE if operation.capture:
            return Money(MoneyStatus.CAPTURED, amount, amount)
        case Verb.AUTHORIZE | Verb.REAUTHORIZE | Verb.CHANGE:
            return Money(MoneyStatus.AUTHORIZED, amount)
        case Verb.CAPTURE:
            return Money(MoneyStatus.CAPTURED, money.authorized_yen, amount)
        case Verb.VOID:
            return Money(MoneyStatus.VOIDED)
        case Verb.REFUND:
            return Money(MoneyStatus.REFUNDED, money.authorized_yen, money.captured_yen, money.refunded_yen + amount)
        case _ if operation.verb == EXPIRE:
            return Money(MoneyStatus.EXPIRED)
        case _:
            raise ValueError(f"verb {operation.verb!r} moves no money")


def _attempted(state: str) -> MoneyStatus:
    if state == "declined":
        return MoneyStatus.DECLINED
    return MoneyStatus.AWAITING_BUYER if state == "parked" else MoneyStatus.CREATED
