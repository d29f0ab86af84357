"""How fast the product list stays while the provider stalls and buyers keep paying by card.

``make bench`` calls :func:`measure`; the limit belongs there, no timed assertion stands in a test.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.race.browser import Browser
from tests.race.shopping import CARD, Shop, by_many
from tests.support import shop as shops
from tests.support.databases import SqliteDatabases
from tests.support.net import free_port

CODE = "TK-050"
BUYERS = 40
SAMPLES = 60
#: Only ends a run in which the presses never come to rest.
_WAIT = 20.0


class Storm:
    """Buyers who have all pressed 注文する at a provider that does not answer."""

    def __init__(self, shop: Shop, seconds: float) -> None:
        self._shop = shop
        shop.stock(CODE, BUYERS)
        ready = by_many(lambda _: (*shop.ready_buyer(shop.variant(CODE), CARD), shop.practice.token()), range(BUYERS))
        shop.practice.fault("authorize", "stall", seconds=seconds, times=None)
        #: Where each answered press was led.
        self.locations: list[str] = []
        self.statuses: list[int] = []
        self._threads = [threading.Thread(target=self._press, args=buyer, daemon=True) for buyer in ready]
        for thread in self._threads:
            thread.start()

    def _press(self, browser: Browser, confirmation: str, token: str) -> None:
        answer = browser.place(confirmation, token)
        browser.close()
        self.statuses.append(answer.status)
        self.locations.append(answer.location)

    def waiting(self) -> int:
        """Calls that the provider holds back now."""
        return sum(call["fault"] == "stall" and not call["answered"] for call in self._shop.practice.books()["calls"])

    def wait_for_rest(self) -> None:
        """Until every buyer is either answered or held back by the provider."""
        until = time.monotonic() + _WAIT
        while len(self.statuses) + self.waiting() < BUYERS:
            assert time.monotonic() < until, (len(self.statuses), self.waiting())
            time.sleep(0.05)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def times(shop: Shop, samples: int = SAMPLES) -> list[float]:
    """Seconds of that many product lists, one after the other."""
    browser = shop.browser()
    taken = []
    for _ in range(samples):
        started = time.perf_counter()
        answer = browser.get("/products")
        taken.append(time.perf_counter() - started)
        assert answer.status == 200
    browser.close()
    return taken


def measure(samples: int = SAMPLES) -> tuple[float, float]:
    """Median milliseconds of a product list: idle, and while all provider slots are held up for 30 seconds."""
    with _shop() as shop:
        times(shop, 20)
        idle = statistics.median(times(shop, samples))
        storm = Storm(shop, 30.0)
        storm.wait_for_rest()
        stalled = statistics.median(times(shop, samples))
        assert storm.waiting(), "the provider let go before the end of the measurement"
    return idle * 1000, stalled * 1000


@contextmanager
def _shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        databases = SqliteDatabases(folder)
        databases.add_template("demo", partial(_build, folder))
        instance = folder / "instance"
        instance.mkdir()
        shop = Shop(shops.settings(instance, databases.copy("demo", instance), free_port(), free_port()))
        try:
            shop.start()
            yield shop
        finally:
            shop.close()


def _build(folder: Path, url: str) -> None:
    config = shops.settings(folder, url, 5000, 5001)
    shops.migrate(config)
    shops.load_demo(config)

