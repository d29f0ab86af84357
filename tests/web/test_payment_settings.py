"""支払方法設定: the list, its order, the form with its confirmation, and what buyers see of all that."""

import contextlib

import pytest
from flask import Flask
from sqlalchemy import insert, select

from providers.installed import INSTALLED
from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from shop.core.db import db, write
from shop.core.runtime import runtime
from shop.delivery.models import DeliveryPayment
from shop.payments import accounts
from shop.payments.engine import Busy, engine
from shop.payments.models import AccountVersion, Payment, PaymentMethod, ProviderAccount
from tests.support.buying import CARD, CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import CUP, CUP_YEN, TEA, TEA_YEN, Desk, box, buttons, change, count, number_of

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

LIST = "/admin/settings/payment-methods"
CARD_FORM, CASH_FORM = f"{LIST}/1", f"{LIST}/2"
CARD_NAME, CASH_NAME = "クレジットカード決済(トークン方式)", "代金引換"


def listed(desk: Desk, tab: str = "") -> str:
    return desk.page(f"{LIST}?tab={tab}" if tab else LIST).text


def press(desk: Desk, path: str, action: str, **typed: str) -> Page:
    return Page(desk.submit(path, action, **typed).text)


def add(desk: Desk, tab: str) -> Page:
    return press(desk, f"{LIST}?tab={tab}", f"{LIST}/add")


def take_off(desk: Desk, method_id: int) -> Page:
    return press(desk, f"{LIST}/{method_id}/remove", f"{LIST}/{method_id}/remove")


def newest(app: Flask) -> PaymentMethod:
    with app.app_context():
        return db.session.scalars(select(PaymentMethod).order_by(PaymentMethod.id.desc())).first()  # type: ignore[return-value]


def stored(app: Flask, method_id: int = 1) -> PaymentMethod:
    with app.app_context():
        return db.session.get_one(PaymentMethod, method_id)


def credentials(app: Flask) -> dict[str, str]:
    with app.app_context():
        return accounts.current_settings(db.session(), accounts.all_accounts(db.session())[0])


def offered(shopper: Buyer) -> list[str]:
    """The kinds of the methods on the checkout form, in their order."""
    page, form = shopper.checkout_form()
    with_card = {a["id"].removeprefix("card-") for a in page.find("fieldset", class_="card-form")}
    return [CARD if key in with_card else CASH for key in form.offered.get("payment_method_id", [])]


# ---- the list -------------------------------------------------------------------------------------------------------


@pytest.mark.req("R-001")
def test_three_tabs_of_which_the_first_is_open(desk: Desk) -> None:
    page = desk.page(LIST)
    tabs = [a for a in page.find("a") if a["href"].startswith(LIST) and "/" not in a["href"].removeprefix(LIST)]
    shown = {a["href"]: "aria-current" in a for a in tabs[-3:]}
    assert shown == {LIST: True, f"{LIST}?tab=basic": False, f"{LIST}?tab=linked": False}
    assert "使用決済 基本決済 他社連携" in page.text
    assert "設定済み" in page.text
    assert CASH_NAME in listed(desk, "basic")
    assert "クレジットカード決済" in listed(desk, "linked")
    assert desk.get(f"{LIST}?tab=other").status_code == 404


@pytest.mark.req("R-003", "R-227")
@pytest.mark.parametrize(("tab", "form"), [("basic", 2), ("linked", 1)])
def test_a_method_comes_onto_the_list_unset_and_unpaired(tab: str, form: int, desk: Desk, demo_app: Flask) -> None:
    others = len(INSTALLED) - 1 if tab == "linked" else 0
    assert (_addable(desk, tab), "追加済み" in listed(desk, tab)) == (others, True)
    take_off(desk, form)
    assert (_addable(desk, tab), "追加済み" in listed(desk, tab)) == (others + 1, False)
    assert "未設定 リストから削除" in add(desk, tab).text
    assert (_addable(desk, tab), "追加済み" in listed(desk, tab)) == (others, True)
    method = newest(demo_app)
    assert (method.configured, method.removed_at) == (False, None)
    shown = desk.set_up(f"{LIST}/{method.id}").text
    assert "支払方法を設定しました。" in shown
    row = shown[shown.rindex(method.name) :]
    assert "[×] 宅配便（全国一律） [×] メール便 [×] 店頭渡し" in row
    assert "どの宅配便とも組み合わせていないため、購入画面に出ません。" in row
    assert "設定済み" in row


