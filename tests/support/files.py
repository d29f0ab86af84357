"""The project's own files, without what tools and runs leave behind."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "build", "instance", "__pycache__", ".hypothesis"}


def walk(folder: Path = ROOT) -> Iterator[Path]:
    """Every file of ours under ``folder``, in order."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in _NOT_OURS or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            yield from walk(path)
        else:
            yield path
