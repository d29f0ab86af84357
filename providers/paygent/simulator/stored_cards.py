"""カード情報お預り: the cards that merchants keep at the provider for their customers (protocol §4.5, §4.6).

Nothing is done about the same card stored twice: the provider gives it two numbers, and both can be charged.

Not documented and therefore OURS: the registration counts as the first use; a stored card is refused as expired
(2003 "1G83") from the month after its own; a customer of one merchant is unknown to all others, also to the one
that replaces it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from providers.paygent.simulator import cards
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Merchant, StoredCard
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock, japan_time

#: Cards of one customer at most (protocol §8)
LIMIT = 10

EXPIRED = cards.Answer("2003", '"1G83"')


class CardBook:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    # ---- looking up ------------------------------------------------------------------------------

    def of_customer(self, merchant_id: str, customer_id: str, customer_card_id: str = "") -> list[StoredCard]:
        """The customer's cards that are not deleted, or the one named; the one used last comes first."""
        return self._ledger.all(
            StoredCard,
            "merchant_id = ? AND customer_id = ? AND ? IN ('', customer_card_id) AND deleted_at IS NULL"
            " ORDER BY last_used_at DESC, customer_card_id DESC",
            merchant_id,
            customer_id,
            customer_card_id,
        )

    def find(self, merchant: Merchant, customer_id: str, customer_card_id: str, none: str) -> StoredCard:
        """The one card that is meant, without a number the customer's only one; else the refusal ``none``."""
        found = self.of_customer(merchant.merchant_id, customer_id, customer_card_id)
        if len(found) != 1:
            raise Refusal(none)
        return found[0]

    def answer(self, card: StoredCard) -> cards.Answer:
        """What stands against charging the card because it is a stored one."""
        return EXPIRED if self.expired(card) else cards.stored_answer(card.last_four)

    def expired(self, card: StoredCard) -> bool:
        month, year = card.valid_term[:2], card.valid_term[2:]
        return f"20{year}{month}" < japan_time(self._clock.now()).strftime("%Y%m")

    # ---- changing --------------------------------------------------------------------------------

    def check_room(self, merchant: Merchant, customer_id: str) -> None:
        if len(self.of_customer(merchant.merchant_id, customer_id)) >= LIMIT:
            raise Refusal("P023")

    def add(self, merchant: Merchant, customer_id: str, **card: Any) -> StoredCard:
        now = self._clock.now()
        stored = StoredCard(
            **card,
            customer_card_id=str(self._ledger.next_number()),
            merchant_id=merchant.merchant_id,
            customer_id=customer_id,
            stored_at=now,
            last_used_at=now,
        )
        self.update(stored)
        return stored

    def update(self, card: StoredCard) -> None:
        self._ledger.save(card)

    def note_use(self, card: StoredCard) -> None:
        self.update(replace(card, last_used_at=self._clock.now()))

    def delete(self, found: list[StoredCard], by: str) -> None:
        for card in found:
            self.update(replace(card, deleted_at=self._clock.now(), deleted_by=by))
