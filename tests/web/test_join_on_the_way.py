"""会員登録 and ログイン on the way to an order, in both carts: the password is typed once, kept as a hash only, and makes a member
when the shop says so."""

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, select

from shop.catalogue.models import Product
from shop.checkout import limits
from shop.checkout.models import Cart, Confirmation
from shop.core.db import db, write
from shop.core.runtime import now
from shop.members import links
from shop.members.models import Member as MemberRow
from shop.members.models import MemberAddress, MemberSession, MemberSettings
from shop.orders.models import Order
from shop.payments.models import PaymentMethod
from tests.support.buying import CASH, Buyer, Purchase, StepsBuyer
from tests.support.issuer import FRICTIONLESS
from tests.support.members import Member, other, subjects
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, change, count, everything_stored, number_of, path_of
from tests.web.test_my_cards import kept
from tests.web.test_same_calls import Walker

PASSWORD = "tsuki-no-wa-77"
JOIN = {"register_member": "y", "login_id": "Hanako.77", "new_password": PASSWORD}


@pytest.fixture
def shop_url(live_server: LiveServer, demo_app: Flask) -> str:
    change(demo_app, Product.flow, "steps", code=TEA)
    return live_server.url


def in_zero(shop_url: str, **typed: str) -> Purchase:
    buyer = Buyer(shop_url)
    buyer.put_into_cart(TEA)
    return buyer.place(buyer.confirm(CASH, **typed))


def in_steps(shop_url: str, **typed: str) -> Purchase:
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    buyer.step1(**typed)
    return buyer.press(buyer.step2(CASH))


BOTH = pytest.mark.parametrize("order", [in_zero, in_steps], ids=["zero", "steps"])
Order_ = Callable[..., Purchase]


def settings(app: Flask, **values: object) -> None:
    with app.app_context(), write() as session:
        session.add(MemberSettings(**values))


def log_in(shop_url: str, password: str = PASSWORD) -> Member:
    member = Member(shop_url)
    member.log_in("hanako.77", password)
    return member


@BOTH
@pytest.mark.req("R-272")
def test_who_registers_with_an_order_can_log_in_at_once(shop_url: str, demo_app: Flask, order: Order_) -> None:
    purchase = order(shop_url, **JOIN)
    number_of(purchase)
    assert "会員登録を受け付けました" in purchase.page.text
    assert "メールをお確かめのうえ、ログインしてください。" in purchase.page.text
    assert log_in(shop_url).is_in
    with demo_app.app_context():
        member = db.session.scalars(select(MemberRow)).one()
        assert (member.state, member.name, member.email) == ("active", "山田 花子", "hanako@example.jp")
        assert db.session.scalars(select(Order.member_id)).one() == member.id
    assert PASSWORD not in everything_stored(demo_app)
    assert any("会員登録" in subject for subject in subjects(demo_app, "hanako@example.jp"))


@BOTH
@pytest.mark.req("R-272", "R-273")
def test_or_only_once_the_order_is_completed(shop_url: str, demo_app: Flask, desk: Desk, order: Order_) -> None:
    settings(demo_app, timing="completed")
    purchase = order(shop_url, **JOIN)
    number = number_of(purchase)
    assert "完了するまでは仮登録となり、ログインはできません。" in purchase.page.text
    assert "/mypage" not in purchase.response.text, "nothing is offered that they cannot open"
    assert not log_in(shop_url).is_in
    assert "(ID仮登録)" in desk.get("/admin/orders").text
    change(demo_app, MemberSettings.timing, "placed")
    assert not log_in(shop_url).is_in, "the setting of today is for the orders of today"
    move = f"/admin/orders/{number}/move/completed"
    desk.submit(move, move)
    assert log_in(shop_url).is_in


