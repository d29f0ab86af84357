"""Postal codes are replaced as a whole or not at all."""

from pathlib import Path

from click.testing import Result
from flask import Flask

from shop.core import db
from shop.delivery import postal
from shop.delivery.postal import Place
from tests.support.postal import published, zipped

NEW = ("3900811", "長野県", "月見市", "中央（１～３丁目）")


def load(app: Flask, folder: Path, content: bytes) -> Result:
    file = folder / "published"
    file.write_bytes(content)
    return app.test_cli_runner().invoke(args=["postal", "import", str(file)])


def places(app: Flask, code: str) -> list[Place]:
    with app.test_request_context():
        return postal.places(db.look(), code)


def test_an_import_replaces_everything_and_may_be_repeated(demo_app: Flask, tmp_path: Path) -> None:
    assert places(demo_app, "3900811") == [Place("長野県", "松本市中央")]
    for _time in range(2):
        result = load(demo_app, tmp_path, zipped(published(NEW, NEW, encoding="cp932")))
        assert (result.exit_code, result.output) == (0, "49 places imported\n")
        assert places(demo_app, "3900811") == [Place("長野県", "月見市中央")], "a place written twice is one"
        assert places(demo_app, "3900873") == []


def test_a_file_that_turns_out_wrong_at_its_end_changes_nothing(demo_app: Flask, tmp_path: Path) -> None:
    whole = published(NEW)
    for wrong in (whole + b"x\r\n", published(NEW, everywhere=False), zipped(whole)[:-400], b""):
        result = load(demo_app, tmp_path, wrong)
        assert result.exit_code == 1
        assert "nothing was changed" in result.output
        assert places(demo_app, "3900811") == [Place("長野県", "松本市中央")]
        assert places(demo_app, "3900873") == [Place("長野県", "松本市丸の内")]


def test_places_are_offered_in_the_order_of_the_file(demo_app: Flask, tmp_path: Path) -> None:
    shared = [("6180000", "大阪府", "月見市", town) for town in ("乙", "甲", "以下に掲載がない場合")]
    load(demo_app, tmp_path, published(*shared))
    assert [place.line for place in places(demo_app, "6180000")] == ["大阪府月見市乙", "大阪府月見市甲", "大阪府月見市"]
