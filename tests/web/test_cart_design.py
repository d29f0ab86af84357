"""デザイン and コンテンツ of both carts: from the form over its confirmation to the pages of the cart, and nowhere else."""

import io
import re

import pytest
from flask import Flask
from PIL import Image

from admin import cart_design
from shop.core.cart_design import CARTS, CartDesign
from shop.core.cart_design import stored as design_of
from shop.core.db import db
from shop.core.pictures import MAX_BYTES
from tests.support import images
from tests.support.buying import CASH, Buyer, StepsBuyer
from tests.support.pages import Page
from tests.support.shop import count_statements, run_jobs
from tests.web.counter import CUP, TEA, Desk, number_of
from tests.web.test_design import (
    BOMBS,
    NAMES,
    REFUSED,
    SENT_AS,
    WINDOW,
    age_all,
    kept,
    logo_on,
    own_folder,
    owner,
    path_of,
    sheets,
)
from tests.web.test_wizard import sell_in_steps

__all__ = ["own_folder", "owner"]  # fixtures

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

PAGES = "/admin/design/carts/"
ORDER, CONFIRM, COMPLETE = f"{PAGES}zero-order", f"{PAGES}zero-confirm", f"{PAGES}zero-complete"
STEPS, BASKET, COMMENTS, STEP4 = f"{PAGES}steps", f"{PAGES}steps-cart", f"{PAGES}steps-comments", f"{PAGES}steps-complete"
SCREENS = (ORDER, CONFIRM, COMPLETE, STEPS, BASKET, COMMENTS, STEP4)
WITH_IMAGE = {ORDER: "zero", STEPS: "steps"}
INDIGO, BRICK, MIST = "#24508c", "#7a2f1d", "#e4ecf7"


def stored(app: Flask, cart: str = "zero") -> CartDesign:
    with app.app_context():
        return design_of(db.session(), cart)


def image_on(page: Page, file: str) -> dict[str, str]:
    """The image with this file; empty when the page does not show it."""
    return next(iter(page.find("img", src=f"/media/{file}")), {})


def asked_for_designs(seen: list[str]) -> int:
    return sum("cart_design.texts" in statement for statement in seen)


# ---- what buyers see ------------------------------------------------------------------------------------------------


