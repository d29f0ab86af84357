"""What hangs at the card company (``pending``) and is decided later: nothing that stood before is forgotten over it."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from providers.contract import MoneyStatus
from providers.veritrans4g import search

Told = dict[str, Any]


def step(command: str, status: str = "success", yen: str = "3130", kind: str = "") -> Told:
    return {"command": command, "mstatus": status, "amount": yen, "properTransactionInfo": {"cardTransactionType": kind}}


def standing(told: Sequence[Told], **order: str) -> tuple[MoneyStatus | None, int | None]:
    """Of one order of the card, whose transactions came in this order."""
    listed = [each | {"txnDatetime": f"{place:04}"} for place, each in enumerate(told)]
    found = search.standing([{"serviceTypeCd": "card", "transactionInfos": {"transactionInfo": listed}} | order])
    return found.status, found.amount_yen


AUTHORIZE, SALE = step("Authorize", kind="a"), step("Authorize", kind="ac")
CAPTURE, PART = step("Capture"), step("Capture", yen="3000")
CANCEL, CANCEL_ALL, CANCEL_PART = step("Cancel", yen=""), step("Cancel"), step("Cancel", yen="130")


def failed(told: Told) -> Told:
    return told | {"mstatus": "failure"}


def pending(told: Told) -> Told:
    proper = told["properTransactionInfo"]
    return told | {"mstatus": "pending", "properTransactionInfo": {"cardTransactionType": proper["cardTransactionType"] and proper["cardTransactionType"] + "p"}}


def retry(told: Told) -> Told:
    """Decides what hangs. Whether it tells the amount and the kind is not known: here it does not."""
    return step("Retry", told["mstatus"], "")


HISTORIES = (
    [AUTHORIZE], [SALE], [failed(AUTHORIZE)], [AUTHORIZE, CAPTURE], [AUTHORIZE, PART], [AUTHORIZE, failed(CAPTURE)], [AUTHORIZE, CANCEL],
    [AUTHORIZE, CANCEL_ALL], [AUTHORIZE, CANCEL_PART], [AUTHORIZE, failed(CANCEL)], [SALE, CANCEL], [SALE, CANCEL_PART], [SALE, failed(CANCEL)],
    [AUTHORIZE, PART, CANCEL], [AUTHORIZE, PART, failed(CANCEL)], [AUTHORIZE, failed(CAPTURE), CANCEL], [AUTHORIZE, failed(CANCEL), CAPTURE],
    [SALE, CANCEL_PART, step("Cancel", yen="3000")], [AUTHORIZE, CANCEL_PART, PART],
)  # fmt: skip


def places() -> Iterator[Any]:
    """Each transaction of each history."""
    for history in HISTORIES:
        for place in range(len(history)):
            name = "-".join(f"{each['command']}{each['amount']}{each['mstatus'][:1]}" for each in history)
            yield pytest.param(history, place, id=f"{name}@{place}")


@pytest.mark.parametrize(("history", "place"), [*places()])
def test_a_decision_counts_the_same_whether_or_not_it_hung_before(history: list[Told], place: int) -> None:
    before, decided, then = history[:place], history[place], history[place + 1 :]
    hung, usual = [*before, pending(decided)], standing(history)
    assert standing(hung)[0] is None
    assert standing([*hung, pending(decided)])[0] is None
    assert standing([*hung, retry(pending(decided))])[0] is None
    assert standing([*hung, decided, *then]) == usual
    assert standing([*hung, retry(decided), *then]) == usual
    assert standing([*hung, retry(pending(decided)), retry(decided), *then]) == usual
    # While it hangs, the order takes nothing else; what is refused for that reason decides nothing.
    other = failed(CAPTURE if decided["command"] == "Cancel" else CANCEL)
    assert standing([*hung, other])[0] is None
    assert standing([*hung, other, decided, *then]) == usual
    # A provider may write the decision into the entry that hung, and list its Retry beside it.
    assert standing([*before, decided, retry(decided), *then]) == usual


@pytest.mark.parametrize(
    ("told", "status", "yen"),
    [
        ([AUTHORIZE, pending(CANCEL), CANCEL], MoneyStatus.VOIDED, 3130),
        ([AUTHORIZE, pending(CANCEL), failed(CANCEL)], MoneyStatus.AUTHORIZED, 3130),
        ([AUTHORIZE, pending(CAPTURE), retry(CAPTURE)], MoneyStatus.CAPTURED, 3130),
        ([AUTHORIZE, pending(PART), retry(PART)], MoneyStatus.CAPTURED, 3000),
        ([AUTHORIZE, pending(CAPTURE), retry(failed(CAPTURE))], MoneyStatus.AUTHORIZED, 3130),
        ([AUTHORIZE, pending(CAPTURE), failed(CAPTURE), CANCEL], MoneyStatus.VOIDED, 3130),
        ([SALE, pending(CANCEL), retry(CANCEL)], MoneyStatus.REFUNDED, 3130),
        ([SALE, pending(CANCEL)], None, 3130),
        # What cannot have happened without a decision tells it.
        ([AUTHORIZE, pending(CANCEL), CAPTURE], MoneyStatus.CAPTURED, 3130),
        ([AUTHORIZE, pending(CAPTURE), CANCEL], MoneyStatus.VOIDED, 3130),
        ([pending(AUTHORIZE), PART], MoneyStatus.CAPTURED, 3000),
        ([pending(AUTHORIZE), CANCEL], MoneyStatus.VOIDED, 3130),
        ([pending(AUTHORIZE), CANCEL_PART], MoneyStatus.AUTHORIZED, 3000),
        ([pending(SALE), CANCEL], MoneyStatus.REFUNDED, 3130),
        # Taken or not, a part is left: which of the two nobody knows.
        ([AUTHORIZE, pending(CAPTURE), CANCEL_PART], None, 3000),
        # A Retry of nothing that hangs adds nothing.
        ([AUTHORIZE, CANCEL, retry(CANCEL)], MoneyStatus.VOIDED, 3130),
        ([AUTHORIZE, PART, retry(PART)], MoneyStatus.CAPTURED, 3000),
        ([step("Retry", kind="a")], MoneyStatus.AUTHORIZED, 3130),
        # Words that nobody knows decide nothing.
        ([step("Authorize", "")], None, None),
        ([AUTHORIZE, step("Cancel", "unheard")], None, 3130),
        ([AUTHORIZE, step("Authorize", "pending")], MoneyStatus.AUTHORIZED, 3130),
    ],
)  # fmt: skip
def test_what_hangs_and_what_becomes_of_it(told: list[Told], status: MoneyStatus | None, yen: int | None) -> None:
    assert standing(told) == (status, yen)


def test_what_hangs_has_not_run_out() -> None:
    assert standing([AUTHORIZE, pending(CANCEL)], orderStatus="expired")[0] is None
    assert standing([AUTHORIZE, pending(CANCEL), failed(CANCEL)], orderStatus="expired")[0] == MoneyStatus.EXPIRED
