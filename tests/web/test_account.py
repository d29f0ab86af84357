"""ログイン, 会員登録, パスワード, メールアドレス and 退会, as a member's browser meets them."""

import html
import io
import re
import socket
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import delete, select

from shop.catalogue.models import Variant
from shop.core.db import db, write
from shop.core.runtime import Runtime, now
from shop.core.throttle import ThrottleEvent
from shop.members import boxes, entry, models, wanted_login
from shop.members.models import MemberEvent, MemberSession, MemberSettings
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from tests.support.buying import CASH, Buyer
from tests.support.members import PASSWORD, Member, join, letters, link, other, subjects
from tests.support.pages import Page
from tests.support.shop import MovableClock
from tests.web.counter import CUP, TEA, Desk, change, count, everything_stored, path_of

#: Pages and sentences; what they store and lock is tried on both databases in ``tests/domain/test_members.py``.
pytestmark = pytest.mark.one_database

MINUTES = 60
NEW = "atarashii-9-tsuki"
WRONG = "chigau-password"


def said(answer: requests.Response) -> str:
    return Page(answer.text).text


def without_token(answer: requests.Response) -> str:
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


@pytest.fixture
def visitor(shopper: Buyer) -> Member:
    """A browser whose owner is no member yet."""
    return Member(shopper.shop_url)


def register(member: Member, app: Flask, **typed: str) -> requests.Response:
    """The whole way: the address, the link in the mail, the form behind it."""
    member.submit("/register", email=member.email)
    member.get(link(app, member.email))
    about = {"buyer_name": member.name, "login_id": member.login, "new_password": PASSWORD}
    return member.submit("/register/details", **about | typed)


# ---- ログイン ----


@pytest.mark.req("R-279", "U-060")
def test_log_in_by_id_or_mail_address_in_any_width_and_case(hanako: Member) -> None:
    fields = {a["name"]: a for a in Page(hanako.get("/login").text).find("input") if "name" in a}
    assert (fields["login"]["autocomplete"], fields["password"]["autocomplete"]) == ("username", "current-password")
    for name in ("hanako", "Ｈａｎａｋｏ", "hanako@example.jp", " HANAKO@example.jp "):
        answer = hanako.log_in(name)
        assert path_of(answer) == "/mypage", name
        assert hanako.is_in
        hanako.log_out()
        assert not hanako.is_in


@pytest.mark.req("T-039")
def test_a_refusal_is_the_same_for_known_and_unknown_names(hanako: Member) -> None:
    known, unknown = hanako.log_in("hanako", WRONG), hanako.log_in("nobody", WRONG)
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert without_token(known).replace("hanako", "nobody") == without_token(unknown)
    assert WRONG not in known.text
    assert not hanako.is_in


@pytest.mark.req("R-272", "T-039")
def test_a_provisional_member_is_told_so_only_with_the_right_password(hanako: Member, demo_app: Flask) -> None:
    change(demo_app, models.Member.state, "provisional")
    refused = hanako.log_in()
    assert refused.status_code == 403
    assert "仮登録の状態です" in said(refused)
    assert "仮登録" not in said(hanako.log_in(password=WRONG))
    assert not hanako.is_in


@pytest.mark.req("T-034", "R-279")
def test_a_log_in_starts_a_new_session(hanako: Member, demo_app: Flask) -> None:
    hanako.post("/language/en", {"csrf_token": hanako.token(), "return_to": "/"})
    before, cookie = hanako.token(), hanako.session.cookies["session"]
    hanako.log_in()
    assert hanako.session.cookies["session"] != cookie
    assert hanako.post("/logout", {"csrf_token": before}).status_code == 400, "a token of before"
    assert 'lang="en"' in hanako.get("/").text
    for path in ("/static/css/shop.css", "/cart"):
        assert "Set-Cookie" not in hanako.get(path).headers, "what was asked for earlier brings no older session back"
    thief = Member(hanako.shop_url)
    thief.session.cookies.set("session", cookie)
    assert not thief.is_in
    with demo_app.app_context():
        stored = db.session.scalars(select(MemberSession.token_digest)).one()
    assert stored not in hanako.session.cookies["session"]
    thief = Member(hanako.shop_url)
    thief.session.cookies.update(hanako.session.cookies)
    assert path_of(thief.get("/mypage")) == "/mypage"
    form = {"csrf_token": hanako.token(), "login": hanako.login, "password": hanako.password}
    assert path_of(hanako.post("/login", form)) == "/mypage"
    assert path_of(thief.get("/mypage")) == "/login", "whoever held the session before it"


