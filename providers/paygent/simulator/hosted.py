"""The simulator as the practice world hosts it (providers/sandbox/practice.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.paygent.simulator.books import shared_books
from providers.paygent.simulator.cards import TEST_CARDS
from providers.paygent.simulator.console import BUTTONS, console_pages
from providers.paygent.simulator.issuer_pages import issuer_pages
from providers.paygent.simulator.provider_side import provider_side
from providers.paygent.simulator.simulator import CONSOLE, Provider
from providers.paygent.simulator.switches import own_switches
from providers.sandbox.practice import Books, TestCard


class PaygentSimulator(Provider):
    code = "paygent"
    title = "ペイジェント"
    test_cards = tuple(TestCard(card.number, f"{card.effect}（{card.brand}）") for card in TEST_CARDS)

    def provider_side(self) -> Iterable[Blueprint]:
        return provider_side(self), issuer_pages(self)

    def console(self) -> Blueprint:
        return console_pages(self)

    def switches(self) -> Blueprint:
        return own_switches(self)

    def token(self, card: Mapping[str, str], merchant: str = "") -> str:
        contract = self.ledger.merchant(merchant or DEMO_PAYGENT_MERCHANT.merchant_id)
        answer = self.tokens.answer(
            {
                "merchant_id": contract.merchant_id if contract else "",
                "token_generate_key": contract.token_generate_key if contract else "",
                "card_number": card["number"],
                "card_expire_year": card["expiry"][:2],
                "card_expire_month": card["expiry"][2:],
                "card_cvc": card.get("cvc", ""),
                "card_name": card.get("name", ""),
            }
        )
        made = answer.get("tokenizedCardObject")
        return str(made["token"]) if isinstance(made, dict) else ""

    def books(self) -> Books:
        return shared_books(self)

    def console_act(self, handle: str, act: str) -> None:
        if act not in BUTTONS:
            raise ValueError(f"act must be one of {', '.join(BUTTONS)}")
        try:
            _, code = self.act_on_console(handle, lambda payment: self.payments.perform(BUTTONS[act], payment, CONSOLE))
        except LookupError as error:
            raise ValueError(str(error)) from error
        if code:
            raise ValueError(f"refused: {code}")

    def set_notices(self, switches: Mapping[str, Any]) -> None:
        self.notices.switch(switches)

    def register(self, push_url: str) -> None:
        self.ledger.save(replace(self.ledger.demo_merchant(), push_url=push_url))
