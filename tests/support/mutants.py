"""`make mutants`: takes each guard of `tests/mutants.toml` out of a copy of the tree and demands that its test goes red.

A guard nobody misses is no guard. Before that, all the tests named must be green on the untouched copy. As arguments,
ids (or beginnings of ids) run only those.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.files import ROOT, walk

LIST = ROOT / "tests" / "mutants.toml"
#: A mutant may hang instead of failing; that is noticed as well.
_LONGEST = 180.0


@dataclass(frozen=True)
class Mutant:
    """One guard, how it is taken out, and the test that must miss it."""

    id: str
    #: What the guard protects against.
    guard: str
    file: str
    #: Exactly one place of the file.
    find: str
    replace: str
    test: str

    def apply(self, tree: Path) -> None:
        """Raises ``ValueError`` unless the text to find stands in the file exactly once."""
        path = tree / self.file
        source = path.read_text(encoding="utf-8")
        if source.count(self.find) != 1:
            raise ValueError(f"{self.id}: the text to find stands {source.count(self.find)} times in {self.file}")
        path.write_text(source.replace(self.find, self.replace), encoding="utf-8")


def load() -> list[Mutant]:
    mutants = [Mutant(**entry) for entry in tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]]
    if len({mutant.id for mutant in mutants}) != len(mutants):
        raise ValueError("two mutants share an id")
    return mutants


@contextmanager
def copied_tree() -> Iterator[Path]:
    """The project as it lies here, uncommitted changes included, with our environment."""
    with tempfile.TemporaryDirectory(prefix="shop-mutants-") as folder:
        tree = Path(folder)
        for path in walk():
            target = tree / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        (tree / ".venv").symlink_to(ROOT / ".venv")
        yield tree


def run_tests(tree: Path, tests: list[str], *options: str) -> tuple[int, str]:
    """Exit code of pytest – 1 means red – and what it said."""
    command = (sys.executable, "-B", "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *options, *tests)
    try:
        done = subprocess.run(
            command, cwd=tree, capture_output=True, text=True, timeout=_LONGEST * max(1, len(tests)), check=False
        )
    except subprocess.TimeoutExpired:
        return 1, "it hung"
    return done.returncode, done.stdout + done.stderr


def unfit(tree: Path, mutants: list[Mutant]) -> dict[str, str]:
    """Tests that can catch nothing, with the reason: not there, or red already on the untouched tree."""
    files = sorted({name for mutant in mutants if (tree / (name := mutant.test.split("::")[0])).exists()})
    _, said = run_tests(tree, files, "--collect-only")
    known = {line.split("[")[0] for line in said.splitlines() if "::" in line}
    found = {mutant.test: "NO TEST" for mutant in mutants if mutant.test not in known}
    code, said = run_tests(tree, sorted({mutant.test for mutant in mutants if mutant.test in known}), "-rfE", "-n", "2")
    red = {parts[1].split("[")[0] for line in said.splitlines() if (parts := line.split())[:1] in (["FAILED"], ["ERROR"])}
    if code not in (0, 1):
        raise RuntimeError(said[-4000:])
    return found | dict.fromkeys(red, "RED BEFORE")


def survivors(tree: Path, mutants: list[Mutant]) -> list[str]:
    """Ids of the mutants whose test stayed green – or broke instead of failing."""
    left = []
    for mutant in mutants:
        original = (tree / mutant.file).read_bytes()
        started = time.monotonic()
        try:
            mutant.apply(tree)
            code, said = run_tests(tree, [mutant.test], "-x")
        except ValueError as error:
            code, said = -1, str(error)
        finally:
            (tree / mutant.file).write_bytes(original)
        caught = code == 1
        word = "caught" if caught else {0: "SURVIVED", -1: "NOT FOUND"}.get(code, f"BROKE ({code})")
        print(f"{word:<11}{time.monotonic() - started:6.1f} s  {mutant.id:<32}{mutant.guard}", flush=True)
        if not caught:
            left.append(mutant.id)
            if code != 0:
                print(said[-2000:])
    return left


def main(wanted: list[str]) -> int:
    mutants = [mutant for mutant in load() if not wanted or mutant.id.startswith(tuple(wanted))]
    # Each test keeps one core busy: half of the guards in a copy of their own.
    with copied_tree() as tree, copied_tree() as other, ThreadPoolExecutor(2) as pool:
        print(f"{len(mutants)} guards; first their tests on the untouched tree", flush=True)
        reasons = unfit(tree, mutants)
        left = [mutant.id for mutant in mutants if mutant.test in reasons]
        for mutant in mutants:
            if mutant.test in reasons:
                print(f"{reasons[mutant.test]:<21}{mutant.id:<32}{mutant.test}", flush=True)
        fit = [mutant for mutant in mutants if mutant.test not in reasons]
        left += itertools.chain(*pool.map(survivors, (tree, other), (fit[::2], fit[1::2])))
    print(f"{len(mutants) - len(left)} of {len(mutants)} caught" + (f"; not: {', '.join(left)}" if left else ""))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
