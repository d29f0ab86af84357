"""The shop's database as something to freeze in a prepared state and to thaw, fresh, for every kill."""

import shutil
from pathlib import Path
from typing import LiteralString, Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


class Store(Protocol):
    """A database under one address. No process uses it while it is frozen or thawed."""

    def freeze(self, name: str) -> None: ...

    def thaw(self, name: str) -> None: ...

    def close(self) -> None:
        """Forget the frozen states."""


def open_store(url: str, folder: Path) -> Store:
    """``folder`` is where a file database and its copies lie."""
    return SqliteStore(folder) if url.startswith("sqlite") else PostgresStore(url)


class SqliteStore:
    """A file and its write-ahead log; a state is a copy of both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def freeze(self, name: str) -> None:
        for part in self._folder.glob("shop.sqlite3*"):
            shutil.copyfile(part, self._folder / f"{name}.{part.name}")

    def thaw(self, name: str) -> None:
        for part in self._folder.glob("shop.sqlite3*"):
            part.unlink()
        for copy in self._folder.glob(f"{name}.shop.sqlite3*"):
            shutil.copyfile(copy, self._folder / copy.name.removeprefix(f"{name}."))

    def close(self) -> None:
        for copy in self._folder.glob("*.shop.sqlite3*"):
            copy.unlink()


class PostgresStore:
    """A database and, beside it on the same server, a template per state."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._live = parts.path.lstrip("/")
        self._server = parts._replace(path="/postgres").geturl()
        self._frozen: set[str] = set()

    def freeze(self, name: str) -> None:
        self._frozen.add(f"{self._live}_{name}")
        self._copy(f"{self._live}_{name}", self._live)

    def thaw(self, name: str) -> None:
        self._copy(self._live, f"{self._live}_{name}")

    def close(self) -> None:
        for name in self._frozen:
            self._do("DROP DATABASE {}", name)

    def _copy(self, to: str, source: str) -> None:
        # FORCE ends what a killed process left open at the server.
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", to)
        self._do("CREATE DATABASE {} TEMPLATE {}", to, source)

    def _do(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
