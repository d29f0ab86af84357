"""The provider's own books: merchants, card tokens, stored cards, authentications, payments, notices, telegrams.

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
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.paygent.simulator.records import Authentication, Merchant, Payment, StoredCard, Token

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merchants (
    merchant_id TEXT PRIMARY KEY, connect_id TEXT, connect_password TEXT, token_generate_key TEXT,
    token_hash_key TEXT, notice_hash_key TEXT, threeds_hash_key TEXT, push_url TEXT, notify_applied INTEGER,
    payment_classes TEXT, split_counts TEXT, push_failures INTEGER, push_paused_until REAL,
    merchant_name TEXT DEFAULT '', closed INTEGER DEFAULT 0, threeds INTEGER DEFAULT 1,
    threeds_required INTEGER DEFAULT 0, attempt_control TEXT DEFAULT '', corrections INTEGER DEFAULT 0,
    corrections_after_3ds INTEGER DEFAULT 0, stored_cards INTEGER DEFAULT 1,
    validity_checks INTEGER DEFAULT 1);
CREATE TABLE IF NOT EXISTS tokens (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    token TEXT PRIMARY KEY, merchant_id TEXT, cvc_only INTEGER, has_security_code INTEGER, valid_until REAL,
    used INTEGER, holder_name TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS stored_cards (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    customer_card_id TEXT PRIMARY KEY, merchant_id TEXT, customer_id TEXT, stored_at REAL, last_used_at REAL,
    holder_name TEXT, add_info1 TEXT, add_info2 TEXT, add_info3 TEXT, add_info4 TEXT, checked_at REAL,
    deleted_at REAL, deleted_by TEXT);
CREATE INDEX IF NOT EXISTS stored_cards_by_customer ON stored_cards (merchant_id, customer_id);
CREATE TABLE IF NOT EXISTS authentications (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    auth_id TEXT PRIMARY KEY, page_key TEXT UNIQUE, merchant_id TEXT, trading_id TEXT, site_id TEXT,
    term_url TEXT, shop_name TEXT, amount INTEGER, created_at REAL, plan TEXT, result TEXT, attempt_kbn TEXT,
    response_code TEXT, server_error_code TEXT, finished_at REAL, used_by TEXT, returns INTEGER,
    notice_due REAL, notice_attempts INTEGER, notice_acknowledged INTEGER);
CREATE INDEX IF NOT EXISTS authentications_open ON authentications (created_at) WHERE result = '';
CREATE INDEX IF NOT EXISTS authentications_to_notice ON authentications (notice_due)
    WHERE notice_due IS NOT NULL;
CREATE TABLE IF NOT EXISTS payments (
    masked_card_number TEXT, fingerprint TEXT, brand TEXT, acquirer_id TEXT, issuer_class TEXT,
    valid_term TEXT,
    payment_id TEXT PRIMARY KEY, merchant_id TEXT, trading_id TEXT, site_id TEXT, amount INTEGER,
    payment_class TEXT, split_count TEXT, threeds_omitted TEXT, created_at REAL, status TEXT, joho_code TEXT,
    authorized_at REAL, captured_at REAL, cancelled_at REAL, deadline REAL, retries INTEGER,
    threeds_auth_id TEXT DEFAULT '', attempt_kbn TEXT DEFAULT '', threeds_version TEXT DEFAULT '',
    base_payment_id TEXT DEFAULT '', customer_id TEXT DEFAULT '', customer_card_id TEXT DEFAULT '');
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
    fault TEXT, at REAL, customer_id TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS telegrams (kind TEXT PRIMARY KEY, count INTEGER);
"""

TABLES = (
    "settings",
    "merchants",
    "tokens",
    "stored_cards",
    "authentications",
    "payments",
    "history",
    "notices",
    "requests",
    "telegrams",
)

#: How many of the latest telegrams are remembered one by one
REQUESTS_KEPT = 500


