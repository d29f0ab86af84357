"""クーポン from the desk to the order: its form, its field in both carts, what it takes off and where that is said."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, write
from shop.core.runtime import now
from shop.delivery.models import Delivery
from shop.orders.models import Order
from shop.payments.models import PaymentMethod
from shop.promotions import coupons
from shop.promotions.models import Coupon
from tests.support.buying import CARD, CASH, Buyer, Purchase, StepsBuyer, buy
from tests.support.members import Member
from tests.support.pages import Page
from tests.support.shop import MovableClock, count_statements, mails, run_jobs
from tests.support.world import VISA, Simulator
from tests.web.counter import CUP, CUP_YEN, SHIPPING_YEN, TEA, TEA_YEN, Desk, change, count, number_of
from tests.web.test_order_edit import Editor

#: Pages and rules; what they store and lock is tried on both databases by the service's own tests.
pytestmark = pytest.mark.one_database

LIST = "/admin/settings/coupons"
NEW, FIRST = f"{LIST}/new", f"{LIST}/1"
CODE, OFF = "ARIGATO500", 500
LESS = f"{TEA_YEN + SHIPPING_YEN - OFF:,}円"
APPLIED = f"「{CODE}」を適用しています（-{OFF}円）。"
NO_SUCH = "このクーポンコードは見つかりません。入力内容をお確かめください。"


def beside(answer: requests.Response, name: str = "coupon") -> str:
    """What stands in the place for mistakes of a field."""
    return Page(answer.text.partition(f'id="{name}-error">')[2].partition("</p>")[0]).text


@dataclass
class Till:
    """Tea that is about to be paid, in either checkout."""

    buyer: StepsBuyer
    flow: str

    def type(self, code: str, method: str = CARD, **pressed: str) -> requests.Response:
        """Type a code where the method is chosen and press the ordinary button, or another one."""
        if self.flow == "zero":
            return self.buyer.confirm(method, coupon=code, **pressed)
        self.buyer.step1()
        return self.buyer.step2(method, coupon=code, **pressed)

    def order(self, confirmation: requests.Response) -> Purchase:
        if self.flow == "zero":
            return self.buyer.place(confirmation, self.buyer.card_token())
        return self.buyer.press(confirmation, self.buyer.card_token(VISA, Page(confirmation.text)))


@pytest.fixture(params=["zero", "steps"])
def till(request: pytest.FixtureRequest, shopper: Buyer) -> Till:
    buyer = StepsBuyer(shopper.shop_url)
    buyer.put_into_cart(TEA)
    return Till(buyer, request.param)


def limit(app: Flask, **columns: object) -> None:
    for name, value in columns.items():
        change(app, getattr(Coupon, name), value, code=CODE)


def uses(app: Flask) -> tuple[int, int]:
    """Held and used."""
    with app.app_context():
        coupon = db.session.scalars(select(Coupon).where(Coupon.code == CODE)).one()
        return coupon.held, coupon.used


# ---- in the carts ----


@pytest.mark.req("U-014", "R-293")
def test_from_the_field_to_the_order_and_its_mails(
    till: Till, demo_app: Flask, desk: Desk, simulator: Simulator
) -> None:
    """The ordinary button applies the code; 適用する shows what it takes off before."""
    shown = till.type("ａｒｉｇａｔｏ 500", apply="1")  # noqa: RUF001
    assert shown.status_code == 200
    assert APPLIED in Page(shown.text).text
    assert f"クーポン {CODE} -{OFF}円" in Page(shown.text).text
    assert LESS in Page(shown.text).text
    if till.flow == "steps":
        assert APPLIED in Page(till.buyer.get("/checkout/step2").text).text, "also for who goes back from there"
    confirmation = till.type("ａｒｉｇａｔｏ 500")  # noqa: RUF001
    assert f"クーポン {CODE} -{OFF}円" in Page(confirmation.text).text
    assert "(8%対象) 472円" in Page(confirmation.text).text, "off the goods, not off the shipping"
    assert f"クーポン {CODE} -{OFF}円" in Page(till.buyer.get("/cart").text).text
    done = till.order(confirmation)
    number = number_of(done)
    assert [payment["amount"] for payment in simulator.payments()] == [TEA_YEN + SHIPPING_YEN - OFF]
    assert uses(demo_app) == (0, 1)
    assert f"クーポン {CODE} -{OFF}円" in done.page.text
    run_jobs(demo_app, "outbox")
    letters = [str(mail.get_content()) for mail in mails(demo_app)]
    assert [
        f"クーポン（{CODE}）：-{OFF}円" in letter and f"合計：{LESS}" in letter for letter in letters
    ] == [True, True]
    order = desk.order(number).text
    assert f"クーポン {CODE} -{OFF}円" in order
    assert "(8%対象) 472円" in order
    till.buyer.put_into_cart(TEA)
    assert CODE not in till.buyer.get("/checkout/zero").text, "the next order begins without it"


def test_a_code_that_takes_nothing_off_is_told_beside_its_field(
    till: Till, demo_app: Flask, hanako: Member
) -> None:
    today = date.fromisoformat(str(now_day(demo_app)))
    cases: list[tuple[dict[str, object], str]] = [
        ({"starts_on": today + timedelta(days=1)}, "からご利用いただけます。"),
        ({"starts_on": today - timedelta(days=9), "ends_on": today - timedelta(days=1)}, "で終わりました。"),
        ({"ends_on": today, "active": False}, "このクーポンは、いまはご利用いただけません。"),
        ({"active": True, "uses": 1, "used": 1}, "利用できる回数に達したため"),
        ({"used": 0, "held": 1}, "お手続き中のほかのご注文で使われています。"),
        ({"held": 0, "members_only": True}, "会員のかた専用です。"),
    ]  # fmt: skip
    for columns, words in cases:
        limit(demo_app, **columns)
        for pressed in ({}, {"apply": "1"}):
            answer = till.type(CODE, note="早めに", **pressed)
            assert words in beside(answer), (columns, Page(answer.text).text)
            assert answer.status_code == (200 if pressed else 422)
            assert "早めに" in answer.text
            assert f'value="{CODE}"' in answer.text
    assert NO_SUCH in beside(till.type("ARIGATO5000"))
    assert "40文字以内" in beside(till.type("あ" * 41))
    assert count(demo_app, Order) == 0
    hanako.log_in()
    hanako.put_into_cart(TEA)
    assert f"クーポン {CODE}" in Page(hanako.confirm(coupon=CODE).text).text


def now_day(app: Flask) -> date:
    with app.app_context():
        return (now() + timedelta(hours=9)).date()


@pytest.mark.req("P-14", "T-003", "S-053")
def test_what_changes_after_the_confirmation_is_confirmed_again(
    till: Till, demo_app: Flask, clock: MovableClock
) -> None:
    """Another value, another tab that leaves it out, the last use gone to somebody else, midnight: nothing is ordered."""
    with_it = till.type(CODE)
    limit(demo_app, value=400)
    changed = till.order(with_it)
    assert f"支払総額が{LESS}から" in changed.page.text
    with_it = till.type(CODE)
    till.type("")
    assert "もう一度ご確認ください" in till.order(with_it).page.text
    limit(demo_app, uses=1)
    with_it = till.type(CODE)
    other = Buyer(till.buyer.shop_url)
    other.put_into_cart(TEA)
    number_of(other.place(other.confirm(CASH, coupon=CODE)))
    told = till.order(with_it)
    assert "クーポンが、いまはご利用いただけません。ご注文はまだ確定していません。" in told.page.text
    assert "利用できる回数に達したため" in beside(told.response)
    limit(demo_app, uses=None, ends_on=now_day(demo_app))
    with_it = till.type(CODE)
    clock.advance(24 * 3600)
    assert not till.order(with_it).public_id
    assert (count(demo_app, Order, state="placed"), uses(demo_app)) == (1, (0, 1))


@pytest.mark.req("R-116")
def test_what_a_coupon_pays_in_full_is_paid_by_no_method(till: Till, demo_app: Flask) -> None:

    change(demo_app, Delivery.fee_yen, 0)
    change(demo_app, PaymentMethod.fee_yen, 0)
    limit(demo_app, value=100, kind="percent")
    for kind in (CARD, CASH):
        forged = till.type(CODE, kind)
        assert forged.status_code == 422
        assert "お支払いの合計が1円に満たないため、このお支払方法はご利用いただけません。" in beside(
            forged, "payment_method_id"
        )
    shown = till.type(CODE, apply="1")
    offered = (
        Page(shown.text).form("/checkout/zero/confirm" if till.flow == "zero" else "/checkout/step2").offered
    )
    assert offered.get("payment_method_id", []) == []
    assert (
        "「代金引換」は、お支払いの合計が1円に満たないため、ご利用いただけません。" in Page(shown.text).text
    )
    limit(demo_app, value=99)
    assert f"-{TEA_YEN * 99 // 100}円" in Page(till.type(CODE).text).text
    assert count(demo_app, Order) == 0


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many codes may be guessed; how many they really are is the service's own test."""
    monkeypatch.setattr(coupons, "PER_BROWSER", 3)
    return coupons.PER_BROWSER


