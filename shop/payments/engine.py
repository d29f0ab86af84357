"""The engine's ports: which providers are installed, who is told when money settles, how many calls may run at once."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Protocol

from flask import Flask, current_app
from sqlalchemy.orm import Session

from providers.registry import Registry
from shop.core.runtime import runtime
from shop.payments.models import Payment, PaymentOperation

#: How long a buyer or staff member waits in the request before the pending page takes over, seconds (decision 17).
PATIENCE = 8.0


class Busy(Exception):
    """All provider slots of this worker are taken; nothing was written and nothing sent."""


@dataclass(frozen=True, slots=True)
class Change:
    """One operation that has just reached a new state, inside the settling transaction."""

    payment: Payment
    operation: PaymentOperation
    #: The state it had before: ``absent`` → ``succeeded`` is an approval that came too late.
    before: str


class SettlementHandler(Protocol):
    """What payments need of the orders above them. ``shop.orders.settlement`` is the one adapter."""

    def apply(self, session: Session, change: Change, now: datetime) -> None:
        """Told of every settled operation, inside the settling transaction."""

    def order_total(self, session: Session, order_id: int) -> int:
        """The order's total in yen. Its row is locked, after its payment's: nobody edits it before the transaction ends."""

    def ask_people(self, session: Session, operation: PaymentOperation, now: datetime) -> None:
        """Told once of an operation whose outcome only a person can find out, in the provider's console."""

    def in_doubt(self, session: Session, order_id: int) -> bool:
        """Whether a person has yet to look into the order before its money is taken."""


class ProviderPool:
    """Runs provider calls on a bounded number of threads, so that a stalled provider cannot stop the shop.

    A slot is reserved *before* anything is written; without a free one nothing happens at all.
    """

    def __init__(self, app: Flask, slots: int) -> None:
        self._app = app
        self._free = BoundedSemaphore(slots)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="provider")

    def reserve(self) -> "Slot":
        """Take a slot. Raises :class:`Busy` when none is free."""
        if not self._free.acquire(blocking=False):
            raise Busy
        return Slot(self)

    def run(self, work: Callable[[], object]) -> "Future[object]":
        def in_context() -> object:
            try:
                with self._app.app_context():
                    return work()
            except Exception:
                # The ledger still says ``sent``: the reconciler takes it from here.
                self._app.logger.exception("provider call ended without a settled result")
                return None
            finally:
                self._free.release()

        return self._threads.submit(in_context)

    def give_back(self) -> None:
        self._free.release()


class Slot:
    """A reserved place in the pool. Used once: either :meth:`run` or, on an error before the call, leaving ``with``."""

    def __init__(self, pool: ProviderPool) -> None:
        self._pool = pool
        self._used = False

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._used:
            self._pool.give_back()

    def run(self, work: Callable[[], object]) -> "Future[object]":
        """Start ``work`` on a pool thread, in an application context of its own."""
        self._used = True
        return self._pool.run(work)


@dataclass(frozen=True, slots=True)
class Engine:
    registry: Registry
    handler: SettlementHandler
    pool: ProviderPool
    #: Since when which credentials are not accepted (:mod:`shop.payments.turned_away`).
    turned_away: dict[int, datetime] = field(default_factory=dict)


def init_app(app: Flask, registry: Registry, handler: SettlementHandler) -> None:
    with app.app_context():
        slots = max(1, runtime().config.threads // 2)
    app.extensions["shop.payments"] = Engine(registry, handler, ProviderPool(app, slots))


def engine() -> Engine:
    """The engine of the current application."""
    built = current_app.extensions["shop.payments"]
    assert isinstance(built, Engine)
    return built
