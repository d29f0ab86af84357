"""Orders and their money: what the card company says, and the state table (protocol §8.8).

============  ===========================  ======================================  ==========================
state         Capture                      Cancel                                  as original of ReAuthorize
============  ===========================  ======================================  ==========================
authorized    captured, at most the rest   cancelled; with amount: authorized,     yes
                                           less (OURS: all of it = cancelled)
expired       ACD3                         OURS: ACD3                              yes
captured      refused                      cancelled; with amount: captured, less  yes
pending       refused                      refused                                 refused; Retry decides
cancelled     refused                      refused                                 yes, for 400 days
refused       refused                      refused                                 refused
============  ===========================  ======================================  ==========================
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from typing import Any

from providers.sandbox.clock import Clock, japan_time
from providers.sandbox.practice import State
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.envelope import Refusal, Sent
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import Card, Merchant, Order, Transaction, card_of

DAY = 86_400.0
AUTHORISATION_KEPT = 60 * DAY
ORDER_KEPT = 400 * DAY

#: Free notes of a payment: row of the books, member of payNowIdParam
NOTES = {"memo1": "memo1", "memo2": "memo2", "memo3": "memo3", "free_key": "freeKey"}

#: cardTransactionType after a Cancel in full and in part. OURS: only a, ax, ap, ac and acp are known for cards; the others
#: follow the letters of the same provider's 銀聯 service.
AFTER_FULL = {"a": "av", "ac": "acv", "acr": "acrd", "pa": "pav", "par": "pard"}
AFTER_PART = {"a": "a", "ac": "acr", "acr": "acr", "pa": "par", "par": "par"}

#: The console's buttons and the state that each is for
ACTS = {"capture": State.AUTHORIZED, "void": State.AUTHORIZED, "refund": State.CAPTURED}

#: mstatus of what the card company answered
SUCCESS, FAILURE, PENDING = "success", "failure", "pending"


@dataclass(frozen=True)
class Verdict:
    mstatus: str
    code: str
    order: Order


class Orders:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    # ---- looking ---------------------------------------------------------------------------------

    def named(self, merchant: Merchant, sent: Sent, field: str = "orderId") -> Order:
        """The order that the request names, of the same mode."""
        order = self._ledger.order(merchant.merchant_ccid, sent.text(field))
        if order is None:
            raise Refusal(code_of.NO_SUCH_ORDER)
        if order.dummy != (sent.text("dummyRequest") == "1"):
            raise Refusal(code_of.OTHER_MODE)
        return order

    def original(self, merchant: Merchant, sent: Sent) -> Order:
        """The order whose card is charged again."""
        order = self.named(merchant, sent, "originalOrderId")
        if order.created_at + ORDER_KEPT < self._clock.now():
            raise Refusal(code_of.ORDER_EXPIRED)
        if order.state in (State.PENDING, State.REFUSED):
            raise Refusal(code_of.WRONG_STATE)
        return order

    def demand_new(self, merchant: Merchant, order_id: str) -> None:
        """An id is used up by the first try, whatever came of it, across services and modes."""
        if self._ledger.order(merchant.merchant_ccid, order_id):
            raise Refusal(code_of.ORDER_USED)

    # ---- beginning -------------------------------------------------------------------------------

    def begin(self, merchant: Merchant, sent: Sent, card: Card, **more: Any) -> Order:
        """A new order, not yet saved."""
        notes: dict[str, Any] = {row: sent.text("payNowIdParam", name) for row, name in NOTES.items()}
        return Order(
            **card_of(card) | notes | more,
            handle=str(self._ledger.next_number()),
            merchant_ccid=merchant.merchant_ccid,
            order_id=sent.text("orderId"),
            service=sent.service,
            dummy=sent.text("dummyRequest") == "1",
            requested=int(sent.text("amount")),
            amount=int(sent.text("amount")),
            jpo=sent.text("jpo") or "10",
            with_capture=sent.text("withCapture") == "true",
            created_at=self._clock.now(),
            original_order_id=sent.text("originalOrderId"),
            request_id=uuid.uuid4().hex,
        )

    def use_up(self, merchant: Merchant, sent: Sent, command: str, code: str) -> None:
        """A try that did not get as far as the card company."""
        order = self.begin(merchant, sent, Card())
        self._ledger.move(order, self._clock.now(), command, state=State.REFUSED)
        self.note(order, command, FAILURE, code, order.amount, "", command)

    # ---- the card company ------------------------------------------------------------------------

    def authorise(self, order: Order, command: str) -> Verdict:
        """Asks the card company; the order may be a new one, or one that waited for 3-D Secure."""
        now = self._clock.now()
        plan = cards.plan_of(order)
        kind = "ac" if order.with_capture else "a"
        stored = bool(order.card_id)
        refusal = cards.refusal_of(order, japan_time(now).strftime("%y%m"), stored=stored)
        if plan.pending:
            order = self._ledger.move(order, now, command, state=State.PENDING, transaction_type=f"{kind}p", centre_at=now)
            self.note(order, command, PENDING, code_of.PENDING, order.amount, f"{kind}p", command)
            return Verdict(PENDING, code_of.PENDING, order)
        return self._decided(replace(order, transaction_type=kind), command, refusal)

    def retry(self, order: Order) -> Verdict:
        """The same thing once more at the card company; this time it answers."""
        if order.state != State.PENDING or not order.transaction_type.endswith("p"):
            raise Refusal(code_of.WRONG_STATE)
        order = replace(order, transaction_type=order.transaction_type.removesuffix("p"))
        return self._decided(order, "Retry", cards.plan_of(order).retry_refusal)

    def _decided(self, order: Order, command: str, refusal: str) -> Verdict:
        now = self._clock.now()
        if refusal:
            order = self._ledger.move(order, now, command, state=State.REFUSED, transaction_type="", centre_at=now)
            self.note(order, command, FAILURE, refusal, order.amount, "", command)
            return Verdict(FAILURE, refusal, order)
        order = self._ledger.move(
            order,
            now,
            command,
            state=State.CAPTURED if order.with_capture else State.AUTHORIZED,
            auth_code=f"{secrets.randbelow(10**6):06}",
            authorized_at=now,
            centre_at=now,
        )
        self.note(order, command, SUCCESS, "A001", order.amount, order.transaction_type, command)
        return Verdict(SUCCESS, "A001", order)

    # ---- afterwards ------------------------------------------------------------------------------

    def capture(self, order: Order, amount: int | None, by: str = "Capture") -> Order:
        """Takes the money, all or less; the rest is gone."""
        taken = order.amount if amount is None else amount
        self._demand(order, State.AUTHORIZED)
        if taken > order.amount:
            raise Refusal(code_of.AMOUNT_TOO_LARGE)
        now = self._clock.now()
        order = self._ledger.move(
            order, now, by, state=State.CAPTURED, amount=taken, transaction_type="pa", centre_at=now
        )
        self.note(order, "Capture", SUCCESS, "A001", taken, "pa", by)
        return order

    def cancel(self, order: Order, amount: int | None, by: str = "Cancel") -> Order:
        """Gives back all, or takes ``amount`` off."""
        given = order.amount if amount is None else amount
        self._demand(order, State.AUTHORIZED, State.CAPTURED)
        if given > order.amount:
            raise Refusal(code_of.AMOUNT_TOO_LARGE)
        refusal = cards.plan_of(order).cancel_refusal
        now = self._clock.now()
        if refusal:
            self.note(order, "Cancel", FAILURE, refusal, given, "", by)
            raise Refusal(refusal)
        in_full = given == order.amount
        kind = (AFTER_FULL if in_full else AFTER_PART)[order.transaction_type]
        changes: dict[str, Any] = {"state": State.CANCELLED} if in_full else {"amount": order.amount - given}
        order = self._ledger.move(order, now, by, transaction_type=kind, centre_at=now, **changes)
        self.note(order, "Cancel", SUCCESS, "A001", given, kind, by)
        return order

    def expire_due(self) -> None:
        limit = self._clock.now() - AUTHORISATION_KEPT
        for order in self._ledger.all(Order, "state = ? AND authorized_at < ?", State.AUTHORIZED, limit):
            self._ledger.move(order, self._clock.now(), "expiry", state=State.EXPIRED, transaction_type="ax")

    def note(
        self, order: Order, command: str, mstatus: str, code: str, amount: int, kind: str, by: str
    ) -> None:
        """One line of what Search lists."""
        txn_id = str(self._ledger.next_number())
        full = code_of.full_code(code)
        self._ledger.save(
            Transaction(None, order.handle, txn_id, command, mstatus, full, self._clock.now(), amount, kind, by)
        )

    def _demand(self, order: Order, *states: State) -> None:
        if order.state == State.EXPIRED:
            raise Refusal(code_of.AUTHORISATION_EXPIRED)
        if order.state not in states:
            raise Refusal(code_of.WRONG_STATE)
