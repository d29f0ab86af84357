"""ご登録クレジットカード管理 over HTTP: register, change and remove, what is printed and what is refused."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.clock import JST
from shop.core.db import db, write
from shop.core.runtime import now
from shop.members.models import MemberSettings
from shop.payments import accounts
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.guard_models import CardGuard, CardTry
from shop.payments.models import PaymentMethod, ProviderAccount
from shop.web.card_limits import clock as clock_of
from tests.support.buying import StepsBuyer
from tests.support.members import Member, join
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA, change, orders

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

JCB, REFUSED_TOKEN = "3580000000001000", "tok_unheard_of"
NONE = "ご登録のクレジットカードはありません。"
ASKS = "カードを削除します。よろしいですか?"


class CardHolder(Member):
    """A member in their browser, logged in, at their card page."""

    path = "/mypage/cards/1"

    def page(self, path: str = "") -> Page:
        answer = self.get(path or self.path)
        assert answer.status_code == 200, (answer.status_code, path)
        return Page(answer.text)

    def buttons(self) -> list[str]:
        """The card page's ways on: 登録, 変更, 削除."""
        return [form.action.removeprefix(self.path) for form in self.page().forms if form.action.startswith(f"{self.path}/")]

    def register(self, number: str = VISA, brand: str = "Visa", token: str = "") -> Page:
        page = self.page(f"{self.path}/form")
        form = page.form(f"{self.path}/form")
        made = token or self.card_token(number, page)
        answer = self.post(form.action, form.fields | {"card_token": made, "card_brand": brand})
        assert answer.status_code == 200
        return Page(answer.text)

    def remove(self) -> Page:
        form = self.page(f"{self.path}/remove").form(f"{self.path}/remove")
        return Page(self.post(form.action, form.fields).text)


def holder(server: LiveServer, app: Flask, login: str = "hanako") -> CardHolder:
    made = CardHolder(server.url)
    made.login, made.email = login, f"{login}@example.jp"
    join(made, app)
    made.log_in()
    assert made.is_in
    return made


