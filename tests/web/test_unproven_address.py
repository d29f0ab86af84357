"""会員登録 with an order, by somebody who typed another's mail address: until the mailbox has been opened, nothing trusts it (T-089)."""

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, write
from shop.members import boxes
from shop.members.models import Member as MemberRow
from shop.members.models import MemberAddress
from shop.orders import unproven
from shop.orders.models import Order
from tests.support.buying import CASH
from tests.support.members import Member, letters, link, other, subjects
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, run_jobs
from tests.web.counter import TEA, Desk, change, count, number_of, path_of

#: The address of a mailbox whose owner knows nothing of it.
VICTIM = "hanako@example.jp"
STRANGERS = "sute-yama-88"
TYPED = {
    "buyer_name": "泥棒 太郎", "email": VICTIM, "address1": "泥棒の家1-2", "register_member": "y", "login_id": "dorobou",
    "new_password": STRANGERS,
}  # fmt: skip
BOOK = {
    "name": "泥棒の仲間", "phone": "0263001122", "postal_code": "399-0001", "prefecture": "長野県", "address1": "仲間の家3-4",
    "address2": "",
}  # fmt: skip
PROOF = re.compile(r"https?://\S+/email/proof/link/\S+")


@pytest.fixture
def stranger(live_server: LiveServer, demo_app: Flask) -> Member:
    """Logged in, after an order to their own door with the victim's mail address."""
    member = Member(live_server.url)
    member.login, member.password = "dorobou", STRANGERS
    member.put_into_cart(TEA)
    number_of(member.place(member.confirm(CASH, **TYPED)))
    member.log_in()
    assert member.is_in
    return member


def proof_link(app: Flask, to: str = VICTIM) -> str:
    found = [PROOF.search(body) for body in letters(app, to)]
    newest = [match[0] for match in found if match][-1]
    return urlsplit(newest).path