@pytest.mark.req("T-034")
def test_a_planted_basket_stays_with_who_planted_it(hanako: Member, demo_app: Flask) -> None:
    attacker = Member(hanako.shop_url)
    attacker.put_into_cart(TEA)
    hanako.session.cookies.update(attacker.session.cookies)
    hanako.log_in()
    hanako.put_into_cart(CUP)
    assert CUP not in attacker.get("/cart").text
    assert not attacker.is_in


@pytest.mark.req("T-034")
@pytest.mark.parametrize("has_a_cart", [False, True])
def test_what_was_typed_before_a_log_in_stays_there_and_is_not_the_member_s(hanako: Member, demo_app: Flask, has_a_cart: bool) -> None:
    """Who was here before must not have the member's goods sent to them, nor does their mail address stay behind."""
    if has_a_cart:
        at_home = Member(hanako.shop_url)
        at_home.log_in()
        at_home.put_into_cart(CUP)
        at_home.confirm(CASH, address1="自宅1-1")
    attacker = Member(hanako.shop_url)
    attacker.put_into_cart(TEA)
    attacker.confirm(
        CASH, email="thief@example.jp", ship_to="other", ship_name="泥棒", ship_phone="0312345678", ship_postal_code="100-0001",
        ship_prefecture="東京都", ship_address1="泥棒の家1-2",
    )  # fmt: skip
    hanako.session.cookies.update(attacker.session.cookies)
    hanako.log_in()
    page, form = hanako.checkout_form()
    assert "泥棒" not in page.text
    assert "泥棒" not in str(form.fields)
    assert (form.fields["email"], form.fields["ship_to"]) == (hanako.email, "same")
    assert form.fields["address1"] == ("自宅1-1" if has_a_cart else "千代田区千代田1-1"), "the member's own"
    attacker.put_into_cart(TEA)
    assert "thief@example.jp" not in str(attacker.checkout_form()[1].fields), "nor with who planted the cart's key"


@pytest.mark.req("T-034", "T-091")
def test_a_password_set_by_mail_leaves_nothing_a_stranger_typed_in_the_checkout(hanako: Member, demo_app: Flask) -> None:
    """Goods must not go where somebody else had them sent who was in: with a stolen password, or as first with this address."""
    stranger = Member(hanako.shop_url)
    stranger.log_in()
    stranger.put_into_cart(TEA)
    stranger.confirm(
        CASH, ship_to="other", ship_name="泥棒", ship_phone="0312345678", ship_postal_code="100-0001", ship_prefecture="東京都",
        ship_address1="泥棒の家1-2",
    )  # fmt: skip
    assert "泥棒" in str(stranger.checkout_form()[1].fields)
    hanako.submit("/password/forgotten", email=hanako.email)
    hanako.get(link(demo_app, hanako.email))
    assert "覚えのない内容がないか" in said(hanako.submit("/password/new", new_password=NEW))
    hanako.log_in(password=NEW)
    fields = hanako.checkout_form()[1].fields
    assert "泥棒" not in str(fields)
    assert fields["ship_to"] == "same"
    assert TEA in hanako.get("/cart").text, "the goods are the member's to judge"


@pytest.mark.req("T-034")
def test_a_log_out_ends_the_session_on_the_server(hanako: Member) -> None:
    hanako.log_in()
    hanako.put_into_cart(TEA)
    thief = Member(hanako.shop_url)
    thief.session.cookies.update(hanako.session.cookies)
    assert thief.is_in
    hanako.log_out()
    assert not thief.is_in
    for browser in (hanako, thief):
        assert TEA not in browser.get("/cart").text, "the cart is the member's"
    hanako.log_in()
    assert TEA in hanako.get("/cart").text


@pytest.mark.req("T-049")
def test_buyer_and_staff_in_one_browser_are_two_people(hanako: Member, desk: Desk) -> None:
    hanako.log_in()
    both = Member(hanako.shop_url)
    for jar in (desk.session.cookies, hanako.session.cookies):
        both.session.cookies.update(jar)
    assert both.is_in
    assert both.get("/admin/orders").status_code == 200
    for name in ("hanako", "山田 花子"):
        assert name not in both.get("/admin").text
    both.log_out()
    assert not both.is_in
    assert path_of(both.get("/admin/orders")) == "/admin/orders"
    assert path_of(hanako.get("/admin/orders")) == "/admin/login", "a member is no staff"


