"""別途連絡: where the shop has yet to say what shipping or a method's fee is, the total is without it and no card is charged."""

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from shop.core.db import db
from shop.delivery.models import Delivery
from shop.orders.models import Order
from shop.payments.models import PaymentMethod
from tests.support.buying import ADDRESS, CARD, CASH, Buyer, StepsBuyer, buy
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import CASH_FEE_YEN, SHIPPING_YEN, TEA, TEA_YEN, Desk, change, count, number_of
from tests.web.test_delivery_settings import COURIER, DELIVERIES
from tests.web.test_order_edit import FEE, SHIPPING, Editor, history, sums
from tests.web.test_payment_settings import CASH_FORM

FAR, FARTHER = "沖縄県", "北海道"
WORDS, NOTE = "別途連絡", "送料は別途ご連絡します。合計には含まれていません。"
NO_CARD = "送料が別途連絡のため、カードではお支払いいただけません。ほかのお支払い方法を選んでください。"
WITHOUT = f"{TEA_YEN + CASH_FEE_YEN:,}円"
WITH = f"{TEA_YEN + CASH_FEE_YEN + SHIPPING_YEN:,}円"


@pytest.fixture
def shopper(shopper: Buyer, demo_app: Flask) -> Buyer:
    """A buyer with tea in the basket, at a shop that quotes shipping to the far ends of the country."""
    quote_separately(demo_app, FAR, FARTHER)
    shopper.put_into_cart(TEA)
    return shopper


def quote_separately(app: Flask, *prefectures: str) -> None:
    change(app, Delivery.apart_prefectures, list(prefectures), kind="courier")


def card(app: Flask) -> str:
    with app.app_context():
        return str(db.session.scalars(select(PaymentMethod.id).where(PaymentMethod.kind == CARD)).one())


def ticked(desk: Desk) -> list[str]:
    """The prefectures ticked on 宅配便基本設定."""
    return [box["value"] for box in desk.page(COURIER).find("input", name="apart_prefectures") if "checked" in box]


def beside_payment(answer: requests.Response) -> str:
    """What stands in the place for mistakes of お支払い方法."""
    return Page(answer.text.partition('id="payment_method_id-error">')[2].partition("</p>")[0]).text


@pytest.mark.req("R-244")
def test_a_courier_s_prefectures_are_set_and_taken_off_again(desk: Desk) -> None:
    assert ticked(desk) == []
    asked = desk.confirm(COURIER, methods=["1", "2"], apart_prefectures=[FARTHER, FAR])
    assert f"送料を別途連絡とする都道府県 {FARTHER}、{FAR}" in Page(asked.text).text
    assert WORDS not in desk.page(DELIVERIES).text, "確認画面 changes nothing"
    desk.agree(asked, COURIER)
    assert "600円 別途連絡 2都道府県" in desk.page(DELIVERIES).text
    assert "を設定（送料を別途連絡とする都道府県）" in desk.page("/admin/log").text
    assert ticked(desk) == [FARTHER, FAR]
    assert desk.confirm(COURIER, apart_prefectures=["江戸"]).status_code == 422
    desk.set_up(COURIER, off=["apart_prefectures"])
    assert ticked(desk) == []


def test_prefectures_are_offered_in_the_reader_s_language_and_kept_as_on_parcels(shopper: Buyer) -> None:
    assert '<option value="沖縄県">沖縄県</option>' in shopper.get("/checkout/zero").text
    assert '<option value="沖縄県">Okinawa</option>' in shopper.get("/checkout/zero?lang=en").text
    basket = Page(shopper.get("/cart?lang=en").text).text
    assert "Okinawa、Hokkaido" in basket


