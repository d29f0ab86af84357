"""取引更新: a new authorization for the order's total, then the void of the old one – both, whatever happens between."""

import pytest

from providers.charge import Reauthorization
from providers.contract import Approved
from shop.core import db
from shop.core.runtime import now
from shop.orders.models import Order
from shop.payments import accounts, actions, attention, executor, reconcile
from shop.payments.models import Payment, PaymentOperation, ProviderNotice, RemoteReference
from tests.domain.desk import Desk, Placed
from tests.support.shop import MovableClock


def with_total(desk: Desk, placed: Placed, difference: int) -> int:
    """Edit the order's total, as 編集モード does; returns it."""
    total = placed.yen + difference
    desk.change(Order, Order.id == placed.order_id, total_yen=total)
    return total


def update(desk: Desk, placed: Placed, total: int, yen: int | None = None) -> str:
    shown = total if yen is None else yen
    return desk.call(lambda: actions.update(placed.payment_id, shown, total, "staff:hana", "reauthorize").kind)


def panel(desk: Desk, placed: Placed) -> actions.Panel:
    def draw() -> actions.Panel:
        session = db.db.session()
        total = session.get_one(Order, placed.order_id).total_yen
        return actions.panel(session, session.get_one(Payment, placed.payment_id), total, now())

    return desk.call(draw)


def remote(desk: Desk) -> list[tuple[str, int]]:
    """Every payment the provider has, oldest first."""
    return [(each["status"], each["amount"]) for each in desk.simulator.payments()]


def concerns(desk: Desk) -> list[str]:
    return desk.call(lambda: [item.kind for item in attention.items(db.db.session(), now())])


@pytest.mark.req("R-063", "R-064", "R-188")
@pytest.mark.parametrize("difference", [-100, 500], ids=["less", "more"])
def test_amount_change(desk: Desk, difference: int) -> None:
    placed = desk.place()
    total = with_total(desk, placed, difference)
    shown = panel(desk, placed)
    assert (shown.box, {b.verb for b in shown.buttons if b.allowed}) == ("red-2", {"cancel", "update"})
    assert update(desk, placed, total) == "done"
    assert remote(desk) == [("32", placed.yen), ("20", total)]
    assert desk.money(placed) == ("authorized", total, 0, 0)
    assert desk.steps(placed) == [
        ("authorize", "shop", "succeeded"), ("reauthorize", "shop", "succeeded"), ("void", "shop", "succeeded"),
    ]  # fmt: skip
    shown = panel(desk, placed)
    assert (shown.box, {b.verb for b in shown.buttons if b.allowed}) == ("yellow-1", {"cancel", "capture"})
    assert any(f"取引更新 {placed.yen:,}円 → {total:,}円 完了" in line for line in desk.history(placed))
    assert desk.capture(placed, yen=total, total=total) == "done"
    assert remote(desk) == [("32", placed.yen), ("40", total)]
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


@pytest.mark.req("R-064")
def test_the_payment_goes_by_its_new_number_and_is_found_by_the_old_one(desk: Desk) -> None:
    placed = desk.place()
    update(desk, placed, with_total(desk, placed, 500))
    payment = desk.payment(placed)
    old, new = desk.simulator.payments()
    assert (payment.merchant_ref, payment.handle) == (new["trading_id"], new["payment_id"])
    assert new["trading_id"] != old["trading_id"] == placed.ref
    found = {row.value for row in desk.rows(RemoteReference, payment_id=placed.payment_id)}
    assert found == {old["payment_id"], new["payment_id"], placed.ref}


@pytest.mark.req("R-063", "T-013")
def test_parallel_presses_change_once(desk: Desk) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    results = desk.together(*[lambda: update(desk, placed, total)] * 4)
    assert results.count("done") == 1
    assert set(results) <= {"done", "pending", "not_allowed"}
    assert desk.telegrams("020") == 2
    assert remote(desk) == [("32", placed.yen), ("20", total)]
    assert update(desk, placed, total) == "not_allowed"


@pytest.mark.req("S-036", "R-187")
@pytest.mark.parametrize("other", ["cancel", "capture"])
def test_another_press_at_the_same_moment(desk: Desk, other: str) -> None:
    """Whoever comes first: one authorization stands or none, and both books say the same."""
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.together(lambda: update(desk, placed, total), lambda: getattr(desk, other)(placed, total=total))
    desk.run("dispatch")
    standing = [(status, yen) for status, yen in remote(desk) if status in ("20", "40")]
    payment = desk.payment(placed)
    assert desk.telegrams("022") == 0
    if payment.status == "voided":
        assert standing == []
    else:
        assert standing == [("20", total)]
        assert (payment.status, payment.authorized_yen) == ("authorized", total)


@pytest.mark.req("R-194")
def test_an_amount_that_was_not_shown_is_not_sent(desk: Desk) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    for yen in (total - 1, placed.yen, 0, -1):
        assert update(desk, placed, total, yen) == "not_allowed"
    assert desk.telegrams("020") == 1


@pytest.mark.req("R-066")
def test_an_authenticated_payment_is_not_changed(desk: Desk) -> None:
    placed = desk.place()
    desk.change(Payment, Payment.id == placed.payment_id, three_ds=True)
    total = with_total(desk, placed, 500)
    shown = panel(desk, placed)
    assert (shown.box, {b.verb for b in shown.buttons if b.allowed}) == ("red-3", {"cancel"})
    assert update(desk, placed, total) == "not_allowed"
    assert desk.telegrams("020") == 1
    with_total(desk, placed, 0)
    assert panel(desk, placed).box == "yellow-1"