@pytest.mark.req("T-042")
def test_a_log_in_leads_on_within_the_shop_only(hanako: Member) -> None:
    for wanted in ("/cart", f"/products/{TEA}", "/products?category=tea", "/mypage/email"):
        assert path_of(hanako.log_in(next=wanted)) == urlsplit(wanted).path
        hanako.log_out()
    for wanted in (
        "//evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "javascript:alert(1)",
        "https://evil.example/cart", "/%09/evil.example", "/\t/evil.example", "/@evil.example", "/cart//evil.example", "",
        "/cart\r\nLocation: https://evil.example", "/。evil.example", "http:///evil.example", "/logout", "/%2f/evil.example",
    ):  # fmt: skip
        assert path_of(hanako.log_in(next=wanted)) == "/mypage", wanted
        out = {"csrf_token": hanako.token(), "next": wanted, "return_to": wanted}
        assert path_of(hanako.post("/logout", out)) == "/login", wanted
    assert 'name="next" value=""' in hanako.get("/login?next=//evil.example").text


@pytest.mark.req("R-278")
def test_a_page_of_members_sends_a_visitor_to_the_log_in_and_back(hanako: Member) -> None:
    sent = hanako.get("/mypage/email")
    assert path_of(sent) == "/login"
    answer = hanako.post("/login", Page(sent.text).form("/login").fields | {"login": "hanako", "password": PASSWORD})
    assert path_of(answer) == "/mypage/email"
    assert "hanako@example.jp" in said(answer)


def test_two_weeks_away_log_out_and_a_visit_a_day_does_not(hanako: Member, clock: MovableClock) -> None:
    hanako.log_in()
    hanako.put_into_cart(TEA)
    for _ in range(3):
        clock.advance(10 * 24 * 60 * MINUTES)
        assert hanako.is_in
    clock.advance(15 * 24 * 60 * MINUTES)
    assert not hanako.is_in
    assert TEA not in hanako.get("/cart").text
    hanako.log_in()
    for _ in range(8):
        clock.advance(11 * 24 * 60 * MINUTES)
        assert hanako.is_in
    clock.advance(3 * 24 * 60 * MINUTES)
    assert not hanako.is_in, "ninety days end any log-in"


# ---- 会員登録 ----


@pytest.mark.req("T-089")
def test_nobody_is_a_member_before_their_address_is_proven(visitor: Member, demo_app: Flask) -> None:
    answer = visitor.submit("/register", email=visitor.email)
    assert "メールをお送りしました" in said(answer)
    assert count(demo_app, models.Member) == 0
    address = link(demo_app, visitor.email)
    assert path_of(visitor.get(address)) == "/register/details"
    assert count(demo_app, models.Member) == 0
    about = {"buyer_name": visitor.name, "login_id": visitor.login, "new_password": PASSWORD}
    assert path_of(visitor.submit("/register/details", **about)) == "/mypage"
    assert visitor.is_in
    assert visitor.get(address).status_code == 410, "used"
    assert "会員登録が完了しました" in subjects(demo_app, visitor.email)[-1]


@pytest.mark.req("T-046")
def test_an_order_of_before_stays_the_guest_s(visitor: Member, demo_app: Flask) -> None:
    visitor.put_into_cart(TEA)
    assert visitor.place(visitor.confirm(CASH, email=visitor.email)).public_id
    register(visitor, demo_app)
    with demo_app.app_context():
        assert db.session.scalars(select(Order.member_id)).one() is None


def test_what_a_new_member_types_is_judged(visitor: Member, demo_app: Flask) -> None:
    other(visitor.shop_url, demo_app)
    visitor.submit("/register", email=visitor.email)
    visitor.get(link(demo_app, visitor.email))
    right = {"buyer_name": visitor.name, "login_id": visitor.login, "new_password": PASSWORD}
    for typed, word in (
        ({"login_id": "ab"}, "4文字から30文字"), ({"login_id": "a b c d"}, "4文字から30文字"),
        ({"login_id": "x@example.jp"}, "4文字から30文字"), ({"login_id": "ＴＡＲＯ"}, "使われています"),
        ({"new_password": "seven-7"}, "8文字以上"), ({"new_password": visitor.email.upper()}, "同じパスワードは使えません"),
        ({"new_password": "hanako-1", "login_id": "Hanako-1"}, "同じパスワードは使えません"), ({"buyer_name": " "}, "お名前を入力"),
        ({"new_password": "4111 1111 1111 1111"}, "カード番号はこの欄に"),
    ):  # fmt: skip
        answer = visitor.submit("/register/details", **right | typed)
        assert answer.status_code == 422, typed
        assert word in said(answer), typed
        assert (right | typed)["new_password"] not in answer.text.replace(visitor.email, "")
    assert count(demo_app, models.Member) == 1
    assert path_of(visitor.submit("/register/details", **right)) == "/mypage", "the link still works"


def test_terms_are_agreed_to_where_there_are_some(visitor: Member, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(terms="第1条 ていねいに使うこと。"))
    refused = register(visitor, demo_app)
    assert refused.status_code == 422
    assert "会員規約をお読みのうえ" in said(refused)
    assert "ていねいに使うこと" in said(refused)
    assert path_of(visitor.submit("/register/details", buyer_name="山田", login_id="hanako", new_password=PASSWORD, terms_agreed="y")) == "/mypage"


