"""What `make lint`, `make test` and `make evidence` do, group after group, with duration and budget of each.

A red group does not hide the ones after it; the exit code is 1 when any was red.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support import machine, requirements
from tests.support.files import ROOT
from tests.support.postgres import PrivatePostgres
from tests.support.requirements import RECORD

PYTEST = (sys.executable, "-m", "pytest", "-q", "--durations=5", "--durations-min=3")
LOCKING_RACES = tuple(f"race/test_{name}.py" for name in ("stock_race", "cart_race", "one_order", "money_moves", "notices", "jobs"))
_NOT_LONG = "not evidence and not remote"


@dataclass(frozen=True)
class Group:
    """Commands that belong together and the minutes they may take on two cores (decision 34)."""

    name: str
    minutes: float
    commands: tuple[tuple[str, ...], ...]


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
    yield suite("browser", 4, ("browser",))
    # Kills and parallel buyers, on both databases: three minutes in all (docs/decisions/0004). What does not touch the
    # database's locking is raced on SQLite alone.
    postgresql = ("--db", "postgresql")
    yield suite("crash SQLite", 0.8, ("crash",))
    yield suite("crash PostgreSQL", 1.2, ("crash",), *postgresql)
    yield suite("race SQLite", 0.5, ("race",))
    yield suite("race PostgreSQL", 0.5, LOCKING_RACES, *postgresql)


def evidence_groups() -> Iterator[Group]:
    long = (*PYTEST, "-m", "evidence", "--timeout", "3600", "-s")
    yield Group("properties", 5, ((*PYTEST, "--hypothesis-profile", "new", "--timeout", "600", "tests/unit", "tests/wire", "tests/domain/test_notices.py"),))
    yield Group("crash SQLite", 13, ((*long, "tests/crash"),))
    yield Group("crash PostgreSQL", 17, ((*long, "--db", "postgresql", "tests/crash"),))
    yield Group("race", 10, ((*long, "tests/race"),))
    yield Group("mutants", 15, ((sys.executable, "-m", "tests.support.mutants"),))


def run(group: Group, environment: dict[str, str]) -> Outcome:
    print(f"\n=== {group.name}", flush=True)
    started = time.monotonic()
    green, closing = True, ""
    for command in group.commands:
        code, last = _stream(command, environment)
        green = green and code == 0
        closing = last if code or not closing else closing
    return Outcome(group, green, time.monotonic() - started, closing)


def _stream(command: tuple[str, ...], environment: dict[str, str]) -> tuple[int, str]:
    """Run and show; returns the exit code and the last line said."""
    last = ""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
        return process.wait(), last
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """What the suites need beside Python: Chromium, a PostgreSQL of their own and a place to write. Raises ``machine.Missing``."""
    chromium = machine.chromium()
    with machine.workplace() as folder:
        postgres = PrivatePostgres(folder)
        try:
            yield os.environ | {"CHROMIUM": str(chromium), "SHOP_TEST_POSTGRES": postgres.url, "TMPDIR": str(folder)}
        finally:
            postgres.close()


def run_all(groups: Iterable[Group | None]) -> int:
    with surroundings() as environment:
        outcomes = [run(group, environment) for group in groups if group is not None]
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
            return run_all(evidence_groups())
        RECORD.unlink(missing_ok=True)
        code = run_all(test_groups())
        requirements.main()
    except machine.Missing as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
