"""Whatever is typed: a clear word at its field, or taken and shown as plain text everywhere. Never a crash."""

import itertools
import re
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from shop.checkout.models import CartItem
from shop.core.db import db
from shop.core.text import clean_line
from shop.orders.models import Order
from tests.support.buying import ADDRESS, CASH, Buyer
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.web.counter import CUP, TEA, Desk, count, number_of, path_of

#: Free text and the rest; all of them are tried with everything below.
FREE = ("buyer_name", "buyer_kana", "address1", "address2", "note", "ship_name", "ship_address1", "ship_address2")
STRICT = ("email", "phone", "postal_code", "prefecture", "ship_phone", "ship_postal_code", "ship_prefecture")
OTHER_ADDRESS = ADDRESS | {
    "ship_to": "other", "ship_name": "青木 りん", "ship_phone": "0263001122", "ship_postal_code": "3990001",
    "ship_prefecture": "長野県", "ship_address1": "宵待町3-8-2", "ship_address2": "",
}  # fmt: skip

NASTY = {
    "long": "あ" * 1_000,
    "full width": "ＡＢＣ　１２３！",
    "half-width kana": "ﾔﾏﾀﾞ ﾊﾅｺ",
    "emoji": "🍵👨‍👩‍👧‍👦✂️",
    "control": "a\x07b\x1b[31mc\x7f\x85d",
    "nul": "山\x00田",
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "url": "javascript:alert(1)",
    "template": "{{ 7*7 }}{% raw %}${7*7}%(name)s%s{0}",
    "sql": "'; DROP TABLE shop_order; --",
    "right to left": "abc\u202egnp.exe\u202c",
    "beyond the plane": "𠮷﨑髙 神\ufe00社",
    "negative": "-1",
    "huge": "9" * 300,
    "line ends": "一\r\n二\u2028三\v四",
    "blank": " 　\t ",
    "zero width": "\u200b\u200e\ufeff",
    "blank letters": "\u3164\u2800\uffa0",
}
#: Turns of the writing direction, zero widths but the joiner of emoji, and letters that look like a blank.
UNSEEN = re.compile("[\u061c\u115f\u1160\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]")


