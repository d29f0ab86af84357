"""A shop for one test: its settings, its clock, its jobs, its mails, and the statements it sends."""

import email
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event

from app import create_app
from shop.core import db
from shop.core.clock import Clock
from shop.core.config import Config
from shop.core.runtime import now, runtime
from shop.demo import seed
from shop.jobs import joblist
from shop.payments.engine import engine
from shop.staff import service as staff
from tests.support.files import ROOT

#: One key for all test shops: the credentials in a copied database are sealed with it.
SECRET_KEY = "demo-" + "0123456789abcdef" * 4
OWNER = seed.OWNER
OWNER_PASSWORD = "tsukinowa-no-owner"
#: What the runner does every few seconds, in its order.
PROMPT_JOBS = ("dispatch", "dispatch_cards", "inbox", "reconcile", "reconcile_cards", "release_holds", "still_open", "outbox")


def settings(instance: Path, database_url: str, port: int, simulator_port: int) -> Config:
    """Settings as ``config.load`` would read them for a demo shop on loopback."""
    return Config(
        root=ROOT,
        instance=instance,
        database_url=database_url,
        secret_key=SECRET_KEY,
        base_url=f"http://127.0.0.1:{port}",
        demo=True,
        port=port,
        simulator_url=f"http://localhost:{simulator_port}",
        smtp_url="",
        mail_from="",
        dkim_selector="",
        trusted_proxies=0,
        threads=16,
        form_seconds=0,  # tests type at once; those of the guard put it back
    )


def environment(config: Config) -> dict[str, str]:
    """The same settings as environment variables, for a shop in a process of its own."""
    return os.environ | {
        "SHOP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "BASE_URL": config.base_url,
        "SHOP_DEMO": "1",
        "PORT": str(config.port),
        "SIMULATOR_PORT": config.simulator_url.rpartition(":")[2],
        "SHOP_THREADS": str(config.threads),
        "FORM_SECONDS": str(config.form_seconds),
        "FLASK_APP": "app",
    }


def migrate(config: Config) -> None:
    """Bring an empty database to the newest migration."""
    app = create_app(config)
    with app.app_context():
        upgrade()
    dispose(app)


def load_demo(config: Config) -> None:
    """The demo shop and its owner (:data:`OWNER`, :data:`OWNER_PASSWORD`) in a migrated database."""
    app = create_app(config)
    with app.app_context():
        moment = now()
        with db.write() as session:
            seed.load(session, next(iter(engine().registry)), moment)
            session.add(staff.new_owner(OWNER, "店主", OWNER_PASSWORD, moment))
    dispose(app)


def dispose(app: Flask) -> None:
    """Close what an application holds: database connections and the threads for provider calls."""
    with app.app_context():
        # A call may still be waiting for a slow simulator; it ends by itself and nobody waits for it.
        engine().pool._threads.shutdown(wait=False, cancel_futures=True)
        db.db.engine.dispose()


class MovableClock(Clock):
    """The shop's clock as a test moves it; shop, workers and simulator read the same file."""

    def __init__(self, instance: Path) -> None:
        self._file = instance / "clock_offset"
        super().__init__(self._file)

    def advance(self, seconds: float) -> None:
        # Replaced as a whole: a server at work never reads half a number.
        draft = self._file.with_name(f"clock_offset.{os.getpid()}.test")
        draft.write_text(str(self.offset() + seconds))
        draft.replace(self._file)


def run_jobs(app: Flask, *names: str) -> dict[str, int]:
    """Run jobs once, in this order – without names those that the runner does every few seconds. Returns their counts."""
    with app.app_context():
        counts = {}
        for name in names or PROMPT_JOBS:
            counts[name] = joblist.by_name(name).run()
            db.end_read()
        return counts


def mails(app: Flask) -> list[EmailMessage]:
    """The mails handed over so far, oldest first."""
    with app.app_context():
        folder = runtime().config.instance / "mails"
    paths = sorted(folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [email.message_from_bytes(path.read_bytes(), policy=modern) for path in paths]


@dataclass
class Statements:
    """SQL statements as sent, transaction control apart."""

    seen: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.seen)

    def __str__(self) -> str:
        return "\n".join(self.seen)


@contextmanager
def count_statements(app: Flask) -> Iterator[Statements]:
    """Count the statements of all requests and threads of ``app`` meanwhile."""
    statements = Statements()

    def note(_connection, _cursor, statement: str, *_rest) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.seen.append(statement)

    with app.app_context():
        used = db.db.engine
    event.listen(used, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(used, "before_cursor_execute", note)
