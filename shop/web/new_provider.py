"""The files that a new provider begins with, for ``flask provider new``: each lies in ``providers/_template`` where it goes."""

import contextlib
import keyword
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Template

_TEMPLATES = "providers/_template"
_END = ".tmpl"
#: A code is a module's name, an address of the practice world and a word in the database.
_CODE = re.compile(r"[a-z][a-z0-9]{0,19}")
#: Addresses that the practice world has for itself.
_TAKEN = {"console", "control", "static", "switches"}
#: Where no provider is named, and in which files: a code that is part of a word there already could not be told from a name.
NAMELESS = ("shop", "admin", "templates", "static")
TEXTS = (".py", ".html", ".txt", ".js", ".css", ".mako", ".po", ".cfg")
_IMPORTS = re.compile(r"(?:^from providers\S* import (?:\([^)]*\)|[^(\n]*)\n)+", re.MULTILINE)
_IMPORT = re.compile(r"^from (\S+) import (?:\([^)]*\)|[^(\n]*)\n", re.MULTILINE)


class Refused(ValueError):
    """Nothing was written; the text says why."""


def class_name(code: str) -> str:
    return code.capitalize()


def write(code: str, root: Path) -> list[Path]:
    """Write the files of provider ``code`` into the checkout ``root``: all or none. Returns their paths within it."""
    _check(code, root)
    files = _rendered(code, root)
    tops = _tops(code)
    if taken := [str(top) for top in tops if (root / top).exists()]:
        raise Refused(f"there is already {', '.join(taken)}")
    try:
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    except OSError as error:
        _remove(root, tops)
        raise Refused(f"cannot write here: {error}") from error
    return list(files)


def _check(code: str, root: Path) -> None:
    if not _CODE.fullmatch(code) or keyword.iskeyword(code):
        raise Refused(f"{code!r} is no code: at most 20 of a-z and 0-9, a letter first, and no word of Python")
    if code in _TAKEN or (root / "providers" / f"{code}.py").exists():
        raise Refused(f"{code!r} has another meaning here already")
    if not (root / _TEMPLATES).is_dir() or not (root / "tests").is_dir():
        raise Refused(f"{root} is no checkout with tests: a provider is written where the shop is developed")
    if closed := [name for name in ("providers", "tests") if not os.access(root / name, os.W_OK)]:
        raise Refused(f"{root} is not yours to write to ({', '.join(closed)}): a provider is written where the shop is developed")
    if said := next(_saying(code, root), None):
        raise Refused(f"{code!r} is part of a word of the shop already ({said.relative_to(root)}); take one that is not")


def _saying(code: str, root: Path) -> Iterator[Path]:
    """Files of the shop in which the code stands."""
    for path in (path for top in NAMELESS for path in sorted((root / top).rglob("*"))):
        if path.suffix in TEXTS and code in path.read_text(encoding="utf-8").lower():
            yield path


def _tops(code: str) -> list[Path]:
    """What belongs to the new provider alone."""
    return [Path("providers", code), Path("tests/wire", code), Path("tests/sandbox", f"test_{code}_simulator.py")]


def _rendered(code: str, root: Path) -> dict[Path, str]:
    words = {"code": code, "Name": class_name(code), "NAME": code.upper()}
    templates = root / _TEMPLATES
    found = {}
    for template in sorted(templates.rglob(f"*{_END}")):
        path = Path(str(template.relative_to(templates)).removesuffix(_END).replace("CODE", code))
        found[path] = _sorted_imports(Template(template.read_text(encoding="utf-8")).substitute(words))
    return found


def _sorted_imports(text: str) -> str:
    """Where the code stands among the other imports depends on its letters."""

    def in_order(block: re.Match[str]) -> str:
        return "".join(each[0] for each in sorted(_IMPORT.finditer(block[0]), key=lambda each: each[1]))

    return _IMPORTS.sub(in_order, text)


def _remove(root: Path, tops: list[Path]) -> None:
    for top in tops:
        shutil.rmtree(root / top, ignore_errors=True)
        with contextlib.suppress(OSError):
            (root / top).unlink()


def next_steps(code: str) -> str:
    """What is left to do by hand, for the terminal."""
    name = class_name(code)
    return f"""next:
  providers/installed.py          from providers.{code} import PROVIDER as {code.upper()}
                                  and {code.upper()} in INSTALLED
  providers/sandbox/installed.py  from providers.{code}.simulator import {name}Simulator
                                  and {name}Simulator in SIMULATORS
then, until it is green – each failure says what to write:
  python -m pytest tests/wire/{code} tests/sandbox/test_{code}_simulator.py
  python -m pytest tests/conformance tests/sandbox/test_every_simulator.py -k {code}
  python -m shop.translations.update   fills providers/{code}/translations and lists what to translate
docs/providers.md explains every step"""
