"""Who meets what: in the short form variants and products take turns, in the long form (``evidence``) each meets every other.

For variants that do not depend on the product, and products that each must be seen once. Which ones meet depends on the file alone.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, Generic, TypeVar

import pytest

T = TypeVar("T")
#: What stands for the names of a row: a tuple or, for one name, the value itself.
Values = object


class Turns(Generic[T]):
    """Hands out ``members``, one after the other, as what the test calls ``role``: by the fixture of this name or, ``direct``, as they
    are. One for each file."""

    def __init__(self, members: Iterable[T], role: str = "product", *, name: Callable[[T], str] = str, direct: bool = False) -> None:
        self._members = tuple(members)
        self._role = role
        self._indirect = [] if direct else [role]
        self._name = name
        self._turn = count()

    def cases(
        self, names: str, values: Iterable[Values], of: Iterable[T] | None = None, besides: Iterable[tuple[T, *tuple[object, ...]]] = ()
    ) -> pytest.MarkDecorator:
        """Each of ``values`` with the member whose turn it is, with the others as evidence. ``besides``: rows for which it does not
        matter, as they are."""
        able = self._able(of)
        rows = [self._row(row[0], *row[1:]) for row in besides]
        for value in values:
            chosen = able[next(self._turn) % len(able)]
            rows += [self._row(each, *_row_of(value), short=each is chosen) for each in able]
        return self._parametrize(names, rows)

    def each(self, of: Iterable[T] | None = None) -> pytest.MarkDecorator:
        """One member alone."""
        return self.cases("", [()], of)

    def every(self) -> pytest.MarkDecorator:
        """Each member, in the short form already."""
        return self.pairs("", [()])

    def pairs(self, names: str, values: Iterable[Values], of: Iterable[T] | None = None) -> pytest.MarkDecorator:
        """Each of ``values`` and each member at least once; who has not met who meets as evidence."""
        able, all_values = self._able(of), tuple(values)
        turn = next(self._turn)
        met = {(k % len(all_values), (k + turn) % len(able)) for k in range(max(len(all_values), len(able)))}
        return self._parametrize(names, [
            self._row(each, *_row_of(value), short=(i, j) in met) for i, value in enumerate(all_values) for j, each in enumerate(able)
        ])  # fmt: skip

    def _able(self, of: Iterable[T] | None) -> tuple[T, ...]:
        return self._members if of is None else tuple(of)

    def _parametrize(self, names: str, rows: Sequence[Any]) -> pytest.MarkDecorator:
        return pytest.mark.parametrize((self._role, *names.split()), rows, indirect=self._indirect)

    def _row(self, member: T, *values: object, short: bool = True) -> Any:
        marks = () if short else pytest.mark.evidence
        return pytest.param(member, *values, id="-".join((*(getattr(value, "__name__", str(value)) for value in values), self._name(member))), marks=marks)


def _row_of(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
