"""デザイン: the shop's colour and logo, from the form over the confirmation to every page of the window."""

import io
import itertools
import os
import re
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from admin import design
from shop.core import colour, pictures
from shop.core.db import db
from shop.core.runtime import runtime
from shop.core.shopinfo import ShopInfo
from shop.core.shopinfo import get as shop_row
from tests.support import images
from tests.support.buying import Buyer
from tests.support.pages import Page
from tests.support.shop import run_jobs
from tests.web.counter import TEA, Desk

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

DESIGN = "/admin/design"
INDIGO = "#24508c"
WINDOW = ("/", "/products", f"/products/{TEA}", "/cart", "/legal/commerce")
REFUSED = "JPEG、PNG、WebPの画像として読み取れませんでした。SVG、GIF、HEICなど、ほかの形式は使えません。"


def stored(app: Flask) -> ShopInfo:
    with app.app_context():
        return shop_row(db.session())


def kept(app: Flask) -> set[str]:
    """Names of the images that are there."""
    return {path.name for path in path_of(app, "logos").glob("*")}


def path_of(app: Flask, file: str) -> Path:
    with app.app_context():
        return runtime().config.instance / "media" / file


def age_all(app: Flask, hours: int) -> None:
    """The images that are there as if they had come so much earlier."""
    for path in path_of(app, "logos").iterdir():
        then = path.stat().st_mtime - hours * 3600
        os.utime(path, (then, then))


def logo_on(page: Page) -> dict[str, str]:
    """The image in the head of a page of the window; empty for the drawn mark."""
    return next(iter(page.find("img", class_="logo")), {})


def sheets(text: str) -> list[str]:
    return [a["href"] for a in Page(text).find("link", rel="stylesheet") if a["href"].startswith("/design/")]


@pytest.fixture
def own_folder(demo_app: Flask, demo_media: Path) -> None:
    """The demo's pictures are shared by tests; images that staff bring must not be."""
    with demo_app.app_context():
        media = runtime().config.instance / "media"
    media.unlink()
    media.mkdir()
    for picture in demo_media.glob("*.svg"):
        (media / picture.name).symlink_to(picture)


@pytest.fixture
def owner(desk: Desk, own_folder: None) -> Desk:
    return desk


# ---- the colour -----------------------------------------------------------------------------------------------------


