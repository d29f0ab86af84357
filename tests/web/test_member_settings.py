"""会員設定: what the form takes, what its confirmation says, and what it changes for members and for whom it does not."""

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db
from shop.members.models import MemberSettings
from shop.staff.models import StaffLog
from tests.support.buying import CASH, Buyer
from tests.support.members import Member
from tests.support.pages import Page
from tests.web.counter import CUP, TEA, Desk, count, number_of, path_of
from tests.web.test_filing import move

WHERE = "/admin/settings/members"
SET = "会員設定を設定しました。"
PASSWORD = "tsuki-no-wa-77"


def stored(app: Flask) -> tuple[object, ...]:
    """The one row; fails when there are more or none."""
    columns = [column for column in MemberSettings.__table__.columns if column.name != "id"]
    with app.app_context():
        return tuple(db.session.execute(select(*columns)).one())


def newest_line(app: Flask) -> tuple[str, str]:
    with app.app_context():
        row = db.session.execute(select(StaffLog.actor, StaffLog.text).order_by(StaffLog.id.desc()).limit(1)).one()
        return row.actor, row.text


@pytest.mark.one_database
def test_from_the_form_over_its_confirmation_into_the_book(desk: Desk, demo_app: Flask) -> None:
    typed = {"timing": "completed", "zero_step_hides": "y", "terms": "第1条\r\nていねいに。", "card_changes": "３", "card_minutes": "９０"}
    off = ("may_change_login", "may_leave")
    asked = desk.confirm(WHERE, off, **typed)
    said = Page(asked.text).text
    for line in ("会員登録処理のタイミング 受注処理完了時", "会員IDの変更を許可する いいえ", "パスワードの変更を許可する はい", "第1条"):
        assert line in said, line
    assert count(demo_app, MemberSettings) == count(demo_app, StaffLog) == 0, "確認画面 stores nothing"
    back = desk.session.post(f"{desk.shop_url}{WHERE}/revise", data=Page(asked.text).form(WHERE).fields)
    assert Page(back.text).form(f"{WHERE}/confirm").fields["card_minutes"] == "90"
    assert SET in Page(desk.agree(asked, WHERE).text).text
    assert stored(demo_app) == ("completed", True, False, True, False, "第1条\nていねいに。", 3, 90)
    actor, line = newest_line(demo_app)
    assert actor == "staff:owner"
    assert line.startswith("会員設定を設定（会員登録処理のタイミング、ゼロステップカートで会員登録欄・ログインを表示しない、会員IDの変更")
    assert "パスワードの変更" not in line
    assert "ていねい" not in line, "names, never values"
    assert SET in desk.set_up(WHERE).text
    assert newest_line(demo_app)[1] == "会員設定を設定（変更なし）"
    assert stored(demo_app)[6:] == (3, 90), "the same row again"


@pytest.mark.one_database
@pytest.mark.req("R-146")
def test_only_what_can_be_is_taken(desk: Desk, demo_app: Flask) -> None:
    shown = Page(desk.get(WHERE).text).form(f"{WHERE}/confirm").fields
    assert (shown["card_changes"], shown["card_minutes"], shown["timing"]) == ("5", "60", "placed")
    wrong = [
        {"timing": "never"}, {"timing": ""}, {"card_changes": "0"}, {"card_changes": "100"}, {"card_changes": "-1"},
        {"card_changes": ""}, {"card_minutes": "0"}, {"card_minutes": "1441"}, {"card_minutes": "1.5"},
        {"terms": "あ" * 20_001},
    ]  # fmt: skip
    for typed in wrong:
        assert desk.confirm(WHERE, **typed).status_code == 422, typed
    for typed in ({"card_changes": "1", "card_minutes": "1"}, {"card_changes": "99", "card_minutes": "1440"}):
        assert desk.confirm(WHERE, **typed).status_code == 200, typed


@pytest.mark.one_database
def test_a_forged_confirmation_stores_nothing(desk: Desk, demo_app: Flask) -> None:
    form = Page(desk.confirm(WHERE, timing="completed").text).form(WHERE).fields
    other_form = Page(desk.confirm("/admin/settings/card-guard").text).form("/admin/settings/card-guard").fields["draft"]
    for draft in ("", "x", form["draft"][:-4], other_form):
        answer = desk.session.post(desk.shop_url + WHERE, data=form | {"draft": draft, "timing": "completed"})
        assert "確認画面の内容を読み取れませんでした。" in Page(answer.text).text
    assert count(demo_app, MemberSettings) == 0
    desk.session.post(desk.shop_url + WHERE, data=form | {"timing": "placed", "may_leave": ""})
    assert stored(demo_app)[0] == "completed", "what was confirmed counts, not what is posted beside it"
    assert stored(demo_app)[4] is True


@pytest.mark.req("R-272", "R-273")
def test_another_timing_is_for_registrations_from_now_on(desk: Desk, demo_app: Flask) -> None:
    waiting = {}
    for login, timing, at_once in (("early.1", "completed", False), ("later.1", "placed", True)):
        desk.set_up(WHERE, timing=timing)
        waiting[login] = join_with_an_order(desk.shop_url, login)
        assert can_log_in(desk.shop_url, login) is at_once
    assert not can_log_in(desk.shop_url, "early.1"), "仮登録 stays so"
    move(desk, waiting["early.1"], "completed")
    assert can_log_in(desk.shop_url, "early.1")
    desk.set_up(WHERE, timing="completed")
    assert can_log_in(desk.shop_url, "later.1"), "and who is a member stays one"


def join_with_an_order(shop_url: str, login: str) -> str:
    """Register while ordering; the order's number."""
    buyer = Buyer(shop_url)
    buyer.put_into_cart(TEA)
    typed = {"register_member": "y", "login_id": login, "new_password": PASSWORD, "email": f"{login}@example.jp"}
    return number_of(buyer.place(buyer.confirm(CASH, **typed)))


def can_log_in(shop_url: str, login: str) -> bool:
    member = Member(shop_url)
    member.log_in(login, PASSWORD)
    return member.is_in


@pytest.mark.one_database
@pytest.mark.req("R-277", "R-125")
def test_the_switches_reach_my_page_and_the_one_page_cart(desk: Desk, hanako: Member) -> None:
    hanako.log_in()
    guest = Buyer(desk.shop_url)
    guest.put_into_cart(CUP)
    pages = {"may_change_login": "/mypage/login-id", "may_change_password": "/mypage/password", "may_leave": "/mypage/leave"}
    everything = set(pages.values())
    for off in ((), *((name,) for name in pages), ()):
        desk.set_up(WHERE, tuple(pages), **{name: "y" for name in pages if name not in off})
        assert {page for page in everything if hanako.get(page).status_code == 200} == everything - {pages[name] for name in off}
    assert "register_member" in guest.get("/checkout/zero").text
    desk.set_up(WHERE, zero_step_hides="y")
    assert path_of(guest.get("/checkout/zero")) == "/checkout/zero"
    assert "register_member" not in guest.get("/checkout/zero").text


@pytest.mark.one_database
@pytest.mark.req("R-146")
def test_the_limit_on_cards_is_the_one_a_member_reads(desk: Desk, hanako: Member) -> None:
    hanako.log_in()
    assert "60分に5回までです。" in Page(hanako.get("/mypage/cards/1").text).text
    desk.set_up(WHERE, card_changes="7", card_minutes="45")
    assert "45分に7回までです。" in Page(hanako.get("/mypage/cards/1").text).text
    assert "カードの登録・変更" not in desk.page("/admin/settings/card-guard").text, "one place to set it"
