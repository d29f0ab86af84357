"""Guards whose absence a run from outside would notice only by luck; named in tests/mutants.toml."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from shop.checkout import attempts, cart, confirm, placement
from shop.core import db, ids
from shop.core.runtime import now
from shop.jobs import lease
from shop.payments import inbox, settle
from shop.payments.models import Payment, PaymentOperation
from tests.domain.cards import Cards
from tests.domain.desk import BUYER, Desk, body, notice


def test_a_confirmation_opens_for_its_own_cart_only(desk: Desk) -> None:
    """Even when both carts hold the same goods, so that every amount agrees."""
    mine, my_key = desk.confirmed()
    _, your_key = desk.confirmed()
    with desk.app.app_context():
        assert confirm.find(db.db.session(), mine, my_key)
        assert confirm.find(db.db.session(), mine, your_key) is None


def test_what_a_guest_confirmed_is_no_member_s_order(desk: Desk) -> None:
    """Nor shown to one: a log-in leaves no cart as it was, and the ledger does not rely on it."""
    token, key = desk.confirmed(method="cash_on_delivery")
    member = Cards(desk).member_id
    with desk.app.app_context():
        confirmed = confirm.find(db.db.session(), token, key)
        assert confirmed
        confirmed.flow = "steps"
        look = partial(confirm.standing, db.db.session(), cart.view(db.db.session(), key))
        assert look(None, now())
        assert look(member, now()) is None
        with pytest.raises(placement.ConfirmAgain):
            placement.place(confirmed, key, placement.Card(), placement.Buyer("PC", "127.0.0.1", "ja", key, member))


def test_a_cart_changed_after_the_last_look_is_not_ordered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tab's change lands between the check and the transaction that writes the order."""
    token, key = desk.confirmed(method="cash_on_delivery")
    write = placement._write

    def change_first(*args, **kwargs):
        with db.write() as session:
            cart.add(session, key, desk.variant_id, 1, now())
        return write(*args, **kwargs)

    monkeypatch.setattr(placement, "_write", change_first)
    with pytest.raises(placement.ConfirmAgain):
        desk.press(token, key)


def test_a_second_draft_of_one_cart_cannot_be_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tabs press at the same moment: neither sees the other's draft, and the database lets one in."""
    first, key = desk.confirmed()
    with desk.app.app_context():
        made = confirm.find(db.db.session(), first, key)
        assert made
        choice = made.delivery_id, made.payment_method_id
        agreement = confirm.agree(db.db.session(), cart.view(db.db.session(), key), *choice, BUYER["prefecture"])
        with db.write() as session:
            confirm.store(session, second := ids.public_id(), agreement, BUYER, "<p>final page</p>", now())
    desk.simulator.fault("reset", kind="020", phase="after")
    order_id = desk.press(first, key, desk.token())
    seen = [None]
    looked = attempts.earlier
    monkeypatch.setattr(attempts, "earlier", lambda *args: seen.pop() if seen else looked(*args))
    assert desk.press(second, key, desk.token()) == order_id
    assert len(desk.simulator.payments()) == 1


def test_two_holders_never_lead_at_once(app: Flask) -> None:
    """Both saw the lease run out; the second one's update comes after the first one's."""
    with app.app_context():
        start = now()
        late = start + lease.LENGTH + timedelta(seconds=1)
        assert lease.acquire("first", start) == 1
        assert lease.acquire("second", start) is None
        take = partial(lease._take, now=late)
        with db.write() as session:
            assert take(session, "second") == 2
        with db.write() as session:
            assert take(session, "third") is None
        assert lease.acquire("first", late) is None
        assert lease.leader(db.db.session(), late) == "second"


def test_a_leader_that_woke_up_late_has_no_effect(app: Flask) -> None:
    with app.app_context():
        start = now()
        assert lease.acquire("first", start) == 1
        assert lease.acquire("second", start + lease.LENGTH) == 2
        assert not lease.still_leads(db.db.session(), "first", 1)
        assert not lease.still_leads(db.db.session(), "second", 1)
        assert lease.still_leads(db.db.session(), "second", 2)


@pytest.mark.one_database
@pytest.mark.req("P-20")
def test_a_commit_is_on_the_disk_and_keys_are_checked(app: Flask) -> None:
    """SQLite's own defaults would lose the last commits in a power cut, and take a row whose parent is missing."""
    with app.app_context(), db.db.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys", "journal_mode")]
    assert found == [2, 1, "wal"]


def test_a_notice_that_says_other_than_the_ledger_is_looked_into(desk: Desk) -> None:
    """Saying what is known already costs no question; another amount, or a state that could not be read, does."""
    placed = desk.place()
    handle = desk.payment(placed).handle
    desk.refresh(placed)
    asked = desk.telegrams("094")

    def arrives(serial: int, **changed: str) -> int:
        desk.call(inbox.receive, desk.account().key, "POST", body(notice(placed, handle, serial, **changed)), "", "x")
        desk.run("inbox")
        return desk.telegrams("094") - asked

    assert arrives(7) == 0
    assert arrives(8, payment_amount=str(placed.yen - 1)) == 1
    desk.change(Payment, Payment.id == placed.payment_id, remote_problem="configuration:P002")
    assert arrives(9) == 2
    assert desk.payment(placed).remote_problem == ""


def test_an_operation_still_on_its_way_is_not_called_absent(desk: Desk) -> None:
    """Only one that was asked about is; its own call may be on the line."""
    placed = desk.place()
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, state="sent")
    assert not desk.call(settle.settle_absent, placed.operation_id, "query")
    assert desk.operation(placed).state == "sent"
