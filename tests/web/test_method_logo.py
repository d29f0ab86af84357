"""決済サービスロゴ画像 (⑯) of a payment method: through its form and its confirmation to where buyers choose."""

import pytest
from flask import Flask

from tests.support import images
from tests.support.buying import CASH, Buyer, StepsBuyer
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.web.counter import TEA, Desk, number_of, path_of
from tests.web.test_design import REFUSED, age_all, kept, own_folder, owner
from tests.web.test_payment_settings import CARD_FORM, CARD_NAME, CASH_FORM, CASH_NAME, LIST, stored, take_off

__all__ = ["own_folder", "owner"]  # fixtures

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

METHODS = {CARD_FORM: 1, CASH_FORM: 2}


def logos(page: Page) -> dict[str, dict[str, str]]:
    """The logos a page shows, by their ALT."""
    return {a["alt"]: a for a in page.find("img", class_="logo")}


@pytest.mark.req("R-020")
def test_a_logo_stands_beside_the_name_where_buyers_choose_and_nowhere_else(
    owner: Desk, shopper: Buyer, demo_app: Flask
) -> None:
    owner.set_up(CARD_FORM, logo=images.picture("JPEG", (900, 150)), logo_alt="使えるカード <五種>")
    owner.set_up(CASH_FORM, logo=images.picture(size=(80, 80)), logo_alt="")
    shopper.put_into_cart(TEA)
    walker = StepsBuyer(shopper.shop_url)
    walker.session = shopper.session
    for text in (shopper.get("/checkout/zero").text, walker.step1().text):
        found = logos(Page(text))
        assert set(found) == {"使えるカード <五種>", ""}
        card = found["使えるカード <五種>"]
        assert (card["src"], card["width"], card["height"]) == (f"/media/{stored(demo_app).logo_file}", "192", "32")
        assert (found[""]["width"], found[""]["height"]) == ("32", "32")
        for name, alt in ((CARD_NAME, "使えるカード &lt;五種&gt;"), (CASH_NAME, "")):
            label = text[text.index(f'<span class="choice-name">{name}') :].partition("</label>")[0]
            assert f'alt="{alt}"' in label
    step3 = walker.step2(CASH)
    assert path_of(step3) == "/checkout/step3"
    confirmed = shopper.confirm(CASH)
    placed = shopper.place(confirmed)
    number_of(placed)
    run_jobs(demo_app)
    elsewhere = [step3.text, confirmed.text, placed.response.text, shopper.get("/").text, owner.get("/admin/orders").text, owner.get(LIST).text]
    elsewhere += [mail.as_string() for mail in mails(demo_app)]
    assert all("/media/logos/" not in text for text in elsewhere)


