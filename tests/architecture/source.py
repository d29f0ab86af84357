"""The files of the project as the architecture tests read them."""

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.files import ROOT, walk

_BINARY = {".png", ".jpg", ".webp", ".ico", ".woff2", ".mo", ".pyc", ".sqlite3", ".pem", ".bin"}


def files(*tops: str, ends: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    """Files of ours under these folders, by ending; a file may be named as well."""
    for top in tops:
        start = ROOT / top
        yield from (path for path in ([start] if start.is_file() else walk(start)) if path.name.endswith(ends))


def text_files() -> Iterator[Path]:
    """Every text file of the project."""
    return (path for path in walk() if path.suffix not in _BINARY)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Dotted names of all modules a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