@pytest.mark.req("T-039", "T-045")
@pytest.mark.parametrize(
    ("page", "for_members", "for_others"),
    [
        ("/register", "すでに会員登録されています", "会員登録のお手続き"),
        ("/password/forgotten", "パスワードの再設定", "会員登録が見つかりません"),
    ],
)
def test_the_answer_is_the_same_for_every_address(
    hanako: Member, demo_app: Flask, page: str, for_members: str, for_others: str
) -> None:
    known, unknown = (Member(hanako.shop_url).submit(page, email=address) for address in ("hanako@example.jp", "nobody@example.jp"))
    assert known.status_code == unknown.status_code == 200
    assert without_token(known).replace("hanako@", "nobody@") == without_token(unknown)
    assert for_members in subjects(demo_app, "hanako@example.jp")[0]
    assert for_others in subjects(demo_app, "nobody@example.jp")[0]


@pytest.mark.req("T-045", "T-039")
def test_only_so_many_mails_are_asked_for(hanako: Member, demo_app: Flask, clock: MovableClock, one_network: str) -> None:
    """Three to one address – said to nobody – and five from one connection, whoever they are for."""
    answers = [Member(hanako.shop_url).submit("/password/forgotten", email="HANAKO@example.jp") for _ in range(4)]
    assert {without_token(answer) for answer in answers} == {without_token(answers[0])}
    assert len(subjects(demo_app, "hanako@example.jp")) == 3
    assert Member(hanako.shop_url).submit("/register", email="nobody@example.jp").status_code == 200
    for address in ("hanako@example.jp", "someone@example.jp"):
        refused = Member(hanako.shop_url).submit("/register", email=address)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 30 * MINUTES
        assert re.search(r"\d\d:\d\d 以降", said(refused))
    assert subjects(demo_app, "someone@example.jp") == []
    clock.advance(30 * MINUTES + 1)
    assert Member(hanako.shop_url).submit("/register", email="someone@example.jp").status_code == 200


@pytest.mark.req("T-045", "T-091", "R-279")
def test_no_stranger_uses_up_the_mails_a_member_needs(hanako: Member, demo_app: Flask) -> None:
    """What sends nothing, or says something else, takes nobody's turn; and while no more links are sent, those sent work."""
    stranger = Member(hanako.shop_url)
    for number in range(boxes.PER_RECIPIENT):
        stranger.submit("/orders/lookup", order_number=f"order0009999{number}", email=hanako.email)
        stranger.submit("/register", email=hanako.email)
    assert len(subjects(demo_app, hanako.email)) == boxes.PER_RECIPIENT, "those of /register"
    for _ in range(boxes.PER_RECIPIENT + 1):
        stranger.submit("/password/forgotten", email=hanako.email)
    hanako.get(link(demo_app, hanako.email))
    hanako.submit("/password/new", new_password=NEW)
    hanako.submit("/password/forgotten", email=hanako.email)
    assert len([subject for subject in subjects(demo_app, hanako.email) if "パスワードの再設定" in subject]) == boxes.PER_RECIPIENT + 1
    assert hanako.get(link(demo_app, hanako.email)).status_code == 200, "one that works, for those before are dead"


@pytest.mark.req("U-021", "T-039")
def test_a_guest_becomes_a_member_after_the_order_with_one_password(visitor: Member, demo_app: Flask) -> None:
    visitor.put_into_cart(TEA)
    bought = visitor.place(visitor.confirm(CASH, email=visitor.email))
    action = f"/orders/{bought.public_id}/account"
    stranger = Member(visitor.shop_url)
    assert action not in stranger.get(bought.path).text
    assert stranger.post(action, {"csrf_token": stranger.token(), "new_password": PASSWORD}).status_code == 404
    assert "8文字以上" in said(visitor.submit(bought.path, action, new_password="short"))
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(terms="第1条 ていねいに使うこと。"))
    assert "会員規約をお読みのうえ" in said(visitor.submit(bought.path, action, new_password=PASSWORD))
    change(demo_app, MemberSettings.terms, "")
    asked = visitor.submit(bought.path, action, new_password=PASSWORD)
    assert not visitor.is_in
    fresh = visitor.session.cookies.copy()
    after = visitor.get(bought.path).text
    assert action not in after, "once"
    assert "会員登録を受け付けました" in after
    assert "注文番号とメールアドレスで" in after
    assert "/mypage/orders" not in after
    assert "注文番号とメールアドレスで" in stranger.get(bought.path).text
    visitor.session.cookies = fresh
    assert path_of(visitor.log_in(visitor.email)) == "/mypage"
    with demo_app.app_context():
        order, member = db.session.scalars(select(Order)).one(), db.session.scalars(select(models.Member)).one()
        assert (order.member_id, member.login, member.name) == (member.id, None, order.buyer_name)
    again = Member(visitor.shop_url)
    again.put_into_cart(TEA)
    bought = again.place(again.confirm(CASH, email=visitor.email))
    replayed = again.session.cookies.copy()
    assert again.log_in(visitor.email).status_code == 200
    refused = again.post(f"/orders/{bought.public_id}/account", {"csrf_token": again.token(), "new_password": NEW})
    assert refused.status_code == 404, "who is a member becomes no second one"
    again.session.cookies = replayed.copy()
    known = again.submit(bought.path, f"/orders/{bought.public_id}/account", new_password=NEW)
    assert without_token(known) == without_token(asked)
    after = again.get(bought.path).text
    assert "/account" not in after, "the offer goes, whatever came of it"
    assert "会員登録を受け付けました" in after
    assert "注文番号とメールアドレスで" in after
    again.session.cookies = replayed
    assert again.submit(bought.path, f"/orders/{bought.public_id}/account", new_password=NEW).status_code == 200
    assert "会員登録はできませんでした" in subjects(demo_app, visitor.email)[-1]


