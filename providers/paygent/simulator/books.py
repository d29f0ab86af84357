"""The books in the words that all providers share (practice.py)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from providers.paygent.simulator import payments
from providers.paygent.simulator.records import Payment, Step, StoredCard
from providers.paygent.simulator.simulator import VERB_OF, Provider
from providers.sandbox.practice import BookedCard, BookedPayment, Books, Call, State

#: Statuses of payments. A cancellation that timed out is over where the provider finishes it by itself (31), and not where
#: only the same telegram again does (42). The statuses of validity checks are left out: these are no payments.
STATES = {
    payments.APPLIED: State.PENDING,
    payments.REFUSED: State.REFUSED,
    payments.BLOCKED: State.REFUSED,
    payments.AUTHORISED: State.AUTHORIZED,
    payments.CAPTURING: State.AUTHORIZED,
    payments.VOIDING: State.CANCELLED,
    payments.VOIDED: State.CANCELLED,
    payments.AUTHORISATION_EXPIRED: State.EXPIRED,
    payments.CAPTURED: State.CAPTURED,
    payments.REFUND_EXPIRED: State.CAPTURED,
    payments.REFUNDING: State.CAPTURED,
    payments.REFUND_COLLECTED: State.CANCELLED,
    payments.REFUNDED: State.CANCELLED,
}

HALF_DONE = (payments.CAPTURING, payments.VOIDING, payments.REFUNDING, payments.REFUND_COLLECTED)


def shared_books(simulator: Provider) -> Books:
    with simulator.ledger.transaction():
        simulator.catch_up()
        return Books(
            payments=tuple(_payments(simulator)),
            cards=tuple(
                BookedCard(
                    card.merchant_id, card.customer_id, card.customer_card_id, card.last_four, card.deleted_at is None
                )
                for card in simulator.ledger.all(StoredCard, "1 ORDER BY customer_card_id")
            ),
            calls=tuple(_calls(simulator)),
            busy=simulator.busy(),
        )


def _payments(simulator: Provider) -> Iterable[BookedPayment]:
    steps: dict[str, list[State]] = {}
    for step in simulator.ledger.all(Step, "1 ORDER BY id"):
        if step.to_status in STATES:
            steps.setdefault(step.payment_id, []).append(STATES[step.to_status])
    for payment in simulator.ledger.all(Payment, "1 ORDER BY payment_id"):
        if payment.status in STATES:
            yield BookedPayment(
                merchant=payment.merchant_id,
                reference=payment.trading_id,
                handle=payment.payment_id,
                state=STATES[payment.status],
                amount_yen=payment.amount,
                history=tuple(state for state, _ in groupby(steps.get(payment.payment_id, ()))),
                half_done=payment.status in HALF_DONE,
            )


def _calls(simulator: Provider) -> Iterable[Call]:
    # What is asked about a payment may name it by the provider's number only.
    asked = (
        "SELECT requests.*, coalesce(nullif(requests.trading_id, ''), payments.trading_id, '') AS reference"
        " FROM requests LEFT JOIN payments ON payments.payment_id = requests.payment_id ORDER BY requests.id"
    )
    for row in simulator.ledger.rows(asked):
        yield Call(
            kind=row["kind"],
            verb=VERB_OF.get(row["kind"], ""),
            reference=row["reference"],
            code=row["response_code"],
            fault=row["fault"],
            answered=bool(row["result"]),
        )
