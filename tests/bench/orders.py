"""The transaction that places an order, against the very same statements through ``sqlite3``."""

import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, select, update

from shop.catalogue.models import Product, Variant
from shop.checkout import cart, confirm, placement
from shop.core import db, ids
from shop.core.config import Config
from shop.core.runtime import now
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod
from tests.bench.figures import LIMITS, Line
from tests.support.buying import ADDRESS, StepsBuyer, any_product
from tests.support.pages import Page

ORDERS = 200
PRESSES = 60

Statement = tuple[str, Any]


@dataclass
class Recording:
    """The write transactions of a run: how long each took, and what it said."""

    seconds: list[float] = field(default_factory=list)
    statements: list[list[Statement]] = field(default_factory=list)


def measure(app: Flask, config: Config, folder: Path) -> tuple[float, float, int]:
    """Medians in ms – the shop's transaction and the same statements replayed – and how many statements there are."""
    with app.app_context():
        _fill_the_shelf()
        confirmations = [_confirmed() for _ in range(ORDERS)]
        db.end_read()
    before = folder / "before.sqlite3"
    _copy(Path(config.database_url.removeprefix("sqlite:///")), before)
    recording = Recording()
    with app.app_context(), _recorded(recording):
        for token, key in confirmations:
            found = confirm.find(db.db.session(), token, key)
            assert found
            placement.place(found, key, placement.Card(), placement.Buyer("PC", "127.0.0.1", "ja", key))
    replayed = _replay(before, recording.statements)
    count = round(statistics.median(map(len, recording.statements)))
    return statistics.median(recording.seconds) * 1000, statistics.median(replayed) * 1000, count


def figures(app: Flask, config: Config, folder: Path) -> Iterator[Line]:
    """The measurement as lines."""
    ours, raw, count = measure(app, config, folder)
    yield Line("order: floor by sqlite3", raw, "ms", note=f"{count} statements, median of {ORDERS}")
    yield Line("order: ours", ours, "ms")
    yield Line("order: ratio", ours / raw, "times", LIMITS["ratio"]["order"])


def in_steps(app: Flask, config: Config, folder: Path, url: str) -> Iterator[Line]:
    """注文する at STEP3 of buyers who came through all steps: the whole request, and its transaction. ``url`` serves ``app``."""
    with app.app_context():
        _fill_the_shelf()
        db.end_read()
    ready = [_at_step3(url) for _ in range(PRESSES)]
    before = folder / "before-steps.sqlite3"
    _copy(Path(config.database_url.removeprefix("sqlite:///")), before)
    recording, requests = Recording(), []
    with app.app_context(), _recorded(recording):
        for buyer, fields in ready:
            started = time.perf_counter()
            answer = buyer.post("/checkout/place", fields, allow_redirects=False)
            requests.append(time.perf_counter() - started)
            if "/complete" not in answer.headers.get("Location", ""):
                raise RuntimeError(f"no order: {answer.status_code} {answer.headers.get('Location')}")
    if len(recording.seconds) != PRESSES:
        raise RuntimeError(f"{PRESSES} presses made {len(recording.seconds)} transactions")
    raw = statistics.median(_replay(before, recording.statements))
    yield Line("order in steps: floor by sqlite3", raw * 1000, "ms", note=f"median of {PRESSES}")
    for name, seconds in (("order in steps", recording.seconds), ("place in steps", requests)):
        ours = statistics.median(seconds)
        yield Line(f"{name}: ours", ours * 1000, "ms")
        yield Line(f"{name}: ratio", ours / raw, "times", LIMITS["ratio"][name.replace(" ", "_")])


def _at_step3(url: str) -> tuple[StepsBuyer, dict[str, str]]:
    """A buyer, and what their press sends."""
    buyer = StepsBuyer(url)
    buyer.put_into_cart(any_product(buyer), 2)
    buyer.step1()
    return buyer, Page(buyer.step2("cash_on_delivery").text).form("/checkout/place").fields


def _fill_the_shelf() -> None:
    with db.write() as session:
        session.execute(update(Variant).values(on_hand=1_000_000))


def _confirmed() -> tuple[str, str]:
    """A cart with two lines and its confirmation for 代金引換."""
    key, token = ids.public_id(), ids.public_id()
    reading = db.db.session()
    variants = reading.scalars(
        select(Variant.id).join(Product, Product.id == Variant.product_id).where(Product.published).limit(2)
    ).all()
    with db.write() as session:
        for variant_id in variants:
            cart.add(session, key, variant_id, 2, now())
    courier = reading.scalars(select(Delivery)).first()
    method = reading.scalars(select(PaymentMethod).where(PaymentMethod.kind == "cash_on_delivery")).one()
    assert courier
    agreement = confirm.agree(reading, cart.view(reading, key), courier.id, method.id, ADDRESS["prefecture"])
    with db.write() as session:
        confirm.store(session, token, agreement, ADDRESS, "<p>the final page</p>" * 200, now())
    return token, key


@contextmanager
def _recorded(recording: Recording) -> Iterator[None]:
    """Time every ``db.write()`` of the placement and note its statements."""
    engine, original = db.db.engine, db.write

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        if recording.statements and not statement.startswith("BEGIN"):
            recording.statements[-1].append((statement, parameters))

    @contextmanager
    def timed() -> Iterator[Any]:
        recording.statements.append([])
        started = time.perf_counter()
        with original() as session:
            event.listen(engine, "before_cursor_execute", note)
            try:
                yield session
                session.flush()
            finally:
                event.remove(engine, "before_cursor_execute", note)
        recording.seconds.append(time.perf_counter() - started)

    db.write = timed
    try:
        yield
    finally:
        db.write = original


def _replay(database: Path, transactions: list[list[Statement]]) -> list[float]:
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    seconds = []
    for statements in transactions:
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters in statements:
            if isinstance(parameters, list):
                connection.executemany(statement, parameters)
            else:
                connection.execute(statement, parameters).fetchall()
        connection.execute("COMMIT")
        seconds.append(time.perf_counter() - started)
    connection.close()
    return seconds


def _copy(source: Path, target: Path) -> None:
    connection = sqlite3.connect(source)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(source, target)