# ---- links in mails ----


@pytest.mark.req("T-038")
def test_a_link_works_once_and_for_half_an_hour(hanako: Member, demo_app: Flask, clock: MovableClock) -> None:
    hanako.submit("/password/forgotten", email=hanako.email)
    first = link(demo_app, hanako.email)
    clock.advance(29 * MINUTES)
    hanako.submit("/password/forgotten", email=hanako.email)
    second = link(demo_app, hanako.email)
    clock.advance(1 * MINUTES + 1)
    assert hanako.get(first).status_code == 410, "too old"
    for _ in range(2):
        assert hanako.get(second).status_code == 200, "opening it changes nothing"
    done = hanako.submit("/password/new", new_password=NEW)
    assert "パスワードを設定しました" in said(done)
    assert hanako.get(second).status_code == 410, "used"
    assert hanako.log_in(password=PASSWORD).status_code == 401
    assert path_of(hanako.log_in(password=NEW)) == "/mypage"


@pytest.mark.req("T-091")
def test_who_has_proven_the_mailbox_is_let_in_whatever_strangers_try(hanako: Member, demo_app: Flask) -> None:
    with demo_app.app_context():
        for number in range(entry.DOOR.everywhere):
            for name in (hanako.login, hanako.email):
                entry.authenticate(name, WRONG, f"61.9.{number}.1", now())
    for name in (hanako.login, hanako.email):
        assert hanako.log_in(name).status_code == 429
    hanako.submit("/password/forgotten", email=hanako.email)
    hanako.get(link(demo_app, hanako.email))
    hanako.submit("/password/new", new_password=NEW)
    assert Member(hanako.shop_url).log_in(password=NEW).status_code == 429
    for name in (hanako.login, hanako.email):
        assert path_of(hanako.log_in(name, NEW)) == "/mypage"
        hanako.log_out()


@pytest.mark.req("T-038")
@pytest.mark.parametrize("meanwhile", ["password", "email", "leave"])
def test_a_link_dies_with_another_password_or_address(hanako: Member, demo_app: Flask, meanwhile: str) -> None:
    Member(hanako.shop_url).submit("/password/forgotten", email=hanako.email)
    old = link(demo_app, hanako.email)
    hanako.log_in()
    if meanwhile == "password":
        hanako.submit("/mypage/password", password=PASSWORD, new_password=NEW)
    elif meanwhile == "leave":
        hanako.submit("/mypage/leave", password=PASSWORD)
    else:
        hanako.submit("/mypage/email", password=PASSWORD, email="new@example.jp")
        hanako.get(link(demo_app, "new@example.jp"))
        hanako.submit("/email/new")
    assert Member(hanako.shop_url).get(old).status_code == 410


@pytest.mark.req("T-038")
def test_a_link_s_secret_is_kept_nowhere(hanako: Member, desk: Desk, demo_app: Flask, log: io.StringIO) -> None:
    hanako.submit("/password/forgotten", email=hanako.email)
    address = link(demo_app, hanako.email)
    secret = address.rpartition("/")[2]
    assert len(secret) >= 40
    assert secret not in everything_stored(demo_app)
    hop = hanako.session.get(hanako.shop_url + address, allow_redirects=False)
    assert hop.headers["Referrer-Policy"] == "no-referrer"
    landed = hanako.get(address)
    assert secret not in landed.url + landed.text
    hanako.get(address + "/no/such/page")
    hanako.post(address, {"csrf_token": hanako.token()})
    hanako.get(f"/register/link/{secret}")
    assert "error page" in log.getvalue()
    assert secret not in log.getvalue()