@pytest.mark.req("R-020")
@pytest.mark.parametrize("path", METHODS)
def test_deleting_clears_image_and_alt_together(path: str, owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    assert "画像削除" not in owner.page(path).text
    assert "決済サービスロゴ画像はまだありません。" in owner.page(path).text
    owner.set_up(path, logo=images.picture(), logo_alt="ロゴ")
    assert set(logos(shopper.checkout_form()[0])) == {"ロゴ"}
    assert "画像削除 ※画像と代替テキスト(ALT)の両方をクリアします。" in owner.page(path).text
    owner.set_up(path)
    assert set(logos(shopper.checkout_form()[0])) == {"ロゴ"}, "what nobody touches stays"
    asked = owner.confirm(path, remove_logo="y")
    assert "決済サービスロゴ画像 画像削除 代替テキスト(ALT) （空欄）" in Page(asked.text).text
    assert set(logos(shopper.checkout_form()[0])) == {"ロゴ"}
    owner.agree(asked, path)
    assert logos(shopper.checkout_form()[0]) == {}
    method = stored(demo_app, METHODS[path])
    assert (method.logo_file, method.logo_width, method.logo_height, method.logo_alt) == ("", 0, 0, "")
    assert kept(demo_app) == set()


@pytest.mark.req("R-020", "R-026")
def test_an_image_survives_a_refused_form_the_test_and_the_way_back(owner: Desk, demo_app: Flask) -> None:
    refused = owner.confirm(CARD_FORM, name="", logo=images.picture(), logo_alt="ロゴ", account_connect_password="secret-88")
    assert refused.status_code == 422
    assert "選んだ画像です。まだ登録していません。" in Page(refused.text).text
    (image,) = kept(demo_app)
    tried = owner.press_on(refused, CARD_FORM, "test", name="カード")
    asked = owner.press_on(tried, CARD_FORM, "confirm")
    assert "⑯ 決済サービスロゴ画像 新しい画像 代替テキスト(ALT) ロゴ" in Page(asked.text).text
    assert logos(Page(asked.text))["ロゴ"]["src"] == f"/media/logos/{image}"
    revised = owner.session.post(f"{owner.shop_url}{CARD_FORM}/revise", data=Page(asked.text).form(CARD_FORM).fields)
    assert logos(Page(revised.text))["ロゴ"]["src"] == f"/media/logos/{image}"
    assert stored(demo_app).logo is None
    owner.agree(owner.press_on(revised, CARD_FORM, "confirm"), CARD_FORM)
    assert stored(demo_app).logo_file == f"logos/{image}"
    assert kept(demo_app) == {image}
    assert "secret-88" not in refused.text + tried.text + asked.text + revised.text


@pytest.mark.req("T-076")
def test_the_same_rules_for_the_same_images(owner: Desk, demo_app: Flask) -> None:
    for brought, said in ((images.SVG, REFUSED), (images.bomb(), "4000ピクセルまで"), (images.picture() + b"\0" * 2**21, "2MBまで")):
        for path in METHODS:
            answer = owner.confirm(path, logo=("logo.png", brought, "image/png"), note="書きかけ")
            assert answer.status_code == 422
            assert said in Page(answer.text).text
            assert Page(answer.text).form(f"{path}/confirm").fields["note"] == "書きかけ"
    assert kept(demo_app) == set()


def test_an_old_image_goes_and_a_stale_confirmation_changes_nothing(owner: Desk, shopper: Buyer, demo_app: Flask) -> None:
    first = owner.confirm(CASH_FORM, logo=images.picture(), logo_alt="一", fee_yen="100")
    owner.agree(first, CASH_FORM)
    before = stored(demo_app, 2).logo_file
    owner.set_up(CASH_FORM, logo=images.picture(colour="#802020"), logo_alt="二", fee_yen="200")
    method = stored(demo_app, 2)
    assert kept(demo_app) == {method.logo_file.removeprefix("logos/")}
    assert shopper.get(f"/media/{before}").status_code == 404
    assert "何も変更していません。" in Page(owner.agree(first, CASH_FORM).text).text
    assert (stored(demo_app, 2).logo_alt, stored(demo_app, 2).fee_yen) == ("二", 200)


def test_a_method_that_left_the_list_leaves_its_image_to_the_sweep(owner: Desk, demo_app: Flask) -> None:
    owner.set_up(CASH_FORM, logo=images.picture())
    owner.set_up(CARD_FORM, logo=images.picture())
    take_off(owner, 2)
    age_all(demo_app, 25)
    run_jobs(demo_app, "purge")
    assert {f"logos/{name}" for name in kept(demo_app)} == {stored(demo_app).logo_file}


def test_what_was_changed_is_written_down_by_name(owner: Desk) -> None:
    owner.set_up(CASH_FORM, logo=images.picture(), logo_alt="ひみつの言葉")
    owner.set_up(CASH_FORM, logo_alt="別の言葉", fee_yen="9")
    words = owner.page("/admin/log").text
    assert f"owner 支払方法「{CASH_NAME}」を設定（決済サービスロゴ画像、代替テキスト(ALT)）" in words
    assert f"owner 支払方法「{CASH_NAME}」を設定（手数料、代替テキスト(ALT)）" in words
    assert "言葉" not in words
