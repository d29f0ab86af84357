"""The database: one place that knows the extension, the pragmas, and what a write transaction is.

Reads run in the request's session. A write goes through :func:`write`, which ends the read view first, takes the
write lock at once (``BEGIN IMMEDIATE`` on SQLite) and commits or rolls back as a whole. A provider is never called
with a transaction open: :func:`ensure_no_transaction` is asked before every byte that leaves.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any

from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, String, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Stores and returns aware datetimes in UTC; a naive one is an error, never a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


#: Whole yen; a cart at every limit passes 32 bits.
YenColumn = Annotated[int, mapped_column(BigInteger)]
OptionalYenColumn = Annotated[int | None, mapped_column(BigInteger)]
#: SQLite counts only plain INTEGER keys automatically.
Key = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
OptionalMoment = Annotated[datetime | None, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


db = SQLAlchemy(model_class=Base)


def init_app(app: Flask, url: str) -> None:
    """Bind the extension to ``url`` and tune the engine (study §3.11)."""
    app.config["SQLALCHEMY_DATABASE_URI"] = _with_driver(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    db.init_app(app)
    app.teardown_appcontext(_look_away)
    with app.app_context():
        _tune(db.engine)


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        # Kept open: when the last connection closes, SQLite writes the whole log back – milliseconds on every page.
        return {"poolclass": QueuePool, "pool_size": 20, "max_overflow": 40, "connect_args": {"timeout": 20}}
    return {"pool_size": 20, "max_overflow": 20, "pool_pre_ping": True}


def _tune(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            # With NORMAL a power cut may lose the last commit, and a lost intention row is a lost order.
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=20000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        # Said to the driver itself: as a statement of SQLAlchemy it would cost as much as a small query.
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")


#: SQLite lets one writer in and keeps no queue: whoever polls luckily wins. The threads of a worker take turns here, so
#: that only workers compete, and nobody polls until the time-out.
_turn = threading.Lock()


@contextmanager
def write() -> Iterator[Session]:
    """One write transaction. Ends the session's read view, commits on success, rolls back on any exception.

    Raises ``RuntimeError`` when a write is already open in this session: transactions do not nest here.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a write transaction is already open")
    session.rollback()
    with _turn if session.get_bind().dialect.name == "sqlite" else nullcontext():
        session.info["writing"] = True
        try:
            session.connection(execution_options={"immediate": True})
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False


@contextmanager
def one_view() -> Iterator[Session]:
    """One read view for several statements; PostgreSQL would take a new one for each. Ends the view afterwards."""
    session = db.session()
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield session
    finally:
        session.rollback()


def look() -> Connection:
    """The connection of a page that only looks: rows without a unit of work, at half the price. Ends with the request."""
    if "looking" not in g:
        g.looking = db.engine.connect()
    connection: Connection = g.looking
    return connection


def _look_away(_error: BaseException | None = None) -> None:
    connection = g.pop("looking", None)
    if connection is not None:
        connection.close()


def end_read() -> None:
    """Give the read view and its connection back. Objects loaded before are refreshed on their next use."""
    db.session.rollback()


def ensure_no_transaction() -> None:
    """Raise ``RuntimeError`` when this thread's session has a transaction open – asked before a provider is called."""
    if db.session().in_transaction():
        raise RuntimeError("a database transaction is open across a provider call")
