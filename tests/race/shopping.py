"""A demo shop on a server of its own: granian workers, the practice provider, and the database as a second oracle."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, select, text

import app as assembly
from providers.installed import INSTALLED
from providers.ports import Endpoint
from shop.core import db
from shop.core.config import Config
from shop.core.runtime import now
from shop.jobs.joblist import JOBS
from shop.payments import accounts
from shop.payments.models import PaymentMethod, ProviderAccount
from tests.race import people
from tests.race.browser import Answer, Browser
from tests.race.practice import Practice
from tests.race.products import Product
from tests.support.servers import GranianServer
from tests.support.shop import ROOT

CARD, CASH = "card", "cash_on_delivery"
_START = 30.0


class Shop:
    """One instance on a server with several workers. The practice provider is a process of its own."""

    def __init__(self, config: Config, workers: int = 2) -> None:
        self.config = config
        self.instance = config.instance
        self.port = config.port
        self.app: Flask = assembly.create_app(config)
        self.server = GranianServer(config, workers)
        self._engine = create_engine(self.app.config["SQLALCHEMY_DATABASE_URI"])
        at_first = next(provider for provider in INSTALLED if provider.code == self.account("provider"))
        self.practice = Practice(int(config.simulator_url.rpartition(":")[2]), at_first)
        self._simulator: subprocess.Popen[bytes] | None = None
        #: Unexplained money that a failed test before this one has left; it is not to fail the others as well.
        self.orphans: dict[str, list[int]] = {}

    # ---- processes -------------------------------------------------------------------------------

    def start(self) -> None:
        """The practice provider and the server, as ``make run`` starts them; the database holds the demo shop."""
        self._start_provider()
        self.server.start()
        self.pay_by(self.paid_by())

    def _start_provider(self) -> None:
        self._simulator = subprocess.Popen(
            [
                sys.executable, "-m", "providers.sandbox", "--host", "127.0.0.1",
                "--port", self.practice.url.rpartition(":")[2], "--state", str(self.instance),
            ],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _wait_for(self.practice.url)

    def _stop_provider(self) -> None:
        if self._simulator:
            self._simulator.terminate()
            self._simulator.wait(timeout=10)

    @contextmanager
    def nobody_at_the_provider(self) -> Iterator[None]:
        """Connections to the provider are refused meanwhile; its books stay."""
        self._stop_provider()
        try:
            yield
        finally:
            self._start_provider()

    def close(self) -> None:
        self.server.stop()
        self._stop_provider()
        self._engine.dispose()
        with self.app.app_context():
            db.db.engine.dispose()

    def workers(self) -> list[int]:
        """Process ids of the server's workers."""
        assert self.server.process
        server = self.server.process.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [int(child) for child in children]

    # ---- products --------------------------------------------------------------------------------

    def paid_by(self) -> Product:
        """What the card method pays by now."""
        return Product(self.practice.provider, json.loads(self.value("SELECT options FROM payment_method WHERE kind = 'card'")))

    def pay_by(self, product: Product) -> None:
        """Let the card method pay by a product, by the account that the shop has there or a new one."""
        provider = product.provider
        with self.app.app_context(), db.write() as session:
            first = select(ProviderAccount).where(ProviderAccount.provider == provider.code).order_by(ProviderAccount.id).limit(1)
            account = session.scalar(first) or accounts.create(
                session, provider, Endpoint.PRACTICE, provider.practice_settings(), now()
            )
            method = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            method.account_id, method.options = account.id, json.dumps(dict(product.options))
            address = accounts.notice_url(account)
        self.practice.provider = provider
        self.practice.control("register", provider=self.practice.code, push_url=address)

    def account_key(self) -> str:
        return self.account("key")

    def account(self, column: str) -> str:
        """Of the account that the card method pays by."""
        query = f"SELECT a.{column} FROM provider_account a JOIN payment_method m ON m.account_id = a.id WHERE m.kind = 'card'"
        return str(self.value(query))

    # ---- jobs ------------------------------------------------------------------------------------

    def sweep(self, rounds: int = 1) -> None:
        """Run every job here, as one more worker beside the server's own runners."""
        with self.app.app_context():
            for _ in range(rounds):
                for job in JOBS:
                    if not job.daily:
                        job.run()

    def settle(self) -> None:
        """The provider is well again and time passes: everything open must come to an end."""
        self.practice.calm()
        for seconds in (0, 60, 200):
            self.practice.later(seconds)
            self.sweep()
        people.look(self)
        self.practice.later(1300)
        self.sweep()
        self.eventually(lambda: not self.open_work(), "open work is left")

    def open_work(self) -> list[Any]:
        return [
            *self.rows("SELECT id, verb, state FROM payment_operation WHERE state IN ('intended','sent','unknown')"),
            *self.rows("SELECT id, verb, state FROM card_operation WHERE state IN ('waiting','intended','sent','unknown')"),
            *self.rows("SELECT id, quantity, state FROM stock_hold WHERE state = 'held'"),
            *self.rows("SELECT id, coupon_id, state FROM coupon_use WHERE state = 'held'"),
            *self.rows("SELECT id, kind, state FROM outbox_mail WHERE state <> 'sent'"),
        ]

    def eventually(
        self, condition: Callable[[], object], otherwise: str, *, seconds: float = 20.0, sweeping: bool = True
    ) -> None:
        """Liveness only: what must come comes; the limit ends a failing test. Sweeps meanwhile, unless others must."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"{otherwise}: {self.open_work()}"
            time.sleep(0.05)
            if sweeping:
                self.sweep()

    # ---- the database ----------------------------------------------------------------------------

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def value(self, statement: str, **values: object) -> Any:
        return self.rows(statement, **values)[0][0]

    def change(self, statement: str, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), values)

    def forget_silence(self) -> None:
        """The breaker starts anew: what is tried next is not about it (tests/web/test_provider_rests.py is)."""
        self.change("UPDATE provider_account SET silent_calls = 0")

    def forget_card_failures(self) -> None:
        """Crowds of refused cards, or at 本人認証, are no attack on this shop, except in test_card_testing."""
        self.change("DELETE FROM card_try")
        self.change("UPDATE card_guard SET shop_failures = 1000000, shop_most = 1000000, hold_shop_percent = 100")

    @property
    def database(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    def variant(self, code: str) -> int:
        return int(self.value("SELECT id FROM variant WHERE code = :code", code=code))

    def stock(self, code: str, units: int) -> int:
        """Put units on the shelf so that exactly ``units`` can be sold; returns the variant."""
        self.change("UPDATE variant SET on_hand = allocated + held + :units WHERE code = :code", units=units, code=code)
        return self.variant(code)

    def available(self, code: str) -> int:
        return int(self.value("SELECT on_hand - allocated - held FROM variant WHERE code = :code", code=code))

    # ---- buyers ----------------------------------------------------------------------------------

    def browser(self) -> Browser:
        return Browser(self.port)

    def ready_buyer(self, variant_id: int, kind: str, quantity: int = 1, coupon: str = "") -> tuple[Browser, str]:
        """A buyer on the confirmation page, and its token."""
        browser = self.browser()
        added = browser.add(variant_id, quantity)
        assert added.status == 303, (added.status, added.text[:500])
        return browser, self.confirm(browser, kind, coupon=coupon)

    def confirm(self, browser: Browser, kind: str, *, steps: bool = False, **typed: str) -> str:
        """Confirm on the one page, or through the ``steps``."""
        method = self.value("SELECT id FROM payment_method WHERE kind = :kind", kind=kind)
        confirm = browser.confirm_in_steps if steps else browser.confirm
        return confirm(self.value("SELECT min(id) FROM delivery"), method, **typed)

    def order_of(self, answer_path: str) -> Any:
        public_id = answer_path.split("/")[2]
        return self.rows("SELECT * FROM shop_order WHERE public_id = :public_id", public_id=public_id)[0]

    def newest_order(self) -> int:
        """The highest order id so far: what is counted from here belongs to this test."""
        return int(self.value("SELECT coalesce(max(id), 0) FROM shop_order"))


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all calls side by side; their results in order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def by_many(work: Callable[[Any], Any], items: Sequence[Any], threads: int = 12) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _wait_for(url: str) -> None:
    until = time.monotonic() + _START
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def no_error_page(answers: Sequence[Answer]) -> None:
    broken = [answer for answer in answers if answer.status >= 500]
    assert not broken, f"{len(broken)} answers of 5xx, first: {broken[0].text[:1500]}"
