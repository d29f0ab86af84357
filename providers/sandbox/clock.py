"""The movable clock that shop and simulators share: real time plus the seconds in a small file."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

JST = timezone(timedelta(hours=9), "JST")


class Clock:
    """Reads the offset on each use, so a move by either side is seen at once."""

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / "clock_offset"

    @property
    def offset(self) -> float:
        """Seconds ahead of the real time."""
        try:
            return float(self._file.read_text() or 0)
        except FileNotFoundError:
            return 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self._write(self.offset + seconds)

    def reset(self) -> None:
        self._write(0.0)

    def _write(self, offset: float) -> None:
        # Replaced as a whole: a reader in the other process never sees half a number.
        draft = self._file.with_name(f"clock_offset.{os.getpid()}")
        draft.write_text(repr(offset))
        draft.replace(self._file)


def japan_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(JST)


def shown_time(seconds: float | None) -> str:
    """For people."""
    return "" if seconds is None else japan_time(seconds).strftime("%Y-%m-%d %H:%M:%S")


def wire_time(seconds: float | None) -> str:
    """YYYYMMDDhhmmss in Japan, empty for a time that has not come."""
    return "" if seconds is None else japan_time(seconds).strftime("%Y%m%d%H%M%S")