@pytest.mark.req("T-052")
def test_nobody_else_pays_with_a_member_s_card(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> None:
    """Not a guest, not another member, by no field of a forged form, in neither cart."""
    owner = holder(live_server, demo_app)
    owner.register()
    forged = {"card_source": "stored", "member_id": str(owner.member_id), "customer_id": str(owner.member_id), "card_token": ""}
    for browser in (Member(live_server.url), holder(live_server, demo_app, "midori")):
        who = StepsBuyer(live_server.url)
        who.session = browser.session
        who.put_into_cart(TEA)
        shown = who.confirm(**forged)
        who.step1()
        for page, action in ((shown, "/checkout/zero/place"), (who.step2(), "/checkout/place")):
            assert "1111" not in page.text
            answer = who.post(action, Page(page.text).form(action).fields | forged)
            assert "/complete" not in answer.url
    assert simulator.ledger()["telegrams"].get("020", 0) == 0
    assert orders(demo_app) == 0


@pytest.fixture
def member(live_server: LiveServer, demo_app: Flask) -> CardHolder:
    return holder(live_server, demo_app)


def kept(simulator: Simulator) -> list[str]:
    return [each["masked_card_number"][-4:] for each in simulator.ledger()["stored_cards"] if not each["deleted_at"]]


@pytest.mark.req("R-142", "R-143", "R-149")
def test_register_change_and_remove(member: CardHolder, simulator: Simulator) -> None:
    overview = member.page("/mypage/cards")
    assert "登録されていません" in overview.text
    assert overview.form(member.path).method == "get"  # 「設定」
    assert NONE in member.page().text
    blank = member.page(f"{member.path}/form").text
    assert "カードの登録にはJavaScriptが必要です。" in blank
    assert "ほかのお支払い方法" not in blank, "nothing is paid here"
    page = member.register()
    assert "カード登録が完了しました" in page.text
    assert "Visa 下4桁 *****1111" in page.text
    assert "01/40" in page.text
    assert "登録されています" in member.page("/mypage/cards").text
    page = member.page(f"{member.path}/form")
    assert "次に入力するカードに変更します" in page.text
    assert "Visa 下4桁 *****1111" in page.text, "which card goes"
    page = member.register(JCB, "JCB")
    assert "カード変更が完了しました" in page.text
    assert "JCB 下4桁 *****1000" in page.text
    assert "1111" not in page.text
    asked = member.page(f"{member.path}/remove")
    assert list(asked.find("button", class_="button button-grave"))
    assert ASKS in asked.text
    assert kept(simulator) == ["1000"]  # asking removes nothing
    page = member.remove()
    assert NONE in page.text
    assert (kept(simulator), member.page("/mypage/cards").text.count("登録されていません")) == ([], 1)
    noted = member.page("/mypage/history").text
    card = r"\d\d:\d\d(?::\d\d)? クレジットカード"
    for line in (r"（Visa 下4桁 \*{5}1111）を登録しました", r"を変更しました（JCB 下4桁 \*{5}1000）", r"（JCB 下4桁 \*{5}1000）を削除しました"):
        assert re.search(card + line, noted), (line, noted)
    assert "(Visa ending in *****1111)" in member.page("/mypage/history?lang=en").text


@pytest.mark.req("R-150")
def test_nothing_is_authorized_and_no_number_is_seen(
    member: CardHolder, simulator: Simulator, traffic: object
) -> None:
    member.register()
    assert simulator.payments() == []
    assert simulator.ledger()["telegrams"] == {"025": 1}
    assert VISA not in str(traffic)


@pytest.mark.req("R-141")
def test_the_page_is_there_exactly_while_a_method_that_links_is_configured(member: CardHolder, demo_app: Flask) -> None:
    change(demo_app, PaymentMethod.configured, False, kind="card")
    assert [member.get(path).status_code for path in ("/mypage/cards", member.path, f"{member.path}/form")] == [404] * 3
    change(demo_app, PaymentMethod.configured, True, kind="card")
    assert member.get("/mypage/cards").status_code == 200
    assert member.get("/mypage/cards/99").status_code == 404


@pytest.mark.req("T-052")
def test_nobody_else_s_card_is_reached(
    member: CardHolder, live_server: LiveServer, demo_app: Flask, simulator: Simulator
) -> None:
    """No address and no field names a card: only the log-in does."""
    member.register()
    other = holder(live_server, demo_app, "midori")
    assert NONE in other.page().text
    assert other.get(f"{member.path}/remove").url.endswith(member.path)  # nothing to ask about
    token = other.page(f"{member.path}/form").form(f"{member.path}/form").fields["csrf_token"]
    with demo_app.app_context():
        card = db.session.scalars(select(StoredCard)).one()
        named = {"member_id": str(member.member_id), "card_ref": card.card_ref, "customer_ref": card.customer_ref}
        db.session.rollback()
    answer = other.post(f"{member.path}/remove", {"csrf_token": token} | named)
    assert NONE in Page(answer.text).text
    assert kept(simulator) == ["1111"]
    other.register(JCB, "JCB")
    assert "Visa 下4桁 *****1111" in member.page().text
    assert sorted(kept(simulator)) == ["1000", "1111"]


@pytest.mark.req("R-146", "U-061")
def test_the_limit_is_printed_and_says_when_again(
    member: CardHolder, demo_app: Flask, clock: MovableClock, simulator: Simulator
) -> None:
    with demo_app.app_context(), write() as session:
        values = {"timing": "placed", "zero_step_hides": False, "may_change_login": True, "may_change_password": True}
        session.add(MemberSettings(**values, may_leave=True, terms="", card_changes=2, card_minutes=30))
    assert "カードの登録と変更は、30分に2回までです。" in member.page().text
    spare = member.card_token(VISA, member.page(f"{member.path}/form"))
    token = member.page(f"{member.path}/form").form(f"{member.path}/form").fields["csrf_token"]
    member.register()
    member.register(token=REFUSED_TOKEN)  # a refused try counts as well
    page = member.page()
    with demo_app.app_context():
        first = db.session.scalars(select(CardOperation.created_at).order_by(CardOperation.id)).first()
        db.session.rollback()
    assert first is not None
    free = (first + timedelta(minutes=30)).astimezone(JST).strftime("%m/%d %H:%M")
    assert f"次に操作できるのは {free} 以降です。" in page.text
    assert member.buttons() == ["/remove", "/remove"]  # the question and its dialog; neither 登録 nor 変更
    assert member.get(f"{member.path}/form").url.endswith(member.path)
    forged = member.post(f"{member.path}/form", {"csrf_token": token, "card_token": spare})
    assert free in Page(forged.text).text
    assert simulator.ledger()["telegrams"] == {"025": 2}
    clock.advance(31 * 60)
    assert "カード変更が完了しました" in member.register(JCB, "JCB").text


@pytest.mark.req("T-082", "P-22")
def test_cards_are_not_sorted_out_by_registering_them(
    member: CardHolder, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    """A refused registration is a failed try of a card – of the browser, the network, the member, the shop –, and a shop that
    is on its guard registers none."""
    change(demo_app, CardGuard.per_session, 3)
    spare, token = member.card_token(VISA, member.page(f"{member.path}/form")), member.token()
    for _ in range(3):
        member.register(token=REFUSED_TOKEN)
    said = "カードの手続きが続けて失敗したため、いまはカードを登録できません。"
    shown = member.get(f"{member.path}/form")
    assert (shown.url.endswith(member.path), said in shown.text) == (True, True), "nobody types a card for nothing"
    asked = {"csrf_token": token, "card_token": spare}
    assert said in member.post(f"{member.path}/form", asked).text
    clock.advance(31 * 60)
    member.register()
    with demo_app.app_context():
        assert db.session.scalars(select(CardTry.state).order_by(CardTry.id)).all() == ["failed"] * 3 + ["passed"]
        since = now()
        db.session.rollback()
    change(demo_app, CardGuard.stage_since, since)
    for stage, until, when in (("step_up", None, "しばらくしてから、もう一度お試しください。"), ("stopped", since + timedelta(hours=1), f"{clock_of(since + timedelta(hours=1))}以降にもう一度お試しください。")):
        change(demo_app, CardGuard.stage, stage)
        change(demo_app, CardGuard.stage_until, until)
        held_back = member.post(f"{member.path}/form", asked)
        assert "不正利用を防ぐため、いまはカードを登録できません。カードの登録は変わっていません。" + when in held_back.text
    assert simulator.ledger()["telegrams"] == {"025": 4}


def test_a_refused_card_is_explained_and_changes_nothing(member: CardHolder, simulator: Simulator) -> None:
    member.register()
    page = member.register(token=REFUSED_TOKEN)
    assert "もう一度カード情報を入力してください。（エラーコード: 2021）" in page.text
    assert page.form(f"{member.path}/form")  # and can be tried again right there
    assert "Visa 下4桁 *****1111" in member.page().text
    assert "前回のカード登録は完了していません" in member.page().text
    assert "JavaScriptを有効にして" in _without_token(member).text


def _without_token(member: CardHolder) -> Page:
    form = member.page(f"{member.path}/form").form(f"{member.path}/form")
    return Page(member.post(form.action, form.fields).text)


def test_an_unknown_outcome_says_so_and_is_asked_on(
    member: CardHolder, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    simulator.fault("reset", kind="025", phase="after")
    page = member.register()
    assert "確認中" in page.text
    assert member.buttons() == ["/check"]  # no second try meanwhile
    assert member.get(f"{member.path}/form").url.endswith(member.path)
    clock.advance(2)
    form = member.page().form(f"{member.path}/check")
    page = Page(member.post(form.action, form.fields).text)
    assert "Visa 下4桁 *****1111" in page.text
    assert kept(simulator) == ["1111"]


@pytest.mark.req("U-029")
def test_an_expired_card_says_so(member: CardHolder, demo_app: Flask) -> None:
    member.register()
    assert "有効期限が切れています" not in member.page().text
    change(demo_app, StoredCard.expiry, "1020")
    page = member.page()
    assert "10/20 有効期限が切れています" in page.text
    assert "/form" in member.buttons()


def test_a_card_of_another_contract_says_that_it_pays_nothing(member: CardHolder, demo_app: Flask) -> None:
    member.register()
    with demo_app.app_context(), write() as session:
        account = session.scalars(select(ProviderAccount)).one()
        accounts.save_settings(session, account.id, {"merchant_id": "100077"}, now())
    assert "このカードは、いまはお支払いに使えません" in member.page().text
