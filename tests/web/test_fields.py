"""The checkout's fields: kind to whoever types, judged one by one, and told in the words of a refusal."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin

import pytest
from flask import Flask
from sqlalchemy import select

from shop.checkout.models import Confirmation
from shop.core.db import db
from shop.delivery.models import Delivery
from shop.orders.models import Order
from tests.support.buying import CASH, Buyer, StepsBuyer
from tests.support.pages import Page
from tests.web.counter import TEA, change, count, number_of, path_of
from tests.web.test_bad_input import complaints

pytestmark = pytest.mark.one_database

PAN = "4111 1111 1111 1111"


@pytest.fixture
def typing(shopper: Buyer) -> Buyer:
    """A buyer at the form."""
    shopper.put_into_cart(TEA)
    return shopper


def judged(buyer: Buyer, **typed: str) -> Mapping[str, dict[str, str]]:
    """What the server says of single fields, as the page's script asks for it."""
    token = buyer.checkout_form()[1].fields["csrf_token"]
    answer = buyer.post("/checkout/zero/check", typed | {"csrf_token": token})
    assert answer.status_code == 200
    found: Mapping[str, dict[str, str]] = answer.json()
    return found


# ---- one field at a time ----

MISTAKES = {
    "email": ("taro.example.jp", "taro@@example.jp", "taro@example"),
    "phone": ("090-1234-56", "12345678901"),
    "postal_code": ("390-08", "あ"),
    "buyer_kana": ("山田",),
    "buyer_name": ("", "当選 https://evil.example/x"),
    "prefecture": ("",),
}


@pytest.mark.req("U-012")
def test_a_field_is_judged_alone_in_the_words_of_a_refusal(typing: Buyer, demo_app: Flask) -> None:
    said = set()
    for name, wrong in MISTAKES.items():
        for typed in wrong:
            verdict = judged(typing, **{name: typed})
            assert set(verdict) == {name}, "nothing is said of fields that are still to come"
            refused = typing.confirm(CASH, **{name: typed})
            assert Page(f"<p>{verdict[name]['error']}</p>").text == Page(f"<p>{complaints(refused.text)[name]}</p>").text
            said.add(verdict[name]["error"])
    assert len(said) == sum(len(wrong) for wrong in MISTAKES.values()), "each mistake has a sentence of its own"
    assert "いまは9桁です" in str(said)
    assert "いまは5桁です" in str(said)
    assert judged(typing, email="taro@example.jp")["email"]["error"] == ""
    assert count(demo_app, Confirmation) == 0


def test_no_name_carries_a_link_into_a_mail(typing: Buyer) -> None:
    for name in ("http://x.example", "ＨＴＴＰＳ：／／x.example", "Www.evil.example", "evil.example/win"):
        for field, more in (("buyer_name", {}), ("ship_name", {"ship_to": "other"})):
            assert "URLは入力できません" in judged(typing, **{field: name}, **more)[field]["error"], name
    for name in ("J.P. Morgan", "株式会社A/B", "St.John 花子", "山田 花子"):
        assert judged(typing, buyer_name=name)["buyer_name"]["error"] == "", name


@pytest.mark.req("R-111")
def test_a_card_number_in_a_field_is_told_there_and_forgotten(typing: Buyer) -> None:
    verdict = judged(typing, email=PAN)["email"]
    assert verdict["error"].startswith("カード番号はこの欄に入力しないでください。")
    assert verdict["kept"] == ""
    assert "1111" not in str(verdict)
    note = judged(typing, note=f"置き配で。{PAN}")["note"]
    assert note["kept"] == "置き配で。"
    assert judged(typing, note="置き配で")["note"]["kept"] is None


# ---- slips ----

SLIPS = {
    "taro@gamil.com": "taro@gmail.com", "taro@gmail.con": "taro@gmail.com", "taro@gmai.com": "taro@gmail.com",
    "taro@yahoo.co.jpp": "taro@yahoo.co.jp", "taro@yahooo.co.jp": "taro@yahoo.co.jp", "taro@docomo.ne.jpn": "taro@docomo.ne.jp",
    "taro@example.con": "taro@example.com", "taro@gmail,com": "taro@gmail.com", "taro@x.jptaro@x.jp": "taro@x.jp",
}  # fmt: skip
NO_SLIPS = ("taro@gmail.com", "taro@ymail.com", "taro@mail.com", "taro@au.com", "taro@example.jp", "taro@yahoo.com", "taro@", "@", "")


