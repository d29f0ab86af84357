"""受注明細 in a real browser: an order edited and filed with the keyboard, its mistakes beside their fields."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.payments.models import Payment
from tests.browser.conftest import PHONE
from tests.browser.steps import assert_accessible, assert_fits, log_in, open_confirmation, path, place
from tests.support.shop import OWNER, OWNER_PASSWORD
from tests.support.world import Simulator
from tests.web.counter import change


@pytest.fixture
def number(page: Page) -> str:
    """A card order; staff are logged in."""
    open_confirmation(page)
    made = place(page)
    log_in(page, OWNER, OWNER_PASSWORD)
    return made


@pytest.mark.req("R-173", "R-188")
def test_edit_update_capture_by_keyboard(page: Page, number: str) -> None:
    page.goto(f"/admin/orders/{number}/edit")
    shipping = page.get_by_label("送料 金額")
    shipping.fill("７００")
    shipping.press("Enter")
    expect(page.get_by_text("変更しました。")).to_be_visible()
    expect(page.get_by_label("送料 金額")).to_have_value("700")
    page.get_by_role("link", name="戻る").press("Enter")
    page.get_by_text("確認画面の控え").click()
    agreed = page.frame_locator(".confirmed iframe")
    expect(agreed.get_by_text("撤回・解除")).to_be_visible()
    expect(agreed.locator(".receipt-sums")).to_contain_text("1,572円")  # the sum of before
    assert_accessible(page)
    for step, box in (("取引更新", "yellow-1"), ("売上確定", "yellow-2")):
        page.get_by_role("button", name=step, exact=True).press("Enter")
        expect(page.locator("[data-first-focus]")).to_be_focused()  # or the script takes the key to 「戻る」
        page.get_by_role("button", name=f"{step}を実行する").press("Enter")
        expect(page.locator("[data-box]")).to_have_attribute("data-box", box)
    page.get_by_role("link", name="受注完了一覧へ移動").press("Enter")
    expect(page.locator("[data-first-focus]")).to_be_focused()
    page.get_by_role("button", name="受注完了一覧へ移動").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("受注完了明細")


@pytest.mark.req("R-067")
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_mistakes_and_warnings_of_the_editor(
    phone: bool, number: str, page: Page, demo_app: Flask, window: Callable[..., Page]
) -> None:
    if phone:
        page = window(viewport=PHONE)
        log_in(page, OWNER, OWNER_PASSWORD)
    page.goto(f"/admin/orders/{number}/edit")
    page.get_by_label("送料 金額").fill("七百円")
    page.get_by_role("button", name="送料を変更").click()
    expect(page.get_by_label("送料 金額")).to_have_value("七百円")
    expect(page.get_by_text("0から99999999までの数字で入力してください。")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    change(demo_app, Payment.three_ds, True)
    page.get_by_label("送料 金額").fill("700")
    page.get_by_label("送料 金額").press("Enter")
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("3Dセキュアの保護がなくなります")
    assert_accessible(page)
    assert_fits(page)
    warning.get_by_role("button", name="承知のうえで変更する").press("Enter")
    expect(page.get_by_text("変更しました。")).to_be_visible()
    assert path(page) == f"/admin/orders/{number}/edit"


@pytest.mark.req("U-086", "U-072")
def test_from_the_list_to_the_captured_payment_by_keyboard_alone(page: Page, number: str, simulator: Simulator) -> None:
    keys = page.keyboard
    page.goto("/admin/orders")
    keys.press("?")
    help_ = page.get_by_role("dialog", name="キー操作")
    expect(help_).to_contain_text("受注を検索する")
    assert_accessible(page)
    keys.press("Escape")
    expect(help_).to_be_hidden()
    keys.press("/")
    expect(page.get_by_label("外部決済注文番号")).to_be_focused()
    keys.type("j?")  # while typing they are letters
    expect(page.get_by_label("外部決済注文番号")).to_have_value("j?")
    page.goto("/admin/orders")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/{number}")
    press_by_keyboard(page, "次は：売上確定")
    page.wait_for_url("**/payment/capture")
    keys.press("Enter")  # the hurried second one goes back
    page.wait_for_url(f"**/{number}")
    assert [payment["status"] for payment in simulator.payments()] == ["20"]
    press_by_keyboard(page, "売上確定")
    page.wait_for_url("**/payment/capture?")
    press_by_keyboard(page, "売上確定を実行する")
    expect(page.locator("[data-box=yellow-2]")).to_be_visible()
    assert [payment["status"] for payment in simulator.payments()] == ["40"]


def press_by_keyboard(page: Page, words: str) -> None:
    """Tab to what says exactly this and press Enter; it is in sight and not under the bar that stays."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent.trim()") == words:
            assert page.evaluate(
                """() => { const it = document.activeElement, box = it.getBoundingClientRect();
                   return it.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"""
            ), f"{words} is hidden while it has the focus"
            return page.keyboard.press("Enter")
    raise AssertionError(f"Tab never reaches {words}")
