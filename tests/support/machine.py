"""What the machine must have besides Python: found, installed through apt where root may, else named and demanded."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path


class Missing(RuntimeError):
    """Something is not installed and cannot be installed by us; the text says what to do."""


def chromium() -> Path:
    """The Chromium for the browser tests: ``$CHROMIUM``, else the machine's own. Raises :class:`Missing`."""
    return _ensure("Chromium", _find_chromium, "chromium", "set CHROMIUM to the path of a Chromium or Chrome")


def postgres_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``. Raises :class:`Missing`."""
    return _ensure("PostgreSQL", _find_postgres, "postgresql", "put the folder of initdb and postgres on PATH")


def ends_with_us(signal: str) -> list[str]:
    """Words before a command that let the system send it ``signal`` when our process dies – however it dies.

    Empty where util-linux is missing; then only an orderly end cleans up.
    """
    return ["setpriv", "--pdeathsig", signal, "--"] if shutil.which("setpriv") else []


def _find_chromium() -> Path | None:
    names = (os.environ.get("CHROMIUM") or "", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    return Path(found) if found else None


def _find_postgres() -> Path | None:
    # Debian keeps them off the PATH, one folder per version.
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(packaged), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _ensure(what: str, find: Callable[[], Path | None], package: str, otherwise: str) -> Path:
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"{what} is missing: installing the package {package}", flush=True)
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", package)
        found = find()
    if found is None:
        raise Missing(f"{what} is missing. Install it (Debian, Ubuntu: apt-get install {package}) or {otherwise}.")
    return found


def _apt(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(["apt-get", "--quiet", *arguments], env=environment, check=True)
    except subprocess.CalledProcessError as error:
        raise Missing(f"apt-get {arguments[0]} failed with code {error.returncode}") from error