def test_a_cart_without_a_design_looks_as_ever_and_pays_nothing(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    with count_statements(demo_app) as plain:
        text = shopper.get("/checkout/zero").text
    assert sheets(text) == []
    assert "cart-header" not in text
    assert "shop-words" not in text
    assert asked_for_designs(plain.seen) == 0
    owner.set_up(ORDER, lead_ja="年末は休みます。")
    with count_statements(demo_app) as designed:
        shopper.get("/checkout/zero")
    assert asked_for_designs(designed.seen) == 1
    assert len(designed) == len(plain) + 1


@pytest.mark.req("R-123")
def test_header_colours_and_texts_of_the_zero_step_cart(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    owner.set_up(
        ORDER, logo=images.picture("JPEG", (3000, 500)), logo_alt="年末の <市>", accent=" ２４508Ｃ ", heading=BRICK, ground=MIST,
        lead_ja="一行目\r\n二行目", under_ja="ボタンの下です。",
    )  # fmt: skip
    owner.set_up(CONFIRM, confirm_heading=INDIGO, confirm_title_ja="これでよろしいですか", confirm_lead_ja="熨斗は備考に。")
    owner.set_up(COMPLETE, complete_title_ja="毎度ありがとうございます", complete_text_ja="またどうぞ。")
    file = stored(demo_app).logo_file
    shopper.put_into_cart(TEA)
    text = shopper.get("/checkout/zero").text
    assert sheets(text) == ["/design/24508c-e4ecf7-7a2f1d-24508c.css"]
    assert {"alt": "年末の <市>", "width": "1072", "height": "179"}.items() <= image_on(Page(text), file).items()
    assert_in_order(text, "cart-header", "<h1", "一行目\n二行目", 'id="checkout"', "data-confirm-button", "ボタンの下です。")
    confirmed = shopper.confirm(CASH)
    assert sheets(confirmed.text) == ["/design/24508c-e4ecf7-7a2f1d-24508c.css"], "also as a page without script"
    assert_in_order(confirmed.text, "これでよろしいですか", "まだ注文は確定していません。", "熨斗は備考に。", "data-place-button")
    assert "ご注文内容の確認</h1>" not in confirmed.text
    placed = shopper.place(confirmed)
    number_of(placed)
    assert image_on(placed.page, file)
    assert sheets(placed.response.text)
    assert_in_order(placed.response.text, "cart-header", "毎度ありがとうございます</h1>", "注文番号", "またどうぞ。")
    for elsewhere in (*(path for path in WINDOW if path != "/cart"), "/admin/orders"):
        answer = (owner if elsewhere.startswith("/admin") else shopper).get(elsewhere).text
        assert file not in answer, elsewhere
        assert sheets(answer) == [], elsewhere


@pytest.mark.req("R-123")
def test_logo_colours_and_texts_of_the_3_step_cart(owner: Desk, demo_app: Flask) -> None:
    sell_in_steps(demo_app, TEA)
    owner.set_up(STEPS, logo=images.picture("JPEG", (900, 180)), logo_alt="三段の印", accent=INDIGO, heading=BRICK, ground=MIST)
    owner.set_up(BASKET, cart_ja="カゴの一言")
    owner.set_up(COMMENTS, step1_ja="一の言葉", step2_ja="二の言葉", step3_ja="三の言葉")
    owner.set_up(STEP4, complete_title_ja="三段の御礼", complete_text_ja="またどうぞ")
    owner.set_up(ORDER, logo=images.picture(), logo_alt="ゼロの印", lead_ja="ゼロの言葉")
    buyer = StepsBuyer(owner.shop_url)
    pages = {"カゴの一言": buyer.put_into_cart(TEA), "一の言葉": buyer.get("/checkout/step1"), "二の言葉": buyer.step1()}
    pages["三の言葉"] = buyer.step2(CASH)
    pages["またどうぞ"] = buyer.press(pages["三の言葉"]).response
    assert "三段の御礼</h1>" in pages["またどうぞ"].text
    for own, answer in pages.items():
        assert sheets(answer.text) == ["/design/24508c-e4ecf7-7a2f1d-.css"], own
        assert {"alt": "三段の印", "width": "240", "height": "48"}.items() <= logo_on(Page(answer.text)).items(), own
        assert_in_order(answer.text, "</header>", "</h1>", own)
        assert [text for text in (*pages, "ゼロの言葉") if text in answer.text] == [own]
        assert "ゼロの印" not in answer.text
    other = Buyer(owner.shop_url)
    other.put_into_cart(CUP)
    for path in ("/cart", "/checkout/zero", "/"):
        text = other.get(path).text
        assert "三段の印" not in text, path
        assert sheets(text) == [], path


def assert_in_order(text: str, *parts: str) -> None:
    places = [text.index(part) for part in parts]
    assert places == sorted(places), dict(zip(parts, places, strict=True))


def test_the_sheet_says_the_colours_of_a_cart(shopper: Buyer) -> None:
    answer = shopper.get("/design/24508c-e4ecf7--7a2f1d.css")
    said = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", answer.text))
    assert (said["--accent"], said["--sunken"], said["--confirm-heading"]) == (INDIGO, MIST, BRICK)
    assert "--heading" not in said
    assert answer.headers["Cache-Control"] == "public, max-age=604800"
    for nonsense in ("---", "24508c-e4ecf7", "24508c-e4ecf7-7a2f1d", "24508c----", "24508c-red--", "24508c-e4ecf7-;}--"):
        assert shopper.get(f"/design/{nonsense}.css").status_code == 404, nonsense


def test_a_colour_of_the_shop_stands_until_the_cart_has_its_own(owner: Desk, shopper: Buyer) -> None:
    owner.set_up("/admin/design", accent=BRICK)
    shopper.put_into_cart(TEA)
    owner.set_up(ORDER, ground=MIST)
    assert sheets(shopper.get("/checkout/zero").text) == ["/design/7a2f1d.css", "/design/-e4ecf7--.css"]
    assert sheets(owner.get(ORDER).text) == ["/design/7a2f1d-e4ecf7-26241f-.css"], "the sample shows what comes of it"
    owner.set_up(ORDER, accent=INDIGO)
    assert sheets(shopper.get("/checkout/zero").text)[1] == "/design/24508c-e4ecf7--.css", "and comes later: it counts"


def test_texts_are_shown_in_the_language_of_the_page_else_in_japanese(owner: Desk, shopper: Buyer) -> None:
    owner.set_up(ORDER, lead_ja="日本語の案内", lead_en="A word in English", under_ja="訳のない文")
    shopper.put_into_cart(TEA)
    japanese, english = shopper.get("/checkout/zero").text, shopper.get("/checkout/zero?lang=en").text
    assert "日本語の案内" in japanese
    assert "A word in English" not in japanese
    assert "A word in English" in english
    assert "日本語の案内" not in english
    assert "訳のない文" in english


def test_texts_are_plain_text(owner: Desk, shopper: Buyer) -> None:
    evil = "<b onclick=x>太字</b>{{ 7*7 }}\n</p><script>alert(1)</script>"
    asked = owner.confirm(ORDER, lead_ja=evil)
    owner.agree(asked, ORDER)
    owner.set_up(CONFIRM, confirm_title_ja="<i>題</i>", confirm_lead_ja=evil)
    shopper.put_into_cart(TEA)
    for text in (asked.text, owner.get(ORDER).text, shopper.get("/checkout/zero").text, shopper.confirm(CASH).text):
        assert "&lt;b onclick=x&gt;太字&lt;/b&gt;{{ 7*7 }}\n&lt;/p&gt;&lt;script&gt;" in text
        assert "<b onclick" not in text
        assert "<script>alert" not in text
    assert "&lt;i&gt;題&lt;/i&gt;" in shopper.confirm(CASH).text


def test_nothing_of_the_shop_s_words_takes_the_place_of_what_the_law_asks(owner: Desk, shopper: Buyer) -> None:
    owner.set_up(CONFIRM, confirm_title_ja="題", confirm_lead_ja="文")
    shopper.put_into_cart(TEA)
    words = Page(shopper.confirm(CASH).text).text
    for fact in ("まだ注文は確定していません。", "支払総額", "お支払時期", "引渡時期", "撤回・解除", "注文する"):
        assert fact in words, fact


# ---- the forms ------------------------------------------------------------------------------------------------------


@pytest.mark.req("R-123")
def test_the_screens_stand_in_the_menu_under_the_trade_s_names(owner: Desk) -> None:
    menu = owner.get("/admin").text.partition("<main")[0]
    for path, name in ((ORDER, "ゼロステップカート画面"), (STEPS, "3ステップカート画面"), (BASKET, "注文画面設定"),
                       (COMMENTS, "コメント設定"), (STEP4, "注文完了画面")):  # fmt: skip
        assert f'<a href="{path}">{name}</a>' in menu
        assert f'<a href="{path}" aria-current="page">{name}</a>' in owner.get(path).text
    for path in (ORDER, CONFIRM, COMPLETE):
        text = owner.get(path).text
        assert f'<a href="{ORDER}" aria-current="page">ゼロステップカート画面</a>' in text
        tabs = re.findall(r'<a href="/admin/design/carts/([\w-]+)"[^>]*>(注文手続き画面|確認画面|注文完了画面)</a>', text.partition("<main")[2])
        assert tabs == [("zero-order", "注文手続き画面"), ("zero-confirm", "確認画面"), ("zero-complete", "注文完了画面")]
    sections = {ORDER: ("ヘッダー画像", "注文手続き画面のデザイン設定"), CONFIRM: ("確認画面のデザイン設定",),
                COMPLETE: ("注文完了画面のデザイン設定",), STEPS: ("ショップロゴ画像", "デザイン設定")}  # fmt: skip
    for path, titles in sections.items():
        assert tuple(re.findall(r'<h2 id="(?:image|settings)-title">([^<]+)</h2>', owner.get(path).text)) == titles
    for path in (f"{PAGES}nothing", f"{PAGES}zero"):
        assert owner.get(path).status_code == 404


TEXTS = {
    ORDER: ("lead", "under"), CONFIRM: ("confirm_title", "confirm_lead"), COMPLETE: ("complete_title", "complete_text"),
    BASKET: ("cart",), COMMENTS: ("step1", "step2", "step3"), STEP4: ("complete_title", "complete_text"),
}  # fmt: skip


@pytest.mark.req("R-123")
def test_each_screen_keeps_what_it_sets_and_nothing_of_the_others(owner: Desk, demo_app: Flask) -> None:
    said = {path: {f"{key}_{code}": f"{path[-5:]} {key} {code}" for key in keys for code in ("ja", "en")} for path, keys in TEXTS.items()}
    opened = {path: owner.confirm(path, **typed) for path, typed in said.items()}
    opened[STEPS] = owner.confirm(STEPS, accent=INDIGO, heading=BRICK, ground=MIST)
    for path, asked in opened.items():  # all were confirmed before the first was stored
        assert all(text in Page(asked.text).text for text in said.get(path, {}).values())
        answer = owner.agree(asked, path)
        assert "を設定しました。" in Page(answer.text).text
    for path, typed in said.items():
        fields = owner.page(path).form(f"{path}/confirm").fields
        assert {name: fields[name].strip() for name in typed} == typed
    zero, steps = (stored(demo_app, cart) for cart in CARTS)
    assert set(zero.all_texts["ja"]) == {key for path in (ORDER, CONFIRM, COMPLETE) for key in TEXTS[path]}
    assert set(steps.all_texts["en"]) == {key for path in (BASKET, COMMENTS, STEP4) for key in TEXTS[path]}
    assert (steps.accent, steps.heading, steps.ground, zero.accent) == (INDIGO, BRICK, MIST, "")
    owner.set_up(COMMENTS, step2_ja="", step2_en="")
    assert "step2" not in stored(demo_app, "steps").all_texts["ja"]


def test_the_confirmation_shows_the_sample_with_the_draft_and_stores_nothing(owner: Desk, demo_app: Flask) -> None:
    asked = owner.confirm(ORDER, logo=images.picture(), logo_alt="市", accent=INDIGO, lead_ja="見本の文", under_en="below")
    assert "まだ何も変更していません。" in Page(asked.text).text
    assert sheets(asked.text) == ["/design/24508c-f2ede1-26241f-.css"]
    sample = asked.text[asked.text.index('class="shop-window sample"') :]
    assert "見本の文" in sample.partition("</section>")[0]
    assert next(iter(Page(sample).find("img", alt="市")))["src"].startswith("/media/logos/")
    assert (stored(demo_app).accent, stored(demo_app).logo, stored(demo_app).all_texts) == ("", None, {})
    revised = owner.session.post(f"{owner.shop_url}{ORDER}/revise", data=Page(asked.text).form(ORDER).fields)
    assert "選んだ画像です。まだ登録していません。" in Page(revised.text).text
    owner.agree(owner.press_on(revised, ORDER, "confirm", lead_ja="別の文"), ORDER)
    design = stored(demo_app)
    assert (design.accent, design.logo_alt, bool(design.logo)) == (INDIGO, "市", True)
    assert design.all_texts == {"ja": {"lead": "別の文"}, "en": {"under": "below"}}
    assert kept(demo_app) == {design.logo_file.removeprefix("logos/")}


def test_the_standard_words_stand_in_the_sample_until_others_are_set(owner: Desk) -> None:
    for path, standard in ((CONFIRM, "ご注文内容の確認"), (COMPLETE, "ご注文ありがとうございました"), (STEP4, "ご注文ありがとうございました")):
        sample = owner.get(path).text.partition('class="shop-window sample"')[2]
        assert f'data-standard-words="{standard}">{standard}</p>' in sample


def test_a_draft_of_another_screen_changes_nothing(owner: Desk, demo_app: Flask) -> None:
    foreign = Page(owner.confirm(STEP4, complete_title_ja="よそ").text).form(STEP4).fields["draft"]
    fields = Page(owner.confirm(COMPLETE).text).form(COMPLETE).fields
    for draft in ("", "x", "あ", foreign):
        for path in (COMPLETE, f"{COMPLETE}/revise"):
            answer = owner.session.post(owner.shop_url + path, data=fields | {"draft": draft})
            assert "何も変更していません。" in Page(answer.text).text
    assert stored(demo_app).all_texts == {}


PALE = {"#ffffff": "1.01", "#737373": "4.43"}
DARK = {"#000000": "2.91", "#777777": "1.60", "#c0c0c0": "3.95"}


@pytest.mark.parametrize(
    ("path", "name", "refused", "better"),
    [
        (ORDER, "accent", PALE, "もっと濃い色"), (STEPS, "heading", PALE, "もっと濃い色"), (CONFIRM, "confirm_heading", PALE, "もっと濃い色"),
        (ORDER, "ground", DARK, "もっと薄い色"), (STEPS, "ground", DARK, "もっと薄い色"),
    ],
)  # fmt: skip
def test_a_colour_that_cannot_be_read_is_refused_with_its_ratio(
    path: str, name: str, refused: dict[str, str], better: str, owner: Desk, demo_app: Flask
) -> None:
    for chosen, reached in refused.items():
        answer = owner.confirm(path, **{name: chosen})
        assert answer.status_code == 422, chosen
        page = Page(answer.text)
        assert page.text.count(f"コントラスト比は{reached}:1で、4.5:1以上が必要です。{better}にしてください") == 2, page.text
        assert next(iter(page.find("input", name=name)))["aria-invalid"] == "true"
        assert page.form(f"{path}/confirm").fields[name] == chosen
        near = re.findall(r"たとえば (#[0-9a-f]{6})", page.text)[0]
        owner.agree(owner.press_on(answer, path, "confirm", **{name: near}), path)
        assert getattr(stored(demo_app, "steps" if path == STEPS else "zero"), name) == near
    for nonsense in ("red", "#fff", "url(//evil.example)", '"><script>'):
        answer = owner.confirm(path, **{name: nonsense})
        assert answer.status_code == 422
        assert "#と6けたの英数字（0〜9、a〜f）で入力してください。" in Page(answer.text).text


def test_texts_have_their_limits(owner: Desk, demo_app: Flask) -> None:
    for path, name, longest in ((ORDER, "lead_ja", 1000), (COMMENTS, "step3_en", 1000), (CONFIRM, "confirm_title_ja", 40)):
        assert owner.confirm(path, **{name: "長" * longest}).status_code == 200
        answer = owner.confirm(path, **{name: "長" * (longest + 1)})
        assert answer.status_code == 422
        assert f"{longest}文字以内で入力してください。" in Page(answer.text).text
        assert Page(answer.text).form(f"{path}/confirm").fields[name].strip() == "長" * (longest + 1)
    card = owner.confirm(ORDER, lead_ja="4111 1111 1111 1111")
    assert card.status_code == 422
    assert "4111" not in card.text


def test_what_was_changed_is_written_down_by_name(owner: Desk) -> None:
    owner.session.get(f"{owner.shop_url}/admin?lang=en")
    owner.set_up(ORDER, logo=images.picture(), logo_alt="市", accent=INDIGO, ground=MIST, lead_ja="秘密の文", under_en="secret words")
    owner.set_up(ORDER)
    owner.set_up(COMMENTS, step1_ja="秘密の文")
    words = owner.page("/admin/log").text
    for line in (
        "owner ゼロステップカート画面 注文手続き画面を設定（ヘッダー画像、代替テキスト(ALT)、ボタンとリンクの色、ご注文内容の欄の地色、フォームの上の文章、確認ボタンの下の文章 （英語））",
        "owner ゼロステップカート画面 注文手続き画面を設定（変更なし）", "owner コメント設定を設定（Step1のコメント）",
    ):  # fmt: skip
        assert line in words
    for value in ("秘密の文", "secret words", INDIGO):
        assert value not in words


def test_in_english(owner: Desk) -> None:
    for path in SCREENS:
        text = owner.get(f"{path}?lang=en").text
        assert 'lang="en"' in text
    assert "Zero-step cart pages" in Page(owner.get(f"{ORDER}?lang=en").text).text


# ---- images ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("T-076")
@pytest.mark.parametrize("path", WITH_IMAGE)
def test_only_three_kinds_of_image_are_taken(path: str, owner: Desk, demo_app: Flask) -> None:
    for number, (what, made) in enumerate(images.NO_IMAGES.items()):
        name, mime = SENT_AS[number % len(SENT_AS)]
        answer = owner.confirm(path, accent=INDIGO, logo_alt="店", logo=(name, made(), mime))
        assert answer.status_code == 422, what
        page = Page(answer.text)
        assert page.text.count(REFUSED) == 2, "beside the field and on top"
        fields = page.form(f"{path}/confirm").fields
        assert (fields["accent"], fields["logo_alt"]) == (INDIGO, "店")
        assert kept(demo_app) == set(), what


@pytest.mark.req("T-076", "T-077")
@pytest.mark.parametrize(("path", "cart"), WITH_IMAGE.items())
def test_only_the_pixels_come_through_under_a_name_of_ours(
    path: str, cart: str, owner: Desk, shopper: Buyer, demo_app: Flask
) -> None:
    for (name, mime), brought in zip(NAMES, (images.polyglot, images.photograph) * 2, strict=True):
        data = brought()
        assert images.HIDDEN in data
        owner.set_up(path, logo=(name, data, mime))
        file = stored(demo_app, cart).logo_file
        assert re.fullmatch(r"logos/[0-9a-z]{22}\.webp", file)
        assert kept(demo_app) == {file.removeprefix("logos/")}, "the one before has gone"
        ours = path_of(demo_app, file).read_bytes()
        for trace in (b"script", b"html", b"Planted", b"Exif", b"EXIF", b"GPS", b"XMP", b"ICCP"):
            assert trace not in ours, trace
        with Image.open(io.BytesIO(ours)) as image:
            assert not dict(image.getexif())
        answer = shopper.get(f"/media/{file}")
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.mark.req("T-076", "T-115")
@pytest.mark.parametrize("path", WITH_IMAGE)
def test_bombs_and_big_files_are_refused_before_they_are_opened(
    path: str, owner: Desk, demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as closed:
        closed.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
        for what, made in BOMBS.items():
            answer = owner.confirm(path, logo=made())
            assert answer.status_code == 422, what
            assert "縦も横も4000ピクセルまでの画像を選んでください。" in Page(answer.text).text, what
    padded = images.picture() + b"\0" * MAX_BYTES
    assert "画像は2MBまでです。" in Page(owner.confirm(path, logo=padded).text).text
    assert owner.confirm(path, logo=padded + b"\0" * 300_000).status_code == 413
    fields = owner.page(path).form(f"{path}/confirm").fields
    for elsewhere in (path, f"{path}/revise"):
        sent = owner.session.post(owner.shop_url + elsewhere, data=fields, files={"logo": padded[:300_000]})
        assert sent.status_code == 413, elsewhere
    assert kept(demo_app) == set()


def test_a_header_is_kept_wider_than_a_logo(owner: Desk, demo_app: Flask) -> None:
    for path, cart, size in ((ORDER, "zero", (1600, 320)), (STEPS, "steps", (600, 120))):
        owner.set_up(path, logo=images.picture("JPEG", (4000, 800)))
        design = stored(demo_app, cart)
        assert (design.logo_width, design.logo_height) == size
        with Image.open(path_of(demo_app, design.logo_file)) as image:
            assert image.size == size


def test_the_old_file_goes_after_the_commit_and_not_before(
    owner: Desk, shopper: Buyer, demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.set_up(ORDER, logo=images.picture(), logo_alt="旧")
    before = stored(demo_app).logo_file
    asked = owner.confirm(ORDER, logo=images.picture(colour="#802020"), logo_alt="新", lead_ja="新しい文")
    demo_app.testing = False
    with monkeypatch.context() as broken:
        broken.setattr(cart_design, "note", lambda *_args, **_values: 1 / 0)
        assert owner.agree(asked, ORDER).status_code == 500
    assert stored(demo_app).logo_file == before
    assert not any(stored(demo_app).all_texts.values())
    assert shopper.get(f"/media/{before}").status_code == 200
    owner.agree(asked, ORDER)
    assert kept(demo_app) == {stored(demo_app).logo_file.removeprefix("logos/")}
    assert shopper.get(f"/media/{before}").status_code == 404
    again = owner.agree(owner.confirm(ORDER, remove_logo="y"), ORDER)
    assert "画像はまだありません。" in Page(again.text).text
    assert (stored(demo_app).logo, stored(demo_app).logo_alt, kept(demo_app)) == (None, "", set())
    assert "何も変更していません。" in Page(owner.agree(asked, ORDER).text).text, "its image is gone"


def test_the_sweep_leaves_the_images_of_both_carts(owner: Desk, demo_app: Flask) -> None:
    for path in WITH_IMAGE:
        owner.set_up(path, logo=images.picture())
    owner.confirm(ORDER, logo=images.picture(colour="#802020"))
    used = {stored(demo_app, cart).logo_file.removeprefix("logos/") for cart in CARTS}
    assert len(kept(demo_app)) == 3
    age_all(demo_app, 25)
    run_jobs(demo_app, "purge")
    assert kept(demo_app) == used