@pytest.mark.req("T-091")
def test_guessing_codes_ends_for_a_while_and_says_until_when(few_tries: int, till: Till, clock: MovableClock) -> None:
    for guess in range(few_tries):
        assert NO_SUCH in beside(till.type(f"GUESS{guess}", apply="1"))
        assert "続けて失敗" not in beside(till.type("", apply="1"))
    assert re.search(r"\d\d:\d\d以降にもう一度お試しください。", beside(till.type(CODE, apply="1")))
    assert till.type("").status_code == 200, "an order without a code goes on"
    clock.advance(31 * 60)
    assert APPLIED in Page(till.type(CODE, apply="1").text).text


def test_the_same_wrong_code_is_counted_once(few_tries: int, till: Till) -> None:
    """Who corrects something else meanwhile presses with it again and again."""
    for _ in range(few_tries + 1):
        assert NO_SUCH in beside(till.type("ARIGATO50O"))
    assert APPLIED in Page(till.type(CODE, apply="1").text).text


@pytest.mark.req("T-091")
@pytest.mark.parametrize("way", ["cart", "ja", "apply"])
def test_a_code_is_kept_only_once_it_was_judged(way: str, few_tries: int, till: Till, clock: MovableClock) -> None:
    """By no button of a page are codes guessed for nothing: what is kept is judged there without counting."""
    path, where = ("/checkout/zero",) * 2 if till.flow == "zero" else ("/checkout/step2",) * 2
    where += "/confirm" if till.flow == "zero" else ""
    till.buyer.step1()
    fields = Page(till.buyer.get(path).text).form(where).fields
    button = {"apply": "1"} if way == "apply" else {"leave": way}
    for guess in [*(f"GUESS{number}" for number in range(few_tries)), CODE]:
        till.buyer.post(where, fields | {"coupon": guess} | button)
    page = Page(till.buyer.get(path).text)
    assert (APPLIED in page.text, page.form(where).fields["coupon"] == CODE) == (False, False)
    clock.advance(31 * 60)
    till.buyer.post(where, fields | {"coupon": CODE} | button)
    assert (APPLIED in Page(till.buyer.get(path).text).text) == (way != "apply" or till.flow == "steps"), "a right one stays"


