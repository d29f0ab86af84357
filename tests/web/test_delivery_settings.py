"""宅配便・送料計算: couriers, メール便 and 店頭渡し, and the methods each goes with."""

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db
from shop.delivery.models import Delivery
from tests.support.buying import CARD, CASH, Buyer
from tests.support.pages import Page
from tests.web.counter import SHIPPING_YEN, TEA, Desk, count
from tests.web.test_payment_settings import CARD_NAME, CASH_NAME, LIST, add, offered, take_off

DELIVERIES = "/admin/settings/deliveries"
COURIER, NEW = f"{DELIVERIES}/1", f"{DELIVERIES}/new"


def row(desk: Desk, name: str) -> str:
    """What 支払方法設定 says of one method's couriers."""
    words = desk.page(LIST).text
    return words[words.index(name) :].partition("設定済み")[0]


@pytest.mark.req("R-225")
def test_names_and_methods_of_a_courier(desk: Desk, demo_app: Flask) -> None:
    take_off(desk, 2)
    add(desk, "basic")
    words = desk.page(COURIER).text
    assert "管理用宅配便名" in words
    assert "表示用宅配便名" in words
    assert CARD_NAME in words[words.index("対応可能な支払方法") :]
    assert CASH_NAME not in words[words.index("対応可能な支払方法") :], "未設定 methods cannot be paired"
    for name in ("admin_name", "name"):
        for wrong in ("", "   ", "あ" * 31):
            assert desk.confirm(COURIER, **{name: wrong}).status_code == 422
    assert desk.confirm(COURIER, methods="3").status_code == 422
    assert desk.confirm(COURIER, admin_name="あ", name="あ" * 30).status_code == 200
    desk.set_up(COURIER, admin_name="飛脚", name="お急ぎ便", methods="1")
    with demo_app.app_context():
        courier = db.session.get_one(Delivery, 1)
        assert (courier.admin_name, courier.name, courier.fee_yen) == ("飛脚", "お急ぎ便", SHIPPING_YEN)
    assert "[○] 飛脚" in row(desk, CARD_NAME)


@pytest.mark.req("R-226", "R-012")
def test_pairing_turns_the_mark_and_the_checkout(desk: Desk, shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    for methods, mark, expected in (("2", "[×]", [CASH]), (["1", "2"], "[○]", [CARD, CASH])):
        before = row(desk, CARD_NAME)
        asked = desk.confirm(COURIER, methods=methods)
        assert row(desk, CARD_NAME) == before, "確認画面 changes nothing"
        assert "宅配便を設定しました。" in Page(desk.agree(asked, COURIER).text).text
        assert f"{mark} 宅配便（全国一律）" in row(desk, CARD_NAME)
        assert offered(shopper) == expected
    assert "[×] クレジットカード決済(トークン方式)" in desk.page("/admin/log").text


def test_the_last_pair_can_be_taken_away(desk: Desk, shopper: Buyer) -> None:
    desk.set_up(COURIER, off=["methods"])
    assert "[×] 宅配便（全国一律）" in row(desk, CARD_NAME)
    shopper.put_into_cart(TEA)
    assert offered(shopper) == []


def test_going_back_keeps_what_was_typed(desk: Desk, demo_app: Flask) -> None:
    asked = desk.confirm(NEW, admin_name="伝書鳩", name="鳩", fee_yen="1,200", methods="2")
    assert "送料（全国一律・税込） 1,200円" in Page(asked.text).text
    revised = desk.session.post(f"{desk.shop_url}{NEW}/revise", data=Page(asked.text).form(NEW).fields)
    fields = Page(revised.text).form(f"{NEW}/confirm").fields
    assert (fields["admin_name"], fields["fee_yen"], fields["methods"]) == ("伝書鳩", "1200", "2")
    assert count(demo_app, Delivery) == 3
    desk.agree(asked, NEW)
    assert count(demo_app, Delivery) == 4
    assert "宅配便「伝書鳩」を設定（新規登録）" in desk.page("/admin/log").text


@pytest.mark.req("R-010")
def test_mail_and_pick_up_wait_to_be_turned_on(desk: Desk, shopper: Buyer, demo_app: Flask) -> None:
    with demo_app.app_context():
        kinds = {each.kind: each.id for each in db.session.scalars(select(Delivery))}
    assert set(kinds) == {"courier", "mail", "pickup"}
    shopper.put_into_cart(TEA)
    assert "店頭渡し" not in shopper.checkout_form()[0].text
    desk.set_up(f"{DELIVERIES}/{kinds['pickup']}", active="y", methods="2")
    assert "[○] 店頭渡し" in row(desk, CASH_NAME)
    assert "[×] 店頭渡し" in row(desk, CARD_NAME)
    assert "店頭渡し" in shopper.checkout_form()[0].text


def test_a_draft_of_one_courier_is_none_of_another(desk: Desk, demo_app: Flask) -> None:
    fields = Page(desk.confirm(COURIER, fee_yen="1").text).form(COURIER).fields
    for path in (NEW, f"{DELIVERIES}/2"):
        answer = desk.session.post(desk.shop_url + path, data=fields)
        assert "何も変更していません。" in Page(answer.text).text
    assert count(demo_app, Delivery) == 3
    assert count(demo_app, Delivery, fee_yen=1) == 0
