"""The provider's own books: merchants, tokens, members, transactions and their history, requests.

One SQLite file. One connection behind one lock: a request is worked off as a whole before the next one,
which keeps every rule of the simulator free of races.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from providers.escott.demo import DEMO_MERCHANT
from providers.escott.simulator.records import Member, Merchant, Stage, Step, Token, Transaction
from providers.sandbox.clock import Clock
from providers.sandbox.practice import Call

SCHEMA = """
CREATE TABLE IF NOT EXISTS numbers (last INTEGER);
CREATE TABLE IF NOT EXISTS merchants (
    merchant_id TEXT PRIMARY KEY, merchant_pass TEXT, tenant_id TEXT, token_code TEXT, members INTEGER,
    capture_kind TEXT, pay_types TEXT, bonus_closed INTEGER, token_seconds REAL, failures INTEGER, locked INTEGER);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, merchant_id TEXT, number TEXT, expiry TEXT, security_code TEXT, made_at REAL,
    used INTEGER);
CREATE TABLE IF NOT EXISTS members (
    merchant_id TEXT, kaiin_id TEXT, kaiin_pass TEXT, number TEXT, expiry TEXT, status TEXT, enabled_at REAL,
    failures INTEGER, decline TEXT, PRIMARY KEY (merchant_id, kaiin_id));
CREATE TABLE IF NOT EXISTS transactions (
    transaction_id TEXT PRIMARY KEY, merchant_id TEXT, kind TEXT, free1 TEXT, free2 TEXT, free3 TEXT,
    process_id TEXT, process_pass TEXT, stage TEXT, amount INTEGER, pay_type TEXT, number TEXT, expiry TEXT,
    kaiin_id TEXT, created_at REAL, authorized_at REAL, approve_no TEXT, sales_date TEXT, code TEXT);
CREATE INDEX IF NOT EXISTS transactions_by_process ON transactions (process_id);
CREATE INDEX IF NOT EXISTS transactions_by_free1 ON transactions (free1);
CREATE INDEX IF NOT EXISTS transactions_held ON transactions (authorized_at) WHERE stage = 'AUTH';
CREATE TABLE IF NOT EXISTS steps (
    id INTEGER PRIMARY KEY, transaction_id TEXT, at REAL, operation TEXT, before TEXT, after TEXT,
    amount INTEGER, by TEXT, code TEXT);
CREATE INDEX IF NOT EXISTS steps_by_transaction ON steps (transaction_id);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, kind TEXT, verb TEXT, reference TEXT, code TEXT DEFAULT '', fault TEXT,
    answered INTEGER DEFAULT 0);
