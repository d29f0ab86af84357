"""``flask provider new``: what it writes is sound and unfinished, and says what to do next – or it writes nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app import create_app
from providers.installed import INSTALLED
from shop.web import new_provider
from tests.support.files import ROOT
from tests.support.shop import settings

CODE = "zeus"
#: Test → what its failure tells the developer.
NEXT = {
    "test_nothing_is_left_to_fill_in": "FILL IN",
    "test_an_answer_that_cannot_be_read_leaves_the_outcome_open": f"write it in providers/{CODE}/adapter.py",
    "test_there_is_a_capture_to_compare_with": f"tests/wire/{CODE}/vectors",
    "test_a_card_becomes_a_token": f"token() of providers/{CODE}/simulator makes none yet",
    "test_an_approved_order_is_in_the_books": "write it, and what the simulator answers to it",
    "test_a_lost_answer_is_unknown_and_the_money_is_held": "does the simulator take the fault?",
    "test_staff_act_behind_the_shops_back": "first of all an order must stand",
    "test_a_refused_connection_is_not_sent_and_recorded_without_secrets": "each request is one, sent or not",
    "test_every_call_asks_before_it_sends": "requests leave through providers.transport",
    "test_a_connection_test_without_an_answer_finds_nothing": "check_settings sorts every group of values",
    "test_live_and_practice_are_different_places": "FILL IN: the provider's live address",
}  # fmt: skip


def run(folder: Path, *words: str, instance: str = "build/instance") -> "subprocess.CompletedProcess[str]":
    """A command in a checkout."""
    left_out = ("PYTEST", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment = inherited | {"PYTHONPATH": str(folder), "SHOP_INSTANCE": str(folder / instance), "SHOP_DEMO": "1"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def command(folder: Path, code: str, instance: Path) -> "subprocess.CompletedProcess[str]":
    return run(folder, tool("flask"), "--app", "app", "provider", "new", code, instance=str(instance))


def copied(folder: Path, *names: str) -> Path:
    """So much of the repository, compiled as it is."""
    for name in names:
        if (ROOT / name).is_dir():
            # Not what another process is just compiling: it is gone when its turn comes.
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def install(folder: Path, said: str) -> None:
    """Follow the two steps that were printed: an import, and a name in a tuple."""
    lines = said.partition("next:\n")[2].splitlines()
    for first, second in (lines[0:2], lines[2:4]):
        file, line = first.strip().split(maxsplit=1)
        name, _in, names = second.split()[1:]
        text = (folder / file).read_text(encoding="utf-8")
        head, found, tail = text.partition(f"\n{names}: ")
        assert found, file
        (folder / file).write_text(f"{head}{line}\n{found}{tail.rstrip()[:-1]}, {name})\n", encoding="utf-8")


def small(folder: Path) -> Path:
    """As much of a checkout as the files are written by."""
    shutil.copytree(ROOT / "providers/_template", folder / "providers/_template")
    (folder / "providers/charge.py").touch()
    (folder / "providers/old").mkdir()
    (folder / "shop").mkdir()
    (folder / "shop/orders.py").write_text("class Order: payments = ()", encoding="utf-8")
    (folder / "admin/texts").mkdir(parents=True)
    (folder / "admin/texts/messages.po").write_text('msgstr "Discard it"', encoding="utf-8")
    (folder / "admin/texts/messages.mo").write_bytes(b"\xff zeus")
    (folder / "tests/sandbox").mkdir(parents=True)
    (folder / "tests/wire/tested").mkdir(parents=True)
    return folder


def everything(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def results(folder: Path, selected: str) -> Mapping[str, str | None]:
    """Each selected test of the copy and what it says: nothing when it passed."""
    report = folder / "report.xml"
    run(
        folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "-k", selected,
        f"tests/wire/{CODE}", f"tests/sandbox/test_{CODE}_simulator.py", "tests/conformance",
    )  # fmt: skip
    said: dict[str, str | None] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        assert case.find("error") is None, case.attrib
        failure = case.find("failure")
        said[case.attrib["name"]] = None if failure is None else failure.attrib["message"]
    return said


# ---- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["a", "cz4", "providers", "sofar", "zz"])
def test_what_is_written_passes_lint_wherever_its_name_stands(tmp_path: Path, code: str) -> None:
    """Among the imports: before all of ours, between them, after them."""
    written = new_provider.write(code, copied(tmp_path, "pyproject.toml", "providers", "tests/sandbox"))
    checked = run(tmp_path, sys.executable, "-m", "ruff", "check", "--no-cache", *(str(path) for path in written if path.suffix == ".py"))
    assert checked.returncode == 0, checked.stdout


def test_what_is_written_is_typed(tmp_path: Path) -> None:
    written = new_provider.write(CODE, copied(tmp_path, "pyproject.toml", "providers", "tests/sandbox"))
    install(tmp_path, new_provider.next_steps(CODE))
    changed = ("providers/installed.py", "providers/sandbox/installed.py")
    checked = run(tmp_path, sys.executable, "-m", "mypy", *(str(path) for path in written if path.suffix == ".py"), *changed)
    assert checked.returncode == 0, checked.stdout


def test_every_failure_says_what_to_do_next(tmp_path: Path) -> None:
    copied(tmp_path, "app.py", "pyproject.toml", "shop", "admin", "providers", "templates", "static", "tests")
    made = command(tmp_path, CODE, tmp_path / "build/instance")
    assert made.returncode == 0, made.stderr
    install(tmp_path, made.stdout)
    other = INSTALLED[0].code
    said = results(tmp_path, f"{CODE} or (asks_before and {other})")
    failed = {name: message for name, message in said.items() if message is not None}
    assert {name: message for name, message in failed.items() if NEXT.get(function(name), "\0") not in message} == {}
    assert {function(name) for name in failed} == NEXT.keys()
    spared = {name for name in said if other in name}
    assert spared
    assert not failed.keys() & spared, "a provider that is not finished does no harm to the others"


def function(name: str) -> str:
    """The test's name without its parameters."""
    return name.partition("[")[0]


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        *((code, "is no code") for code in ("", "Zeus", "zeus pay", "zeus_pay", "../zeus", "4zeus", "ゼウス", "z" * 21, "import", "zeus\n")),
        ("charge", "another meaning"), ("console", "another meaning"),
        *((code, r"part of a word of the shop already \(shop/orders\.py\)") for code in ("order", "rder", "payments")),
        ("card", r"part of a word of the shop already \(admin/texts/messages\.po\)"),
        ("old", "there is already providers/old"), ("tested", "there is already tests/wire/tested"),
    ],
)  # fmt: skip
def test_a_code_is_refused_and_nothing_written(tmp_path: Path, code: str, reason: str) -> None:
    before = everything(small(tmp_path))
    with pytest.raises(new_provider.Refused, match=reason):
        new_provider.write(code, tmp_path)
    assert everything(tmp_path) == before


def test_what_cannot_be_finished_is_taken_back(tmp_path: Path) -> None:
    (small(tmp_path) / "tests/sandbox").rmdir()
    (tmp_path / "tests/sandbox").touch()
    before = everything(tmp_path)
    with pytest.raises(new_provider.Refused, match="cannot write here"):
        new_provider.write(CODE, tmp_path)
    assert everything(tmp_path) == before


def test_an_installation_is_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(small(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(new_provider.Refused, match=r"not yours to write to \(providers, tests\)"):
        new_provider.write(CODE, tmp_path)
    assert everything(tmp_path) == before
    shutil.rmtree(tmp_path / "tests")
    with pytest.raises(new_provider.Refused, match="no checkout with tests"):
        new_provider.write(CODE, tmp_path)


def test_the_command_says_why_it_refuses(tmp_path: Path) -> None:
    code = INSTALLED[0].code
    shop = create_app(settings(tmp_path, f"sqlite:///{tmp_path / 'none.sqlite3'}", 5000, 5001))
    refused = shop.test_cli_runner().invoke(args=["provider", "new", code])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"Error: there is already providers/{code}" in refused.stderr
