"""The simulator as a whole: its parts, and how one request goes through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Response

from providers.sandbox.activity import Heartbeat, Requests
from providers.sandbox.clock import Clock, japan_time
from providers.sandbox.faults import Fault, FaultBook, TroubleBook, answer_through
from providers.sandbox.practice import BookedCard, BookedPayment, Books, Disorder, State
from providers.veritrans4g.demo import DEMO_MERCHANT
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.card_service import CardService
from providers.veritrans4g.simulator.checks import check_fields
from providers.veritrans4g.simulator.console import console_pages
from providers.veritrans4g.simulator.envelope import REFUND, VERBS, Answered, Refusal, Sent
from providers.veritrans4g.simulator.issuer_pages import issuer_pages
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.orders import ACTS, Orders
from providers.veritrans4g.simulator.paynowid import PayNowId
from providers.veritrans4g.simulator.pushes import PushQueue
from providers.veritrans4g.simulator.records import (
    Account,
    Card,
    Merchant,
    Order,
    StoredCard,
    Token,
)
from providers.veritrans4g.simulator.returns import TROUBLES, Returns
from providers.veritrans4g.simulator.search import SearchService
from providers.veritrans4g.simulator.switches import switches
from providers.veritrans4g.simulator.threeds import ThreeDSecure
from providers.veritrans4g.simulator.tokens import BadCard, TokenDesk
from providers.veritrans4g.simulator.wire import wire


class VeriTrans4GSimulator:
    code = "veritrans4g"
    title = "VeriTrans4G・りそな PayResort"
    test_cards = cards.TEST_CARDS

    def __init__(self, path: Path, clock: Clock, faults: FaultBook) -> None:
        self.clock = clock
        self.faults = faults
        self.ledger = Ledger(path)
        self.pushes = PushQueue(self.ledger, clock)
        self.returns = Returns(self.ledger)
        #: what happens to the next browsers on their way back from 3-D Secure
        self.return_troubles = TroubleBook("return", TROUBLES)
        self.tokens = TokenDesk(self.ledger, clock)
        self.orders = Orders(self.ledger, clock)
        self.paynowid = PayNowId(self.ledger, clock, self.tokens)
        self.threeds = ThreeDSecure(self.ledger, clock, self.orders, self.paynowid, self.pushes.announce)
        card = CardService(self.orders, self.paynowid)
        search = SearchService(self.ledger)
        self._handlers: dict[str, Callable[[Merchant, Sent], Answered]] = {
            "Authorize/card": card.authorise,
            "ReAuthorize/card": card.authorise,
            "Capture/card": card.capture,
            "Cancel/card": card.cancel,
            "Retry/card": card.retry,
            "GetResult/mpi": self.threeds.result,
            "Search/search": search.search,
        }
        self.requests = Requests()
        self._heartbeat = Heartbeat(self._beat)

    # ---- the practice world's side ---------------------------------------------------------------

    def provider_side(self) -> Iterable[Blueprint]:
        return (wire(self), issuer_pages(self))

    def console(self) -> Blueprint:
        return console_pages(self)

    def switches(self) -> Blueprint:
        return switches(self)

    def token(self, card: Mapping[str, str], merchant: str = "") -> str:
        known = self.ledger.merchant(merchant or DEMO_MERCHANT.merchant_ccid)
        expiry = card.get("expiry", "")
        sent = {
            "card_number": card.get("number", ""),
            "card_expire": f"{expiry[2:]}/{expiry[:2]}",
            "security_code": card.get("cvc", ""),
            "cardholder_name": card.get("name", ""),
            "token_api_key": known.token_api_key if known else "",
        }
        try:
            return self.tokens.issue(sent).token
        except BadCard:
            return ""

    def merchants(self) -> list[Merchant]:
        """For the start page."""
        return self.ledger.all(Merchant)

    def books(self) -> Books:
        with self.ledger.transaction():
            self.catch_up()
            closed = {row.key for row in self.ledger.all(Account, "deleted_at IS NOT NULL")}
            return Books(
                payments=tuple(
                    self._booked(order)
                    for order in self.ledger.all(Order, "1 ORDER BY CAST(handle AS INTEGER)")
                    if order.paid_by_card
                ),
                cards=tuple(
                    BookedCard(
                        card.merchant_ccid,
                        card.account_id,
                        card.card_id,
                        card.last_four,
                        alive=card.deleted_at is None and f"{card.merchant_ccid}/{card.account_id}" not in closed,
                    )
                    for card in self.ledger.all(StoredCard, "1 ORDER BY card_id")
                ),
                calls=self.ledger.calls(),
                busy=self.requests.waiting + self.pushes.waiting(),
            )

    def _booked(self, order: Order) -> BookedPayment:
        history = tuple(step.state for step in self.ledger.steps(order.handle))
        return BookedPayment(
            order.merchant_ccid, order.order_id, order.handle, order.state, order.amount, history
        )

    def console_act(self, handle: str, act: str) -> None:
        with self.ledger.transaction():
            self.catch_up()
            order = self.ledger.handled(handle)
            if order is None or order.state != ACTS.get(act):
                raise ValueError(f"no {act} of this payment")
            try:
                if act == "capture":
                    self.orders.capture(order, None, "console")
                else:
                    self.orders.cancel(order, None, "console")
            except Refusal as refusal:
                # Raised after the refusal is in the books; the transaction must keep it.
                problem = refusal.code
            else:
                return
        raise ValueError(problem)

    def set_notices(self, switches: Mapping[str, Any]) -> None:
        self.pushes.switch(switches)

    def register(self, push_url: str) -> None:
        """For both demo merchants, where requests do not name an address."""
        with self.ledger.transaction():
            for merchant in self.ledger.all(Merchant):
                self.ledger.save(replace(merchant, push_url=push_url))

    def reset(self) -> None:
        self.return_troubles.clear()
        self.pushes.troubles.clear()
        # No push of the old world may be counted in the new one.
        with self.pushes.pushing:
            self.pushes.disorder = Disorder()
            self.ledger.reset()

    def close(self) -> None:
        self._heartbeat.stop()
        self.ledger.close()

    # ---- time ------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Does in the books what the clock has made due."""
        with self.ledger.transaction():
            self.orders.expire_due()
            self.threeds.expire_due()

    def _beat(self) -> None:
        self.catch_up()
        self.pushes.push_due()

    # ---- one request -----------------------------------------------------------------------------

    def request(self, path: str, body: bytes, start: str) -> Response:
        """The answer to a merchant's request, with whatever trouble was asked for. ``start`` is the 3-D Secure start page."""
        kind = code_of.read_kind(path)
        command, _, service = kind.partition("/")
        unreadable: Refusal | None = None
        try:
            params, signed_text, auth_hash = code_of.read_body(body)
            sent = Sent(command, service, params, signed_text, auth_hash)
        except Refusal as refusal:
            sent, unreadable = Sent(command, service, {}, "", ""), refusal
        verb = self._verb(kind, sent)
        fault = self.faults.take(kind, *([verb] if verb else [])) or self._card_fault(kind, sent)
        call = self.ledger.note_call(kind, verb, _reference(sent), fault)

        def told(outcome: Answered | Refusal) -> Response:
            day = f"{japan_time(self.clock.now()):%Y%m%d}"
            code = code_of.full_code(outcome.code) if isinstance(outcome, Refusal) else ""
            self.ledger.update(call, code=code, answered=True)
            return code_of.answer(service, sent.text("orderId"), self.ledger.next_number(), outcome, day)

        def execute() -> Response:
            with self.ledger.transaction():
                self.catch_up()
                try:
                    if unreadable:
                        raise unreadable
                    outcome: Answered | Refusal = self._performed(path, kind, sent, start)
                except Refusal as refusal:
                    # Caught inside the transaction: a refused order is in the books all the same.
                    outcome = refusal
                return told(outcome)

        def refuse(code: str, detail: str) -> Response:
            if fault and fault.mode == "code":
                return told(Refusal(code or code_of.SYSTEM_ERROR, detail))
            return code_of.answer(service, "", 0, Refusal(code_of.SYSTEM_ERROR), "00000000")

        with self.requests.one():
            return answer_through(fault, execute, refuse)

    def _performed(self, path: str, kind: str, sent: Sent, start: str) -> Answered:
        code_of.check_address(path)
        merchant = code_of.check_envelope(path, sent, self.ledger.merchant(sent.text("merchantCcid")))
        check_fields(kind, sent)
        if kind in ("Authorize/mpi", "ReAuthorize/mpi"):
            return self.threeds.authorise(merchant, sent, start)
        if sent.service in ("account", "cardinfo"):
            return self.paynowid.request(merchant, sent)
        if kind not in self._handlers:
            raise Refusal(code_of.NOT_OFFERED)
        return self._handlers[kind](merchant, sent)

    def _verb(self, kind: str, sent: Sent) -> str:
        if kind == "Cancel/card":
            order = self.ledger.order(sent.text("merchantCcid"), sent.text("orderId"))
            if order and order.state == State.CAPTURED:
                return REFUND
        return VERBS.get(kind, "")

    def _card_fault(self, kind: str, sent: Sent) -> Fault | None:
        """Some test cards bring their own trouble."""
        place = ("accountParam", "cardParam", "token") if sent.service == "cardinfo" else ("token",)
        token = sent.text("payNowIdParam", *place)
        card: Card | None = self.ledger.one(Token, "token = ?", token) if token else None
        if token == "":
            card = self.ledger.one(
                StoredCard,
                "merchant_ccid = ? AND account_id = ? AND (card_id = ? OR (? = '' AND is_default))",
                sent.text("merchantCcid"),
                sent.text("payNowIdParam", "accountParam", "accountId"),
                *[sent.text("payNowIdParam", "accountParam", "cardParam", "cardId")] * 2,
            )
        fault = cards.plan_of(card).fault if card else None
        return fault if fault and fault.kind == kind else None


def _reference(sent: Sent) -> str:
    """The merchant's own number of what the request is about."""
    return (
        sent.text("orderId")
        or sent.text("searchParameters", "common", "orderId")
        or sent.text("requestId")
        or sent.text("payNowIdParam", "accountParam", "accountId")
    )
