"""The one step more while the shop is on its guard: on a phone, by its labels, from the mail to the order."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.core.runtime import now
from shop.payments.guard_models import CardGuard
from tests.browser.conftest import PHONE
from tests.browser.steps import assert_accessible, assert_fits, dialog, field, open_confirmation
from tests.support.shop import mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import change, orders


@pytest.mark.req("P-22", "T-085")
def test_a_buyer_proves_the_mail_address(window: Callable[..., Page], demo_app: Flask, simulator: Simulator) -> None:
    with demo_app.app_context():
        since = now()
    change(demo_app, CardGuard.stage, "step_up")
    change(demo_app, CardGuard.stage_since, since)
    page = window(viewport=PHONE)
    open_confirmation(page)
    dialog(page).get_by_role("button", name="注文する").click()
    page.wait_for_url("**/checkout/verify")
    assert_accessible(page)
    assert_fits(page)
    field(page, "メールでお送りした番号").fill("1")
    page.get_by_role("button", name="確認して注文する").click()
    expect(page.locator("#mail_code-error")).to_contain_text("番号が違います。")
    expect(field(page, "メールでお送りした番号")).to_be_focused()
    assert_accessible(page)
    run_jobs(demo_app, "outbox")
    found = re.search(r"^\d{6}", mails(demo_app)[-1].get_content(), re.MULTILINE)
    assert found
    field(page, "メールでお送りした番号").fill(found[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/complete")
    assert (orders(demo_app), len(simulator.payments())) == (1, 1)
