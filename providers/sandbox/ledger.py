"""A provider's own books: one SQLite file with a table for every kind of record, one connection behind one lock.

A request is worked off as a whole before the next one, which keeps every rule of a simulator free of races.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from providers.sandbox.faults import Fault
from providers.sandbox.practice import Call, State

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")

#: Annotations of a record's fields, without ``| None``: how SQLite keeps them, and what makes them of what it gives back.
COLUMNS = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL"}
READERS: dict[str, Callable[[Any], Any]] = {"bool": bool, "State": State}


@dataclass(frozen=True)
class NotedCall(Call):
    """A request as it came in; code and answer are added when there are any."""

    answered: bool = False
    id: int | None = None


class Ledger(ABC):
    """A simulator's own ledger names the tables and says what stands in a new world."""

    #: Records, which are dataclasses, and the table and key of each; rows with the key ``id`` are numbered. Merchants come first:
    #: a world without any is a new one.
    tables: ClassVar[dict[type[Any], tuple[str, str]]]
    indexes: ClassVar[str] = ""
    #: of a number of the provider's
    digits: ClassVar[int] = 18

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # The simulator outlives the shop, not a power cut: no fsync.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value)")
        for kind, (table, key) in self.tables.items():
            self._make_table(kind, table, key)
        self._db.executescript(self.indexes)
        with self.transaction():
            if not self.all(next(iter(self.tables))):
                self.found()

    @abstractmethod
    def found(self) -> None:
        """A new world: its merchants, and what else it begins with."""

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def reset(self) -> None:
        """Back to a new world. The numbers go on, so that none comes back."""
        with self.transaction():
            for table, _ in self.tables.values():
                self.change(f"DELETE FROM {table}")
            self.found()

    def _make_table(self, kind: type[Any], table: str, key: str) -> None:
        """Books of an earlier version go on: columns that came later start with their default."""
        columns = {field.name: self._column(field.name, str(field.type), field.default) for field in fields(kind)}
        self.change(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns.values())}, PRIMARY KEY ({key}))")
        known = {row["name"] for row in self.rows(f"PRAGMA table_info({table})")}
        for name in columns.keys() - known:
            self.change(f"ALTER TABLE {table} ADD COLUMN {columns[name]}")

    def _column(self, name: str, annotation: str, default: Any) -> str:
        (literal,) = self._db.execute("SELECT quote(?)", (None if default is MISSING else default,)).fetchone()
        return f"{name} {COLUMNS.get(annotation.removesuffix(' | None'), 'TEXT')} DEFAULT {literal}"

    # ---- SQL -------------------------------------------------------------------------------------

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

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def change(self, sql: str, *values: Any) -> int:
        """The number of the row that came in, if one did."""
        with self._lock:
            return self._db.execute(sql, values).lastrowid or 0

    # ---- records ---------------------------------------------------------------------------------

    def all(self, kind: type[Row], condition: str = "1", *values: Any) -> list[Row]:
        return [_read(kind, row) for row in self.rows(f"SELECT * FROM {self.tables[kind][0]} WHERE {condition}", *values)]

    def one(self, kind: type[Row], condition: str, *values: Any) -> Row | None:
        return next(iter(self.all(kind, condition, *values)), None)

    def count(self, kind: type[Any], condition: str, *values: Any) -> int:
        (row,) = self.rows(f"SELECT count(*) FROM {self.tables[kind][0]} WHERE {condition}", *values)
        return int(row[0])

    def save(self, record: DataclassInstance) -> int:
        """Inserts it, or changes the row of its key, which keeps its place. The number of a new row."""
        table, key = self.tables[type(record)]
        row = {field.name: getattr(record, field.name) for field in fields(record)}
        changes = ", ".join(f"{name} = excluded.{name}" for name in row)
        return self.change(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
            f" ON CONFLICT ({key}) DO UPDATE SET {changes}",
            *row.values(),
        )

    def update(self, record: DataclassInstance, **changes: Any) -> None:
        """Changes no more of its row than is named, whatever else has become of it meanwhile."""
        table, key = self.tables[type(record)]
        keys = key.split(", ")
        self.change(
            f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in changes)} WHERE {' AND '.join(f'{name} = ?' for name in keys)}",
            *changes.values(),
            *(getattr(record, name) for name in keys),
        )

    # ---- calls, for ledgers with a table of them -------------------------------------------------

    def note_call(self, kind: str, verb: str, reference: str, fault: Fault | None) -> NotedCall:
        call = NotedCall(kind, verb, reference, fault=fault.mode if fault else "")
        return replace(call, id=self.save(call))

    def calls(self) -> tuple[Call, ...]:
        names = [field.name for field in fields(Call)]
        return tuple(Call(**{name: getattr(noted, name) for name in names}) for noted in self.all(NotedCall, "1 ORDER BY id"))

    # ---- settings --------------------------------------------------------------------------------

    def setting(self, name: str) -> Any:
        return next((row["value"] for row in self.rows("SELECT value FROM settings WHERE name = ?", name)), None)

    def set(self, name: str, value: Any) -> None:
        self.change("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def next_number(self) -> int:
        """One series for everything that the provider numbers, so that nothing passes for anything else. It starts at the time of
        the foundation: no number of another world comes back."""
        with self.transaction():
            number = int(self.setting("number") or int(time.time()) * 10 ** (self.digits - 10)) + 1
            self.set("number", number)
        return number


def _read(kind: type[Row], row: sqlite3.Row) -> Row:
    return kind(**{field.name: READERS.get(str(field.type), _as_it_is)(row[field.name]) for field in fields(kind)})


def _as_it_is(value: Any) -> Any:
    return value