@pytest.mark.req("R-244")
def test_the_words_stand_from_the_final_page_to_the_admin(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    shown = shopper.confirm(CASH, prefecture=FAR)
    for said in (f"送料 {WORDS}", NOTE, f"支払総額 税込 {WITHOUT}", "(10%対象) 330円", f"注文する {WITHOUT}"):
        assert said in Page(shown.text).text, said
    ended = shopper.place(shown)
    for said in (f"送料 {WORDS}", NOTE, f"支払総額 税込 {WITHOUT}"):
        assert said in ended.page.text, said
    with demo_app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert (order.shipping_yen, order.shipping_apart, order.total_yen) == (0, True, TEA_YEN + CASH_FEE_YEN)
        assert order.snapshot
        assert order.snapshot in shown.text
    run_jobs(demo_app)
    bodies = [mail.get_content().replace("\r\n", "\n") for mail in mails(demo_app)]
    assert len(bodies) == 2
    for body in bodies:
        assert f"送料：{WORDS}\n" in body
        assert f"合計：{WITHOUT}\n{NOTE}\n" in body
    page = desk.order(number_of(ended))
    assert f"送料 {WORDS}" in page.text
    assert "送料は別途連絡のため、合計には含まれていません。" in page.text
    assert sums(page)["合計"] == TEA_YEN + CASH_FEE_YEN


OTHER = {"ship_to": "other", "ship_name": "青木 りん", "ship_phone": "0263001122", "ship_postal_code": "3990001",
         "ship_address1": "宵待町3-8-2"}  # fmt: skip


@pytest.mark.req("R-244")
@pytest.mark.parametrize(
    ("typed", "apart"),
    [
        ({"prefecture": FAR}, True),
        ({"prefecture": FAR, "ship_prefecture": "東京都"} | OTHER, False),
        ({"prefecture": "東京都", "ship_prefecture": FAR} | OTHER, True),
        ({"prefecture": "東京都", "ship_prefecture": FAR}, False),
    ],
    ids=["buyer", "from there to here", "from here to there", "left over"],
)
def test_where_the_goods_go_decides(typed: dict[str, str], apart: bool, shopper: Buyer, demo_app: Flask) -> None:
    shown = shopper.confirm(CASH, **typed)
    assert f"支払総額 税込 {WITHOUT if apart else WITH}" in Page(shown.text).text
    assert shopper.place(shown).public_id
    assert count(demo_app, Order, shipping_apart=apart) == 1


@pytest.mark.req("R-115", "R-244")
def test_no_card_is_confirmed_where_the_amount_is_not_known(shopper: Buyer, demo_app: Flask) -> None:
    refused = shopper.confirm(CARD, prefecture=FAR)
    assert refused.status_code == 422
    assert beside_payment(refused) == NO_CARD
    again = Page(refused.text).form("/checkout/zero/confirm")
    assert not list(Page(refused.text).find("input", name="confirmation_token"))
    assert card(demo_app) not in again.offered["payment_method_id"]
    assert f"送料 {WORDS}" in Page(refused.text).text

    forged = shopper.post("/checkout/zero/confirm", again.fields | {"payment_method_id": card(demo_app)})
    assert (forged.status_code, beside_payment(forged)) == (422, NO_CARD)
    there = shopper.post(
        "/checkout/zero/confirm", again.fields | {"payment_method_id": card(demo_app), "prefecture": "東京都"}
    )
    assert there.status_code == 200, "a ship-to whose shipping is known takes the card again"
    assert count(demo_app, Order) == 0


@pytest.mark.req("R-115")
def test_a_forged_place_charges_no_card(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    token, shown = shopper.card_token(), shopper.confirm(CASH, prefecture=FAR)
    form = Page(shown.text).form("/checkout/zero/place").fields
    shopper.post(
        "/checkout/zero/place",
        form | {"payment_method_id": card(demo_app), "card_token": token, "prefecture": "東京都", "shipping_yen": "0"},
    )
    assert count(demo_app, Order, shipping_apart=True, payment_name="代金引換") == 1
    assert simulator.payments() == []


@pytest.mark.req("R-115")
def test_nor_in_the_steps(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    """STEP1 says where to, STEP2 offers no card, and what is forged at STEP2 or STEP3 is refused or ignored."""
    walker = in_steps(shopper)
    step2 = Page(walker.step1(prefecture=FAR).text)
    form, token = step2.form("/checkout/step2"), shopper.card_token()
    assert f"送料 {WORDS}" in step2.text
    assert card(demo_app) not in form.offered["payment_method_id"]
    forged = walker.post("/checkout/step2", form.fields | {"payment_method_id": card(demo_app), "prefecture": "東京都"})
    assert (forged.status_code, beside_payment(forged)) == (422, NO_CARD)
    assert walker.get("/checkout/step3").url.endswith("/checkout/step2"), "nothing is confirmed"
    ended = walker.press(walker.step2(CASH), token, payment_method_id=card(demo_app), prefecture="東京都")
    assert number_of(ended)
    assert count(demo_app, Order, shipping_apart=True, payment_name="代金引換") == 1
    assert simulator.payments() == []


def in_steps(shopper: Buyer) -> StepsBuyer:
    """The same browser and basket, on its way through the steps."""
    walker = StepsBuyer(shopper.shop_url)
    walker.session = shopper.session
    return walker


@pytest.mark.req("R-115", "R-121")
@pytest.mark.parametrize("cart", ["zero", "steps"])
@pytest.mark.parametrize(("method", "said"), [(CARD, NO_CARD), (CASH, "確認のあとで内容")])
def test_a_prefecture_listed_after_the_confirmation_asks_again(
    method: str, said: str, cart: str, shopper: Buyer, demo_app: Flask, simulator: Simulator
) -> None:
    quote_separately(demo_app)
    token, walker = shopper.card_token(), in_steps(shopper)
    if cart == "steps":
        walker.step1(prefecture=FAR)
    shown = walker.step2(method) if cart == "steps" else shopper.confirm(method, prefecture=FAR)
    quote_separately(demo_app, FAR)
    ended = (walker.press if cart == "steps" else shopper.place)(shown, token)
    assert ended.path == {"zero": "/checkout/zero", "steps": "/checkout/step2"}[cart]
    assert said in ended.page.text
    assert count(demo_app, Order) == len(simulator.payments()) == 0


@pytest.mark.req("R-244", "R-174")
@pytest.mark.parametrize("yen", [1_200, 0])
def test_staff_say_what_shipping_costs(yen: int, shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, prefecture=FAR))
    editor = Editor(desk, number)
    assert f"送料 {WORDS}" in editor.page.text
    assert editor.press(SHIPPING).status_code == 422, "the field is blank until somebody knows"
    page = editor.save(SHIPPING, yen=yen)
    assert sums(page)["送料"] == yen
    assert sums(page)["合計"] == TEA_YEN + CASH_FEE_YEN + yen
    order = desk.order(number)
    assert WORDS not in order.text.partition("変更履歴")[0]
    assert f"送料 {WORDS} → {yen:,}円" in history(order)
    assert count(demo_app, Order, shipping_apart=False, shipping_yen=yen) == 1


# ---- 手数料 ----

FEE_NOTE = "手数料は別途ご連絡します。合計には含まれていません。"
NO_CARD_FEE = "手数料が別途連絡のため、カードではお支払いいただけません。ほかのお支払い方法を選んでください。"
WITHOUT_FEE = f"{TEA_YEN + SHIPPING_YEN:,}円"


@pytest.mark.req("R-244", "R-174")
def test_a_fee_is_set_apart_and_staff_say_later_what_it_is(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    asked = desk.confirm(CASH_FORM, fee_apart="y")
    assert f"手数料（税込） {WORDS}" in Page(asked.text).text
    desk.agree(asked, CASH_FORM)
    assert "を設定（手数料を別途連絡とする）" in desk.page("/admin/log").text
    assert "代金引換をお選びになると、手数料は別途ご連絡します。" in Page(shopper.get("/cart").text).text
    assert f"代金引換 手数料 {WORDS}" in shopper.checkout_form()[0].text
    shown = shopper.confirm(CASH)
    ended = shopper.place(shown)
    for page in (Page(shown.text), ended.page):
        for said in (f"手数料 {WORDS}", FEE_NOTE, f"支払総額 税込 {WITHOUT_FEE}"):
            assert said in page.text, said
    run_jobs(demo_app)
    for body in (mail.get_content().replace("\r\n", "\n") for mail in mails(demo_app)):
        assert f"手数料：{WORDS}\n合計：{WITHOUT_FEE}\n{FEE_NOTE}\n" in body
    assert "手数料は別途連絡のため、合計には含まれていません。" in desk.order(number_of(ended)).text
    editor = Editor(desk, number_of(ended))
    assert f"手数料 {WORDS}" in editor.page.text
    assert editor.press(FEE).status_code == 422, "the field is blank until somebody knows"
    page = editor.save(FEE, yen=440)
    assert (sums(page)["手数料"], sums(page)["合計"]) == (440, TEA_YEN + SHIPPING_YEN + 440)
    assert f"手数料 {WORDS} → 440円" in history(desk.order(number_of(ended)))
    assert count(demo_app, Order, fee_apart=False, fee_yen=440) == 1
    desk.set_up(CASH_FORM, off=["fee_apart"])
    assert f"手数料 {CASH_FEE_YEN}円" in Page(shopper.put_into_cart(TEA).text).text, "what was set before counts again"


@pytest.mark.req("R-115")
@pytest.mark.parametrize(("shown", "action"), [("/checkout/zero", "/checkout/zero/confirm"), ("/checkout/step2", "/checkout/step2")])
def test_no_card_is_taken_whose_fee_is_not_known(
    shown: str, action: str, shopper: Buyer, demo_app: Flask, simulator: Simulator
) -> None:
    """Not offered, refused when it is chosen all the same, and when the fee became unknown after the confirmation."""
    walker = in_steps(shopper)
    walker.step1()
    token, form = shopper.card_token(), Page(shopper.get(shown).text).form(action).fields | ADDRESS
    confirmed = walker.step2(CARD) if shown == "/checkout/step2" else shopper.confirm(CARD)
    change(demo_app, PaymentMethod.fee_apart, True, kind=CARD)
    late = (walker.press if shown == "/checkout/step2" else shopper.place)(confirmed, token)
    assert NO_CARD_FEE in late.page.text
    assert card(demo_app) not in late.page.form(action).offered["payment_method_id"]
    forged = shopper.post(action, form | {"payment_method_id": card(demo_app)})
    assert (forged.status_code, beside_payment(forged)) == (422, NO_CARD_FEE)
    assert count(demo_app, Order) == len(simulator.payments()) == 0
