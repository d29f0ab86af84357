"""The provider at work: its parts, and how one telegram goes through them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Response

from providers.paygent.simulator import cards
from providers.paygent.simulator.card_telegrams import CardTelegrams, charges_stored_card
from providers.paygent.simulator.checks import authenticated, check_telegram
from providers.paygent.simulator.corrections import Corrections
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.lookups import Lookups
from providers.paygent.simulator.notices import NoticeQueue
from providers.paygent.simulator.payments import Payments
from providers.paygent.simulator.records import Authentication, Card, Merchant, Payment, Request
from providers.paygent.simulator.returns import TROUBLES, TimeOutNotices
from providers.paygent.simulator.stored_card_telegrams import StoredCardTelegrams
from providers.paygent.simulator.stored_cards import CardBook
from providers.paygent.simulator.threeds import Authentications
from providers.paygent.simulator.threeds_telegram import ThreeDSTelegram
from providers.paygent.simulator.tokens import TokenDesk
from providers.paygent.simulator.wire import Answered, Refusal, failure, read_request, success
from providers.sandbox.activity import Heartbeat, Requests
from providers.sandbox.clock import Clock
from providers.sandbox.faults import Fault, FaultBook, TroubleBook, answer_through
from providers.sandbox.practice import Disorder

Handler = Callable[[Merchant, dict[str, str]], Answered]

#: Telegrams as the switches of all providers call them. 091 fetches notices, which no other provider knows.
VERB_OF = {
    "020": "authorize",
    "021": "void",
    "022": "capture",
    "023": "refund",
    "025": "store",
    "026": "remove",
    "027": "list",
    "028": "change",
    "029": "change",
    "094": "query",
    "116": "store",
    "450": "authenticate",
}

#: Who did it, in a payment's history
CONSOLE = "console"


class Provider:
    def __init__(self, path: Path, clock: Clock, faults: FaultBook) -> None:
        self.clock = clock
        self.faults = faults
        self.ledger = Ledger(path)
        self.notices = NoticeQueue(self.ledger, clock)
        self.payments = Payments(self.ledger, clock, self.notices)
        self.corrections = Corrections(self.ledger, clock, self.payments)
        self.authentications = Authentications(self.ledger, clock)
        self.time_outs = TimeOutNotices(self.ledger, clock, self.authentications)
        #: what happens to the next browsers on their way back from 3-D Secure
        self.return_troubles = TroubleBook("return", TROUBLES)
        self.tokens = TokenDesk(self.ledger, clock)
        self.card_book = CardBook(self.ledger, clock)
        card = CardTelegrams(
            self.ledger, clock, self.payments, self.authentications, self.tokens, self.card_book
        )
        stored = StoredCardTelegrams(clock, self.payments, self.tokens, self.card_book)
        lookups = Lookups(self.ledger, self.notices)
        self._handlers: dict[str, Handler] = {
            "020": card.authorise,
            "021": card.follow_up,
            "022": card.follow_up,
            "023": card.follow_up,
            "025": stored.register,
            "026": stored.delete,
            "027": stored.query,
            "028": self.corrections.telegram,
            "029": self.corrections.telegram,
            "091": lookups.notice,
            "094": lookups.payment,
            "116": stored.update,
            "450": ThreeDSTelegram(
                self.ledger, clock, self.authentications, self.card_book
            ).authenticate,
        }
        self.requests = Requests()
        self._heartbeat = Heartbeat(self._beat)

    def close(self) -> None:
        self._heartbeat.stop()
        self.ledger.close()

    def reset(self) -> None:
        """A new world; the clock stays, it belongs to the shop as well, and the faults to all providers."""
        self.return_troubles.clear()
        # No notice of the old world may be counted in the new one.
        with self.notices.pushing, self.time_outs.sending:
            self.notices.disorder = Disorder()
            self.ledger.reset()

    def catch_up(self) -> None:
        """Does in the books what the clock has made due."""
        self.payments.expire_due()
        self.authentications.expire_due()

    def _beat(self) -> None:
        self.catch_up()
        self.notices.push_due()
        self.time_outs.send_due()

    def busy(self) -> int:
        """Telegrams that wait for their answer, and notices let go that wait for their acknowledgement."""
        time_outs = self.ledger.count(Authentication, "notice_due <= ?", self.clock.now())
        return self.requests.waiting + self.notices.waiting() + time_outs

    def act_on_console(self, payment_id: str, action: Callable[[Payment], Payment]) -> tuple[Payment, str]:
        """What staff do behind the shop's back: the payment it ended with, and the code of a refusal."""
        code = ""
        with self.ledger.transaction():
            self.catch_up()
            payment = self.ledger.payment(payment_id)
            if payment is None:
                raise LookupError("no such payment")
            try:
                payment = action(payment)
            except Refusal as refusal:
                # Caught inside the transaction: what is left half done is in the books.
                code = refusal.code
        return payment, code

    def telegram(self, path: str, body: bytes) -> Response:
        """The answer to a telegram, with whatever trouble was asked for."""
        with self.requests.one():
            return self._answer(path, read_request(body))

    def _answer(self, path: str, sent: dict[str, str]) -> Response:
        kind = sent.get("telegram_kind", "")
        fault = self.faults.take(kind, VERB_OF.get(kind, kind)) or self._card_fault(sent)
        request = self.ledger.add_request(self.clock.now(), kind, sent, fault)

        def refuse(code: str, detail: str) -> Response:
            return failure(kind, Refusal(code or "E001", detail))

        return answer_through(fault, lambda: self._execute(request, path, sent), refuse)

    def _card_fault(self, sent: dict[str, str]) -> Fault | None:
        """Some test cards bring their own trouble, as a token or stored."""
        merchant_id = sent.get("merchant_id", "")
        card: Card | None = self.ledger.token(merchant_id, sent.get("card_token", ""))
        if charges_stored_card(sent):
            named = (sent.get(name, "") for name in ("customer_id", "customer_card_id"))
            card = next(iter(self.card_book.of_customer(merchant_id, *named)), None)
        return cards.wire_fault(sent.get("telegram_kind", ""), card.last_four) if card else None

    def _execute(self, request: Request, path: str, sent: dict[str, str]) -> Response:
        kind = sent.get("telegram_kind", "")
        with self.ledger.transaction():
            self.catch_up()
            try:
                merchant = authenticated(self.ledger, sent)
                check_telegram(merchant, path, sent)
                fields = self._handlers[kind](merchant, sent)
            except Refusal as refusal:
                # Caught inside the transaction: a refused payment is in the books all the same.
                answered, code = refusal.answered, refusal.code
                answer = failure(kind, refusal)
            else:
                answered, code = fields if isinstance(fields, dict) else {}, ""
                answer = success(kind, fields)
            payment_id = answered.get("payment_id") or request.payment_id
            self.ledger.update(request, payment_id=payment_id, result="1" if code else "0", response_code=code)
        self.notices.push_before_answer()
        return answer
