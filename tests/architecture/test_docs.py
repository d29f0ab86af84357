"""What ``docs/ux.md`` names as its proof is there; what ``docs/providers.md`` teaches is what the contract asks for."""

import ast
import inspect
import re
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from types import ModuleType
from typing import get_args

import pytest

from providers import charge, contract, kept_cards, ports
from providers.ports import Gateway
from shop.jobs.joblist import JOBS
from tests.support.files import ROOT

_UX = (ROOT / "docs/ux.md").read_text(encoding="utf-8")
_ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in _UX.splitlines() if line.startswith("| U-")]
_TEST = re.compile(r"(\w+/test_\w+\.py)::(\w+)")
_PICTURE = re.compile(r"screens/([\w-]+)")
_WALKED = [f"U-{n:03}" for first, last in ((1, 16), (20, 36), (41, 46), (60, 65), (70, 73), (80, 97)) for n in range(first, last + 1)]


@cache
def _functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_item_has_its_line() -> None:
    assert [row[0].split()[0] for row in _ROWS] == _WALKED


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0].split()[0])
def test_a_line_names_its_proof_or_the_work_it_comes_with(row: list[str]) -> None:
    _item, verdict, proofs = row
    tests, pictures = _TEST.findall(proofs), _PICTURE.findall(proofs)
    assert tests or pictures or verdict.startswith("comes with"), "no proof"
    for file, function in tests:
        assert function in _functions(file), f"{file}::{function}"
    for name in pictures:
        for width in (360, 1280):
            assert (ROOT / f"docs/screens/{name}-{width}.webp").exists(), name


def test_few_are_refused() -> None:
    assert sum(row[1].count("**refused**") for row in _ROWS) <= 5


def test_operators_find_every_job() -> None:
    chapter = (ROOT / "docs/operate.md").read_text(encoding="utf-8").partition("\n## Jobs\n")[2].partition("\n## ")[0]
    assert {job.name for job in JOBS} <= set(re.findall(r"\w+", chapter))


# ---- docs/providers.md ------------------------------------------------------------------------------------------------

_GUIDE = re.findall(r"`([^`\n]+)`", (ROOT / "docs/providers.md").read_text(encoding="utf-8"))
_WORDS = {word for code in _GUIDE for word in re.findall(r"\w+", code)}


def _members(kind: type) -> set[str]:
    """Fields of a type, or the names of its words."""
    words = [word.name for word in kind] if issubclass(kind, Enum) else [*inspect.get_annotations(kind), *vars(kind)]
    return {name for name in words if not name.startswith("_")}


def _types(*modules: ModuleType) -> list[type]:
    """What these modules define."""
    made = [each for module in modules for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]
    return [each for each in made if issubclass(each, Enum) or is_dataclass(each)]


def _tables() -> list[tuple[set[str], set[str]]]:
    """What the head of each table names, and its rows: by their first column."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", (ROOT / "docs/providers.md").read_text(encoding="utf-8"), re.MULTILINE):
        head, _line, *rows = (set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines())
        found.append((head, set().union(*rows)))
    return found


@pytest.mark.parametrize(
    "asked",
    [
        [name for name, _ in inspect.getmembers(Gateway, inspect.isfunction) if not name.startswith("_")],
        [result.__name__ for result in (*get_args(contract.Result), *get_args(contract.QueryResult))],
        [name for name in (*contract.Capabilities.__annotations__, *vars(contract.Capabilities)) if not name.startswith("_")],
        [recovery.name for recovery in contract.Recovery],
    ],
    ids=["verbs", "results", "capabilities", "recovery"],
)
def test_the_guide_leaves_nothing_of_the_contract_out(asked: list[str]) -> None:
    assert asked
    assert set(asked) - _WORDS == set()


_KINDS = {kind.__name__: _members(kind) for kind in [*_types(contract, charge, kept_cards, ports), ports.Provider]}
_TABLES = [(kinds, said) for head, said in _tables() if (kinds := head & _KINDS.keys())]


@pytest.mark.parametrize("kind", _KINDS)
def test_the_guide_has_a_line_for_every_field_and_word(kind: str) -> None:
    (said,) = (said for kinds, said in _TABLES if kind in kinds)
    assert _KINDS[kind] - said == set()


@pytest.mark.parametrize(("kinds", "said"), _TABLES, ids=[" ".join(sorted(kinds)) for kinds, _ in _TABLES])
def test_the_guide_teaches_nothing_that_is_gone(kinds: set[str], said: set[str]) -> None:
    assert said - set().union(*(_KINDS[kind] for kind in kinds)) == set()


def test_the_guide_names_files_that_are_there() -> None:
    named = {code for code in _GUIDE if re.fullmatch(r"(?:admin|docs|providers|shop|tests)/[\w/.]+", code)}
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()
