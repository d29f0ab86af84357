"""What `make lint`, `make test` and `make evidence` do, group after group, with duration and budget of each.

A red group does not hide the ones after it; the exit code is 1 when any was red.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support import machine, requirements
from tests.support.files import ROOT
from tests.support.postgres import PrivatePostgres
from tests.support.requirements import RECORD

PYTEST = (sys.executable, "-m", "pytest", "-q", "--durations=5", "--durations-min=3")
LOCKING_RACES = tuple(f"race/test_{name}.py" for name in ("stock_race", "coupon_race", "cart_race", "one_order", "money_moves", "notices", "jobs", "members"))
#: A suite starts dozens of servers; each would compile the whole product for itself.
_COMPILES_ANEW = "PYTHONDONTWRITEBYTECODE"
_NOT_LONG = "not evidence and not remote"


@dataclass(frozen=True)
class Group:
    """Commands that belong together and the minutes they may take on two cores (decision 34)."""

    name: str
    minutes: float
    commands: tuple[tuple[str, ...], ...]
    #: Each command keeps about one core busy: all run at once.
    side_by_side: bool = False


@dataclass(frozen=True)
class Outcome:
    group: Group
    green: bool
    seconds: float
    closing: str

    def __str__(self) -> str:
        over = "  OVER BUDGET" if self.seconds > self.group.minutes * 60 else ""
        word = "green" if self.green else "RED"
        return (
            f"{self.group.name:<18}{word:<7}{self.seconds:7.1f} s of {self.group.minutes * 60:4.0f}{over}  {self.closing}"
        )


def lint_group() -> Group:
    scripts = os.path.dirname(sys.executable)
    commands = (
        (f"{scripts}/ruff", "check", "."),
        (f"{scripts}/mypy",),
        (f"{scripts}/lint-imports", "--no-logo"),
    )
    return Group("lint", 1, commands)


def suite(name: str, minutes: float, folders: Iterable[str], *arguments: str) -> Group | None:
    """One pytest run over the folders that exist; ``None`` when none does."""
    present = [f"tests/{folder}" for folder in folders if (ROOT / "tests" / folder).exists()]
    if not present:
        return None
    return Group(name, minutes, ((*PYTEST, "-n", "2", "--record", str(RECORD), *arguments, *present),))


def test_groups() -> Iterator[Group | None]:
    yield lint_group()
    yield suite("unit + wire", 1, ("unit", "wire", "architecture", "sandbox"))
    yield suite("SQLite", 3, ("domain", "web", "conformance"))
    yield suite(
        "PostgreSQL", 3, ("domain", "web", "conformance"), "--db", "postgresql", "-m", f"database and not one_database and {_NOT_LONG}"
    )
    yield suite("browser + whole", 4, ("browser", "whole"))
    # Kills and parallel buyers, on both databases: three minutes in all (docs/decisions/0004). What does not touch the
    # database's locking is raced on SQLite alone.
    postgresql = ("--db", "postgresql")
    yield suite("crash SQLite", 0.75, ("crash",))
    yield suite("crash PostgreSQL", 1.0, ("crash",), *postgresql, "-m", f"not one_database and {_NOT_LONG}")
    yield suite("race SQLite", 0.65, ("race",))
    yield suite("race PostgreSQL", 0.6, LOCKING_RACES, *postgresql)


def evidence_groups() -> Iterator[Group]:
    """An hour in all; docs/evidence.md says what each tries."""
    yield Group("properties", 4, ((*PYTEST, "-n", "2", "--hypothesis-profile", "new", "--timeout", "600", "tests/unit", "tests/wire", "tests/domain/test_notices.py"),))
    yield on_both("crash", 15, "tests/crash")
    yield on_both("notices", 9, "tests/domain")
    yield on_both("stock", 10, "tests/race/test_stock_race.py")
    yield on_both("presses, jobs", 6, "tests/race/test_one_order.py", "tests/race/test_jobs.py")
    yield Group("other races", 8, (_long("tests/race/test_provider_faults.py"), _long("tests/race/test_money_moves.py", "tests/race/test_cart_race.py", "tests/race/test_forged_notices.py", "tests/race/test_card_testing.py")), side_by_side=True)
    yield Group("variants", 6, (_long("tests/web"), _long("tests/wire")), side_by_side=True)
    yield Group("mutants", 8, ((sys.executable, "-m", "tests.support.mutants"),))


def on_both(name: str, minutes: float, *tests: str) -> Group:
    """The long forms of ``tests`` on SQLite and, beside them, on PostgreSQL."""
    return Group(name, minutes, (_long(*tests), _long("--db", "postgresql", *tests)), side_by_side=True)


def _long(*arguments: str) -> tuple[str, ...]:
    return (*PYTEST, "-m", "evidence", "--timeout", "3600", "-s", *arguments)


def run(group: Group, environment: dict[str, str]) -> Outcome:
    print(f"\n=== {group.name}", flush=True)
    started = time.monotonic()
    green, closing = True, ""
    for batch in [group.commands] if group.side_by_side else [(command,) for command in group.commands]:
        for code, last in _together(batch, environment):
            green = green and code == 0
            closing = last if code or not closing else closing
    return Outcome(group, green, time.monotonic() - started, closing)


def _together(commands: Sequence[tuple[str, ...]], environment: dict[str, str]) -> list[tuple[int, str]]:
    """Run at once and show, marked where there are several; returns each one's exit code and the last line it said."""
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for command in commands
    ]
    marks = [f"{number}| " if len(commands) > 1 else "" for number in range(1, len(commands) + 1)]
    with ThreadPoolExecutor(len(processes)) as pool:
        try:
            return list(pool.map(_show, processes, marks))
        finally:  # asked to end, nobody waits for them
            for process in processes:
                if process.poll() is None:
                    process.terminate()


def _show(process: "subprocess.Popen[str]", mark: str) -> tuple[int, str]:
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{mark}{line}", end="", flush=True)
        last = line.strip() or last
    return process.wait(), last


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """What the suites need beside Python: Chromium, a PostgreSQL of their own and a place to write. Raises ``machine.Missing``."""
    chromium = machine.chromium()
    with machine.workplace() as folder:
        postgres = PrivatePostgres(folder)
        try:
            yield {name: value for name, value in os.environ.items() if name != _COMPILES_ANEW} | {
                "CHROMIUM": str(chromium), "SHOP_TEST_POSTGRES": postgres.url, "TMPDIR": str(folder)
            }  # fmt: skip
        finally:
            postgres.close()


def run_all(groups: Iterable[Group | None]) -> list[Outcome]:
    with surroundings() as environment:
        return [run(group, environment) for group in groups if group is not None]


def in_short(outcomes: Sequence[Outcome]) -> int:
    """Print a line for each group; returns the exit code."""
    print("\n=== in short")
    for outcome in outcomes:
        print(outcome)
    print(f"{'':<14}{'':<7}{sum(outcome.seconds for outcome in outcomes):7.1f} s together")
    return 0 if all(outcome.green for outcome in outcomes) else 1


def main(what: str) -> int:
    # Asked to end, we still stop the database we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if what == "lint":
        return 0 if run(lint_group(), dict(os.environ)).green else 1
    try:
        if what == "evidence":
            return in_short(run_all(evidence_groups()))
        RECORD.unlink(missing_ok=True)
        outcomes = run_all(test_groups())
    except machine.Missing as error:
        print(error, file=sys.stderr)
        return 1
    requirements.main()
    return in_short(outcomes)  # last: who sees only the end of a log sees which group was red, and by which tests


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
