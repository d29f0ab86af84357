"""What ``docs/ux.md`` names as its proof is there."""

import ast
import re
from functools import cache

import pytest

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
