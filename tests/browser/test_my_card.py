"""ご登録クレジットカード管理 in a browser: the card goes to the provider alone, and 「削除」 asks first."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Watch
from tests.browser.steps import assert_comfortable, field, fill_card, path
from tests.support.members import Member, join
from tests.support.world import VISA, Simulator

MINE = "/mypage/cards/1"


@pytest.mark.req("R-143", "R-144", "U-029")
def test_a_member_registers_a_card_and_removes_it_in_two_taps(
    window: Callable[..., Page], demo_app: Flask, simulator: Simulator, watch: Watch
) -> None:
    page = window(viewport=PHONE)
    _log_in(page, demo_app)
    page.get_by_role("button", name="設定").click()
    expect(page.get_by_text("ご登録のクレジットカードはありません。")).to_be_visible()
    page.get_by_role("button", name="登録").click()
    page.wait_for_url(f"**{MINE}/form*")  # its button has the same name
    page.get_by_role("button", name="登録").click()
    expect(field(page, "カード番号")).to_be_focused()  # nothing typed: told there, and nobody asked
    assert simulator.ledger()["telegrams"] == {}
    assert_comfortable(page)
    fill_card(page)
    page.get_by_role("button", name="登録").click()
    expect(page.get_by_text("カード登録が完了しました")).to_be_visible()
    expect(page.get_by_text("Visa 下4桁 *****1111")).to_be_visible()
    assert path(page) == MINE
    assert_comfortable(page)
    assert VISA not in watch.bodies().replace(" ", "")

    page.get_by_role("button", name="削除").click()
    asked = page.get_by_role("dialog", name="カードを削除します。よろしいですか?")
    expect(asked).to_be_visible()
    asked.get_by_role("button", name="キャンセル").click()
    expect(asked).to_be_hidden()
    assert path(page) == MINE
    page.keyboard.press("Enter")  # the focus is back on 「削除」
    asked.get_by_role("button", name="OK").click()
    expect(page.get_by_text("ご登録のクレジットカードはありません。")).to_be_visible()
    assert [bool(each["deleted_at"]) for each in simulator.ledger()["stored_cards"]] == [True]


@pytest.mark.req("R-144")
def test_without_script_the_question_is_a_page(window: Callable[..., Page], demo_app: Flask, simulator: Simulator) -> None:
    page = window(viewport=PHONE)
    _log_in(page, demo_app)
    page.goto(f"{MINE}/form")
    fill_card(page)
    page.get_by_role("button", name="登録").click()
    expect(page.get_by_text("カード登録が完了しました")).to_be_visible()
    plain = window(java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto(MINE)
    plain.get_by_role("button", name="削除").click()
    expect(plain.get_by_text("カードを削除します。よろしいですか?")).to_be_visible()
    assert path(plain) == f"{MINE}/remove"
    plain.get_by_role("button", name="OK").click()
    expect(plain.get_by_text("ご登録のクレジットカードはありません。")).to_be_visible()


def _log_in(page: Page, app: Flask) -> None:
    member = join(Member(""), app)
    page.goto("/login?next=/mypage/cards")
    page.get_by_label("会員ID").fill(member.login)
    page.get_by_label("パスワード", exact=True).fill(member.password)
    page.get_by_role("button", name="ログイン").click()
    page.wait_for_url("**/mypage/cards")
