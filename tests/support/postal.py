"""Files in the layout of Japan Post's published one, with rows of our own."""

import csv
import io
import zipfile

from shop.core.prefectures import PREFECTURES

#: One place of every prefecture, so that the file is about the whole country.
EVERYWHERE = [(f"{number:02d}00000", name, "月見市", "以下に掲載がない場合") for number, name in enumerate(PREFECTURES, 1)]


def published(*places: tuple[str, ...], encoding: str = "utf-8", everywhere: bool = True) -> bytes:
    """The file with rows of (code, 都道府県, 市区町村, 町域 as written there), after :data:`EVERYWHERE`."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    for code, prefecture, city, town in (*(EVERYWHERE if everywhere else ()), *places):
        area = f"{PREFECTURES.index(prefecture) + 1:02d}101"
        text.write(f"{area},")
        writer.writerow([f"{code[:3]}  ", code, "ｹﾝ", "ｼ", "ﾁｮｳ", prefecture, city, town, *[0] * 6])
    return text.getvalue().encode(encoding)


def zipped(*contents: bytes) -> bytes:
    """An archive of these files, named as nobody should believe."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        for number, content in enumerate(contents):
            writing.writestr(f"../../{number}.csv", content)
    return archive.getvalue()
