"""本人認証 in a real browser: the shop, the sandboxed page in between, the issuer on another site, and back."""

import json

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.payments.models import PaymentMethod
from tests.browser.conftest import DESKTOP, PHONE, Watch
from tests.browser.steps import assert_accessible, assert_fits, dialog, open_confirmation, path
from tests.support.issuer import FRICTIONLESS, REFUSED
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import change, orders

ISSUER = "**/paygent/3ds/**"


@pytest.fixture(autouse=True)
def secured(demo_app: Flask) -> None:
    change(demo_app, PaymentMethod.options, json.dumps({"use_3ds": "1", "attempt_control": "low"}), kind="card")


def press_order(page: Page, **card: str) -> None:
    open_confirmation(page, **card)
    dialog(page).get_by_role("button", name="注文する").click()


def to_the_issuer(page: Page) -> None:
    press_order(page)
    page.wait_for_url(ISSUER)


def charges(simulator: Simulator) -> list[str]:
    return [payment["status"] for payment in simulator.payments()]


@pytest.mark.req("R-113", "R-291", "P-12")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360px", "1280px"])
def test_over_the_issuers_page_and_back(
    page: Page, watch: Watch, demo_app: Flask, simulator: Simulator, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    to_the_issuer(page)
    assert page.url.startswith(simulator.url)
    page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    assert charges(simulator) == ["20"]
    assert "/pay/" not in page.url
    for _ in range(3):
        page.go_back()
        page.goto("/checkout/zero")
    page.reload()
    assert orders(demo_app) == 1
    assert charges(simulator) == ["20"]


@pytest.mark.req("R-113")
def test_a_card_that_is_not_challenged_shows_no_issuer(page: Page, watch: Watch, simulator: Simulator) -> None:
    press_order(page, カード番号=FRICTIONLESS)
    page.wait_for_url("**/complete")
    assert charges(simulator) == ["20"]


@pytest.mark.req("R-114")
def test_a_failed_authentication_keeps_what_was_typed(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    press_order(page, カード番号=REFUSED)
    expect(page.locator("#refusal")).to_contain_text("請求はされていません")
    expect(page.locator("#refusal")).to_contain_text("31007")
    expect(page.get_by_label("お名前", exact=True).locator("visible=true")).to_have_value("山田 太郎")
    assert (orders(demo_app), charges(simulator)) == (0, [])


@pytest.mark.req("R-162", "R-163", "P-12")
def test_another_tab_waits_and_follows(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    to_the_issuer(page)
    tab = page.context.new_page()
    tab.goto("/checkout/zero")
    assert path(tab) == "/checkout/pending"
    for size in (PHONE, DESKTOP):
        tab.set_viewport_size(size)  # type: ignore[arg-type]
        assert_fits(tab)
    assert_accessible(tab)
    expect(tab.get_by_role("link", name="本人認証を続ける")).to_be_visible()
    page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    tab.wait_for_url("**/complete", timeout=15_000)
    assert (orders(demo_app), charges(simulator)) == (1, ["20"])


@pytest.mark.req("R-163", "S-041")
def test_giving_up_at_the_issuer_and_paying_anew(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    to_the_issuer(page)
    page.get_by_role("button", name="途中でやめる").click()
    page.goto("/checkout/zero")
    page.get_by_role("button", name="この決済を中止する").click()
    expect(page.locator("#refusal")).to_contain_text("お支払いを中止しました。カゴの中身はそのまま残っています。")
    assert_accessible(page)
    run_jobs(demo_app)
    assert (orders(demo_app), charges(simulator)) == (0, [])
