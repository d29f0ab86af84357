"""取引検索: what the provider's list of transactions adds up to for one order.

The words and order of the list are known from the vendor's own client and sample form only (see README): what cannot be made
sense of is reported as "not known", never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.contract import MoneyStatus
from providers.veritrans4g.client import Answer

_AUTHORIZING = ("Authorize", "ReAuthorize", "Retry")


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
    """Where an order stands. ``status`` ``None``: begun, and not decided."""

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


def standing(orders: list[Mapping[str, Any]]) -> Standing:
    """Fold the card's transactions. An order without any has only been to 3-D Secure: nothing is reserved yet."""
    status: MoneyStatus | None = MoneyStatus.CREATED
    amount: int | None = None
    raw, masked, authenticated = "", "", ""
    for step in steps(orders):
        authenticated = step.authenticated or authenticated
        if not _is_card(step):
            continue
        raw, masked = f"{step.command}/{step.status}", step.masked_card or masked
        status, amount = _after(status, amount, step)
    if status == MoneyStatus.AUTHORIZED and any(order.get("orderStatus") == "expired" for order in orders):
        status = MoneyStatus.EXPIRED
    mpi = any(order.get("serviceTypeCd") == "mpi" for order in orders)
    return Standing(status, amount, raw, masked, mpi, authenticated)


def _after(status: MoneyStatus | None, amount: int | None, step: Step) -> tuple[MoneyStatus | None, int | None]:
    holds = status in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
    if step.command in _AUTHORIZING:
        if step.status == "success":
            return _authorized(step), step.amount_yen if step.amount_yen is not None else amount
        if holds:
            return status, amount
        return (None, amount) if step.status == "pending" else (MoneyStatus.DECLINED, amount)
    if step.status != "success":
        return (None, amount) if step.status == "pending" else (status, amount)
    if step.command == "Capture":
        return MoneyStatus.CAPTURED, step.amount_yen if step.amount_yen is not None else amount
    if step.command == "Cancel" and holds:
        left = amount - step.amount_yen if amount is not None and step.amount_yen is not None else 0
        if left > 0:
            return status, left
        return (MoneyStatus.REFUNDED if status == MoneyStatus.CAPTURED else MoneyStatus.VOIDED), amount
    return status, amount


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
