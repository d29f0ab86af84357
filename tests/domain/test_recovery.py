"""Nobody knows the outcome: the shop asks and never repeats, and what it then learns takes effect exactly once."""

import time
from collections.abc import Callable

import pytest

from providers.contract import MoneyStatus, RemoteState
from providers.paygent.capabilities import PaygentCapabilities
from shop.catalogue.models import StockHold, Variant
from shop.core import db
from shop.core.runtime import now
from shop.orders import settlement
from shop.outbox.models import OutboxMail
from shop.payments import attention, inbox, observe, reconcile
from shop.payments.models import PaymentMethod, PaymentOperation, ProviderExchange
from tests.domain.desk import CANCEL_REFUSED, Desk, Placed, body, look_together, notice
from tests.support.shop import MovableClock
from tests.support.world import VISA

#: Long after the caller is believed to be at work, and after "no such payment" is believed.
SOON, LATE = 60, 200


def due(desk: Desk, placed: Placed) -> None:
    """Let the reconciler look now, without moving any clock."""
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, check_at=desk.call(now))


def alarms(desk: Desk) -> list[str]:
    return desk.call(lambda: [item.kind for item in attention.items(db.db.session(), now())])


@pytest.mark.req("P-05", "R-193", "P-11")
@pytest.mark.parametrize("mode", ["reset", "close", "half", "garbage", "html", "http_500", "empty"])
def test_answer_lost_after_it_happened(desk: Desk, mode: str) -> None:
    desk.simulator.fault(mode, kind="020", phase="after")
    placed = desk.place()
    assert (desk.operation(placed).state, desk.order(placed).state) == ("unknown", "draft")
    assert desk.mails(placed.order_id) == []
    due(desk, placed)
    desk.run("reconcile")
    assert desk.telegrams("020") == 1
    assert desk.remote(placed) == [("20", placed.yen)]
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.order(placed).state == "placed"
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


@pytest.mark.req("P-05", "P-06")
def test_answer_lost_and_amount_changed_on_the_console_before_anyone_asked(desk: Desk, clock: MovableClock) -> None:
    """Two payments carry our reference now; the notice names the one that stands."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    desk.console(placed, "amount", amount=str(placed.yen - 100))
    due(desk, placed)
    desk.run("reconcile")
    assert desk.operation(placed).state == "unknown"
    for _ in range(4):
        desk.run("poll_notices", "inbox")
        clock.advance(60)
    assert desk.order(placed).state == "placed"
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]
    assert desk.payment(placed).remote_amount_yen == placed.yen - 100
    assert desk.remote(placed) == [("32", placed.yen), ("20", placed.yen - 100)]
    assert desk.cancel(placed, yen=placed.yen - 100) == "done"
    assert desk.remote(placed) == [("32", placed.yen), ("32", placed.yen - 100)]


def _lost_and_changed(desk: Desk, then: str = "") -> Placed:
    """020's answer is lost; staff change the amount on the console and, perhaps, do more there."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    desk.console(placed, "amount", amount=str(placed.yen - 100))
    if then:
        desk.console(placed, then)
    return placed


def _hear(desk: Desk, clock: MovableClock, rounds: int = 6) -> None:
    for _ in range(rounds):
        desk.run("poll_notices", "inbox", "reconcile", "dispatch")
        clock.advance(60)


@pytest.mark.req("P-05", "P-06")
def test_answer_lost_amount_changed_and_captured_on_the_console(desk: Desk, clock: MovableClock) -> None:
    placed = _lost_and_changed(desk, "capture")
    _hear(desk, clock)
    changed = placed.yen - 100
    assert desk.remote(placed) == [("32", placed.yen), ("40", changed)]
    assert desk.order(placed).state == "placed"
    assert desk.money(placed) == ("captured", changed, changed, 0)
    assert desk.payment(placed).remote_amount_yen == changed
    assert desk.cancel(placed, yen=changed) == "done"
    assert desk.money(placed) == ("refunded", changed, changed, changed)


@pytest.mark.req("P-03", "P-05")
def test_answer_lost_and_everything_undone_on_the_console(desk: Desk, clock: MovableClock) -> None:
    """Both payments under our reference are cancelled: the attempt ends, nobody waits for ever."""
    placed = _lost_and_changed(desk, "void")
    _hear(desk, clock)
    assert [status for status, _ in desk.remote(placed)] == ["32", "32"]
    assert (desk.operation(placed).state, desk.order(placed).state) == ("declined", "lapsed")
    assert desk.stock()[1:] == (0, 0)
    assert desk.mails(placed.order_id) == ["not_placed"]


