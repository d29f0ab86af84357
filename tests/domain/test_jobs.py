"""Work without a visitor: one leader, one effect per day, and nothing lost or doubled when there are two."""

import pytest
from flask import Flask
from sqlalchemy import update

from shop.catalogue.models import Variant
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core import db, throttle
from shop.core.runtime import now
from shop.core.throttle import ThrottleEvent
from shop.jobs import joblist, lease, selfcheck
from shop.jobs.joblist import JOBS, Job
from shop.jobs.models import JobRun
from shop.jobs.runner import Runner, run_job
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment, PaymentOperation
from tests.domain.desk import Desk
from tests.support.shop import MovableClock

LENGTH = lease.LENGTH.total_seconds()


def acquire(desk: Desk, holder: str) -> int | None:
    return desk.call(lambda: lease.acquire(holder, now()))


# ---- the lease ---------------------------------------------------------------------------------------------------


@pytest.mark.req("R-311")
def test_one_leader(desk: Desk) -> None:
    assert acquire(desk, "a") == 1
    assert acquire(desk, "b") is None
    assert acquire(desk, "a") == 1
    assert desk.call(lambda: lease.leader(db.db.session(), now())) == "a"


def test_first_row_made_at_the_same_moment(desk: Desk) -> None:
    epochs = desk.together(*[lambda name=name: acquire(desk, name) for name in "abcd"])
    assert sorted(epochs, key=str) == [1, None, None, None]


def test_a_dead_leader_is_replaced_by_one(desk: Desk, clock: MovableClock) -> None:
    acquire(desk, "a")
    clock.advance(LENGTH + 1)
    epochs = desk.together(*[lambda name=name: acquire(desk, name) for name in "bcd"])
    assert sorted(epochs, key=str) == [2, None, None]


def test_a_leader_that_renews_stays(desk: Desk, clock: MovableClock) -> None:
    for _ in range(6):
        assert acquire(desk, "a") == 1
        assert acquire(desk, "b") is None
        clock.advance(LENGTH - 5)


def test_a_leader_that_woke_up_late_is_fenced(desk: Desk, clock: MovableClock) -> None:
    assert acquire(desk, "a") == 1
    clock.advance(LENGTH + 1)
    assert acquire(desk, "b") == 2
    assert not desk.call(lambda: lease.still_leads(db.db.session(), "a", 1))
    assert acquire(desk, "a") is None
    assert desk.call(lambda: lease.still_leads(db.db.session(), "b", 2))


@pytest.mark.req("T-116", "P-16")
@pytest.mark.parametrize("jump", [3600, -3600, -86_400])
def test_a_jump_of_the_clock_does_not_leave_the_shop_without_leader(desk: Desk, clock: MovableClock, jump: int) -> None:
    acquire(desk, "a")
    clock.advance(jump)
    assert acquire(desk, "b") == 2
    assert acquire(desk, "a") is None


# ---- jobs ------------------------------------------------------------------------------------------------------


def daily(desk: Desk, ran: list[str], name: str = "purge") -> Job:
    return Job(name, lambda: ran.append(name) or 1, every=1, daily=True)  # type: ignore[func-returns-value]


def run(desk: Desk, job: Job, holder: str, epoch: int) -> int:
    return desk.call(lambda: run_job(job, holder, epoch))


@pytest.mark.req("P-16", "R-311")
def test_a_daily_job_has_one_effect_a_day(desk: Desk, clock: MovableClock) -> None:
    ran: list[str] = []
    job = daily(desk, ran)
    acquire(desk, "a")
    for _ in range(3):
        run(desk, job, "a", 1)
    assert len(ran) == 1
    clock.advance(86_400)
    acquire(desk, "a")
    run(desk, job, "a", 1)
    assert len(ran) == 2
    assert [each.finished_at is not None for each in desk.rows(JobRun)] == [True, True]


