"""The shop's database as something to freeze in a prepared state and to thaw, fresh, for every kill."""

import shutil
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg
import sqlalchemy as sa
from psycopg import sql

#: Thaws leave dead rows behind, and the test server does not clean up by itself.
_VACUUM_EVERY = 50
#: By this the driver's connections are told from those of a killed shop.
_DRIVER = "crash driver"


class Store(Protocol):
    """A database under one address. No process uses it while it is frozen or thawed."""

    def freeze(self, name: str) -> None: ...

    def thaw(self, name: str) -> None: ...

    def engine(self) -> sa.Engine:
        """For the driver's own questions; it stands through all deaths and thaws."""
        ...

    def close(self) -> None: ...


def open_store(url: str, folder: Path) -> Store:
    """``folder`` is where a file database and its copies lie."""
    return SqliteStore(url, folder) if url.startswith("sqlite") else PostgresStore(url)


class SqliteStore:
    """A file and its write-ahead log; a state is a copy of both."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    def freeze(self, name: str) -> None:
        for part in self._folder.glob("shop.sqlite3*"):
            shutil.copyfile(part, self._folder / f"{name}.{part.name}")

    def thaw(self, name: str) -> None:
        for part in self._folder.glob("shop.sqlite3*"):
            part.unlink()
        for copy in self._folder.glob(f"{name}.shop.sqlite3*"):
            shutil.copyfile(copy, self._folder / copy.name.removeprefix(f"{name}."))

    def engine(self) -> sa.Engine:
        # The file is put back under it, so nothing may stay open.
        return sa.create_engine(self._url, poolclass=sa.NullPool)

    def close(self) -> None:
        """Nothing stays open."""


class PostgresStore:
    """A database; a state is a schema that holds a copy of every table. Serials are not put back: they only grow."""

    def __init__(self, url: str) -> None:
        self._thaws = 0
        # A connection costs the server as much as the questions of a whole run: driver and store keep theirs.
        address = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = sa.create_engine(address, connect_args={"application_name": _DRIVER})
        self._connection = psycopg.connect(url, autocommit=True, application_name=_DRIVER)

    def engine(self) -> sa.Engine:
        return self._engine

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def freeze(self, name: str) -> None:
        self._connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(sql.Identifier(name))
        )
        self._per_table("CREATE TABLE {copy} AS TABLE {table}", name)

    def thaw(self, name: str) -> None:
        # What a killed process left open at the server ends now.
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name <> %s", [_DRIVER]
        )  # fmt: skip
        with self._connection.transaction():
            # Foreign keys rest until every table is back.
            self._connection.execute("SET LOCAL session_replication_role = replica")
            self._per_table("DELETE FROM {table}; INSERT INTO {table} TABLE {copy}", name)
        self._thaws += 1
        if self._thaws % _VACUUM_EVERY == 0:
            self._connection.execute("VACUUM")

    def _per_table(self, statement: LiteralString, state: str) -> None:
        """One round trip for all tables: this is done twice a kill."""
        found = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        each = sql.SQL(statement)
        pairs = [(sql.Identifier("public", table), sql.Identifier(state, table)) for (table,) in found]
        self._connection.execute(sql.SQL("; ").join(each.format(table=table, copy=copy) for table, copy in pairs))
