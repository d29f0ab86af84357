"""The provider's own books: merchants, card tokens, payments and their history, notices, telegrams received.

One SQLite file. One connection behind one lock: a telegram is worked off as a whole before the next one,
which keeps every rule of the simulator free of races. Card numbers never get here; a token knows only mask
and fingerprint.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from providers.sandbox.demo import DEMO_PAYGENT_MERCHANT, PaygentMerchantKeys

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merchants (
    merchant_id TEXT PRIMARY KEY, connect_id TEXT, connect_password TEXT, token_generate_key TEXT,
    token_hash_key TEXT, notice_hash_key TEXT, threeds_hash_key TEXT, push_url TEXT, notify_applied INTEGER,
    payment_classes TEXT, split_counts TEXT, push_failures INTEGER, push_paused_until REAL);
CREATE TABLE IF NOT EXISTS tokens (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    token TEXT PRIMARY KEY, merchant_id TEXT, cvc_only INTEGER, has_security_code INTEGER, valid_until REAL,
    used INTEGER);
CREATE TABLE IF NOT EXISTS payments (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    payment_id TEXT PRIMARY KEY, merchant_id TEXT, trading_id TEXT, site_id TEXT, amount INTEGER,
    payment_class TEXT, split_count TEXT, threeds_omitted TEXT, created_at REAL, status TEXT, joho_code TEXT,
    authorized_at REAL, captured_at REAL, cancelled_at REAL, deadline REAL, retries INTEGER);
CREATE INDEX IF NOT EXISTS payments_by_trading ON payments (merchant_id, trading_id);
CREATE INDEX IF NOT EXISTS payments_by_deadline ON payments (deadline) WHERE deadline IS NOT NULL;
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, payment_id TEXT, at REAL, from_status TEXT, to_status TEXT, by TEXT);
CREATE INDEX IF NOT EXISTS history_by_payment ON history (payment_id);
CREATE TABLE IF NOT EXISTS notices (
    merchant_id TEXT, notice_id INTEGER, payment_id TEXT, status TEXT, site_id TEXT, changed_at REAL,
    fields TEXT,
    push_due REAL, copies INTEGER, held INTEGER, attempts INTEGER, acknowledged INTEGER, fetched INTEGER,
    PRIMARY KEY (merchant_id, notice_id));
CREATE INDEX IF NOT EXISTS notices_to_push ON notices (push_due) WHERE push_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS notices_to_fetch ON notices (merchant_id, notice_id) WHERE fetched = 0;
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY, kind TEXT, trading_id TEXT, payment_id TEXT, result TEXT, response_code TEXT,
    fault TEXT, at REAL);
CREATE TABLE IF NOT EXISTS telegrams (kind TEXT PRIMARY KEY, count INTEGER);
"""

TABLES = ("settings", "merchants", "tokens", "payments", "history", "notices", "requests", "telegrams")

#: How many of the latest telegrams are remembered one by one
REQUESTS_KEPT = 500


@dataclass(frozen=True)
class Merchant(PaygentMerchantKeys):
    """A contract."""

    #: notices of status 10 are sent (by contract, protocol §15 no. 12)
    notify_applied: bool = False
    #: 支払区分 of the contract, comma separated
    payment_classes: str = "10,23,61,80"
    #: 分割回数 of the contract, comma separated
    split_counts: str = "3,5,6,10,12,15,18,20,24"
    #: failed pushes in a row, and until when all pushes rest
    push_failures: int = 0
    push_paused_until: float = 0.0


@dataclass(frozen=True)
class Card:
    """What the books know of a card."""

    masked_card_number: str
    fingerprint: str
    brand: str
    acquirer_id: str
    #: 0 domestic, 1 foreign
    issuer_class: str
    #: MMYY
    valid_term: str

    @property
    def last_four(self) -> str:
        return self.masked_card_number[-4:]

    def card_fields(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(Card)}


@dataclass(frozen=True)
class Token(Card):
    token: str
    merchant_id: str
    #: セキュリティコードトークン, without a card
    cvc_only: bool
    has_security_code: bool
    valid_until: float
    used: bool = False


@dataclass(frozen=True)
class Payment(Card):
    payment_id: str
    merchant_id: str
    trading_id: str
    site_id: str
    #: yen
    amount: int
    payment_class: str
    split_count: str
    #: 3dsecure_ryaku as sent
    threeds_omitted: str
    created_at: float
    status: str = ""
    #: 000 or the code of the refusal
    joho_code: str = ""
    authorized_at: float | None = None
    captured_at: float | None = None
    cancelled_at: float | None = None
    #: when the status changes by itself
    deadline: float | None = None
    #: repeated authorisations after code 2003
    retries: int = 0