@pytest.mark.req("T-038")
def test_staff_read_no_link_of_a_member(hanako: Member, desk: Desk, demo_app: Flask) -> None:
    """Not in a real shop; the demo shows it, because nobody there has a mailbox."""
    hanako.submit("/password/forgotten", email=hanako.email)
    with demo_app.app_context():
        mail_id = db.session.scalars(select(OutboxMail.id)).one()
    secret = link(demo_app, hanako.email).rpartition("/")[2]
    assert secret in desk.get(f"/admin/mails/{mail_id}").text
    running: Runtime = demo_app.extensions["shop.runtime"]
    demo_app.extensions["shop.runtime"] = replace(running, config=replace(running.config, demo=False))
    shown = desk.get(f"/admin/mails/{mail_id}")
    assert "（宛先の方だけに表示）" in shown.text
    assert secret not in shown.text


@pytest.mark.req("T-038")
def test_a_link_is_good_for_one_thing(hanako: Member, demo_app: Flask) -> None:
    hanako.submit("/password/forgotten", email=hanako.email)
    secret = link(demo_app, hanako.email).rpartition("/")[2]
    for purpose in ("register", "email"):
        assert hanako.get(f"/{purpose}/link/{secret}").status_code == 410
    assert hanako.get(f"/password/link/{secret[:-1]}").status_code == 410
    assert hanako.get(f"/password/link/{secret}").status_code == 200


