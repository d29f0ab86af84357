"""Kill, start again, sweep once, compare: one run per crash point."""

import random
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import requests

from shop.catalogue.models import Variant
from shop.orders.models import Order
from shop.payments.models import OPEN_STATES, Payment, PaymentOperation
from shop.payments.testimony import Said
from tests.crash.checker import ever_held, look, overdue, problems
from tests.crash.moments import ABSENT_OVER, HOLD_OVER
from tests.crash.products import asks_people
from tests.crash.scenarios import Scenario, whose_turn
from tests.crash.stage import Died, Stage, State

_COMPLETE = re.compile(r"/orders/([0-9a-z]+)/complete")
_KILLED = -signal.SIGKILL
#: Killed here, a process leaves behind what it would have left at the point before: nothing that lasts was done in between.
_NOTHING_SINCE = ("| before", "| before sending", "| before hand-over", "| answer received")
#: Fields of a press that stand nowhere in our books.
_TOKENS = ("card_token", "link_token")
#: When the sweep comes by within the time of P-03: a dead caller is noticed, an absence believed, an undoing tried again.
_FIVE_MINUTES = (50.0, 135.0, 110.0)


@dataclass
class Report:
    """What a campaign has killed, and what was wrong afterwards."""

    scenario: str
    #: Points of a clean run, in order.
    found: list[str] = field(default_factory=list)
    #: Those of them at which a process was to die.
    aimed: list[str] = field(default_factory=list)
    #: How often a process died at each point; ``?`` = between points, at a random moment.
    died: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.died.total()

    def table(self) -> str:
        rows = [f"{self.scenario}: {len(self.found)} points, {self.kills} kills"]
        rows += [f"  {self.died[point]:>4} × {point}" for point in dict.fromkeys([*self.found, *self.died])]
        return "\n".join(rows)


def _unnoted(points: list[str], outside: bool) -> bool:
    """Whether the last mail had left, and the commit that notes it was not through. A kill from outside may have come between
    the hand-over and the point behind it."""
    for point in reversed(points):
        if point.startswith("commit") and "outbox_mail" in point and point.endswith("| after"):
            return False
        if point.startswith("mail |"):
            return outside or point == "mail | after hand-over"
    return False


