"""P-22 as buyers and staff meet it: what is said before a limit bites and while it holds, the proof by mail, the buttons of the desk."""

import re

import pytest
import requests
from flask import Flask

from shop.catalogue.models import Product
from shop.core.runtime import now
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments.guard_models import CardGuard
from shop.staff.models import StaffLog
from tests.support.buying import CARD, CASH, Buyer, Purchase, StepsBuyer, buy
from tests.support.members import Member, join
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA, Desk, change, count, number_of, orders, path_of
from tests.web.test_bad_input import complaints

REFUSED = "4980000000038261"
LIMIT = 6
WHERE = "/admin/settings/card-guard"
NO_CHARGE = "請求はされていません。"
LAST = "カードでのお支払いは、あと1回お試しいただけます。"
LATER = re.compile(r"カードでのお支払いが続けて失敗したため、いまはカードを受け付けていません。\d\d:\d\d以降にもう一度お試しください。")
STOPPED = "カードでのお支払いは、不正利用を防ぐため、いまは受け付けていません。"


def try_card(buyer: Buyer, card: str = REFUSED) -> Purchase:
    page, _form = buyer.checkout_form()
    return buyer.place(buyer.confirm(CARD, page), buyer.card_token(card, page))


@pytest.fixture
def on_guard(demo_app: Flask, clock: MovableClock) -> None:
    """The shop asks for the proof of a mail address."""
    set_stage(demo_app, "step_up")


def set_stage(app: Flask, stage: str) -> None:
    with app.app_context():
        since = now()
    change(app, CardGuard.stage, stage)
    change(app, CardGuard.stage_since, since)


