"""The simulator as a whole: its parts, and how one request goes through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify

from providers.escott.demo import DEMO_MERCHANT
from providers.escott.simulator import cards
from providers.escott.simulator.books import provider_books
from providers.escott.simulator.card_operations import CardOperations
from providers.escott.simulator.checks import authenticated, check_request
from providers.escott.simulator.console import ACTS, console_pages
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.member_operations import MemberOperations
from providers.escott.simulator.members import MemberBook
from providers.escott.simulator.provider_side import wire_pages
from providers.escott.simulator.records import Merchant, Stage
from providers.escott.simulator.sources import Sources
from providers.escott.simulator.switches import control_api
from providers.escott.simulator.tokens import TokenDesk
from providers.escott.simulator.wire import (
    MEMBER,
    VERBS,
    Dialect,
    Refusal,
    read_request,
    reply,
)
from providers.sandbox.activity import Requests
from providers.sandbox.clock import Clock
from providers.sandbox.faults import Fault, FaultBook, answer_through
from providers.sandbox.ledger import NotedCall
from providers.sandbox.practice import Books, TestCard

Operation = Callable[[Merchant, dict[str, str], str], dict[str, str]]

#: OURS: what a fault's refusal says that names no code
NO_REASON = "K99"
TOKEN = "token"


class EscottSimulator:
    code = "escott"
    title = "ソニーペイメントサービス（e-SCOTT Smart）"
    test_cards: tuple[TestCard, ...] = cards.TEST_CARDS

    def __init__(self, path: Path, clock: Clock, faults: FaultBook) -> None:
        self.clock = clock
        self.faults = faults
        self.dialect = Dialect()
        self.ledger = Ledger(path, clock)
        self.members = MemberBook(self.ledger)
        self.tokens = TokenDesk(self.ledger, clock)
        sources = Sources(self.tokens, self.members)
        self.cards = CardOperations(self.ledger, clock, self.members, sources)
        kept = MemberOperations(self.ledger, clock, self.members, sources)
        self._operations: dict[str, Operation] = {
            "1Check": self.cards.check,
            "1Auth": self.cards.authorise,
            "1Gathering": self.cards.authorise,
            "1Capture": self.cards.capture,
            "1Change": self.cards.change,
            "1Delete": self.cards.delete,
            "1Search": self.cards.search,
            "1ReAuth": self.cards.reauthorise,
            "4MemAdd": kept.add,
            "4MemChg": kept.change,
            "4MemInval": kept.invalidate,
            "4MemUnInval": kept.revive,
            "4MemDel": kept.delete,
            "4MemRef": kept.show,
            "4MemRefM": kept.show,
            "1TokenSearch": self.tokens.search,
        }
        self.requests = Requests()

    # ---- requests --------------------------------------------------------------------------------

    def request(self, address: str, query: bytes, body: bytes) -> Response:
        """The reply to a merchant's request, with whatever trouble was asked for."""
        sent = read_request(query, body)
        kind = sent.get("OperateId", "")
        verb = self._verb(kind, sent)
        fault = self.faults.take(kind, verb) or self._card_fault(kind, sent)

        def execute() -> Response:
            return self._execute(call, address, sent)

        def refuse(code: str, detail: str) -> Response:
            """The code as it is given, which may be several; of 1TokenSearch the detail is what it says of the token."""
            fields = {"ResponseCd": code or NO_REASON}
            if kind == "1TokenSearch":
                fields["TokenResponseCd"] = detail or fields["ResponseCd"]
            self.ledger.update(call, code="" if fields["ResponseCd"] == "OK" else fields["ResponseCd"])
            return self._reply(self._new_number(kind), sent, fields)

        with self._call(kind, verb, sent.get("MerchantFree1", ""), fault) as call:
            return answer_through(fault, execute, refuse)

    def tokenize(self, sent: dict[str, str]) -> Response:
        """The reply to the page's script."""
        fault = self.faults.take(TOKEN, VERBS[TOKEN])

        def execute() -> Response:
            try:
                return jsonify(self.tokens.answer(sent))
            except Refusal as refusal:
                return refuse(refusal.code, "")

        def refuse(code: str, detail: str) -> Response:
            self.ledger.update(call, code=code or NO_REASON)
            return jsonify(token="", card="", codes=code or NO_REASON)

        with self._call(TOKEN, VERBS[TOKEN], "", fault) as call:
            return answer_through(fault, execute, refuse)

    @contextmanager
    def _call(self, kind: str, verb: str, reference: str, fault: Fault | None) -> Iterator[NotedCall]:
        """In the books before it is answered, and busy until it is."""
        call = self.ledger.note_call(kind, verb, reference, fault)
        with self.requests.one():
            yield call
            self.ledger.update(call, answered=True)

    def _verb(self, kind: str, sent: dict[str, str]) -> str:
        """A sale that is taken back is a refund, an authorisation a void."""
        if kind == "1Delete":
            found = self.ledger.by_process(sent.get("ProcessId", ""))
            return "refund" if found and found.stage == Stage.SALES else VERBS[kind]
        return VERBS.get(kind, "")

    def _card_fault(self, kind: str, sent: dict[str, str]) -> Fault | None:
        """Some test cards bring their own trouble, entered or kept."""
        merchant_id = sent.get("MerchantId", "")
        token = self.ledger.token(merchant_id, sent.get("Token", ""))
        if token:
            # A token that is spent no longer leads to the card.
            return None if token.used else cards.wire_fault(kind, token.number)
        member = self.ledger.member(merchant_id, sent.get("KaiinId", ""))
        return cards.wire_fault(kind, member.number) if member else None

    def _execute(self, call: NotedCall, address: str, sent: dict[str, str]) -> Response:
        with self.ledger.transaction():
            self.catch_up()
            transaction_id = self._new_number(sent.get("OperateId", ""))
            try:
                merchant = authenticated(self.ledger, sent)
                check_request(merchant, address, sent)
                fields = self._operations[sent["OperateId"]](merchant, sent, transaction_id)
            except Refusal as refusal:
                # Caught inside the transaction: a refused payment is in the books all the same.
                fields = refused(refusal)
                self.ledger.update(call, code=refusal.code)
        return self._reply(transaction_id, sent, fields)

    def _new_number(self, kind: str) -> str:
        """処理通番: 13 digits, with members 12 (protocol §2)."""
        number = str(self.ledger.next_number())
        return number[-12:] if kind in MEMBER else number

    def _reply(self, transaction_id: str, sent: dict[str, str], fields: dict[str, str]) -> Response:
        return reply(self.dialect, transaction_id, sent, fields)

    def catch_up(self) -> None:
        """Does in the books what the clock has made due."""
        self.cards.expire_due()

    # ---- what the practice world asks ------------------------------------------------------------

    def provider_side(self) -> Iterable[Blueprint]:
        return (wire_pages(self),)

    def console(self) -> Blueprint:
        return console_pages(self)

    def switches(self) -> Blueprint:
        return control_api(self)

    def token(self, card: Mapping[str, str], merchant: str = "") -> str:
        found = self.ledger.merchant(merchant or DEMO_MERCHANT.merchant_id)
        if found is None:
            return ""
        return self.tokens.make(found, card["number"], card["expiry"], card.get("cvc", ""))

    def books(self) -> Books:
        with self.ledger.transaction():
            self.catch_up()
            return replace(provider_books(self.ledger), busy=self.requests.waiting)

    def console_act(self, handle: str, act: str) -> None:
        """What staff do there behind the shop's back."""
        with self.ledger.transaction():
            self.catch_up()
            transaction = self.ledger.find(handle)
            if transaction is None or act not in ACTS or transaction.stage not in ACTS[act]:
                raise ValueError(f"{act} of {handle} is not possible")
            if act == "capture":
                self.cards.sell_today(transaction, act, "console")
            else:
                self.cards.undo(transaction, act, "console")

    def set_notices(self, switches: Mapping[str, Any]) -> None:
        """There are none."""

    def register(self, push_url: str) -> None:
        """There are no notices."""

    def reset(self) -> None:
        self.dialect = Dialect()
        self.ledger.reset()

    def close(self) -> None:
        self.ledger.close()


def refused(refusal: Refusal) -> dict[str, str]:
    """The pair stands before the code, results of checks after it."""
    before = {name: value for name, value in refusal.answered.items() if name.startswith("Process")}
    return before | {"ResponseCd": refusal.code} | refusal.answered