class Campaign:
    """One scenario on one stage."""

    def __init__(self, stage: Stage, beginning: State, scenario: Scenario) -> None:
        self._stage = stage
        self._scenario = scenario
        self._product = beginning.product
        stage.resume(beginning)
        self._stocked = {variant.id: variant.on_hand for variant in stage.rows(Variant)}
        self._state = scenario.prepare(stage)
        self.report = Report(f"{scenario.name}, {beginning.product.code}")
        self._clean_run()

    def _clean_run(self) -> None:
        """Nobody is killed; what is passed are the points. The end must be as good as after a kill."""
        browser = self._begin(0)
        started = time.perf_counter()
        self._scenario.act(self._stage, browser, self._state)
        self._stage.ask("idle")
        self.length = time.perf_counter() - started
        self.report.found = self._stage.points()
        self._recover("no kill", browser, repeat_at_once=False)
        orders, payments = self._stage.tables(Order, Payment)
        ends = [(order.state, payment.status) for order, payment in zip(orders, payments, strict=True)]
        assert ends == ([self._scenario.ends] if self._scenario.ends else []), f"{self._scenario.name} ends with {ends}"

    def at_every_point(self, *, sparing: bool = False) -> None:
        """Kill once at each point of the clean run – of a variant, from where it differs. ``sparing`` = only where a commit, a
        request, a mail or an answer has just left; one product shows all kinds of points in the scenarios that do."""
        own = self._scenario.varies_from
        first = next(n for n, point in enumerate(self.report.found) if point.endswith(own))
        sparing = sparing and not (self._scenario.shows_all and self._product is whose_turn(self._scenario))
        for fatal, point in list(enumerate(self.report.found, 1))[first:]:
            if sparing and point.endswith(_NOTHING_SINCE):
                continue
            self.report.aimed.append(point)
            at_once = bool(len(self.report.aimed) % 2)
            browser = self._begin(fatal)
            if self._act(browser):
                self._note_death(self._stage.points()[-1])
            else:
                # With two threads at work a run may pass fewer points; it ends well and counts for nothing.
                assert self._scenario.concurrent, f"{self._scenario.name}: point {fatal} was not reached"
            self._recover(f"point {fatal}", browser, repeat_at_once=at_once)

    def at_random(self, chance: random.Random) -> None:
        """Kill once, from outside, at any microsecond of the act."""
        browser = self._begin(0)
        delay = chance.uniform(0, self.length)
        killer = threading.Timer(delay, self._stage.strike)
        killer.start()
        self._act(browser)
        killer.join()
        passed = self._stage.points()
        self._note_death(f"? after {passed[-1] if passed else 'nothing'}")
        self._recover(f"{delay * 1e6:.0f} µs", browser, repeat_at_once=chance.random() < 0.5, outside=True)

    # ---- the steps of a run -----------------------------------------------------------------------------------------

    def _begin(self, fatal: int) -> requests.Session:
        browser = self._stage.resume(self._state)
        self._calls = len(self._stage.books()["calls"])
        self._stage.ask(f"arm/{fatal}")
        return browser

    def _act(self, browser: requests.Session) -> bool:
        """The act as far as it comes. Returns whether the server died."""
        try:
            self._scenario.act(self._stage, browser, self._state)
            self._stage.ask("idle")
        except Died:
            return True
        return False

    def _note_death(self, point: str) -> None:
        status = self._stage.reap()
        assert status == _KILLED, f"the server ended by itself: {status}"
        self.report.died[point] += 1

    def _recover(self, kill: str, browser: requests.Session, *, repeat_at_once: bool, outside: bool = False) -> None:
        """A new process, a sweep at each of the times that matter, the same press again – then compare."""
        stage, points = self._stage, self._stage.points()
        stage.world.calm()
        stage.ensure_alive()
        stage.world.settle(
            stage.product,
            sure=self._calls + sum(point.endswith("| sent") for point in points),
            # A kill from outside may have come between the last byte and the note of it.
            possible=self._calls + sum(point.endswith("| before sending") for point in points) if outside else 0,
        )
        if repeat_at_once:
            self._repeat(browser)
        for passing in _FIVE_MINUTES:
            stage.advance(passing)
            self._sweep()
        found = [f"after five minutes: {problem}" for problem in overdue(stage)]
        stage.advance(HOLD_OVER)
        if not repeat_at_once:
            self._repeat_late(browser)
        stage.ask("job/poll_notices")
        self._sweep()
        books = look(stage, self._stocked)
        books.told_complete = [match[1] for place in stage.told if (match := _COMPLETE.fullmatch(place))]
        books.may_repeat = _unnoted(points, outside)
        books.secrets = [token for name, token in self._state.fields.items() if token and name in _TOKENS]
        last = (points or ["before the first point"])[-1]
        self.report.problems += [
            f"{self._scenario.name}, {kill} ({last}): {problem}" for problem in found + problems(books)
        ]

    def _sweep(self) -> None:
        """All jobs – and whom they ask about an authorisation looks into the provider's console and says what is there."""
        self._stage.ask("sweep")
        if not asks_people(self._stage.product):
            return
        self._stage.advance(ABSENT_OVER)  # until then nothing is believed to be missing
        there = {payment["reference"] for payment in self._stage.books()["payments"] if ever_held(payment)}
        for operation in self._stage.rows(PaymentOperation):
            if operation.state in OPEN_STATES:
                said = Said.FOUND if operation.merchant_ref in there else Said.NOT_FOUND
                self._stage.ask(f"testify/{operation.id}/{said}")
        self._stage.ask("sweep")

    def _repeat_late(self, browser: requests.Session) -> None:
        """What begins only now – the kill came before anything was written – may be left at the issuer's page: its time passes
        as well."""
        before = len(self._stage.rows(PaymentOperation))
        self._repeat(browser)
        if len(self._stage.rows(PaymentOperation)) > before:
            self._stage.advance(HOLD_OVER)

    def _repeat(self, browser: requests.Session) -> None:
        """The buyer reloads, or the shopkeeper presses again: the same POST, from the same browser."""
        if self._state.path:
            self._stage.press(browser, self._state.path, self._state.fields)