@pytest.mark.req("U-011")
def test_a_likely_slip_in_an_address_is_asked_about_and_never_refused(typing: Buyer, demo_app: Flask) -> None:
    for typed, meant in SLIPS.items():
        verdict = judged(typing, email=typed)["email"]
        assert verdict["instead"] == meant
        assert meant in verdict["advice"]
    for typed in NO_SLIPS:
        assert judged(typing, email=typed)["email"]["advice"] == "", typed
    shown = typing.confirm(CASH, email="taro@gamil.com")
    assert "もしかして「taro@gmail.com」ではありませんか？" in Page(shown.text).text
    assert '<span class="receipt-email">taro@gamil.com</span>' in shown.text
    number_of(typing.place(shown))
    with demo_app.app_context():
        assert db.session.scalars(select(Order.email)).one() == "taro@gamil.com"


COMPLETE = ("松本市宵待町3-8-2", "松本市宵待町三丁目八番二号", "松本市宵待町３", "青ヶ島村無番地", "Matsumoto Chuo 2-3-4")


@pytest.mark.req("U-007")
def test_an_address_without_a_lot_is_asked_about_and_never_refused(typing: Buyer) -> None:
    for line in COMPLETE:
        assert judged(typing, address1=line)["address1"]["advice"] == "", line
    assert "番地が入っていないようです" in judged(typing, address1="松本市宵待町")["address1"]["advice"]
    assert "市区町村が入っていないようです" in judged(typing, address1="宵待3-8-2")["address1"]["advice"]
    other = {
        "ship_to": "other", "ship_name": "青木 りん", "ship_phone": "0263001122", "ship_postal_code": "3990001",
        "ship_prefecture": "長野県", "ship_address1": "松本市宵待町",
    }  # fmt: skip
    shown = Page(typing.confirm(CASH, **other).text).text
    assert shown.count("番地が入っていないようです") == 1
    assert "番地が入っていないようです" not in Page(typing.confirm(CASH).text).text


# ---- what a browser fills in, and how ----

TOKENS = {
    "buyer_name": "name", "email": "email", "phone": "tel-national", "postal_code": "postal-code", "prefecture": "address-level1",
    "address1": "address-line1", "address2": "address-line2", "ship_name": "shipping name", "ship_phone": "shipping tel-national",
    "ship_postal_code": "shipping postal-code", "ship_prefecture": "shipping address-level1",
    "ship_address1": "shipping address-line1", "ship_address2": "shipping address-line2",
}  # fmt: skip
CARD_TOKENS = {"number": "cc-number", "name": "cc-name", "expiry": "cc-exp", "code": "cc-csc"}


def controls(page: Page) -> dict[str, dict[str, str]]:
    return {a["name"]: a for tag, a in page.elements if tag in ("input", "select", "textarea") and "name" in a}


@pytest.mark.req("U-004", "U-005")
def test_browsers_can_fill_in_every_field(typing: Buyer) -> None:
    page = typing.checkout_form()[0]
    named = controls(page)
    assert {name: named[name]["autocomplete"] for name in TOKENS} == TOKENS
    card = {a["data-card"]: a for _tag, a in page.elements if "data-card" in a}
    assert {part: a["autocomplete"] for part, a in card.items()} == CARD_TOKENS
    assert not list(page.find("input", type="number"))
    for digits in (named["postal_code"], named["ship_postal_code"], card["number"], card["expiry"], card["code"]):
        assert (digits.get("type", "text"), digits["inputmode"]) == ("text", "numeric")
    assert (named["phone"]["type"], named["email"]["type"]) == ("tel", "email")
    door = controls(Page(typing.get("/admin/login").text))
    assert (door["login"]["autocomplete"], door["password"]["autocomplete"]) == ("username", "current-password")


@pytest.mark.req("U-002", "U-010")
def test_every_field_says_whether_it_is_needed_and_the_phone_why(typing: Buyer) -> None:
    html = typing.get("/checkout/zero").text
    fields = re.findall(r'<div class="field[^"]*" data-field="([\w-]+)">(.*?)(?=<div class="field|</section>|</fieldset>|$)', html, re.S)
    assert len(fields) >= 19
    for name, body in fields:
        assert ("必須" in body) != ("任意" in body), name
        assert "placeholder" not in body or name == "card-expiry"
    for name in ("phone", "ship_phone"):
        assert "ご連絡するときに使います。" in dict(fields)[name]


