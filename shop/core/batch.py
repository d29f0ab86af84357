"""Working off rows one by one: the failure of one is logged and does not touch the next."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from shop.core import db

T = TypeVar("T")

log = logging.getLogger(__name__)

#: No wait that :func:`due` looks at is longer.
FARTHEST = timedelta(minutes=10)

_LONGEST_BETWEEN_REPEATS = timedelta(hours=1)


def repeat_after(repeats: int) -> timedelta:
    """How long what was sent ``repeats`` times again is left alone before it is sent once more: 1, 2, 4 … 60 minutes."""
    return min(timedelta(minutes=2 ** min(repeats, 6)), _LONGEST_BETWEEN_REPEATS)


def each(rows: Iterable[T], work: Callable[[T], bool]) -> int:
    """Run ``work`` for every row. Returns how many times it returned ``True``; exceptions count as ``False``."""
    done = 0
    for row in rows:
        try:
            done += work(row)
        except Exception:
            db.db.session.rollback()
            log.exception("row failed", extra={"work": work.__qualname__, "row": str(row)})
    return done


def due(column: InstrumentedAttribute[datetime], now: datetime) -> ColumnElement[bool]:
    """Rows whose time has come – or lies farther ahead than any wait of ours: the clock was set back since, and nobody
    should wait until it has caught up (P-16)."""
    return or_(column <= now, column > now + FARTHEST)
