"""Members behind their pages: guessing, registration with a purchase, carts that become one, leaving."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.catalogue.models import Variant
from shop.checkout import cart, cart_merge
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core import db, ids, passwords
from shop.core.guessing import LogIn
from shop.core.runtime import now
from shop.core.shopinfo import ShopInfo
from shop.core.throttle import ThrottleEvent
from shop.members import accounts, boxes, entry, leaving, names, sessions, tokens, with_order
from shop.members.accounts import LinkDead, Person, Taken
from shop.members.models import Member, MemberEvent, MemberSettings, MemberToken
from shop.orders import filing
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.staff import service
from tests.domain.desk import BUYER, REFUSED, Desk

PASSWORD, WRONG, OWNERS = "tsuki-no-wa-9", "chigau-password", "tsukinowa no cha 12"
HANAKO = Person("山田 花子", "hanako@example.jp", "ja")
HOME, ABROAD = "61.200.3.4", "93.184.216.34"
DOOR = entry.DOOR


def make(login: str = "hanako", person: Person = HANAKO, **state: bool) -> int:
    with db.write() as session:
        return accounts.create(session, person, login, names.hashed(PASSWORD), now(), proven=True, **state).id


def try_in(name: str = "hanako", password: str = PASSWORD, address: str = HOME, known: str = "") -> LogIn:
    return entry.authenticate(name, password, address, now(), known=known)


# ---- sessions ----


@pytest.mark.one_database
@pytest.mark.req("T-034")
def test_ninety_days_end_even_a_session_of_every_day(desk: Desk, member_id: int) -> None:
    with desk.app.app_context(), db.write() as session:
        token, end = sessions.start(session, member_id, now()), now() + sessions.LIFETIME
        sessions.touch(session, token, end)
        found = sessions.find(session, token, end - timedelta(minutes=1))
        assert (found and found.member_id, sessions.find(session, token, end)) == (member_id, None)


@pytest.mark.one_database
@pytest.mark.parametrize("state", ["provisional", "left"])
def test_who_may_not_be_in_is_not_though_their_log_in_were_still_there(desk: Desk, member_id: int, state: str) -> None:
    """Neither a session nor a password opens: one more guard than the ending of sessions and the emptying of names."""
    desk.change(Member, login="mada", password_hash=names.hashed(PASSWORD))
    with desk.app.app_context():
        with db.write() as session:
            token = sessions.start(session, member_id, now())
            assert sessions.find(session, token, now())
        assert try_in("mada").user_id == member_id
    desk.change(Member, state=state)
    with desk.app.app_context():
        assert sessions.find(db.db.session(), token, now()) is None
        if state == "left":
            assert try_in("mada").user_id is None
        else:
            with pytest.raises(entry.Provisional):
                try_in("mada")
        assert entry.prove(member_id, PASSWORD, now()).user_id is None


# ---- guessing ----


@pytest.fixture
def hanako(app: Flask) -> Iterator[int]:
    with app.app_context():
        yield make()


@pytest.mark.req("T-040", "T-091", "R-279")
def test_a_stranger_closes_the_name_for_himself_only(hanako: int) -> None:
    for name in ("hanako", "hanako@example.jp"):
        for _ in range(DOOR.per_name):
            assert try_in(name, WRONG, ABROAD) == LogIn()
        until = try_in(name, PASSWORD, ABROAD).blocked_until
        assert until
        assert now() < until <= now() + entry.WINDOW
        assert try_in(name, PASSWORD, HOME).user_id == hanako


@pytest.mark.req("T-040")
def test_an_ipv6_line_is_one_connection_however_it_counts_on(hanako: int) -> None:
    for last in range(DOOR.per_name):
        assert try_in(password=WRONG, address=f"2400:4000:1:2::{last + 1:x}") == LogIn()
    assert try_in(address="2400:4000:1:2:ffff::1").blocked_until
    assert try_in(address="2400:4000:1:3::1").user_id == hanako


@pytest.mark.req("T-040")
def test_one_password_tried_on_many_names_closes_the_connection(hanako: int) -> None:
    for number in range(DOOR.per_network):
        assert try_in(f"name{number}", WRONG, ABROAD) == LogIn()
    assert try_in(address=ABROAD).blocked_until
    assert try_in(address=HOME).user_id == hanako


@pytest.mark.req("T-040", "T-091")
def test_guesses_from_everywhere_close_the_name_but_not_for_the_member_s_own_browser(hanako: int) -> None:
    for number in range(DOOR.everywhere):
        assert try_in(password=WRONG, address=f"61.9.{number}.1") == LogIn()
    assert try_in(address=HOME).blocked_until
    known = entry.marks("hanako", HANAKO.email)
    for name in ("Hanako", "HANAKO@example.jp"):
        assert try_in(name, address=HOME, known=known).user_id == hanako
    assert try_in(address=HOME, known=entry.marks("taro", "taro@example.jp")).blocked_until, "another's mark opens nothing"


@pytest.mark.req("T-040", "T-091")
@pytest.mark.parametrize("who", [entry, service], ids=["members", "staff"])
def test_many_names_tried_once_each_from_everywhere_are_told_to_the_shop_and_close_nothing(
    hanako: int, who: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One password on many accounts, or a list of stolen ones: no name and no connection reaches a limit of its own."""
    assert who.DOOR.shop <= 100, "of a thousand"
    monkeypatch.setattr(who, "DOOR", replace(who.DOOR, shop=8))
    with db.write() as session:
        session.add_all([ShopInfo(name="つきのわ商店", email="shop@example.jp"), service.new_owner("hanako", "月野", OWNERS, now())])
    db.end_read()

    def alarms(tries: int) -> list[tuple[str, str]]:
        for number in range(tries):
            assert who.authenticate(f"name{number}", WRONG, f"61.{number}.7.1", now()) == LogIn()
        return [(mail.recipient, mail.body) for mail in db.db.session.scalars(select(OutboxMail))]

    assert alarms(who.DOOR.shop - 1) == []
    ((recipient, body),) = alarms(1)
    assert recipient == "shop@example.jp"
    assert f"{who.DOOR.shop}回" in body
    assert len(alarms(who.DOOR.shop)) == 1, "once a day"
    for name, password in (("hanako", PASSWORD if who is entry else OWNERS), ("name0", WRONG)):
        assert not who.authenticate(name, password, "61.255.7.1", now()).blocked_until


