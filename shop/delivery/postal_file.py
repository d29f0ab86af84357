"""Japan Post's published file of all postal codes, read as places.

There are two, of the same 15 columns: ``utf_ken_all.csv`` (UTF-8) and the older ``KEN_ALL.CSV`` (Shift_JIS), which cuts a
long town into several rows; both come zipped. Columns as Japan Post describes them with the file. The town is written for
those who sort mail – with remarks, ranges and lists – and not as anybody writes an address: see :func:`towns`.
"""

import csv
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from shop.core.prefectures import PREFECTURES
from shop.core.text import clean_line
from shop.delivery.postal import Row

#: The file has under 20 MB, zipped 2; a bomb is left before it has grown.
_MOST, _MOST_ZIPPED = 64 * 2**20, 8 * 2**20
_LONGEST_LINE = 2**16
_COLUMNS = 15
#: 更新の表示 of a code that is no more.
_ABOLISHED = "2"
_LONGEST_CITY, _LONGEST_TOWN = 40, 100

#: Sentences in the place of a town; 一円 alone is the name of one (多賀町).
_NO_TOWN = re.compile("^以下に掲載がない場合$|の次に.*がくる場合$|.一円$")
#: 地割 of Iwate: a range or a list of lots, each with the town's name before it.
_LOTS = re.compile("第?[０-９]+地割.*$")
#: A floor of a tall building; its other remark is 地階・階層不明.
_FLOOR = re.compile("([０-９]+階)）")


class NotTheFile(Exception):
    """This is not the whole published file; says why."""


class _Record(NamedTuple):
    code: str
    prefecture: str
    city: str
    town: str


def read(path: Path) -> Iterator[Row]:
    """The places in ``path``, one by one, in the order of the file.

    Raises :class:`NotTheFile`, perhaps only after the last of them: what was taken by then must not stay.
    """
    seen = set()
    try:
        with _opened(path) as file:
            for record in _whole(_records(file)):
                seen.add(record.prefecture)
                for town in towns(record.town):
                    if len(town) > _LONGEST_TOWN:
                        raise NotTheFile(f"{record.code} has a town of {len(town)} letters")
                    yield record.code, record.prefecture, record.city, town
    except UnicodeError as error:
        raise NotTheFile("it is neither UTF-8 nor Shift_JIS") from error
    except (csv.Error, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise NotTheFile(f"it is damaged ({error})") from error
    if missing := [name for name in PREFECTURES if name not in seen]:
        raise NotTheFile(f"nothing in it about {missing[0]}: not the whole country")


def towns(written: str) -> list[str]:
    """The towns a record stands for, as they are written in an address; one empty text for the whole municipality.

    >>> towns("大通西（１～１９丁目）"), towns("甲、乙（大木戸）"), towns("西新宿新宿住友ビル（５階）")
    (['大通西'], ['甲', '乙'], ['西新宿新宿住友ビル５階'])
    """
    name, _, remark = written.partition("（")
    if _NO_TOWN.search(name):
        return [""]
    if floor := _FLOOR.fullmatch(remark):
        return [name + floor[1]]
    return [each for each in _LOTS.sub("", name).split("、") if each] or [""]


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield file
        return
    if path.stat().st_size > _MOST_ZIPPED:
        raise NotTheFile("it is too large")
    with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as file:
        yield file


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file of the archive. It is read as it is unpacked and never written, so its name matters to nobody."""
    members = archive.infolist()
    plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if len(members) != 1 or members[0].compress_type not in plain or members[0].flag_bits & 1:
        raise NotTheFile("the archive does not hold one plain file")
    return members[0]


def _lines(file: IO[bytes]) -> Iterator[str]:
    left, encoding = _MOST, ""
    while line := file.readline(_LONGEST_LINE):
        left -= len(line)
        if left < 0:
            raise NotTheFile("it is too large")
        encoding = encoding or _encoding(line)
        yield line.decode(encoding)


def _encoding(first: bytes) -> str:
    try:
        first.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8-sig"


def _records(file: IO[bytes]) -> Iterator[_Record]:
    reader = csv.reader(_lines(file))
    for columns in reader:
        record = _record(columns)
        if record is None:
            raise NotTheFile(f"line {reader.line_num} is no line of it")
        if columns[13] != _ABOLISHED:
            yield record


def _record(columns: list[str]) -> _Record | None:
    if len(columns) != _COLUMNS or not re.fullmatch("[0-9]{5}", columns[0]) or not re.fullmatch("[0-9]{7}", columns[2]):
        return None
    prefecture, city, town = (each if each.isprintable() else clean_line(each) for each in columns[6:9])
    if prefecture not in PREFECTURES or not 0 < len(city) <= _LONGEST_CITY:
        return None
    return _Record(columns[2], prefecture, city, town)


def _whole(records: Iterable[_Record]) -> Iterator[_Record]:
    """Records of which the town goes on in the next one – a bracket is still open – put together."""
    last: _Record | None = None
    for record in records:
        if last and last[:3] == record[:3] and last.town.count("（") > last.town.count("）"):
            last = last._replace(town=last.town + record.town)
            continue
        if last:
            yield last
        last = record
    if last:
        yield last
