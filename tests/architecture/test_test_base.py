"""The test base about itself: every suite is run by `make test`, and requirement marks are believable."""

import json
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.support import requirements, run

#: Folders under tests that hold no suite of `make test`.
HELPERS = {"support", "bench", "remote"}


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A pytest run of its own that knows the plugin."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = req")
    return pytester


def test_every_suite_belongs_to_a_group() -> None:
    suites = {path.parent for path in ROOT.glob("tests/**/test_*.py")}
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in suites} - HELPERS
    commands = [part for group in run.test_groups() if group for command in group.commands for part in command]
    assert {f"tests/{folder}" for folder in folders} <= set(commands)


def test_marks_are_few_and_well_formed(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.req("R-001", "R-002", "R-003", "R-004")
        def test_too_much(): ...

        @pytest.mark.req("064")
        def test_no_number(): ...
        """
    )
    result = inner.runpytest_subprocess("-p", "no:randomly", "-p", "tests.support.requirements")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*4 requirements; 3 at most*", "*'064' is no requirement number*"])


def test_only_what_ran_and_passed_is_proven(inner: pytest.Pytester) -> None:
    suite = inner.mkdir("tests") / "web"
    suite.mkdir()
    (suite / "test_some.py").write_text(
        "import pytest\n"
        "@pytest.mark.req('R-001', 'T-002')\ndef test_green(): ...\n"
        "@pytest.mark.req('R-003')\ndef test_red(): assert False\n"
        "@pytest.mark.req('R-004')\n@pytest.mark.skip\ndef test_skipped(): ...\n"
        "@pytest.mark.req('R-005')\n@pytest.mark.xfail\ndef test_expected_red(): assert False\n"
        "@pytest.fixture\ndef broken(): raise OSError\n"
        "@pytest.mark.req('R-006')\ndef test_without_fixture(broken): ...\n"
    )
    record = inner.path / "requirements.json"
    inner.runpytest_subprocess("-p", "no:randomly", "-p", "tests.support.requirements", "--record", str(record))
    found = json.loads(record.read_text())["requirements"]
    assert found == {number: {"web": ["tests/web/test_some.py::test_green"]} for number in ("R-001", "T-002")}


def test_red_on_one_database_takes_the_proof_away(tmp_path: Path) -> None:
    path = tmp_path / "requirements.json"
    for passed in (True, False, True):
        recorder = requirements.Recorder(path)
        recorder._required["tests/web/test_a.py::test_b"] = ["R-001"]
        if passed:
            recorder._passed.add("tests/web/test_a.py::test_b")
        else:
            recorder._failed["tests/web/test_a.py::test_b"] = "assert 1 == 2"
        recorder.pytest_sessionfinish()
    record = json.loads(path.read_text())
    assert record["requirements"] == {}
    assert "tests/web/test_a.py::test_b\n    assert 1 == 2" in requirements.table(record), "named, for who sees only the end of a log"