def test_one_dead_payment_alone_says_nothing(desk: Desk, clock: MovableClock) -> None:
    """The notice of the old payment's end is here, that of its successor is not: the attempt stays open."""
    placed = _lost_and_changed(desk)
    old = desk.remote_payments(placed)[0]["payment_id"]
    fields = notice(placed, old, 9_001, "32")
    assert desk.call(inbox.receive, desk.account().key, "POST", body(fields), "", "127.0.0.1").stored
    for _ in range(4):
        desk.run("inbox", "reconcile")
        clock.advance(60)
    assert desk.operation(placed).state == "unknown"
    _hear(desk, clock)
    assert desk.order(placed).state == "placed"


def test_a_notice_that_names_another_orders_payment_settles_nothing(desk: Desk, clock: MovableClock) -> None:
    """Genuine, under our reference, but with the id of a payment that stands for somebody else."""
    other = desk.place()
    placed = _lost_and_changed(desk, "void")
    fields = notice(placed, desk.payment(other).handle, 9_001)
    assert desk.call(inbox.receive, desk.account().key, "POST", body(fields), "", "127.0.0.1").stored
    _hear(desk, clock)
    assert desk.order(placed).state != "placed"
    assert desk.money(other) == ("authorized", other.yen, 0, 0)


def test_an_observation_waits_for_the_open_operation(desk: Desk, clock: MovableClock) -> None:
    """While the capture is on its way the old state is no news."""
    placed = desk.place()
    desk.simulator.fault("reset", kind="022", phase="after")
    assert desk.capture(placed) == "pending"
    stale = RemoteState(desk.payment(placed).handle, placed.ref, MoneyStatus.VOIDED, placed.yen)
    assert desk.call(observe.observe, placed.payment_id, stale) is False
    assert desk.money(placed)[0] == "authorized"


def test_two_live_payments_under_one_reference_are_told_and_block(desk: Desk) -> None:
    placed = desk.place()
    second = RemoteState("4711", placed.ref, MoneyStatus.AUTHORIZED, placed.yen)
    assert desk.call(observe.observe, placed.payment_id, second) is False
    assert desk.payment(placed).remote_problem == "several"
    assert desk.capture(placed) == "not_allowed"


@pytest.mark.req("P-06", "R-058", "R-189")
@pytest.mark.parametrize(("verb", "kind"), [("capture", "022"), ("cancel", "021")])
def test_amount_changed_on_the_console_while_a_press_was_on_its_way(
    desk: Desk, clock: MovableClock, verb: str, kind: str
) -> None:
    """The press meets the old payment, which is gone; the money that stands under our reference must be seen."""
    placed = desk.place()
    desk.simulator.fault("reset", kind=kind, phase="before")
    assert (desk.capture if verb == "capture" else desk.cancel)(placed) == "pending"
    desk.console(placed, "amount", amount=str(placed.yen - 100))
    desk.change(PaymentOperation, PaymentOperation.state == "unknown", check_at=desk.call(now))
    desk.run("reconcile")
    assert desk.money(placed)[0] == "authorized", "the end of the old payment is not the end of the money"
    _hear(desk, clock)
    assert desk.remote(placed) == [("32", placed.yen), ("20", placed.yen - 100)]
    assert desk.money(placed) == ("authorized", placed.yen - 100, 0, 0)
    assert desk.payment(placed).remote_problem == ""
    assert desk.cancel(placed, yen=placed.yen - 100) == "done"
    assert [status for status, _ in desk.remote(placed)] == ["32", "32"]


