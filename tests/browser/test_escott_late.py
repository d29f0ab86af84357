"""The token script of ソニーペイメントサービス knows one callback for all calls: whichever answer comes late, no token of another card is
ordered with, and a script that says nothing leaves nobody waiting for ever."""

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page, expect

from providers.escott import PROVIDER
from tests.browser.conftest import Watch
from tests.browser.steps import (
    CARD_METHOD,
    choose,
    fill_address,
    fill_card,
    into_basket,
    press_confirm,
)
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.world import Simulator

VISA, JCB = "4111111111111111", "3580000000001000"
SHOWN = {VISA: "4111********1111", JCB: "3580********1000"}

#: Stand-ins for the provider's script, by when they read the name of the callback from their tag; the test answers for them.
NAMED = "document.querySelector('script.spsvToken').getAttribute('callBackFunc')"
READS = {
    "at load": f"const named = {NAMED}; const reader = () => () => named;",
    "at the call": f"const reader = () => {{ const named = {NAMED}; return () => named; }};",
    "at the answer": f"const reader = () => () => {NAMED};",
}
ANSWERS = """window.answers = [];
window.SpsvApi = {spsvCreateToken() {
  const named = reader();
  answers.push((token, card) => window[named()](token, card));
}};"""
SILENT = "window.SpsvApi = {spsvCreateToken() { alert('カード番号を正しく入力してください。'); }};"

#: ``results[n]`` is what the nth call came to, once it did.
CALL = """async numbers => {
  const {moduleUrl, public: known} = document.querySelector("[data-module-url]:not([data-module-url=''])").dataset;
  const {createToken} = await import(moduleUrl);
  window.results = [];
  window.call = async number => {
    const at = results.push(null) - 1;
    results[at] = await createToken(JSON.parse(known), {number, expiryYear: "40", expiryMonth: "12", code: "123"});
  };
  for (const number of numbers) {
    const asked = answers?.length ?? 0;
    void call(number);
    while (answers.length === asked) await new Promise(done => setTimeout(done));
  }
}"""
NO_TOKEN = {"ok": False, "code": "no_token"}


@pytest.fixture(autouse=True)
def product(demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(PROVIDER, demo_app, simulator, live_server.url)
    made.install()
    return made


def instead(page: Page, script: str) -> None:
    """Let this be the provider's script."""
    page.route("**/CdGetJavaScript.do*", lambda route: route.fulfill(content_type="text/javascript", body=script))


def asked(page: Page, reads: str, *numbers: str) -> None:
    """Tokens asked for, one call right after the other."""
    instead(page, f"(() => {{ {READS[reads]} {ANSWERS} }})();")
    into_basket(page)
    page.evaluate("window.answers = []")
    page.evaluate(CALL, list(numbers))


def answer(page: Page, call: int, token: str, shown: str) -> list[object]:
    """The script answers that call; what all calls came to."""
    page.evaluate("([call, token, shown]) => answers[call](token, shown)", [call, token, shown])
    return list(page.evaluate("new Promise(done => setTimeout(() => done(results)))"))


every_reading = pytest.mark.parametrize("reads", READS)


def made(token: str, number: str) -> dict[str, object]:
    return {"ok": True, "token": token, "masked": SHOWN[number]}


@every_reading
def test_a_late_answer_does_not_pay_with_the_card_before(page: Page, watch: Watch, reads: str) -> None:
    asked(page, reads, VISA, JCB)
    assert answer(page, 0, "tokVISA", SHOWN[VISA]) == [NO_TOKEN, None]
    assert answer(page, 1, "tokJCB", SHOWN[JCB]) == [NO_TOKEN, made("tokJCB", JCB)]


@every_reading
def test_an_answer_about_another_card_is_no_token(page: Page, watch: Watch, reads: str) -> None:
    """Nothing else was asked for: it is wrong, whatever it is."""
    asked(page, reads, JCB)
    assert answer(page, 0, "tokVISA", SHOWN[VISA]) == [NO_TOKEN]


@pytest.mark.parametrize(
    ("shown", "taken"),
    [
        ("4111********1111", True), ("************1111", True), ("4111-****-****-1111", True), ("****", True), ("", True),
        (VISA, True), ("4111********1112", False), ("************1000", False), ("4112********1111", False), (JCB, False),
    ],
)  # fmt: skip
def test_what_a_mask_leaves_readable_decides(page: Page, watch: Watch, shown: str, taken: bool) -> None:
    asked(page, "at load", VISA)
    assert answer(page, 0, "tok", shown) == [{"ok": True, "token": "tok", "masked": shown} if taken else NO_TOKEN]


def test_a_late_answer_about_the_same_card_is_the_old_calls(page: Page, watch: Watch) -> None:
    """Where the script tells its calls apart at all: the first one may have had a wrong date or code."""
    asked(page, "at the call", VISA, VISA)
    assert answer(page, 0, "tokOLD", SHOWN[VISA]) == [NO_TOKEN, None]
    assert answer(page, 1, "tokNEW", SHOWN[VISA]) == [NO_TOKEN, made("tokNEW", VISA)]


@every_reading
def test_an_answer_after_all_is_over_is_heard_by_nobody(page: Page, watch: Watch, reads: str) -> None:
    asked(page, reads, VISA)
    assert answer(page, 0, "", "") == [NO_TOKEN]
    assert answer(page, 0, "tokVISA", SHOWN[VISA]) == [NO_TOKEN]


def test_a_script_that_shows_a_message_and_never_calls_back(page: Page, watch: Watch) -> None:
    """The line is not broken, so nobody is told that it is; and the button comes back to life."""
    said: list[str] = []

    def read(message: Dialog) -> None:
        said.append(message.message)
        message.accept()

    page.on("dialog", read)
    instead(page, SILENT)
    page.clock.install()
    into_basket(page)
    fill_address(page)
    choose(page, CARD_METHOD)
    fill_card(page)
    with page.expect_event("dialog"):
        press_confirm(page)
    page.clock.fast_forward(20_000)
    problem = page.locator("[data-card-error]:visible")
    expect(problem).to_contain_text("カード情報を受け付けられませんでした。")
    assert "つながりませんでした" not in problem.inner_text()
    assert said == ["カード番号を正しく入力してください。"]
    expect(page.get_by_role("button", name="注文確認する")).to_be_enabled()
