"""The card form: its numbers go to the provider and nowhere else, and mistakes are told before anyone is called."""

import json
import re
from urllib.parse import parse_qs

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from shop.core.db import write
from shop.delivery.models import Delivery, DeliveryPayment
from shop.payments.models import PaymentMethod
from tests.browser.conftest import Watch
from tests.browser.steps import (
    CARD,
    dialog,
    field,
    fill_address,
    fill_card,
    into_basket,
    open_confirmation,
    path,
    place,
    press_confirm,
)
from tests.support.world import Simulator
from tests.web.counter import everything_stored, orders

PAN, CODE, HOLDER = "4539 1488 0343 6467", "8642", "MARKED HOLDER"


@pytest.mark.req("R-111", "R-316", "T-095")
def test_no_card_data_reaches_the_shop(page: Page, watch: Watch, demo_app: Flask, simulator: Simulator) -> None:
    open_confirmation(page, カード番号="4980000000038261", セキュリティコード=CODE, カード名義人=HOLDER)
    dialog(page).get_by_role("button", name="注文する").click()
    expect(page.locator("#refusal")).to_be_visible()
    fill_card(page, カード番号=PAN, セキュリティコード=CODE, カード名義人=HOLDER)
    assert page.eval_on_selector_all("[data-card]", "all => all.map(e => e.name)") == ["", "", "", ""]
    press_confirm(page)
    place(page)

    assert len([r for r in watch.to(simulator.url) if "token/request" in r.url]) == 2
    sent = watch.bodies() + everything_stored(demo_app)
    for secret in (PAN, PAN.replace(" ", ""), PAN.replace(" ", "+"), "4980000000038261", HOLDER, HOLDER.replace(" ", "+")):
        assert secret not in sent
    assert f"={CODE}" not in sent
    places = [r for r in watch.to(watch.shop) if r.url.endswith("/place")]
    assert [set(parse_qs(r.post_data or "")) for r in places] == [{"csrf_token", "confirmation_token", "card_token"}] * 2
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert json.loads(kept) == [{}, {}, ""]


MISTAKES = {
    "カード番号": {
        "": "カード番号を入力してください。", "4111a11111111111": "カード番号は数字だけで入力してください。",
        "4111 1111 1111": "カード番号は14桁から16桁です。いまは12桁です。", "4111 1111 1111 1112": "カード番号に誤りがあるようです。",
        "41111111111111111": "カード番号は14桁から16桁です。いまは17桁です。",
    },
    "カード名義人": {
        "": "カード名義人を入力してください。", "山田太郎": "英字で入力してください。", "TARO 2": "英字で入力してください。",
        "ABCDEFGHIJ KLMNOPQRSTU": "カード名義人は20字以内で入力してください。",
    },
    "カード有効期限": {
        "": "有効期限を入力してください。", "13/30": "有効期限は「月/年」の順に", "00/30": "有効期限は「月/年」の順に",
        "12/20": "有効期限が過ぎています。", "aa": "有効期限は「月/年」の順に",
    },
    "セキュリティコード": {
        "": "セキュリティコードを入力してください。", "12": "3桁か4桁の数字です。", "12345": "3桁か4桁の数字です。",
        "12a": "3桁か4桁の数字です。",
    },
}  # fmt: skip


@pytest.mark.req("R-110")
def test_wrong_formats_are_told_before_any_call(page: Page, watch: Watch, simulator: Simulator) -> None:
    into_basket(page)
    fill_address(page)
    for label, cases in MISTAKES.items():
        for typed, said in cases.items():
            fill_card(page, **{label: typed})
            press_confirm(page)
            control = field(page, label)
            expect(control).to_be_focused()
            expect(control).to_have_attribute("aria-invalid", "true")
            expect(page.locator(f"#{control.get_attribute('id')}-error")).to_contain_text(said)
    assert watch.to(simulator.url) == []
    fill_card(page)
    press_confirm(page)
    expect(dialog(page)).to_be_visible()


