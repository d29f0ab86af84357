"""What buyer and shop are told, word for word."""

import re

import pytest
from sqlalchemy import select

from shop.catalogue.models import Product, Variant
from shop.checkout import cart, confirm
from shop.core import db, ids, shopinfo
from shop.core.money import format_yen
from shop.core.runtime import now
from shop.core.shopinfo import ShopInfo
from shop.delivery.models import Delivery
from shop.orders import editing
from shop.orders.mails import placed_body
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.models import PaymentMethod
from tests.domain.desk import BUYER, Desk
from tests.support.shop import mails


def two_rates(desk: Desk) -> Order:
    """One plain and one reduced product, paid at the door."""
    plain, reduced = (
        desk.rows(Variant, Variant.on_hand >= 10, Variant.product_id.in_(select(Product.id).where(Product.published, Product.reduced_tax.is_(flag))))[0]
        for flag in (False, True)
    )
    key, token = ids.public_id(), ids.public_id()
    with desk.app.app_context():
        for variant, quantity in ((plain, 2), (reduced, 3)):
            with db.write() as session:
                cart.add(session, key, variant.id, quantity, now())
        session = db.db.session()
        courier = session.scalars(select(Delivery).where(Delivery.active)).one()
        method = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "cash_on_delivery")).one()
        agreement = confirm.agree(session, cart.view(session, key), courier.id, method.id, BUYER["prefecture"])
        with db.write() as session:
            confirm.store(session, token, agreement, BUYER, "<p></p>", now())
    return desk.row(Order, id=desk.press(token, key))


@pytest.mark.req("R-220")
def test_thanks_mail_word_for_word(desk: Desk) -> None:
    placed = desk.place(quantity=2)
    order = desk.order(placed)
    mail = desk.row(OutboxMail, kind="thanks")
    (line,) = _lines(desk, order)
    shop = desk.row(ShopInfo).name
    expected = f"""\
※このメールはご注文完了時にお送りしている自動配信メールとなります。後ほど、正式なご案内メールをお送りいたします。
山田 花子様
この度は{shop}をご利用頂きまして誠にありがとうございます。ご注文につきまして下記の通り承りましたのでご連絡致します。
ご利用店：{shop}
ご購入日：DATE
■ご注文内容
注文番号：{order.number}
{line.code} {line.name}{'※' if line.tax_rate == 8 else ''} {line.unit_yen:,}円 × 2 = {line.unit_yen * 2:,}円
小計：{order.goods_yen:,}円
送料：{order.shipping_yen:,}円
合計：{order.total_yen:,}円
"""
    body = re.sub(r"(ご購入日：)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", r"\1DATE\n", mail.body)
    assert body.startswith(expected)
    assert "■お支払方法\nクレジットカード決済(トークン方式)\n" in mail.body
    info = desk.row(ShopInfo)
    assert mail.body.endswith(f"■ご注文の照会・お問い合わせ\n{desk.app.extensions['shop.runtime'].config.base_url}/orders/lookup\n{info.email}\n")
    assert mail.recipient == "hanako@example.jp"
    assert str(order.number) in mail.subject
    desk.run()
    replies = {str(sent["To"]): sent["Reply-To"] for sent in mails(desk.app)}
    assert replies == {mail.recipient: info.email, info.email: None}, "a reply reaches the shop"
    assert {str(sent["From"]) for sent in mails(desk.app)} == {info.email}, "the shop's own, where no other is configured"


def _lines(desk: Desk, order: Order) -> list[OrderLine]:
    return desk.rows(OrderLine, order_id=order.id)


