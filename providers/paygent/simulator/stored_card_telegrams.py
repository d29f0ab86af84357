"""025 register, 026 delete, 027 query, 116 update a stored card (protocol §4.5, §4.6).

Not documented and therefore OURS: P022 where 116 finds no card; 116 answers like 025; card_brand is checked and
otherwise passed over, the number tells the brand; a validity check is a payment of 0 yen, made for the trading_id
of the telegram; brands that cannot be charged (2016) can be stored as long as nobody asks for the check; 2054 and
E001 of the test cards need none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from providers.paygent.simulator import cards
from providers.paygent.simulator.card_telegrams import DIRECT_CARD, card_answer, check_security_code
from providers.paygent.simulator.checks import CARD_NOTES, demand
from providers.paygent.simulator.payments import Payments, Terms
from providers.paygent.simulator.records import Card, Merchant, StoredCard
from providers.paygent.simulator.stored_cards import CardBook
from providers.paygent.simulator.tokens import TokenDesk
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock, wire_time

#: Field of 025 and 116 -> what it becomes in the books
NOTES = {field.name: field.name.replace("cardholder_name", "holder_name") for field in CARD_NOTES}


class StoredCardTelegrams:
    def __init__(
        self, clock: Clock, payments: Payments, tokens: TokenDesk, card_book: CardBook
    ) -> None:
        self._clock = clock
        self._payments = payments
        self._tokens = tokens
        self._card_book = card_book

    # ---- 025 -------------------------------------------------------------------------------------

    def register(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        wants_check = sent.get("valid_check_flg") == "1"
        if wants_check and not merchant.validity_checks:
            raise Refusal("P027")
        if any(sent.get(name) for name in DIRECT_CARD):
            raise Refusal("2024" if sent.get("card_token") else "2023")
        token = self._tokens.presented(merchant, demand(sent, "card_token"), cvc_only=False)
        check_security_code(sent, token)
        self._card_book.check_room(merchant, sent["customer_id"])
        answer = cards.storing_answer(token.last_four)
        if answer.code:
            raise Refusal(answer.code, answer.detail)
        if wants_check:
            self._check_validity(merchant, token, sent)
        notes = {name: sent.get(field, "") for field, name in NOTES.items()}
        stored = self._card_book.add(
            merchant,
            sent["customer_id"],
            **token.card_fields(),
            **notes | {"holder_name": notes["holder_name"] or token.holder_name},
            checked_at=self._clock.now() if wants_check else None,
        )
        self._tokens.spend(token)
        return self._answer(stored, checked=wants_check)

    # ---- 116 -------------------------------------------------------------------------------------

    def update(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        """A field left out stays, one sent empty is cleared; only the expiry cannot be cleared."""
        stored = self._card_book.find(merchant, sent["customer_id"], sent["customer_card_id"], none="P022")
        token = None
        if sent.get("card_token"):
            token = self._tokens.presented(merchant, sent["card_token"], cvc_only=True)
        check_security_code(sent, token)
        notes: dict[str, Any] = {name: sent[field] for field, name in NOTES.items() if field in sent}
        updated = replace(stored, **notes)
        checked = "card_valid_term" in sent
        if checked:
            updated = self._with_new_expiry(merchant, updated, sent)
        self._card_book.update(updated)
        if token:
            self._tokens.spend(token)
        return self._answer(updated, checked=checked)

    def _with_new_expiry(self, merchant: Merchant, card: StoredCard, sent: dict[str, str]) -> StoredCard:
        valid_term = demand(sent, "card_valid_term")
        if not 1 <= int(valid_term[:2]) <= 12:
            raise Refusal("P010", field="card_valid_term")
        if not merchant.validity_checks:
            raise Refusal("P027")
        renewed = replace(card, valid_term=valid_term, checked_at=self._clock.now())
        self._check_validity(merchant, renewed, sent, self._card_book.answer(renewed))
        return renewed

    # ---- 026 -------------------------------------------------------------------------------------

    def delete(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        """Without a card's number all cards of the customer."""
        customer_id = sent["customer_id"]
        found = self._card_book.of_customer(
            merchant.merchant_id, customer_id, sent.get("customer_card_id", "")
        )
        if not found:
            raise Refusal("P022")
        self._card_book.delete(found, by="026")
        return {"num_of_cards": self._number_of_cards(merchant.merchant_id, customer_id)}

    # ---- 027 -------------------------------------------------------------------------------------

    def query(self, merchant: Merchant, sent: dict[str, str]) -> list[dict[str, str]]:
        found = self._card_book.of_customer(
            merchant.merchant_id, sent["customer_id"], sent.get("customer_card_id", "")
        )
        if not found:
            raise Refusal("P026")
        checks = any(card.checked_at is not None for card in found)
        fingerprints = sent.get("return_fingerprint_flg") == "1"
        return [
            self._row(card)
            | (_check_columns(card) if checks else {})
            | ({"fingerprint": card.fingerprint} if fingerprints else {})
            for card in found
        ]

    def _row(self, card: StoredCard) -> dict[str, str]:
        return {
            "customer_id": card.customer_id,
            "customer_card_id": card.customer_card_id,
            "card_number": card.masked_card_number,
            "card_valid_term": card.valid_term,
            "card_last_use_date": wire_time(card.last_used_at),
            "card_brand": card.brand,
            **{field: getattr(card, name) for field, name in NOTES.items()},
            "card_expire_flag": "1" if self._card_book.expired(card) else "0",
        }

    # ---- what they share -------------------------------------------------------------------------

    def _check_validity(
        self,
        merchant: Merchant,
        card: Card,
        sent: dict[str, str],
        as_stored: cards.Answer = cards.ACCEPTED,
    ) -> None:
        """Asks the card's company; a refusal leaves a payment as well, an error of parameter or system none."""
        terms = Terms(
            trading_id=sent.get("trading_id", ""),
            site_id=sent.get("site_id", ""),
            amount=0,
            payment_class="10",
            split_count="",
            threeds_omitted="",
        )
        answer = card_answer(merchant, card, terms)
        if not answer.code:
            answer = as_stored
        if not answer.code.startswith(("P", "E")):
            self._payments.check_validity(merchant, card, terms, answer, by=sent["telegram_kind"])
        if answer.code:
            raise Refusal(answer.code, answer.detail)

    def _answer(self, card: StoredCard, *, checked: bool) -> dict[str, str]:
        """Issuer and acquirer are known only where a validity check has asked them."""
        return {
            "num_of_cards": self._number_of_cards(card.merchant_id, card.customer_id),
            "customer_card_id": card.customer_card_id,
            "issur_id": "",
            "issur_name": cards.ISSUER_NAMES[card.brand] if checked else "",
            "fingerprint": card.fingerprint,
            "masked_card_number": card.masked_card_number,
            "card_valid_term": card.valid_term,
            "cardholder_name": card.holder_name,
            "acq_id": card.acquirer_id if checked else "",
            "acq_name": cards.ACQUIRERS[card.acquirer_id] if checked else "",
        }

    def _number_of_cards(self, merchant_id: str, customer_id: str) -> str:
        return str(len(self._card_book.of_customer(merchant_id, customer_id)))


def _check_columns(card: StoredCard) -> dict[str, str]:
    """Shown as soon as one of the cards was checked, empty for the others."""
    checked = card.checked_at is not None
    return {
        "valid_check_result": "0" if checked else "",
        "valid_update_cd": "",
        "valid_check_date": wire_time(card.checked_at),
        "issur_name": cards.ISSUER_NAMES[card.brand] if checked else "",
    }
