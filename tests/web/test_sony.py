"""ソニーペイメントサービス as its shop guide has it: the form, the messages, what staff may do, and what people must look up."""

import itertools
import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from providers.escott import PROVIDER
from shop.catalogue.models import Variant
from shop.core.db import db, write
from shop.core.runtime import now
from shop.payments import testimony
from shop.payments.models import Payment, PaymentMethod, PaymentOperation
from tests.support.buying import Buyer, Purchase, StepsBuyer
from tests.support.members import join
from tests.support.pages import Page
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import Desk, change, number_of
from tests.web.test_every_product_cards import Holder

pytestmark = pytest.mark.one_database
TOTAL, LATE = 1572, 200.0
CARD_COMPANY, SHOP = "クレジットカード会社にお問い合わせください", "ショップ様にお問い合わせください"
PROVIDER_TEXT = "ソニーペイメント取引の処理に失敗いたしました。詳細につきましては、ソニーペイメントまでお問い合わせください"


@pytest.fixture
def sony(demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(PROVIDER, demo_app, simulator, live_server.url)
    made.install()
    return made


def act(desk: Desk, number: str, verb: str) -> Page:
    path = f"/admin/orders/{number}/payment/{verb}"
    return Page(desk.submit(path, path).text)


def buttons(desk: Desk, number: str) -> list[str]:
    forms = desk.page(f"/admin/orders/{number}").forms
    return [form.action.rpartition("/payment/")[2] for form in forms if "/payment/" in form.action and "refresh" not in form.action]


def edit_shipping(desk: Desk, number: str, yen: int) -> None:
    path = f"/admin/orders/{number}/edit"
    form = next(form for form in desk.page(path).forms if form.fields.get("row") == "shipping_yen")
    desk.session.post(desk.shop_url + path, data=form.fields | {"shipping_yen-yen": str(yen)})


def basket(sony: Product) -> Buyer:
    buyer = Buyer(sony.shop_url)
    buyer.put_into_cart("T-002")
    return buyer


@pytest.mark.req("R-076")
def test_three_buttons_until_the_sale_and_none_after(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    assert buttons(desk, number) == ["cancel", "update", "capture"]
    act(desk, number, "capture")
    assert [row["state"] for row in sony.payments()] == ["captured"]
    assert not {"cancel", "update"} & set(buttons(desk, number))


def test_what_we_cancelled_stays_cancelled_though_the_provider_does_not_say_so(sony: Product, desk: Desk, demo_app: Flask) -> None:
    number = number_of(sony.buy())
    act(desk, number, "cancel")
    assert [row["state"] for row in sony.payments()] == ["cancelled"]
    desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/payment/refresh")
    with demo_app.app_context():
        payment = db.session.scalars(select(Payment)).one()
        assert (payment.status, payment.remote_status, payment.remote_problem) == ("voided", "voided", "")


@pytest.mark.req("R-077")
def test_a_sale_at_once_has_no_button(sony: Product, desk: Desk) -> None:
    sony.install(capture_at_once=True)
    number = number_of(sony.buy())
    assert [row["state"] for row in sony.payments()] == ["captured"]
    assert buttons(desk, number) == []


@pytest.mark.req("R-078")
@pytest.mark.parametrize("shipping", [100, 900])
def test_another_amount_is_secured_before_the_old_one_goes(sony: Product, desk: Desk, shipping: int) -> None:
    number = number_of(sony.buy())
    edit_shipping(desk, number, shipping)
    assert "与信を" in act(desk, number, "update").text
    total = TOTAL - 600 + shipping
    assert [(row["state"], row["amount_yen"]) for row in sony.payments()] == [("authorized", total)]
    act(desk, number, "capture")
    assert [(row["state"], row["amount_yen"]) for row in sony.payments()] == [("captured", total)]


@pytest.mark.req("R-078")
def test_a_refused_change_leaves_the_old_amount(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    edit_shipping(desk, number, 900)
    sony.fault("change", "code", "before", code="G55")
    assert "コード G55" in act(desk, number, "update").text
    assert [(row["state"], row["amount_yen"]) for row in sony.payments()] == [("authorized", TOTAL)]


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_answer_to_a_change_is_found_out(
    sony: Product, desk: Desk, demo_app: Flask, clock: MovableClock, phase: str
) -> None:
    number = number_of(sony.buy())
    edit_shipping(desk, number, 900)
    sony.fault("change", phase=phase)
    act(desk, number, "update")
    clock.advance(LATE)
    run_jobs(demo_app)
    stands = sony.payments()[0]["amount_yen"]
    assert stands == (TOTAL + 300 if phase == "after" else TOTAL)
    with demo_app.app_context():
        (state,) = db.session.scalars(select(PaymentOperation.state).where(PaymentOperation.verb == "change"))
    assert state == ("succeeded" if phase == "after" else "absent")


@pytest.mark.req("R-079")
def test_the_same_amount_or_none_is_no_change(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    page = desk.page(f"/admin/orders/{number}")
    token = token_of(desk)
    assert "金額に差異がないため、更新は不要です" in page.text
    forged = token | {"amount_yen": str(TOTAL), "operation": "change"}
    desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/update", data=forged)
    assert [call["kind"] for call in sony.world.books()["calls"]].count("1Change") == 0


@pytest.mark.req("R-080")
def test_every_message_stands_in_the_history(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    act(desk, number, "capture")
    text = desk.page(f"/admin/orders/{number}").text
    history = text[text.index("API操作履歴") :]
    assert history.index("1Auth") < history.index("1Capture")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("G12", CARD_COMPANY, marks=pytest.mark.req("R-081")),
        pytest.param("K24|G55", CARD_COMPANY, marks=pytest.mark.req("R-081")),
        pytest.param("C13", SHOP, marks=pytest.mark.req("R-082")),
        pytest.param("K22|K23", SHOP, marks=pytest.mark.req("R-082")),
        pytest.param("K99", PROVIDER_TEXT, marks=pytest.mark.req("R-083")),
    ],
)
def test_what_a_buyer_reads(sony: Product, code: str, said: str) -> None:
    sony.fault("authorize", "code", "before", code=code)
    text = sony.buy().page.text
    assert said in text
    assert not [each for each in code.split("|") if each in text]
    assert sony.held() == []


@pytest.mark.req("R-083", "R-084")
@pytest.mark.parametrize(("code", "said"), [("K99", PROVIDER_TEXT), ("C01|C70", "コード C01|C70"), ("G97", "コード G97")])
def test_what_staff_read(sony: Product, desk: Desk, code: str, said: str) -> None:
    number = number_of(sony.buy())
    sony.fault("capture", "code", "before", code=code)
    assert said in act(desk, number, "capture").text


@pytest.mark.req("R-086")
def test_settings_that_are_wrong_by_now(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    sony.world.control("escott/merchants", tenant_id="0009")
    desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/payment/refresh")
    assert "決済状況が確認できません" in desk.page(f"/admin/orders/{number}").text


@pytest.mark.req("R-074")
@pytest.mark.parametrize(("shown", "counts"), [("0", 1), ("1", 12)])
def test_the_provider_s_list_of_counts_or_none(sony: Product, shown: str, counts: int) -> None:
    sony.set(instalments=shown)
    _page, form = basket(sony).checkout_form()
    assert len(form.offered.get("installments", ["1"])) == counts


@pytest.mark.req("R-075")
def test_the_lead_stands_above_the_form_in_both_carts(sony: Product) -> None:
    sony.set(card_lead="カードをお手元にご用意ください。")
    basket_ = basket(sony)
    zero = basket_.get("/checkout/zero").text
    steps = StepsBuyer(sony.shop_url)
    steps.put_into_cart("T-002")
    steps.step1()
    step3 = steps.step2().text
    for text in (zero, step3):
        assert text.index("カードをお手元にご用意ください。") < text.index('class="card-form"')


@pytest.mark.req("R-088")
def test_nobody_is_sent_anywhere(sony: Product) -> None:
    bought = sony.buy(through_issuer=False)
    assert bought.public_id
    assert "ご注文の途中で、カード会社の本人認証" not in basket(sony).get("/checkout/zero").text


@pytest.mark.req("R-085", "R-136")
@pytest.mark.parametrize("flow", ["zero", "steps"])
def test_a_contract_without_members_is_said_where_a_card_was_to_be_registered(
    sony: Product, demo_app: Flask, flow: str
) -> None:
    """The order stands: to its buyer the sentence of the guide is about the card, and the shop is told to look at its contract."""
    sony.install(card_linking="always")
    sony.world.control("escott/merchants", members=False)
    member = Holder(sony.shop_url)
    member.product, member.flow = sony, flow
    join(member, demo_app)
    member.log_in()
    bought = member.order()
    assert "カードを登録しています" in bought.page.text
    run_jobs(demo_app)
    for page in (bought.path, member.path):
        assert "決済処理エラーが発生しました" in Page(member.get(page).text).text, page
    assert "ご注文は承っています" in Page(member.get(bought.path).text).text
    run_jobs(demo_app)
    letters = {str(mail["Subject"]): str(mail.get_content()) for mail in mails(demo_app)}
    assert "決済処理エラーが発生しました" in next(text for subject, text in letters.items() if "クレジットカードを登録できませんでした" in subject)
    assert "コード K68" in next(text for subject, text in letters.items() if "【要確認】" in subject)
    assert "決済処理エラー" not in Page(Buyer(sony.shop_url).get(bought.path).text).text, "of nobody else"


# ---- a lost 1Auth: nobody can be asked but people ------------------------------------------------------------------------


@pytest.fixture
def lost(sony: Product, demo_app: Flask, clock: MovableClock) -> Buyer:
    """The buyer of an authorization that was booked there and not told here."""
    sony.fault("authorize")
    bought = sony.buy()
    assert bought.path == "/checkout/pending"
    clock.advance(LATE)
    run_jobs(demo_app)
    return bought.buyer


def payment_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(PaymentOperation.payment_id).order_by(PaymentOperation.id)).first() or 0


def test_people_are_asked_with_the_number_to_search_for(sony: Product, desk: Desk, lost: Buyer, demo_app: Flask, clock: MovableClock) -> None:
    clock.advance(LATE)
    reference = sony.payments()[0]["reference"]
    assert "管理画面でだけ確認できます" in desk.page("/admin/holds/1/release").text
    attention = desk.page("/admin/payments/attention")
    assert f"決済番号 {reference}" in attention.text, "as the guide calls it (§11)"
    link = next(a["href"] for a in attention.find("a") if a.get("href", "").endswith("/console"))
    page = desk.page(link)
    assert reference in page.text
    assert page.form(link).offered["said"] == ["found", "not_found", "unsure"]
    run_jobs(demo_app)
    letters = [mail for mail in mails(demo_app) if "決済会社の管理画面での確認をお願いします" in str(mail["Subject"])]
    assert [reference in str(mail.get_content()) for mail in letters] == [True]


def test_until_they_answer_nothing_is_paid_anew(sony: Product, desk: Desk, demo_app: Flask, clock: MovableClock) -> None:
    """Not by another press, not by giving up, not after the hold, not by an answer that decides nothing."""
    sony.fault("authorize")
    buyer = basket(sony)
    shown = buyer.confirm("card")
    place = Page(shown.text).form("/checkout/zero/place")
    lost = buyer.place(shown, sony.token()).buyer
    clock.advance(LATE)
    run_jobs(demo_app)
    pending = Page(lost.get("/checkout/pending").text)
    assert "担当者が確認しています" in pending.text
    assert [form for form in pending.forms if form.action.endswith("/abort")] == []
    token = pending.form("/checkout/pending/check").fields
    lost.post("/checkout/pending/abort", token)
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    desk.submit(path, path, said="unsure")
    assert "/checkout/zero/confirm" not in [form.action for form in Page(lost.get("/checkout/zero").text).forms]
    again = Purchase(lost, lost.post("/checkout/zero/place", place.fields | {"card_token": sony.token()}))
    assert again.path == "/checkout/pending", "the press that was lost, pressed again"
    assert [call["kind"] for call in sony.world.books()["calls"]].count("1Auth") == 1
    assert "担当者が確認しています" in Page(lost.get("/checkout/pending").text).text


def test_nor_from_another_browser_of_the_same_buyer(sony: Product, desk: Desk, lost: Buyer, demo_app: Flask) -> None:
    """Or after a log-out: who is known by the mail address alone."""
    again = sony.buy(email="HANAKO@example.jp")
    assert "二重のお支払いを防ぐため" in again.page.text
    assert len(sony.payments()) == 1
    assert sony.buy(email="jiro@example.jp").public_id
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    sony.world.control("act", provider="escott", handle=sony.payments()[0]["handle"], act="void")
    desk.submit(path, path, said="not_found")
    assert sony.buy(email="hanako@example.jp").public_id, "it is decided"


def test_nor_while_the_call_still_hangs(sony: Product, demo_app: Flask) -> None:
    """The buyer was led to 確認中 and went elsewhere before the shop itself knows that no answer comes."""
    number_of(sony.buy())
    with demo_app.app_context(), write() as session:
        operation = session.scalars(select(PaymentOperation)).one()
        operation.state, operation.check_at, operation.sent_at = "sent", now() + timedelta(seconds=20), now() - timedelta(seconds=25)
    assert "二重のお支払いを防ぐため" in sony.buy().page.text
    assert len(sony.payments()) == 1


@pytest.mark.parametrize("said", ["found", "not_found"])
def test_what_people_say_decides(sony: Product, desk: Desk, lost: Buyer, demo_app: Flask, said: str) -> None:
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    answer = Page(desk.submit(path, path, said=said).text)
    listed = desk.page("/admin/orders").text
    if said == "found":
        assert "受注になりました" in answer.text
        number = listed[listed.index("order0") :][:13]
        page = desk.page(f"/admin/orders/{number}")
        assert "決済会社の管理画面で操作してください" in page.text
        assert "決済会社の管理画面で確認：与信がある" in page.text
        asked = desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/payment/refresh")
        assert "管理画面でだけ確認できます" in Page(asked.text).text
    else:
        assert "order0" not in listed
        assert "請求はされていません" in Page(lost.get("/checkout/pending").text).text
    assert desk.get(path).status_code == 404
    assert "すでに決まっています" in Page(desk.session.post(desk.shop_url + path, data=token_of(desk) | {"said": "found"}).text).text


def token_of(desk: Desk) -> dict[str, str]:
    return {"csrf_token": desk.page("/admin").forms[0].fields["csrf_token"]}


def test_an_answer_that_is_none_is_asked_for_again(sony: Product, desk: Desk, lost: Buyer, demo_app: Flask) -> None:
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    assert "どれかひとつを選んでください" in Page(desk.submit(path, path, said="perhaps").text).text


def test_not_to_be_found_yet_is_no_answer(sony: Product, desk: Desk, demo_app: Flask, clock: MovableClock) -> None:
    """A request that hangs on its way is booked later: until none can any more, the attempt stays open, and with it the guard against
    a second payment."""
    sony.fault("authorize", phase="before")
    buyer = sony.buy().buyer
    run_jobs(demo_app)
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    shown = desk.get(path)
    assert re.search(r'value="not_found" required disabled', shown.text)
    refused = desk.submit(path, path, said="not_found")
    assert "「見つからない」は、まだ選べません" in Page(refused.text).text
    assert buyer.get("/checkout/zero").url.endswith("/checkout/pending") or "担当者が確認しています" in buyer.get("/checkout/pending").text
    clock.advance(LATE)
    assert "手続きを終えました" in Page(desk.submit(path, path, said="not_found").text).text


def test_the_first_word_counts(sony: Product, lost: Buyer, demo_app: Flask) -> None:
    """Two of the staff had the page open at once."""
    with demo_app.app_context():
        operation_id = db.session.scalars(select(PaymentOperation.id)).one()
        db.session.rollback()
        assert testimony.give(operation_id, testimony.Said.NOT_FOUND) is True
        assert testimony.give(operation_id, testimony.Said.FOUND) is False
        assert list(db.session.scalars(select(PaymentOperation.state))) == ["absent"]


@pytest.mark.parametrize("at_once", [False, True])
def test_what_was_found_stands_as_it_was_ordered(sony: Product, desk: Desk, demo_app: Flask, clock: MovableClock, at_once: bool) -> None:
    sony.install(capture_at_once=at_once)
    sony.fault("authorize")
    sony.buy()
    with demo_app.app_context():
        operation = db.session.scalars(select(PaymentOperation)).one()
        assert (operation.state, operation.check_at > now()) == ("unknown", True)
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    desk.submit(path, path, said="found")
    with demo_app.app_context():
        payment = db.session.scalars(select(Payment)).one()
        assert {payment.status, payment.remote_status} == {"captured" if at_once else "authorized"}


def test_while_the_call_may_be_answered_nobody_is_asked(sony: Product, demo_app: Flask) -> None:
    number_of(sony.buy())
    with demo_app.app_context(), write() as session:
        operation = session.scalars(select(PaymentOperation)).one()
        operation.state, operation.check_at = "sent", now() + timedelta(seconds=30)
    with demo_app.app_context():
        assert testimony.asked(db.session(), payment_id(demo_app)) is None


# ---- what was found is gone on with in the console ----


@pytest.fixture
def found(sony: Product, desk: Desk, lost: Buyer, demo_app: Flask) -> str:
    """The number of an order that people found."""
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    desk.submit(path, path, said="found")
    listed = desk.page("/admin/orders").text
    return listed[listed.index("order0") :][:13]


def money(app: Flask) -> tuple[str, int, int]:
    with app.app_context():
        payment = db.session.scalars(select(Payment)).one()
        return payment.status, payment.authorized_yen, payment.captured_yen


def test_what_was_done_in_the_console_is_told(sony: Product, desk: Desk, found: str, demo_app: Flask) -> None:
    path = f"/admin/orders/{found}/console"
    assert path in [link.get("href") for link in desk.order(found).find("a")]
    assert desk.submit(path, path, deed="changed", amount_yen="1,400").status_code == 200
    assert money(demo_app) == ("authorized", 1400, 0)
    told = Page(desk.submit(path, path, deed="captured", amount_yen="1400").text)
    assert "記録しました" in told.text
    assert "決済会社の管理画面での操作を記録：1,400円の売上を確定" in told.text
    assert money(demo_app) == ("captured", 1400, 1400)
    assert desk.page(path).form(path).offered["deed"] == ["ended"]
    desk.submit(path, path, deed="ended")
    assert money(demo_app)[0] == "refunded"
    assert desk.get(path).status_code == 404, "it is over"
    assert len(sony.world.books()["calls"]) == 1, "nothing of it was asked or sent"


def test_a_deed_that_is_none_is_asked_for_again(sony: Product, desk: Desk, found: str, demo_app: Flask) -> None:
    path = f"/admin/orders/{found}/console"
    for typed, said in (
        ({"amount_yen": "1400"}, "どれかひとつを選んでください"), ({"deed": "paid"}, "どれかひとつを選んでください"),
        ({"deed": "captured", "amount_yen": "たくさん"}, "数字で入力してください"), ({"deed": "captured", "amount_yen": "0"}, "1円以上"),
    ):  # fmt: skip
        answer = desk.submit(path, path, **typed)
        assert (answer.status_code, said in answer.text) == (422, True), typed
        assert typed.get("amount_yen", "") in answer.text
    assert money(demo_app) == ("authorized", TOTAL, 0)


def test_an_order_the_provider_can_be_asked_about_has_no_such_page(sony: Product, desk: Desk) -> None:
    number = number_of(sony.buy())
    assert desk.get(f"/admin/orders/{number}/console").status_code == 404


def test_found_after_the_goods_went_is_ended_by_people(
    sony: Product, desk: Desk, lost: Buyer, demo_app: Flask, clock: MovableClock
) -> None:
    """The units were sold meanwhile: we cannot give the money back, so people are told to."""
    clock.advance(25 * 60)
    run_jobs(demo_app)
    change(demo_app, Variant.on_hand, 0)
    path = f"/admin/payments/{payment_id(demo_app)}/console"
    answer = Page(desk.submit(path, path, said="found").text)
    assert "決済会社の管理画面で与信を取り消してください" in answer.text
    run_jobs(demo_app)
    assert "取り消せなかった入金" in desk.page("/admin/payments/attention").text


@pytest.mark.req("R-073")
def test_the_settings_of_the_guide(sony: Product, desk: Desk, demo_app: Flask) -> None:
    with demo_app.app_context():
        method = db.session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
        path, stored = f"/admin/settings/payment-methods/{method.id}", json.loads(method.options)
    assert stored == {}
    text = desk.page(path).text
    wanted = ("① 売上方式", "② マーチャントID", "③ マーチャントパスワード", "④ トークン決済認証コード", "⑤ 店舗コード", "⑥ 支払回数選択を表示する",
              "⑦ クレジットカードの紐づけ設定", "⑧ クレジットカード情報入力箇所注意書き", "⑨ 支払回数欄の注意書き")  # fmt: skip
    assert [label for label in wanted if label not in text] == []
    assert "与信売上計上" in text


@pytest.mark.req("P-05")
def test_a_cancel_that_nobody_answers_is_sent_again_later_each_time(
    sony: Product, desk: Desk, demo_app: Flask, clock: MovableClock
) -> None:
    number = number_of(sony.buy())
    sony.fault("void", phase="before", times=None)
    act(desk, number, "cancel")
    sent = [0]
    for minute in range(1, 140):
        clock.advance(60)
        before = len(sony.world.books()["calls"])
        run_jobs(demo_app, "reconcile")
        sent += [minute for call in sony.world.books()["calls"][before:] if call["verb"] == "void"]
    waits = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert waits == sorted(waits)
    assert 45 <= waits[-1] <= 62
    sony.world.control("faults", clear=True)
    clock.advance(3600)
    run_jobs(demo_app, "reconcile")
    assert [row["state"] for row in sony.payments()] == ["cancelled"]
