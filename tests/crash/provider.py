"""The practice provider in a process of its own, so that it survives every kill – and can be put back in time.

Its ledger page is the oracle. Its database file is touched only between two runs, to restore a prepared state.
"""

import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import requests

from providers.sandbox.demo import DEMO_PAYGENT_MERCHANT
from tests.support.shop import ROOT

_WAIT = 30.0


class Provider:
    """A running simulator; its clock is the file ``clock_offset`` in ``state``, shared with the shop."""

    def __init__(self, state: Path) -> None:
        self._books = state / "simulator.sqlite3"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "providers.sandbox", "--port", "0", "--state", str(state)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        found = re.search(r"http://\S+:(\d+)", self._process.stdout.readline())
        assert found, "the simulator did not start"
        self.url, self.port = found[0], int(found[1])
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def switch(self, name: str, **values: Any) -> None:
        """``/control/<name>``."""
        answer = self._http.post(f"{self.url}/control/{name}", json=values)
        assert answer.ok, answer.text

    def calm(self) -> None:
        """No faults; notices wait until they are let go, so that none arrives by chance."""
        self.switch("faults", clear=True)
        self.switch("notices", mode="hold", delay=0, retry_seconds=0.1)

    def register(self, push_url: str) -> None:
        self.switch("merchants", merchant_id=DEMO_PAYGENT_MERCHANT.merchant_id, push_url=push_url)

    def authorise(self, trading_id: str, amount: int, token: str) -> None:
        """An authorisation that the shop did not send – or sent so long ago that it believes it lost."""
        keys = DEMO_PAYGENT_MERCHANT
        telegram = {
            "merchant_id": keys.merchant_id, "connect_id": keys.connect_id, "connect_password": keys.connect_password,
            "telegram_kind": "020", "telegram_version": "1.0", "trading_id": trading_id,
            "payment_amount": str(amount), "3dsecure_ryaku": "1", "card_token": token,
        }  # fmt: skip
        answer = self._http.post(f"{self.url}/paygent/n/card/request", data=telegram)
        assert "result=0" in answer.text, answer.text

    def ledger(self) -> dict[str, Any]:
        books: dict[str, Any] = self._http.get(f"{self.url}/ledger.json").json()
        return books

    def settle(self) -> None:
        """Wait until every telegram is answered and every notice that was let go is acknowledged."""
        until = time.monotonic() + _WAIT
        while self._working():
            assert time.monotonic() < until, "the simulator does not come to rest"
            time.sleep(0.005)

    def _working(self) -> bool:
        under_way = "SELECT 1 FROM requests WHERE result = '' AND fault NOT IN ('http_500')"
        pushing = "SELECT 1 FROM notices WHERE push_due IS NOT NULL AND held = 0"
        with closing(sqlite3.connect(self._books)) as books:
            return any(books.execute(f"{question} LIMIT 1").fetchone() for question in (under_way, pushing))

    def freeze(self, copy: Path) -> None:
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._books)) as books:
            books.execute("VACUUM INTO ?", (str(copy),))

    def thaw(self, copy: Path) -> None:
        """Put the books back, table by table: the simulator keeps them open."""
        with closing(sqlite3.connect(self._books, isolation_level=None, timeout=_WAIT)) as books:
            books.execute("ATTACH ? AS old", (str(copy),))
            books.execute("BEGIN IMMEDIATE")
            for (table,) in books.execute("SELECT name FROM old.sqlite_schema WHERE type = 'table'").fetchall():
                books.execute(f"DELETE FROM main.{table}")
                books.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
            books.execute("COMMIT")
