"""Fresh databases, cheap: built once – when the first is wanted –, then copied for every test."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

#: Fills a database at this address: an empty one, or what another template has already.
Build = Callable[[str], None]


class Databases(Protocol):
    """Where the databases of a run come from."""

    def add_template(self, name: str, build: Build, on: str = "") -> None:
        """Have ``build`` at hand for ``name``; it goes on from the template ``on``."""
        ...

    def copy(self, name: str, instance: Path) -> str:
        """A new database like the template; returns its address."""
        ...

    def drop(self, url: str) -> None: ...


class SqliteDatabases:
    """One file per template, copied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, tuple[Build, str]] = {}

    def add_template(self, name: str, build: Build, on: str = "") -> None:
        self._templates[name] = build, on

    def copy(self, name: str, instance: Path) -> str:
        target = instance / "shop.sqlite3"
        shutil.copyfile(self._template(name), target)
        return f"sqlite:///{target}"

    def _template(self, name: str) -> Path:
        path = self._folder / f"{name}.sqlite3"
        if path.exists():
            return path
        build, on = self._templates[name]
        if on:
            shutil.copyfile(self._template(on), path)
        build(f"sqlite:///{path}")
        connection = sqlite3.connect(path)
        # The last writes may still stand in the write-ahead log, which is not copied.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return path

    def drop(self, url: str) -> None:
        """Nothing to do: the file goes with the test's folder."""


class PostgresDatabases:
    """``CREATE DATABASE … TEMPLATE`` on a private server; names carry the process id, so workers do not meet."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made = 0
        self._templates: dict[str, tuple[Build, str]] = {}
        self._built: set[str] = set()
        self._connection = psycopg.connect(url, autocommit=True)
        # Copied as files, at half the price: written page by page through the log otherwise – before version 15 never.
        self._as_files = " STRATEGY FILE_COPY" if self._connection.info.server_version >= 150_000 else ""

    def _name(self, end: str | int) -> str:
        return f"shop_{os.getpid()}_{end}"

    def _at(self, name: str) -> str:
        return f"{self._url.rsplit('/', 1)[0]}/{name}"

    def add_template(self, name: str, build: Build, on: str = "") -> None:
        self._templates[name] = build, on

    def copy(self, name: str, instance: Path) -> str:
        self._made += 1
        return self._copied(self._template(name), self._name(self._made))

    def _template(self, name: str) -> str:
        database = self._name(name)
        if name in self._built:
            return database
        build, on = self._templates[name]
        if on:
            self._copied(self._template(on), database)
        else:
            self._execute("CREATE DATABASE {}", database)
        build(self._at(database))
        self._built.add(name)
        return database

    def _copied(self, template: str, database: str) -> str:
        self._execute("CREATE DATABASE {} TEMPLATE {}" + self._as_files, database, template)
        return self._at(database)

    def drop(self, url: str) -> None:
        # FORCE: a call that a test left behind may still hold a connection.
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", url.rsplit("/", 1)[1])

    def close(self) -> None:
        self._connection.close()

    def _execute(self, statement: str, *names: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
