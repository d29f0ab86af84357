"""What a buyer does, in the buyer's words: by label and button, as on the page."""

import re
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

GOOD_CARD = "4111 1111 1111 1111"
TEA = "/products/T-002"
ADDRESS = {
    "お名前": "山田 太郎", "フリガナ": "やまだ たろう", "メールアドレス": "taro@example.jp", "電話番号": "090-1234-5678",
    "郵便番号": "１２３－４５６７", "市区町村・番地": "千代田区千代田1-1",
}  # fmt: skip
CARD = {"カード番号": GOOD_CARD, "カード名義人": "TARO YAMADA", "カード有効期限": "12/40", "セキュリティコード": "7319"}
CARD_METHOD, CASH_METHOD = "クレジットカード決済(トークン方式)", "代金引換"


def path(page: Page) -> str:
    return urlsplit(page.url).path


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True).locator("visible=true")


def into_basket(page: Page, product: str = TEA) -> None:
    page.goto(product)
    page.get_by_role("button", name="カゴに入れる").click()
    page.wait_for_url("**/checkout/zero")


def fill_address(page: Page) -> None:
    for label, value in ADDRESS.items():
        field(page, label).fill(value)
    field(page, "都道府県").select_option("東京都")


def choose(page: Page, method: str) -> None:
    page.get_by_role("radio", name=re.compile(f"^{re.escape(method)}")).check()


def fill_card(page: Page, **changed: str) -> None:
    for label, value in (CARD | changed).items():
        field(page, label).fill(value)


def press_confirm(page: Page) -> None:
    page.get_by_role("button", name="注文確認する").click()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def open_confirmation(page: Page, method: str = CARD_METHOD, **card: str) -> Locator:
    """From the product to the open confirmation."""
    into_basket(page)
    fill_address(page)
    choose(page, method)
    if method == CARD_METHOD:
        fill_card(page, **card)
    press_confirm(page)
    expect(dialog(page)).to_be_visible()
    return dialog(page)


def place(page: Page) -> str:
    """Press 注文する and come to the end; the order's number."""
    dialog(page).get_by_role("button", name="注文する").click()
    page.wait_for_url("**/complete")
    return str(page.locator(".order-number strong").inner_text())


#: What a thumb has to hit and is lower than 44 px, or narrower. As in WCAG 2.5.8 not links in a sentence, which are as high as its
#: line; nor the one link that is out of sight until a keyboard asks for it.
_SMALL_TARGETS = """() => [...document.querySelectorAll("a[href]:not(.skip-link), button, .control, .choice, summary")].filter(each => {
  const box = each.getBoundingClientRect();
  const inSentence = getComputedStyle(each).display === "inline" && [...each.parentNode.childNodes].some(beside => beside.nodeType === Node.TEXT_NODE && beside.data.trim());
  return each.checkVisibility() && !each.closest(".visually-hidden") && !inSentence && box.height > 0 && (box.height < 43.5 || box.width < 43.5);
}).map(each => `${each.className} ${each.textContent.trim().slice(0, 20)} ${Math.round(each.getBoundingClientRect().width)} × ${Math.round(each.getBoundingClientRect().height)}`)"""


def assert_thumbs(page: Page) -> None:
    """Everything to press is 44 px high and wide (U-045)."""
    small = page.evaluate(_SMALL_TARGETS)
    assert not small, small


def assert_comfortable(page: Page) -> None:
    """On this phone: it fits, thumbs hit it, and axe finds nothing – once its styles are there."""
    page.wait_for_load_state()
    assert_fits(page)
    assert_thumbs(page)
    assert_accessible(page)


