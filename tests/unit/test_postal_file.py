"""Japan Post's file of postal codes, with all the remarks, ranges and lists that stand where a town is expected."""

from pathlib import Path

import pytest

from shop.delivery import postal_file
from shop.delivery.postal import Row
from tests.support.postal import EVERYWHERE, published, zipped


def read(folder: Path, content: bytes) -> list[Row]:
    file = folder / "file"
    file.write_bytes(content)
    return list(postal_file.read(file))


@pytest.mark.parametrize(
    ("written", "towns"),
    [
        ("中央", ["中央"]), ("以下に掲載がない場合", [""]), ("月見町の次に番地がくる場合", [""]),
        ("月見町の次に１～４２６番地がくる場合（川東）", [""]), ("月見村一円", [""]), ("一円", ["一円"]), ("", [""]),
        ("大通西（１～１９丁目）", ["大通西"]), ("月見台（次のビルを除く）", ["月見台"]),
        ("大江（１丁目、２丁目「６５１番地」以外、３丁目）", ["大江"]), ("蔵前（その他）", ["蔵前"]),
        ("月見台塔（地階・階層不明）", ["月見台塔"]), ("月見台塔（５２階）", ["月見台塔５２階"]),
        ("甲、乙（大木）", ["甲", "乙"]), ("穴沢２２地割、穴沢２３地割", ["穴沢"]),
        ("種沢第１５地割～第２１地割（鹿沢、小沢）", ["種沢"]), ("畑沢６４地割〜畑沢６６地割", ["畑沢"]),
        ("本町第２", ["本町第２"]), ("北一条西", ["北一条西"]),
    ],
)  # fmt: skip
def test_a_town_is_what_stands_in_an_address(written: str, towns: list[str]) -> None:
    assert postal_file.towns(written) == towns


CUT = [
    ("3990001", "長野県", "月見村", "南山（大谷、折沢、鍵野、"),
    ("3990001", "長野県", "月見村", "金山、滝沢、"),
    ("3990001", "長野県", "月見村", "豊牧）"),
    ("3990001", "長野県", "月見村", "北山（上）"),
    ("3990002", "長野県", "月見村", "閉じない（上"),
    ("3990003", "長野県", "月見村", "次の町"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("packed", [False, True])
def test_both_files_are_read_zipped_or_not_and_rows_cut_in_two_are_one(
    encoding: str, packed: bool, tmp_path: Path
) -> None:
    content = published(*CUT, encoding=encoding)
    rows = read(tmp_path, zipped(content) if packed else content)
    assert rows[:47] == [(code, prefecture, "月見市", "") for code, prefecture, _, _ in EVERYWHERE]
    assert [(code, town) for code, _, _, town in rows[47:]] == [
        ("3990001", "南山"), ("3990001", "北山"), ("3990002", "閉じない"), ("3990003", "次の町"),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [tmp_path / "file"], "nothing is unpacked beside it"


def test_a_code_that_is_no_more_is_left_out(tmp_path: Path) -> None:
    whole = published(("3990009", "長野県", "月見村", "昔の町"))
    assert len(read(tmp_path, whole)) == 48
    assert len(read(tmp_path, whole.removesuffix(b"0,0\r\n") + b"2,6\r\n")) == 47


GOOD = published()
NOT_IT = {
    "nothing": (b"", "not the whole country"),
    "a word": ("郵便番号\n".encode(), "line 1 is no line of it"),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "line 1|neither"),
    "columns missing": (GOOD.replace(b",0,0,0,0,0,0", b""), "line 1"),
    "no such prefecture": (GOOD.replace("沖縄県".encode(), "月見県".encode()), "line 47"),
    "a code of six digits": (GOOD.replace(b'"4700000"', b'"470000"'), "line 47"),
    "digits of another script": (GOOD.replace(b'"4700000"', '"470000٣"'.encode()), "line 47"),
    "cut off": (GOOD[: len(GOOD) * 2 // 3], "line|not the whole country"),
    "one prefecture": (published(("3990001", "長野県", "月見村", "南山"), everywhere=False), "about 北海道"),
    "two encodings": (GOOD + published(CUT[0], encoding="cp932", everywhere=False), "neither UTF-8 nor"),
    "a long town": (published(("3990001", "長野県", "月見村", "長" * 101)), "101 letters"),
    "a long line": (GOOD + b'"' + b"x" * 200_000, "line|damaged"),
    "two files": (zipped(GOOD, GOOD), "one plain file"),
    "an empty archive": (zipped(), "one plain file"),
    "half an archive": (zipped(GOOD)[:600], "line 1|neither|damaged"),
    "another archive in it": (zipped(zipped(GOOD)), "line 1|neither"),
}


@pytest.mark.parametrize("what", NOT_IT)
def test_what_is_not_the_file_is_refused_in_words(what: str, tmp_path: Path) -> None:
    content, why = NOT_IT[what]
    with pytest.raises(postal_file.NotTheFile, match=why):
        read(tmp_path, content)


def test_damaged_bytes_within_an_archive_are_refused(tmp_path: Path) -> None:
    archive = bytearray(zipped(GOOD))
    archive[200] ^= 0xFF
    with pytest.raises(postal_file.NotTheFile):
        read(tmp_path, bytes(archive))


@pytest.mark.req("T-077")
def test_a_bomb_is_left_before_it_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_line = zipped(b"0" * 20_000_000)
    assert len(one_line) < 30_000
    with pytest.raises(postal_file.NotTheFile, match="line 1 "):
        read(tmp_path, one_line)
    monkeypatch.setattr(postal_file, "_MOST", 2 * len(GOOD))
    assert len(read(tmp_path, zipped(GOOD))) == 47
    with pytest.raises(postal_file.NotTheFile, match="too large"):
        read(tmp_path, zipped(GOOD * 50))
    monkeypatch.setattr(postal_file, "_MOST_ZIPPED", 100)
    with pytest.raises(postal_file.NotTheFile, match="too large"):
        read(tmp_path, zipped(GOOD))
