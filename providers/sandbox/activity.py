"""What a provider is about: requests that wait for their answer, and work of its own between them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Requests:
    """Counts those that wait for their answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waiting = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self.waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self.waiting -= 1


class Heartbeat:
    """The provider's own activity between requests: a thread that runs ``beat`` every tenth of a second. A beat that fails is
    logged, and the next one comes all the same."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            try:
                self._beat()
            except Exception:
                log.exception("the provider's own activity failed")

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