class Ledger:
    def __init__(self, path: Path) -> None:
        _take_over(path)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # The simulator outlives the shop, not a power cut: no fsync.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)
        self._add_new_columns()
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

    def _add_new_columns(self) -> None:
        """Books of an earlier version go on: columns that came later start with their default."""
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(SCHEMA)
            for table in TABLES:
                known = {row["name"] for row in self.all(f"PRAGMA table_info({table})")}
                for _, name, kind, _, default, _ in fresh.execute(f"PRAGMA table_info({table})"):
                    if name not in known:
                        self.change(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT {default}")

    def _found(self) -> None:
        with self.transaction():
            if self.setting("fingerprint_secret"):
                return
            self.set("fingerprint_secret", secrets.token_hex(32))
            # Starts at the time of the foundation, so that no number comes back after a reset. 18 digits.
            self.set("last_payment_id", time.time_ns() // 10**9 * 10**8)
            self.save_merchant(self.demo_merchant())

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

    def next_number(self) -> str:
        """A new payment_id or customer_card_id: one series, so none of them can pass for the other."""
        with self.transaction():
            number = self.setting("last_payment_id") + 1
            self.set("last_payment_id", number)
        return str(number)

    # ---- merchants -------------------------------------------------------------------------------

    def merchant(self, merchant_id: str) -> Merchant | None:
        row = self.one("SELECT * FROM merchants WHERE merchant_id = ?", merchant_id)
        return _record(Merchant, row) if row else None

    def demo_merchant(self) -> Merchant:
        """As it stands, or as it is in a new world."""
        return self.merchant(DEMO_PAYGENT_MERCHANT.merchant_id) or Merchant(**asdict(DEMO_PAYGENT_MERCHANT))

    def merchants(self) -> list[Merchant]:
        return [_record(Merchant, row) for row in self.all("SELECT * FROM merchants ORDER BY merchant_id")]

    def save_merchant(self, merchant: Merchant) -> None:
        self.save("merchants", asdict(merchant))

    def replace_merchant(self, old: str, new: str) -> Merchant:
        """A new number for a contract, as after a change of the merchant's name; the old one is closed."""
        with self.transaction():
            known = self.merchant(old)
            if known is None or self.merchant(new):
                raise ValueError("replaces an existing merchant by a new one")
            successor = replace(known, merchant_id=new)
            self.save_merchant(replace(known, closed=True))
            self.save_merchant(successor)
        return successor

    # ---- tokens ----------------------------------------------------------------------------------

    def token(self, merchant_id: str, token: str) -> Token | None:
        row = self.one("SELECT * FROM tokens WHERE token = ? AND merchant_id = ?", token, merchant_id)
        return _record(Token, row) if row else None

    def save_token(self, token: Token) -> None:
        self.save("tokens", asdict(token))

    # ---- stored cards ----------------------------------------------------------------------------

    def stored_cards(self, condition: str, *values: Any) -> list[StoredCard]:
        rows = self.all(f"SELECT * FROM stored_cards WHERE {condition}", *values)
        return [_record(StoredCard, row) for row in rows]

    def save_stored_card(self, card: StoredCard) -> None:
        self.save("stored_cards", asdict(card))

    # ---- 3-D Secure ------------------------------------------------------------------------------

    def authentication(self, auth_id: str) -> Authentication | None:
        return next(iter(self.authentications("auth_id = ?", auth_id)), None)

    def authentications(self, condition: str, *values: Any) -> list[Authentication]:
        rows = self.all(f"SELECT * FROM authentications WHERE {condition}", *values)
        return [_record(Authentication, row) for row in rows]

    def save_authentication(self, authentication: Authentication) -> None:
        self.save("authentications", asdict(authentication))

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
                "INSERT INTO requests"
                " (kind, trading_id, payment_id, customer_id, result, response_code, fault, at)"
                " VALUES (?, ?, ?, ?, '', '', ?, ?)",
                (kind, *(sent.get(name, "") for name in ("trading_id", "payment_id", "customer_id")), fault, at),
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


def _take_over(path: Path) -> None:
    """Books of a version that knew one provider only go on; their file was not named after it."""
    if not path.exists():
        for part in ("", "-wal", "-shm"):
            earlier = path.with_name(f"simulator.sqlite3{part}")
            if earlier.exists():
                earlier.rename(f"{path}{part}")


Record = TypeVar("Record")


def _record(kind: type[Record], row: sqlite3.Row) -> Record:
    return kind(**dict(row))
