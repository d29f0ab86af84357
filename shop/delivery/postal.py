"""郵便番号 → 住所: what a code stands for. Optional data – without it, everything is typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.orm import Session

from shop.delivery.models import PostalCode

#: Beyond any code there is; the largest has under seventy places.
_MOST = 100
_BATCH = 2_000

#: Code, 都道府県, 市区町村, 町域.
Row = tuple[str, str, str, str]
_COLUMNS = ("code", "prefecture", "city", "town")
_table = PostalCode.__table__.c
_INSERT = insert(PostalCode.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Place:
    """One place as an address form takes it."""

    prefecture: str
    #: 市区町村 and 町域; the buyer goes on with 番地.
    address1: str

    @property
    def line(self) -> str:
        return self.prefecture + self.address1


def places(connection: Connection, code: str) -> list[Place]:
    """The places of a code of seven digits, in the order of the file, each once; empty for a code nobody knows."""
    wanted = select(_table.prefecture, _table.city, _table.town).where(_table.code == code)
    rows = connection.execute(wanted.order_by(_table.id).limit(_MOST))
    return list(dict.fromkeys(Place(row.prefecture, row.city + row.town) for row in rows))


def replace_all(session: Session, rows: Iterable[Row]) -> int:
    """Put ``rows`` in the place of all that is there, within the caller's transaction; returns how many they are."""
    connection = session.connection()
    connection.execute(delete(PostalCode))
    waiting, count = iter(rows), 0
    while batch := [dict(zip(_COLUMNS, row, strict=True)) for row in islice(waiting, _BATCH)]:
        connection.execute(_INSERT, batch)
        count += len(batch)
    return count
