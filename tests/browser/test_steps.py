"""The 3-step cart in the browser: with a keyboard, on a phone, without script, and on the way back."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.catalogue.models import Product, Variant
from shop.delivery.models import Delivery
from tests.browser.conftest import PHONE
from tests.browser.steps import (
    ADDRESS,
    CARD,
    CASH_METHOD,
    TEA,
    assert_comfortable,
    assert_in_view_over_a_keyboard,
    choose,
    field,
    fill_address,
    fill_card,
    path,
)
from tests.browser.test_for_everyone import press_until, show_noscript, tab_to
from tests.browser.test_three_ds import ISSUER, use
from tests.support.world import Simulator
from tests.web.counter import change, orders

REFUSED = "4980 0000 0003 8261"


@pytest.fixture(autouse=True)
def sold_in_steps(demo_app: Flask) -> None:
    change(demo_app, Product.flow, "steps", code="T-002")


#: Names of steps that are out of sight, in more than two lines, or end in a line of one letter.
BROKEN = """names => names.filter(name => {
  const range = document.createRange();
  range.selectNodeContents(name);
  const lines = [...range.getClientRects()];
  return !name.checkVisibility() || !lines.length || lines.length > 2 || lines.some(line => line.width < 20);
}).map(name => name.textContent)"""


def to_step1(page: Page) -> None:
    page.goto(TEA)
    page.get_by_role("button", name="カゴに入れる").click()
    page.wait_for_url("**/cart")
    page.get_by_role("link", name="注文手続きへ").click()
    page.wait_for_url("**/checkout/step1")


def onward(page: Page, step: str) -> None:
    page.get_by_role("button", name="次へ").click()
    page.wait_for_url(f"**/checkout/{step}")


def to_step3(page: Page, method: str = "") -> None:
    to_step1(page)
    fill_address(page)
    onward(page, "step2")
    if method:
        choose(page, method)
    onward(page, "step3")


def order(page: Page) -> None:
    page.get_by_role("button", name="注文する").click()


@pytest.mark.req("U-072", "R-107", "R-109")
def test_a_purchase_in_steps_by_keyboard_alone(page: Page, demo_app: Flask) -> None:
    page.goto(TEA)
    press_until(page, "カゴに入れる")
    page.wait_for_url("**/cart")
    page.get_by_role("link", name="注文手続きへ").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/step1")
    for label, value in list(ADDRESS.items())[:5]:
        tab_to(page, label)
        page.keyboard.type(value)
    tab_to(page, "都道府県")
    for _ in range(13):  # 東京都
        page.keyboard.press("ArrowDown")
    tab_to(page, "市区町村・番地")
    page.keyboard.type(ADDRESS["市区町村・番地"])
    press_until(page, "次へ")
    page.wait_for_url("**/checkout/step2")
    press_until(page, "次へ")
    page.wait_for_url("**/checkout/step3")
    for label, value in CARD.items():
        tab_to(page, label)
        page.keyboard.type(value.replace(" ", "") if label == "カード番号" else value)
    press_until(page, "注文する")
    page.wait_for_url("**/complete")
    assert orders(demo_app) == 1


@pytest.mark.req("U-022", "U-045", "U-073")
def test_every_step_fits_a_phone_and_has_no_barrier(window: Callable[..., Page]) -> None:
    page = window(viewport=PHONE)
    to_step1(page)
    assert_comfortable(page)
    page.get_by_role("button", name="次へ").click()
    expect(page.locator("#error-summary")).to_be_focused()  # the page is there, with all its mistakes
    assert_comfortable(page)
    assert_in_view_over_a_keyboard(page)
    field(page, "郵便番号").fill("390-0811")
    expect(field(page, "市区町村・番地")).to_have_value("松本市中央")
    fill_address(page)
    onward(page, "step2")
    assert_comfortable(page)
    expect(page.locator("[aria-current=step]")).to_contain_text("支払い方法・配送指定")
    page.emulate_media(forced_colors="active")
    lines = page.locator(".step-bar li").evaluate_all("all => all.map(each => getComputedStyle(each).borderBlockStartStyle)")
    assert lines == ["solid", "solid", "double", "dotted", "dotted"], "done, now and to come without colours of ours"
    page.emulate_media(forced_colors="none")
    assert page.locator(".step-name").evaluate_all(BROKEN) == [], "all steps are named, in two lines at most, no line of one letter"
    onward(page, "step3")
    order(page)  # without a card
    expect(page.get_by_text("カード番号を入力してください。")).to_be_visible()
    assert_comfortable(page)
    fill_card(page)
    order(page)
    page.wait_for_url("**/complete")
    assert_comfortable(page)
    page.emulate_media(media="print")
    expect(page.locator(".site-header, .step-bar").locator("visible=true")).to_have_count(0)
    expect(page.locator(".order-number")).to_be_visible()


@pytest.mark.req("R-126", "U-016")
def test_without_script_the_steps_are_plain_pages(window: Callable[..., Page], demo_app: Flask) -> None:
    page = window(java_script_enabled=False, viewport=PHONE)
    to_step3(page)
    show_noscript(page)
    expect(page.get_by_text("カードでのお支払いにはJavaScriptが必要です。")).to_be_visible()
    order(page)
    expect(page.get_by_text("請求はされていません。").first).to_be_visible()
    page.get_by_role("link", name="支払い方法・配送を変更する").click()
    choose(page, CASH_METHOD)
    onward(page, "step3")
    order(page)
    assert path(page).endswith("/complete")
    assert orders(demo_app) == 1


@pytest.mark.req("R-111", "R-112", "U-034")
def test_after_a_refusal_another_card_is_one_press_away(page: Page, watch, demo_app: Flask, simulator: Simulator) -> None:
    to_step3(page)
    fill_card(page, カード番号=REFUSED)
    order(page)
    expect(page.locator("#refusal")).to_contain_text("2001")
    expect(page.locator("#refusal")).to_be_focused()
    fill_card(page)
    order(page)
    page.wait_for_url("**/complete")
    assert orders(demo_app) == 1
    for number in (REFUSED, CARD["カード番号"]):
        assert number not in watch.bodies()
        assert number.replace(" ", "") not in watch.bodies()


@pytest.mark.req("S-066", "S-067", "S-069")
def test_back_from_the_issuer_leads_to_what_is_going_on_and_on_to_one_order(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    """No confirmation of the past stands there, every button is alive, and 注文する still orders."""
    use(demo_app, "low")
    to_step3(page)
    fill_card(page)
    order(page)
    page.wait_for_url(ISSUER)
    page.go_back()
    page.wait_for_url("**/checkout/pending")
    expect(page.get_by_role("button", name="注文する")).to_have_count(0)
    page.get_by_role("button", name="この決済を中止する").click()
    page.wait_for_url("**/checkout/step3")
    expect(page.get_by_role("button", name="注文する")).to_be_enabled()
    assert "注文を送信しています" not in page.locator("main").inner_text()
    fill_card(page)
    order(page)
    page.wait_for_url(ISSUER)
    page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    page.goto("/checkout/step3")
    page.wait_for_url("**/cart")  # there is nothing to confirm any more, and no page of the past pretends there is
    expect(page.get_by_role("heading", name="ご注文は完了しています")).to_be_visible()
    page.get_by_role("link", name="ご注文の内容を見る").click()
    page.wait_for_url("**/complete")
    assert orders(demo_app) == 1
    assert [payment["status"] for payment in simulator.payments()] == ["20"]


@pytest.mark.req("S-066", "S-068")
def test_a_page_the_browser_has_kept_asks_the_shop_again(page: Page, demo_app: Flask) -> None:
    """The window is at the issuer's; STEP3 as a tab has kept it tells of the payment, and the basket is what it was."""
    use(demo_app, "low")
    to_step3(page)
    kept = page.context.new_page()
    kept.goto("/checkout/step3")
    expect(kept.get_by_role("button", name="注文する")).to_be_visible()
    fill_card(page)
    order(page)
    page.wait_for_url(ISSUER)
    kept.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    kept.wait_for_url("**/checkout/pending")
    page.go_back()
    page.goto("/cart")
    expect(page.locator("main")).to_contain_text("茎ほうじ茶")


