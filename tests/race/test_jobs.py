"""P-16: four job runners, leaders killed at work, the clock thrown about – every effect happens, and once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from shop.core.clock import JST, Clock
from shop.core.config import Config
from shop.jobs.joblist import JOBS
from tests.race.books import assert_books_agree
from tests.race.practice import GOOD
from tests.race.runner_process import DELIVERIES
from tests.race.shopping import CARD, CASH, Shop
from tests.support.evidence import Series
from tests.support.servers import LiveServer
from tests.support.shop import ROOT, environment
from tests.support.world import Simulator

CODE = "TK-050"
SENT = "SELECT count(*) FROM outbox_mail WHERE state = 'sent'"
FINISHED = "SELECT count(*) FROM job_run WHERE finished_at IS NOT NULL"
#: Longer than the lease of a dead leader.
LEASE = 16


class Runners:
    """Processes of one host that run jobs beside each other."""

    def __init__(self, shop: Shop, config: Config) -> None:
        self._shop = shop
        self.clock = Clock(config.instance / "clock_offset")
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
        self.kill(self.leader())

    def kill(self, holder: str) -> None:
        assert self.owns(holder), "not a process of ours"
        os.kill(_pid(holder), signal.SIGKILL)
        self.killed.append(holder)
        self.clock.advance(LEASE)

    def owns(self, holder: str) -> bool:
        return os.getpgid(_pid(holder)) == self._parent.pid

    def led_anew(self) -> bool:
        return self.leader() not in ("", *self.killed)

    def close(self) -> None:
        assert self._parent.stdin
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.stdin.close()
        self._parent.wait()


def _pid(holder: str) -> int:
    return int(holder.split(":")[1])


@pytest.fixture
def shop(settings: Config, live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> Iterator[Shop]:
    """The demo shop without a job runner; only what a test starts works on its rows."""
    made = Shop(settings)
    yield made
    # Or the provider would go on calling at a closed door.
    made.practice.control("register", provider="paygent", push_url="")
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
    # At least once: only a leader killed between a hand-over and its note makes a second one (P-04).
    sent = (shop.instance / DELIVERIES).read_text().split()
    assert len(sent) - len(set(sent)) <= len(runners.killed)
    assert len(set(sent)) == shop.value(SENT)


def _check(shop: Shop, cash: int, lost: int) -> None:
    # The breaker's own alarm may come, and the word to buyers who wait: each answer is lost here.
    query = "SELECT kind FROM outbox_mail WHERE kind NOT IN ('provider_silent', 'still_open')"
    kinds = Counter(row.kind for row in shop.rows(query))
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
@pytest.mark.parametrize("part", range(5))
def test_many_killed_leaders(shop: Shop, runners: Runners, part: int) -> None:
    series = Series("leaders killed at work", 12, shop.database)
    _run(shop, runners, kills=series.wanted, dice=series.chance)
    series.done = series.wanted
    series.end()


@pytest.mark.req("S-085", "S-086")
def test_a_restart_after_days_makes_up_once_and_replays_nothing(shop: Shop, runners: Runners) -> None:
    """Nobody ran for three days: the mail that waited goes out once, and each daily job has one run more, not three."""
    daily = [job.name for job in JOBS if job.daily]
    runners.start(1)
    _until(shop, FINISHED, len(daily))
    runners.kill_leader()
    shop.stock(CODE, 1)
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CASH)
    browser.place(confirmation)
    runners.clock.advance(3 * 86_400)
    runners.start(1)
    _until(shop, SENT, 2)
    _until(shop, FINISHED, 2 * len(daily))
    assert Counter(name for name, _ in _runs(shop)) == dict.fromkeys(daily, 2)
    assert [row.attempts for row in shop.rows("SELECT attempts FROM outbox_mail")] == [1, 1]


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


# ---- a thousand periods ------------------------------------------------------------------------------------------------

DAILY = [job.name for job in JOBS if job.daily]
#: A leap day and the end of a month are among the first ten days.
FIRST_DAY = date(2028, 2, 20)
_HOUR, _DAY = 3600.0, 86_400.0
#: Seconds by which the clocks of two hosts differ.
_SKEW = 2.0


class Calendar:
    """Day after day, with kills and jumps of the clock, for the runners of one host or of two that share nothing but the
    database."""

    def __init__(self, shop: Shop, hosts: Sequence[Runners], series: Series) -> None:
        self.shop, self.hosts, self.series = shop, hosts, series
        self.day = FIRST_DAY
        #: Kills in all, those that cut a daily job short, and of them the nightly sync.
        self.kills = self.at_work = self.at_sync = 0
        #: Days that a jump led into or out of: a letter written in that instant may bear the neighbour's name.
        self.blurred: set[str] = set()
        midnight = datetime.combine(FIRST_DAY, datetime.min.time(), JST).timestamp()
        for number, host in enumerate(hosts):
            host.clock.advance(midnight - host.clock.now().timestamp() + number * _SKEW)
            host.start(4 // len(hosts))

    def advance(self, seconds: float) -> None:
        for host in self.hosts:
            host.clock.advance(seconds)

    def next_day(self) -> None:
        """To any moment of the next day; perhaps an hour too far or back, and the leader killed; its jobs are done in the end."""
        chance = self.series.chance
        self.day += timedelta(days=1)
        midnight = datetime.combine(self.day, datetime.min.time(), JST).timestamp()
        self.advance(midnight + chance.uniform(_SKEW, _DAY - 60) - self.hosts[0].clock.now().timestamp())
        if chance.random() < 0.5:
            self._jump(chance.choice((_HOUR, -_HOUR)))
        if chance.random() < 0.5:
            self._kill()
        self.shop.eventually(lambda: len(self.done()) == len(DAILY), f"{self.day} was skipped", seconds=40, sweeping=False)
        if chance.random() < 0.25:
            time.sleep(0.3)  # the leader looks at its jobs once more, and at some it is done with
        self.series.done += len(DAILY)

    def _jump(self, seconds: float) -> None:
        """There and, after a moment in which jobs may run, back."""
        self.advance(seconds)
        other = self.hosts[0].clock.today()
        if other != self.day:
            self.blurred |= {other.isoformat(), self.day.isoformat()}
        time.sleep(self.series.chance.uniform(0, 0.05))
        self.advance(-seconds)

    def _kill(self) -> None:
        """The leader, at a random moment or as soon as it has begun some of the day's jobs."""
        begun = self.series.chance.randrange(len(DAILY) + 1)
        if begun:
            self.shop.eventually(lambda: len(self.runs()) >= begun, "no job began", seconds=40, sweeping=False)
        else:
            time.sleep(self.series.chance.uniform(0, 0.1))
        holder = self.hosts[0].leader()
        if not holder or any(holder in host.killed for host in self.hosts):
            return  # nobody has taken over yet
        host = next(host for host in self.hosts if host.owns(holder))
        host.kill(holder)
        for other in self.hosts:
            if other is not host:
                other.clock.advance(LEASE)
        self.kills += 1
        cut_short = [run.name for run in self.runs() if not run.finished_at]
        self.at_work += bool(cut_short)
        self.at_sync += "sync" in cut_short
        host.start(1)

    def runs(self) -> list[Any]:
        return self.shop.rows("SELECT name, finished_at FROM job_run WHERE period = :day", day=self.day.isoformat())

    def done(self) -> list[Any]:
        return [run for run in self.runs() if run.finished_at]


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-16", "R-311", "S-083")
def test_a_thousand_periods(shop: Shop, runners: Runners, settings: Config, tmp_path: Path) -> None:
    """Each daily job on each day: never skipped, never twice. What is counted lies outside of its own table: letters of the
    self-check, which always finds a difference planted here, and the provider's count of questions by the nightly sync."""
    series = Series("periods of daily jobs", 1002, shop.database, minutes=6)
    _captured_order(shop)
    shop.change("UPDATE variant SET held = held + 1 WHERE code = :code", code=CODE)
    asked = _asked(shop)
    hosts = [runners]
    if shop.database == "postgresql":
        (tmp_path / "second host").mkdir()
        hosts.append(Runners(shop, replace(settings, instance=tmp_path / "second host")))
    try:
        calendar = Calendar(shop, hosts, series)
        while series.more():
            calendar.next_day()
        unsent = "SELECT count(*) FROM outbox_mail WHERE state <> 'sent'"
        calendar.advance(_HOUR)
        shop.eventually(lambda: not shop.value(unsent), "a letter was not sent", sweeping=False)
    finally:
        for host in hosts[1:]:
            host.close()
    days = series.done // len(DAILY)
    dates = {(FIRST_DAY + timedelta(days=number + 1)).isoformat() for number in range(days)}
    seen = {key: count for key, count in _runs(shop).items() if key[1] in dates}
    assert seen == {(name, day): 1 for name in DAILY for day in dates}
    letters = Counter(row.dedupe_key.partition(":")[2] for row in shop.rows("SELECT dedupe_key FROM outbox_mail WHERE kind = 'self_check'"))
    assert set(letters.values()) == {1}
    assert dates - set(letters) <= calendar.blurred
    # The days before the first and after the last were entered as well, or may have been.
    assert days <= _asked(shop) - asked <= days + 2 + calendar.at_sync
    series.end(f"{days} days to {calendar.day}, {len(hosts)} hosts, {calendar.kills} kills, {calendar.at_work} of them at a daily job")


def _captured_order(shop: Shop) -> None:
    """One payment that the nightly sync asks about, however much time goes by."""
    shop.stock(CODE, 2)
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    browser.place(confirmation, shop.practice.token(GOOD))
    browser.close()
    shop.practice.console(shop.value("SELECT handle FROM payment"), "capture")
    shop.sweep(2)
    assert shop.value("SELECT status FROM payment") == "captured"


def _asked(shop: Shop) -> int:
    return int(shop.practice.ledger()["telegrams"].get("094", 0))
