"""The provider's own books: one SQLite file, one connection behind one lock. A request is worked off as a whole before the
next one, which keeps every rule of the simulator free of races.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from providers.sandbox.practice import State
from providers.veritrans4g.demo import DEMO_MERCHANT, DEMO_RESONA
from providers.veritrans4g.simulator.records import (
    Account,
    Merchant,
    Order,
    Push,
    Request,
    Step,
    StoredCard,
    Token,
    Transaction,
)

#: Table and key of each kind of row
TABLES: dict[type[Any], tuple[str, str]] = {
    Merchant: ("merchants", "merchant_ccid"),
    Token: ("tokens", "token"),
    StoredCard: ("stored_cards", "card_id"),
    Account: ("accounts", "key"),
    Order: ("orders", "handle"),
    Transaction: ("transactions", "id"),
    Step: ("steps", "id"),
    Push: ("pushes", "id"),
    Request: ("requests", "id"),
}

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS orders_by_id ON orders (merchant_ccid, order_id);
CREATE INDEX IF NOT EXISTS orders_by_page ON orders (page_key) WHERE page_key <> '';
CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state);
CREATE INDEX IF NOT EXISTS transactions_by_order ON transactions (handle);
CREATE INDEX IF NOT EXISTS steps_by_order ON steps (handle);
CREATE INDEX IF NOT EXISTS pushes_due ON pushes (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS cards_by_member ON stored_cards (merchant_ccid, account_id);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER);
"""

Row = TypeVar("Row")


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


class Ledger:
    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # The simulator outlives the shop, not a power cut: no fsync.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        for kind, (table, key) in TABLES.items():
            columns = ", ".join(
                f"{field.name} INTEGER PRIMARY KEY"
                if field.name == key == "id"
                else f"{field.name} PRIMARY KEY"
                if field.name == key
                else field.name
                for field in fields(kind)
            )
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        self._db.executescript(INDEXES)
        self._found()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def reset(self) -> None:
        """Back to a new world: the demo merchants and nothing else."""
        with self.transaction():
            for table, _ in TABLES.values():
                self._db.execute(f"DELETE FROM {table}")
            self._found()

    def _found(self) -> None:
        with self.transaction():
            if not self.all(Merchant):
                for merchant in demo_merchants():
                    self.save(merchant)

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

    def all(self, kind: type[Row], condition: str = "1", *values: Any) -> list[Row]:
        table, _ = TABLES[kind]
        with self._lock:
            rows = self._db.execute(f"SELECT * FROM {table} WHERE {condition}", values).fetchall()
        return [_read(kind, row) for row in rows]

    def one(self, kind: type[Row], condition: str, *values: Any) -> Row | None:
        return next(iter(self.all(kind, condition, *values)), None)

    def save(self, row: Any) -> int:
        """Insert, or replace by key; the number of a row that is numbered."""
        table, _ = TABLES[type(row)]
        values = {field.name: getattr(row, field.name) for field in fields(row)}
        marks = ", ".join("?" * len(values))
        with self._lock:
            cursor = self._db.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})", [*values.values()]
            )
        return cursor.lastrowid or 0

    def count(self, kind: type[Any], condition: str, *values: Any) -> int:
        with self._lock:
            row = self._db.execute(f"SELECT count(*) FROM {TABLES[kind][0]} WHERE {condition}", values).fetchone()
        return int(row[0])

    def next_number(self) -> int:
        """One series for everything that the provider numbers. Goes on over a reset, so that no number comes back."""
        with self.transaction():
            row = self._db.execute("SELECT value FROM settings WHERE name = 'number'").fetchone()
            number = (row["value"] if row else time.time_ns() // 10**9 * 10**6) + 1
            self._db.execute("INSERT OR REPLACE INTO settings VALUES ('number', ?)", (number,))
        return int(number)

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


#: Annotations are texts here; these two need more than what SQLite gives back.
_READERS = {"bool": bool, "State": State}


def _read(kind: type[Row], row: sqlite3.Row) -> Row:
    values = dict(row)
    for field in fields(kind):  # type: ignore[arg-type]
        reader = _READERS.get(str(field.type))
        if reader:
            values[field.name] = reader(values[field.name])
    return kind(**values)
