"""本人認証 in a real browser: the shop, the sandboxed page in between, the issuer on another site, and back."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.payments.models import PaymentMethod
from tests.browser.conftest import DESKTOP, PHONE, Watch
from tests.browser.steps import assert_accessible, assert_fits, dialog, open_confirmation, path
from tests.support.issuer import ATTEMPTED, FRICTIONLESS, REFUSED, UNCERTAIN
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import change, orders

ISSUER = "**/paygent/3ds/**"


def use(app: Flask, control: str) -> None:
    change(app, PaymentMethod.options, json.dumps({"use_3ds": "1", "attempt_control": control}), kind="card")


@pytest.fixture(autouse=True)
def secured(demo_app: Flask) -> None:
    use(demo_app, "low")


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
    tab.get_by_role("button", name="決済状況を確認する").click()
    expect(tab.get_by_role("alert")).to_contain_text("本人認証（3Dセキュア）がまだ終わっていません。")
    page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    tab.wait_for_url("**/complete", timeout=15_000)
    assert (orders(demo_app), charges(simulator)) == (1, ["20"])


@pytest.mark.req("R-163")
def test_the_buyer_has_the_provider_asked_and_is_led_on(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    to_the_issuer(page)
    simulator.fault("reset", "020", "after")
    page.get_by_role("button", name="認証する").click()
    ask = page.get_by_role("button", name="決済状況を確認する")
    expect(ask).to_be_visible()
    assert (orders(demo_app), charges(simulator)) == (0, ["20"])
    ask.click()
    page.wait_for_url("**/complete")
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


@pytest.mark.req("R-051", "R-114")
def test_an_attempt_goes_as_far_as_the_shop_lets_it(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    """Attempt 正常 and 注意 under the three levels of Attemptオーソリ制御区分."""
    through = 0
    for control, card, allowed in (
        ("low", ATTEMPTED, True), ("low", UNCERTAIN, True), ("middle", ATTEMPTED, True),
        ("middle", UNCERTAIN, False), ("high", ATTEMPTED, False), ("high", UNCERTAIN, False),
    ):  # fmt: skip
        use(demo_app, control)
        page.context.clear_cookies()
        press_order(page, カード番号=card)
        if allowed:
            page.wait_for_url("**/complete")
            through += 1
        else:
            expect(page.locator("#refusal")).to_contain_text("請求はされていません")
        assert (orders(demo_app), charges(simulator)) == (through, ["20"] * through), (control, card)


@pytest.mark.req("P-12", "S-020", "S-027")
def test_the_way_back_taken_twice_and_by_a_browser_without_cookies(
    page: Page, window: Callable[..., Page], watch: Watch, demo_app: Flask, simulator: Simulator
) -> None:
    to_the_issuer(page)
    page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    back = next(request.url for request in watch.requests if "/pay/r/" in request.url)
    page.goto(back)
    assert path(page).endswith("/complete")
    stranger = window()
    stranger.goto(back)
    expect(stranger.get_by_role("status")).to_contain_text("ご注文は成立しました。")
    assert "山田" not in stranger.content()
    assert_accessible(stranger)
    assert (orders(demo_app), charges(simulator)) == (1, ["20"])


@pytest.mark.req("S-021", "R-164")
def test_only_the_time_out_notice_comes(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    """The buyer's window stays at the issuer's; another one, on S10, is led on when the provider says the time is over."""
    to_the_issuer(page)
    tab = page.context.new_page()
    tab.goto("/checkout/zero")
    assert path(tab) == "/checkout/pending"
    simulator.control("paygent/timeouts", copies=2)
    expect(tab.locator("#refusal")).to_contain_text("請求はされていません", timeout=15_000)
    expect(tab.locator("#refusal")).to_contain_text("31013")
    assert (orders(demo_app), charges(simulator)) == (0, [])
