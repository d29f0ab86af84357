"""What a provider sends by itself: notices – when each leaves, how often, what the switches make of it – and calls of the shop."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import requests

from providers.sandbox.ledger import Ledger
from providers.sandbox.practice import Disorder

#: Seconds to wait for the shop; our choice, no provider tells
TIMEOUT = 10.0


def call_shop(method: str, address: str, **content: Any) -> requests.Response | None:
    """Without cookies and without following redirects; None for no answer."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of this machine has no business between simulator and shop
        try:
            return session.request(method, address, timeout=TIMEOUT, allow_redirects=False, **content)
        except requests.RequestException:
            return None


def post_form(address: str, body: str | bytes, headers: Mapping[str, str] | None = None) -> requests.Response | None:
    """A form that is encoded already."""
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    return call_shop("POST", address, data=body, headers=content_type | dict(headers or {}))


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A record of something to be pushed; each simulator adds what it says."""

    #: real time of the next attempt, None = no more
    push_due: float | None
    held: bool
    copies: int
    attempts: int = 0
    acknowledged: bool = False


AnyNotice = TypeVar("AnyNotice", bound=Notice)


class Pusher(ABC, Generic[AnyNotice]):
    """A simulator's own pusher makes the notices and says how one is sent."""

    #: the column that tells their order
    numbered_by: ClassVar[str] = "id"
    #: how often each is tried, None = until it is taken
    tries: ClassVar[int | None] = None

    def __init__(self, ledger: Ledger, kind: type[AnyNotice]) -> None:
        self._ledger = ledger
        self._kind = kind
        #: held while notices are on their way
        self.pushing = threading.Lock()
        self.disorder = Disorder()

    @abstractmethod
    def send(self, notice: AnyNotice) -> None:
        """One attempt, to be noted with ``note``."""

    def queued(self) -> dict[str, Any]:
        """What every new notice begins with."""
        waits = 0.0 if self.disorder.mode == "before_answer" else self.disorder.delay
        return {
            "push_due": time.time() + waits,
            "held": self.disorder.mode == "hold",
            "copies": 1 + self.disorder.duplicate,
        }

    def switch(self, switches: Mapping[str, Any]) -> None:
        """``set_notices`` of practice.py."""
        changes = dict(switches)
        release = changes.pop("release", False)
        self.disorder = replace(self.disorder, **changes)
        if release:
            with self._ledger.transaction():
                for notice in self._ledger.all(self._kind, "held = 1 AND push_due IS NOT NULL"):
                    self._ledger.update(notice, held=False, push_due=time.time())

    def push_due(self) -> None:
        """Sends every notice whose time has come, once."""
        order = "DESC" if self.disorder.reorder else "ASC"
        due = f"push_due <= ? AND held = 0 ORDER BY {self.numbered_by} {order}"
        with self.pushing:
            for notice in self._ledger.all(self._kind, due, time.time()):
                self.send(notice)

    def push_before_answer(self) -> None:
        """Where the switches want it so."""
        if self.disorder.mode == "before_answer":
            self.push_due()

    def note(self, notice: AnyNotice, accepted: bool, **marks: Any) -> None:
        """An attempt and what came of it; of more copies one is sent each time, until all are taken."""
        attempts = notice.attempts + 1
        copies = notice.copies - 1 if accepted else notice.copies
        again = copies > 0 and (accepted or self.tries is None or attempts < self.tries)
        waits = 0.0 if accepted else self.disorder.retry_seconds
        self._ledger.update(
            notice,
            attempts=attempts,
            copies=copies,
            acknowledged=notice.acknowledged or accepted,
            push_due=time.time() + waits if again else None,
            **marks,
        )

    def waiting(self) -> int:
        """Notices let go that wait for their acknowledgement."""
        return self._ledger.count(self._kind, "push_due IS NOT NULL AND held = 0")
