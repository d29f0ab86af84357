"""The list of guards keeps up with the code: what has moved is noticed here, not in the long run of `make mutants`."""

from tests.support.files import ROOT
from tests.support.mutants import load


def test_every_guard_stands_where_the_list_says() -> None:
    assert [each.id for each in load() if (ROOT / each.file).read_text(encoding="utf-8").count(each.find) != 1] == []