@pytest.mark.one_database
@pytest.mark.req("R-147", "P-22", "U-036")
def test_a_limit_is_announced_and_says_when_it_ends(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    """Before it bites, and until when it does; the money first, other methods stay."""
    shopper.put_into_cart(TEA)
    for _ in range(LIMIT - 2):
        assert LAST not in try_card(shopper).page.text
    last = try_card(shopper)
    assert LAST in last.page.text
    before, token = last.page, shopper.card_token(VISA, last.page)
    confirmed = shopper.confirm(CARD, before)
    limited = try_card(shopper).page
    for ended in (limited, shopper.checkout_form()[0]):  # also after a reload
        assert len(LATER.findall(ended.text)) == 1
        assert ended.text.count(NO_CHARGE) == 1, "the money is spoken of once"
        assert LAST not in ended.text
        assert not list(ended.find("input", data_card="number")), "nobody types a card for nothing"
        assert list(ended.find("input", data_kind=CASH))
    assert "エラーコード: 2001" in limited.text

    tried = simulator.ledger()["telegrams"]["020"]
    assert tried == LIMIT
    at_field = shopper.confirm(CARD, before)
    assert at_field.status_code == 422
    assert LATER.search(complaints(at_field.text)["payment_method_id"])
    late = shopper.place(confirmed, token)
    assert late.path == "/checkout/zero"
    assert len(LATER.findall(late.page.text)) == late.page.text.count(NO_CHARGE) == 1
    assert "注文も請求も" not in late.page.text
    assert simulator.ledger()["telegrams"]["020"] == tried
    run_jobs(demo_app, "outbox")
    told = [mail for mail in mails(demo_app) if "失敗が30分のあいだに6回" in mail.get_content()]
    assert len(told) == count(demo_app, OutboxMail, kind="card_limit", state="sent") == 1

    assert number_of(shopper.place(shopper.confirm(CASH)))
    shopper.put_into_cart(TEA)
    clock.advance(31 * 60)
    assert number_of(try_card(shopper, VISA))


@pytest.mark.req("U-034", "U-036")
def test_at_step_3_a_limit_leads_to_the_other_methods(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> None:
    change(demo_app, CardGuard.per_session, 1)
    walker = StepsBuyer(live_server.url)
    walker.put_into_cart(TEA)
    walker.step1()
    page = walker.step2()
    ended = walker.press(page, walker.card_token(REFUSED, Page(page.text)))
    assert (ended.path, len(LATER.findall(ended.page.text)), ended.page.text.count(NO_CHARGE)) == ("/checkout/step3", 1, 1)
    assert not list(ended.page.find("input", data_card="number"))
    assert "ほかのお支払方法を選ぶ" in ended.page.text
    assert "お支払方法を選び直してください。" in ended.page.text
    assert not [word for word in ("「注文する」を押してください", "クレジットカード情報入力") if word in ended.page.text], "neither is there"
    offered = Page(walker.get("/checkout/step2").text)
    assert [each["data-kind"] for each in offered.find("input", name="payment_method_id")] == [CASH]
    assert number_of(walker.press(walker.step2(CASH)))


@pytest.mark.req("P-22", "T-085")
def test_the_proof_is_one_step_and_only_once(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, on_guard: None
) -> None:
    shopper.put_into_cart(TEA)
    asked = try_card(shopper, VISA)
    assert asked.path == "/checkout/verify"
    assert "まだ請求はされていません。ご注文も確定していません。" in asked.page.text
    assert "hanako@example.jp" in asked.page.text
    assert "メールでお送りした番号 必須" in asked.page.text
    assert (orders(demo_app), simulator.payments()) == (0, [])

    (field,) = asked.page.find("input", name="mail_code")
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric"), "filled in by the device (WCAG 3.3.8)"
    wrong = enter(shopper, "12345")
    assert "番号が違います。あと4回入力できます。" in wrong.text
    code = mailed_code(demo_app)
    # As a phone's keyboard or a mail program gives it.
    done = enter(shopper, f" {code[:3]} {code[3:]} ".translate(str.maketrans("0123456789", "０１２３４５６７８９")))
    assert number_of(Purchase(shopper, done))
    assert len(simulator.payments()) == 1
    assert path_of(enter_again(shopper, code)).endswith("/complete"), "the button pressed twice"
    assert (orders(demo_app), len(simulator.payments())) == (1, 1)

    shopper.put_into_cart(TEA)
    assert number_of(try_card(shopper, VISA)), "the same browser and address: no second proof"


@pytest.mark.one_database
@pytest.mark.req("T-085")
def test_a_proof_outlives_a_log_in(live_server: LiveServer, demo_app: Flask, on_guard: None) -> None:
    """Asked as a guest, refused by the bank, logged in and tried again: no second step. What waits for a code is shown on the
    cart it belongs to only – not to whoever sits there after a log-out."""
    buyer = join(Member(live_server.url), demo_app)
    buyer.put_into_cart(TEA)
    assert try_card(buyer, REFUSED).path == "/checkout/verify"
    assert path_of(enter(buyer, mailed_code(demo_app))) == "/checkout/zero"
    buyer.log_in()
    assert number_of(try_card(buyer, VISA))
    buyer.put_into_cart(TEA)
    shown, _form = buyer.checkout_form()
    confirmed = buyer.confirm(CARD, shown, email="other@example.jp")
    assert buyer.place(confirmed, buyer.card_token(VISA, shown)).path == "/checkout/verify"
    buyer.log_out()
    left = buyer.get("/checkout/verify")
    assert path_of(left) != "/checkout/verify"
    assert "other@example.jp" not in left.text


def enter(buyer: Buyer, code: str) -> requests.Response:
    form = Page(buyer.get("/checkout/verify").text).form("/checkout/verify")
    return buyer.post("/checkout/verify", form.fields | {"mail_code": code})


def enter_again(buyer: Buyer, code: str) -> requests.Response:
    """The page is left already; its form is sent once more."""
    form = Page(buyer.get("/products").text).forms[0]
    return buyer.post("/checkout/verify", {"csrf_token": form.fields["csrf_token"], "mail_code": code})


def mailed_code(app: Flask) -> str:
    run_jobs(app, "outbox")
    found = re.search(r"^(\d{6})\s*$", mails(app)[-1].get_content(), re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.req("P-22", "T-083")
def test_a_code_opens_nothing_for_another_browser(shopper: Buyer, demo_app: Flask, simulator: Simulator, on_guard: None) -> None:
    shopper.put_into_cart(TEA)
    try_card(shopper, VISA)
    other = Buyer(shopper.shop_url)
    other.put_into_cart(TEA)
    assert path_of(other.get("/checkout/verify")) == "/checkout/zero"
    change(demo_app, Product.flow, "steps")
    assert path_of(other.get("/checkout/verify")) == "/checkout/step1", "each cart has its own way"
    change(demo_app, Product.flow, "zero")
    assert path_of(enter_again(other, mailed_code(demo_app))) == "/checkout/zero"
    assert simulator.payments() == []


@pytest.mark.one_database
def test_another_code_makes_the_first_void(shopper: Buyer, demo_app: Flask, on_guard: None) -> None:
    shopper.put_into_cart(TEA)
    shown = try_card(shopper, VISA).page
    first = mailed_code(demo_app)
    said = shopper.post("/checkout/verify/resend", shown.form("/checkout/verify/resend").fields)
    assert "新しい番号をお送りしました。前の番号は使えません。" in said.text
    second = mailed_code(demo_app)
    assert second == first or "番号が違います" in enter(shopper, first).text
    assert number_of(Purchase(shopper, enter(shopper, second)))


@pytest.mark.one_database
@pytest.mark.req("P-22", "T-085")
def test_cards_stop_and_other_methods_stay(shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock) -> None:
    shopper.put_into_cart(TEA)
    before, _form = shopper.checkout_form()
    confirmed, token = shopper.confirm(CARD, before, note="急ぎません"), shopper.card_token(VISA, before)
    set_stage(demo_app, "stopped")
    late = shopper.place(confirmed, token)
    assert late.path == "/checkout/zero"
    assert STOPPED in late.page.text
    assert late.page.form("/checkout/zero/confirm").fields["note"] == "急ぎません"
    assert not list(late.page.find("input", data_card="number")), "nobody types a card for nothing"
    at_field = shopper.confirm(CARD, before)
    assert at_field.status_code == 422
    assert complaints(at_field.text)["payment_method_id"].startswith(NO_CHARGE + STOPPED)
    assert simulator.payments() == []
    assert number_of(shopper.place(shopper.confirm(CASH)))


@pytest.mark.one_database
@pytest.mark.req("T-083")
def test_a_confirmation_is_its_own_cart_s_and_young(shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock) -> None:
    """Posted straight to the order address: with another browser's confirmation, then with one's own that is an hour old."""
    shopper.put_into_cart(TEA)
    confirmed, token = shopper.confirm(CARD), shopper.card_token()
    stored = Page(confirmed.text).form("/checkout/zero/place").fields
    bot = Buyer(shopper.shop_url)
    bot.put_into_cart(TEA)
    own = Page(bot.get("/products").text).forms[0].fields["csrf_token"]
    said = bot.post("/checkout/zero/place", stored | {"csrf_token": own, "card_token": token})
    assert "確認画面の有効期限が切れました。" in said.text
    clock.advance(3601)
    assert "確認画面の有効期限が切れました。" in shopper.place(confirmed, shopper.card_token()).page.text
    assert (count(demo_app, Order), simulator.payments()) == (0, [])


# ---- the desk ----


@pytest.mark.one_database
@pytest.mark.req("T-085", "P-22")
def test_the_desk_sees_it_stops_cards_and_lets_go(shopper: Buyer, desk: Desk, demo_app: Flask, on_guard: None) -> None:
    for page in ("/admin", "/admin/payments/attention", WHERE):
        assert "カードで支払うお客様に" in desk.page(page).text, page
    stopped = desk.submit("/admin", f"{WHERE}/stop")
    assert "カード決済の受付を止めています" in stopped.text
    shopper.put_into_cart(TEA)
    assert STOPPED in shopper.checkout_form()[0].text
    released = desk.submit("/admin", f"{WHERE}/release")
    assert "いまは制限していません" in released.text
    assert number_of(try_card(shopper, VISA))
    log = desk.page("/admin/log").text
    assert "カード決済の受付を停止" in log
    assert "カード決済の制限を解除" in log
    assert "カードの不正利用のおそれ" not in desk.page("/admin/payments/attention").text


@pytest.mark.one_database
@pytest.mark.req("T-084")
def test_the_limits_are_set_through_their_confirmation(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    refused = desk.confirm(WHERE, per_session="2", shop_percent="8o", window_minutes="")
    assert refused.status_code == 422
    assert {"per_session", "shop_percent", "window_minutes"} <= complaints(refused.text).keys()
    asked = desk.confirm(WHERE, per_session="３")
    assert "まだ何も変更していません。" in asked.text
    desk.agree(asked, WHERE)
    assert count(demo_app, CardGuard, per_session=3) == 1
    assert count(demo_app, StaffLog, text="カード不正利用対策を設定（同じブラウザの失敗（回））") == 1
    shopper.put_into_cart(TEA)
    assert [bool(LATER.search(try_card(shopper).page.text)) for _ in range(3)] == [False, False, True]
    assert buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url)).public_id
