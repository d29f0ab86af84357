"""The books of this provider, and the merchants of its new worlds."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from providers.sandbox import ledger
from providers.veritrans4g.demo import DEMO_MERCHANT, DEMO_RESONA
from providers.veritrans4g.simulator.records import (
    Account,
    Merchant,
    Order,
    Push,
    Step,
    StoredCard,
    Token,
    Transaction,
)


def demo_merchants() -> tuple[Merchant, Merchant]:
    """The two merchants of a new world. Instalments and contracts of the second are those of the bank's shop guide."""
    return (
        Merchant(**asdict(DEMO_MERCHANT), title="VeriTrans4G"),
        Merchant(
            **asdict(DEMO_RESONA),
            title="りそな PayResort",
            instalments="3,6,10,12,15,18,20,24",
            revolving=False,
            bonus=False,
            paynowid=False,
        ),
    )


class Ledger(ledger.Ledger):
    tables = {
        Merchant: ("merchants", "merchant_ccid"),
        Token: ("tokens", "token"),
        StoredCard: ("stored_cards", "card_id"),
        Account: ("accounts", "key"),
        Order: ("orders", "handle"),
        Transaction: ("transactions", "id"),
        Step: ("steps", "id"),
        Push: ("pushes", "id"),
        ledger.NotedCall: ("requests", "id"),
    }
    indexes = """
        CREATE UNIQUE INDEX IF NOT EXISTS orders_by_id ON orders (merchant_ccid, order_id);
        CREATE INDEX IF NOT EXISTS orders_by_page ON orders (page_key) WHERE page_key <> '';
        CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state);
        CREATE INDEX IF NOT EXISTS transactions_by_order ON transactions (handle);
        CREATE INDEX IF NOT EXISTS steps_by_order ON steps (handle);
        CREATE INDEX IF NOT EXISTS pushes_due ON pushes (push_due) WHERE push_due IS NOT NULL;
        CREATE INDEX IF NOT EXISTS cards_by_member ON stored_cards (merchant_ccid, account_id);
    """
    digits = 16

    def found(self) -> None:
        for merchant in demo_merchants():
            self.save(merchant)

    # ---- what is asked for again and again -------------------------------------------------------

    def merchant(self, merchant_ccid: str) -> Merchant | None:
        return self.one(Merchant, "merchant_ccid = ?", merchant_ccid)

    def order(self, merchant_ccid: str, order_id: str) -> Order | None:
        return self.one(Order, "merchant_ccid = ? AND order_id = ?", merchant_ccid, order_id)

    def handled(self, handle: str) -> Order | None:
        return self.one(Order, "handle = ?", handle)

    def move(self, order: Order, at: float, by: str, **changes: Any) -> Order:
        """Saves the order with its changes; a new state becomes a step of its history."""
        known = self.handled(order.handle)
        moved = replace(order, **changes)
        self.save(moved)
        if known is None or known.state != moved.state:
            self.save(Step(None, order.handle, moved.state, at, by))
        return moved

    def steps(self, handle: str) -> list[Step]:
        return self.all(Step, "handle = ? ORDER BY id", handle)

    def transactions(self, handle: str) -> list[Transaction]:
        return self.all(Transaction, "handle = ? ORDER BY id", handle)
