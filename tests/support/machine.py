"""What the machine must have besides Python: found, installed through apt where root may, else named and demanded."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
#: Several times what a run keeps at one time.
_ENOUGH = 4 * 2**30


class Missing(RuntimeError):
    """Something is not installed and cannot be installed by us; the text says what to do."""


def chromium() -> Path:
    """The Chromium for the browser tests: ``$CHROMIUM``, else the machine's own. Raises :class:`Missing`.

    Best the one that has no window to draw: the same engine at two thirds of the CPU time (docs/decisions/0016).
    """
    return _ensure(
        "Chromium", _find_chromium, ("chromium-headless-shell", "chromium"), "set CHROMIUM to the path of a Chromium or Chrome"
    )


def postgres_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``. Raises :class:`Missing`."""
    return _ensure("PostgreSQL", _find_postgres, ("postgresql",), "put the folder of initdb and postgres on PATH")


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for everything a run writes, removed afterwards: in memory where there is plenty, else on the disk.

    The shop waits for the disk at every commit, and a run makes tens of thousands. No suite cuts the power, and what a
    killed process has written is in both places the same.
    """
    plenty = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH
    with tempfile.TemporaryDirectory(prefix="shop-tests-", dir=_MEMORY if plenty else None) as name:
        os.chmod(name, 0o711)  # noqa: S103 - PostgreSQL runs as a user of its own, and has to come through
        yield Path(name)


def ends_with_us(signal: str) -> list[str]:
    """Words before a command that let the system send it ``signal`` when our process dies – however it dies.

    Empty where util-linux is missing; then only an orderly end cleans up.
    """
    return ["setpriv", "--pdeathsig", signal, "--"] if shutil.which("setpriv") else []


def _find_chromium() -> Path | None:
    names = (
        os.environ.get("CHROMIUM") or "", "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
        "google-chrome-stable",
    )  # fmt: skip
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    return Path(found) if found else None


def _find_postgres() -> Path | None:
    # Debian keeps them off the PATH, one folder per version.
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(packaged), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _ensure(what: str, find: Callable[[], Path | None], packages: Sequence[str], otherwise: str) -> Path:
    """Install the first of the ``packages`` that the distribution has, where nothing is found."""
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"{what} is missing: installing it through apt", flush=True)
        _apt("update")
        any(_apt("install", "--yes", "--no-install-recommends", package) for package in packages)
        found = find()
    if found is None:
        raise Missing(f"{what} is missing. Install it (Debian, Ubuntu: apt-get install {packages[-1]}) or {otherwise}.")
    return found


def _apt(*arguments: str) -> bool:
    """Whether it could be done; what could not, apt-get has said."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", "--quiet", *arguments], env=environment).returncode == 0
