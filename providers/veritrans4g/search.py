"""取引検索: what the provider's list of transactions adds up to for one order.

The words and order of the list are known from the vendor's own client and sample form only (see README): what cannot be made
sense of is reported as "not known", never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.contract import MoneyStatus
from providers.veritrans4g.client import Answer

_AUTHORIZING = ("Authorize", "ReAuthorize")
_HELD = (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
_NOTHING_HELD = (MoneyStatus.CREATED, MoneyStatus.DECLINED)


def request(order_id: str) -> dict[str, Any]:
    """All transactions of one order, practice orders included; the account decides which world it asks."""
    return {
        "newerFlag": "false",
        "containDummyFlag": "true",
        "searchParameters": {"common": {"orderId": order_id}},
        "serviceTypeCd": ["card", "mpi"],
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of the list."""

    service: str
    command: str
    status: str
    code: str
    at: str
    amount_yen: int | None
    #: ``a`` authorized, ``ac`` with capture, ``ax`` run out, ``…p`` pending; other letters are not relied on.
    kind: str
    captured: bool
    masked_card: str
    #: ``Y`` authenticated, ``A`` attempted …; empty without 3-D Secure.
    authenticated: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands. ``status`` ``None``: a transaction hangs at the card company."""

    status: MoneyStatus | None
    amount_yen: int | None
    raw: str
    masked_card: str = ""
    #: Whether the order went through 3-D Secure, and what its transactions say of that.
    mpi: bool = False
    authenticated: str = ""


def found(answer: Answer, order_id: str) -> list[Mapping[str, Any]]:
    """The entries about exactly this order."""
    return [each for each in _list(answer.result, "orderInfos", "orderInfo") if each.get("orderId") == order_id]


def steps(orders: list[Mapping[str, Any]]) -> list[Step]:
    """The transactions of these entries, oldest first."""
    made = [_step(order, each) for order in orders for each in _list(order, "transactionInfos", "transactionInfo")]
    return sorted(made, key=lambda step: step.at)


@dataclass(frozen=True, slots=True)
class _Sum:
    """What the transactions so far add up to, and the one among them that hangs at the card company."""

    status: MoneyStatus = MoneyStatus.CREATED
    amount_yen: int | None = None
    hanging: Step | None = None


def standing(orders: list[Mapping[str, Any]]) -> Standing:
    """Fold the card's transactions. An order without any has only been to 3-D Secure: nothing is reserved yet."""
    found = _Sum()
    raw, masked, authenticated = "", "", ""
    for step in steps(orders):
        authenticated = step.authenticated or authenticated
        if not _is_card(step):
            continue
        raw, masked = f"{step.command}/{step.status}", step.masked_card or masked
        found = _after(found, step)
    status = None if found.hanging else found.status
    if status == MoneyStatus.AUTHORIZED and any(order.get("orderStatus") == "expired" for order in orders):
        status = MoneyStatus.EXPIRED
    mpi = any(order.get("serviceTypeCd") == "mpi" for order in orders)
    return Standing(status, found.amount_yen, raw, masked, mpi, authenticated)


def _after(found: _Sum, step: Step) -> _Sum:
    """One transaction more. What is pending – or said in words that nobody knows – changes nothing, and nothing is forgotten over
    it: the same command again or a Retry decides it."""
    if step.command == "Retry":
        if not found.hanging and found.status not in _NOTHING_HELD:
            return found
        step = _retried(step, found.hanging)
    if step.status == "success":
        return _done(found, step)
    if step.status == "failure":
        return _refused(found, step)
    return found if step.command in _AUTHORIZING and found.status in _HELD else replace(found, hanging=step)


def _retried(step: Step, hanging: Step | None) -> Step:
    """A Retry is the transaction that hung, with a status of its own."""
    if hanging is None:
        return replace(step, command="Authorize")
    amount = hanging.amount_yen if step.amount_yen is None else step.amount_yen
    kind = step.kind or hanging.kind
    return replace(hanging, status=step.status, amount_yen=amount, kind=kind, captured=step.captured or hanging.captured)


def _done(found: _Sum, step: Step) -> _Sum:
    amount = found.amount_yen if step.amount_yen is None else step.amount_yen
    hanging = None if found.hanging and found.hanging.command == step.command else found.hanging
    if step.command in _AUTHORIZING:
        return _Sum(_authorized(step), amount, hanging)
    if hanging and hanging.command in _AUTHORIZING:
        found, hanging = _done(_Sum(), hanging), None  # what follows an authorization shows that there is one
    if step.command == "Capture":
        return _Sum(MoneyStatus.CAPTURED, amount)
    if step.command == "Cancel" and found.status in _HELD:
        return _taken_off(found, step, hanging)
    return replace(found, hanging=hanging)


def _taken_off(found: _Sum, step: Step, hanging: Step | None) -> _Sum:
    """After a Cancel: all of it ends the order, whatever hung before."""
    amount = found.amount_yen
    left = amount - step.amount_yen if amount is not None and step.amount_yen is not None else 0
    if left > 0:
        return _Sum(found.status, left, hanging)
    return _Sum(MoneyStatus.REFUNDED if found.status == MoneyStatus.CAPTURED else MoneyStatus.VOIDED, amount)


def _refused(found: _Sum, step: Step) -> _Sum:
    """What is refused leaves everything as it was; while something hangs, only a word about that very command decides it."""
    if found.hanging and found.hanging.command != step.command:
        return found
    lost = step.command in _AUTHORIZING and found.status == MoneyStatus.CREATED
    return _Sum(MoneyStatus.DECLINED if lost else found.status, found.amount_yen)


def _authorized(step: Step) -> MoneyStatus:
    if step.kind == "ax":
        return MoneyStatus.EXPIRED
    return MoneyStatus.CAPTURED if step.captured else MoneyStatus.AUTHORIZED


def _is_card(step: Step) -> bool:
    """An entry of 3-D Secure may list the card's authorization too; the card's transaction has a kind of its own."""
    return step.service == "card" or bool(step.kind)


def _step(order: Mapping[str, Any], told: Mapping[str, Any]) -> Step:
    proper = told.get("properTransactionInfo")
    own: Mapping[str, Any] = proper if isinstance(proper, dict) else {}
    kind = str(own.get("cardTransactionType") or "")
    return Step(
        service=str(order.get("serviceTypeCd") or ""), command=str(told.get("command") or ""),
        status=str(told.get("mstatus") or ""), code=str(told.get("vResultCode") or ""),
        at=str(told.get("txnDatetime") or ""), amount_yen=yen(told.get("amount")), kind=kind,
        captured=kind.startswith("ac") or own.get("reqWithCapture") == "true",
        masked_card=str(own.get("reqCardNumber") or ""),
        authenticated=str(own.get("res3dTransactionStatus") or ""),
    )  # fmt: skip


def _list(told: Mapping[str, Any], outer: str, inner: str) -> Iterator[Mapping[str, Any]]:
    """The objects of ``outer.inner``: a list, one object, or nothing."""
    within = told.get(outer)
    rows = within.get(inner) if isinstance(within, dict) else None
    yield from (row for row in (rows if isinstance(rows, list) else [rows]) if isinstance(row, dict))


def yen(value: object) -> int | None:
    """Digits as yen; ``None`` for anything else and for more than any payment can be."""
    text = str(value) if isinstance(value, (str, int)) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