@pytest.mark.req("R-274")
@pytest.mark.parametrize("timing", ["placed", "completed"])
@pytest.mark.parametrize("cart", ["zero", "steps"])
def test_their_card_pays_from_when_the_registration_takes_effect(
    shop_url: str, demo_app: Flask, desk: Desk, simulator: Simulator, cart: str, timing: str
) -> None:
    settings(demo_app, timing=timing)
    change(demo_app, PaymentMethod.options, json.dumps({"card_linking": "always", "use_3ds": "0"}), kind="card")
    buyer = Walker(shop_url)
    number = number_of(buyer.order(cart, stored=False, **JOIN))
    run_jobs(demo_app, "dispatch_cards")
    if timing == "completed":
        assert buyer.log_in("hanako.77", PASSWORD).status_code == 403
        buyer.put_into_cart(TEA)
        assert "ご登録のクレジットカード" not in buyer.checkout_form()[0].text, "nor is the browser that ordered offered it"
        move = f"/admin/orders/{number}/move/completed"
        desk.submit(move, move)
    assert path_of(buyer.log_in("hanako.77", PASSWORD)) == "/mypage"
    assert kept(simulator) == [FRICTIONLESS[-4:]]
    number_of(buyer.order(cart, stored=True))
    assert simulator.ledger()["telegrams"]["020"] == 2


@BOTH
def test_the_hash_is_kept_nowhere_once_the_order_stands(shop_url: str, demo_app: Flask, order: Order_) -> None:
    number_of(order(shop_url, **JOIN))
    with demo_app.app_context():
        for column in (Cart.password_hash, Confirmation.registration, Order.registration):
            assert db.session.scalars(select(column)).all() == [""]


def test_a_password_changed_since_confirms_again(shop_url: str, demo_app: Flask) -> None:
    """Nobody registers with a password that they have replaced: STEP3 leads back, an older one orders nothing."""
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    buyer.step1(**JOIN)
    older = buyer.step2(CASH)
    buyer.step1(**JOIN | {"new_password": "another-pass-99"})
    assert path_of(buyer.get("/checkout/step3")) == "/checkout/step2"
    assert "もう一度ご確認ください" in buyer.press(older).page.text
    number_of(buyer.press(buyer.step2(CASH)))
    assert log_in(shop_url, "another-pass-99").is_in


@pytest.mark.req("U-013")
def test_the_password_is_typed_once_on_the_way_through_the_steps(shop_url: str, demo_app: Flask) -> None:
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    for refused in (buyer.step1(**JOIN | {"phone": "1"}), buyer.confirm(CASH, **JOIN | {"phone": "1"})):
        assert "パスワード: 安全のため、もう一度入力してください。" in Page(refused.text).text, "no page gives it back"
    buyer.step1(**JOIN)
    again = Page(buyer.get("/checkout/step1").text)
    fields = again.form("/checkout/step1").fields
    assert (fields["login_id"], fields["new_password"], fields["register_member"]) == ("Hanako.77", "", "y")
    assert "パスワードは入力済みです" in again.text
    buyer.step1(**JOIN | {"new_password": "", "login_id": "hanako.78"})
    number_of(buyer.press(buyer.step2(CASH)))
    member = Member(shop_url)
    member.log_in("hanako.78", PASSWORD)
    assert member.is_in
    buyer.put_into_cart(TEA)
    assert "register_member" not in Page(buyer.get("/checkout/step1").text).form("/checkout/step1").fields, "done is done"


@BOTH
@pytest.mark.req("R-136")
def test_without_an_order_nobody_registers(shop_url: str, demo_app: Flask, order: Order_) -> None:
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    if order is in_steps:
        buyer.step1(**JOIN)
        buyer.step2(CASH)
    else:
        buyer.confirm(CASH, **JOIN)
    with demo_app.app_context():
        kept = json.loads(db.session.scalars(select(Confirmation.registration)).one())
        assert kept["login"] == "hanako.77"
        assert kept["password_hash"].startswith("$argon2id$")
    assert count(demo_app, MemberRow) == 0


@BOTH
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"new_password": "short"}, "パスワードは8文字以上"),
        ({"new_password": ""}, "パスワードを入力してください"),
        ({"login_id": "月"}, "会員IDは、半角の英数字"),
        ({"login_id": "taro"}, "この会員IDは使われています"),
    ],
)
def test_what_is_wrong_with_it_stands_at_its_field(
    shop_url: str, demo_app: Flask, order: Order_, typed: dict[str, str], said: str
) -> None:
    other(shop_url, demo_app)
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    step = buyer.step1 if order is in_steps else lambda **all_: buyer.confirm(CASH, **all_)
    answer = step(**JOIN | typed)
    assert answer.status_code == 422
    assert said in Page(answer.text).text
    assert PASSWORD not in answer.text