class Ledger:
    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
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
        """Back to a new world: the demo merchant and nothing else."""
        with self.transaction():
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")
            self._found()

    def _found(self) -> None:
        with self.transaction():
            if self.setting("fingerprint_secret"):
                return
            self.set("fingerprint_secret", secrets.token_hex(32))
            # Starts at the time of the foundation, so that no payment_id comes back after a reset. 18 digits.
            self.set("last_payment_id", time.time_ns() // 10**9 * 10**8)
            self.save_merchant(Merchant(**asdict(DEMO_PAYGENT_MERCHANT)))

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

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        return next(iter(self.all(sql, *values)), None)

    def change(self, sql: str, *values: Any) -> None:
        with self._lock:
            self._db.execute(sql, values)

    def save(self, table: str, row: dict[str, Any]) -> None:
        """Insert or replace by primary key."""
        marks = ", ".join("?" * len(row))
        self.change(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    # ---- settings --------------------------------------------------------------------------------

    def setting(self, name: str) -> Any:
        row = self.one("SELECT value FROM settings WHERE name = ?", name)
        return row["value"] if row else None

    def set(self, name: str, value: Any) -> None:
        self.save("settings", {"name": name, "value": value})

    def next_payment_id(self) -> str:
        with self.transaction():
            payment_id = self.setting("last_payment_id") + 1
            self.set("last_payment_id", payment_id)
        return str(payment_id)

    # ---- merchants -------------------------------------------------------------------------------

    def merchant(self, merchant_id: str) -> Merchant | None:
        row = self.one("SELECT * FROM merchants WHERE merchant_id = ?", merchant_id)
        return _record(Merchant, row) if row else None

    def merchants(self) -> list[Merchant]:
        return [_record(Merchant, row) for row in self.all("SELECT * FROM merchants ORDER BY merchant_id")]

    def save_merchant(self, merchant: Merchant) -> None:
        self.save("merchants", asdict(merchant))

    # ---- tokens ----------------------------------------------------------------------------------

    def token(self, merchant_id: str, token: str) -> Token | None:
        row = self.one("SELECT * FROM tokens WHERE token = ? AND merchant_id = ?", token, merchant_id)
        return _record(Token, row) if row else None

    def save_token(self, token: Token) -> None:
        self.save("tokens", asdict(token))

    # ---- payments --------------------------------------------------------------------------------

    def payment(self, payment_id: str) -> Payment | None:
        return next(iter(self.payments("payment_id = ?", payment_id)), None)

    def payments(self, condition: str, *values: Any) -> list[Payment]:
        rows = self.all(f"SELECT * FROM payments WHERE {condition}", *values)
        return [_record(Payment, row) for row in rows]

    def save_payment(self, payment: Payment) -> None:
        self.save("payments", asdict(payment))

    def add_history(self, payment_id: str, at: float, before: str, after: str, by: str) -> None:
        self.change(
            "INSERT INTO history (payment_id, at, from_status, to_status, by) VALUES (?, ?, ?, ?, ?)",
            payment_id,
            at,
            before,
            after,
            by,
        )

    def history(self, payment_id: str) -> list[sqlite3.Row]:
        return self.all("SELECT * FROM history WHERE payment_id = ? ORDER BY id", payment_id)

    # ---- telegrams received ----------------------------------------------------------------------

    def add_request(self, at: float, kind: str, sent: dict[str, str], fault: str) -> int:
        """Notes a telegram as it comes in; its answer is added when there is one."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO requests (kind, trading_id, payment_id, result, response_code, fault, at)"
                " VALUES (?, ?, ?, '', '', ?, ?)",
                (kind, sent.get("trading_id", ""), sent.get("payment_id", ""), fault, at),
            )
            number = cursor.lastrowid or 0
            self.change("DELETE FROM requests WHERE id <= ?", number - REQUESTS_KEPT)
            self.change(
                "INSERT INTO telegrams VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1", kind
            )
        return number

    def add_answer(self, number: int, payment_id: str, result: str, response_code: str) -> None:
        self.change(
            "UPDATE requests SET payment_id = coalesce(nullif(?, ''), payment_id),"
            " result = ?, response_code = ? WHERE id = ?",
            payment_id,
            result,
            response_code,
            number,
        )


Record = TypeVar("Record")


def _record(kind: type[Record], row: sqlite3.Row) -> Record:
    return kind(**dict(row))