@pytest.mark.req("P-16", "R-311")
def test_two_runners_at_the_same_moment(desk: Desk) -> None:
    ran: list[str] = []
    acquire(desk, "a")
    desk.together(*[lambda: run(desk, daily(desk, ran), "a", 1)] * 4)
    assert ran == ["purge"]


def test_a_leader_that_lost_the_lease_begins_no_day(desk: Desk, clock: MovableClock) -> None:
    ran: list[str] = []
    acquire(desk, "a")
    clock.advance(LENGTH + 1)
    acquire(desk, "b")
    assert run(desk, daily(desk, ran), "a", 1) == 0
    assert run(desk, daily(desk, ran), "b", 2) == 1


def test_a_day_cut_short_is_finished_by_the_next_leader(desk: Desk, clock: MovableClock) -> None:
    ran: list[str] = []
    acquire(desk, "a")
    with desk.app.app_context(), db.write() as session:
        session.add(JobRun(name="purge", period=desk.app.extensions["shop.runtime"].clock.today().isoformat(), epoch=1, started_at=now()))
    assert run(desk, daily(desk, ran), "a", 1) == 0
    clock.advance(LENGTH + 1)
    acquire(desk, "b")
    assert run(desk, daily(desk, ran), "b", 2) == 1
    assert run(desk, daily(desk, ran), "b", 2) == 0


@pytest.mark.req("P-16")
def test_a_day_cut_short_and_over_is_made_up_for_by_the_next_one(desk: Desk, clock: MovableClock) -> None:
    """Killed at work just before midnight: nobody resumes that day, and nothing of it is skipped in silence."""
    with desk.app.app_context(), db.write() as session:
        for name in ("purge", "sync"):
            session.add(JobRun(name=name, period="2020-02-29", epoch=1, started_at=now()))
    acquire(desk, "a")
    ran: list[str] = []
    assert run(desk, daily(desk, ran), "a", 1) == 1
    other, killed, today = desk.row(JobRun, name="sync"), *desk.rows(JobRun, name="purge")
    assert (killed.finished_at, killed.report) == (today.finished_at, f"made up for on {today.period}")
    assert other.finished_at is None, "another job's day is not this one's to end"


def test_a_job_that_fails_hurts_no_other(desk: Desk) -> None:
    def fail() -> int:
        with db.write():
            raise ValueError("broken")

    acquire(desk, "a")
    assert run(desk, Job("x", fail, every=1), "a", 1) == 0
    assert run(desk, Job("y", lambda: 3, every=1), "a", 1) == 3