@pytest.mark.req("R-110", "U-013")
def test_card_and_address_are_told_in_one_breath(page: Page, watch: Watch, simulator: Simulator) -> None:
    into_basket(page)
    fill_address(page)
    field(page, "電話番号").fill("12")
    field(page, "市区町村・番地").fill("")
    fill_card(page, カード番号="")
    press_confirm(page)
    for label in ("電話番号", "市区町村・番地", "カード番号"):
        expect(field(page, label)).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{field(page, label).get_attribute('id')}-error")).to_be_visible()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    told = ["電話番号は", "市区町村・番地を", "カード番号を"]
    expect(summary.get_by_role("link")).to_contain_text(told)
    summary.get_by_role("link", name=told[2]).click()
    expect(field(page, "カード番号")).to_be_focused()
    expect(field(page, "お名前")).to_have_attribute("aria-invalid", "false")
    expect(field(page, "カード名義人")).to_have_value(CARD["カード名義人"])
    assert watch.to(simulator.url) == []
    fill_card(page)
    expect(summary.get_by_role("link")).to_contain_text(told[:2])  # what is right by now has no line any more
    fill_address(page)
    field(page, "お名前").focus()
    expect(summary).to_be_hidden()
    press_confirm(page)
    expect(dialog(page)).to_be_visible()


@pytest.mark.req("R-111", "U-013", "T-095")
def test_hands_on_the_card_are_not_led_elsewhere(page: Page, watch: Watch) -> None:
    """The answer about the other fields comes while the number is being typed: no digit lands outside the card."""
    into_basket(page)
    fill_address(page)
    field(page, "メールアドレス").fill("nope")
    fill_card(page, カード番号="")
    held: list[Route] = []
    page.route("**/checkout/zero/check", lambda route: held.append(route))
    press_confirm(page)
    page.keyboard.type("4111 1111")
    field(page, "電話番号").evaluate("control => { control.value = '03-0000-1111'; }")  # put right meanwhile
    caught(page, held).continue_()
    expect(field(page, "メールアドレス")).to_have_attribute("aria-invalid", "true")
    page.keyboard.type(" 1111 1111")
    expect(field(page, "カード番号")).to_have_value("4111 1111 1111 1111")
    expect(field(page, "メールアドレス")).to_have_value("nope")
    assert "1111 1111" not in watch.bodies()


def caught(page: Page, held: list[Route]) -> Route:
    """The question that is kept from the server, as soon as it is on its way."""
    while not held:
        page.wait_for_timeout(20)
    return held[0]


def test_what_was_put_right_meanwhile_is_not_called_wrong(page: Page) -> None:
    into_basket(page)
    fill_address(page)
    field(page, "電話番号").fill("12")
    fill_card(page, カード番号="")
    held: list[Route] = []
    page.route("**/checkout/zero/check", lambda route: route.continue_() if held else held.append(route))
    press_confirm(page)
    field(page, "電話番号").fill("03-1234-5678")
    with page.expect_response("**/checkout/zero/check"):
        caught(page, held).continue_()
    page.evaluate("() => new Promise(done => setTimeout(done, 50))")
    expect(field(page, "電話番号")).to_have_attribute("aria-invalid", "false")


@pytest.mark.req("R-070", "R-110", "U-009")
def test_widths_and_blanks_are_put_right_before_the_provider_is_called(
    page: Page, watch: Watch, simulator: Simulator
) -> None:
    open_confirmation(
        page,
        カード番号="４１１１－１１１１　１１１１-1111 ", カード名義人=" ｔａｒｏ　ｙａｍａｄａ 　", カード有効期限="１２／４０", セキュリティコード="１２３ ",
    )  # fmt: skip
    (asked,) = [r for r in watch.to(simulator.url) if "token/request" in r.url]
    sent = {name: values[0] for name, values in parse_qs(asked.post_data or "").items()}
    assert sent["card_number"] == "4111111111111111"
    assert sent["card_name"] == "TARO YAMADA"
    assert (sent["card_expire_month"], sent["card_expire_year"], sent["card_cvc"]) == ("12", "40", "123")
    place(page)


SCRIPT_REFUSALS = {
    "4980000000077301": ("1301", "カード番号の形式が正しくありません。"),
    "4980000000047502": ("1502", "有効期限が正しくないか、期限の切れたカードです。"),
    "4980000000047700": ("1700", "カード名義人に使えない文字があります。"),
}


