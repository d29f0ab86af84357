"""With a keyboard, with a screen reader, without script, on a phone: the same shop for everyone."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Watch
from tests.browser.spoken import SPOKEN, Listener
from tests.browser.steps import (
    ADDRESS,
    CARD,
    CARD_METHOD,
    CASH_METHOD,
    TEA,
    assert_accessible,
    assert_fits,
    assert_in_view_over_a_keyboard,
    assert_thumbs,
    choose,
    dialog,
    field,
    fill_address,
    into_basket,
    log_in,
    open_confirmation,
    place,
    press_confirm,
)
from tests.support.shop import OWNER, OWNER_PASSWORD
from tests.support.world import Simulator
from tests.web.counter import orders


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()"))


def test_the_dialog_holds_the_focus_and_gives_it_back(page: Page) -> None:
    open_confirmation(page, CASH_METHOD)
    expect(page.locator("#confirm-title")).to_be_focused()
    inside = "() => document.getElementById('confirm').contains(document.activeElement)"
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(inside)
        stops.append(focused(page))
    assert "戻って修正する" in stops
    assert any(stop.startswith("注文する") for stop in stops)
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(page.get_by_role("button", name="注文確認する")).to_be_focused()
    page.wait_for_url("**/checkout/zero")


@pytest.mark.req("U-072")
def test_a_purchase_by_keyboard_alone(page: Page, demo_app: Flask) -> None:
    """From the product to 注文完了, with what a screen reader has to say at each stop: a stop that lost its name, its state or its
    error reads otherwise than in the record."""
    ear = Listener(page)
    page.goto(TEA)
    press_until(page, "カゴに入れる", ear)
    page.wait_for_url("**/checkout/zero")
    for label, value in list(ADDRESS.items())[:5]:
        tab_to(page, label, ear)
        page.keyboard.type("taro" if label == "メールアドレス" else value)
    tab_to(page, "都道府県", ear)
    for _ in range(13):  # 東京都
        page.keyboard.press("ArrowDown")
    tab_to(page, "市区町村・番地", ear)
    page.keyboard.type(ADDRESS["市区町村・番地"])
    for label, value in CARD.items():
        tab_to(page, label, ear)
        page.keyboard.type(value.replace(" ", "") if label == "カード番号" else value)
    press_until(page, "注文確認する", ear)
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    ear.hear()
    page.keyboard.press("Tab")  # to the first mistake
    ear.hear()
    page.keyboard.press("Enter")
    expect(field(page, "メールアドレス")).to_be_focused()
    ear.hear()
    page.keyboard.press("End")
    page.keyboard.type("@example.jp")
    press_until(page, "注文確認する", ear)
    expect(page.locator("#confirm-title")).to_be_focused()
    ear.hear()
    press_until(page, "注文する", ear)
    page.wait_for_url("**/complete")
    assert orders(demo_app) == 1
    assert ear.heard == SPOKEN.read_text(encoding="utf-8").splitlines()


def tab_to(page: Page, label: str, ear: Listener | None = None) -> None:
    wanted = field(page, label).get_attribute("id")
    _tab(page, f"() => document.activeElement.id === {wanted!r}", label, ear)


def press_until(page: Page, words: str, ear: Listener | None = None) -> None:
    """Tab to the button that begins with these words and press it."""
    _tab(page, f"() => document.activeElement.matches('button') && document.activeElement.textContent.trim().startsWith({words!r})", words, ear)
    page.keyboard.press("Enter")


_VISIBLE = "() => (s => s.outlineStyle !== 'none' || s.boxShadow !== 'none')(getComputedStyle(document.activeElement))"


def _tab(page: Page, there: str, what: str, ear: Listener | None) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if ear:
            ear.hear()
        if page.evaluate(there):
            assert page.evaluate(_VISIBLE), f"the focus on {what} cannot be seen"
            return
    raise AssertionError(f"Tab never reaches {what}")


def show_noscript(page: Page) -> None:
    """A browser whose scripts are off shows these; one whose scripts are held back by a test does not."""
    page.evaluate("() => document.querySelectorAll('noscript').forEach(it => { it.outerHTML = it.textContent })")


@pytest.mark.req("R-126", "U-016")
def test_without_script_cash_on_delivery_works_through_pages(
    window: Callable[..., Page], demo_app: Flask, simulator: Simulator
) -> None:
    page = window(java_script_enabled=False, viewport=PHONE)
    into_basket(page)
    show_noscript(page)
    expect(page.get_by_text("カードでのお支払いにはJavaScriptが必要です。")).to_be_visible()
    for part in CARD:
        expect(page.get_by_label(part, exact=True)).to_be_disabled()
    choose(page, CASH_METHOD)
    field(page, "郵便番号").press("Enter")
    expect(page.locator("#error-summary")).to_contain_text("お名前を入力してください。")
    field(page, "郵便番号").fill("390-0811")
    page.get_by_role("button", name="住所を検索").first.click()
    expect(field(page, "市区町村・番地")).to_have_value("松本市中央")
    expect(field(page, "市区町村・番地")).to_be_focused()
    fill_address(page)
    choose(page, CASH_METHOD)
    press_confirm(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("ご注文内容の確認")
    page.get_by_role("link", name="戻って修正する").click()
    expect(field(page, "お名前")).to_have_value("山田 太郎")
    press_confirm(page)
    page.get_by_role("button", name="注文する").click()
    page.wait_for_url("**/complete")
    assert orders(demo_app) == 1
    assert simulator.ledger()["telegrams"] == {}


@pytest.mark.req("R-126", "U-016")
def test_without_script_a_card_explains_itself(window: Callable[..., Page], demo_app: Flask) -> None:
    page = window(java_script_enabled=False)
    into_basket(page)
    fill_address(page)
    choose(page, CARD_METHOD)
    press_confirm(page)
    expect(page.get_by_text("カードでのお支払いにはJavaScriptが必要です")).to_be_visible()
    expect(page.get_by_text("注文も請求もされていません。")).to_be_visible()
    expect(page.get_by_role("button", name="注文する")).to_have_count(0)
    assert orders(demo_app) == 0


@pytest.mark.req("R-126", "U-071")
def test_every_buyer_page_fits_a_phone(window: Callable[..., Page]) -> None:
    page = window(viewport=PHONE)
    into_basket(page, "/products/N-003")  # the longest name of the demo
    for address in ("/", "/products", "/products?category=vessels", "/products/N-003", "/products/K-006", "/cart", "/checkout/zero",
                    "/legal/commerce", "/legal/privacy", "/legal/shipping", "/legal/cancellation", "/admin/login", "/?lang=en"):  # fmt: skip
        page.goto(address)
        for width in (360, 320):  # 320 px are 1,280 px at 400 %
            page.set_viewport_size({"width": width, "height": 740})
            assert_fits(page)
        if not address.startswith("/admin"):  # a desk, dense on purpose
            page.set_viewport_size({"width": 360, "height": 740})
            assert_thumbs(page)


@pytest.mark.req("U-045", "U-070")
def test_a_phone_s_keyboard_covers_no_field_of_the_one_page_checkout(window: Callable[..., Page]) -> None:
    page = window(viewport=PHONE)
    into_basket(page)
    for label, wrong in {"フリガナ": "山田", "メールアドレス": "taro@example", "電話番号": "0312"}.items():
        field(page, label).fill(wrong)  # their errors take two lines
    press_confirm(page)
    expect(page.locator("#error-summary")).to_be_focused()  # with all its mistakes
    assert_in_view_over_a_keyboard(page)


def test_an_error_page_fits_and_leads_on(window: Callable[..., Page], watch: Watch) -> None:
    page = window(viewport=PHONE)
    page.goto("/no/such/page")
    assert_fits(page)
    page.get_by_role("link", name="店の入口へ").click()
    page.wait_for_url("/")
    watch.complaints.clear()  # the 404 was asked for


@pytest.mark.req("U-070", "U-073")
def test_a_desk_wide_window_has_no_barrier(page: Page) -> None:
    """What looks another way than on a phone (``test_every_template.py``), and what a script does to it."""
    for address in ("/", TEA):
        page.goto(address)
        assert_accessible(page)
    into_basket(page)
    press_confirm(page)  # with all its mistakes
    assert_accessible(page)
    fill_address(page)
    choose(page, CASH_METHOD)
    press_confirm(page)
    expect(dialog(page)).to_be_visible()
    assert_accessible(page)
    number = place(page)
    assert_accessible(page)
    log_in(page, OWNER, OWNER_PASSWORD)
    for address in ("", "/orders", f"/orders/{number}", f"/orders/{number}/edit", "/mails", "/settings/payment-methods/1"):
        page.goto(f"/admin{address}")
        assert_accessible(page)
