"""The practice world in a process of its own, so that it survives every kill – and can be put back in time.

Its books are the oracle, asked for in the words that all providers share. Their files are touched only between two runs, to
restore a prepared state.
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

from providers.charge import CardSource, Charge
from providers.contract import Approved
from providers.kept_cards import CardStored
from providers.ports import Endpoint, Gateway, Provider
from providers.sandbox.installed import SIMULATORS
from shop.core.clock import Clock
from tests.support.shop import ROOT
from tests.support.world import VISA, card_token, world_code

_WAIT = 30.0
#: Files in the simulators' folder, which is the shop's as well and holds its database.
_BOOKS = [f"{simulator.code}.sqlite3" for simulator in SIMULATORS]
#: Far longer than a request takes from a dead process's socket into the books.
_PATIENCE = 1.0


class World:
    """All providers' simulators; their clock is the file ``clock_offset`` in ``state``, shared with the shop."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._clock = Clock(state / "clock_offset")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "providers.sandbox", "--port", "0", "--state", str(state)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        found = re.search(r"http://\S+:(\d+)", self._process.stdout.readline())
        assert found, "the simulators did not start"
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

    # ---- behind the shop's back -------------------------------------------------------------------------------------

    def authorise(self, product: Provider, reference: str, amount: int) -> None:
        """An authorisation that the shop did not send – or sent so long ago that it believes it lost."""
        charge = Charge(reference, amount, self._card(product), capture=False)
        assert isinstance(told := self._gateway(product).authorize(charge), Approved), told

    def keep_card(self, product: Provider, customer: str) -> None:
        """A card registered for a customer."""
        assert isinstance(told := self._gateway(product).store_card(customer, self._card(product)), CardStored), told

    def _card(self, product: Provider) -> CardSource:
        return CardSource(card_token(f"{self.url}/control/token", product, VISA))

    def _gateway(self, product: Provider) -> Gateway:
        """The demo contract in other hands than the shop's."""
        address = product.base_url(Endpoint.PRACTICE, self.url)
        return product.open(
            product.practice_settings(), address, before_send=lambda: None, record=lambda _: None, now=self._clock.now
        )

    # ---- the books --------------------------------------------------------------------------------------------------

    def books(self, product: Provider) -> dict[str, Any]:
        """``/books.json`` of the product's provider."""
        books: dict[str, Any] = self._http.get(f"{self.url}/books.json", params={"provider": world_code(product)}).json()
        return books

    def settle(self, product: Provider, *, sure: int, possible: int) -> None:
        """Wait until nothing is at work and ``sure`` requests have come in all – or, with patience, ``possible`` ones."""
        started = time.monotonic()
        while True:
            books = self.books(product)
            wanted = max(sure, possible) if time.monotonic() < started + _PATIENCE else sure
            if not books["busy"] and len(books["calls"]) >= wanted:
                return
            assert time.monotonic() < started + _WAIT, "the simulator does not come to rest"
            time.sleep(0.005)

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
