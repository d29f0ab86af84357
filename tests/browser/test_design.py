"""デザイン in a real browser, on a phone and on a desk: the live sample, the logo, and no breach of the policy."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.steps import assert_accessible, assert_fits, into_basket, log_in
from tests.support import images
from tests.support.shop import OWNER, OWNER_PASSWORD

TALL: FilePayload = {"name": "tall.png", "mimeType": "image/png", "buffer": images.picture(size=(200, 1200))}
WIDE: FilePayload = {"name": "wide.png", "mimeType": "image/png", "buffer": images.picture(size=(1200, 200))}
HUGE: FilePayload = {"name": "huge.png", "mimeType": "image/png", "buffer": b"x" * (2 * 1024 * 1024 + 1)}
_COLOUR = "element => getComputedStyle(element).backgroundColor"


def size(image: Locator) -> tuple[float, float]:
    box = image.bounding_box()
    assert box
    return box["width"], box["height"]


def assert_calm(page: Page) -> None:
    assert_fits(page)
    assert_accessible(page)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["360", "1280"])
def test_colour_and_logo_from_the_form_to_the_window(
    viewport: dict[str, int], window: Callable[..., Page], demo_app: Flask
) -> None:
    page = window(viewport=viewport)
    log_in(page, OWNER, OWNER_PASSWORD)
    page.goto("/admin/design")
    button = page.locator(".sample-button-main")
    page.get_by_label("ブランドカラー").fill("#24508c")
    expect(button).to_have_css("background-color", "rgb(36, 80, 140)")
    expect(page.get_by_label("色を選ぶ")).to_have_value("#24508c")
    page.locator("#logo").set_input_files(HUGE)
    expect(page.locator("#logo-error")).to_contain_text("画像は2MBまでです。")
    assert_calm(page)
    page.locator("#logo").set_input_files(TALL)
    expect(page.locator("#logo-error")).to_be_hidden()
    page.get_by_label("代替テキスト(ALT)").fill("紺の月")
    page.get_by_role("button", name="確認画面へ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("確認画面")
    expect(button).to_have_css("background-color", "rgb(36, 80, 140)")
    assert_calm(page)
    page.get_by_role("button", name="設定する").click()
    expect(page.get_by_text("デザインを設定しました。")).to_be_visible()
    into_basket(page)
    page.goto("/")
    logo = page.get_by_role("link", name="紺の月").get_by_role("img")
    assert size(logo)[1] <= 56
    assert_calm(page)
    assert page.locator(".basket-count").evaluate(_COLOUR) == "rgb(36, 80, 140)"


@pytest.mark.req("R-020")
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["360", "1280"])
def test_a_method_s_logo_where_buyers_choose(
    viewport: dict[str, int], window: Callable[..., Page], demo_app: Flask
) -> None:
    page = window(viewport=viewport)
    log_in(page, OWNER, OWNER_PASSWORD)
    page.goto("/admin/settings/payment-methods/1")
    page.locator("#logo").set_input_files(WIDE)
    page.get_by_label("代替テキスト(ALT)").fill("使えるカード")
    page.get_by_role("button", name="確認画面へ").click()
    expect(page.get_by_role("button", name="設定する")).to_be_visible()
    assert_calm(page)
    page.get_by_role("button", name="設定する").click()
    page.wait_for_url("**/payment-methods")
    page.goto("/admin/settings/payment-methods/1")
    assert_calm(page)
    into_basket(page)
    expect(page.get_by_role("radio", name="使えるカード")).to_be_visible()
    assert size(page.get_by_role("img", name="使えるカード")) == (192, 32)
    assert_calm(page)


@pytest.mark.req("R-123")
def test_the_sample_of_a_cart_follows_what_is_typed_and_buyers_see_it(
    window: Callable[..., Page], demo_app: Flask
) -> None:
    page = window(viewport=DESKTOP)
    log_in(page, OWNER, OWNER_PASSWORD)
    page.goto("/admin/design/carts/zero-order")
    sample = page.locator(".sample")
    page.get_by_label("ボタンとリンクの色", exact=True).fill("#24508c")
    expect(sample.locator(".sample-button-main")).to_have_css("background-color", "rgb(36, 80, 140)")
    page.get_by_label("色を選ぶ ご注文内容の欄の地色").fill("#e4ecf7")
    expect(sample.locator(".sample-sums")).to_have_css("background-color", "rgb(228, 236, 247)")
    expect(page.get_by_label("ご注文内容の欄の地色", exact=True)).to_have_value("#e4ecf7")
    page.get_by_label("フォームの上の文章", exact=True).fill("一行目\n<b>二行目</b>")
    expect(sample.locator("[data-sample=lead]")).to_have_text("一行目\n<b>二行目</b>")
    page.get_by_label("フォームの上の文章 （英語）").fill("In English")
    expect(sample.locator("[data-sample=lead]")).to_have_text("In English")
    page.locator("#logo").set_input_files(WIDE)
    expect(sample.locator("[data-sample-image]")).to_be_visible()
    assert_calm(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_calm(page)
    page.get_by_role("button", name="確認画面へ").click()
    expect(page.get_by_role("button", name="設定する")).to_be_visible()
    expect(sample.locator("[data-sample=lead]")).to_have_text("一行目\n<b>二行目</b>")
    assert_calm(page)
    page.get_by_role("button", name="設定する").click()
    expect(page.get_by_text("注文手続き画面を設定しました。")).to_be_visible()
    into_basket(page)
    expect(page.get_by_text("一行目 <b>二行目</b>")).to_be_visible()
    expect(page.locator(".checkout .sums")).to_have_css("background-color", "rgb(228, 236, 247)")
    assert size(page.locator(".cart-header img"))[0] <= PHONE["width"]
    assert_calm(page)
