"""The purchase in a browser: from the window of the shop to the captured payment, whatever the buyer presses."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from shop.catalogue.models import Variant
from shop.delivery.models import Delivery
from shop.orders.models import Order
from shop.payments import executor
from shop.payments.models import PaymentMethod
from tests.browser.conftest import DESKTOP, PHONE, Watch
from tests.browser.steps import (
    CARD,
    CASH_METHOD,
    TEA,
    assert_accessible,
    assert_fits,
    choose,
    dialog,
    field,
    fill_address,
    fill_card,
    into_basket,
    log_in,
    open_confirmation,
    path,
    place,
    press_confirm,
)
from tests.support.shop import OWNER, OWNER_PASSWORD, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import change, count, orders


@pytest.mark.req("R-108", "R-126")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360px", "1280px"])
def test_from_the_front_page_to_the_captured_payment(
    size: dict[str, int], window: Callable[..., Page], demo_app: Flask, simulator: Simulator
) -> None:
    page = window(viewport=size)
    page.goto("/")
    assert_fits(page)
    page.goto("/products")
    assert_fits(page)
    page.get_by_role("link", name="茎ほうじ茶").click()
    page.wait_for_url(f"**{TEA}")
    assert_fits(page)
    page.get_by_role("button", name="カゴに入れる").click()
    page.wait_for_url("**/checkout/zero")
    press_confirm(page)
    expect(page.get_by_role("alert").filter(has_text="入力内容をご確認ください")).to_be_focused()
    assert_fits(page)
    fill_address(page)
    fill_card(page)
    press_confirm(page)
    expect(dialog(page)).to_contain_text("山田 太郎")
    expect(dialog(page)).to_contain_text("〒123-4567 東京都千代田区千代田1-1")
    expect(dialog(page)).to_contain_text("1,572円")
    assert_fits(page)
    number = place(page)
    assert_fits(page)
    page.goto("/cart")
    assert_fits(page)

    run_jobs(demo_app)
    assert {str(mail["To"]) for mail in mails(demo_app)} == {"taro@example.jp", "shop@tsukinowa.example"}
    assert all(number in str(mail["Subject"]) for mail in mails(demo_app))

    log_in(page, OWNER, OWNER_PASSWORD)
    page.goto("/admin/orders")
    page.get_by_role("link", name=f"{number} を参照").click()
    page.get_by_role("button", name="売上確定").click()
    page.get_by_role("button", name="売上確定を実行する").click()
    expect(page.locator("[data-box=yellow-2]")).to_contain_text("消込済")
    assert [(p["status"], p["amount"]) for p in simulator.payments()] == [("40", 1_572)]


@pytest.mark.req("R-122", "U-030")
def test_the_button_is_off_after_the_first_press(page: Page, demo_app: Flask, watch: Watch) -> None:
    expect(open_confirmation(page, CASH_METHOD).get_by_role("button", name="注文する 1,902円")).to_be_enabled()
    state = page.evaluate(
        """() => {
          const button = document.querySelector("[data-place-button]"), form = button.form;
          button.click();
          const off = button.disabled;
          const again = form.dispatchEvent(new SubmitEvent("submit", {bubbles: true, cancelable: true}));
          return {off, again, back: form.querySelector("[data-back]").hidden, said: form.querySelector("[data-progress]").textContent};
        }"""
    )
    assert state == {"off": True, "again": False, "back": True, "said": "注文を送信しています…"}
    page.wait_for_url("**/complete")
    assert len([r for r in watch.to(watch.shop) if r.url.endswith("/checkout/zero/place")]) == 1
    assert orders(demo_app) == 1


@pytest.mark.req("P-02", "S-001", "S-003")
def test_a_double_click_a_reload_and_the_way_back_are_one_order(
    page: Page, demo_app: Flask, simulator: Simulator
) -> None:
    open_confirmation(page)
    dialog(page).get_by_role("button", name="注文する").dblclick(no_wait_after=True)
    page.wait_for_url("**/complete")
    number = page.locator(".order-number").inner_text()
    page.reload()
    assert page.locator(".order-number").inner_text() == number
    page.go_back()
    page.wait_for_url("**/cart")
    expect(page.get_by_role("heading", name="ご注文は完了しています")).to_be_visible()
    page.get_by_role("link", name="ご注文の内容を見る").click()
    page.wait_for_url("**/complete")
    assert page.locator(".order-number").inner_text() == number
    run_jobs(demo_app)
    assert orders(demo_app) == len(simulator.payments()) == 1
    assert len(mails(demo_app)) == 2


@pytest.mark.req("R-153", "S-007")
def test_two_tabs_are_one_order(page: Page, demo_app: Flask, simulator: Simulator) -> None:
    open_confirmation(page)
    other = page.context.new_page()
    other.goto("/checkout/zero")
    fill_card(other)
    press_confirm(other)
    expect(dialog(other)).to_be_visible()
    simulator.fault("slow", "020", "before", seconds=0.5)
    for tab in (page, other):
        dialog(tab).get_by_role("button", name="注文する").click(no_wait_after=True)
    page.wait_for_url("**/complete")
    other.wait_for_url(lambda url: "/zero" not in url)
    run_jobs(demo_app)
    assert orders(demo_app) == len(simulator.payments()) == 1
    assert len(mails(demo_app)) == 2


@pytest.mark.req("S-002", "S-013", "U-041")
def test_a_slow_provider_leads_to_a_page_that_moves_on_by_itself(
    page: Page, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "PATIENCE", 0.2)
    open_confirmation(page)
    simulator.fault("slow", "020", "before", seconds=4)
    dialog(page).get_by_role("button", name="注文する").click()
    page.wait_for_url("**/checkout/pending")
    expect(page.get_by_role("status")).to_contain_text("もう一度注文する必要はありません。")
    expect(page.get_by_role("status")).to_contain_text("ふつうは数分で終わります。")
    expect(page.get_by_role("button", name="注文する")).to_have_count(0)
    page.reload()
    page.goto("/checkout/zero")
    assert path(page) == "/checkout/pending"
    page.wait_for_url("**/complete")
    assert len(simulator.payments()) == 1


#: Card, code, and what is said – one cause each; 2016 and 31001 share theirs, as in the shop guide.
REFUSED = {
    "4980 0000 0003 8261": ("2001", "カード会社の承認が得られませんでした。"),
    "4980000000098000": ("2002", "カード会社との通信が完了しませんでした。"),
    "4980000000058244": ("2003", "カード番号、有効期限、セキュリティコード、名義人のいずれかに誤りがあります。"),
    "4980000000037016": ("2016", "このカードはお取り扱いできません。番号をご確認いただくか、"),
    "4980000000007001": ("31001", "このカードはお取り扱いできません。番号をご確認いただくか、"),
    "4980000000097010": ("P010", "この支払方法は現在ご利用いただけません。カードの有効期限をご確認いただくか、"),
}


@pytest.mark.req("R-112", "R-069", "U-033")
def test_a_refused_card_keeps_the_rest_and_shows_its_code(page: Page, demo_app: Flask) -> None:
    into_basket(page)
    fill_address(page)
    for number, (code, said) in REFUSED.items():
        fill_card(page, カード番号=number)
        press_confirm(page)
        dialog(page).get_by_role("button", name="注文する").click()
        refusal = page.locator("#refusal")
        expect(refusal.locator("code")).to_have_text(code)
        expect(refusal).to_contain_text(said)
        expect(refusal).to_contain_text("請求はされていません。")
        expect(refusal).to_be_focused()
        expect(field(page, "お名前")).to_have_value("山田 太郎")
        expect(field(page, "メールアドレス")).to_have_value("taro@example.jp")
    assert orders(demo_app) == 0
    fill_card(page)
    press_confirm(page)
    place(page)
    assert orders(demo_app) == 1


@pytest.mark.req("R-291", "U-042")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360px", "1280px"])
def test_a_shortage_stands_beside_the_goods(size: dict[str, int], window: Callable[..., Page], demo_app: Flask) -> None:
    """Also on a phone, where the goods are folded away as long as nothing is wrong with them."""
    page = window(viewport=size)
    into_basket(page)
    fill_address(page)
    choose(page, CASH_METHOD)
    change(demo_app, Variant.on_hand, 0, code="T-002")
    press_confirm(page)
    expect(page.locator("#changed")).to_be_focused()
    expect(page.locator("#changed")).to_contain_text("在庫が足りなくなりました：茎ほうじ茶。")
    expect(page.locator("#changed")).to_contain_text("注文も請求もされていません。")
    expect(page.locator("#changed").get_by_role("link", name="ほかの商品を見る")).to_be_visible()
    expect(field(page, "お名前")).to_have_value("山田 太郎")
    line = page.get_by_role("listitem").filter(has_text="972円 × 1")
    expect(line.get_by_text("売り切れ")).to_be_visible()
    expect(page.locator("#delivery_id-error")).to_be_hidden()
    assert_fits(page)
    assert_accessible(page)


def test_after_a_mistake_the_form_keeps_the_card(page: Page) -> None:
    into_basket(page)
    fill_address(page)
    field(page, "メールアドレス").fill("taro＠")
    page.get_by_label("会員登録する").check()
    fill_card(page)
    press_confirm(page)
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#error-summary").get_by_role("link")).to_have_count(3)  # the mail address, 会員ID, パスワード
    expect(page.get_by_role("button", name="パスワードを表示")).to_be_visible()  # in the new form, too
    page.get_by_label("会員登録する").uncheck()
    expect(page.locator("#email-error")).to_contain_text("メールアドレスの形を確認してください")
    expect(field(page, "カード番号")).to_have_value(CARD["カード番号"])
    field(page, "メールアドレス").fill("taro@example.jp")
    expect(page.locator("#email-error")).to_be_hidden()
    press_confirm(page)
    place(page)


def test_cash_on_delivery_asks_no_provider(page: Page, watch: Watch, simulator: Simulator) -> None:
    confirmation = open_confirmation(page, CASH_METHOD)
    expect(confirmation).to_contain_text("1,902円")
    place(page)
    assert watch.to(simulator.url) == []
    assert simulator.ledger()["telegrams"] == {}


def test_the_sums_follow_the_choice(page: Page) -> None:
    into_basket(page)
    total = page.locator(".checkout-end-total")
    expect(total).to_contain_text("1,572円")
    choose(page, CASH_METHOD)
    expect(total).to_contain_text("1,902円")


@pytest.mark.req("U-023")
def test_going_back_from_the_dialog_to_correct(page: Page, demo_app: Flask) -> None:
    open_confirmation(page)
    dialog(page).get_by_role("link", name="戻って修正する").click()
    expect(dialog(page)).to_be_hidden()
    field(page, "お名前").fill("山田 次郎")
    press_confirm(page)
    expect(dialog(page)).to_contain_text("山田 次郎")
    assert path(page) == "/checkout/zero/confirm"
    assert not page.evaluate("() => { document.querySelector('#buyer_name').focus(); return document.activeElement.id === 'buyer_name' }")
    page.go_back()  # the browser's own way back closes the dialog, too
    expect(dialog(page)).to_be_hidden()
    assert path(page) == "/checkout/zero"
    press_confirm(page)
    expect(dialog(page)).to_be_visible()
    page.reload()
    assert path(page) == "/checkout/zero"
    expect(field(page, "お名前")).to_have_value("山田 次郎")
    fill_card(page)
    press_confirm(page)
    place(page)
    assert orders(demo_app) == count(demo_app, Order) == 1


def test_without_a_connection_nothing_is_ordered(page: Page, demo_app: Flask, watch: Watch) -> None:
    into_basket(page)
    fill_address(page)
    choose(page, CASH_METHOD)
    page.context.set_offline(True)
    press_confirm(page)
    expect(page.locator("#checkout [data-progress]")).to_contain_text("通信できませんでした。注文も請求もされていません。")
    page.context.set_offline(False)
    press_confirm(page)
    place(page)
    assert orders(demo_app) == 1


@pytest.mark.req("R-244", "R-115")
def test_the_page_follows_the_prefecture_and_the_method(page: Page, demo_app: Flask) -> None:
    change(demo_app, Delivery.apart_prefectures, ["沖縄県"], kind="courier")
    change(demo_app, PaymentMethod.fee_apart, True, kind="cash_on_delivery")
    into_basket(page)
    fill_address(page)
    note, fee_note = (page.get_by_text(f"{what}は別途ご連絡します。合計には含まれていません。").last for what in ("送料", "手数料"))
    fee, shipping, total = page.locator("[data-sum=fee]"), page.locator("[data-sum=shipping]"), page.locator("[data-sum=total]").last
    card = page.get_by_role("radio", name=re.compile("^クレジットカード決済"))
    expect(shipping).to_have_text("600円")
    expect(fee).to_have_text("0円")
    expect(note).to_be_hidden()
    expect(fee_note).to_be_hidden()

    field(page, "都道府県").select_option("沖縄県")
    expect(shipping).to_have_text("別途連絡")
    expect(page.locator("[data-price]").first).to_have_text("別途連絡")
    expect(note).to_be_visible()
    expect(card).to_be_hidden()
    expect(page.get_by_text("送料が別途連絡のため、カードではお支払いいただけません。")).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile(f"^{CASH_METHOD}"))).to_be_checked()
    expect(fee).to_have_text("別途連絡")
    expect(fee_note).to_be_visible()
    expect(total).to_have_text("972円")
    assert_fits(page)

    page.get_by_role("radio", name="別の住所へ送る").check()
    field(page, "お届け先の都道府県").select_option("東京都")
    expect(shipping).to_have_text("600円")
    expect(card).to_be_visible()
    expect(total).to_have_text("1,572円")
    page.get_by_role("radio", name="ご注文者と同じ").check()
    press_confirm(page)
    expect(dialog(page)).to_contain_text("送料は別途ご連絡します。合計には含まれていません。")
    expect(dialog(page)).to_contain_text("972円")
