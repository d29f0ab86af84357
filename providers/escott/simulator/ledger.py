"""The books of this provider."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from providers.escott.demo import DEMO_MERCHANT
from providers.escott.simulator.records import Member, Merchant, Stage, Step, Token, Transaction
from providers.sandbox import ledger
from providers.sandbox.clock import Clock


class Ledger(ledger.Ledger):
    tables = {
        Merchant: ("merchants", "merchant_id"),
        Token: ("tokens", "token"),
        Member: ("members", "merchant_id, kaiin_id"),
        Transaction: ("transactions", "transaction_id"),
        Step: ("steps", "id"),
        ledger.NotedCall: ("calls", "id"),
    }
    indexes = """
        CREATE INDEX IF NOT EXISTS transactions_by_process ON transactions (process_id);
        CREATE INDEX IF NOT EXISTS transactions_by_free1 ON transactions (free1);
        CREATE INDEX IF NOT EXISTS transactions_held ON transactions (authorized_at) WHERE stage = 'AUTH';
        CREATE INDEX IF NOT EXISTS steps_by_transaction ON steps (transaction_id);
    """
    #: of a 処理通番
    digits = 13

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path)
        self._clock = clock

    def found(self) -> None:
        self.save(Merchant(**asdict(DEMO_MERCHANT)))

    # ---- merchants -------------------------------------------------------------------------------

    def merchant(self, merchant_id: str) -> Merchant | None:
        return self.one(Merchant, "merchant_id = ?", merchant_id)

    def merchants(self) -> list[Merchant]:
        return self.all(Merchant, "1 ORDER BY merchant_id")

    # ---- tokens and members ----------------------------------------------------------------------

    def token(self, merchant_id: str, token: str) -> Token | None:
        return self.one(Token, "token = ? AND merchant_id = ?", token, merchant_id)

    def member(self, merchant_id: str, kaiin_id: str) -> Member | None:
        return self.one(Member, "merchant_id = ? AND kaiin_id = ?", merchant_id, kaiin_id)

    def members(self) -> list[Member]:
        """In the order of registration."""
        return self.all(Member, "1 ORDER BY rowid")

    # ---- transactions ----------------------------------------------------------------------------

    def find(self, transaction_id: str) -> Transaction | None:
        return self.one(Transaction, "transaction_id = ?", transaction_id)

    def by_process(self, process_id: str) -> Transaction | None:
        return self.one(Transaction, "process_id = ?", process_id) if process_id else None

    def book(
        self, transaction: Transaction, operation: str, before: str, by: str, code: str = ""
    ) -> Transaction:
        """Keeps the transaction as it is now, and the step that led there."""
        step = Step(
            transaction.transaction_id,
            self._clock.now(),
            operation,
            before,
            transaction.stage,
            transaction.amount,
            by,
            code,
        )
        with self.transaction():
            self.save(transaction)
            self.save(step)
        return transaction

    def expire(self, authorized_before: float) -> None:
        """Ends the authorisations that nobody captured in time."""
        due = self.all(Transaction, "stage = ? AND authorized_at < ?", Stage.AUTH, authorized_before)
        for transaction in due:
            self.book(replace(transaction, stage=Stage.EXPIRED), "", Stage.AUTH, "clock")

    def steps(self, transaction_id: str) -> list[Step]:
        return self.all(Step, "transaction_id = ? ORDER BY id", transaction_id)