def proven(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalars(select(MemberRow.proven_at).where(MemberRow.login == "dorobou")).one() is not None


@pytest.mark.req("T-089", "R-272")
def test_the_link_and_the_log_in_together_prove_the_address(stranger: Member, demo_app: Flask, clock: MovableClock) -> None:
    """Not the link alone – its reader may be a stranger to the account – and no opening of it by a mail program."""
    assert "メールアドレスの確認が済んでいません" in stranger.get("/mypage").text
    address = proof_link(demo_app)
    victim = other(stranger.shop_url, demo_app, "sachiko")
    assert path_of(victim.get(address)) == "/login", "with the stranger's password only"
    victim.log_in()
    form = {"csrf_token": victim.token()}
    assert "確認済み" in victim.get(address).text, "of their own address, which is another"
    victim.post("/mypage/email/proof", form)
    assert not proven(demo_app)
    stranger.post("/mypage/email/proof", {"csrf_token": stranger.token()})
    assert not proven(demo_app), "nor the log-in alone"
    opened = stranger.get(address)
    assert (path_of(opened), proven(demo_app)) == ("/mypage/email/proof", False)
    done = stranger.post("/mypage/email/proof", Page(opened.text).form("/mypage/email/proof").fields)
    assert (path_of(done), proven(demo_app)) == ("/mypage", True)
    assert "メールアドレスの確認が済んでいません" not in done.text
    stranger.submit("/password/forgotten", email=VICTIM)
    assert subjects(demo_app, VICTIM)[-1].endswith("パスワードの再設定"), "as for any member"


@pytest.mark.one_database
@pytest.mark.req("T-089")
def test_the_link_waits_for_the_log_in_that_goes_with_it(stranger: Member, demo_app: Flask) -> None:
    """Opened where nobody is logged in, on the phone, say."""
    phone = Member(stranger.shop_url)
    phone.login, phone.password = stranger.login, stranger.password
    form = Page(phone.get(proof_link(demo_app)).text).form("/login")
    asked = phone.post(form.action, form.fields | {"login": phone.login, "password": phone.password})
    phone.post("/mypage/email/proof", Page(asked.text).form("/mypage/email/proof").fields)
    assert proven(demo_app)


@pytest.mark.one_database
@pytest.mark.req("T-089", "T-091")
def test_no_curious_click_ends_an_account_for_a_stranger_s(stranger: Member, demo_app: Flask) -> None:
    """Here the unproven account is the mailbox owner's own, and somebody else changes to its address: only whoever is logged in
    as that other member can go through with it."""
    owner, elsewhere = stranger, other(stranger.shop_url, demo_app, "sachiko")
    elsewhere.log_in()
    elsewhere.submit("/mypage/email", password=elsewhere.password, email=VICTIM)
    address = link(demo_app, VICTIM)
    assert "/email/new" not in {form.action for form in Page(owner.get(address).text).forms}
    owner.post("/email/new", {"csrf_token": owner.token()})
    outside = Member(owner.shop_url)
    form = Page(outside.get(address).text).form("/login")
    assert path_of(outside.post("/email/new", {"csrf_token": form.fields["csrf_token"]})) == "/email/new"
    assert owner.is_in
    outside.post("/login", form.fields | {"login": owner.login, "password": owner.password})
    outside.post("/email/new", {"csrf_token": outside.token()})
    with demo_app.app_context():
        assert db.session.scalars(select(MemberRow.state).where(MemberRow.login == owner.login)).one() == "active"


@pytest.mark.req("T-089", "T-045")
def test_the_link_comes_again_and_ends(stranger: Member, demo_app: Flask, clock: MovableClock) -> None:
    old = proof_link(demo_app)
    for _ in range(boxes.PER_RECIPIENT + 1):
        assert "7日以内" in stranger.submit("/mypage/email/proof", "/mypage/email/proof/mail").text
    assert len([subject for subject in subjects(demo_app, VICTIM) if "メールアドレスの確認" in subject]) == boxes.PER_RECIPIENT
    clock.advance(7 * 24 * 3600 - 60)
    stranger.submit("/mypage/email/proof", "/mypage/email/proof/mail")
    assert "確認する" in stranger.get(old).text
    clock.advance(61)
    assert "確認用のメールを送る" in stranger.get(old).text
    new = proof_link(demo_app)
    assert "確認する" in stranger.get(new).text
    stranger.submit("/mypage/email", password=STRANGERS, email="new@example.jp")
    stranger.get(link(demo_app, "new@example.jp"))
    stranger.submit("/email/new")
    assert proven(demo_app), "another address, by its link"
    change(demo_app, MemberRow.proven_at, None)
    assert "確認用のメールを送る" in stranger.get(new).text, "a link is for the address it went to"


@pytest.mark.req("T-089", "T-046", "T-091")
@pytest.mark.parametrize("begun", ["/password/forgotten", "/register"])
def test_the_owner_of_the_mailbox_finds_nothing_of_who_came_first(stranger: Member, demo_app: Flask, begun: str) -> None:
    """Log-in, 会員ID, addresses, what was typed: all that was the stranger's ends. Their order stays the shop's, and is in
    nobody's マイページ."""
    stranger.submit("/mypage/addresses/new", "/mypage/addresses", **BOOK)
    told = letters(demo_app, VICTIM)[-1]
    assert "お届け先リストが変更されました" in told
    assert "パスワードを再設定" not in told, "no link to a new one goes there"
    stranger.put_into_cart(TEA)
    stranger.confirm(CASH, ship_to="other", **{f"ship_{name}": value for name, value in BOOK.items()})
    owner = Member(stranger.shop_url)
    answers = [Member(stranger.shop_url).submit(begun, email=each).text for each in (VICTIM, "nobody@example.jp")]
    plain = [re.sub(r'name="csrf_token" value="[^"]+"', "", each) for each in answers]
    assert plain[0].replace(VICTIM, "nobody@example.jp") == plain[1], "told to the mailbox only"
    said = letters(demo_app, VICTIM)[-1]
    assert "泥棒" not in said
    owner.get(link(demo_app, VICTIM))
    assert stranger.is_in, "opening it changes nothing"
    owner.submit("/register/details", buyer_name="山田 花子", login_id="dorobou", new_password=owner.password)
    assert owner.is_in
    assert not stranger.is_in
    assert not stranger.log_in().url.endswith("/mypage"), "the old password"
    owner.put_into_cart(TEA)
    pages = ("/mypage", "/mypage/profile", "/mypage/addresses", "/mypage/orders", "/mypage/history", "/checkout/zero", "/cart")
    found = {page for page in pages for word in ("泥棒", "仲間", "order0000") if word in owner.get(page).text}
    assert not found
    with demo_app.app_context():
        before, now_ = db.session.scalars(select(MemberRow).order_by(MemberRow.id)).all()
        assert (before.state, before.email, before.login, before.name, now_.state) == ("left", "", None, "", "active")
        assert db.session.scalars(select(MemberAddress)).all() == []
        assert db.session.scalars(select(Order.member_id)).one() == before.id
    owner.log_out()
    owner.submit("/password/forgotten", email=VICTIM)
    assert subjects(demo_app, VICTIM)[-1].endswith("パスワードの再設定"), "the address is proven now"


@pytest.mark.one_database
@pytest.mark.req("T-089")
def test_an_address_nobody_proved_keeps_no_member_from_changing_to_it(stranger: Member, demo_app: Flask) -> None:
    owner = other(stranger.shop_url, demo_app, "sachiko")
    owner.log_in()
    owner.submit("/mypage/email", password=owner.password, email=VICTIM)
    owner.get(link(demo_app, VICTIM))
    assert VICTIM in owner.submit("/email/new").text
    assert (owner.is_in, stranger.is_in) == (True, False)
    assert count(demo_app, MemberRow, email=VICTIM) == 1


@pytest.mark.one_database
@pytest.mark.req("T-045")
def test_a_stranger_s_account_does_not_fill_the_mailbox(stranger: Member, demo_app: Flask) -> None:
    """What changes is told to a proven address each time (T-047), and to one that may be a stranger's a few times."""
    for proven_at in (None, "now"):
        if proven_at:
            with demo_app.app_context(), write() as session:
                member = session.scalars(select(MemberRow)).one()
                member.proven_at = member.created_at
        before = len(subjects(demo_app, VICTIM))
        for number in range(boxes.PER_RECIPIENT + 2):
            stranger.submit("/mypage/addresses/new", "/mypage/addresses", **BOOK | {"address1": f"仲間の家{number}"})
        assert len(subjects(demo_app, VICTIM)) - before == boxes.PER_RECIPIENT + (2 if proven_at else 0)


@pytest.mark.req("T-089")
@pytest.mark.parametrize("kept_by", ["nothing", "an order", "a proof", "the calendar", "a visit"])
def test_what_a_flood_of_false_orders_leaves_behind_ends_by_itself(
    stranger: Member, desk: Desk, demo_app: Flask, clock: MovableClock, kept_by: str
) -> None:
    if kept_by != "an order":
        move = "/admin/orders/order00000001/move/cancelled"
        desk.submit(move, move)
    if kept_by == "a proof":
        stranger.post("/mypage/email/proof", Page(stranger.get(proof_link(demo_app)).text).form("/mypage/email/proof").fields)
    days = unproven.LIFE.days
    clock.advance(10 * 24 * 3600)
    if kept_by == "a visit":
        assert stranger.is_in
    clock.advance((days - 10 - (kept_by == "the calendar")) * 24 * 3600 + 1)
    before = subjects(demo_app, VICTIM)
    run_jobs(demo_app, "purge")
    state = "left" if kept_by == "nothing" else "active"
    with demo_app.app_context():
        assert db.session.scalars(select(MemberRow.state)).one() == state
    assert subjects(demo_app, VICTIM) == before, "nobody is written to"
