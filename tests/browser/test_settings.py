"""The settings form with script: what does not count is out of sight, and the whole way works by keyboard."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.steps import assert_accessible, log_in, path
from tests.support.shop import OWNER, OWNER_PASSWORD

FORM = "/admin/settings/payment-methods/1"


@pytest.fixture
def form(page: Page) -> Page:
    log_in(page, OWNER, OWNER_PASSWORD)
    page.goto(FORM)
    return page


def test_fields_follow_the_choice_they_depend_on(form: Page) -> None:
    bonus, note = form.get_by_label("ボーナス一括払いを含める"), form.get_by_label("⑦ 支払回数欄の注意書き")
    name = form.get_by_label("⑨ 加盟店名(英字)")
    expect(bonus).to_be_visible()
    expect(name).to_be_hidden()
    form.get_by_role("radio", name="一括のみ").check()
    form.get_by_role("radio", name="利用する").check()
    for gone in (bonus, note):
        expect(gone).to_be_hidden()
    expect(name).to_be_visible()
    form.get_by_role("button", name="確認画面へ").click()
    form.get_by_role("button", name="戻って修正する").click()
    expect(form.get_by_role("radio", name="一括のみ")).to_be_checked()
    expect(bonus).to_be_hidden()


def test_the_way_through_test_and_confirmation_by_keyboard(form: Page, demo_app: Flask) -> None:
    form.get_by_label("① マーチャントID").fill("999999")
    form.get_by_role("button", name="接続テスト").focus()
    form.keyboard.press("Enter")
    expect(form.get_by_text("エラーコード: P002")).to_be_visible()
    assert_accessible(form)
    merchant = form.get_by_label("① マーチャントID")
    expect(merchant).to_have_value("999999")
    merchant.fill("")
    merchant.press("Enter")
    expect(form.locator("#error-summary")).to_be_focused()
    assert_accessible(form)
    merchant.fill("100001")
    merchant.press("Enter")
    expect(form.get_by_role("heading", name="確認画面")).to_be_visible()
    assert_accessible(form)
    form.get_by_role("button", name="設定する").press("Enter")
    expect(form.get_by_text("支払方法を設定しました。")).to_be_visible()
    assert path(form) == "/admin/settings/payment-methods"
