"""Pages of the account in a browser: by keyboard, readable while a password is typed, on a phone, without a barrier."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.steps import TEA, assert_accessible, assert_fits, assert_thumbs, field, into_basket, path
from tests.support.members import PASSWORD, Member, join


@pytest.fixture
def hanako(demo_app: Flask) -> Member:
    return join(Member(""), demo_app)


@pytest.mark.req("U-060", "U-045", "U-073")
def test_a_member_gets_in_and_around_on_a_phone(window: Callable[..., Page], hanako: Member) -> None:
    page = window(viewport=PHONE)
    into_basket(page, TEA)
    for address in ("/register", "/password/forgotten", "/login?next=/mypage/password"):
        page.goto(address)
        assert_fits(page)
        assert_accessible(page)
    name, password = field(page, "会員IDまたはメールアドレス"), field(page, "パスワード")
    name.focus()
    page.keyboard.type("hanako")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    expect(password).to_have_attribute("type", "password")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # パスワードを表示
    expect(password).to_have_attribute("type", "text")
    expect(password).to_have_value(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/mypage/password")
    name_box, basket_box = (page.locator(each).bounding_box() for each in (".site-name", ".basket"))
    assert name_box
    assert basket_box
    assert basket_box["y"] < name_box["y"] + name_box["height"], "the head is one row"
    for address in ("/mypage/password", "/mypage/login-id", "/mypage/email", "/mypage/leave"):
        page.goto(address)
        page.locator("form.account-form button.button").click()
        page.locator("#error-summary").wait_for()
        assert path(page) == address
        assert_fits(page)
        assert_accessible(page)
    for address in ("", "/profile", "/addresses", "/addresses/new", "/orders", "/history", "/cards"):
        page.goto(f"/mypage{address}")
        assert_fits(page)
        assert_thumbs(page)
        assert_accessible(page)
