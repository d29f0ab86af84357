"""From 「カゴに入れる」 to 注文完了: one form, one confirmation, one order – and no way around any of them."""

import json
import re
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import delete, select

from shop.catalogue.models import Product, Variant
from shop.checkout import cart as carts
from shop.checkout.models import CartItem
from shop.core.db import db, write
from shop.core.shopinfo import ShopInfo
from shop.delivery.models import Delivery, DeliveryPayment
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments.models import PaymentMethod
from tests.support.buying import ADDRESS, CASH, Buyer, StepsBuyer, buy
from tests.support.pages import Page
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import (
    CUP,
    NUMBER,
    SOLD_OUT,
    TEA,
    Desk,
    change,
    count,
    number_of,
    orders,
    path_of,
    stock,
)

REFUSED = "4980000000038261"  # 2001
#: Another ship-to and everything else a buyer can type, in the widths the shop keeps.
TYPED = ADDRESS | {
    "postal_code": "390-0811", "phone": "0312345678", "address2": "月ノ輪荘 203", "ship_to": "other",
    "ship_name": "髙橋 𠮷郎", "ship_phone": "0263001122", "ship_postal_code": "399-0001",
    "ship_prefecture": "長野県", "ship_address1": "宵待町3-8-2", "ship_address2": "離れ", "note": "呼び鈴を二度どうぞ",
}  # fmt: skip


def assert_kept(page: Page, typed: dict[str, str]) -> None:
    """The form holds what was typed; the note is text between tags, not a value."""
    fields = page.form("/checkout/zero/confirm").fields
    names = typed.keys() - {"note"}
    assert {name: fields[name] for name in names} == {name: typed[name] for name in names}
    assert typed["note"] in page.text


@pytest.mark.req("R-106")
def test_into_the_basket_leads_to_the_one_page_form(shopper: Buyer) -> None:
    answer = shopper.put_into_cart(TEA)
    assert path_of(answer) == "/checkout/zero"
    assert "茎ほうじ茶" in Page(answer.text).text
    assert Page(answer.text).form("/checkout/zero/confirm")