def test_it_is_refused_in_words_or_shown_as_plain_text(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    for mails_before, nasty in zip(itertools.count(step=2), NASTY.values()):
        _try(nasty, mails_before, shopper, desk, demo_app)


def _try(nasty: str, mails_before: int, shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    """In every field of the form; then where it is taken, on every page and mail it comes to."""
    shopper.put_into_cart(TEA)
    everything = OTHER_ADDRESS | dict.fromkeys(FREE + STRICT, nasty)
    answer = shopper.confirm(CASH, **everything)
    assert answer.status_code == 422, "an address of nothing but this is none"
    refused = complaints(answer.text)
    assert set(STRICT) <= refused.keys()
    assert all(refused.values()), refused
    assert_plain(answer.text, nasty)

    taken = [name for name in FREE if name not in refused]
    number = number_of(shopper.place(shopper.confirm(CASH, **OTHER_ADDRESS | dict.fromkeys(taken, nasty))))
    run_jobs(demo_app, "outbox")
    pages = [
        shopper.get("/checkout/zero"), desk.get("/admin/orders"), desk.get(f"/admin/orders/{number}"),
        desk.get("/admin/mails"), desk.get(f"/admin/mails/{mails_before + 1}"), desk.get("/admin"),
    ]  # fmt: skip
    for page in pages:
        assert page.status_code == 200, page.url
        assert_plain(page.text, nasty)
    letters = mails(demo_app)
    assert len(letters) == mails_before + 2
    if "buyer_name" in taken:
        shown = " ".join(clean_line(nasty).split())
        assert shown in Page(pages[1].text).text
        assert shown in Page(pages[2].text).text
        assert f"\n{clean_line(nasty)}様\n" in str(letters[mails_before].get_content()).replace("\r\n", "\n")


def complaints(html: str) -> dict[str, str]:
    """What stands beside each field that was refused."""
    slots = re.findall(r'<p class="field-error" id="([a-z0-9_]+)-error">.*?<span>(.*?)</span></p>', html, re.S)
    return dict(slots)


def assert_plain(html: str, nasty: str) -> None:
    """Neither as markup nor with control characters, wherever it stands."""
    assert not re.search(r"<script>alert|<img src=x|onerror=alert\(1\)>|href=\"javascript:", html)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", html)
    assert not UNSEEN.search(html)
    assert "49${" not in html


@pytest.mark.one_database
def test_what_nobody_sees_is_nothing(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    for unseen in ("\u200b", "\u3164", "\u2800\u200d", "\u202e", "\ufeff　", "\ufe0f", "\u034f\U000e0100", "\uffff", "\U0001d159"):
        refused = complaints(shopper.confirm(CASH, buyer_name=unseen, address1=unseen).text)
        assert refused["buyer_name"] == "お名前を入力してください。"
        assert refused["address1"] == "市区町村・番地を入力してください。"


@pytest.mark.one_database
def test_a_phone_number_begins_with_an_area_code(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    for phone in ("0000000000", "00312345678", "1312345678"):
        refused = complaints(shopper.confirm(CASH, phone=phone).text)
        assert refused["phone"] == "電話番号は市外局番から、10桁か11桁の数字で入力してください。"
    assert shopper.confirm(CASH, phone="+81 3-1234-5678").status_code == 200


@pytest.mark.req("U-015")
def test_names_are_kept_letter_by_letter(shopper: Buyer, desk: Desk) -> None:
    kept = {"𠮷﨑　髙子": "𠮷﨑 髙子", "花": "花", "Søren O'Brien-Ōta": "Søren O'Brien-Ōta", "寿限無" * 20: "寿限無" * 20}
    for typed, name in kept.items():
        shopper.put_into_cart(TEA)
        number = number_of(shopper.place(shopper.confirm(CASH, buyer_name=typed, buyer_kana="よしざき ﾀｶｺ")))
        words = desk.order(number).text
        assert f"氏名 {name} ヨシザキ タカコ" in words


def test_widths_and_hyphens_are_our_work(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    number_of(
        shopper.place(
            shopper.confirm(
                CASH, phone="０３（１２３４）５６７８", postal_code="〒１００ー０００１".replace("〒", ""),
                email=" ｈａｎａｋｏ@example.jp　",
            )
        )
    )  # fmt: skip
    with demo_app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert (order.phone, order.postal_code, order.email) == ("0312345678", "100-0001", "hanako@example.jp")


@pytest.mark.one_database
def test_limits_are_told_with_the_count(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    for name, limit in (("buyer_name", 60), ("address1", 100), ("address2", 100), ("note", 500), ("buyer_kana", 60)):
        letter = "カ" if name == "buyer_kana" else "𠮷"
        assert shopper.confirm(CASH, **{name: letter * limit}).status_code == 200, name
        answer = shopper.confirm(CASH, **{name: letter * (limit + 1)})
        assert answer.status_code == 422
        assert f"{limit}文字以内で入力してください（いまは{limit + 1}文字です）。" in complaints(answer.text)[name]


@pytest.mark.one_database
def test_fields_of_an_unused_ship_to_may_not_be_endless(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    answer = shopper.confirm(CASH, ship_to="same", ship_name="あ" * 5_000)
    assert answer.status_code == 422 or "あ" * 200 not in shopper.get("/checkout/zero").text


def test_a_nasty_confirmation_token_is_just_a_wrong_one(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    form = Page(shopper.confirm(CASH).text).form("/checkout/zero/place").fields
    for token in ("\x00", "a\x00b", "x" * 10_000, "'", "𠮷"):
        for field in ("confirmation_token", "card_token"):
            answer = shopper.post("/checkout/zero/place", form | {"confirmation_token": "x", field: token})
            assert answer.status_code in (200, 400), (field, token)
            assert path_of(answer).startswith("/checkout/zero")


PUBLIC = (
    "/products/{}", "/orders/{}/complete", "/legal/{}", "/media/{}", "/products?category={}", "/products?after={}",
    "/?lang={}", "/pay/a/{}/browser.js",
)  # fmt: skip


def test_a_nasty_address_is_answered_calmly(shopper: Buyer) -> None:
    for path, piece in itertools.product(PUBLIC, ("%00", "a%00b", "%ff%fe", "..%2f..%2fetc", "%F0%A0%AE%B7", "9" * 40, "x" * 3_000, "%22%3E%3Cscript%3E")):
        answer = shopper.get(path.format(piece))
        assert answer.status_code in (200, 400, 404), (path, piece)
        assert "<script>" not in answer.text


SEARCHES = {
    "/admin/orders": ("reference", "number", "name", "list", "before", "after"),
    "/admin/mails": ("state", "before", "after"),
    "/admin/payments/attempts": ("before",),
}


def test_a_nasty_search_is_answered_calmly(desk: Desk) -> None:
    crashed = []
    for path, names in SEARCHES.items():
        for name, nasty in itertools.product(names, ("\x00", "a\x00", "%", "9" * 40, "-1", "𠮷", "'", "1" * 19, "<script>alert(1)</script>", "٣")):
            answer = desk.session.get(desk.shop_url + path, params={name: nasty})
            wanted = (400,) if "\0" in nasty else (200, 400, 404)
            crashed += [(path, name, nasty)] if answer.status_code not in wanted else []
            assert_plain(answer.text, nasty)
    assert not crashed


def test_a_nasty_admin_address_is_answered_calmly(desk: Desk) -> None:
    crashed = []
    for path in ("/orders/{}", "/mails/{}", "/settings/deliveries/{}", "/settings/payment-methods/{}", "/orders/{}/payment/capture"):
        for piece in ("%00", "a%00b", "9" * 30, "-1", "%F0%A0%AE%B7", "x" * 300):
            if desk.get(f"/admin{path.format(piece)}").status_code not in (400, 404):
                crashed.append((path, piece))
    assert not crashed


# ---- the basket ----


@pytest.mark.one_database
@pytest.mark.req("T-002")
def test_only_plain_quantities_are_taken(shopper: Buyer, demo_app: Flask) -> None:
    fields = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    for bad in ("-1", "0", "0.5", "1e3", "1000000000", "٣", "NaN", "", " ", "1,0", "+1", "0x10", "½", "1\x002", "１０００"):
        answer = shopper.post("/cart/items", fields | {"quantity": bad})
        assert answer.status_code == 422, bad
        assert "数量は1から999までの整数で入力してください。" in Page(answer.text).text
    twice = [*fields.items(), ("quantity", "2")]
    assert shopper.session.post(f"{shopper.shop_url}/cart/items", data=twice).status_code == 422
    assert shopper.post("/cart/items", {k: v for k, v in fields.items() if k != "quantity"}).status_code == 422
    assert count(demo_app, CartItem) == 0
    assert path_of(shopper.post("/cart/items", fields | {"quantity": "３"})) == "/checkout/zero"
    assert "茎ほうじ茶 ※ 972円 × 3" in Page(shopper.get("/checkout/zero").text).text


@pytest.mark.req("S-095")
def test_one_more_and_one_less_leaves_the_price_as_it_was(shopper: Buyer) -> None:
    """Also in the basket's other tab, which still shows the quantity of before."""
    shopper.put_into_cart(TEA, 2)
    before = Page(shopper.get("/cart").text)
    line = next(f for f in before.forms if f.action.startswith("/cart/items/"))
    assert "2,916円" in Page(shopper.post(line.action, line.fields | {"quantity": "3"}).text).text
    again = Page(shopper.post(line.action, line.fields | {"quantity": "2"}).text).text
    assert ("972円" in again, "商品合計 税込 1,944円" in again) == (True, True)


@pytest.mark.one_database
@pytest.mark.req("T-002")
def test_a_line_never_lowers_the_total(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    shopper.put_into_cart(CUP)
    line = next(f for f in Page(shopper.get("/cart").text).forms if f.action.startswith("/cart/items/"))
    for bad in ("-3", "0", "-0", "1e3", "99999"):
        answer = shopper.post(line.action, line.fields | {"quantity": bad})
        assert answer.status_code == 422, bad
        assert "商品合計 税込 4,272円" in Page(answer.text).text


@pytest.mark.req("T-001")
def test_prices_and_states_sent_along_are_not_read(shopper: Buyer, demo_app: Flask) -> None:
    extra = {
        "price": "1", "price_yen": "1", "unit_yen": "1", "total": "1", "total_yen": "1", "goods_yen": "1", "tax_rate": "0",
        "shipping": "0", "shipping_yen": "0", "fee_yen": "0", "discount": "900", "paid": "1", "status": "captured",
        "state": "placed", "practice": "0", "order_id": "1", "cart": "x", "cart_id": "1",
    }  # fmt: skip
    query = "?" + "&".join(f"{name}={value}" for name, value in extra.items())
    fields = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    shopper.post("/cart/items" + query, fields | extra)
    _, form = shopper.checkout_form()
    chosen = {"payment_method_id": form.offered["payment_method_id"][-1]}
    shown = shopper.post("/checkout/zero/confirm" + query, form.fields | ADDRESS | extra | chosen)
    assert "支払総額 税込 1,902円" in Page(shown.text).text
    place = Page(shown.text).form("/checkout/zero/place").fields
    answer = shopper.session.post(f"{shopper.shop_url}/checkout/zero/place{query}", data=[*place.items(), *extra.items()])
    assert "支払総額 税込 1,902円" in Page(answer.text).text
    with demo_app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert (order.total_yen, order.shipping_yen, order.practice) == (1_902, 600, True)


@pytest.mark.req("T-001")
def test_a_body_of_another_kind_is_no_form(shopper: Buyer, demo_app: Flask) -> None:
    fields = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    answer = shopper.session.post(f"{shopper.shop_url}/cart/items", json=fields | {"price": 1})
    assert answer.status_code == 400
    assert count(demo_app, CartItem) == 0


def test_another_visitor_s_line_is_out_of_reach(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    line = next(f for f in Page(shopper.get("/cart").text).forms if f.action.startswith("/cart/items/"))
    thief = Buyer(shopper.shop_url)
    thief.put_into_cart(CUP)
    own = next(f for f in Page(thief.get("/cart").text).forms if f.action.startswith("/cart/items/"))
    thief.post(line.action, own.fields | {"quantity": "9"})
    thief.post(line.action, own.fields | {"remove": "1"})
    assert "茎ほうじ茶 ※ 972円 × 1" in Page(shopper.get("/checkout/zero").text).text


# ---- size ----


@pytest.mark.one_database
@pytest.mark.req("T-115")
def test_floods_are_cut_off(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    _, form = shopper.checkout_form()
    where = f"{shopper.shop_url}/checkout/zero/confirm"
    floods: dict[str, Any] = {
        "many fields": {"data": [*form.fields.items(), *((f"f{i}", "1") for i in range(100_000))]},
        "many parts": {"files": [(f"f{i}", (None, "1")) for i in range(1_000)]},
        "one huge field": {"data": form.fields | {"note": "あ" * 200_000}},
        "a huge file": {"files": {"f": ("f", b"x" * 3_000_000)}},
    }
    for what, body in floods.items():
        answer = shopper.session.post(where, **body)
        assert answer.status_code == 413, what
        assert "送信された内容が大きすぎます" in Page(answer.text).text


@pytest.mark.req("P-02")
def test_half_a_form_is_no_form(demo_app: Flask) -> None:
    """The sender's line was cut within the last field. Our production server calls such a body ended, and 12 would be 1."""
    client = demo_app.test_client()
    form = Page(client.get(f"/products/{TEA}").text).form("/cart/items")
    fields = {name: value for name, value in form.fields.items() if name != "quantity"}
    whole = urlencode(fields | {"quantity": "12"}).encode()
    for sent, status, lines in ((whole[:-1], 400, 0), (whole, 303, 1)):
        answer = client.post(
            "/cart/items", input_stream=BytesIO(sent), content_type="application/x-www-form-urlencoded",
            environ_overrides={"CONTENT_LENGTH": str(len(whole)), "wsgi.input_terminated": True},
        )  # fmt: skip
        assert answer.status_code == status
        assert count(demo_app, CartItem) == lines