@pytest.mark.req("R-125")
def test_the_one_page_checkout_can_hide_it_and_the_steps_do_not_care(shop_url: str, demo_app: Flask) -> None:
    settings(demo_app, zero_step_hides=True)
    buyer = StepsBuyer(shop_url)
    buyer.put_into_cart(TEA)
    zero, steps = buyer.get("/checkout/zero").text, buyer.get("/checkout/step1").text
    for word in ("会員登録する", "会員の方はログイン"):
        assert word not in zero
        assert word in steps
    number_of(buyer.place(buyer.confirm(CASH, **JOIN)))
    assert count(demo_app, MemberRow) == 0, "a forged form registers nobody"


@BOTH
@pytest.mark.req("T-039", "T-046")
def test_a_mail_address_that_is_somebody_s_is_told_to_that_address_only(
    shop_url: str, demo_app: Flask, order: Order_
) -> None:
    taro = other(shop_url, demo_app)
    purchase = order(shop_url, **JOIN | {"email": taro.email})
    number_of(purchase)
    assert count(demo_app, MemberRow) == 1
    with demo_app.app_context():
        assert db.session.scalars(select(Order.member_id)).one() is None
    assert len(subjects(demo_app, taro.email)) == 2  # the order's, and why nobody was registered
    nobodys = order(shop_url, **JOIN | {"email": "tara@example.jp"})
    assert count(demo_app, MemberRow) == 2
    for one, theirs in ((purchase, nobodys), (Purchase(Buyer(shop_url), purchase.response), Purchase(Buyer(shop_url), nobodys.response))):
        pages = [each.buyer.get(each.path).text for each in (one, theirs)]
        assert alike(pages[0], purchase) == alike(pages[1], nobodys), "the same page, also reloaded and elsewhere"
    for each in (purchase, nobodys):
        form = {"csrf_token": Page(each.buyer.get("/products").text).forms[0].fields["csrf_token"], "new_password": PASSWORD}
        assert each.buyer.post(f"{each.path.removesuffix('/complete')}/account", form).status_code == 404


def alike(page: str, purchase: Purchase) -> str:
    """A page without what names its order."""
    page = page.replace(number_of(purchase), "N").replace(purchase.public_id or "", "ID")
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page).replace("taro@", "tara@").replace("ta***o@", "")


@pytest.mark.req("R-289", "U-013")
@pytest.mark.parametrize("start", ["/checkout/zero", "/checkout/step1"])
def test_logging_in_on_the_way_leads_back_and_fills_the_form(shop_url: str, demo_app: Flask, start: str) -> None:
    taro = other(shop_url, demo_app)
    buyer = Member(shop_url)
    buyer.put_into_cart(TEA)
    page = Page(buyer.get(start).text)
    answer = buyer.post("/login", page.form("/login").fields | {"login": taro.login, "password": taro.password})
    assert path_of(answer) == start
    form = next(form for form in Page(answer.text).forms if "buyer_name" in form.fields)
    assert (form.fields["buyer_name"], form.fields["address1"]) == ("佐藤 太郎", "千代田区千代田1-1")
    assert "register_member" not in form.offered
    assert "会員の方はログイン" not in answer.text


@pytest.mark.req("R-121")
def test_who_logs_in_after_confirming_confirms_again(shop_url: str, demo_app: Flask) -> None:
    """Another card, another address book, perhaps another person: what stood in the other tab is not ordered for them."""
    taro = other(shop_url, demo_app)
    taro.put_into_cart(TEA)
    shown = taro.confirm(CASH)
    taro.log_in()
    assert taro.place(shown).path != "/checkout/pending"
    assert count(demo_app, Order) == 0