@pytest.mark.req("T-037")
def test_a_link_leads_to_the_shop_whatever_a_header_says(hanako: Member, demo_app: Flask, settings: object) -> None:
    form = hanako.submit_form("/password/forgotten", "/password/forgotten")
    cookie = f"Cookie: session={hanako.session.cookies['session']}"
    body = f"csrf_token={form['csrf_token']}&email=hanako%40example.jp"
    own = urlsplit(hanako.shop_url).netloc
    for target, hosts in (
        ("/password/forgotten", ["Host: evil.example"]),
        ("/password/forgotten", [f"Host: {own}", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"]),
        ("http://evil.example/password/forgotten", [f"Host: {own}"]),
        ("/password/forgotten", [f"Host: {own}", "Host: evil.example"]),
    ):
        with demo_app.app_context(), write() as session:
            session.execute(delete(ThrottleEvent))
        head = [f"POST {target} HTTP/1.1", *hosts, cookie, "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "Connection: close"]
        speak(own, "\r\n".join(head) + "\r\n\r\n" + body)
    bodies = letters(demo_app, hanako.email)
    assert len(bodies) >= 3, "the forged requests were answered"
    for text in bodies:
        assert "evil" not in text
        assert re.findall(r"https?://([^/\s]+)/", text) == [own]


def speak(netloc: str, request: str) -> bytes:
    host, _, port = netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(request.encode())
        answer = b""
        while part := line.recv(65536):
            answer += part
    return answer


# ---- what members change ----


@pytest.mark.req("T-034", "T-047")
def test_a_new_password_throws_everybody_else_out(hanako: Member, demo_app: Flask) -> None:
    elsewhere = Member(hanako.shop_url)
    for browser in (elsewhere, hanako):
        browser.log_in()
    before = hanako.session.cookies["session"]
    answer = hanako.submit("/mypage/password", password=PASSWORD, new_password=NEW)
    assert "パスワードを変更しました" in said(answer)
    assert hanako.is_in
    assert not elsewhere.is_in
    thief = Member(hanako.shop_url)
    thief.session.cookies.set("session", before)
    assert not thief.is_in
    assert "パスワードが変更されました" in subjects(demo_app, hanako.email)[-1]
    assert elsewhere.log_in(password=PASSWORD).status_code == 401
    assert path_of(elsewhere.log_in(password=NEW)) == "/mypage"


@pytest.mark.req("T-040")
@pytest.mark.parametrize("page", ["/mypage/password", "/mypage/login-id", "/mypage/email", "/mypage/leave"])
def test_who_finds_the_browser_open_changes_nothing(hanako: Member, demo_app: Flask, page: str) -> None:
    hanako.log_in()
    typed = {"new_password": NEW, "login_id": "stolen", "email": "thief@example.jp"}
    answers = [hanako.submit(page, password=WRONG, **typed) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {422}
    assert "現在のパスワードが違います" in said(answers[4])
    assert "以降にもう一度" in said(answers[5])
    assert hanako.submit(page, password=PASSWORD, **typed).status_code == 422, "not even looked at"
    assert subjects(demo_app, "thief@example.jp") == []
    with demo_app.app_context():
        member = db.session.scalars(select(models.Member)).one()
        assert (member.login, member.email, member.state) == ("hanako", "hanako@example.jp", "active")


@pytest.mark.req("T-039", "T-056")
def test_nobody_makes_a_list_of_the_shop_s_ids(
    hanako: Member, demo_app: Flask, clock: MovableClock, one_network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ID that is taken is told so often to one connection, on whatever page; after that nothing is told of any."""
    monkeypatch.setattr(wanted_login, "TOLD_PER_NETWORK", 3)
    taken, later = "使われています", "以降にもう一度"
    guest = Member(hanako.shop_url)
    guest.put_into_cart(TEA)

    def told(path: str, login_id: str) -> str:
        form = {"csrf_token": guest.token(), "register_member": "y", "login_id": login_id}
        return str(guest.post(path, form).json()["login_id"]["error"])

    assert [told("/checkout/zero/check", f"free{number}") for number in range(5)] == [""] * 5
    assert taken in told("/checkout/zero/check", "HANAKO")
    assert taken in told("/checkout/step1/check", "hanako")
    hanako.log_in()
    wrong = said(hanako.submit("/mypage/login-id", password=WRONG, login_id="hanako"))
    assert taken not in wrong, "the password first"
    assert "現在のパスワードが違います" in wrong
    assert taken in said(hanako.submit("/mypage/login-id", password=PASSWORD, login_id="hanako"))
    assert later in said(hanako.submit("/mypage/login-id", password=PASSWORD, login_id="free9"))
    for login_id in ("hanako", "free9"):
        assert later in told("/checkout/zero/check", login_id)
    clock.advance(30 * MINUTES + 1)
    assert taken in told("/checkout/zero/check", "hanako")


def test_a_new_id_opens_and_the_old_one_does_not(hanako: Member, demo_app: Flask) -> None:
    other(hanako.shop_url, demo_app)
    hanako.log_in()
    taken = hanako.submit("/mypage/login-id", password=PASSWORD, login_id="TARO")
    assert "使われています" in said(taken)
    assert "会員IDを変更しました" in said(hanako.submit("/mypage/login-id", password=PASSWORD, login_id="Hana_2"))
    assert "会員IDが変更されました" in subjects(demo_app, hanako.email)[-1]
    hanako.log_out()
    assert hanako.log_in("hanako").status_code == 401
    assert path_of(hanako.log_in("hana_2")) == "/mypage"


@pytest.mark.req("T-091")
def test_a_member_s_browsers_know_the_new_id_and_address_too(hanako: Member, demo_app: Flask) -> None:
    elsewhere = Member(hanako.shop_url)
    for browser in (hanako, elsewhere):
        browser.log_in()
    hanako.submit("/mypage/login-id", password=PASSWORD, login_id="hana_2")
    hanako.submit("/mypage/email", password=PASSWORD, email="new@example.jp")
    hanako.get(link(demo_app, "new@example.jp"))
    hanako.submit("/email/new")
    assert elsewhere.is_in
    elsewhere.log_out()
    taro = other(hanako.shop_url, demo_app)
    assert path_of(elsewhere.log_in(taro.login)) == "/mypage", "one browser, two of the family"
    with demo_app.app_context():
        for number in range(entry.DOOR.everywhere):
            for name in ("hana_2", "new@example.jp"):
                entry.authenticate(name, WRONG, f"61.9.{number}.1", now())
    for name in ("hana_2", "new@example.jp"):
        for browser in (hanako, elsewhere):
            browser.log_out()
            assert path_of(browser.log_in(name)) == "/mypage", name
        assert Member(hanako.shop_url).log_in(name).status_code == 429


@pytest.mark.req("T-047", "T-039")
def test_a_new_address_proves_itself_and_the_old_one_is_told(hanako: Member, demo_app: Flask) -> None:
    taro = other(hanako.shop_url, demo_app)
    hanako.log_in()
    free = hanako.submit("/mypage/email", password=PASSWORD, email="new@example.jp")
    taken = hanako.submit("/mypage/email", password=PASSWORD, email=taro.email)
    assert without_token(free).replace("new@", "taro@") == without_token(taken)
    assert "すでに会員登録されています" in subjects(demo_app, taro.email)[0]
    hanako.log_out()
    assert path_of(hanako.log_in(hanako.email)) == "/mypage", "nothing has changed yet"
    reader = Member(hanako.shop_url)
    assert "new@example.jp" in said(reader.get(link(demo_app, "new@example.jp")))
    reader.submit("/email/new")
    hanako.log_out()
    assert hanako.log_in("hanako@example.jp").status_code == 401
    assert path_of(hanako.log_in("new@example.jp")) == "/mypage"
    assert "メールアドレスが変更されました" in subjects(demo_app, "hanako@example.jp")[-1]


@pytest.mark.req("R-276")
def test_who_leaves_is_out_and_unnamed(hanako: Member, demo_app: Flask, clock: MovableClock) -> None:
    elsewhere = Member(hanako.shop_url)
    elsewhere.log_in()
    hanako.log_in()
    hanako.put_into_cart(TEA)
    goes_too = "ご登録のクレジットカードがあるときは、決済代行会社の登録からも削除されます。"
    asked = Page(hanako.get("/mypage/leave").text)
    assert goes_too in asked.text
    assert list(asked.find("button", class_="button button-grave button-large"))
    assert path_of(hanako.get("/left")) == "/", "nobody has left yet"
    left = hanako.submit("/mypage/leave", password=PASSWORD)
    assert (path_of(left), "退会しました" in said(left)) == ("/left", True)
    assert "退会しました" in hanako.get("/left").text, "reloaded"
    clock.advance(601)
    assert path_of(hanako.get("/left")) == "/"
    assert not hanako.is_in
    assert not elsewhere.is_in
    assert hanako.log_in().status_code == 401
    assert TEA not in elsewhere.get("/cart").text
    with demo_app.app_context():
        row = db.session.execute(select(models.Member.__table__)).one()
        assert not {"山田 花子", "ヤマダ ハナコ", "hanako", "hanako@example.jp", "03-1234-5678"} & set(map(str, row))
    assert "退会の手続きが完了しました" in subjects(demo_app, hanako.email)[-1]
    assert goes_too in letters(demo_app, hanako.email)[-1]
    assert join(hanako, demo_app).member_id, "ID and address are free again"


@pytest.mark.req("R-277")
@pytest.mark.parametrize(
    ("setting", "page", "typed"),
    [
        ("may_change_login", "/mypage/login-id", {"login_id": "hanako2"}),
        ("may_change_password", "/mypage/password", {"new_password": NEW}),
        ("may_leave", "/mypage/leave", {}),
    ],
)
def test_what_the_shop_forbids_no_forged_form_does(
    hanako: Member, demo_app: Flask, setting: str, page: str, typed: dict[str, str]
) -> None:
    hanako.log_in()
    form = hanako.submit_form(page, page)
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(**{setting: False}))
    assert hanako.get(page).status_code == 403
    assert hanako.post(page, form | typed | {"password": PASSWORD}).status_code == 403
    assert [hanako.get(path).status_code for path in {"/mypage/login-id", "/mypage/password", "/mypage/leave"} - {page}] == [200, 200]
    hanako.log_out()
    assert path_of(hanako.log_in()) == "/mypage", "ID and password are as they were"


@pytest.mark.req("R-149")
def test_what_a_member_did_is_noted(hanako: Member, demo_app: Flask) -> None:
    hanako.log_in()
    hanako.submit("/mypage/login-id", password=PASSWORD, login_id="hana_2")
    hanako.submit("/mypage/password", password=PASSWORD, new_password=NEW)
    with demo_app.app_context():
        noted = db.session.scalars(select(MemberEvent.text).order_by(MemberEvent.id)).all()
    assert noted == ["会員登録", "会員IDの変更", "パスワードの変更"]


# ---- the basket ----


def basket(browser: Buyer) -> dict[str, str]:
    """Quantity by code of a product."""
    text = browser.get("/cart").text
    found = re.findall(r'href="/products/([A-Z0-9-]+)".*?name="quantity"[^>]*value="(\d+)"', text, re.DOTALL)
    return {html.unescape(code): quantity for code, quantity in found}


def test_the_baskets_become_one_on_all_browsers(hanako: Member) -> None:
    first, second = Member(hanako.shop_url), Member(hanako.shop_url)
    first.put_into_cart(TEA, 2)
    first.log_in()
    second.put_into_cart(TEA, 3)
    second.put_into_cart(CUP)
    second.log_in()
    assert basket(first) == basket(second) == {TEA: "5", CUP: "1"}
    second.put_into_cart(CUP)
    assert basket(first) == {TEA: "5", CUP: "2"}
    first.log_out()
    assert basket(first) == {}
    assert basket(second) == {TEA: "5", CUP: "2"}


def test_what_does_not_fit_into_the_basket_is_told(hanako: Member, demo_app: Flask) -> None:
    hanako.put_into_cart(TEA, 3)
    hanako.log_in()
    later = Member(hanako.shop_url)
    later.put_into_cart(TEA, 3)
    change(demo_app, Variant.on_hand, 4)
    answer = later.log_in(next="/mypage/email")
    assert "数量を減らした商品があります" in said(answer)
    assert basket(later) == {TEA: "4"}
