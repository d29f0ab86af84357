"""Working off rows one by one: the failure of one is logged and does not touch the next."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from shop.core import db

T = TypeVar("T")

log = logging.getLogger(__name__)


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