@pytest.mark.req("R-218", "R-219", "S-026")
def test_one_mail_to_the_buyer_and_the_same_body_to_the_shop(desk: Desk) -> None:
    """Each ends with where its reader looks the order up."""
    placed = desk.place()
    desk.run()
    desk.run()
    thanks, notice = desk.row(OutboxMail, kind="thanks"), desk.row(OutboxMail, kind="order_notice")
    base = desk.app.extensions["shop.runtime"].config.base_url
    body, _, for_the_buyer = thanks.body.partition("■ご注文の照会・お問い合わせ\n")
    assert f"{base}/orders/lookup\n" in for_the_buyer
    assert notice.body == f"{body}■管理画面の受注明細\n{base}/admin/orders/{desk.order(placed).number}\n"
    assert notice.subject.startswith("【受注通知メール】")
    assert notice.recipient == desk.row(ShopInfo).email
    assert thanks.message_id != notice.message_id
    assert sorted(mail["To"] for mail in mails(desk.app)) == sorted([thanks.recipient, notice.recipient])
    desk.capture(placed)
    desk.run()
    assert len(desk.rows(OutboxMail)) == 2


@pytest.mark.req("R-281", "R-282")
def test_totals_per_rate_and_the_mark_of_reduced_lines(desk: Desk) -> None:
    order = two_rates(desk)
    mail = desk.row(OutboxMail, kind="thanks")
    plain, reduced = _lines(desk, order)
    at_ten = plain.unit_yen * 2 + order.shipping_yen + order.fee_yen
    at_eight = reduced.unit_yen * 3
    assert at_ten + at_eight == order.total_yen
    assert f"（10%対象 {at_ten:,}円）\n（8%対象 {at_eight:,}円）\n※は軽減税率対象商品です。\n" in mail.body
    assert f"{reduced.name}※ " in mail.body
    assert f"{plain.name} " in mail.body
    assert f"手数料：{order.fee_yen:,}円" in mail.body


@pytest.mark.req("R-282")
def test_deductions_and_the_cool_fee_in_a_body_written_after_an_edit(desk: Desk) -> None:
    order = two_rates(desk)
    before = desk.row(OutboxMail, kind="thanks").body
    with desk.app.app_context():
        for name, amount in (("points_yen", 200), ("discount_yen", 101), ("cool_yen", 220)):
            with db.write() as session:
                edited = session.get_one(Order, order.id)
                editing.save(session, order.id, edited.version, editing.AmountEdit(name, amount), "owner", now())
        edited = db.db.session.get_one(Order, order.id)
        body, total = placed_body(edited, shopinfo.get(db.db.session())), edited.total_yen
    assert total == order.total_yen - 301 + 220
    said = [f"小計：{order.goods_yen:,}円", "ポイント：-200円", "値引き：-101円", f"送料：{order.shipping_yen:,}円",
            f"手数料：{order.fee_yen:,}円", "クール料金：220円", f"合計：{total:,}円"]  # fmt: skip
    assert "\n".join(said) in body
    rates = [int(yen.replace(",", "")) for yen in re.findall(r"（(?:10|8)%対象 ([\d,]+)円）", body)]
    assert len(rates) == 2
    assert sum(rates) == total
    assert not [word for word in ("ポイント", "値引き", "クール料金") if word in before]


def test_what_a_buyer_typed_stays_in_its_line(desk: Desk) -> None:
    desk.place(buyer_name="x 【重要】\r\nBcc: v@example.jp")
    mail = desk.row(OutboxMail, kind="thanks")
    assert "\r" not in mail.subject + mail.recipient
    assert "\n" not in mail.subject + mail.recipient


def test_who_was_kept_waiting_in_vain_is_told_that_nothing_is_charged(desk: Desk, clock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    clock.advance(200)
    desk.run("reconcile")
    mail = desk.row(OutboxMail, kind="not_placed")
    assert "ご請求はありません" in mail.body
    assert f"{placed.yen:,}円" in mail.body
    assert mail.recipient == "hanako@example.jp"


def test_yen_as_shown(desk: Desk) -> None:
    amounts = desk.call(lambda: [format_yen(amount) for amount in (0, 999, 1000, 12_800, 1_234_567, -1_500)])
    assert amounts == ["0円", "999円", "1,000円", "12,800円", "1,234,567円", "-1,500円"]