@pytest.mark.req("R-311")
def test_every_job_twice_at_once_changes_nothing_twice(desk: Desk, clock: MovableClock) -> None:
    """Two processes that both believe to lead: the rows themselves are claimed."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    clock.advance(60)
    desk.together(*[lambda: desk.run(*[job.name for job in JOBS])] * 2)
    desk.run(*[job.name for job in JOBS])
    assert desk.order(placed).state == "placed"
    assert desk.telegrams("020") == 1
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]
    assert [mail.attempts for mail in desk.rows(OutboxMail)] == [1, 1]
    assert desk.call(selfcheck.differences) == []


def test_runner_leads_or_follows(demo_app: Flask, desk: Desk) -> None:
    job = Job("x", lambda: 1, every=1)
    first, second = Runner(demo_app), Runner(demo_app)
    assert first.holder != second.holder
    assert (first.run(job), second.run(job), first.run(job)) == (True, False, True)


def test_unknown_job() -> None:
    with pytest.raises(LookupError, match="purge"):
        joblist.by_name("nothing")


# ---- purge -----------------------------------------------------------------------------------------------------


def test_purge_forgets_what_nobody_touched(desk: Desk, clock: MovableClock) -> None:
    desk.confirmed()
    with desk.app.app_context(), db.write() as session:
        throttle.record(session, "login", "x", now())
    desk.run("purge")
    assert (len(desk.rows(Cart)), len(desk.rows(Confirmation)), len(desk.rows(ThrottleEvent))) == (1, 1, 1)
    assert "buyer_name" in desk.rows(Cart)[0].form
    clock.advance(2 * 86_400 + 60)
    desk.run("purge")
    assert (len(desk.rows(Cart)), len(desk.rows(Confirmation)), len(desk.rows(ThrottleEvent))) == (1, 0, 0)
    assert desk.rows(Cart)[0].form == "{}", "who typed it is nobody's business any more"
    clock.advance(28 * 86_400)
    desk.run("purge")
    assert (desk.rows(Cart), desk.rows(CartItem)) == ([], [])


def test_purge_keeps_the_cart_of_an_open_attempt(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    clock.advance(40 * 86_400)
    desk.run("purge")
    assert len(desk.rows(CartItem)) == 1
    desk.run("reconcile", "purge")
    assert desk.order(placed).state == "lapsed"
    assert (desk.rows(CartItem), [cart.form for cart in desk.rows(Cart)]) == ([], ["{}"]), "its number stays with the order"


# ---- self-check --------------------------------------------------------------------------------------------------


def test_a_sound_shop_has_no_differences(desk: Desk) -> None:
    placed = desk.place()
    desk.capture(placed)
    desk.cancel(placed)
    assert desk.call(selfcheck.differences) == []
    desk.run("self_check")
    assert desk.rows(OutboxMail, kind="self_check") == []


@pytest.mark.req("P-06")
@pytest.mark.parametrize(
    "values", [{"status": "captured"}, {"authorized_yen": 1}, {"captured_yen": 1}, {"refunded_yen": 1}], ids=str
)
def test_a_planted_difference_of_money_is_found(desk: Desk, values: dict[str, object]) -> None:
    placed = desk.place()
    desk.change(Payment, Payment.id == placed.payment_id, **values)
    (found,) = desk.call(selfcheck.differences)
    assert f"payment {placed.payment_id}" in found


@pytest.mark.req("P-06")
def test_a_lost_ledger_row_is_found(desk: Desk) -> None:
    placed = desk.place()
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, state="absent")
    assert len(desk.call(selfcheck.differences)) == 1


@pytest.mark.req("P-06")
def test_units_held_for_nobody_are_found_and_told_once_a_day(desk: Desk, clock: MovableClock) -> None:
    desk.change(Variant, Variant.id == desk.variant_id, held=2)
    assert desk.run("self_check", "self_check") == {"self_check": 1}
    assert len(desk.rows(OutboxMail, kind="self_check")) == 1
    clock.advance(86_400)
    desk.run("self_check")
    mails = desk.rows(OutboxMail, kind="self_check")
    assert len(mails) == 2
    assert f"variant {desk.variant_id}" in mails[0].body


def test_each_difference_is_found_among_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfcheck, "_BATCH", 1)
    placed = [desk.place() for _ in range(3)]
    desk.change(Payment, Payment.id == placed[2].payment_id, captured_yen=5)
    assert len(desk.call(selfcheck.differences)) == 1


@pytest.mark.req("P-16")
@pytest.mark.parametrize("fails", [False, True])
def test_who_wakes_up_late_ends_no_run_of_a_newer_leader(desk: Desk, fails: bool) -> None:
    """Stopped in the middle of the day's run; a newer leader has resumed it and is still at it."""

    def overtaken() -> int:
        with db.write() as session:
            session.execute(update(JobRun).where(JobRun.name == "late").values(epoch=2))
        if fails:
            raise RuntimeError("woken up")
        return 1

    with desk.app.app_context(), db.write() as session:
        assert lease._take(session, "a", now()) == 1
    desk.call(lambda: run_job(Job("late", overtaken, every=60, daily=True), "a", 1))
    row = desk.row(JobRun, name="late")
    assert (row.epoch, row.finished_at) == (2, None)