"""

TABLES = ("merchants", "tokens", "members", "transactions", "steps", "calls")


class Ledger:
    def __init__(self, path: Path, clock: Clock) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # The simulator outlives the shop, not a power cut: no fsync.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)
        self._found()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def reset(self) -> None:
        """Back to a new world: the demo merchant and nothing else. The numbers go on, so that none comes back."""
        with self.transaction():
            for table in TABLES:
                self._change(f"DELETE FROM {table}")
            self._found()

    def _found(self) -> None:
        with self.transaction():
            if not self._all("SELECT last FROM numbers"):
                self._change("INSERT INTO numbers VALUES (?)", int(self._clock.now()) * 1000)
            if not self.merchants():
                self.save_merchant(Merchant(**asdict(DEMO_MERCHANT)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; an inner one is part of the outer one."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def next_number(self) -> int:
        """A new 処理通番, 13 digits."""
        with self.transaction():
            self._change("UPDATE numbers SET last = last + 1")
            return int(self._all("SELECT last FROM numbers")[0]["last"])

    def _all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _change(self, sql: str, *values: Any) -> None:
        with self._lock:
            self._db.execute(sql, values)

    def _save(self, table: str, row: dict[str, Any]) -> None:
        """Insert or replace by primary key."""
        marks = ", ".join("?" * len(row))
        self._change(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    # ---- merchants -------------------------------------------------------------------------------

    def merchant(self, merchant_id: str) -> Merchant | None:
        return next((one for one in self.merchants() if one.merchant_id == merchant_id), None)

    def merchants(self) -> list[Merchant]:
        return [_record(Merchant, row) for row in self._all("SELECT * FROM merchants ORDER BY merchant_id")]

    def save_merchant(self, merchant: Merchant) -> None:
        self._save("merchants", asdict(merchant))

    # ---- tokens and members ----------------------------------------------------------------------

    def token(self, merchant_id: str, token: str) -> Token | None:
        rows = self._all("SELECT * FROM tokens WHERE token = ? AND merchant_id = ?", token, merchant_id)
        return _record(Token, rows[0]) if rows else None

    def save_token(self, token: Token) -> None:
        self._save("tokens", asdict(token))

    def member(self, merchant_id: str, kaiin_id: str) -> Member | None:
        found = self.members("merchant_id = ? AND kaiin_id = ?", merchant_id, kaiin_id)
        return found[0] if found else None

    def members(self, condition: str = "1", *values: Any) -> list[Member]:
        rows = self._all(f"SELECT * FROM members WHERE {condition} ORDER BY rowid", *values)
        return [_record(Member, row) for row in rows]

    def save_member(self, member: Member) -> None:
        """Changes keep the row's place, which is the order of registration."""
        row = asdict(member)
        changed = ", ".join(f"{name} = excluded.{name}" for name in row)
        self._change(
            f"INSERT INTO members ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
            f" ON CONFLICT (merchant_id, kaiin_id) DO UPDATE SET {changed}",
            *row.values(),
        )

    # ---- transactions ----------------------------------------------------------------------------

    def find(self, transaction_id: str) -> Transaction | None:
        found = self.transactions("transaction_id = ?", transaction_id)
        return found[0] if found else None

    def by_process(self, process_id: str) -> Transaction | None:
        found = self.transactions("process_id = ?", process_id) if process_id else []
        return found[0] if found else None

    def transactions(self, condition: str, *values: Any) -> list[Transaction]:
        rows = self._all(f"SELECT * FROM transactions WHERE {condition}", *values)
        return [_record(Transaction, row) for row in rows]

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
            self._save("transactions", asdict(transaction))
            self._save("steps", asdict(step))
        return transaction

    def expire(self, authorized_before: float) -> None:
        """Ends the authorisations that nobody captured in time."""
        due = self.transactions("stage = ? AND authorized_at < ?", Stage.AUTH, authorized_before)
        for transaction in due:
            self.book(replace(transaction, stage=Stage.EXPIRED), "", Stage.AUTH, "clock")

    def steps(self, transaction_id: str) -> list[Step]:
        wanted = "transaction_id, at, operation, before, after, amount, by, code"
        rows = self._all(f"SELECT {wanted} FROM steps WHERE transaction_id = ? ORDER BY id", transaction_id)
        return [_record(Step, row) for row in rows]

    # ---- requests received -----------------------------------------------------------------------

    def add_call(self, kind: str, verb: str, reference: str, fault: str) -> int:
        """Notes a request as it comes in; its answer is added when there is one."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO calls (kind, verb, reference, fault) VALUES (?, ?, ?, ?)",
                (kind, verb, reference, fault),
            )
            return cursor.lastrowid or 0

    def add_code(self, number: int, code: str) -> None:
        self._change("UPDATE calls SET code = ? WHERE id = ?", code, number)

    def add_answer(self, number: int) -> None:
        self._change("UPDATE calls SET answered = 1 WHERE id = ?", number)

    def calls(self) -> list[Call]:
        rows = self._all("SELECT kind, verb, reference, code, fault, answered FROM calls ORDER BY id")
        return [Call(**dict(row) | {"answered": bool(row["answered"])}) for row in rows]


Record = TypeVar("Record")

#: Columns that SQLite keeps as 0 and 1
FLAGS = ("members", "bonus_closed", "locked", "used")


def _record(kind: type[Record], row: sqlite3.Row) -> Record:
    return kind(**{name: bool(value) if name in FLAGS else value for name, value in dict(row).items()})