@pytest.mark.req("P-06")
def test_refunded_on_the_console_while_the_capture_was_unknown(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place()
    desk.simulator.fault("reset", kind="022", phase="after")
    assert desk.capture(placed) == "pending"
    desk.console(placed, "refund")
    desk.refresh(placed)
    _hear(desk, clock, 2)
    assert desk.money(placed)[0] == "refunded"
    assert desk.remote(placed) == [("60", placed.yen)]


@pytest.mark.req("P-11", "S-023")
def test_stall_past_the_deadline(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaygentCapabilities, "call_deadline", 0.5)
    desk.simulator.fault("stall", kind="020", phase="before", seconds=1.2)
    placed = desk.place()
    assert desk.operation(placed).state == "unknown"
    assert desk.remote(placed) == []
    due(desk, placed)
    desk.run("reconcile")
    assert desk.operation(placed).state == "unknown"  # absent so far, but the request may still be on its way
    _eventually(lambda: desk.remote(placed) == [("20", placed.yen)])
    due(desk, placed)
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"
    assert desk.telegrams("020") == 1


def _eventually(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


@pytest.mark.req("R-193")
@pytest.mark.parametrize("code", ["2008", "E001"])
def test_ambiguous_code_is_asked_about(desk: Desk, code: str) -> None:
    desk.simulator.fault("code", kind="020", phase="after", code=code)
    placed = desk.place()
    assert desk.operation(placed).state == "unknown"
    due(desk, placed)
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"


@pytest.mark.req("P-03")
def test_absent_is_believed_after_three_minutes_and_not_before(desk: Desk, clock: MovableClock) -> None:
    stock = desk.stock()
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    clock.advance(170)
    desk.run("reconcile")
    assert desk.operation(placed).state == "unknown"
    assert desk.stock()[2] == stock[2] + 1
    clock.advance(20)
    desk.run("reconcile")
    assert desk.operation(placed).state == "absent"
    assert (desk.order(placed).state, desk.order(placed).number) == ("lapsed", None)
    assert desk.stock() == stock
    assert desk.mails(placed.order_id) == ["not_placed"]
    assert desk.telegrams("020") == 1


def test_reconciler_does_not_ask_while_the_caller_may_be_at_work(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place()
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, state="sent")
    clock.advance(40)
    desk.run("reconcile")
    assert desk.telegrams("094") == 0
    clock.advance(10)
    desk.run("reconcile")
    assert desk.telegrams("094") == 1


def test_a_process_that_died_during_the_call_is_finished(desk: Desk, clock: MovableClock) -> None:
    """Killed between answer and note: the row says ``sent`` and nobody is at work on it."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, state="sent")
    clock.advance(SOON)
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"
    assert desk.operation(placed).settled_by == "query"


def test_checks_are_put_off_further_each_time(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    waits = []
    for _ in range(6):
        due(desk, placed)
        desk.run("reconcile")
        waits.append((desk.operation(placed).check_at - desk.call(now)).total_seconds())
    assert [round(wait, -1) for wait in waits[:4]] == [0, 10, 20, 40]
    assert max(waits) < 61
    # After days of silence it still asks.
    desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, checks=5000)
    due(desk, placed)
    desk.run("reconcile")
    assert desk.operation(placed).checks == 5001


def test_a_check_is_never_put_off_beyond_the_moment_absent_is_believed(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    for _ in range(5):
        due(desk, placed)
        desk.run("reconcile")
    clock.advance(150)
    due(desk, placed)
    desk.run("reconcile")
    operation = desk.operation(placed)
    assert operation.sent_at
    assert (operation.check_at - operation.sent_at).total_seconds() == 180


def test_two_reconcilers_ask_once(desk: Desk) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    due(desk, placed)
    desk.together(*[lambda: desk.run("reconcile")] * 3)
    assert desk.telegrams("094") == 1
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


def test_who_looked_before_another_reconciler_asked_asks_nothing(desk: Desk) -> None:
    """Two processes found the same operation due; the second one claims it after the first."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    due(desk, placed)
    found = desk.operation(placed).id
    assert [desk.call(reconcile.check, found) for _ in range(2)] == [True, False]
    assert desk.telegrams("094") == 1


@pytest.mark.req("R-317")
def test_every_question_is_on_the_timeline(desk: Desk) -> None:
    desk.simulator.fault("garbage", kind="020", phase="after")
    placed = desk.place()
    due(desk, placed)
    desk.run("reconcile")
    lines = desk.rows(ProviderExchange, payment_id=placed.payment_id)
    assert [(line.label, line.outcome.split(":")[0]) for line in lines] == [("020", "unknown"), ("094", "ok")]
    assert all("tok_" not in line.request and "Pw0rd" not in line.request for line in lines)


def test_refused_credentials_while_asking_decide_nothing(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    placed = desk.place()
    desk.simulator.fault("code", kind="094", times=5, code="P002")
    clock.advance(LATE)
    desk.run("reconcile")
    assert desk.operation(placed).state == "unknown"
    clock.advance(200)
    assert "operation" in alarms(desk)


# ---- an approval that comes late -----------------------------------------------------------------------------


def late_approval(desk: Desk, clock: MovableClock, card: str = VISA, found_by: str = "notice") -> Placed:
    """Believed absent, the buyer told so – and then the provider has it after all."""
    desk.simulator.fault("code", kind="094", code="13001", phase="before")
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place(card)
    clock.advance(LATE)
    desk.run("reconcile")
    assert desk.operation(placed).state == "absent"
    assert [amount for _status, amount in desk.remote(placed)] == [placed.yen]
    if found_by == "refresh":
        desk.refresh(placed)
    else:
        handle = desk.remote_payments(placed)[0]["payment_id"]
        desk.call(inbox.receive, desk.account().key, "POST", body(notice(placed, handle, 900)), "", "x")
        desk.run("inbox")
    return placed


@pytest.mark.parametrize("found_by", ["notice", "refresh"])
@pytest.mark.req("S-035", "R-164", "P-08")
def test_late_approval_is_given_back_and_everybody_is_told(desk: Desk, clock: MovableClock, found_by: str) -> None:
    stock = desk.stock()
    placed = late_approval(desk, clock, found_by=found_by)
    assert desk.order(placed).state == "lapsed"
    desk.run("dispatch")
    assert desk.remote(placed) == [("32", placed.yen)]
    assert desk.money(placed) == ("voided", 0, 0, 0)
    assert desk.stock() == stock
    assert desk.mails(placed.order_id) == ["not_placed", "payment_cancelled", "payment_cancelled_notice"]
    assert desk.steps(placed) == [("authorize", "shop", "succeeded"), ("void", "shop", "succeeded")]
    desk.run()
    desk.refresh(placed)
    assert desk.telegrams("021") == 1


@pytest.mark.req("R-163")
def test_who_gave_up_is_not_told_again_that_nothing_was_ordered(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="before")
    stock, placed = desk.stock(), desk.place()
    assert desk.operation(placed).state == "unknown"
    with desk.app.app_context(), db.write() as session:
        assert settlement.abandon(session, placed.order_id, "buyer", now())
    assert desk.stock() == stock
    clock.advance(LATE)
    desk.run("reconcile", "dispatch")
    assert desk.operation(placed).state == "absent"
    assert desk.order(placed).state == "lapsed"
    assert desk.mails(placed.order_id) == []
    assert desk.stock() == stock


@pytest.mark.parametrize(("at_once", "said"), [(False, "承認を取り消しました"), (True, "全額を返金しました")])
def test_the_mail_says_what_was_done_with_the_money(desk: Desk, clock: MovableClock, at_once: bool, said: str) -> None:
    desk.change(PaymentMethod, PaymentMethod.kind == "card", capture_at_once=at_once)
    placed = late_approval(desk, clock)
    desk.run("dispatch")
    letter = desk.row(OutboxMail, order_id=placed.order_id, kind="payment_cancelled")
    assert said in letter.body
    assert ("ご請求はありません" in letter.body) is not at_once
    assert desk.remote(placed) == [("60" if at_once else "32", placed.yen)]


def test_giving_back_survives_a_lost_answer(desk: Desk, clock: MovableClock) -> None:
    placed = late_approval(desk, clock)
    desk.simulator.fault("reset", kind="021", phase="after")
    desk.run("dispatch")
    assert desk.steps(placed)[-1] == ("void", "shop", "unknown")
    clock.advance(SOON)
    desk.run("reconcile")
    assert desk.money(placed) == ("voided", 0, 0, 0)
    assert desk.telegrams("021") == 1
    assert "payment_cancelled" in desk.mails(placed.order_id)


def test_giving_back_is_tried_again_when_it_did_not_leave(desk: Desk, clock: MovableClock) -> None:
    placed = late_approval(desk, clock)
    desk.simulator.fault("reset", kind="021", phase="before")
    desk.run("dispatch")
    clock.advance(LATE)
    desk.run("reconcile")
    assert desk.steps(placed)[1:] == [("void", "shop", "absent"), ("void", "shop", "intended")]
    clock.advance(SOON + 1)
    desk.run("dispatch")
    assert desk.remote(placed) == [("32", placed.yen)]
    assert desk.money(placed) == ("voided", 0, 0, 0)
    assert desk.mails(placed.order_id).count("payment_cancelled") == 1


def test_giving_back_that_is_refused_is_shown_to_a_person(desk: Desk, clock: MovableClock) -> None:
    placed = late_approval(desk, clock, CANCEL_REFUSED)
    desk.run("dispatch")
    assert desk.remote(placed) == [("20", placed.yen)]
    assert desk.steps(placed)[-1] == ("void", "shop", "declined")
    assert alarms(desk)
    # Nobody is told that it is done; both are told that a person sees to it.
    assert "payment_cancelled" not in desk.mails(placed.order_id)
    assert {"payment_not_cancelled", "payment_not_cancelled_notice"} <= set(desk.mails(placed.order_id))


def test_two_dispatchers_send_one_void(desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = late_approval(desk, clock)
    look_together(monkeypatch, reconcile, 3)
    desk.together(*[lambda: desk.run("dispatch")] * 3)
    assert desk.telegrams("021") == 1
    assert desk.money(placed) == ("voided", 0, 0, 0)


# ---- the stock of an order nobody knows the outcome of ----------------------------------------------------------


@pytest.mark.req("R-161", "S-037")
def test_stock_does_not_wait_for_a_silent_provider(desk: Desk, clock: MovableClock) -> None:
    stock = desk.stock()
    desk.simulator.fault("reset", kind="020", phase="after")
    desk.simulator.fault("close", kind="094", times=None)
    placed = desk.place()
    clock.advance(19 * 60)
    desk.run("release_holds")
    assert desk.stock()[2] == stock[2] + 1
    clock.advance(61)
    desk.run("release_holds")
    assert desk.telegrams("094") == 1  # asked first
    assert desk.stock() == stock
    assert (desk.operation(placed).state, desk.order(placed).state) == ("unknown", "draft")
    desk.run("release_holds")
    assert desk.stock() == stock


@pytest.mark.req("R-164", "P-08")
def test_money_found_after_the_release_takes_the_stock_again(desk: Desk, clock: MovableClock) -> None:
    on_hand, allocated, held = desk.stock()
    placed = _released(desk, clock)
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"
    assert desk.stock() == (on_hand, allocated + 1, held)
    assert desk.holds(placed) == ["consumed"]
    assert desk.remote(placed) == [("20", placed.yen)]


@pytest.mark.req("R-164", "P-08")
def test_money_found_after_the_goods_are_gone_is_given_back(desk: Desk, clock: MovableClock) -> None:
    placed = _released(desk, clock)
    desk.change(Variant, Variant.id == desk.variant_id, on_hand=0)
    desk.run("reconcile")
    assert desk.order(placed).state == "lapsed"
    desk.run("dispatch")
    assert desk.remote(placed) == [("32", placed.yen)]
    assert desk.stock() == (0, 0, 0)
    assert "payment_cancelled" in desk.mails(placed.order_id)
    assert "thanks" not in desk.mails(placed.order_id)


def _released(desk: Desk, clock: MovableClock) -> Placed:
    desk.simulator.fault("reset", kind="020", phase="after")
    desk.simulator.fault("close", kind="094", times=1)
    placed = desk.place()
    clock.advance(20 * 60 + 1)
    desk.run("release_holds")
    assert desk.holds(placed) == ["released"]
    clock.advance(60)
    return placed


@pytest.mark.req("R-163", "S-033")
def test_release_asks_first_and_honours_what_it_learns(desk: Desk, clock: MovableClock) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    clock.advance(20 * 60 + 1)
    desk.run("release_holds")
    assert desk.order(placed).state == "placed"
    assert desk.holds(placed) == ["consumed"]


def test_two_releases_give_back_once(desk: Desk, clock: MovableClock) -> None:
    stock = desk.stock()
    desk.simulator.fault("reset", kind="020", phase="before")
    desk.simulator.fault("close", kind="094", times=None)
    desk.place()
    clock.advance(20 * 60 + 1)
    desk.together(*[lambda: desk.run("release_holds")] * 3)
    assert desk.stock() == stock
    assert [hold.state for hold in desk.rows(StockHold)] == ["released"]


@pytest.mark.req("R-193", "S-038")
def test_asking_by_hand_decides_as_well(desk: Desk) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    assert desk.refresh(placed) == "done"
    assert desk.order(placed).state == "placed"


def test_a_provider_that_cannot_be_reached_leaves_it_unknown(desk: Desk) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    desk.simulator.fault("close", kind="094")
    assert desk.refresh(placed) == "pending"
    assert desk.operation(placed).state == "unknown"


@pytest.mark.req("P-16", "P-03")
@pytest.mark.parametrize("jump", [-3600, -86_400])
def test_a_clock_set_back_stops_no_recovery(desk: Desk, clock: MovableClock, jump: int) -> None:
    """What was to be asked about at noon is asked about, although it is eleven again."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    assert desk.operation(placed).state == "unknown"
    clock.advance(jump)
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"
    assert desk.remote(placed) == [("20", placed.yen)]


@pytest.mark.req("P-16")
def test_a_clock_set_back_delays_no_compensation(desk: Desk, clock: MovableClock) -> None:
    placed = late_approval(desk, clock)
    clock.advance(-3600)
    desk.run("dispatch")
    assert desk.remote(placed) == [("32", placed.yen)]
