"""A purchase in a real browser on every installed product: its token script, the issuer where there is one, and the way back.
This file names none of them."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from providers.installed import INSTALLED
from tests.browser.conftest import DESKTOP, PHONE, Watch
from tests.browser.steps import CARD, assert_accessible, assert_fits, dialog, fill_card, open_confirmation
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.world import Simulator

REFUSED = "4980 0000 0005 8202"


@pytest.fixture(params=INSTALLED, ids=[provider.code for provider in INSTALLED])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def order(page: Page, product: Product, **card: str) -> None:
    """Up to the last press, and through the issuer's page where it comes."""
    open_confirmation(page, **card)
    dialog(page).get_by_role("button", name="注文する").click()
    if product.sends_away:
        page.wait_for_url(f"{product.world.url}/{product.world_code}/3ds/**")
        page.get_by_role("button", name="認証する").click()


@pytest.mark.req("R-111", "R-113")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360px", "1280px"])
def test_a_card_pays(page: Page, watch: Watch, product: Product, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    order(page, product)
    page.wait_for_url("**/complete")
    assert len(product.held()) == 1
    assert_fits(page)
    sent = watch.bodies().replace("%20", " ").replace("+", " ")
    assert not [each for each in (CARD["カード番号"], CARD["カード番号"].replace(" ", "")) if each in sent]


@pytest.mark.req("R-112")
def test_a_refused_card_and_another_one(page: Page, watch: Watch, product: Product) -> None:
    order(page, product, カード番号=REFUSED)
    expect(page.locator("#refusal")).to_contain_text("請求はされていません")
    assert_accessible(page)
    assert product.held() == []
    fill_card(page)
    page.get_by_role("button", name="注文確認する").click()
    dialog(page).get_by_role("button", name="注文する").click()
    if product.sends_away:
        page.get_by_role("button", name="認証する").click()
    page.wait_for_url("**/complete")
    assert len(product.held()) == 1
