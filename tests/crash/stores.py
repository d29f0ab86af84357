"""The shop's database as something to freeze in a prepared state and to thaw, fresh, for every kill."""

import shutil
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg import sql

#: Thaws leave dead rows behind, and the test server does not clean up by itself.
_VACUUM_EVERY = 50


class Store(Protocol):
    """A database under one address. No process uses it while it is frozen or thawed."""

    def freeze(self, name: str) -> None: ...

    def thaw(self, name: str) -> None: ...


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


class PostgresStore:
    """A database; a state is a schema that holds a copy of every table. Serials are not put back: they only grow."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thaws = 0

    def freeze(self, name: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(sql.Identifier(name)))
            self._per_table(connection, "CREATE TABLE {copy} AS TABLE {table}", name)

    def thaw(self, name: str) -> None:
        with self._connect() as connection:
            # What a killed process left open at the server ends now.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            with connection.transaction():
                # Foreign keys rest until every table is back.
                connection.execute("SET LOCAL session_replication_role = replica")
                self._per_table(connection, "DELETE FROM {table}; INSERT INTO {table} TABLE {copy}", name)
            self._thaws += 1
            if self._thaws % _VACUUM_EVERY == 0:
                connection.execute("VACUUM")

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url, autocommit=True)

    def _per_table(self, connection: psycopg.Connection[Any], statement: LiteralString, state: str) -> None:
        """One round trip for all tables: this is done twice a kill."""
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        each = sql.SQL(statement)
        pairs = [(sql.Identifier("public", table), sql.Identifier(state, table)) for (table,) in found]
        connection.execute(sql.SQL("; ").join(each.format(table=table, copy=copy) for table, copy in pairs))