def test_the_script_s_refusal_is_told_beside_the_card(page: Page, demo_app: Flask) -> None:
    into_basket(page)
    fill_address(page)
    told = page.locator("[data-card-error]")
    for number, (_code, said) in SCRIPT_REFUSALS.items():
        fill_card(page, カード番号=number)
        expect(told).to_be_hidden()
        press_confirm(page)
        expect(told).to_contain_text(said)
        expect(told).to_be_focused()
        expect(dialog(page)).to_be_hidden()
        expect(field(page, "カード名義人")).to_have_value(CARD["カード名義人"])
    assert orders(demo_app) == 0


@pytest.mark.req("R-069")
def test_the_script_s_refusal_shows_its_code(page: Page) -> None:
    into_basket(page)
    fill_address(page)
    for number, (code, said) in SCRIPT_REFUSALS.items():
        fill_card(page, カード番号=number)
        press_confirm(page)
        expect(page.locator("[data-card-error]")).to_contain_text(re.compile(f"{said}.*（エラーコード: {code}）"))


def test_a_provider_out_of_reach_is_told_and_nothing_is_charged(page: Page, watch: Watch, simulator: Simulator) -> None:
    page.route(f"{simulator.url}/**", lambda route: route.abort())
    into_basket(page)
    fill_address(page)
    fill_card(page)
    press_confirm(page)
    expect(page.locator("[data-card-error]")).to_contain_text("決済代行会社につながりませんでした。請求はされていません。")
    page.unroute(f"{simulator.url}/**")
    press_confirm(page)
    place(page)


@pytest.mark.req("T-096")
def test_the_security_code_is_gone_once_it_was_used(page: Page) -> None:
    open_confirmation(page)
    page.keyboard.press("Escape")
    code = field(page, "セキュリティコード")
    expect(code).to_have_value("")
    expect(field(page, "カード番号")).to_have_value(CARD["カード番号"])
    press_confirm(page)  # the token is still good
    expect(dialog(page)).to_be_visible()
    expect(dialog(page).locator("[data-card-shown]")).to_have_text("Visa 下4桁 *****1111")
    place(page)
    page.go_back()
    assert path(page) != "/checkout/zero" or field(page, "セキュリティコード").input_value() == ""


@pytest.mark.req("T-096")
def test_coming_back_by_the_browser_refills_no_code(page: Page) -> None:
    into_basket(page)
    fill_card(page)
    page.goto("/cart")
    page.go_back()
    page.wait_for_load_state()
    expect(field(page, "セキュリティコード")).to_have_value("")


@pytest.mark.req("U-027", "U-028")
def test_brand_and_groups_follow_the_typing(page: Page) -> None:
    into_basket(page)
    page.get_by_text("セキュリティコードについて").click()
    for where in ("カード裏面、署名欄の右端の3桁", "カード表面、カード番号の右上の4桁"):
        expect(page.get_by_role("img", name=where)).to_be_visible()
    number = field(page, "カード番号")
    for typed, shown, brand in (
        ("378282246310005", "3782 822463 10005", "American Express"), ("5555555555554444", "5555 5555 5555 4444", "Mastercard"),
        ("3530111333300000", "3530 1113 3330 0000", "JCB"),
    ):  # fmt: skip
        number.fill("")
        number.press_sequentially(typed)
        expect(number).to_have_value(shown)
        expect(page.locator("[data-card-brand]")).to_have_text(brand)


@pytest.mark.req("R-117")
def test_the_methods_follow_the_courier(page: Page, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        pigeon = Delivery(admin_name="伝書鳩", name="伝書鳩", fee_yen=100, position=2)
        session.add(pigeon)
        session.flush()
        cash = session.scalars(select(PaymentMethod.id).where(PaymentMethod.kind == "cash_on_delivery")).one()
        session.add(DeliveryPayment(delivery_id=pigeon.id, payment_method_id=cash))
    into_basket(page)
    card = page.get_by_role("radio", name="クレジットカード決済")
    expect(card).to_be_visible()
    page.get_by_role("radio", name="伝書鳩").check()
    expect(card).to_be_hidden()
    expect(page.get_by_role("radio", name="代金引換")).to_be_checked()
    page.get_by_role("radio", name="宅配便").check()
    expect(card).to_be_visible()