@pytest.mark.req("U-006", "U-009")
def test_codes_and_numbers_are_taken_as_they_are_written(typing: Buyer, demo_app: Flask) -> None:
    for typed in ("〒390-0811", "３９０－０８１１", "390ー0811", "390ｰ0811", "390─0811", "3900811", " 390 0811 "):
        assert judged(typing, postal_code=typed)["postal_code"]["error"] == "", typed
    for typed in ("+81 90-1234-5678", "+81(0)90-1234-5678", "０９０（１２３４）５６７８", "090ー1234−5678"):
        number_of(typing.place(typing.confirm(CASH, phone=typed, postal_code="〒390-0811")))
        with demo_app.app_context():
            order = db.session.scalars(select(Order).order_by(Order.id.desc())).first()
            assert order is not None
            assert (order.phone, order.postal_code) == ("09012345678", "390-0811"), typed
        typing.put_into_cart(TEA)


@pytest.mark.req("U-008")
def test_the_reading_is_taken_in_any_kana_and_may_be_left_out(typing: Buyer, demo_app: Flask) -> None:
    for typed, kept in (("やまだ はなこ", "ヤマダ ハナコ"), ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ ハナコ"), ("", "")):
        number_of(typing.place(typing.confirm(CASH, buyer_kana=typed)))
        with demo_app.app_context():
            assert db.session.scalars(select(Order.buyer_kana).order_by(Order.id.desc())).first() == kept
        typing.put_into_cart(TEA)


# ---- before anything personal is asked ----


@pytest.mark.req("U-020")
def test_the_cart_says_what_the_order_will_cost(typing: Buyer, demo_app: Flask) -> None:
    words = Page(typing.get("/cart").text).text
    for said in (
        "商品合計 税込 972円", "送料 宅配便 600円", "手数料 0円", "支払総額の目安 税込 1,572円", "(10%対象) 600円", "(8%対象) 972円",
        "代金引換をお選びになると、手数料330円がかかります。",
    ):  # fmt: skip
        assert said in words, said
    change(demo_app, Delivery.apart_prefectures, ["沖縄県", "北海道"], kind="courier")
    assert "宅配便で沖縄県、北海道へお届けするときの送料は、別途ご連絡します。" in Page(typing.get("/cart").text).text
    change(demo_app, Delivery.active, False, kind="courier")
    assert "送料 注文手続きで表示します" in Page(typing.get("/cart").text).text


@pytest.mark.req("U-023")
def test_the_address_of_the_confirmation_opens_the_form_as_it_was(typing: Buyer) -> None:
    typing.confirm(CASH, buyer_name="山田 次郎")
    opened = typing.get("/checkout/zero/confirm")
    assert path_of(opened) == "/checkout/zero"
    assert Page(opened.text).form("/checkout/zero/confirm").fields["buyer_name"] == "山田 次郎"


@pytest.mark.req("U-021")
def test_a_guest_orders_without_an_account(typing: Buyer) -> None:
    assert typing.place(typing.confirm(CASH)).public_id


# ---- light enough for a phone ----

#: Bytes of our own scripts on one page of a checkout, as they lie on the disk.
MOST_SCRIPT = 50_000
_IMPORT = re.compile(r'^import .*? from "([^"]+)";', re.MULTILINE)


def scripts_of(buyer: Buyer, page: Page) -> dict[str, bytes]:
    """Every script the page loads, by address: its own, what those import, and the provider's token module."""
    wanted = [script["src"] for script in page.find("script", type="module")]
    wanted += [card["data-module-url"] for _tag, card in page.elements if "data-module-url" in card]
    found: dict[str, bytes] = {}
    while wanted:
        address = wanted.pop()
        if address not in found:
            found[address] = buyer.get(address).content
            wanted += [urljoin(address, other) for other in _IMPORT.findall(found[address].decode())]
    return found


@pytest.mark.req("U-046")
def test_a_checkout_page_loads_little_script_and_nobody_else_s(typing: Buyer, demo_app: Flask) -> None:
    """Nobody else's but the provider's, which the card form fetches when a card is paid with."""
    steps = StepsBuyer(typing.shop_url)
    steps.session = typing.session
    steps.step1()
    for page in (typing.get("/checkout/zero"), typing.get("/checkout/step1"), typing.get("/checkout/step2"), steps.step2()):
        shown = Page(page.text)
        loaded = scripts_of(typing, shown)
        assert any(address.endswith("/card.js") for address in loaded), "the imports were followed"
        assert sum(map(len, loaded.values())) <= MOST_SCRIPT
        assert all(address.startswith("/") for address in loaded)
        assert all(element.get("src", "/").startswith("/") for _tag, element in shown.elements)