@pytest.mark.req("R-108")
def test_confirming_checks_the_form_and_placing_orders(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    wrong = shopper.confirm(CASH, buyer_name="", postal_code="12")
    assert wrong.status_code == 422
    assert "お名前を入力してください。" in Page(wrong.text).text
    assert "郵便番号は7桁の数字で入力してください" in Page(wrong.text).text
    assert not list(Page(wrong.text).find("input", name="confirmation_token"))

    shown = shopper.confirm(CASH)
    assert "まだ注文は確定していません" in Page(shown.text).text
    assert orders(demo_app) == 0
    assert shopper.place(shown).public_id
    assert orders(demo_app) == 1


@pytest.mark.req("T-007")
def test_no_order_without_a_confirmation(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    token = shopper.card_token()
    _, form = shopper.checkout_form()
    for made_up in ("", "x" * 26):
        answer = shopper.post(
            "/checkout/zero/place", form.fields | ADDRESS | {"confirmation_token": made_up, "card_token": token}
        )
        assert path_of(answer) == "/checkout/zero"
        assert "ご注文はまだ確定していません" in Page(answer.text).text
    assert orders(demo_app) == count(demo_app, Order) == 0


@pytest.mark.req("T-007")
def test_the_confirmation_of_another_basket_is_none(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    stranger = Buyer(shopper.shop_url)
    stranger.put_into_cart(TEA)  # alike in everything but whose it is
    confirmed = Page(shopper.confirm(CASH).text).form("/checkout/zero/place").fields["confirmation_token"]
    own = Page(stranger.confirm(CASH).text).form("/checkout/zero/place").fields
    answer = stranger.post("/checkout/zero/place", own | {"confirmation_token": confirmed})
    assert path_of(answer) == "/checkout/zero"
    assert count(demo_app, Order) == 0


@pytest.mark.req("R-122", "T-007")
def test_one_confirmation_is_one_order(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    shopper.put_into_cart(TEA)
    token, confirmation = shopper.card_token(), shopper.confirm()
    first = shopper.place(confirmation, token)
    shopper.put_into_cart(CUP)
    again = shopper.place(confirmation, shopper.card_token())
    assert first.public_id == again.public_id is not None
    assert orders(demo_app) == len(simulator.payments()) == 1


@pytest.mark.req("T-008")
def test_what_is_sent_along_with_a_confirmation_changes_nothing(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    form = Page(shopper.confirm(CASH).text).form("/checkout/zero/place")
    forged = {
        "buyer_name": "別人", "address1": "よそ", "total": "1", "total_yen": "1", "quantity": "99", "paid": "1",
        "payment_method_id": "1", "delivery_id": "9", "state": "placed", "filed": "completed",
    }  # fmt: skip
    shopper.post("/checkout/zero/place", form.fields | forged)
    with demo_app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert (order.buyer_name, order.address1, order.total_yen, order.filed) == (
            "山田 花子", "千代田区千代田1-1", 972 + 600 + 330, "open",
        )  # fmt: skip
        assert order.lines[0].quantity == 1


CHANGES = {
    "unpaired": None,
    "price": (Variant.price_yen, 971),
    "tax": (Product.reduced_tax, False),
    "name": (Product.name, "別の茶"),
    "shipping": (Delivery.fee_yen, 700),
    "courier away": (Delivery.active, False),
    "fee": (PaymentMethod.fee_yen, 100),
    "taken at once": (PaymentMethod.capture_at_once, True),
    "note": (PaymentMethod.note, "12月28日以降のご注文は年明けの請求になります。"),
    "instalments": (PaymentMethod.options, '{"instalments": "single", "use_3ds": "0"}'),
    "told to the issuer": (PaymentMethod.options, '{"instalments": "split", "use_3ds": "1"}'),
    "delivery time": (Delivery.lead_time, "発送まで二週間ほどかかります。"),
    "not set up": (PaymentMethod.configured, False),
    "withdrawn": (Product.published, False),
}


#: The total as confirmed – 1,572円 – and what it is then, where that is another one.
NEW_TOTALS = {"price": "1,571円", "shipping": "1,672円", "fee": "1,672円"}


@pytest.mark.req("R-121", "U-043")
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_after_the_confirmation_asks_again(
    what: str, shopper: Buyer, demo_app: Flask, simulator: Simulator
) -> None:
    change(demo_app, PaymentMethod.options, '{"instalments": "split", "use_3ds": "0"}', kind="card")
    shopper.put_into_cart(TEA)
    token, confirmation = shopper.card_token(), shopper.confirm(installments="6")
    changed = CHANGES[what]
    if changed:
        change(demo_app, *changed)
    else:
        with demo_app.app_context(), write() as session:
            session.execute(delete(DeliveryPayment))
    ended = shopper.place(confirmation, token)
    assert ended.path in ("/checkout/zero", "/cart")
    assert "もう一度ご確認ください" in ended.page.text
    assert "注文も請求もされていません" in ended.page.text
    if what in NEW_TOTALS:
        assert f"支払総額が1,572円から{NEW_TOTALS[what]}になりました。" in ended.page.text
    assert count(demo_app, Order) == len(simulator.payments()) == 0


@pytest.mark.req("R-121")
def test_a_basket_changed_in_another_tab_asks_again(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    confirmation = shopper.confirm(CASH)
    shopper.put_into_cart(CUP)
    ended = shopper.place(confirmation)
    assert "確認のあとで内容" in ended.page.text
    assert count(demo_app, Order) == 0
    assert shopper.place(shopper.confirm(CASH)).public_id


@pytest.mark.req("R-112")
def test_a_refused_card_leaves_no_trace_but_what_was_typed(
    shopper: Buyer, demo_app: Flask, desk: Desk, simulator: Simulator
) -> None:
    shopper.put_into_cart(TEA, quantity=2)
    before = stock(demo_app)
    ended = shopper.place(shopper.confirm(**TYPED, installments="6"), shopper.card_token(REFUSED))

    assert ended.path == "/checkout/zero"
    assert "請求はされていません。ご注文は確定していません。" in ended.page.text
    assert "2001" in ended.page.text
    assert_kept(ended.page, TYPED | {"installments": "6"})

    run_jobs(demo_app)
    assert orders(demo_app) == count(demo_app, OutboxMail) == 0
    assert stock(demo_app) == before
    assert not NUMBER.search(desk.page("/admin/orders").text)
    assert [payment["authorized_at"] for payment in simulator.payments()] == [""]


@pytest.mark.req("R-157")
def test_numbers_are_padded_follow_each_other_and_are_not_spent_on_refusals(shopper: Buyer) -> None:
    numbers = []
    for card in ("4111111111111111", REFUSED, "4111111111111111"):
        ended = buy(shopper.shop_url, TEA, card=card)
        numbers += [number_of(ended)] if ended.public_id else []
    assert numbers == ["order00000001", "order00000002"]


@pytest.mark.req("R-156", "U-044")
def test_the_complete_page_has_the_number_what_comes_next_and_no_card(shopper: Buyer, demo_app: Flask) -> None:
    change(demo_app, Delivery.lead_time, "三営業日以内に発送します。")
    ended = buy(shopper.shop_url, TEA, buyer=shopper)
    for said in (
        "注文番号 order00000001", "hanako@example.jp あてに注文確認メールをお送りします。", "引渡時期 三営業日以内に発送します。",
        "ご注文の変更や取り消しは、注文番号を添えて店までご連絡ください。",
    ):  # fmt: skip
        assert said in ended.page.text, said
    assert list(ended.page.find("a", href="/legal/cancellation"))
    assert not re.search(r"1111|VISA|\*{2}|JCB", ended.response.text)


def test_the_complete_page_shows_a_stranger_no_address(shopper: Buyer) -> None:
    ended = buy(shopper.shop_url, TEA, buyer=shopper)
    assert "hanako@example.jp" in ended.page.text
    seen = Buyer(shopper.shop_url).get(ended.path)
    assert seen.status_code == 200
    assert "hanako@example.jp" not in seen.text
    assert "山田" not in seen.text
    assert Buyer(shopper.shop_url).get("/orders/0000000000/complete").status_code == 404


@pytest.mark.req("R-158")
@pytest.mark.parametrize(
    ("agent", "kind"),
    [("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile", "スマートフォン"), ("Mozilla/5.0 (X11)", "パソコン")],
)
def test_the_device_is_kept(agent: str, kind: str, shopper: Buyer, desk: Desk) -> None:
    shopper.session.headers["User-Agent"] = agent
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    assert f"購入端末 {kind} 127.0.0.1" in desk.order(number).text


def in_steps(shopper: Buyer) -> StepsBuyer:
    """The same browser and basket, on its way through the 3-step cart."""
    walker = StepsBuyer(shopper.shop_url)
    walker.session = shopper.session
    return walker


@pytest.mark.req("R-285")
def test_the_final_page_says_what_the_law_asks(shopper: Buyer, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        info = session.scalars(select(ShopInfo)).one()
        texts = json.loads(info.texts)
        texts["ja"]["period"] = "2026年12月25日まで"
        info.texts = json.dumps(texts)
        cancellation = texts["ja"]["cancellation"].split("\n")[0]
    shopper.put_into_cart(TEA, quantity=3)
    walker = in_steps(shopper)
    walker.step1()
    for words, said in product((Page(final.text).text for final in (shopper.confirm(CASH), walker.step2(CASH))), (
        "茎ほうじ茶 ※ 3 × 972円 2,916円", "小計 2,916円", "送料 600円", "手数料 330円", "支払総額 税込 3,846円",
        "お支払方法 代金引換", "お支払時期 商品と引き換えに", "引渡時期 平日13時までのご注文は当日",
        f"撤回・解除 {cancellation}", "申込期間 2026年12月25日まで", "注意書き 商品と引き換えに、配達員へ現金で",
        "(10%対象) 930円", "(8%対象) 2,916円", "※は軽減税率（8%）の対象です。",
    )):  # fmt: skip
        assert said in words, said


@pytest.mark.parametrize(
    ("at_once", "said"), [(False, "発送時に請求を確定します。"), (True, "ご注文時にカードへ請求します。")]
)
def test_the_final_page_says_when_a_card_is_charged(
    at_once: bool, said: str, shopper: Buyer, demo_app: Flask
) -> None:
    change(demo_app, PaymentMethod.capture_at_once, at_once, kind="card")
    shopper.put_into_cart(TEA)
    words = Page(shopper.confirm(installments="3").text).text
    assert said in words
    assert "（3回払い）" in words
    assert "返金はご利用のカードへ行い" in words
    assert ("カードのご利用枠を戻す手続き" in words) is not at_once
    in_cash = Page(shopper.confirm(CASH).text).text
    assert "商品をお受け取りになるまで、お支払いはありません。" in in_cash
    assert "カード" not in in_cash, "what does not go with the method is not said"


@pytest.mark.req("R-280")
def test_goods_are_at_ten_percent_unless_said_otherwise(shopper: Buyer, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        product = Product(code="NEW", name="新しい品", category_id=1)
        product.variants = [Variant(code="NEW", price_yen=1_100, on_hand=1)]
        session.add(product)
    assert "1,100円 税込" in Page(shopper.get("/products/NEW").text).text
    shopper.put_into_cart("NEW")
    words = Page(shopper.confirm(CASH).text).text
    assert "(10%対象) 2,030円" in words
    assert "8%対象" not in words


@pytest.mark.req("R-288")
def test_every_checkout_page_leads_to_the_legal_notice(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    form = shopper.put_into_cart(TEA)
    refused = shopper.confirm(CASH, buyer_name="")
    confirmed, token = shopper.confirm(), shopper.card_token()
    simulator.fault("reset", "020", "after")
    pending = shopper.place(confirmed, token).response
    complete = buy(shopper.shop_url, TEA, method=CASH).response
    assert [path_of(a) for a in (pending, complete)] == ["/checkout/pending", path_of(complete)]
    for answer in (form, refused, confirmed, pending, complete):
        links = Page(answer.text).find("a", href="/legal/commerce")
        assert list(links), answer.url
        assert "特定商取引法に基づく表記" in answer.text
    with demo_app.app_context():
        for panel in db.session.scalars(select(Order.snapshot)):  # the dialog has no footer
            assert list(Page(panel).find("a", href="/legal/commerce"))


@pytest.mark.req("R-289")
def test_going_back_from_the_final_page_keeps_every_input(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    shown = shopper.confirm(**TYPED, installments="12")
    assert list(Page(shown.text).find("a", href="/checkout/zero")), "the way back"
    assert_kept(shopper.checkout_form()[0], TYPED | {"installments": "12"})
    changed = shopper.confirm(**TYPED | {"ship_name": "青木 りん"})
    assert "青木 りん" in Page(changed.text).text


@pytest.mark.req("R-289")
def test_going_back_keeps_the_payment_method(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    _, form = shopper.checkout_form()
    chosen = form.offered["payment_method_id"][-1]
    assert form.fields["payment_method_id"] != chosen
    shopper.confirm(payment_method_id=chosen)
    assert shopper.checkout_form()[1].fields["payment_method_id"] == chosen


@pytest.mark.req("R-290")
def test_the_final_page_is_kept_as_it_was_shown(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    shown = shopper.confirm(CASH)
    change(demo_app, Product.story, "あとから変わった")
    shopper.place(shown)
    with demo_app.app_context():
        kept = db.session.scalar(select(Order.snapshot))
    assert kept
    assert kept in shown.text
    assert shown.text.replace(kept, "").count("972") == 0, "nothing of the order stands outside of what is kept"
    assert "<script" not in kept


@pytest.mark.req("R-291")
def test_stock_is_checked_when_adding(shopper: Buyer, demo_app: Flask) -> None:
    change(demo_app, Variant.on_hand, 3, code=TEA)
    answer = shopper.put_into_cart(TEA, quantity=4)
    assert answer.status_code == 422
    assert "茎ほうじ茶" in Page(answer.text).text
    assert "在庫は残り3点です" in Page(answer.text).text
    assert "まだ何も入っていません" in Page(shopper.get("/cart").text).text


@pytest.mark.req("R-291")
def test_what_is_sold_out_cannot_be_added(shopper: Buyer, demo_app: Flask) -> None:
    with demo_app.app_context():
        variant = db.session.scalar(select(Variant.id).where(Variant.code == SOLD_OUT))
    fields = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    answer = shopper.post("/cart/items", fields | {"variant_id": str(variant)})
    assert answer.status_code == 422
    assert "売り切れました。" in Page(answer.text).text


@pytest.mark.req("R-291")
@pytest.mark.parametrize("moment", ["confirm", "place"])
@pytest.mark.parametrize("cart", ["zero", "steps"])
def test_a_shortage_stops_with_the_product_named(cart: str, moment: str, shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(CUP)
    shopper.put_into_cart(TEA, quantity=2)
    walker = in_steps(shopper)
    if cart == "steps":
        walker.step1()
    confirm, place = (walker.step2, walker.press) if cart == "steps" else (shopper.confirm, shopper.place)
    confirmation = confirm(CASH) if moment == "place" else None
    change(demo_app, Variant.on_hand, 1, code=TEA)
    answer = place(confirmation).response if confirmation else confirm(CASH)
    assert "在庫が足りなくなりました：茎ほうじ茶。" in Page(answer.text).text
    assert "砥部 藍縞の湯のみ。" not in Page(answer.text).text
    said = {each["id"]: each for each in Page(answer.text).find("p", class_="field-error") if "hidden" not in each}
    assert list(said) == ["line-2-stock-error"]  # beside the goods, and at no field
    assert "在庫は残り1点です。" in Page(answer.text).text
    assert count(demo_app, Order) == 0
    assert stock(demo_app)[TEA] == (1, 0, 0)


@pytest.mark.req("T-115")
def test_a_cart_holds_so_many_kinds_of_goods(shopper: Buyer, demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carts, "MAX_LINES", 2)
    for code in (TEA, CUP):
        shopper.put_into_cart(code)
    assert "カゴに入れられる商品は2種類までです。" in Page(shopper.put_into_cart("T-001").text).text
    assert count(demo_app, CartItem) == 2
    assert "種類まで" not in Page(shopper.put_into_cart(TEA).text).text, "more of what is in it may come"


@pytest.mark.req("T-031")
def test_a_token_pays_once(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    """A one-time token sent again – for another cart, by another browser – buys nothing and says so."""
    shopper.put_into_cart(TEA)
    token = shopper.card_token()
    assert number_of(shopper.place(shopper.confirm(), token))
    thief = Buyer(shopper.shop_url)
    for buyer in (shopper, thief):
        buyer.put_into_cart(TEA)
        again = buyer.place(buyer.confirm(), token)
        assert again.path == "/checkout/zero"
        assert "請求はされていません" in again.page.text
    assert orders(demo_app) == len(simulator.payments()) == 1


@pytest.mark.req("R-069")
def test_a_refusal_found_by_asking_has_no_code_of_its_own(shopper: Buyer, demo_app: Flask, clock: MovableClock) -> None:
    """Card 2008: the outcome is open until the provider is asked; its payment_status 11 is no error code."""
    assert buy(shopper.shop_url, TEA, buyer=shopper, card="4980000000079000").path == "/checkout/pending"
    clock.advance(240)
    run_jobs(demo_app, "reconcile")
    words = Page(shopper.get("/checkout/zero").text).text
    assert "請求はされていません。ご注文は確定していません。" in words
    assert "エラーコード" not in words
    assert "カード会社の承認が得られませんでした。" in words


# ---- too late ----


@pytest.mark.req("P-05", "R-164")
@pytest.mark.parametrize("card", ["4111111111111111", "4980000000022000"], ids=["void works", "void refused"])
def test_an_approval_too_late_is_not_called_no_charge(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock, card: str
) -> None:
    """The hold ended, another buyer took the last unit, and now the approval is found: money may be reserved."""
    change(demo_app, Variant.on_hand, 1)
    simulator.fault("reset", kind="020", phase="after")
    simulator.fault("http_500", kind="094", times=None)
    assert buy(shopper.shop_url, TEA, buyer=shopper, card=card).path == "/checkout/pending"
    clock.advance(1300)
    run_jobs(demo_app, "release_holds")
    assert number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=Buyer(shopper.shop_url)))
    simulator.control("faults", clear=True)
    clock.advance(120)
    run_jobs(demo_app, "reconcile")
    words = Page(shopper.get("/checkout/zero").text).text
    assert "カード会社の承認が遅れて届き、商品を確保できませんでした。" in words
    assert "請求はされていません。ご注文は確定していません。" not in words
    run_jobs(demo_app, "dispatch")
    kinds = {row.kind for row in _mails(demo_app)}
    assert ("payment_cancelled" in kinds) == (card == "4111111111111111")
    assert ("payment_not_cancelled" in kinds) == (card != "4111111111111111")


def _mails(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        found = list(db.session.scalars(select(OutboxMail)))
        db.session.expunge_all()
        return found
