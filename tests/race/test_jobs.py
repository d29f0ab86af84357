"""P-16: four job runners, leaders killed at work, the clock thrown about – every effect happens, and once."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from shop.core.clock import JST, Clock
from shop.core.config import Config
from shop.jobs.joblist import JOBS
from tests.race.books import assert_books_agree
from tests.race.practice import GOOD
from tests.race.shopping import CARD, CASH, Shop
from tests.support.servers import LiveServer
from tests.support.shop import ROOT, environment
from tests.support.world import Simulator

CODE = "TK-050"
SENT = "SELECT count(*) FROM outbox_mail WHERE state = 'sent'"
FINISHED = "SELECT count(*) FROM job_run WHERE finished_at IS NOT NULL"
#: Longer than the lease of a dead leader.
LEASE = 16


class Runners:
    """Processes that run jobs beside each other."""

    def __init__(self, shop: Shop, config: Config) -> None:
        self._shop = shop
        self._clock = Clock(config.instance / "clock_offset")
        with (config.instance / "runners.log").open("ab") as log:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.race.runner_process"], cwd=ROOT, env=environment(config),
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.killed: list[str] = []

    def start(self, count: int) -> None:
        assert self._parent.stdin
        self._parent.stdin.write(b"\n" * count)
        self._parent.stdin.flush()

    def leader(self) -> str:
        rows = self._shop.rows("SELECT holder FROM job_lease")
        return str(rows[0].holder) if rows else ""

    def kill_leader(self) -> None:
        """SIGKILL whoever leads now, wherever it is in its work; then its lease runs out."""
        holder = self.leader()
        pid = int(holder.split(":")[1])
        assert os.getpgid(pid) == self._parent.pid, "not a process of ours"
        os.kill(pid, signal.SIGKILL)
        self.killed.append(holder)
        self._clock.advance(LEASE)

    def led_anew(self) -> bool:
        return self.leader() not in ("", *self.killed)

    def close(self) -> None:
        assert self._parent.stdin
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.stdin.close()
        self._parent.wait()


@pytest.fixture
def shop(settings: Config, live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> Iterator[Shop]:
    """The demo shop without a job runner; only what a test starts works on its rows."""
    made = Shop(settings)
    yield made
    # Or the provider would go on calling at a closed door.
    made.practice.control("merchants", push_url="")
    made.close()


@pytest.fixture
def runners(shop: Shop, settings: Config) -> Iterator[Runners]:
    made = Runners(shop, settings)
    yield made
    made.close()


def _runs(shop: Shop) -> Counter[tuple[str, str]]:
    return Counter((row.name, row.period) for row in shop.rows("SELECT name, period FROM job_run"))


def _today(instance: Path) -> str:
    return Clock(instance / "clock_offset").now().astimezone(JST).date().isoformat()


def _work(shop: Shop, cash: int, lost: int) -> None:
    """Mails to send; and card payments whose answers are lost, with a provider that cannot be asked."""
    shop.stock(CODE, cash + lost)
    for _ in range(cash):
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CASH)
        browser.place(confirmation)
        browser.close()
    shop.practice.control("notices", mode="hold")
    shop.practice.fault("094", "http_500", times=None)
    for _ in range(lost):
        shop.practice.fault("020", "reset", "after")
        shop.forget_silence()
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
        browser.place(confirmation, shop.practice.token(GOOD))
        browser.close()


def _until(shop: Shop, count: str, least: int, **values: object) -> None:
    """Wait until the runners have brought a count up to ``least``; nobody else sweeps here."""
    shop.eventually(lambda: shop.value(count, **values) >= least, count, seconds=30.0, sweeping=False)


def _run(shop: Shop, runners: Runners, kills: int, dice: random.Random) -> None:
    """Kill ``kills`` leaders while mails go out, holds end and late money is given back."""
    clock = Clock(shop.instance / "clock_offset")
    cash, lost = 6 + 4 * kills, 2 + kills
    _work(shop, cash, lost)
    runners.start(4)
    jumps = [3600, -3600, 25 * 60]
    for number in range(kills):
        _until(shop, SENT, 2 * number + 1)
        runners.kill_leader()
        clock.advance(jumps[number % 3] + dice.random())
        shop.eventually(runners.led_anew, "nobody took over", sweeping=False)
        if number > 1:
            runners.start(1)
    # The holds end although the provider cannot be asked; their units are gone when the money shows.
    clock.advance(25 * 60)
    _until(shop, "SELECT count(*) FROM variant WHERE code = :code AND held = 0", 1, code=CODE)
    assert shop.available(CODE) == lost
    shop.stock(CODE, 0)
    shop.practice.control("faults", clear=True)
    clock.advance(120)
    runners.kill_leader()
    for _ in range(2):
        clock.advance(86_400)
        _until(shop, f"{FINISHED} AND period = :day", sum(job.daily for job in JOBS), day=_today(shop.instance))
    shop.eventually(lambda: not shop.open_work(), "work is left", seconds=30.0, sweeping=False)
    _check(shop, cash, lost)


def _check(shop: Shop, cash: int, lost: int) -> None:
    # The breaker's own alarm may come: each answer is lost here.
    kinds = Counter(row.kind for row in shop.rows("SELECT kind FROM outbox_mail WHERE kind <> 'provider_silent'"))
    assert kinds == {
        "thanks": cash, "order_notice": cash, "payment_cancelled": lost, "payment_cancelled_notice": lost,
    }  # fmt: skip
    ledger = shop.practice.ledger()
    assert Counter(payment["status"] for payment in ledger["payments"]) == {"32": lost}
    assert ledger["telegrams"]["021"] == lost
    assert set(_runs(shop).values()) == {1}
    assert not shop.rows("SELECT 1 FROM job_run WHERE finished_at IS NULL AND period < :day", day=_today(shop.instance))
    shop.practice.calm()
    assert_books_agree(shop)


@pytest.mark.req("P-16", "R-311", "S-083")
def test_every_effect_once_over_killed_leaders_and_clock_jumps(shop: Shop, runners: Runners) -> None:
    _run(shop, runners, kills=2, dice=random.Random(20261121))


@pytest.mark.evidence
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_many_killed_leaders(shop: Shop, runners: Runners, seed: int) -> None:
    print(f"seed {seed}: 12 leaders killed")
    _run(shop, runners, kills=12, dice=random.Random(seed))


@pytest.mark.req("P-16", "S-084", "S-089")
def test_one_row_a_day_whoever_runs_and_however_the_clock_jumps(shop: Shop, runners: Runners) -> None:
    """Several runners side by side, the clock forward over midnight and back: one row per job and day."""
    clock = Clock(shop.instance / "clock_offset")
    runners.start(3)
    daily = [job.name for job in JOBS if job.daily]
    _until(shop, FINISHED, len(daily))
    midnight = 86_400 - (datetime.now(UTC).timestamp() + clock.offset() + 9 * 3600) % 86_400
    for jump, days in ((midnight + 1, 2), (-3600, 2), (3600, 2), (86_400, 3)):
        clock.advance(jump)
        _until(shop, FINISHED, days * len(daily))
    assert set(_runs(shop).values()) == {1}
    assert Counter(name for name, _ in _runs(shop)) == dict.fromkeys(daily, 3)
