"""Changes of amount (補正): the telegrams 028 and 029, and the same at the management console (protocol §4.4).

A new payment is made under the same trading_id, then the old one is cancelled: 20 -> 32, or 40 -> 60. The telegrams
only lower an amount and refuse payments with 3-D Secure (2014; that this holds for EMV is inferred, a switch of the
merchant lifts it). The console's limits are not documented: here it goes both ways and takes payments with
3-D Secure, whose successor is one without (3dsecure_ryaku=1), because the authentication was for another amount.
"""

from __future__ import annotations

from dataclasses import replace

from providers.paygent.simulator import cards
from providers.paygent.simulator.card_telegrams import authorised_fields, find_payment
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.payments import (
    APPLIED,
    AUTHORISATION_EXPIRED,
    AUTHORISED,
    CAPTURED,
    REFUND,
    REFUND_EXPIRED,
    VOID,
    Payments,
)
from providers.paygent.simulator.records import Merchant, Payment
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock

#: Telegram -> the status it starts from
STARTS = {"028": AUTHORISED, "029": CAPTURED}

#: Status -> how the old payment is cancelled, and the code when that fails
CANCELS = {AUTHORISED: (VOID, "2010"), CAPTURED: (REFUND, "2012")}


class Corrections:
    def __init__(self, ledger: Ledger, clock: Clock, payments: Payments) -> None:
        self._ledger = ledger
        self._clock = clock
        self._payments = payments

    def telegram(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        kind = sent["telegram_kind"]
        old = find_payment(self._ledger, merchant, sent, none="2006", several="2005")
        if old.threeds_auth_id and not merchant.corrections_after_3ds:
            raise Refusal("2014")
        check_status(old, (STARTS[kind],))
        amount = int(sent["payment_amount"])
        if sent["reduction_flag"] == "1":
            amount = old.amount - amount
        if amount > old.amount:
            raise Refusal("2013")
        cancel_first = sent.get("base_payment_cancel_timing") == "1"
        return corrected_fields(self.change(old, amount, by=kind, cancel_first=cancel_first))

    def change(self, old: Payment, amount: int, by: str, *, cancel_first: bool = False) -> Payment:
        """The new payment. What fails half-way is a refusal that names it; then the old one is still alive."""
        if amount <= 0:
            raise Refusal("P014")
        check_status(old, tuple(CANCELS))
        verb, code = CANCELS[old.status]
        if cancel_first:
            self._payments.perform(verb, old, by)
            return self._successor(old, amount, by)
        new = self._successor(old, amount, by)
        try:
            self._payments.perform(verb, old, by)
        except Refusal:
            raise Refusal(code, answered=corrected_fields(new)) from None
        return new

    def _successor(self, old: Payment, amount: int, by: str) -> Payment:
        applied = replace(
            old,
            payment_id=str(self._ledger.next_number()),
            amount=amount,
            status="",
            created_at=self._clock.now(),
            authorized_at=None,
            captured_at=None,
            retries=0,
            threeds_omitted="1",
            threeds_auth_id="",
            attempt_kbn="",
            threeds_version="",
            base_payment_id=old.payment_id,
        )
        applied = self._payments.move(applied, APPLIED, by)
        captures = old.status == CAPTURED
        if captures and cards.capture_answer(old.last_four).code:
            stuck = self._payments.authorise(applied, capture_at_once=False, by=by)
            raise Refusal("2011", answered=corrected_fields(stuck))
        return self._payments.authorise(applied, capture_at_once=captures, by=by)


def check_status(payment: Payment, right: tuple[str, ...]) -> None:
    if payment.status in (AUTHORISATION_EXPIRED, REFUND_EXPIRED):
        raise Refusal("2007")
    if payment.status not in right:
        raise Refusal("2004")


def corrected_fields(new: Payment) -> dict[str, str]:
    return authorised_fields(new) | {
        "base_payment_id": new.base_payment_id,
        "reduced_amount": str(new.amount),
    }