#: What is wrong with where the focus is: out of the window or under something, it or its error; a mark on what it has been at.
_COVERED = """() => {
  const focused = document.activeElement, errors = (focused.getAttribute("aria-describedby") || "").split(" ");
  const parts = [focused, ...errors.map(id => document.getElementById(id)).filter(each => each?.matches(".field-error") && each.checkVisibility())];
  focused.dataset.walked = "";
  return parts.flatMap(part => {
    const {left, right, top, bottom} = part.getBoundingClientRect();
    const points = [[(left + right) / 2, (top + bottom) / 2], [left + 3, top + 3], [right - 3, top + 3], [left + 3, bottom - 3], [right - 3, bottom - 3]];
    const over = points.map(point => document.elementFromPoint(...point)).find(each => !each?.contains(part) && !part.contains(each));
    return over === undefined ? [] : [`${part.id || part.name} at ${Math.round(top)}-${Math.round(bottom)} under ${over?.className ?? "the edge"}`];
  });
}"""
#: Fields of the form in sight that the focus has not been at; one of a group stands for it.
_NOT_WALKED = """() => [...document.querySelectorAll("#checkout :is(input, select, textarea):not([type=hidden], [tabindex='-1'])")].filter(each =>
  each.checkVisibility() && !each.disabled && !document.querySelector(`[data-walked][name="${each.name}"]`) && !("walked" in each.dataset)
).map(each => each.id || each.name)"""


def assert_in_view_over_a_keyboard(page: Page) -> None:
    """In the 300 px a phone's keyboard leaves, each field and its error come into full view, forward and back (U-045, U-070)."""
    before = page.viewport_size
    assert before
    page.set_viewport_size({"width": before["width"], "height": 300})
    for key, start, end in (("Tab", ".skip-link", ".site-footer"), ("Shift+Tab", ".site-footer a", ".site-header")):
        page.locator(start).first.focus()
        page.evaluate("() => document.querySelectorAll('[data-walked]').forEach(each => delete each.dataset.walked)")
        covered = []
        for _ in range(80):
            page.keyboard.press(key)
            if page.evaluate("end => !!document.activeElement.closest(end)", end):
                break
            covered += page.evaluate(_COVERED)
        assert not covered, f"{page.url} {key}: {covered}"
        assert not page.evaluate(_NOT_WALKED), key
    page.set_viewport_size(before)


def log_in(page: Page, login: str, password: str) -> None:
    page.goto("/admin")
    page.get_by_label("ログインID").fill(login)
    page.get_by_label("パスワード").fill(password)
    page.get_by_role("button", name="ログイン").click()
    page.wait_for_url("**/admin")


def assert_fits(page: Page) -> None:
    """Nothing is wider than the window, once the page a press led to is there with its style sheets."""
    page.wait_for_load_state()
    wide = page.evaluate(
        """() => { const room = document.documentElement.clientWidth;
           return document.documentElement.scrollWidth <= room ? [] :
             [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > room + 1)
               .slice(0, 5).map(e => e.outerHTML.slice(0, 120)) || ["?"]; }"""
    )
    assert not wide, f"{page.url} is wider than the window: {wide}"


_AXE = Axe().axe_script
#: All rules; of what is in order axe describes one element each, and nothing of it is sent here: half a megabyte a page.
#: The one frame there is runs no script, so axe cannot look into it, and a browser without a window complains that it tries.
_AXE_OPTIONS = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"], "iframes": False}


def assert_accessible(page: Page) -> None:
    """Nothing axe finds fault with, whatever its weight, once everything has come to rest (U-073). From the top: further down a
    bar that stays lies over what is scrolled away under it, and axe takes that for small; ``assert_in_view_over_a_keyboard`` tells
    what may not be there."""
    page.wait_for_load_state()
    page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")
    page.evaluate("() => Promise.allSettled(document.getAnimations().map(each => each.finished))")
    page.evaluate(_AXE)
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", _AXE_OPTIONS)
    faults = [
        f"{finding['impact']} {finding['id']}: {node['target']} {node['html'][:150]} {node['failureSummary'][:200]}"
        for finding in found
        for node in finding["nodes"]
    ]
    assert not faults, f"{page.url}\n" + "\n".join(faults)
