"""Pages of the account in a browser: by keyboard, readable while a password is typed, on a phone, without a barrier."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.steps import TEA, assert_comfortable, field, into_basket, path
from tests.support.buying import CASH, buy
from tests.support.members import PASSWORD, Member, join
from tests.support.servers import LiveServer
from tests.support.shop import mails, run_jobs
from tests.web.counter import TEA as TEA_CODE
from tests.web.counter import number_of
from tests.web.test_order_lookup import LINK


@pytest.fixture
def hanako(demo_app: Flask) -> Member:
    return join(Member(""), demo_app)


@pytest.mark.req("U-060", "U-045", "U-073")
def test_a_member_gets_in_and_around_on_a_phone(window: Callable[..., Page], hanako: Member) -> None:
    page = window(viewport=PHONE)
    into_basket(page, TEA)
    for address in ("/register", "/password/forgotten", "/orders/lookup", "/login?next=/mypage/password"):
        page.goto(address)
        page.locator("form.account-form button.button").click()
        expect(page.locator("#error-summary")).to_be_focused()
        assert_comfortable(page)
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
        expect(page.locator("#error-summary")).to_be_focused()
        assert path(page) == address
        assert_comfortable(page)
    for address in ("/profile", "/subscriptions"):
        page.goto(f"/mypage{address}")
        page.get_by_role("link", name="マイページTOP").click()
        page.wait_for_url("**/mypage")


@pytest.mark.req("U-012", "U-045", "U-064")
def test_an_order_is_looked_up_and_read_on_a_phone(
    window: Callable[..., Page], live_server: LiveServer, hanako: Member, demo_app: Flask
) -> None:
    member = Member(live_server.url)
    member.log_in()
    buy(member.shop_url, TEA_CODE, method=CASH, buyer=member)
    number = number_of(buy(member.shop_url, TEA_CODE, method=CASH, email="taro@example.jp"))
    page = window(viewport=PHONE)
    page.goto("/orders/lookup")
    page.get_by_role("button", name="確認のメールを送る").click()
    summary, email = page.locator("#error-summary"), field(page, "メールアドレス")
    expect(summary.get_by_role("link")).to_have_count(2)
    page.wait_for_load_state()  # and with it the scripts that judge what is left
    field(page, "注文番号").fill(number)
    email.fill("taro@gmial.com")
    email.blur()
    expect(page.locator("#email-advice")).to_contain_text("taro@gmail.com")  # a slip is asked about here, too
    expect(summary).to_be_hidden()  # all is right by now
    assert_comfortable(page)
    email.fill("taro@example.jp")
    page.get_by_role("button", name="確認のメールを送る").click()
    page.get_by_text("合っていれば").wait_for()
    run_jobs(demo_app, "outbox")
    (link,) = (found[1] for mail in mails(demo_app) if (found := LINK.search(str(mail.get_content()))))
    page.goto(link)
    expect(page.locator(".order-number")).to_contain_text(number)
    assert_comfortable(page)
    page.context.add_cookies([{"name": each.name, "value": each.value or "", "url": member.shop_url} for each in member.session.cookies])
    page.goto("/mypage/orders")
    page.locator(".order-row").click()
    expect(page.get_by_role("button", name="もう一度注文する")).to_be_visible()
    assert_comfortable(page)
    page.get_by_role("link", name="キャンセルを依頼する").click()
    field(page, "理由").fill("色を間違えました")
    assert_comfortable(page)
    page.get_by_role("button", name="キャンセルを依頼する").click()
    expect(page.get_by_role("status").filter(has_text="ご依頼を受け付けました")).to_be_visible()
    assert_comfortable(page)