def test_a_right_code_costs_no_try_and_no_code_no_statement(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    for _ in range(12):
        assert APPLIED in Page(shopper.confirm(coupon=CODE, apply="1").text).text
    with count_statements(demo_app) as seen:
        number_of(shopper.place(shopper.confirm(CASH)))
    asked = re.compile(r"(FROM|INTO|UPDATE) coupon(_use)?\b")
    assert [each for each in seen.seen if asked.search(each) and "takes_coupons" not in each] == [], "the header's own statement apart"


def test_a_shop_without_coupons_asks_for_none(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    assert "クーポン" in shopper.get("/checkout/zero").text
    limit(demo_app, active=False)
    assert "クーポン" not in shopper.get("/checkout/zero").text


# ---- at the desk ----


VALUES = {
    "code": "FUYU",
    "name": "冬の葉書",
    "kind": "percent",
    "value": "10",
    "starts_on": "2026-12-01",
    "ends_on": "2026-12-31",
    "uses": "100",
}


@pytest.mark.req("R-293")
def test_staff_make_change_and_stop_a_coupon(desk: Desk, demo_app: Flask, shopper: Buyer) -> None:
    asked = desk.confirm(NEW, members_only="y", **VALUES)
    words = Page(asked.text).text
    for said in (
        "クーポンコード FUYU",
        "商品代金から10%引き",
        "2026-12-01",
        "2026-12-31",
        "100回",
        "会員だけが使える はい",
    ):
        assert said in words
    assert count(demo_app, Coupon) == 1, "確認画面 stores nothing"
    revised = desk.session.post(f"{desk.shop_url}{NEW}/revise", data=Page(asked.text).form(NEW).fields)
    assert Page(revised.text).form(f"{NEW}/confirm").fields.items() >= VALUES.items()
    assert "クーポンを設定しました。" in Page(desk.agree(asked, NEW).text).text
    assert "クーポン「FUYU」を設定（新規登録）" in desk.page("/admin/log").text
    row = desk.page(LIST).text
    assert "会員限定 2026-12-01 – 2026-12-31 0 / 100" in row
    desk.set_up(f"{LIST}/2", off=["active"], uses="")
    assert (
        "クーポン「FUYU」を設定（利用できる回数（全体）、このクーポンを使えるようにする）"
        in desk.page("/admin/log").text
    )
    assert "0 / 制限なし 停止中" in desk.page(LIST).text
    with demo_app.app_context():
        made = db.session.get_one(Coupon, 2)
        assert (made.folded, made.uses, made.active, made.members_only) == ("fuyu", None, False, True)


@pytest.mark.req("R-293", "T-003", "T-073")
def test_what_a_coupon_cannot_be_is_told_beside_the_field(
    desk: Desk, demo_app: Flask, shopper: Buyer
) -> None:
    wrong = {
        "code": ("", "あ" * 41, "ａｒｉｇａｔｏ ５００", "\u200b", "㍿" * 11),  # noqa: RUF001
        "value": ("0", "101", "-1", "1.5", "x", "1000000"), "uses": ("0", "-1", "x"), "starts_on": ("", "2026-02-30", "昨日"),
        "ends_on": ("", "2026-11-30"), "name": ("",), "kind": ("points",),
    }  # fmt: skip
    for name, values in wrong.items():
        for value in values:
            refused = desk.confirm(NEW, **VALUES | {name: value})
            assert refused.status_code == 422, (name, value)
            assert beside(refused, name), (name, value)
    assert (
        desk.confirm(
            NEW, **VALUES | {"kind": "yen", "value": "101", "ends_on": "２０２６／１２／０１"}
        ).status_code
        == 200
    )  # noqa: RUF001
    asked = desk.confirm(FIRST, uses="1")
    for _ in range(2):
        number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=Buyer(shopper.shop_url), coupon=CODE))
    assert "すでに2回使われている" in beside(desk.agree(asked, FIRST), "uses"), (
        "used between 確認画面 and 設定する"
    )
    assert "すでに2回使われている" in beside(desk.confirm(FIRST, uses="1"), "uses")
    desk.set_up(FIRST, uses="2")
    assert uses(demo_app) == (0, 2)
    first, second = (desk.confirm(NEW, **VALUES | {"code": code}) for code in ("春", " 春 "))
    desk.agree(first, NEW)
    assert "同じコードのクーポンがあります：春" in beside(desk.agree(second, NEW), "code"), (
        "written between 確認画面 and 設定する"
    )