def _addable(desk: Desk, tab: str) -> int:
    """How many buttons リストに追加 a tab has."""
    return len(list(desk.page(f"{LIST}?tab={tab}").find("form", action=f"{LIST}/add")))


def test_a_second_press_adds_nothing(desk: Desk, demo_app: Flask) -> None:
    take_off(desk, 2)
    form = desk.page(f"{LIST}?tab=basic").form(f"{LIST}/add")
    for _press in range(2):
        assert desk.session.post(f"{desk.shop_url}{LIST}/add", data=form.fields).status_code == 200
    assert count(demo_app, PaymentMethod) == 3
    for forged in ({"key": "gold"}, {"tab": "used"}, {"tab": "linked"}):
        assert desk.session.post(f"{desk.shop_url}{LIST}/add", data=form.fields | forged).status_code == 404


@pytest.mark.req("R-004", "R-010", "R-011")
def test_the_columns_with_every_courier(desk: Desk) -> None:
    words = listed(desk)
    assert "⚠ 支払い方法と有効[○]な宅配便の組合せを選択したときのみ購入が可能となります。" in words
    assert "表示順 支払方法 (システム側名称) 対応可能な宅配便 詳細設定" in words
    assert f"{CASH_NAME} ({CASH_NAME})" in words
    assert f"{CARD_NAME} テスト (ペイジェント クレジットカード決済(トークン式))" in words
    assert words.count("[○] 宅配便（全国一律） [×] メール便 [×] 店頭渡し") == 2
    assert words.count("設定済み リストから削除") == 2