def test_a_shop_without_a_design_looks_as_ever(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for path in WINDOW:
        text = shopper.get(path).text
        assert sheets(text) == []
        assert logo_on(Page(text)) == {}
        assert text.count('class="shop-mark"') >= 2
    page = owner.page(DESIGN)
    assert "ショップロゴ画像はまだありません。" in page.text
    assert "画像削除" not in page.text
    assert page.form(f"{DESIGN}/confirm").fields["accent"] == ""


def test_a_colour_is_on_every_page_at_once(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for path in WINDOW:
        shopper.get(path)  # kept from now on
    asked = owner.confirm(DESIGN, accent=" ２４508Ｃ ")
    assert sheets(asked.text) == ["/design/24508c.css"], "the confirmation shows it"
    assert "まだ何も変更していません。" in Page(asked.text).text
    assert sheets(shopper.get("/").text) == [], "and changes nothing"
    assert "デザインを設定しました。" in Page(owner.agree(asked, DESIGN).text).text
    assert stored(demo_app).accent == INDIGO
    for path in WINDOW:
        assert sheets(shopper.get(path).text) == ["/design/24508c.css"], path
    owner.set_up(DESIGN, accent="#5b3a29")
    for path in WINDOW:
        assert sheets(shopper.get(path).text) == ["/design/5b3a29.css"], path


def test_the_sheet_says_the_colour_and_nothing_else(shopper: Buyer, demo_app: Flask) -> None:
    answer = shopper.get("/design/24508c.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["Cache-Control"] == "public, max-age=604800"
    assert "Set-Cookie" not in answer.headers
    assert re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", answer.text) == list(colour.palette(INDIGO).items())
    for nonsense in ("24508", "24508c0", "24508g", "red", "24508c;}", "%2e%2e%2fsecret", "24508c%0a", "x" * 999):
        assert shopper.get(f"/design/{nonsense}.css").status_code == 404, nonsense


def test_back_to_the_standard_colour(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for back in ({"standard": "y"}, {"accent": ""}, {"accent": "#3D5733"}):
        owner.set_up(DESIGN, accent=INDIGO)
        assert "標準に戻す" in owner.page(DESIGN).text
        asked = owner.confirm(DESIGN, **back)
        assert "標準の色（#3d5733）" in Page(asked.text).text
        owner.agree(asked, DESIGN)
        assert stored(demo_app).accent == ""
        assert sheets(shopper.get("/").text) == []


PALE = {"#ffffff": "1.01", "#f2a900": "1.87", "#d6336c": "4.31", "#737373": "4.43"}


def test_a_pale_colour_is_refused_with_its_ratio(owner: Desk, demo_app: Flask) -> None:
    for pale, reached in PALE.items():
        answer = owner.confirm(DESIGN, accent=pale, logo=images.picture(), logo_alt="月の店")
        assert answer.status_code == 422
        page = Page(answer.text)
        assert page.text.count(f"コントラスト比は{reached}:1で、4.5:1以上が必要です。") == 2, "beside the field and on top"
        assert next(iter(page.find("input", name="accent")))["aria-invalid"] == "true"
        fields = page.form(f"{DESIGN}/confirm").fields
        assert (fields["accent"], fields["logo_alt"]) == (pale, "月の店")
        better = re.findall(r"たとえば (#[0-9a-f]{6})", page.text)[0]
        owner.agree(owner.press_on(answer, DESIGN, "confirm", accent=better), DESIGN)
        shop = stored(demo_app)
        assert (shop.accent, shop.logo_alt, bool(shop.logo)) == (better, "月の店", True), "the image was kept as well"


def test_a_colour_that_can_just_be_read_is_taken(owner: Desk, demo_app: Flask) -> None:
    assert owner.confirm(DESIGN, accent="#717171").status_code == 200


def test_what_is_no_colour_is_refused(owner: Desk, demo_app: Flask) -> None:
    for typed in ("red", "#fff", "#12345", "url(//evil.example)", "#3d5733;--x:1", '"><script>', "x" * 5_000):
        answer = owner.confirm(DESIGN, accent=typed)
        assert answer.status_code == 422
        assert "#と6けたの英数字（0〜9、a〜f）で入力してください。" in Page(answer.text).text
        assert "<script>" not in answer.text
    assert stored(demo_app).accent == ""


# ---- the logo -------------------------------------------------------------------------------------------------------


def test_a_logo_stands_in_the_head_of_every_page_at_once(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for path in WINDOW:
        shopper.get(path)  # kept from now on
    for kind in ("JPEG", "PNG", "WEBP"):
        owner.set_up(DESIGN, logo=images.picture(kind, (1500, 300)), logo_alt="月の店 <ロゴ>")
        shop = stored(demo_app)
        assert (shop.logo_width, shop.logo_height) == (600, 120)
        for path in WINDOW:
            page = Page(shopper.get(path).text)
            expected = {"src": f"/media/{shop.logo_file}", "alt": "月の店 <ロゴ>", "width": "240", "height": "48"}
            assert expected.items() <= logo_on(page).items(), path
    owner.set_up(DESIGN, logo_alt="")
    for path in WINDOW:
        assert logo_on(Page(shopper.get(path).text))["alt"] == "つきのわ商店", path


SHAPES = {(40, 2000): (1, 56), (2000, 40): (240, 5), (100, 40): (100, 40), (300, 300): (56, 56), (1, 1): (1, 1)}


def test_no_shape_breaks_the_head(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for size, shown in SHAPES.items():
        owner.set_up(DESIGN, logo=images.picture(size=size))
        found = logo_on(Page(shopper.get("/").text))
        assert (int(found["width"]), int(found["height"])) == shown


SENT_AS = (("logo.png", "image/png"), ("logo.png.svg", "image/svg+xml"), ("logo.svg", "image/webp"))


@pytest.mark.req("T-076")
def test_only_three_kinds_are_taken(owner: Desk, demo_app: Flask) -> None:
    for (what, made), (name, mime) in zip(images.NO_IMAGES.items(), itertools.cycle(SENT_AS)):
        answer = owner.confirm(DESIGN, accent=INDIGO, logo_alt="店", logo=(name, made(), mime))
        assert answer.status_code == 422, what
        page = Page(answer.text)
        assert page.text.count(REFUSED) == 2, "beside the field and on top"
        assert next(iter(page.find("input", name="logo")))["aria-invalid"] == "true"
        fields = page.form(f"{DESIGN}/confirm").fields
        assert (fields["accent"], fields["logo_alt"]) == (INDIGO, "店")
        assert kept(demo_app) == set(), what


NAMES = (
    ("logo.php", "application/x-php"), ("../../app.py", "text/html"), ("l.svg.png.html", "image/svg+xml"), ("店\x00.png", ""),
)  # fmt: skip


@pytest.mark.req("T-076", "T-077")
def test_name_and_type_of_a_file_decide_nothing(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    for name, mime in NAMES:
        owner.set_up(DESIGN, logo=(name, images.picture("JPEG"), mime))
        file = stored(demo_app).logo_file
        assert re.fullmatch(r"logos/[0-9a-z]{22}\.webp", file)
        assert kept(demo_app) == {file.removeprefix("logos/")}
        answer = shopper.get(f"/media/{file}")
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.mark.req("T-076")
def test_only_the_pixels_come_through(owner: Desk, demo_app: Flask) -> None:
    for brought in (images.polyglot, images.photograph):
        data = brought()
        assert images.HIDDEN in data
        owner.set_up(DESIGN, logo=data)
        ours = path_of(demo_app, stored(demo_app).logo_file).read_bytes()
        for trace in (b"script", b"html", b"Planted", b"Exif", b"EXIF", b"GPS", b"2026:11:21", b"XMP", b"ICCP"):
            assert trace not in ours, trace
        with Image.open(io.BytesIO(ours)) as image:
            assert not dict(image.getexif())


def test_a_photograph_stands_upright_and_what_is_clear_stays_clear(owner: Desk, demo_app: Flask) -> None:
    owner.set_up(DESIGN, logo=images.photograph())
    shop = stored(demo_app)
    assert shop.logo_width < shop.logo_height
    with Image.open(path_of(demo_app, shop.logo_file)) as image:
        pixels = image.convert("RGB")
        top_right = pixels.getpixel((pixels.width - 5, 5))
        assert isinstance(top_right, tuple)
        assert min(top_right) > 200, "the white corner has turned with it"
    owner.set_up(DESIGN, logo=images.clear())
    with Image.open(path_of(demo_app, stored(demo_app).logo_file)) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((5, 5))[3] == 0  # type: ignore[index]


BOMBS = {
    "50000": images.bomb, "12000": lambda: images.bomb(12_000, 12_000), "just too wide": lambda: images.bomb(4_001, 4_000),
    "whole": lambda: images.picture(size=(4_001, 1)), "whole and high": lambda: images.picture("JPEG", (1, 4_001)),
}  # fmt: skip


@pytest.mark.req("T-076")
def test_a_bomb_is_not_even_opened(owner: Desk, demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    for what, made in BOMBS.items():
        answer = owner.confirm(DESIGN, logo=made())
        assert answer.status_code == 422, what
        assert "縦も横も4000ピクセルまでの画像を選んでください。" in Page(answer.text).text, what
        assert kept(demo_app) == set()


@pytest.mark.req("T-115")
def test_a_file_is_bounded_before_it_is_read(owner: Desk, demo_app: Flask) -> None:
    padded = images.picture() + b"\0" * pictures.MAX_BYTES
    answer = owner.confirm(DESIGN, accent=INDIGO, logo=padded)
    assert answer.status_code == 422
    assert "画像は2MBまでです。" in Page(answer.text).text
    assert owner.confirm(DESIGN, logo=padded[: pictures.MAX_BYTES]).status_code == 200
    huge = owner.confirm(DESIGN, logo=padded + b"\0" * 300_000)
    assert huge.status_code == 413
    assert "画像を小さくして" in Page(huge.text).text
    fields = owner.page(DESIGN).form(f"{DESIGN}/confirm").fields
    for elsewhere in (DESIGN, f"{DESIGN}/revise", "/admin/settings/deliveries/1/confirm"):
        sent = owner.session.post(owner.shop_url + elsewhere, data=fields, files={"logo": padded[:300_000]})
        assert sent.status_code == 413, elsewhere


@pytest.mark.req("T-050")
def test_a_stranger_brings_nothing(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    token = Page(shopper.get("/admin/login").text).forms[0].fields["csrf_token"]
    for fields, status in (({"csrf_token": token}, 303), ({}, 400), ({"csrf_token": "x"}, 400)):
        where, files = f"{shopper.shop_url}{DESIGN}/confirm", {"logo": ("logo.png", images.picture(), "image/png")}
        answer = shopper.session.post(where, data=fields, files=files, allow_redirects=False)
        assert answer.status_code == status
    assert kept(demo_app) == set()


# ---- storing, replacing, clearing -----------------------------------------------------------------------------------


def test_nothing_is_stored_before_the_confirmation_is_agreed_to(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    asked = owner.confirm(DESIGN, accent=INDIGO, logo=images.picture(), logo_alt="月の店")
    words = Page(asked.text).text
    assert "ショップロゴ画像 新しい画像 代替テキスト(ALT) 月の店" in words
    assert logo_on(Page(asked.text))["alt"] == "月の店"
    assert (stored(demo_app).accent, stored(demo_app).logo) == ("", None)
    assert logo_on(Page(shopper.get("/").text)) == {}
    revised = owner.session.post(f"{owner.shop_url}{DESIGN}/revise", data=Page(asked.text).form(DESIGN).fields)
    assert "選んだ画像です。まだ登録していません。" in Page(revised.text).text
    asked = owner.press_on(revised, DESIGN, "confirm", logo_alt="別の言葉")
    owner.agree(asked, DESIGN)
    shop = stored(demo_app)
    assert (shop.accent, shop.logo_alt, bool(shop.logo)) == (INDIGO, "別の言葉", True)
    assert kept(demo_app) == {shop.logo_file.removeprefix("logos/")}


def test_the_old_file_goes_after_the_commit_and_not_before(
    owner: Desk, shopper: Buyer, demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.set_up(DESIGN, logo=images.picture(), logo_alt="旧")
    before = stored(demo_app).logo_file
    asked = owner.confirm(DESIGN, logo=images.picture(colour="#802020"), logo_alt="新")
    demo_app.testing = False
    with monkeypatch.context() as broken:
        broken.setattr(design, "note", lambda *_args, **_values: 1 / 0)
        assert owner.agree(asked, DESIGN).status_code == 500
    assert stored(demo_app).logo_file == before
    assert shopper.get(f"/media/{before}").status_code == 200
    owner.agree(asked, DESIGN)
    after = stored(demo_app).logo_file
    assert after != before
    assert kept(demo_app) == {after.removeprefix("logos/")}
    assert shopper.get(f"/media/{before}").status_code == 404
    assert logo_on(Page(shopper.get("/").text))["src"] == f"/media/{after}"


@pytest.mark.req("R-020")
def test_deleting_clears_image_and_alt_together(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    owner.set_up(DESIGN, accent=INDIGO, logo=images.picture(), logo_alt="月の店")
    page = owner.page(DESIGN)
    assert "画像削除" in page.text
    assert "登録済みの画像です。" in page.text
    asked = owner.confirm(DESIGN, remove_logo="y")
    assert "ショップロゴ画像 画像削除 代替テキスト(ALT) （空欄）" in Page(asked.text).text
    assert logo_on(Page(shopper.get("/").text))["alt"] == "月の店"
    owner.agree(asked, DESIGN)
    shop = stored(demo_app)
    assert (shop.logo_file, shop.logo_width, shop.logo_height, shop.logo_alt) == ("", 0, 0, "")
    assert shop.accent == INDIGO
    assert kept(demo_app) == set()
    assert logo_on(Page(shopper.get("/").text)) == {}


def test_an_alt_without_an_image_is_not_kept(owner: Desk, demo_app: Flask) -> None:
    owner.set_up(DESIGN, logo_alt="月の店")
    assert stored(demo_app).logo_alt == ""
    assert owner.confirm(DESIGN, logo_alt="あ" * 101).status_code == 422


def test_a_confirmation_whose_image_is_gone_changes_nothing(owner: Desk, demo_app: Flask) -> None:
    """Another member of staff replaced it, or the day after came."""
    first = owner.confirm(DESIGN, logo=images.picture(), logo_alt="一")
    owner.agree(first, DESIGN)
    owner.set_up(DESIGN, logo=images.picture(colour="#802020"), logo_alt="二")
    again = owner.agree(first, DESIGN)
    assert "確認画面の内容を読み取れませんでした。何も変更していません。" in Page(again.text).text
    assert stored(demo_app).logo_alt == "二"
    for draft in ("", "x", "あ", Page(owner.confirm("/admin/settings/deliveries/1").text).form("/admin/settings/deliveries/1").fields["draft"]):
        fields = Page(first.text).form(DESIGN).fields | {"draft": draft}
        for path in (DESIGN, f"{DESIGN}/revise"):
            answer = owner.session.post(owner.shop_url + path, data=fields)
            assert "何も変更していません。" in Page(answer.text).text


def test_images_nobody_stored_are_swept_a_day_later(owner: Desk, demo_app: Flask) -> None:
    owner.set_up(DESIGN, logo=images.picture())
    used = stored(demo_app).logo_file.removeprefix("logos/")
    asked = owner.confirm(DESIGN, logo=images.picture(colour="#802020"))
    for hours, left in ((23, 2), (2, 1)):
        age_all(demo_app, hours)
        run_jobs(demo_app, "purge")
        assert len(kept(demo_app)) == left
    assert kept(demo_app) == {used}
    assert "何も変更していません" in Page(owner.agree(asked, DESIGN).text).text
    assert stored(demo_app).logo_file == f"logos/{used}"


def test_what_was_changed_is_written_down_by_name(owner: Desk) -> None:
    owner.session.get(f"{owner.shop_url}/admin?lang=en")
    owner.set_up(DESIGN, accent=INDIGO, logo=images.picture(), logo_alt="月の店")
    owner.set_up(DESIGN, logo_alt="別の店")
    owner.set_up(DESIGN)
    owner.set_up(DESIGN, remove_logo="y", standard="y")
    words = owner.page("/admin/log").text
    for line in (
        "デザインを設定（ブランドカラー、ショップロゴ画像、代替テキスト(ALT)）", "デザインを設定（代替テキスト(ALT)）", "デザインを設定（変更なし）",
    ):  # fmt: skip
        assert f"owner {line}" in words
    assert words.count("デザインを設定（ブランドカラー、ショップロゴ画像、代替テキスト(ALT)）") == 2
    assert INDIGO not in words
    assert "別の店" not in words


def test_in_english(owner: Desk) -> None:
    owner.session.get(f"{owner.shop_url}/admin?lang=en")
    answer = owner.session.get(f"{owner.shop_url}{DESIGN}?lang=en")
    assert "There is no shop logo image yet." in Page(answer.text).text
