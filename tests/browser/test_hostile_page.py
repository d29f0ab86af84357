"""Our scripts on a page that somebody else got to write into: they neither break nor send anything elsewhere."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.steps import (
    CARD_METHOD,
    choose,
    dialog,
    fill_address,
    fill_card,
    into_basket,
    place,
    press_confirm,
)
from tests.web.counter import orders

#: Elements whose names would stand in for what a script reads from ``document``, ``window`` or the form.
CLOBBER = """() => {
  const form = document.getElementById("checkout");
  for (const name of ["action", "submit", "method", "elements", "token"]) {
    const input = document.createElement("input");
    input.type = "hidden"; input.name = name; input.value = "https://elsewhere.example/";
    form.prepend(input);
  }
  for (const id of ["confirm", "confirm-title", "cards", "PaygentToken", "words", "location"]) {
    const link = document.createElement("a");
    link.id = id; link.name = id; link.href = "https://elsewhere.example/";
    document.body.append(link);
  }
}"""
REFUSE_WITH = """window.PaygentToken = class {
  createToken(merchant, key, card, done) { done({result: %s}); }
};"""


@pytest.mark.req("T-098")
def test_elements_with_clever_names_change_nothing(page: Page, watch: Watch, demo_app: Flask) -> None:
    into_basket(page)
    fill_address(page)
    choose(page, CARD_METHOD)
    fill_card(page)
    page.evaluate(CLOBBER)
    press_confirm(page)
    expect(dialog(page)).to_be_visible()
    place(page)
    assert orders(demo_app) == 1
    assert not watch.to("https://elsewhere.example")


@pytest.mark.req("T-098")
@pytest.mark.parametrize("code", ["constructor", "__proto__", "toString", "hasOwnProperty"])
def test_a_code_that_is_a_name_of_the_language_is_an_unknown_code(page: Page, demo_app: Flask, code: str) -> None:
    page.route("**/js/*oken*.js*", lambda route: route.fulfill(content_type="text/javascript", body=REFUSE_WITH % repr(code)))
    into_basket(page)
    fill_address(page)
    choose(page, CARD_METHOD)
    fill_card(page)
    told = page.locator("[data-keep=card]:enabled").get_attribute("data-default-message")
    press_confirm(page)
    problem = page.locator("[data-card-error]:visible")
    expect(problem).to_be_visible()
    assert problem.inner_text().strip() == told


@pytest.mark.req("T-098")
def test_nothing_listens_to_messages_and_no_address_reaches_a_prototype(page: Page) -> None:
    page.add_init_script(
        """window.heard = [];
        const add = EventTarget.prototype.addEventListener;
        EventTarget.prototype.addEventListener = function (kind, ...rest) {
          if (kind === "message") window.heard.push(String(this));
          return add.call(this, kind, ...rest);
        };"""
    )
    into_basket(page)
    page.goto("/checkout/zero?__proto__[ok]=1&constructor[prototype][ok]=1#__proto__[ok]=1")
    fill_address(page)
    choose(page, CARD_METHOD)
    fill_card(page)
    page.evaluate("() => postMessage({result: '0000', token: 'stolen', ok: true}, '*')")
    press_confirm(page)
    expect(dialog(page)).to_be_visible()
    assert page.evaluate("() => [window.heard, window.onmessage, {}.ok]") == [[], None, None]
    assert page.locator("[name=card_token]").input_value() != "stolen"
