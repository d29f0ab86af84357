"""The practice provider in a process of its own, so that it survives every kill – and can be put back in time.

Its ledger page is the oracle. Its database files are touched only between two runs, to restore a prepared state.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.sandbox.installed import SIMULATORS
from tests.support.shop import ROOT
from tests.support.world import VISA

_WAIT = 30.0
#: Files in the simulators' folder, which is the shop's as well and holds its database.
_BOOKS = [f"{simulator.code}.sqlite3" for simulator in SIMULATORS]
#: Far longer than a telegram takes from a dead process's socket into the books.
_PATIENCE = 1.0


class Provider:
    """A running simulator; its clock is the file ``clock_offset`` in ``state``, shared with the shop."""

    def __init__(self, state: Path) -> None:
        self._state = state
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
        self._calm = False

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def switch(self, name: str, **values: Any) -> None:
        """``/control/<name>``."""
        self._calm = False
        answer = self._http.post(f"{self.url}/control/{name}", json=values)
        assert answer.ok, answer.text

    def calm(self) -> None:
        """No faults; notices wait until they are let go, so that none arrives by chance. Asked again, it stays so."""
        if not self._calm:
            self.switch("faults", clear=True)
            self.switch("notices", mode="hold", delay=0, retry_seconds=0.1)
            self._calm = True

    def register(self, push_url: str) -> None:
        self.switch("register", provider="paygent", push_url=push_url)

    def authorise(self, trading_id: str, amount: int) -> None:
        """An authorisation that the shop did not send – or sent so long ago that it believes it lost."""
        self._telegram("020", trading_id=trading_id, payment_amount=str(amount), security_code_use="1")

    def keep_card(self, customer: str) -> None:
        """A card registered behind the shop's back."""
        self._telegram("025", customer_id=customer)

    def _telegram(self, kind: str, **fields: str) -> None:
        """One about a card, with a token of its own."""
        keys = DEMO_PAYGENT_MERCHANT
        card = {
            "merchant_id": keys.merchant_id, "token_generate_key": keys.token_generate_key, "card_number": VISA,
            "card_expire_year": "40", "card_expire_month": "01", "card_cvc": "123", "card_name": "HANAKO YAMADA",
        }  # fmt: skip
        made = self._http.post(f"{self.url}/paygent/n/token/request", data=card).json()
        telegram = {
            "merchant_id": keys.merchant_id, "connect_id": keys.connect_id, "connect_password": keys.connect_password,
            "telegram_kind": kind, "telegram_version": "1.0", "3dsecure_ryaku": "1",
            "card_token": made["tokenizedCardObject"]["token"],
        }  # fmt: skip
        answer = self._http.post(f"{self.url}/paygent/n/card/request", data=telegram | fields)
        assert "result=0" in answer.text, answer.text

    def act_on_console(self, payment_id: str, button: str) -> None:
        """Staff at work in the provider's management console, behind the shop's back."""
        assert self._http.post(f"{self.url}/console/paygent/payments/{payment_id}/{button}").ok

    def ledger(self) -> dict[str, Any]:
        books: dict[str, Any] = self._http.get(f"{self.url}/console/paygent/ledger.json").json()
        return books

    def settle(self, *, sure: int, possible: int) -> None:
        """Wait until nothing is at work and ``sure`` telegrams have come in all – or, with patience, ``possible`` ones."""
        started = time.monotonic()
        while self.working() or self.telegrams() < (max(sure, possible) if time.monotonic() < started + _PATIENCE else sure):
            assert time.monotonic() < started + _WAIT, "the simulator does not come to rest"
            time.sleep(0.005)

    def telegrams(self) -> int:
        """How many telegrams came, ever."""
        return int(self._ask("SELECT coalesce(sum(count), 0) FROM telegrams"))

    def working(self) -> bool:
        """Whether a telegram waits for its answer, or a notice that was let go for its acknowledgement."""
        return bool(
            self._ask("SELECT count(*) FROM requests WHERE result = '' AND fault <> 'http_500'")
            or self._ask("SELECT count(*) FROM notices WHERE push_due IS NOT NULL AND held = 0")
        )

    def _ask(self, question: str) -> Any:
        with closing(sqlite3.connect(self._state / "paygent.sqlite3", timeout=_WAIT)) as books:
            return books.execute(question).fetchone()[0]

    def freeze(self, copy: Path) -> None:
        """Keep the books of all providers in the folder ``copy``."""
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for name in _BOOKS:
            with closing(sqlite3.connect(self._state / name)) as books:
                books.execute("VACUUM INTO ?", (str(copy / name),))

    def thaw(self, copy: Path) -> None:
        """Put the books back, table by table: the simulators keep them open."""
        for name in _BOOKS:
            with closing(sqlite3.connect(self._state / name, isolation_level=None, timeout=_WAIT)) as books:
                books.execute("ATTACH ? AS old", (str(copy / name),))
                books.execute("BEGIN IMMEDIATE")
                for (table,) in books.execute("SELECT name FROM old.sqlite_schema WHERE type = 'table'").fetchall():
                    books.execute(f"DELETE FROM main.{table}")
                    books.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
                books.execute("COMMIT")
