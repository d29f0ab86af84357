"""Guards whose absence a run from outside would notice only by luck; named in tests/mutants.toml."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from shop.checkout import cart, confirm, placement
from shop.core import db, ids
from shop.core.runtime import now
from shop.jobs import lease
from tests.domain.desk import BUYER, Desk


def test_a_confirmation_opens_for_its_own_cart_only(desk: Desk) -> None:
    """Even when both carts hold the same goods, so that every amount agrees."""
    mine, my_key = desk.confirmed()
    _, your_key = desk.confirmed()
    with desk.app.app_context():
        assert confirm.find(db.db.session(), mine, my_key)
        assert confirm.find(db.db.session(), mine, your_key) is None


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
    looked = placement._earlier
    monkeypatch.setattr(placement, "_earlier", lambda *args: seen.pop() if seen else looked(*args))
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
