"""Card payments: their statuses, the moves between them (protocol §4.3, §9) and the deadlines (§8).

Telegrams and the management console both act through this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from providers.paygent.simulator import cards
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.notices import NoticeQueue
from providers.paygent.simulator.records import Card, Merchant, Payment, Step
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock

HOUR, DAY = 3600.0, 86_400.0

APPLIED, REFUSED, BLOCKED = "10", "11", "15"
CHECKED_BAD, CHECKED_GOOD = "17", "22"
AUTHORISED, CAPTURING, VOIDING, VOIDED, AUTHORISATION_EXPIRED = "20", "30", "31", "32", "33"
CAPTURED, REFUND_EXPIRED, REFUNDING, REFUND_COLLECTED, REFUNDED = "40", "41", "42", "50", "60"

STATUS_NAMES = {
    APPLIED: "申込済",
    REFUSED: "オーソリNG",
    BLOCKED: "トランザクションブロック",
    CHECKED_BAD: "有効性確認NG",
    AUTHORISED: "オーソリOK",
    CHECKED_GOOD: "有効性確認済",
    CAPTURING: "売上要求中",
    VOIDING: "オーソリ取消中",
    VOIDED: "オーソリ取消済",
    AUTHORISATION_EXPIRED: "オーソリ期限切",
    CAPTURED: "消込済",
    REFUND_EXPIRED: "消込済（売上取消期限切）",
    REFUNDING: "売上取消中",
    REFUND_COLLECTED: "売上取消集計中",
    REFUNDED: "売上取消済",
}

#: Statuses that change by themselves: after how many seconds, and to what. The hour for 31 is our choice: the
#: provider finishes such a cancellation on its own, the time is not documented. 41 counts from the capture;
#: some contracts count from the authorisation.
DEADLINES = {
    APPLIED: (30 * DAY, REFUSED),
    AUTHORISED: (60 * DAY, AUTHORISATION_EXPIRED),
    CAPTURED: (60 * DAY, REFUND_EXPIRED),
    VOIDING: (HOUR, VOIDED),
}


@dataclass(frozen=True)
class Verb:
    """A telegram that moves an existing payment."""

    kind: str
    #: from status -> statuses passed through
    steps: dict[str, tuple[str, ...]]
    #: statuses in which it answers normally and does nothing
    done: frozenset[str]
    #: statuses in which the time is over (2007)
    too_late: frozenset[str] = field(default_factory=frozenset)


VOID = Verb(
    "021",
    {AUTHORISED: (VOIDING, VOIDED), VOIDING: (VOIDED,)},
    done=frozenset([VOIDED, AUTHORISATION_EXPIRED]),
)
CAPTURE = Verb(
    "022",
    {AUTHORISED: (CAPTURING, CAPTURED), CAPTURING: (CAPTURED,)},
    done=frozenset([CAPTURED, REFUND_EXPIRED]),
    too_late=frozenset([AUTHORISATION_EXPIRED]),
)
REFUND = Verb(
    "023",
    {
        CAPTURED: (REFUNDING, REFUND_COLLECTED, REFUNDED),
        REFUNDING: (REFUND_COLLECTED, REFUNDED),
        REFUND_COLLECTED: (REFUNDED,),
    },
    done=frozenset([REFUNDED]),
    too_late=frozenset([REFUND_EXPIRED]),
)
VERBS = {verb.kind: verb for verb in (VOID, CAPTURE, REFUND)}


@dataclass(frozen=True)
class Terms:
    """What is asked for in an authorisation, apart from the card."""

    trading_id: str
    site_id: str
    #: yen
    amount: int
    payment_class: str
    split_count: str
    #: 3dsecure_ryaku
    threeds_omitted: str
    #: the authentication it rests on, if any
    threeds_auth_id: str = ""
    attempt_kbn: str = ""
    threeds_version: str = ""
    #: whose stored card is charged, if it is one
    customer_id: str = ""
    customer_card_id: str = ""


class Payments:
    def __init__(self, ledger: Ledger, clock: Clock, notices: NoticeQueue) -> None:
        self._ledger = ledger
        self._clock = clock
        self._notices = notices

    def open(self, merchant: Merchant, card: Card, terms: Terms, by: str) -> Payment:
        """A new payment, applied for and not yet authorised."""
        return self.move(self._draft(merchant, card, terms), APPLIED, by)

    def check_validity(
        self, merchant: Merchant, card: Card, terms: Terms, answer: cards.Answer, by: str
    ) -> None:
        """A validity check and what it found; it stays in the books as a payment that nothing can be done with."""
        checked = replace(
            self._draft(merchant, card, terms), joho_code=answer.detail.strip('"') or answer.code or "000"
        )
        self.move(checked, CHECKED_BAD if answer.code else CHECKED_GOOD, by)

    def _draft(self, merchant: Merchant, card: Card, terms: Terms) -> Payment:
        return Payment(
            **card.card_fields(),
            payment_id=str(self._ledger.next_number()),
            merchant_id=merchant.merchant_id,
            created_at=self._clock.now(),
            **vars(terms),
        )

    def authorise(self, payment: Payment, capture_at_once: bool, by: str) -> Payment:
        # 同時売上 goes to 40 directly: the tables name the end status only, so no notice of 20 is made up.
        return self.move(replace(payment, joho_code="000"), CAPTURED if capture_at_once else AUTHORISED, by)

    def refuse(self, payment: Payment, answer: cards.Answer, status: str, by: str) -> Payment:
        refused = replace(payment, joho_code=answer.detail.strip('"') or answer.code)
        if status == payment.status:
            self._ledger.save(refused)
            return refused
        return self.move(refused, status, by)

    def perform(self, verb: Verb, payment: Payment, by: str) -> Payment:
        """Capture or cancel. Repeating what is done is answered normally and changes nothing."""
        if payment.status in verb.done:
            return payment
        if payment.status in verb.too_late:
            raise Refusal("2007")
        if payment.status not in verb.steps:
            raise Refusal("2004")
        steps = verb.steps[payment.status]
        answer = (cards.capture_answer if verb is CAPTURE else cards.cancel_answer)(payment.last_four)
        first_try = len(steps) == max(map(len, verb.steps.values()))
        if answer == cards.TIMED_OUT and first_try:
            # Left half done: the same telegram again, or the provider itself, finishes it (protocol §4.3).
            self.move(payment, steps[0], by)
            raise Refusal(answer.code)
        if answer.code and answer != cards.TIMED_OUT:
            raise Refusal(answer.code, answer.detail)
        for status in steps:
            payment = self.move(payment, status, by)
        return payment

    def move(self, payment: Payment, status: str, by: str, at: float | None = None) -> Payment:
        """The one place where a status changes: times, deadline, history and notice follow from it."""
        at = self._clock.now() if at is None else at
        period, _ = DEADLINES.get(status, (None, ""))
        moved = replace(payment, status=status, deadline=None if period is None else at + period)
        if status == AUTHORISED or (status == CAPTURED and moved.authorized_at is None):
            moved = replace(moved, authorized_at=at)
        if status == CAPTURED:
            moved = replace(moved, captured_at=at)
        if status in (VOIDED, REFUNDED):
            moved = replace(moved, cancelled_at=at)
        with self._ledger.transaction():
            self._ledger.save(moved)
            self._ledger.save(Step(None, moved.payment_id, at, payment.status, status, by))
            self._notices.announce(moved, at)
        return moved

    def expire_due(self) -> None:
        """Applies deadlines that have passed (10 -> 11, 20 -> 33, 31 -> 32, 40 -> 41)."""
        with self._ledger.transaction():
            for payment in self._ledger.all(Payment, "deadline <= ? ORDER BY deadline", self._clock.now()):
                _, status = DEADLINES[payment.status]
                self.move(payment, status, "deadline", at=payment.deadline)