@pytest.mark.req("R-005")
def test_the_order_is_the_buyers_order_too(desk: Desk, shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    assert offered(shopper) == [CARD, CASH]
    for method, direction, expected in ((2, "up", [CASH, CARD]), (2, "up", [CASH, CARD]), (2, "down", [CARD, CASH])):
        press(desk, LIST, f"{LIST}/{method}/move", direction=direction)
        words = listed(desk)
        first = [CARD, CASH] if words.index(CARD_NAME) < words.index(CASH_NAME) else [CASH, CARD]
        assert offered(shopper) == first == expected


@pytest.mark.req("R-008")
def test_a_method_leaves_the_list_and_its_orders_keep_everything(
    desk: Desk, shopper: Buyer, demo_app: Flask
) -> None:
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    with demo_app.app_context():
        reference = db.session.scalars(select(Payment.merchant_ref)).one()
    shopper.put_into_cart(TEA)
    confirmed, token = shopper.confirm(), shopper.card_token()
    assert "受注の支払方法名、取引ID、決済状況欄は残り" in desk.page(f"{CARD_FORM}/remove").text
    assert offered(shopper) == [CARD, CASH], "asking removes nothing"
    assert CARD_NAME not in take_off(desk, 1).text.split("リストから削除しました", 1)[1]
    assert offered(shopper) == [CASH]
    assert shopper.place(confirmed, token).public_id is None
    for gone in ("", "/confirm", "/test", "/move", "/revise", "/remove"):
        form = desk.page(LIST).form("/admin/logout").fields
        assert desk.session.post(f"{desk.shop_url}{CARD_FORM}{gone}", data=form | {"direction": "up"}).status_code == 404
    words = desk.order(number).text
    assert CARD_NAME in words
    assert reference in words
    assert box(desk.order(number)) == "yellow-1"
    desk.press(number, "capture")
    assert box(desk.order(number)) == "yellow-2"
    assert reference in listed_orders(desk)


def listed_orders(desk: Desk) -> str:
    return desk.page("/admin/orders").text


@pytest.mark.req("R-012")
def test_what_is_not_set_is_not_offered_though_it_is_paired(desk: Desk, shopper: Buyer, demo_app: Flask) -> None:
    take_off(desk, 2)
    add(desk, "basic")
    method = newest(demo_app).id
    with demo_app.app_context(), write() as session:
        session.execute(insert(DeliveryPayment).values(delivery_id=1, payment_method_id=method))
    shopper.put_into_cart(TEA)
    assert offered(shopper) == [CARD]
    desk.set_up(f"{LIST}/{method}", fee_yen="100")
    assert offered(shopper) == [CARD, CASH]


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    take_off(desk, 1)
    assert "使用する支払方法がまだありません。" in take_off(desk, 2).text


# ---- form, confirmation, saving ---------------------------------------------------------------------------------


@pytest.mark.req("R-006")
def test_nothing_is_stored_before_the_confirmation_is_agreed_to(desk: Desk, demo_app: Flask) -> None:
    asked = desk.confirm(CASH_FORM, name="代引き", fee_yen="440", note="新しい注意書き")
    words = Page(asked.text).text
    assert "まだ何も変更していません。" in words
    assert "手数料（税込） 440円" in words
    assert stored(demo_app, 2).fee_yen == 330
    assert "代引き" not in listed(desk)
    revised = desk.session.post(f"{desk.shop_url}{CASH_FORM}/revise", data=Page(asked.text).form(CASH_FORM).fields)
    assert Page(revised.text).form(f"{CASH_FORM}/confirm").fields["fee_yen"] == "440"
    assert stored(demo_app, 2).fee_yen == 330
    desk.agree(asked, CASH_FORM)
    method = stored(demo_app, 2)
    assert (method.name, method.fee_yen, method.note) == ("代引き", 440, "新しい注意書き")


@pytest.mark.req("R-007")
def test_the_form_opens_with_what_is_stored(desk: Desk, demo_app: Flask) -> None:
    change(demo_app, PaymentMethod.configured, False, id=1)
    assert _button(desk.page(LIST)) == f"{CARD_NAME} の設定 未設定"
    after = desk.set_up(
        CARD_FORM, account_site_id="A1", method_instalments="once", method_capture="at_once", upper="y",
        hidden_from_yen="50,000", note="注意", note_in_mail="y", method_attempt_control="high",
    )  # fmt: skip
    assert _button(after) == f"{CARD_NAME} の設定 設定済み"
    assert after.text.count("設定済み リストから削除") == 2
    fields = desk.page(CARD_FORM).form(f"{CARD_FORM}/confirm").fields
    expected = {
        "account_site_id": "A1", "method_instalments": "once", "method_capture": "at_once", "shown_from_yen": "1",
        "hidden_from_yen": "50000", "note": "注意", "note_in_mail": "y", "method_attempt_control": "high",
    }  # fmt: skip
    assert {name: fields[name] for name in expected} == expected
    assert "upper" in fields
    assert "note_at_choice" not in fields
    assert credentials(demo_app)["site_id"] == "A1"


def _button(page: Page) -> str:
    """The one that opens the card's form, as it is read out."""
    (link,) = page.find("a", href=CARD_FORM)
    return link["aria-label"]


@pytest.mark.req("R-025", "R-019")
def test_blank_required_fields_keep_the_form_open(desk: Desk, demo_app: Flask) -> None:
    blank = {"name": " ", "account_merchant_id": "", "account_connect_id": "", "account_token_generate_key": ""}
    answer = desk.confirm(CARD_FORM, account_site_id="B2", shown_from_yen="", **blank)
    assert answer.status_code == 422
    page = Page(answer.text)
    wrong = [name for name in (*blank, "account_site_id") if _invalid(page, name)]
    assert wrong == list(blank)
    required = dict.fromkeys(blank, "入力してください。") | {"shown_from_yen": "1円以上の金額を入力してください。"}
    for name, said in required.items():
        assert f'id="{name}-error">' in answer.text
        assert said in Page(answer.text.partition(f'id="{name}-error">')[2].partition("</p>")[0]).text
    links = [a["href"] for a in page.find("a") if a["href"].startswith("#") and a["href"] != "#main"]
    assert links == [f"#{name}" for name in (*list(blank)[1:], "name", "shown_from_yen")], "in the order of the page"
    assert page.form(f"{CARD_FORM}/confirm").fields["account_site_id"] == "B2"
    assert "site_id" not in credentials(demo_app)
    assert count(demo_app, AccountVersion) == 1
    assert stored(demo_app).name == CARD_NAME


def _invalid(page: Page, name: str) -> bool:
    return next(iter(a for _, a in page.elements if a.get("name") == name))["aria-invalid"] == "true"


@pytest.mark.req("R-019")
def test_the_name_is_what_everyone_reads(desk: Desk, shopper: Buyer, demo_app: Flask) -> None:
    desk.set_up(CASH_FORM, name="代引き（現金）")
    shopper.put_into_cart(TEA)
    assert "代引き（現金）" in shopper.checkout_form()[0].text
    confirmed = shopper.confirm(CASH)
    assert "代引き（現金）" in Page(confirmed.text).text
    number = number_of(shopper.place(confirmed))
    run_jobs(demo_app)
    assert "代引き（現金）" in desk.page("/admin/orders").text
    assert "代引き（現金）" in desk.order(number).text
    assert all("代引き（現金）" in mail.get_content() for mail in mails(demo_app))


def test_a_draft_serves_its_own_page_only(desk: Desk, demo_app: Flask) -> None:
    asked = Page(desk.confirm(CASH_FORM, fee_yen="1").text).form(CASH_FORM).fields
    shown = Page(desk.press_on(desk.get(CARD_FORM), CARD_FORM, "test", account_connect_password="x").text)
    typed = shown.form(f"{CARD_FORM}/confirm").fields["draft"]
    assert typed
    for path, draft in (
        (CARD_FORM, asked["draft"]), (CARD_FORM, typed), (CASH_FORM, ""), (CASH_FORM, "あ"),
        (CASH_FORM, asked["draft"][:-8] + "AAAAAAA="), ("/admin/settings/deliveries/1", asked["draft"]),
    ):  # fmt: skip
        answer = desk.session.post(desk.shop_url + path, data=asked | {"draft": draft})
        assert "確認画面の内容を読み取れませんでした。何も変更していません。" in Page(answer.text).text
    assert stored(demo_app, 2).fee_yen == 330
    assert count(demo_app, AccountVersion) == 1


# ---- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.req("R-026")
def test_a_secret_typed_once_survives_a_refused_form_and_is_never_shown(desk: Desk, demo_app: Flask) -> None:
    refused = desk.confirm(CARD_FORM, account_connect_password="secret-88", name="")
    assert refused.status_code == 422
    assert "入力済みです。" in Page(refused.text).text
    asked = desk.press_on(refused, CARD_FORM, "confirm", name="カード")
    assert "③ 接続ID/パスワード ••••••••（変更する）" in Page(asked.text).text
    assert "⑩ 3Dセキュア結果受付ハッシュ鍵 ••••••••（変更しない）" in Page(asked.text).text
    saved = desk.agree(asked, CARD_FORM)
    for page in (refused, asked, saved, desk.get(CARD_FORM)):
        assert "secret-88" not in page.text
        assert credentials(demo_app)["three_ds_hash_key"] not in page.text
    assert credentials(demo_app)["connect_password"] == "secret-88"
    assert credentials(demo_app)["three_ds_hash_key"] == DEMO_PAYGENT_MERCHANT.threeds_hash_key
    assert count(demo_app, AccountVersion) == 2


def test_what_was_changed_is_written_down_by_name(desk: Desk) -> None:
    assert "操作の記録はまだありません。" in desk.page("/admin/log").text
    desk.set_up(CARD_FORM, account_connect_password="secret-99", upper="y", hidden_from_yen="9")
    press(desk, LIST, f"{LIST}/2/move", direction="up")
    take_off(desk, 2)
    desk.session.get(f"{desk.shop_url}/admin?lang=en")
    add(desk, "basic")
    desk.set_up(CARD_FORM)
    words = desk.page("/admin/log").text
    for line in (
        f"owner 支払方法「{CARD_NAME}」を設定（変更なし）", f"owner 支払方法「{CASH_NAME}」をリストに追加",
        f"owner 支払方法「{CASH_NAME}」をリストから削除", f"owner 支払方法「{CASH_NAME}」の表示順を変更",
        f"owner 支払方法「{CARD_NAME}」を設定（接続ID/パスワード、適用条件）",
    ):  # fmt: skip
        assert line in words
    assert "secret-99" not in words


# ---- 適用条件 ----------------------------------------------------------------------------------------------------


@pytest.mark.req("R-014")
@pytest.mark.parametrize("method", [CARD, CASH])
def test_the_bounds_hide_and_show_to_the_yen(method: str, desk: Desk, shopper: Buyer) -> None:
    path = CARD_FORM if method == CARD else CASH_FORM
    assert "商品金額が 円未満の場合は表示しない 商品金額が 円以上の場合は表示しない" in desk.page(path).text
    asked = Page(desk.confirm(path, lower="y", shown_from_yen="1", upper="y", hidden_from_yen="50000").text).text
    assert "商品金額が1円未満の場合は表示しない、商品金額が50,000円以上の場合は表示しない" in asked
    shopper.put_into_cart(TEA)
    for lower, upper, shown in (
        (TEA_YEN, 0, True), (TEA_YEN + 1, 0, False), (1, TEA_YEN + 1, True), (1, TEA_YEN, False),
    ):  # fmt: skip
        typed = {"lower": "y", "shown_from_yen": str(lower)}
        typed |= {"upper": "y", "hidden_from_yen": str(upper)} if upper else {}
        desk.set_up(path, off=() if upper else ("upper",), **typed)
        assert (method in offered(shopper)) is shown, (lower, upper)


@pytest.mark.req("R-013")
def test_shipping_and_fees_never_count(desk: Desk, shopper: Buyer) -> None:
    desk.set_up(CASH_FORM, fee_yen="99999", lower="y", shown_from_yen=str(CUP_YEN + 1))
    desk.set_up("/admin/settings/deliveries/1", fee_yen="88888", methods=["1", "2"])
    shopper.put_into_cart(CUP)
    assert offered(shopper) == [CARD]
    desk.set_up(CASH_FORM, lower="y", shown_from_yen="1", upper="y", hidden_from_yen=str(CUP_YEN + 1))
    assert offered(shopper) == [CARD, CASH]


def test_a_method_hidden_by_its_bounds_is_refused_when_forged(desk: Desk, shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    confirmed = shopper.confirm(CASH)
    desk.set_up(CASH_FORM, lower="y", shown_from_yen=str(TEA_YEN + 1))
    assert "もう一度" in shopper.place(confirmed).page.text or shopper.place(confirmed).public_id is None
    fields = shopper.checkout_form()[1].fields | {"payment_method_id": "2"}
    assert shopper.post("/checkout/zero/confirm", fields).status_code == 422


@pytest.mark.req("R-015")
@pytest.mark.parametrize("lower", ["", "0", "-1", "x", "１００００００００００"])
def test_a_card_needs_a_lower_bound(lower: str, desk: Desk, demo_app: Flask) -> None:
    page = desk.page(CARD_FORM)
    assert {"type": "checkbox", "checked": "", "disabled": "", "aria-label": "下限を設ける"} in list(page.find("input"))
    for forged in ({}, {"lower": ""}):
        answer = desk.confirm(CARD_FORM, shown_from_yen=lower, **forged)
        assert answer.status_code == 422
        assert _invalid(Page(answer.text), "shown_from_yen")
    assert stored(demo_app).shown_from_yen == 1


def test_bounds_that_cannot_be_meant_are_refused(desk: Desk, demo_app: Flask) -> None:
    for typed in (
        {"upper": "y"}, {"upper": "y", "hidden_from_yen": "1"}, {"upper": "y", "hidden_from_yen": "5", "shown_from_yen": "6"},
    ):  # fmt: skip
        assert desk.confirm(CARD_FORM, **typed).status_code == 422
    assert desk.confirm(CASH_FORM, lower="y").status_code == 422
    desk.set_up(CASH_FORM, shown_from_yen="5", hidden_from_yen="6")
    assert (stored(demo_app, 2).shown_from_yen, stored(demo_app, 2).hidden_from_yen) == (None, None), "switched off"


# ---- 注意書き ----------------------------------------------------------------------------------------------------


@pytest.mark.req("R-016", "R-017", "R-018")
def test_the_note_stands_where_it_is_ticked_and_always_on_the_confirmation(
    desk: Desk, shopper: Buyer, demo_app: Flask
) -> None:
    form = desk.page(CASH_FORM)
    assert "支払方法画面 サンクスメール 確認画面 ※特商法に基づき確認画面のチェックは外せません。" in form.text
    locked = [box for box in form.find("input", type="checkbox") if "disabled" in box]
    assert locked == [{"type": "checkbox", "checked": "", "disabled": ""}], "ticked, locked, and without a name to be sent by"
    places = ("note_at_choice", "note_in_mail")
    shopper.put_into_cart(TEA, 5)
    for ticked in ((), ("note_at_choice",), ("note_in_mail",)):
        # A forged post may say what it likes of the third box.
        forged = {"note_at_confirmation": "", "note_on_confirmation": "0", "確認画面": ""}
        desk.set_up(CASH_FORM, off=places, note="印のある注意書き", **dict.fromkeys(ticked, "y"), **forged)
        shopper.put_into_cart(TEA)
        assert ("印のある注意書き" in shopper.checkout_form()[0].text) == ("note_at_choice" in ticked)
        confirmed = shopper.confirm(CASH)
        assert "注意書き 印のある注意書き" in Page(confirmed.text).text
        number_of(shopper.place(confirmed))
        run_jobs(demo_app)
        for mail in mails(demo_app)[-2:]:
            assert ("印のある注意書き" in mail.get_content()) == ("note_in_mail" in ticked)
    desk.set_up(CASH_FORM, off=places, note="")
    shopper.put_into_cart(TEA)
    page = Page(shopper.confirm(CASH).text)
    assert "注意書き" in page.text


def test_the_mail_carries_the_note_of_its_order(
    desk: Desk, shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    """While a card waits for its answer, what the shop writes belongs to later orders."""
    desk.set_up(CARD_FORM, note="注文のときの注意", note_in_mail="y")
    simulator.fault("garbage", "020", "after")
    assert buy(shopper.shop_url, TEA, buyer=shopper).public_id is None
    desk.set_up(CARD_FORM, note="あとからの注意")
    clock.advance(60)
    run_jobs(demo_app)
    texts = [mail.get_content() for mail in mails(demo_app)]
    assert len(texts) == 2
    assert all("注文のときの注意" in text and "あとからの注意" not in text for text in texts)


# ---- 同時売上フラグ ----------------------------------------------------------------------------------------------


@pytest.mark.req("R-022", "R-023")
def test_a_change_of_the_capture_mode_is_for_later_orders(desk: Desk, shopper: Buyer) -> None:
    def ordered() -> str:
        return number_of(buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url)))

    before = ordered()
    desk.set_up(CARD_FORM, method_capture="at_once")
    at_once = ordered()
    assert buttons(desk.order(before))["capture"] is True
    assert buttons(desk.order(at_once))["capture"] is False
    assert box(desk.order(at_once)) == "yellow-2"
    desk.set_up(CARD_FORM, method_capture="later")
    assert buttons(desk.order(ordered()))["capture"] is True
    assert buttons(desk.order(before))["capture"] is True
    assert buttons(desk.order(at_once))["capture"] is False
    desk.refresh(at_once)
    assert buttons(desk.order(at_once))["capture"] is False
    desk.press(before, "capture")
    assert box(desk.order(before)) == "yellow-2"


# ---- the provider's fields ---------------------------------------------------------------------------------------

#: What the form says, verbatim and in this order: label, 必須 or 任意, help, choices (001 §3-3).
GUIDE = (
    "加盟店情報 ① マーチャントID 必須 ② 接続ID 必須 ③ 接続ID/パスワード 必須", "④ トークン生成鍵 必須 決済手続設定",
    "⑤ 同時売上フラグ 必須 ※オーソリのみを設定された場合は、売上の確定処理が手動で必要となります。 オーソリのみ オーソリ+売上",
    "⑥ 支払回数 必須 分割あり 一括のみ ボーナス一括払いを含める", "⑦ 支払回数欄の注意書き 任意",
    "⑧ 3Dセキュア2.0 (本人認証) の利用 必須 ※3Dセキュア未契約の場合は利用しないを選択してください。※ご契約状況はペイジェントへご確認ください。 利用する 利用しない",
    "⑨ 加盟店名(英字) 必須 ※ペイジェントに申し込された際の加盟店名(英字)をご登録ください。", "⑩ 3Dセキュア結果受付ハッシュ鍵 必須",
    "⑪ Attemptオーソリ制御区分 必須 ※加盟店様の8～9割がセキュリティレベル低を選択していますが、どの設定とするのが最適かご不明な場合、詳細はペイジェントへご確認ください。",
    "セキュリティ低(全て実施) セキュリティ中(正常時のみ実施) セキュリティ高(全て実施しない) クレジットカード紐づけ設定",
    "⑫ クレジットカード紐づけ設定 必須 ※ペイジェントのカード情報お預かり機能のオプションが利用可能である必要があります。オプションの利用状況が不明な場合はペイジェントへお問い合わせください。",
    "※会員のカードのお預かりについての設定です。会員以外の方のご注文には影響しません。 カード情報を会員データに紐づける。(次回購入時に利用可能)",
    " + 全注文者が自動的にカード番号を次回利用できるようにする カード情報を会員データに紐づける。(次回購入時に利用可能)",
    " + 注文時にカード番号の次回利用を選択できるようにする カード情報を会員データに紐づけない。(次回購入時に利用しない) 証明書・通知",
    "詳細設定・注意書き",
    "⑬ 支払方法の名称設定 必須 ※こちらで設定した名称が、支払方法一覧、買い物カゴ画面で表示されます。",
    "⑭ 適用条件 必須 商品金額が 円未満の場合は表示しない 商品金額が 円以上の場合は表示しない ※送料・手数料を含んだ金額での設定はできません。",
    "⑮ 注意書き 任意 支払方法画面 サンクスメール 確認画面 ※特商法に基づき確認画面のチェックは外せません。 ※注意書きが未入力の場合は確認画面では空欄で表示されます。",
    "⑯ 決済サービスロゴ画像 任意",
)  # fmt: skip


@pytest.mark.req("R-048")
def test_the_fields_of_the_guide_with_their_defaults(desk: Desk, demo_app: Flask) -> None:
    take_off(desk, 1)
    add(desk, "linked")
    path = f"{LIST}/{newest(demo_app).id}"
    page = desk.page(path)
    places = [page.text.index(words) for words in GUIDE]
    assert places == sorted(places)
    fields = page.form(f"{path}/confirm").fields
    defaults = {
        "method_capture": "later", "method_instalments": "split", "method_use_3ds": "1", "method_attempt_control": "low",
        "method_card_linking": "always", "method_instalments_note": "ご利用のカードによっては選択できない回数があります。", "shown_from_yen": "1",
    }  # fmt: skip
    assert {name: fields[name] for name in defaults} == defaults
    assert not {"method_bonus", "upper", "note_at_choice", "note_in_mail"} & fields.keys()
    assert "⑰" not in page.text


@pytest.mark.req("R-048")
def test_card_linking_goes_the_way_of_every_setting(desk: Desk, demo_app: Flask) -> None:
    """Form, 確認画面, stored options, form again, 最近の操作 – and nothing else is offered than the guide's three."""
    asked = desk.confirm(CARD_FORM, method_card_linking="ask")
    said = "⑫ クレジットカード紐づけ設定 カード情報を会員データに紐づける。(次回購入時に利用可能) + 注文時にカード番号の次回利用を選択できるようにする"
    assert said in Page(asked.text).text
    desk.agree(asked, CARD_FORM)
    with demo_app.app_context():
        assert accounts.method_options(db.session.get_one(PaymentMethod, 1))["card_linking"] == "ask"
    assert desk.page(CARD_FORM).form(f"{CARD_FORM}/confirm").fields["method_card_linking"] == "ask"
    assert f"支払方法「{CARD_NAME}」を設定（クレジットカード紐づけ設定）" in desk.page("/admin/log").text
    assert desk.confirm(CARD_FORM, method_card_linking="12-4").status_code == 422


@pytest.mark.req("R-049")
def test_3d_secure_needs_its_name_and_key_only_when_used(desk: Desk, demo_app: Flask) -> None:
    forget(demo_app, "merchant_name", "three_ds_hash_key")
    answer = desk.confirm(CARD_FORM, method_use_3ds="1")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert _invalid(page, "account_merchant_name")
    assert _invalid(page, "account_three_ds_hash_key")
    for wrong in ("つきのわ", "ＳＨＯＰ", "A" * 41):
        assert desk.confirm(CARD_FORM, method_use_3ds="1", account_merchant_name=wrong, account_three_ds_hash_key="k").status_code == 422
    for name in ("", "つきのわ"):
        assert desk.confirm(CARD_FORM, method_use_3ds="0", account_merchant_name=name).status_code == 200
    desk.set_up(CARD_FORM, method_use_3ds="1", account_merchant_name="TSUKINOWA & Co. #1", account_three_ds_hash_key="k")
    known = credentials(demo_app)
    assert (known["merchant_name"], known["three_ds_hash_key"]) == ("TSUKINOWA & Co. #1", "k")
    with demo_app.app_context():
        assert accounts.method_options(db.session.get_one(PaymentMethod, 1))["use_3ds"] == "1"


def forget(app: Flask, *keys: str) -> None:
    """The account as one that never had these values."""
    with app.app_context(), write() as session:
        account = accounts.all_accounts(session)[0]
        known = accounts.current_settings(session, account) | dict.fromkeys(keys, "")
        accounts.current_version(session, account.id).sealed = runtime().vault.seal(known, f"account:{account.id}")


@pytest.mark.req("R-052")
def test_the_counts_follow_the_settings(desk: Desk, shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    assert "ボーナス一括払い" not in shopper.checkout_form()[0].text
    desk.set_up(CARD_FORM, method_bonus="y")
    words = shopper.checkout_form()[0].text
    assert "ボーナス一括払い" in words
    assert "3回払い" in words
    desk.set_up(CARD_FORM, method_instalments="once")
    words = shopper.checkout_form()[0].text
    assert "ボーナス一括払い" not in words
    assert "3回払い" not in words
    assert "支払回数: 一括払い" in words


# ---- 接続テスト --------------------------------------------------------------------------------------------------

PASSWORD = {"account_connect_password": "wrong-77"}


def check(desk: Desk, **typed: str | list[str]) -> Page:
    answer = desk.press_on(desk.get(CARD_FORM), CARD_FORM, "test", **typed)
    assert answer.status_code == 200
    return Page(answer.text)


@pytest.mark.req("R-027")
def test_the_connection_is_tried_with_what_was_typed(desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    page = check(desk)
    assert "正しい マーチャントID、接続ID、接続ID/パスワード ペイジェントに接続できました。" in page.text
    assert "初回の決済まで確認できません トークン生成鍵" in page.text
    page = check(desk, **PASSWORD, account_site_id="Z9", name="書きかけ", upper="y")
    assert "誤り マーチャントID、接続ID、接続ID/パスワード" in page.text
    assert "（エラーコード: P002）" in page.text
    fields = page.form(f"{CARD_FORM}/confirm").fields
    assert (fields["account_site_id"], fields["name"]) == ("Z9", "書きかけ")
    assert "upper" in fields
    assert "wrong-77" not in str(page.elements)
    assert count(demo_app, AccountVersion) == 1
    assert simulator.payments() == []
    assert stored(demo_app).name == CARD_NAME


@pytest.mark.req("R-027")
def test_a_tried_secret_is_still_there_to_be_saved(desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    simulator.control("paygent/merchants", connect_password="new-55")
    tried = desk.press_on(desk.get(CARD_FORM), CARD_FORM, "test", account_connect_password="new-55")
    assert "ペイジェントに接続できました。" in Page(tried.text).text
    desk.agree(desk.press_on(tried, CARD_FORM, "confirm"), CARD_FORM)
    assert credentials(demo_app)["connect_password"] == "new-55"


def test_a_provider_that_is_away_is_told_from_a_wrong_value(desk: Desk, simulator: Simulator) -> None:
    for mode, values, said in (
        ("code", {"code": "P017"}, "判断できない応答"), ("garbage", {}, "接続できませんでした"), ("reset", {}, "接続できませんでした"),
    ):  # fmt: skip
        simulator.fault(mode, "094", **values)
        words = check(desk, **PASSWORD).text
        assert "確認できませんでした マーチャントID" in words
        assert said in words
        assert "誤り" not in words


@pytest.mark.req("T-024")
def test_no_connection_is_tried_in_the_wrong_world(desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    change(demo_app, ProviderAccount.endpoint, "live")
    assert "この契約の接続テストは、ここではできません。" in check(desk, **PASSWORD).text
    assert simulator.ledger()["telegrams"] == {}


def test_a_busy_provider_pool_says_so(desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    with demo_app.app_context():
        pool, taken = engine().pool, 0
        with contextlib.suppress(Busy):
            while True:
                pool.reserve()
                taken += 1
    assert "混み合っています" in check(desk, **PASSWORD).text
    assert simulator.ledger()["telegrams"] == {}
    for _slot in range(taken):
        pool.give_back()
    assert "（エラーコード: P002）" in check(desk, **PASSWORD).text


def test_a_method_without_a_provider_has_nothing_to_try(desk: Desk) -> None:
    assert "接続テスト" not in desk.page(CASH_FORM).text
    assert desk.press_on(desk.get(CASH_FORM), CASH_FORM, "test").status_code == 404
