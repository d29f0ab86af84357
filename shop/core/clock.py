"""The one clock of the shop.

Tests and the demo move it by an offset kept in ``<instance>/clock_offset`` (seconds, text). The provider simulator
reads the same file, so both worlds stay in step. Production ignores the file (``SHOP_DEMO=0``).
"""

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


class Clock:
    """Gives aware datetimes. ``movable`` names the offset file; ``None`` means real time only."""

    def __init__(self, movable: Path | None = None) -> None:
        self._offset_file = movable

    def offset(self) -> float:
        """Seconds added to real time; 0 when no offset was set."""
        if self._offset_file is None:
            return 0.0
        try:
            return float(self._offset_file.read_text() or 0)
        except (FileNotFoundError, ValueError):
            return 0.0

    def now(self) -> datetime:
        """The moment now, aware, UTC."""
        return datetime.fromtimestamp(time.time() + self.offset(), UTC)

    def today(self) -> date:
        """The business day in Japan."""
        return self.now().astimezone(JST).date()

    def advance(self, seconds: float) -> None:
        """Move the clock by ``seconds``. Raises ``RuntimeError`` where the clock is not movable."""
        if self._offset_file is None:
            raise RuntimeError("this clock cannot be moved")
        written = self._offset_file.with_suffix(f".{os.getpid()}")
        written.write_text(str(self.offset() + seconds))
        written.replace(self._offset_file)  # whole or not at all: other processes are reading

    def reset(self) -> None:
        """Back to real time."""
        if self._offset_file is not None:
            self._offset_file.unlink(missing_ok=True)


def jst(moment: datetime) -> datetime:
    """``moment`` as seen on a wall clock in Japan."""
    return moment.astimezone(JST)