def test_the_empty_list_teaches(desk: Desk, demo_app: Flask) -> None:

    with demo_app.app_context(), write() as session:
        session.delete(session.get_one(Coupon, 1))
    assert "クーポンはまだありません。" in desk.page(LIST).text


@pytest.mark.req("L-018")
def test_an_edited_order_keeps_its_coupon_and_its_rates_add_up(desk: Desk, shopper: Buyer) -> None:
    """Off the goods by their rates; beyond them, once staff have lowered a price, off the whole."""
    shopper.put_into_cart(CUP)
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper, coupon=CODE))
    total = TEA_YEN + CUP_YEN + SHIPPING_YEN - OFF
    off_tea = round(OFF * TEA_YEN / (TEA_YEN + CUP_YEN))
    assert f"(8%対象) {TEA_YEN - off_tea}円" in desk.order(number).text
    assert f"合計 {total:,}円" in desk.order(number).text
    editor = Editor(desk, number)
    editor.save("line1", unit_yen=100, quantity=1)
    editor.save("line2", unit_yen=100, quantity=1)
    assert f"合計 {200 + SHIPPING_YEN - OFF}円 (10%対象) 300円" in desk.order(number).text
    editor.save("coupon_yen", yen=200)
    assert f"合計 {SHIPPING_YEN}円 (10%対象) {SHIPPING_YEN}円" in desk.order(number).text
    plain = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    assert "クーポン" not in desk.page(f"/admin/orders/{plain}/edit").text.replace("販売促進 クーポン", "")
