"""The buyer's fields as they are typed into: told when left, not before; put right, the message is gone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.steps import (
    ADDRESS,
    CARD_METHOD,
    CASH_METHOD,
    GOOD_CARD,
    assert_accessible,
    assert_comfortable,
    assert_fits,
    choose,
    dialog,
    field,
    fill_address,
    fill_card,
    into_basket,
    place,
    press_confirm,
)

#: Controls of the form that are seen, the choices apart.
VISIBLE = """() => [...document.querySelectorAll("#checkout .control")].filter(each => each.checkVisibility())"""
BESIDE = f"""() => ({VISIBLE})().filter(each => {{
  const label = each.labels[0].getBoundingClientRect(), box = each.getBoundingClientRect();
  return label.bottom > box.top || label.left > box.left + 1;
}}).map(each => each.id)"""


@pytest.mark.req("U-001", "U-003", "U-014")
def test_one_column_labels_above_nine_fields_and_one_button(page: Page) -> None:
    into_basket(page)
    choose(page, CASH_METHOD)
    assert page.evaluate(f"() => ({VISIBLE})().length") == 9
    assert page.evaluate(BESIDE) == []
    shown = page.locator("#checkout").get_by_role("button")
    assert shown.all_inner_texts() == ["カゴの中身を変更する", "住所を検索", "注文確認する"]  # the first does its work unpressed
    tops = page.evaluate(f"() => ({VISIBLE})().map(each => each.getBoundingClientRect().top)")
    assert tops == sorted(set(tops)), "no two beside each other"


@pytest.mark.req("U-012", "U-071")
def test_a_field_speaks_when_it_is_left_and_is_silent_once_it_is_right(page: Page) -> None:
    into_basket(page)
    phone, told = field(page, "電話番号"), page.locator("#phone-error")
    phone.press_sequentially("090-1234")
    page.wait_for_timeout(500)
    expect(told).to_be_hidden()
    field(page, "お名前").focus()
    expect(told).to_contain_text("いまは7桁です")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-told]")).to_contain_text("電話番号: 電話番号は市外局番から")
    expect(field(page, "お名前")).to_be_focused()
    assert "phone-error" in (phone.get_attribute("aria-describedby") or "").split()

    phone.press("End")
    phone.press_sequentially("5")
    page.wait_for_timeout(500)
    expect(told).to_contain_text("いまは7桁です")  # still wrong: nothing changes under the hands
    phone.press_sequentially("678")
    expect(told).to_be_hidden()
    expect(phone).to_be_focused()
    phone.fill("12")
    field(page, "お名前").focus()
    expect(told).to_contain_text("市外局番から")


@pytest.mark.req("U-011", "U-007")
def test_a_slip_is_put_right_by_one_press_or_ordered_as_it_is(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    into_basket(page)
    fill_address(page)
    choose(page, CASH_METHOD)
    mail, asked = field(page, "メールアドレス"), page.locator("#email-advice")
    mail.fill("taro@gamil.com")
    field(page, "市区町村・番地").fill("千代田区千代田")
    expect(asked).to_contain_text("もしかして「taro@gmail.com」ではありませんか？")
    asked.get_by_role("button").press("Enter")
    expect(mail).to_have_value("taro@gmail.com")
    expect(mail).to_be_focused()
    expect(asked).to_be_hidden()
    expect(page.locator("#address1-advice")).to_contain_text("番地が入っていないようです")
    expect(page.locator("#address1-advice").get_by_role("button")).to_be_hidden()
    press_confirm(page)
    expect(dialog(page)).to_contain_text("番地が入っていないようです")
    large = "() => parseFloat(getComputedStyle(document.querySelector('.receipt-email')).fontSize)"
    assert page.evaluate(large) >= 20
    place(page)


@pytest.mark.req("U-014")
def test_a_coupon_is_applied_by_whatever_button_and_the_card_stays(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    into_basket(page)
    fill_address(page)
    fill_card(page)
    code, total = page.locator("#coupon"), page.locator("[data-sum=total]").last
    before = total.inner_text()
    expect(code).to_be_hidden()
    page.get_by_text("クーポンをお持ちのかた").click()
    code.fill("ARIGATO")
    field(page, "カード番号").fill("")  # not what is asked for by Enter here
    applied: list[str] = []
    page.on("request", lambda request: applied.append(request.url) if request.method == "POST" else None)
    for ends_a_composition in ("isComposing: true", "keyCode: 229"):
        made = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {ends_a_composition}}})"
        code.evaluate(f"field => field.dispatchEvent({made})")
    assert applied == []
    code.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    field(page, "カード番号").fill(GOOD_CARD)
    expect(page.locator("#coupon-error")).to_contain_text("見つかりません")
    code.fill("arigato 500")
    page.get_by_role("button", name="適用する").click()
    expect(page.locator("#coupon-hint")).to_have_text("「ARIGATO500」を適用しています（-500円）。")
    expect(code).to_be_focused()
    expect(total).not_to_have_text(before)
    after = total.inner_text()
    choose(page, CASH_METHOD)
    expect(total).not_to_have_text(after)
    choose(page, CARD_METHOD)
    expect(total).to_have_text(after)
    expect(field(page, "カード番号")).to_have_value(GOOD_CARD)
    page.evaluate("() => scrollTo(0, 0)")  # out from under the sum that stays in sight
    assert_comfortable(page)
    code.fill("")
    page.get_by_role("button", name="適用する").click()
    expect(total).to_have_text(before)
    expect(code).to_be_focused()
    code.fill("ARIGATO500")
    press_confirm(page)
    expect(dialog(page)).to_contain_text("クーポン ARIGATO500")
    expect(dialog(page)).to_contain_text(after)


@pytest.mark.req("U-006")
def test_the_seventh_digit_fills_in_the_address_and_nothing_typed_is_lost(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    into_basket(page)
    code, prefecture, line = (page.locator(f"#{name}") for name in ("postal_code", "prefecture", "address1"))
    told = page.locator("[data-postal-found]").first
    code.press_sequentially("３９０－０８１")
    expect(line).to_have_value("")
    code.press_sequentially("１")
    expect(line).to_have_value("松本市中央")
    expect(prefecture).to_have_value("長野県")
    expect(told).to_contain_text("住所が見つかりました。")
    expect(told).to_have_role("status")
    expect(code).to_be_focused()
    expect(page.locator("#address1-advice")).to_be_hidden()

    code.fill("060-0042")  # what came from here is no word of the buyer's
    expect(line).to_have_value("札幌市中央区大通西")
    expect(prefecture).to_have_value("北海道")
    line.fill("札幌市中央区大通西1-2")
    code.fill("390-0811")
    expect(told).to_contain_text("入力されている住所と違います。")
    expect(line).to_have_value("札幌市中央区大通西1-2")
    assert_fits(page)
    page.evaluate("() => scrollTo(0, 0)")  # out from under the sum that stays in sight
    assert_accessible(page)
    page.get_by_role("button", name="長野県松本市中央").press("Enter")
    expect(line).to_have_value("松本市中央")
    expect(line).to_be_focused()
    expect(page.get_by_role("group", name="住所の候補")).to_be_hidden()

    page.get_by_role("radio", name="別の住所へ送る").check()
    field(page, "お届け先の郵便番号").fill("6180000")
    expect(page.get_by_role("group", name="住所の候補").get_by_role("button")).to_have_count(2)
    expect(field(page, "お届け先の市区町村・番地")).to_have_value("")
    page.get_by_role("button", name="大阪府三島郡島本町").click()
    expect(field(page, "お届け先の都道府県")).to_have_value("大阪府")
    expect(line).to_have_value("松本市中央")

    page.context.set_offline(True)
    code.fill("1000001")
    expect(told).to_have_text("見つかりませんでした。住所はそのまま入力できます。")
    page.context.set_offline(False)
    code.fill("39")
    expect(told).to_have_text("")
    page.get_by_role("button", name="住所を検索").first.click()
    expect(told).to_contain_text("7桁の数字")
    choose(page, CASH_METHOD)
    code.press("Enter")  # presses 注文確認する, not the button beside it
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#postal_code-error")).to_contain_text("いまは2桁です")
    code.fill("3900811")  # the form is a new one by now
    expect(told).to_contain_text("住所が見つかりました。")


def test_out_of_reach_nothing_is_said_and_a_card_number_is_wiped(page: Page) -> None:
    into_basket(page)
    page.context.set_offline(True)
    field(page, "電話番号").fill("12")
    field(page, "お名前").focus()
    page.wait_for_timeout(300)
    expect(page.locator("#phone-error")).to_be_hidden()
    page.context.set_offline(False)
    field(page, "お名前").fill("4111 1111 1111 1111")
    field(page, "フリガナ").fill(ADDRESS["フリガナ"])
    expect(page.locator("#buyer_name-error")).to_contain_text("番号は消去しました。")
    expect(field(page, "お名前")).to_have_value("")


@pytest.mark.req("U-008")
def test_the_reading_is_overheard_from_the_input_method_until_the_buyer_writes_it(page: Page) -> None:
    into_basket(page)
    name, reading = field(page, "お名前"), field(page, "フリガナ")
    name.focus()
    compose(page, "やm", "やまだ", "山田")
    expect(reading).to_have_value("ヤマダ")
    page.keyboard.type(" ")
    compose(page, "たろう", "太郎")
    expect(name).to_have_value("山田 太郎")
    expect(reading).to_have_value("ヤマダ タロウ")
    expect(name).to_be_focused()
    name.fill("")
    expect(reading).to_have_value("")
    reading.fill("サンダ")
    name.focus()
    compose(page, "やまだ", "山田")
    expect(reading).to_have_value("サンダ")


def compose(page: Page, *stages: str) -> None:
    """Type as an input method does: stage by stage, the last one is taken."""
    session = page.context.new_cdp_session(page)
    for stage in stages:
        session.send("Input.imeSetComposition", {"text": stage, "selectionStart": len(stage), "selectionEnd": len(stage)})
    session.send("Input.insertText", {"text": stages[-1]})
    session.detach()


@pytest.mark.req("U-071")
def test_tab_leads_from_the_summary_to_its_first_line(page: Page) -> None:
    """Also where the script says the same mistakes in another order than the server does: the focus is not lost with a line."""
    into_basket(page)
    fill_address(page)
    choose(page, CASH_METHOD)
    page.get_by_text("会員登録する").click()
    page.get_by_text("クーポンをお持ちのかた").click()
    page.locator("#coupon").fill("NONE")
    press_confirm(page)
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    assert summary.get_by_role("link").count() > 1
    page.keyboard.press("Tab")
    expect(summary.locator("a:focus")).to_have_count(1)
    page.wait_for_timeout(100)  # the lines are said anew once the focus has moved
    expect(summary.locator("a:focus")).to_have_count(1)
