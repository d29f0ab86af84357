"""Which requirements are proven: a marker, a record over all groups of ``make test``, a table.

``@pytest.mark.req("R-064")`` names at most three requirements, attacks (T-), scenarios (S-) or promises (P-) on the
test that proves them. Only tests that ran and passed count, with the folder they stand in as their level. As a script:
prints the table of the last full run.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

_NUMBER = re.compile(r"[A-Z]-\d{2,3}")
_MOST = 3
RECORD = Path(__file__).resolve().parents[2] / "build" / "requirements.json"

#: level → node ids, per requirement.
Proofs = dict[str, dict[str, list[str]]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, help="merge proven requirements into this file")


def pytest_configure(config: pytest.Config) -> None:
    # Outcomes arrive at the process that started the workers, and are written there once.
    if config.getoption("--record") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config.getoption("--record")), "requirements-recorder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    faults = [fault for item in items for fault in _mark(item)]
    if faults:
        raise pytest.UsageError("\n".join(faults))


def _mark(item: pytest.Item) -> Iterable[str]:
    numbers = [number for marker in item.iter_markers("req") for number in marker.args]
    if len(numbers) > _MOST:
        yield f"{item.nodeid}: marked with {len(numbers)} requirements; {_MOST} at most, or nobody believes it"
    for number in numbers:
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            yield f"{item.nodeid}: {number!r} is no requirement number"
    # User properties travel with the report from a worker to its controller.
    item.user_properties.append(("req", sorted(map(str, numbers))))


class Recorder:
    """Collects the outcomes of one pytest run and merges them into the record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._required: dict[str, list[str]] = {}
        self._passed: set[str] = set()
        #: The first line of what each red test said.
        self._failed: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties: dict[str, Any] = dict(report.user_properties)
        self._required[report.nodeid] = properties.get("req", [])
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._failed[report.nodeid] = str(crash.message if crash else report.longrepr).partition("\n")[0]
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        known: dict[str, Any] = {"failed": {}, "requirements": {}}
        if self._path.exists():
            known = json.loads(self._path.read_text())
        failed = known["failed"] | self._failed
        proofs: Proofs = known["requirements"]
        for test in self._passed:
            for number in self._required[test]:
                tests = proofs.setdefault(number, {}).setdefault(_level(test), [])
                tests.append(test)
        # Red on one database takes away the proof on the other.
        kept = {number: _without(levels, set(failed)) for number, levels in sorted(proofs.items())}
        record = {"failed": dict(sorted(failed.items())), "requirements": {n: levels for n, levels in kept.items() if levels}}
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _without(levels: dict[str, list[str]], failed: set[str]) -> dict[str, list[str]]:
    left = {level: sorted(set(tests) - failed) for level, tests in sorted(levels.items())}
    return {level: tests for level, tests in left.items() if tests}


def _level(node_id: str) -> str:
    """``tests/web/test_x.py::test_y`` → ``web``."""
    parts = Path(node_id.split("::")[0]).parts
    return parts[1] if len(parts) > 2 else "tests"


def table(record: dict[str, Any]) -> str:
    """Number, levels and tests of every proven requirement, and how many there are."""
    lines = []
    proofs: Proofs = record["requirements"]
    for number, levels in proofs.items():
        tests = [test for found in levels.values() for test in found]
        lines.append(f"{number:<8}{', '.join(levels):<24}{tests[0]}")
        lines.extend(f"{'':<32}{test}" for test in tests[1:])
    lines.append(f"\n{len(proofs)} requirements proven by tests that ran and passed")
    if record["failed"]:
        lines.append(f"\nred, so proving nothing: {len(record['failed'])}")
        lines.extend(f"  {test}\n    {said}" for test, said in record["failed"].items())
    return "\n".join(lines)


def main() -> int:
    if not RECORD.exists():
        print("no record yet: run `make test`")
        return 1
    print(table(json.loads(RECORD.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