@pytest.mark.req("T-079", "T-091")
def test_behind_a_proxy_nobody_declared_a_stranger_closes_no_more_than_the_name_he_tries(hanako: int) -> None:
    """Everybody comes from one private address there; browsers of before are counted apart."""
    inside = "10.0.0.7"
    for number in range(DOOR.per_network + 5):
        assert try_in(f"name{number}", WRONG, inside) == LogIn()
    for _ in range(DOOR.per_name):
        assert try_in(password=WRONG, address=inside) == LogIn()
    assert try_in(address=inside).blocked_until
    assert try_in(address=inside, known=entry.marks("hanako", HANAKO.email)).user_id == hanako


def test_log_ins_that_succeed_leave_no_count(hanako: int) -> None:
    for _ in range(DOOR.per_network + 5):
        assert try_in().user_id == hanako
    assert db.db.session.scalar(select(func.count()).select_from(ThrottleEvent)) == 0


@pytest.mark.req("T-040")
def test_parallel_guesses_do_not_slip_past_the_limit(app: Flask, hanako: int) -> None:
    def guess(_number: int) -> bool:
        with app.app_context():
            return try_in(password=WRONG).blocked_until is None

    db.end_read()
    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(guess, range(12))) == DOOR.per_name


@pytest.mark.req("T-039")
def test_an_unknown_name_costs_a_verification_too(hanako: int, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[tuple[str, bool]] = []

    def refuse(stored: str, _typed: str) -> bool:
        verified.append((stored, db.db.session().in_transaction()))
        return False

    monkeypatch.setattr(passwords, "matches", refuse)
    for name in ("nobody", "hanako"):
        assert try_in(name) == LogIn()
    known = db.db.session.scalar(select(Member.password_hash))
    assert verified == [(passwords.nobody(), False), (known, False)]


@pytest.mark.req("T-105")
def test_only_a_hash_of_the_password_is_stored(hanako: int) -> None:
    stored = db.db.session.scalars(select(Member.password_hash)).one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    with pytest.raises(names.BadPassword, match="short"):
        names.hashed("seven-7")
    with pytest.raises(names.BadPassword, match="name"):
        names.hashed("ＨＡＮＡＫＯ-1", "hanako-1")


def test_of_two_who_use_a_link_at_once_one_gets_it(desk: Desk, member_id: int) -> None:
    with desk.app.app_context(), db.write() as session:
        token = tokens.issue(session, "reset", HANAKO.email, member_id, now())

    def use() -> None:
        with desk.app.app_context(), db.write() as session:
            accounts.reset_password(session, token, names.hashed("new-password"), now())

    came_of_it = desk.together(use, use, use, use)
    assert sum(isinstance(each, LinkDead) for each in came_of_it) == 3
    assert came_of_it.count(None) == 1


@pytest.mark.parametrize("what", ["login", "email"])
def test_what_somebody_else_has_is_refused_and_changes_nothing(desk: Desk, member_id: int, what: str) -> None:
    with desk.app.app_context():
        make("taro", Person("佐藤 太郎", "taro@example.jp", "ja"))
        with db.write() as session:
            token = tokens.issue(session, "email", "TARO@example.jp", member_id, now())
        with db.write() as session:
            if what == "login":
                with pytest.raises(Taken):
                    accounts.change_login(session, member_id, "Taro", now())
            else:
                with pytest.raises(LinkDead):
                    accounts.change_email(session, token, None, now())
            session.add(ThrottleEvent(scope="x", subject="x", at=now()))
    member = desk.row(Member, id=member_id)
    assert (member.login, member.email, member.email_key) == ("hanako", "hanako@example.jp", "hanako@example.jp")
    assert len(desk.rows(ThrottleEvent, scope="x")) == 1, "the transaction goes on"
    assert kinds(desk) == []


def test_links_nobody_can_use_are_forgotten(hanako: int) -> None:
    with db.write() as session:
        tokens.issue(session, "reset", HANAKO.email, hanako, now())
        tokens.purge(session, now() + tokens.LIFETIME - timedelta(seconds=1))
        assert session.scalar(select(func.count()).select_from(MemberToken)) == 1
        tokens.purge(session, now() + tokens.LIFETIME + timedelta(seconds=1))
        assert session.scalar(select(func.count()).select_from(MemberToken)) == 0


# ---- 会員登録 with a purchase ----


def ready(desk: Desk, login: str = "Hanako", method: str = "cash_on_delivery", **buyer: Any) -> Callable[..., int]:
    """A confirmation with 会員登録; press it to order."""
    joining = with_order.pack(login, names.hashed(PASSWORD))
    token, key = desk.confirmed(method=method, registration=joining, **buyer)
    return partial(desk.press, token, key)


def timing(desk: Desk, value: str) -> None:
    with desk.app.app_context(), db.write() as session:
        row = session.scalars(select(MemberSettings)).one_or_none() or MemberSettings()
        row.timing = value
        session.add(row)


def file(desk: Desk, order_id: int, seen: str, target: str) -> None:
    with desk.app.app_context(), db.write() as session:
        filing.move(session, order_id, seen, target, "staff:owner", now())


def log_in(desk: Desk) -> Any:
    with desk.app.app_context():
        try:
            return try_in().user_id
        except entry.Provisional:
            return "provisional"


def kinds(desk: Desk) -> list[str]:
    """The mails of members, in their order."""
    return [mail.kind for mail in desk.rows(OutboxMail) if mail.kind.startswith("member_")]


@pytest.mark.req("R-272")
@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
def test_registered_when_ordered_logs_in_at_once(desk: Desk, method: str) -> None:
    order_id = ready(desk, method=method)(*([desk.token()] if method == "card" else []))
    order, member = desk.row(Order, id=order_id), desk.row(Member)
    assert (order.state, order.member_id, order.registration) == ("placed", member.id, "")
    assert (member.login, member.email, member.name, member.state) == ("hanako", BUYER["email"], "山田 花子", "active")
    assert log_in(desk) == member.id
    assert kinds(desk) == ["member_welcome"]
    assert [event.text for event in desk.rows(MemberEvent)] == ["会員登録"]


@pytest.mark.req("R-272", "R-273")
@pytest.mark.parametrize("later", ["completed", "placed"])
def test_registered_when_completed_waits_for_it_whatever_the_timing_is_by_then(desk: Desk, later: str) -> None:
    timing(desk, "completed")
    order_id = ready(desk)()
    assert desk.row(Member).state == "provisional"
    timing(desk, later)
    assert log_in(desk) == "provisional"
    file(desk, order_id, "open", "completed")
    assert log_in(desk) == desk.row(Member).id
    file(desk, order_id, "completed", "open")
    assert desk.row(Member).state == "active"
    assert kinds(desk) == ["member_provisional", "member_welcome"]


@pytest.mark.req("R-272")
def test_a_cancelled_order_ends_the_provisional_registration_only(desk: Desk) -> None:
    timing(desk, "completed")
    order_id = ready(desk)()
    file(desk, order_id, "open", "cancelled")
    member = desk.row(Member)
    assert (member.state, member.login, member.email, member.name) == ("left", None, "", "")
    assert kinds(desk) == ["member_provisional", "member_provisional_ended"]
    timing(desk, "placed")
    again = ready(desk)()
    file(desk, again, "open", "cancelled")
    assert desk.row(Member, state="active").login == "hanako", "who is a member already stays one"


@pytest.mark.one_database
@pytest.mark.req("T-045")
def test_why_nobody_was_registered_is_said_a_few_times(desk: Desk) -> None:
    for number in range(boxes.PER_RECIPIENT + 2):
        ready(desk, f"login{number}")()
    assert kinds(desk) == ["member_welcome"] + ["member_not_registered"] * boxes.PER_RECIPIENT


@pytest.mark.parametrize(("login", "email"), [("hanako", "first@example.jp"), ("taro", BUYER["email"].upper())])
def test_taken_meanwhile_the_order_stands_and_a_mail_says_so(desk: Desk, login: str, email: str) -> None:
    press = ready(desk)
    with desk.app.app_context():
        first = make(login, Person("佐藤 太郎", email, "ja"))
    order = desk.row(Order, id=press())
    assert (order.state, order.member_id, order.registration) == ("placed", None, "")
    assert desk.row(Member).id == first
    assert desk.mails(order.id) == ["order_notice", "thanks"]
    (mail,) = [mail for mail in desk.rows(OutboxMail) if mail.kind.startswith("member_")]
    assert (mail.kind, mail.recipient) == ("member_not_registered", BUYER["email"])


def test_of_two_orders_with_one_id_both_stand_and_one_registers(desk: Desk) -> None:
    presses = [ready(desk, email=f"buyer{number}@example.jp") for number in range(2)]
    placed = desk.together(*presses)
    assert {desk.row(Order, id=order_id).state for order_id in placed} == {"placed"}
    assert desk.row(Member).login == "hanako"
    assert sorted(kinds(desk)) == ["member_not_registered", "member_welcome"]


def test_an_order_of_a_member_registers_nobody_else(desk: Desk) -> None:
    """Whatever its confirmation says: logged in since, the order is theirs already."""
    with desk.app.app_context():
        member_id = make("taro", Person("佐藤 太郎", "taro@example.jp", "ja"))
    press = ready(desk)
    desk.change(Confirmation, member_id=member_id)
    order = desk.row(Order, id=press())
    assert (order.state, order.member_id, order.registration) == ("placed", member_id, "")
    assert desk.row(Member).id == member_id


def test_an_attempt_that_fails_registers_nobody_and_keeps_no_hash(desk: Desk) -> None:
    order_id = ready(desk, method="card")(desk.token(REFUSED))
    order = desk.row(Order, id=order_id)
    assert (order.state, order.registration) == ("lapsed", "")
    assert desk.rows(Member) == []


# ---- carts that become one ----


@pytest.fixture
def member_id(desk: Desk) -> int:
    with desk.app.app_context():
        return make()


def fill(desk: Desk, quantity: int = 1, *variant_ids: int) -> str:
    """A visitor's cart; its key."""
    key = ids.public_id()
    with desk.app.app_context(), db.write() as session:
        for variant_id in variant_ids or (desk.variant_id,):
            cart.add(session, key, variant_id, quantity, now())
    return key


def merge(desk: Desk, key: str | None, member_id: int) -> cart_merge.Merged:
    with desk.app.app_context(), db.write() as session:
        return cart_merge.merge(session, key, member_id, now())


def contents(desk: Desk, key: str) -> dict[int, int]:
    with desk.app.app_context():
        return {line.variant_id: line.quantity for line in cart.view(db.db.session(), key).lines}


def open_attempt(desk: Desk, key: str) -> int:
    """An order of this cart whose outcome is not known."""
    with desk.app.app_context():
        (token,) = db.db.session.scalars(
            select(Confirmation.token).join(Cart, Cart.id == Confirmation.cart_id).where(Cart.key == key)
        )
    desk.simulator.fault("reset", kind="020", phase="after")
    order_id = desk.press(token, key, desk.token())
    assert desk.row(Order, id=order_id).state == "draft"
    return order_id


def test_lines_add_up_to_stock_and_limits(desk: Desk, member_id: int) -> None:
    variants = desk.rows(Variant, Variant.on_hand > 10)
    few, many, gone = (variant.id for variant in variants[:3])
    mine = merge(desk, fill(desk, 3, few, many), member_id).key
    theirs = fill(desk, 3, few, many, gone)
    desk.change(Variant, Variant.id == few, on_hand=4)
    desk.change(Variant, Variant.id == gone, on_hand=0)
    merged = merge(desk, theirs, member_id)
    assert merged.key == mine
    assert len(merged.reduced) == 2
    assert contents(desk, mine) == {few: 4, many: 6}
    assert contents(desk, theirs) == {}
    desk.change(Variant, Variant.id == few, on_hand=1)
    merge(desk, fill(desk, 1, few), member_id)
    assert contents(desk, mine)[few] == 4, "what was there is not taken away"


def test_a_cart_holds_fifty_lines_at_most(desk: Desk, member_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (variant.id for variant in desk.rows(Variant, Variant.on_hand > 10)[:3])
    monkeypatch.setattr(cart, "MAX_LINES", 2)
    mine = merge(desk, fill(desk, 1, first), member_id).key
    merged = merge(desk, fill(desk, 1, second, third), member_id)
    assert contents(desk, mine) == {first: 1, second: 1}
    assert len(merged.reduced) == 1


def test_another_member_s_cart_is_left_alone(desk: Desk, member_id: int) -> None:
    """Whoever logs in where somebody else has not logged out."""
    with desk.app.app_context():
        other = make("taro", Person("佐藤 太郎", "taro@example.jp", "ja"))
    theirs = merge(desk, fill(desk, 2), other).key
    mine = merge(desk, theirs, member_id).key
    assert mine != theirs
    assert contents(desk, mine) == {}
    assert contents(desk, theirs) == {desk.variant_id: 2}


@pytest.mark.req("T-034")
def test_a_visitor_s_key_does_not_become_the_member_s(desk: Desk, member_id: int) -> None:
    planted = fill(desk)
    mine = merge(desk, planted, member_id).key
    assert mine != planted
    assert contents(desk, mine) == {desk.variant_id: 1}
    assert contents(desk, planted) == {}


@pytest.mark.req("S-096")
def test_a_cart_with_an_attempt_stays_and_takes_the_other_s_lines(desk: Desk, member_id: int) -> None:
    mine = merge(desk, fill(desk, 2), member_id).key
    _, key = desk.confirmed(quantity=1)
    order_id = open_attempt(desk, key)
    merged = merge(desk, key, member_id)
    assert merged.key == mine, "other browsers go on with the key they have"
    attempted = desk.row(Order, id=order_id).cart_id
    assert (desk.row(Cart, key=mine).id, desk.row(Cart, member_id=member_id).id) == (attempted, attempted)
    assert contents(desk, mine) == {desk.variant_id: 3}
    desk.change(Order, state="lapsed")
    merge(desk, fill(desk, 1), member_id)
    assert contents(desk, mine) == {desk.variant_id: 4}


@pytest.mark.req("S-096")
def test_with_an_attempt_in_both_nothing_moves(desk: Desk, member_id: int) -> None:
    keys = []
    for _ in range(2):
        _, key = desk.confirmed(quantity=1)
        open_attempt(desk, key)
        keys.append(merge(desk, key, member_id).key)
    first, second = keys
    assert first != second
    assert contents(desk, first) == contents(desk, second) == {desk.variant_id: 1}
    assert [row.key for row in desk.rows(Cart, member_id=member_id)] == [first]


@pytest.mark.req("S-097")
def test_two_browsers_that_log_in_at_once_end_with_one_cart(desk: Desk, member_id: int) -> None:
    for round_ in range(1, 6):
        keys = [fill(desk, 1) for _ in range(4)]
        merged = desk.together(*(partial(merge, desk, key, member_id) for key in keys))
        assert len({each.key for each in merged}) == 1, merged
        assert contents(desk, merged[0].key) == {desk.variant_id: 4 * round_}
        assert len(desk.rows(Cart, member_id=member_id)) == 1


def test_a_member_s_cart_is_kept_and_a_visitor_s_is_not(desk: Desk, member_id: int) -> None:
    mine, lost = merge(desk, fill(desk), member_id).key, fill(desk)
    desk.change(Cart, touched_at=now_in(desk) - timedelta(days=40))
    desk.run("purge")
    assert contents(desk, mine) == {desk.variant_id: 1}
    assert desk.rows(Cart, key=lost) == []


def now_in(desk: Desk) -> Any:
    return desk.call(now)


# ---- 退会 ----


@pytest.mark.req("R-276")
def test_others_may_object_to_leaving_and_follow_it(desk: Desk, member_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []
    monkeypatch.setattr(leaving, "_objections", [lambda _session, who: "定期購入があります" if who == member_id else None])
    monkeypatch.setattr(leaving, "_farewells", [lambda _session, member, _now: followed.append(member.id)])

    def leave() -> None:
        with desk.app.app_context(), db.write() as session:
            leaving.leave(session, member_id, now())

    with pytest.raises(leaving.CannotLeave, match="定期購入"):
        leave()
    assert desk.row(Member).state == "active"
    assert (followed, kinds(desk)) == ([], [])
    monkeypatch.setattr(leaving, "_objections", [])
    leave()
    assert (desk.row(Member).state, followed, kinds(desk)) == ("left", [member_id], ["member_left"])


def test_nobody_leaves_while_a_payment_is_open(desk: Desk, member_id: int) -> None:
    _, key = desk.confirmed(quantity=1)
    open_attempt(desk, key)
    merge(desk, key, member_id)
    with desk.app.app_context(), db.write() as session, pytest.raises(leaving.CannotLeave):
        leaving.leave(session, member_id, now())
    desk.change(Order, state="lapsed")
    with desk.app.app_context(), db.write() as session:
        token = sessions.start(session, member_id, now())
        leaving.leave(session, member_id, now())
        assert sessions.find(session, token, now()) is None
    assert (desk.rows(Cart, member_id=member_id), desk.rows(CartItem)) == ([], [])
