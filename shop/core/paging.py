"""Lists page by key and count up to a cap: OFFSET and exact counts were measured far too slow (decision 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

#: A statement that reads columns, whichever.
Rows = Select[*tuple[Any, ...]]
COUNT_CAP = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, newest first, with the keys that lead to its neighbours."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


def page_by_id(
    session: Session, query: Rows, key: InstrumentedAttribute[int], size: int, before: int | None, after: int | None
) -> Page:
    """``size`` rows of ``query`` before or after a key, the newest ones without either. The query must select ``id``."""
    if after is not None:
        found = session.execute(query.where(key > after).order_by(key).limit(size + 1)).all()
        rows, more_newer, more_older = found[:size][::-1], len(found) > size, True
    else:
        bounded = query.where(key < before) if before is not None else query
        found = session.execute(bounded.order_by(key.desc()).limit(size + 1)).all()
        rows, more_newer, more_older = found[:size], before is not None, len(found) > size
    if not rows:
        return Page((), None, None)
    return Page(rows, rows[-1].id if more_older else None, rows[0].id if more_newer else None)


def capped_count(session: Session, query: Rows) -> str:
    """How many rows, as ``87`` or ``1,000+``."""
    some = query.limit(COUNT_CAP + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    return f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"