@BOTH
@pytest.mark.req("T-051", "U-025")
def test_a_member_ships_to_an_address_of_their_own_list(shop_url: str, demo_app: Flask, order: Order_) -> None:
    taro, hanako = other(shop_url, demo_app), other(shop_url, demo_app, "hanako")
    with demo_app.app_context(), write() as session:
        for member in (taro, hanako):
            place = {"name": f"{member.login} の実家", "phone": "0263001122", "postal_code": "399-0001", "prefecture": "長野県"}
            session.add(MemberAddress(member_id=member.member_id, address1="宵待町3-8-2", created_at=now(), **place))
    buyer = StepsBuyer(shop_url)
    buyer.session = taro.session
    taro.log_in()
    buyer.put_into_cart(TEA)
    start = "/checkout/step1" if order is in_steps else "/checkout/zero"
    page = Page(buyer.get(start).text)
    (own,) = [a["value"] for a in page.find("input", name="ship_to") if a["value"].startswith("book-")]
    assert "taro の実家 様" in page.text
    assert "hanako の実家" not in page.text
    foreign = f"book-{int(own.removeprefix('book-')) + 1}"
    step = buyer.step1 if order is in_steps else lambda **typed: buyer.confirm(CASH, **typed)
    assert step(ship_to=foreign).status_code == 422
    answer = step(ship_to=own)
    number_of(buyer.press(buyer.step2(CASH)) if order is in_steps else buyer.place(answer))
    with demo_app.app_context():
        placed = db.session.scalars(select(Order)).one()
        assert (placed.ship_name, placed.ship_prefecture) == ("taro の実家", "長野県")
        assert (placed.buyer_name, placed.member_id) == ("山田 花子", taro.member_id)


@BOTH
@pytest.mark.req("T-088", "T-089")
def test_who_ordered_too_often_is_told_from_when_on_it_goes_again(
    shop_url: str, demo_app: Flask, one_network: str, monkeypatch: pytest.MonkeyPatch, order: Order_
) -> None:
    """And that nothing was ordered; who only wanted to register too often, that the order goes without."""
    monkeypatch.setattr(links, "PER_NETWORK", 1)
    number_of(order(shop_url, **JOIN))
    refused = order(shop_url, **JOIN | {"login_id": "second", "email": "second@example.jp"}).page.text
    assert re.search(r"請求もされていません。会員登録のチェックを外してご注文いただくか、\d\d:\d\d以降に", refused)
    number_of(order(shop_url))
    monkeypatch.setattr(limits, "PER_NETWORK", 2)
    assert re.search(r"ご注文は確定しておらず、請求もされていません。\d\d:\d\d以降に", order(shop_url).page.text)
    assert count(demo_app, Order) == 2


@BOTH
@pytest.mark.req("U-023")
def test_who_was_logged_out_elsewhere_is_told_at_the_press_and_led_back(
    shop_url: str, demo_app: Flask, order: Order_
) -> None:
    taro = other(shop_url, demo_app)
    buyer = StepsBuyer(shop_url)
    buyer.session = taro.session
    taro.log_in()
    buyer.put_into_cart(TEA)
    if order is in_steps:
        buyer.step1()
    shown = buyer.step2(CASH) if order is in_steps else buyer.confirm(CASH)
    form = {"csrf_token": taro.token(), "phone": "1"}
    with demo_app.app_context(), write() as session:
        session.execute(delete(MemberSession))
    start = "/checkout/step1" if order is in_steps else "/checkout/zero"
    assert buyer.post(f"{start}/check", form).json()["phone"]["error"], "a field that is left says nothing of it"
    refused = (buyer.press if order is in_steps else buyer.place)(shown)
    assert refused.path == "/login"
    assert "ご注文は確定しておらず、請求もされていません。" in refused.page.text
    assert count(demo_app, Order) == 0
    form = refused.page.form("/login").fields | {"login": taro.login, "password": taro.password}
    back = taro.post("/login", form)
    assert path_of(back) == start
    assert TEA in buyer.get("/cart").text
    with demo_app.app_context(), write() as session:
        session.execute(delete(MemberSession))
    buyer.get("/products")
    assert "もう一度ログインすると戻ります" in buyer.get("/cart").text, "also where another page was opened first"