@pytest.mark.req("S-070")
def test_what_was_refused_is_not_said_to_be_in_the_basket_on_the_way_back(page: Page, demo_app: Flask) -> None:
    page.goto(TEA)
    change(demo_app, Variant.on_hand, 0, code="T-002")
    page.get_by_role("button", name="カゴに入れる").click()
    expect(page.locator("main")).to_contain_text("売り切れました。")
    page.go_back()
    expect(page.locator("main")).to_contain_text("茎ほうじ茶")
    expect(page.locator("main")).not_to_contain_text("カゴに入れました")
    expect(page.locator(".basket-count")).to_have_count(0)


@pytest.mark.req("S-068", "S-071", "R-122")
def test_back_through_the_steps_keeps_basket_and_words_and_reckons_again(page: Page, demo_app: Flask) -> None:
    change(demo_app, Delivery.apart_prefectures, ["沖縄県"], kind="courier")
    to_step3(page, CASH_METHOD)
    expect(page.locator(".receipt")).to_contain_text("1,902円")
    page.go_back()
    page.wait_for_url("**/checkout/step2")
    page.go_back()
    page.wait_for_url("**/checkout/step1")
    expect(field(page, "お名前")).to_have_value(ADDRESS["お名前"])
    field(page, "お名前").fill("山田 次郎")
    field(page, "都道府県").select_option("沖縄県")
    onward(page, "step2")
    expect(page.locator(".basket-count")).to_contain_text("1")
    expect(page.locator(".checkout-end-total")).to_contain_text("1,302円")
    onward(page, "step3")
    expect(page.locator(".receipt")).to_contain_text("山田 次郎")
    expect(page.locator(".receipt")).to_contain_text("別途連絡")
    pressed = """() => { const button = document.querySelector("[data-place-button]"); button.click(); return button.disabled; }"""
    assert page.evaluate(pressed), "off after the first press"
    page.wait_for_url("**/complete")
    expect(page.locator(".receipt")).to_contain_text("1,302円")
    assert orders(demo_app) == 1


@pytest.mark.req("U-014", "U-022")
def test_a_coupon_applied_at_step_2_is_said_and_stays(page: Page) -> None:
    to_step1(page)
    fill_address(page)
    onward(page, "step2")
    page.get_by_text("クーポンをお持ちのかた").click()
    page.locator("#coupon").fill("arigato500")
    page.get_by_role("button", name="適用する").click()
    expect(page.locator("#coupon-hint")).to_contain_text("「ARIGATO500」を適用しています")
    expect(page.locator("#coupon")).to_be_focused()
    total = page.locator("[data-sum=total]").last.inner_text()
    page.get_by_role("button", name="戻る", exact=True).click()
    page.wait_for_url("**/step1")
    page.get_by_role("button", name="次へ").click()
    page.wait_for_url("**/step2")
    expect(page.locator("#coupon")).to_have_value("arigato500")
    expect(page.locator("[data-sum=total]").last).to_have_text(total)
    page.locator("#coupon").fill("")
    page.get_by_role("button", name="適用する").click()
    expect(page.locator("[data-sum=total]").last).not_to_have_text(total)
    expect(page.locator("#coupon")).to_be_focused()