def test_a_refused_change_leaves_everything_as_it_was(desk: Desk) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.simulator.fault("code", kind="020", code="2001")
    assert update(desk, placed, total) == "refused"
    payment = desk.payment(placed)
    assert (payment.merchant_ref, desk.money(placed)) == (placed.ref, ("authorized", placed.yen, 0, 0))
    assert desk.telegrams("021") == 0
    assert panel(desk, placed).box == "red-2"
    assert update(desk, placed, total) == "done"


# ---- killed, lost, refused in between ------------------------------------------------------------------------


def killed_between(desk: Desk, placed: Placed, total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first half settled; whoever was to send the second is gone."""
    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "send_queued", lambda payment_id: None)
        assert update(desk, placed, total) == "pending"


@pytest.mark.req("R-064", "P-03")
def test_killed_between_the_two_the_job_finishes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    killed_between(desk, placed, total, monkeypatch)
    assert remote(desk) == [("20", placed.yen), ("20", total)]
    assert desk.steps(placed)[-1] == ("void", "shop", "intended")
    assert not [button for button in panel(desk, placed).buttons if button.allowed]
    desk.run("dispatch")
    assert remote(desk) == [("32", placed.yen), ("20", total)]
    assert desk.money(placed) == ("authorized", total, 0, 0)


def test_killed_between_the_two_asking_finishes_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    killed_between(desk, placed, total, monkeypatch)
    assert desk.refresh(placed) == "done"
    assert remote(desk) == [("32", placed.yen), ("20", total)]


@pytest.mark.req("R-193", "R-064")
@pytest.mark.parametrize("kind", ["020", "021"])
def test_a_lost_answer_is_asked_for(desk: Desk, clock: MovableClock, kind: str) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.simulator.fault("reset", kind=kind, phase="after")
    assert update(desk, placed, total) == "pending"
    clock.advance(60)
    desk.run("reconcile")
    desk.run("dispatch")
    assert remote(desk) == [("32", placed.yen), ("20", total)]
    assert desk.money(placed) == ("authorized", total, 0, 0)
    assert (desk.telegrams("020"), desk.telegrams("021")) == (2, 1)


def test_a_change_that_never_arrived_can_be_pressed_again(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.simulator.fault("reset", kind="020", phase="before")
    assert update(desk, placed, total) == "pending"
    clock.advance(240)
    desk.run("reconcile")
    assert desk.steps(placed)[-1] == ("reauthorize", "shop", "absent")
    assert (desk.payment(placed).merchant_ref, desk.money(placed)[1]) == (placed.ref, placed.yen)
    assert update(desk, placed, total) == "done"
    assert remote(desk) == [("32", placed.yen), ("20", total)]


@pytest.mark.req("R-064")
def test_a_void_refused_after_the_new_authorization_waits_for_a_person(desk: Desk) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.simulator.fault("code", kind="021", code="2002")
    assert update(desk, placed, total) == "refused"
    assert remote(desk) == [("20", placed.yen), ("20", total)]
    assert desk.money(placed) == ("authorized", total, 0, 0)
    assert concerns(desk) == ["replacement"]
    assert desk.refresh(placed) == "done"
    assert concerns(desk) == ["replacement"]
    desk.console(placed, "void")
    assert desk.refresh(placed) == "done"
    assert concerns(desk) == []
    assert desk.steps(placed)[-1] == ("void", "shop", "succeeded")
    assert desk.money(placed) == ("authorized", total, 0, 0)
    assert desk.capture(placed, yen=total, total=total) == "done"


def test_a_void_that_did_not_leave_is_sent_again(desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = desk.place()
    total = with_total(desk, placed, 500)
    killed_between(desk, placed, total, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(executor, "_gateway", _no_gateway)
        desk.run("dispatch")
    assert [state for _, _, state in desk.steps(placed)[2:]] == ["dropped", "intended"]
    clock.advance(11)
    desk.run("dispatch")
    assert remote(desk) == [("32", placed.yen), ("20", total)]


def _no_gateway(*_: object) -> None:
    raise OSError("no route")


def test_an_authorization_that_comes_after_it_was_believed_absent_is_voided(desk: Desk, clock: MovableClock) -> None:
    """Its order has gone on: taking it over could change what was captured meanwhile."""
    placed = desk.place()
    total = with_total(desk, placed, 500)
    desk.simulator.fault("reset", kind="020", phase="before")
    assert update(desk, placed, total) == "pending"
    clock.advance(240)
    desk.run("reconcile")
    lost = desk.rows(PaymentOperation, payment_id=placed.payment_id)[-1]
    assert lost.state == "absent"
    arrives_late(desk, placed, lost)
    for _ in range(3):
        desk.run("poll_notices", "inbox", "dispatch")
        clock.advance(60)
    assert remote(desk) == [("20", placed.yen), ("32", total)]
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.payment(placed).merchant_ref == placed.ref
    assert concerns(desk) == []
    assert [notice.state for notice in desk.rows(ProviderNotice)].count("unmatched") == 0


def arrives_late(desk: Desk, placed: Placed, lost: PaymentOperation) -> None:
    """The request of a lost operation reaches the provider after all."""
    payment = desk.payment(placed)
    version = payment.account_version_id
    assert version is not None

    def send() -> None:
        gateway = accounts.open_gateway(db.db.session(), version, accounts.Tape())
        db.end_read()
        again = Reauthorization(lost.merchant_ref or "", lost.amount_yen, placed.ref, payment.handle)
        assert isinstance(gateway.reauthorize(again), Approved)

    desk.call(send)
