"""Staff with rights of their own: what is granted opens at once, what is not is neither shown nor answered."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, write
from shop.core.runtime import now
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment
from shop.staff import people, rights, service
from shop.staff.models import StaffLog, StaffSession, StaffUser
from shop.staff.people import About
from shop.staff.rights import Right
from tests.support.buying import Buyer, buy
from tests.support.pages import Page
from tests.support.shop import OWNER, MovableClock, mails, run_jobs
from tests.support.staff import Clerk
from tests.web.counter import TEA, change, number_of

PASSWORD = "akebono no yama"
EMAIL = "taro@example.jp"
NEW = {"name": "佐藤 太郎", "login": "Taro", "email": EMAIL, "rights": ["capture", "orders"]}
LINK = re.compile(r"https?://\S+/admin/invitation/\S+")

@pytest.fixture
def owner(demo_app: Flask) -> Clerk:
    return Clerk(demo_app, "hana", owner=True)


def mails_to(app: Flask, to: str) -> list[str]:
    """Their bodies, oldest first."""
    run_jobs(app, "outbox")
    return [str(mail.get_content()) for mail in mails(app) if to in str(mail["To"])]


def link_in_mail(app: Flask, to: str = EMAIL) -> str:
    """The path of the link in the newest mail to an address."""
    newest = mails_to(app, to)[-1]
    found = LINK.search(newest)
    assert found, newest
    return urlsplit(found[0]).path


def person_of(app: Flask, login: str = "taro") -> StaffUser:
    with app.app_context():
        return db.session.scalars(select(StaffUser).where(StaffUser.login == login)).one()


def log_lines(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(row.actor, row.text) for row in db.session.scalars(select(StaffLog).order_by(StaffLog.id))]


def choose(app: Flask, path: str, password: str = PASSWORD):
    """Open the link in a browser of its own and send the form."""
    client = app.test_client()
    shown = client.get(path)
    fields = Page(shown.text).form("/admin/invitation").fields if shown.status_code == 200 else {}
    return client.post("/admin/invitation", data=fields | {"link": path.rpartition("/")[2], "new_password": password})


def log_in(app: Flask, login: str = "taro", password: str = PASSWORD) -> int:
    client = app.test_client()
    fields = Page(client.get("/admin/login").text).forms[0].fields
    return client.post("/admin/login", data=fields | {"login": login, "password": password}).status_code


# ---- becoming staff ----


@pytest.mark.req("U-093", "T-038")
def test_an_invited_person_chooses_a_password_once(demo_app: Flask, owner: Clerk) -> None:
    assert "スタッフを追加" in owner.get("/admin/staff").text
    answer = owner.post("/admin/staff/new", **NEW)
    assert answer.status_code == 303
    assert [log_in(demo_app, password=typed) for typed in ("x", PASSWORD)] == [401, 401]
    path = link_in_mail(demo_app)
    shown = demo_app.test_client().get(path)
    assert (shown.status_code, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    for bad, why in (("eleven char", "12文字以上"), (" TARO@example.jp", "同じパスワードは使えません"), ("", "入力してください")):
        refused = choose(demo_app, path, bad)
        assert refused.status_code == 422
        assert why in refused.text
    assert choose(demo_app, path).status_code == 303
    assert log_in(demo_app) == 303
    assert demo_app.test_client().get(path).status_code == 410
    with demo_app.test_client() as client:
        token = Page(client.get("/admin/login").text).forms[0].fields["csrf_token"]
        again = {"csrf_token": token, "link": path.rpartition("/")[2], "new_password": "another one 12"}
        assert client.post("/admin/invitation", data=again).status_code == 410
    assert log_in(demo_app) == 303


@pytest.mark.req("T-038")
def test_a_link_dies_with_time_address_and_account(demo_app: Flask, owner: Clerk, clock: MovableClock) -> None:
    owner.post("/admin/staff/new", **NEW)
    page = f"/admin/staff/{person_of(demo_app).id}"
    first = link_in_mail(demo_app)
    owner.post(page, **NEW | {"email": "taro@example.com"})
    assert demo_app.test_client().get(first).status_code == 410
    second = link_in_mail(demo_app, "taro@example.com")
    assert demo_app.test_client().get(second).status_code == 200
    owner.post(f"{page}/suspend")
    assert demo_app.test_client().get(second).status_code == 410
    owner.post(f"{page}/reactivate")
    assert demo_app.test_client().get(second).status_code == 200
    change(demo_app, StaffUser.owner, True, login="taro")
    assert demo_app.test_client().get(second).status_code == 410, "nobody gets an owner's account by a link"
    change(demo_app, StaffUser.owner, False, login="taro")
    clock.advance(people.LINK_LIFETIME / timedelta(seconds=1) + 1)
    assert demo_app.test_client().get(second).status_code == 410
    assert choose(demo_app, second).status_code in (400, 410)
    assert person_of(demo_app).password_hash == ""


def test_who_forgot_the_password_gets_a_link_and_whoever_was_in_is_out(demo_app: Flask, owner: Clerk) -> None:
    clerk = Clerk(demo_app, "jiro")
    owner.post(f"/admin/staff/{clerk.person_id}/link")
    assert clerk.is_in
    assert choose(demo_app, link_in_mail(demo_app, "jiro@example.jp")).status_code == 303
    assert not clerk.is_in
    assert log_in(demo_app, "jiro") == 303


@pytest.mark.req("T-047")
def test_the_old_address_hears_of_another_before_a_link_goes_there(demo_app: Flask, owner: Clerk) -> None:
    """Or a colleague takes the account over, and works under its name."""
    clerk, manager = Clerk(demo_app, "jiro"), Clerk(demo_app, "kanri", Right.STAFF)
    page = f"/admin/staff/{clerk.person_id}"
    manager.post(page, name="次郎", email="jiro@example.jp")
    assert mails_to(demo_app, "jiro@example.jp") == [], "another name is none"
    manager.post(page, name="次郎", email="evil@example.com")
    manager.post(f"{page}/link")
    (told,) = mails_to(demo_app, "jiro@example.jp")
    for word in ("次郎様", "メールアドレスが変更されました", "kanri"):
        assert word in told
    assert "evil" not in told
    assert LINK.search(mails_to(demo_app, "evil@example.com")[-1])


def test_what_was_typed_stays_with_the_mistake_beside_it(demo_app: Flask, owner: Clerk) -> None:
    wrong = {"name": "", "login": "あ", "email": "taro@", "rights": ["capture"]}
    answer = owner.post("/admin/staff/new", **wrong)
    assert answer.status_code == 422
    page = Page(answer.text)
    fields = page.form("/admin/staff/new").fields
    assert (fields["login"], fields["email"], fields["rights"]) == ("あ", "taro@", "capture")
    for said in ("入力してください。", "半角の英数字と", "例 name@example.jp"):
        assert said in page.text
    blank = Page(owner.post("/admin/staff/new").text)
    assert "例 name@example.jp" not in blank.text, "one mistake, one sentence"
    taken = owner.post("/admin/staff/new", **NEW | {"login": OWNER.upper()})
    assert taken.status_code == 422
    assert "このログインIDは使われています" in taken.text
    assert log_lines(demo_app) == []


@pytest.mark.req("T-038")
def test_a_colleague_s_link_is_the_owner_s_to_read_even_in_the_demo(demo_app: Flask, owner: Clerk) -> None:
    clerk = Clerk(demo_app, "jiro", *Right)
    owner.post("/admin/staff/new", **NEW)
    with demo_app.app_context():
        mail = db.session.scalars(select(OutboxMail.id).where(OutboxMail.recipient == EMAIL)).one()
    secret = link_in_mail(demo_app).rpartition("/")[2]
    assert secret in owner.get(f"/admin/mails/{mail}").text
    assert secret not in clerk.get(f"/admin/mails/{mail}").text


# ---- rights ----


@pytest.mark.req("T-055", "U-093")
def test_a_right_counts_from_the_next_request_on(demo_app: Flask, owner: Clerk) -> None:
    clerk = Clerk(demo_app, "jiro")
    page = {"name": "次郎", "email": "jiro@example.jp"}
    refused = clerk.get("/admin/settings/deliveries")
    assert refused.status_code == 403
    said = Page(refused.text).text
    assert "「設定の変更」の権限が必要です" in said
    assert "hanaさん" in said
    assert "宅配便・送料計算" not in said
    owner.post(f"/admin/staff/{clerk.person_id}", **page, rights=["settings"])
    assert clerk.get("/admin/settings/deliveries").status_code == 200
    assert "宅配便・送料計算" in clerk.get("/admin").text
    owner.post(f"/admin/staff/{clerk.person_id}", **page)
    assert clerk.get("/admin/settings/deliveries").status_code == 403
    assert clerk.is_in


@pytest.mark.req("T-055")
def test_nobody_gives_or_takes_what_they_lack(demo_app: Flask, owner: Clerk) -> None:
    manager = Clerk(demo_app, "kanri", Right.STAFF, Right.CAPTURE)
    richer, peer = Clerk(demo_app, "jiro", Right.REFUND), Clerk(demo_app, "saburo", Right.CAPTURE)
    about = {"name": "変更後", "email": "x@example.jp"}
    assert manager.post("/admin/staff/new", **NEW | {"rights": ["refund"]}).status_code == 422
    offered = Page(manager.get("/admin/staff/new").text).form("/admin/staff/new").offered
    assert "refund" not in manager.get("/admin/staff/new").text, offered
    assert manager.post(f"/admin/staff/{peer.person_id}", **about, rights=["capture", "refund"]).status_code == 422
    for target, status in ((richer, 403), (owner, 404), (manager, 404)):
        base = f"/admin/staff/{target.person_id}"
        before = target.row().__dict__ | {"_sa_instance_state": None}
        assert manager.get(base).status_code == status
        for path in (base, f"{base}/suspend", f"{base}/reactivate", f"{base}/link"):
            assert manager.post(path, **about, rights=["capture", "staff"]).status_code == status, path
        assert target.row().__dict__ | {"_sa_instance_state": None} == before
        assert target.is_in
    assert owner.post(f"/admin/staff/{owner.person_id}/suspend").status_code == 404
    assert log_lines(demo_app) == []
    assert manager.post(f"/admin/staff/{peer.person_id}", **about, rights=["staff"]).status_code == 303
    assert rights.read(peer.row().rights) == {Right.STAFF}


@pytest.mark.req("T-055")
def test_the_rules_hold_whichever_page_asks(demo_app: Flask, owner: Clerk) -> None:
    """Beneath the pages: the service itself refuses."""
    manager, peer = Clerk(demo_app, "kanri", Right.STAFF), Clerk(demo_app, "jiro")
    richer, plain = Clerk(demo_app, "saburo", Right.REFUND), Clerk(demo_app, "shiro", Right.CAPTURE)
    suspended = Clerk(demo_app, "goro")

    def identity(clerk: Clerk) -> service.Identity:
        row = clerk.row()
        granted = rights.ALL if row.owner else rights.read(row.rights)
        return service.Identity(row.id, row.login, row.name, row.created_at, row.owner, granted)

    refund = About("x", "x@example.jp", frozenset({Right.REFUND}))
    nothing = About("x", "x@example.jp", frozenset())
    chief, boss, clerk = identity(manager), identity(owner), identity(plain)
    deeds = [
        lambda s: people.add(s, chief, "new", refund, now()),
        lambda s: people.add(s, clerk, "new", nothing, now()),
        lambda s: people.change(s, chief, peer.person_id, refund, now()),
        lambda s: people.change(s, chief, richer.person_id, nothing, now()),
        lambda s: people.change(s, chief, manager.person_id, nothing, now()),
        lambda s: people.change(s, boss, owner.person_id, nothing, now()),
        lambda s: people.suspend(s, chief, owner.person_id, now()),
        lambda s: people.suspend(s, boss, person_of(demo_app, OWNER).id, now()),
        lambda s: people.send_link(s, chief, richer.person_id, now()),
        lambda s: people.send_link(s, boss, suspended.person_id, now()),
    ]
    change(demo_app, StaffUser.active, False, login="goro")
    for deed in deeds:
        with demo_app.app_context(), write() as session, pytest.raises(people.NotYours):
            deed(session)
    assert log_lines(demo_app) == []


@pytest.mark.req("T-055")
def test_who_is_suspended_is_out_at_once_and_stays_out(demo_app: Flask, owner: Clerk) -> None:
    seen, clerk = Clerk(demo_app, "saburo"), Clerk(demo_app, "jiro", Right.CAPTURE)
    for each in (seen, clerk):
        owner.post(f"/admin/staff/{each.person_id}/suspend")
    assert not seen.is_in
    assert "停止中" in owner.get("/admin/staff").text
    # This browser asks for nothing meanwhile and keeps its cookie.
    owner.post(f"/admin/staff/{clerk.person_id}/reactivate")
    assert not clerk.is_in, "the old log-in must not come back with the account"
    assert clerk.row().active
    assert clerk.row().rights == "capture"


@pytest.mark.req("U-093")
def test_every_change_is_written_down_for_the_owner(demo_app: Flask, owner: Clerk) -> None:
    owner.post("/admin/staff/new", **NEW)
    page = f"/admin/staff/{person_of(demo_app).id}"
    changed = {"name": "佐藤 次郎", "email": EMAIL, "rights": ["refund"]}
    for _press in range(2):  # the second changes nothing
        owner.post(page, **changed)
    for deed in ("suspend", "suspend", "reactivate", "reactivate", "link"):
        owner.post(f"{page}/{deed}")
    assert log_lines(demo_app) == [
        ("staff:hana", "スタッフ「佐藤 太郎（taro）」を追加（権限：受注の処理、売上確定）"),
        ("staff:hana", "スタッフ「佐藤 太郎（taro）」を変更（名前：佐藤 太郎 → 佐藤 次郎、権限：受注の処理、売上確定 → 取消・返金）"),
        ("staff:hana", "スタッフ「佐藤 次郎（taro）」の利用を停止"),
        ("staff:hana", "スタッフ「佐藤 次郎（taro）」の利用を再開"),
        ("staff:hana", "スタッフ「佐藤 次郎（taro）」にパスワード設定のメールを送信"),
    ]
    assert "受注の処理、売上確定 → 取消・返金" in owner.get("/admin/log").text
    everything = Clerk(demo_app, "jiro", *Right)
    refused = everything.get("/admin/log")
    assert refused.status_code == 403
    assert "店主だけが開けます" in refused.text
    assert "佐藤" not in refused.text


@pytest.mark.req("T-055")
def test_less_than_was_captured_is_a_refund_whatever_the_button_is_called(shopper: Buyer, demo_app: Flask) -> None:
    """取引更新 to a lower amount pays money back: changing the price is not enough."""
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    path = f"/admin/orders/{number}/payment/update"
    price, both = Clerk(demo_app, "jiro", Right.PRICE), Clerk(demo_app, "saburo", Right.PRICE, Right.REFUND)
    assert price.get(path).status_code != 403
    change(demo_app, Payment.status, "captured")
    change(demo_app, Payment.captured_yen, 1_000_000)
    for answer in (price.get(path), price.post(path, amount_yen="1572")):
        assert answer.status_code == 403
        assert "「取消・返金」の権限が必要です" in answer.text
    assert path not in price.get(f"/admin/orders/{number}").text
    assert path in both.get(f"/admin/orders/{number}").text
    assert both.get(path).status_code != 403
    assert both.post(path, amount_yen="1").status_code == 303


# ---- the door ----


@pytest.mark.req("T-055")
def test_an_address_that_says_nothing_opens_for_nobody(demo_app: Flask) -> None:
    demo_app.add_url_rule("/admin/forgotten", "admin.forgotten", lambda: "inside")
    owner = Clerk(demo_app, "hana", owner=True)
    answer = owner.get("/admin/forgotten")
    assert answer.status_code == 403
    assert "inside" not in answer.text


PATHS = (
    "/admin/..;/admin/staff", "/admin/..;/staff", "/admin;/staff", "/admin/;/staff", "/Admin/staff", "/ADMIN/STAFF", "/admin/Staff",
    "//admin/staff", "/admin//staff", "///admin///staff", "/admin/./staff", "/admin/../admin/staff", "/products/../admin/staff",
    "/admin/staff.", "/admin./staff", "/admin/staff/", "/admin/staff/.", "/admin/staff%20", "/admin/staff%00", "/admin/%73taff", "/%61dmin/staff",
    "/admin%2fstaff", "/admin/%2e%2e/admin/staff", "/admin/orders/..%2fstaff", "/admin/orders/../staff", "/admin\\staff", "/admin/staff;.css",
    "/admin/staff.json", "/static/../admin/staff", "/static/..%2fadmin/staff", "/admin/login/../staff", "/admin/login;/../staff", "/admin/invitation/../staff",
)  # fmt: skip


@pytest.mark.req("T-055")
def test_no_spelling_of_an_address_goes_around_the_door(demo_app: Flask, owner: Clerk) -> None:
    secret = "himitsu-no-namae"
    Clerk(demo_app, secret)
    clerk = Clerk(demo_app, "jiro", *(set(Right) - {Right.STAFF}))
    assert secret in owner.get("/admin/staff").text
    for path in PATHS:
        for client in (demo_app.test_client(), clerk.client):
            for method in ("GET", "HEAD", "OPTIONS", "POST"):
                form = {"csrf_token": clerk.token} if method == "POST" else None
                answer = client.open(path, method=method, data=form, follow_redirects=method == "GET")
                assert answer.status_code in (200, 303, 308, 400, 403, 404, 405), (method, path)
                assert secret not in answer.text, (method, path)
                if answer.status_code == 200:
                    assert method == "OPTIONS" or answer.request.path in ("/admin/login", "/admin/staff/login"), path


# ---- one's own password, and owners ----


@pytest.mark.req("T-034", "T-040")
def test_an_own_password_ends_the_other_log_ins(demo_app: Flask, owner: Clerk) -> None:
    owner.post("/admin/staff/new", **NEW)
    assert choose(demo_app, link_in_mail(demo_app)).status_code == 303
    here, there = Browser(demo_app), Browser(demo_app)
    typed = {"password": PASSWORD, "new_password": "asa no hikari 12"}
    for wrong, why in (({"password": "wrong"}, "現在のパスワードが違います"), ({"new_password": "short"}, "12文字以上")):
        answer = here.post("/admin/password", **typed | wrong)
        assert answer.status_code == 422
        assert why in answer.text
    assert here.post("/admin/password", **typed).status_code == 303
    assert (here.get("/admin").status_code, there.get("/admin").status_code) == (200, 303)
    assert (log_in(demo_app), log_in(demo_app, password=typed["new_password"])) == (401, 303)
    for _try in range(5):
        here.post("/admin/password", **typed)
    assert here.post("/admin/password", **typed).status_code == 429


class Browser:
    """Taro's, logged in by password."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        fields = Page(self.get("/admin/login").text).forms[0].fields
        self.client.post("/admin/login", data=fields | {"login": "taro", "password": PASSWORD})

    def get(self, path: str):
        return self.client.get(path)

    def post(self, path: str, **fields: str):
        token = Page(self.get("/admin").text).forms[0].fields["csrf_token"]
        return self.client.post(path, data={"csrf_token": token} | fields)


def test_a_shop_keeps_an_owner(demo_app: Flask) -> None:
    cli = demo_app.test_cli_runner()

    def withdraw(login: str) -> tuple[int, str]:
        with demo_app.app_context():
            result = cli.invoke(args=["owner", "withdraw", login])
        return result.exit_code, result.output

    assert withdraw(OWNER)[0] == 1
    assert person_of(demo_app, OWNER).owner
    second = Clerk(demo_app, "hana", owner=True)
    assert withdraw("nobody")[0] == 1
    assert withdraw(OWNER.upper()) == (0, f"{OWNER.upper()} is staff without rights now\n")
    assert not person_of(demo_app, OWNER).owner
    assert withdraw("hana")[0] == 1
    assert second.row().owner


def test_sessions_of_others_stay(demo_app: Flask, owner: Clerk) -> None:
    clerk, other = Clerk(demo_app, "jiro"), Clerk(demo_app, "saburo")
    owner.post(f"/admin/staff/{clerk.person_id}/suspend")
    assert other.is_in
    with demo_app.app_context():
        ended = db.session.scalars(select(StaffSession.user_id).where(StaffSession.ended_at.is_not(None))).all()
    assert list(ended) == [clerk.person_id]
