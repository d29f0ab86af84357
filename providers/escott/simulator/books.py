"""The books in the words that all simulators share."""

from __future__ import annotations

from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.records import STATES, MemberStatus, Stage, Transaction
from providers.sandbox.practice import BookedCard, BookedPayment, Books, State


def provider_books(ledger: Ledger) -> Books:
    found = ledger.all(Transaction, "kind <> '1Check' ORDER BY transaction_id")
    return Books(
        payments=tuple(_payment(ledger, transaction) for transaction in found),
        cards=tuple(
            BookedCard(
                merchant=member.merchant_id,
                customer=member.kaiin_id,
                # A member holds one card, which has no name of its own.
                card=member.kaiin_id,
                last_four=member.number[-4:],
                alive=member.status != MemberStatus.DELETED,
            )
            for member in ledger.members()
        ),
        calls=ledger.calls(),
    )


def _payment(ledger: Ledger, transaction: Transaction) -> BookedPayment:
    states: list[State] = []
    for step in ledger.steps(transaction.transaction_id):
        state = STATES[Stage(step.after)]
        if states[-1:] != [state]:
            states.append(state)
    return BookedPayment(
        merchant=transaction.merchant_id,
        reference=transaction.free1,
        handle=transaction.transaction_id,
        state=STATES[Stage(transaction.stage)],
        amount_yen=transaction.amount,
        history=tuple(states),
    )
