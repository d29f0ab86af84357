"""The books that every simulator keeps: records in tables, nothing lost, no number twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from providers.sandbox import ledger


@dataclass(frozen=True)
class Merchant:
    merchant_id: str
    name: str = "it's a shop"
    open: bool = True
    opened_at: float | None = None


@dataclass(frozen=True)
class Line:
    id: int | None
    text: str


class Ledger(ledger.Ledger):
    tables = {Merchant: ("merchants", "merchant_id"), Line: ("lines", "id")}

    def found(self) -> None:
        self.save(Merchant("demo"))


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "books.sqlite3")
    yield opened
    opened.close()


def test_records_come_back_as_they_went(books: Ledger) -> None:
    other = Merchant("other", open=False, opened_at=1.5)
    books.save(other)
    assert books.all(Merchant) == [Merchant("demo"), other]
    assert books.one(Merchant, "merchant_id = ?", "other") == other
    assert books.one(Merchant, "merchant_id = ?", "nobody") is None
    assert [type(merchant.open) for merchant in books.all(Merchant)] == [bool, bool]
    assert books.count(Merchant, "open = 1") == 1


def test_what_is_saved_again_keeps_its_place(books: Ledger) -> None:
    books.save(Merchant("other"))
    books.save(Merchant("demo", name="new"))
    assert [merchant.name for merchant in books.all(Merchant)] == ["new", "it's a shop"]


def test_an_update_leaves_alone_what_it_does_not_name(books: Ledger) -> None:
    seen = books.all(Merchant)[0]
    books.save(Merchant("other"))
    books.save(replace(seen, name="meanwhile"))
    books.update(seen, open=False)
    assert books.all(Merchant) == [replace(seen, name="meanwhile", open=False), Merchant("other")]


def test_rows_are_numbered(books: Ledger) -> None:
    assert [books.save(Line(None, text)) for text in "ab"] == [1, 2]
    assert books.all(Line, "id > ?", 1) == [Line(2, "b")]


def test_a_transaction_is_all_or_nothing(books: Ledger) -> None:
    def fail() -> None:
        with books.transaction():
            books.save(Line(None, "outer"))
            with books.transaction():
                books.save(Line(None, "inner"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert books.all(Line) == []


def test_no_number_comes_back(books: Ledger) -> None:
    numbers = [books.next_number(), books.next_number()]
    books.save(Line(None, "old"))
    books.reset()
    assert books.next_number() > numbers[1] > numbers[0] > 10**17
    assert (books.all(Line), books.all(Merchant)) == ([], [Merchant("demo")])


def test_books_of_an_earlier_version_go_on(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE merchants (merchant_id TEXT PRIMARY KEY, dropped TEXT)")
        file.execute("INSERT INTO merchants VALUES ('old', 'x')")
    file.close()
    books = Ledger(path)
    assert books.all(Merchant) == [Merchant("old")]
    books.close()
