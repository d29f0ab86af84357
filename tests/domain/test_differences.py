"""What happens at the provider without us (P-06): each kind of difference ends as the same money with a line in 変更履歴 that
says what happened, or as an open item in 要確認 – never as a difference nobody is told of."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from admin import watch
from providers.contract import QueryResult, Unknown
from providers.paygent.adapter import PaygentGateway
from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as MERCHANT
from shop.core import db
from shop.core.runtime import now
from shop.orders.models import Order
from shop.payments import actions, inbox, reconcile
from shop.payments.models import Payment, PaymentMethod, PaymentOperation
from tests.domain.desk import CANCEL_REFUSED, Desk, Placed, body, notice
from tests.domain.test_hop import came_back, go_on, parked
from tests.support.issuer import FRICTIONLESS
from tests.support.shop import MovableClock

DAY = 86_400
#: What the provider still holds for us, and what it has taken.
RESERVED, TAKEN = ("20", "30"), ("40", "41")
LESS, MORE = -100, 500


@dataclass(frozen=True)
class World:
    """One shop, one provider, the clock both read."""

    desk: Desk
    clock: MovableClock

    def change(self, placed: Placed, *by: int) -> Placed:
        """Another amount on the provider's console."""
        for difference in by:
            self.desk.console(placed, "amount", amount=str(placed.yen + difference))
        return placed

    def changed(self, *by: int) -> Placed:
        """An order whose other amount the shop has followed already."""
        placed = self.change(self.desk.place(), *by)
        self.desk.run("poll_notices", "inbox")
        assert self.desk.money(placed) == ("authorized", placed.yen + by[-1], 0, 0)
        return placed

    def press(self, placed: Placed, *actions: str) -> Placed:
        for action in actions:
            self.desk.console(placed, action)
        return placed

    def captured(self) -> Placed:
        placed = self.desk.place()
        assert self.desk.capture(placed) == "done"
        return placed

    def lost(self, kind: str, phase: str = "after") -> None:
        """The next answer (``before``: the next request) of this kind never arrives."""
        self.desk.simulator.fault("reset", kind=kind, phase=phase)

    def unanswered(self) -> Placed:
        """注文する whose answer was lost: authorized there, unknown here."""
        self.lost("020")
        return self.desk.place()

    def pending(self, verb: str, kind: str, phase: str = "after", *, captured: bool = False) -> Placed:
        """A button of 受注明細 whose outcome nobody knows yet."""
        placed = self.captured() if captured else self.desk.place()
        self.lost(kind, phase)
        assert getattr(self.desk, verb)(placed) == "pending"
        return placed

    def updating(self, *, lost: str = "", killed: bool = False) -> Placed:
        """取引更新 to another total, with one answer lost or killed between its halves."""
        placed = self.desk.place()
        total = placed.yen + MORE
        self.desk.change(Order, Order.id == placed.order_id, total_yen=total)
        if lost:
            self.lost(lost)
        with pytest.MonkeyPatch.context() as patch:
            if killed:
                patch.setattr(reconcile, "send_queued", lambda payment_id: None)
            update = actions.update
            self.desk.call(lambda: update(placed.payment_id, total, total, "staff:hana", "reauthorize"))
        return placed

    def renewed(self, placed: Placed) -> Placed:
        """The same order by the reference of its newest authorization."""
        newest = [row for row in self.desk.rows(PaymentOperation, payment_id=placed.payment_id) if row.merchant_ref][-1]
        return Placed(placed.order_id, placed.payment_id, newest.id, newest.merchant_ref or "", newest.amount_yen)

    def backwards(self, placed: Placed) -> Placed:
        """All notices of an order arrive now, the newest first."""
        return self.receive(placed, reversed(self.desk.simulator.ledger()["notices"]))

    def receive(self, placed: Placed, notices: Iterable[dict[str, Any]]) -> Placed:
        """These notices of the provider's arrive, in this order."""
        amounts = {each["payment_id"]: str(each["amount"]) for each in self.desk.remote_payments(placed)}
        for each in notices:
            handle = each["payment_id"]
            said = notice(placed, handle, each["id"], each["status"], payment_amount=amounts[handle])
            self.desk.call(inbox.receive, self.desk.account().key, "POST", body(said), "", "192.0.2.7")
            self.desk.run("inbox")
        return placed

    def unheard(self, placed: Placed) -> Placed:
        """Its notices are lost: the provider keeps them for a week."""
        self.clock.advance(8 * DAY)
        return placed

    def night(self) -> None:
        """What the runner does: notices and questions for an hour, 照合 at night, and what that leads to."""
        self._hour()
        self.desk.run("sync")
        self._hour()

    def _hour(self) -> None:
        for minutes in (1, 2, 5, 15, 40):
            self.desk.run("poll_notices", "inbox", "reconcile", "dispatch")
            self.clock.advance(60 * minutes)


# ---- twenty and more kinds of difference ----


def with_3ds(world: World) -> Placed:
    options = json.dumps({"use_3ds": "1", "attempt_control": "low"})
    world.desk.change(PaymentMethod, PaymentMethod.kind == "card", options=options)
    placed = world.desk.place(FRICTIONLESS)
    go_on(world.desk, parked(world.desk, placed), came_back(world.desk, placed))
    return placed


def taken_at_once(world: World) -> Placed:
    """同時売上, its answer lost."""
    world.desk.change(PaymentMethod, PaymentMethod.kind == "card", capture_at_once=True)
    return world.unanswered()


def changed_halfway(world: World) -> Placed:
    """The console makes the new payment and is refused when it cancels the old one: two stand under our reference."""
    placed = world.desk.place(CANCEL_REFUSED)
    handle = world.desk.payment(placed).handle
    amount = {"amount": str(placed.yen + LESS)}
    address = f"{world.desk.simulator.url}/console/paygent/payments/{handle}/amount"
    assert "code=2010" in requests.post(address, data=amount, allow_redirects=False).headers["Location"]
    return placed


def charged_again(world: World) -> Placed:
    """A second payment under our reference, made by somebody who has our credentials."""
    placed = world.desk.place()
    authorize(world, placed.ref, placed.yen)
    return placed


def charged_for_nobody(world: World) -> Placed:
    """A payment under a reference that no order of ours has."""
    placed = world.desk.place()
    authorize(world, "90000000000000000077", placed.yen)
    return placed


def authorize(world: World, reference: str, yen: int) -> None:
    fields = {
        "merchant_id": MERCHANT.merchant_id, "connect_id": MERCHANT.connect_id, "connect_password": MERCHANT.connect_password,
        "telegram_kind": "020", "telegram_version": "1.0", "trading_id": reference, "payment_amount": str(yen),
        "payment_class": "10", "3dsecure_ryaku": "1", "card_token": world.desk.token(), "security_code_use": "1",
    }  # fmt: skip
    answer = requests.post(f"{world.desk.simulator.url}/paygent/n/card/request", data=fields)
    assert "result=0" in answer.text


def missing(world: World) -> Placed:
    """The contract was changed on the provider's side: our number knows no such payment any more."""
    placed = world.desk.place()
    world.desk.simulator.control("paygent/merchants/replace", by="100002")
    return placed


def password_changed(world: World) -> Placed:
    placed = world.desk.place()
    world.desk.simulator.control("paygent/merchants", connect_password="changed")
    return placed


def silent(world: World) -> Placed:
    placed = world.captured()
    world.desk.simulator.fault("close", kind="094", times=None)
    return world.unheard(world.press(placed, "refund"))


def ran_out(world: World, placed: Placed) -> Placed:
    world.clock.advance(61 * DAY)
    return placed


def believed_absent(world: World, *actions: str) -> Placed:
    """The buyer was told that nothing was charged – and the provider has an authorization after all."""
    placed = world.unanswered()
    world.desk.simulator.fault("code", kind="094", code="13001")
    world.clock.advance(200)
    world.desk.run("reconcile")
    assert world.desk.operation(placed).state == "absent"
    return world.press(placed, *actions)


def old_captured_during_update(world: World) -> Placed:
    """The authorization that 取引更新 is about to void is captured on the console."""
    return world.press(world.updating(killed=True), "capture")


def new_changed_during_update(world: World) -> Placed:
    placed = world.updating(lost="020")
    world.change(world.renewed(placed), LESS)
    return placed


def new_cancelled_after_update(world: World) -> Placed:
    placed = world.updating()
    world.press(world.renewed(placed), "void")
    return placed


def filed_away(world: World) -> Placed:
    placed = world.captured()
    world.desk.change(Order, Order.id == placed.order_id, filed="completed")
    return world.press(placed, "refund")


def extra_after_cancel(world: World) -> Placed:
    placed = world.desk.place()
    assert world.desk.cancel(placed) == "done"
    authorize(world, placed.ref, placed.yen)
    return world.unheard(placed)


def cancel_half_done(world: World) -> Placed:
    placed = world.desk.place("4980000000003000")
    handle = world.desk.payment(placed).handle
    requests.post(f"{world.desk.simulator.url}/console/paygent/payments/{handle}/void", allow_redirects=False)
    return placed


@dataclass(frozen=True)
class Difference:
    make: Callable[[World], Placed]
    #: Parts of lines in 変更履歴; ``{yen}``, ``{less}``, ``{more}``: the order's amount and those it was changed to.
    told: tuple[str, ...] = ()
    #: The kind of the item in 要確認 where it stays different, or needs a person for another reason.
    item: str = ""


CAPTURE = "売上確定（決済代行会社側の操作） {yen} 完了"
VOID = "与信取消（決済代行会社側の操作） {yen} 完了"
REFUND = "返金（決済代行会社側の操作） {yen} 完了"
EXPIRED = "与信期限切れ（決済代行会社側の操作） {yen} 完了"
LOWER = "金額変更（決済代行会社側の操作） {yen} → {less} 完了"
HIGHER = "金額変更（決済代行会社側の操作） {yen} → {more} 完了"
CAPTURE_LESS, VOID_LESS, REFUND_LESS = (line.replace("{yen}", "{less}") for line in (CAPTURE, VOID, REFUND))

DIFFERENCES = {
    "amount lowered": Difference(lambda w: w.change(w.desk.place(), LESS), (LOWER,), "amount"),
    "amount raised": Difference(lambda w: w.change(w.desk.place(), MORE), (HIGHER,), "amount"),
    "amount changed and changed back": Difference(lambda w: w.change(w.desk.place(), LESS, 0), ("金額変更（決済代行会社側の操作） {yen} → {yen} 完了",)),
    "amount changed, notices backwards": Difference(lambda w: w.backwards(w.change(w.desk.place(), LESS)), (LOWER,), "amount"),
    "amount changed, notices lost": Difference(lambda w: w.unheard(w.change(w.desk.place(), LESS)), (), "payment"),
    "amount changed, then captured": Difference(lambda w: w.press(w.change(w.desk.place(), LESS), "capture"), (LOWER, CAPTURE_LESS), "amount"),
    "amount changed, then cancelled": Difference(lambda w: w.press(w.change(w.desk.place(), LESS), "void"), (VOID,)),
    "amount changed and followed, then cancelled": Difference(lambda w: w.press(w.changed(LESS), "void"), (LOWER, VOID_LESS)),
    "amount changed and followed, then captured and refunded": Difference(
        lambda w: w.press(w.changed(LESS), "capture", "refund"), (LOWER, CAPTURE_LESS, REFUND_LESS)
    ),
    "amount changed and followed, then expired": Difference(
        lambda w: ran_out(w, w.changed(LESS)), (LOWER, EXPIRED.replace("{yen}", "{less}"))
    ),
    "amount changed, old one not cancelled": Difference(changed_halfway, (), "notice"),
    "amount of a 3-D Secure order changed": Difference(lambda w: w.change(with_3ds(w), MORE), (HIGHER,), "amount"),
    "3-D Secure order cancelled": Difference(lambda w: w.press(with_3ds(w), "void"), (VOID,)),
    "cancelled": Difference(lambda w: w.press(w.desk.place(), "void"), (VOID,)),
    "captured": Difference(lambda w: w.press(w.desk.place(), "capture"), (CAPTURE,)),
    "captured, notices lost": Difference(lambda w: w.unheard(w.press(w.desk.place(), "capture")), (CAPTURE,)),
    "captured, then refunded": Difference(lambda w: w.press(w.desk.place(), "capture", "refund"), (CAPTURE, REFUND)),
    "captured and refunded, notices backwards": Difference(
        lambda w: w.backwards(w.press(w.desk.place(), "capture", "refund")), (CAPTURE, REFUND)
    ),
    "refunded": Difference(lambda w: w.press(w.captured(), "refund"), (REFUND,)),
    "refunded, order filed away": Difference(filed_away, (REFUND,)),
    "amount corrected after the capture": Difference(lambda w: w.change(w.captured(), LESS), (REFUND, LOWER, CAPTURE_LESS), "amount"),
    "corrected after the capture, notices lost": Difference(lambda w: w.unheard(w.change(w.captured(), LESS)), (), "payment"),
    "corrected after the capture, then refunded": Difference(lambda w: w.press(w.change(w.captured(), LESS), "refund"), (REFUND,)),
    "cancel left half done": Difference(cancel_half_done, (VOID,)),
    "authorization expired": Difference(lambda w: ran_out(w, w.desk.place()), (EXPIRED,)),
    "payment missing": Difference(missing, (), "payment"),
    "our password refused": Difference(password_changed, (), "payment"),
    "refunded, provider silent": Difference(silent, (), "payment"),
    "extra payment under our reference": Difference(charged_again, (), "notice"),
    "extra payment under our reference, notices lost": Difference(lambda w: w.unheard(charged_again(w)), (), "payment"),
    "extra payment after our cancel, notices lost": Difference(extra_after_cancel, (), "payment"),
    "cancelled, order filed away, notices lost": Difference(lambda w: w.unheard(filed_away(w)), (REFUND,)),
    "authorized after all, notices lost": Difference(lambda w: w.unheard(believed_absent(w))),
    "extra payment under no reference of ours": Difference(charged_for_nobody, (), "notice"),
    "answer lost, amount changed": Difference(lambda w: w.change(w.unanswered(), LESS), ("オーソリ {yen}", LOWER), "amount"),
    "answer lost, captured": Difference(lambda w: w.press(w.unanswered(), "capture"), ("オーソリ {yen}", CAPTURE)),
    "answer lost, amount changed, captured": Difference(
        lambda w: w.press(w.change(w.unanswered(), MORE), "capture"), (HIGHER, CAPTURE.replace("{yen}", "{more}")), "amount"
    ),
    "answer lost, cancelled": Difference(lambda w: w.press(w.unanswered(), "void")),
    "answer lost, amount changed, cancelled": Difference(lambda w: w.press(w.change(w.unanswered(), LESS), "void")),
    "answer of 同時売上 lost, amount corrected": Difference(lambda w: w.change(taken_at_once(w), LESS), (LOWER,), "amount"),
    "answer of the capture lost, refunded": Difference(lambda w: w.press(w.pending("capture", "022"), "refund"), (REFUND,)),
    "answer of the capture lost, amount corrected": Difference(
        lambda w: w.change(w.pending("capture", "022"), LESS), (LOWER, CAPTURE_LESS), "amount"
    ),
    "capture never arrived, cancelled": Difference(lambda w: w.press(w.pending("capture", "022", "before"), "void"), (VOID,)),
    "capture never arrived, amount changed": Difference(
        lambda w: w.change(w.pending("capture", "022", "before"), LESS), (LOWER,), "amount"
    ),
    "answer of the cancel lost": Difference(lambda w: w.pending("cancel", "021"), ("与信取消 {yen} 完了",)),
    "cancel never arrived, captured": Difference(lambda w: w.press(w.pending("cancel", "021", "before"), "capture"), (CAPTURE,)),
    "answer of the refund lost": Difference(lambda w: w.pending("cancel", "023", captured=True), ("返金 {yen} 完了",)),
    "refund never arrived, amount corrected": Difference(
        lambda w: w.change(w.pending("cancel", "023", "before", captured=True), LESS), (LOWER, CAPTURE_LESS), "amount"
    ),
    "old authorization captured during 取引更新": Difference(old_captured_during_update, ("取引更新 {yen} → {more} 完了",), "replacement"),
    "new authorization changed during 取引更新": Difference(
        new_changed_during_update, ("取引更新 {yen} → {more} 完了", "金額変更（決済代行会社側の操作） {more} →"), "amount"
    ),
    "new authorization cancelled after 取引更新": Difference(new_cancelled_after_update, (VOID.replace("{yen}", "{more}"),)),
    "authorized after all": Difference(believed_absent),
    "authorized and captured after all": Difference(lambda w: believed_absent(w, "capture"), (), "compensation"),
}  # fmt: skip


@pytest.mark.one_database  # by which steps the books came apart is nothing the database knows
@pytest.mark.req("P-06", "R-185", "R-180")
@pytest.mark.parametrize("kind", DIFFERENCES)
def test_no_difference_stays_unexplained(desk: Desk, clock: MovableClock, kind: str) -> None:
    world, difference = World(desk, clock), DIFFERENCES[kind]
    placed = difference.make(world)
    world.night()
    history, found = desk.history(placed), items(desk)
    for line in told(difference.told, placed):
        assert any(line in each for each in history), (line, history)
    if difference.item:
        assert difference.item in found, (found, history, books(desk, placed))
        assert found[difference.item], "an item says in words what it is about"
    if not found or difference.item == "amount":
        assert_same_money(desk, placed)
    if not difference.told and not found:
        assert desk.order(placed).state == "lapsed", history  # 決済未完了: no order, no 変更履歴, no money


def test_a_successor_nobody_told_of_yet_is_waited_for(desk: Desk, clock: MovableClock) -> None:
    """The amount was changed twice. The first two payments are over, their notices do not say that a third one stands."""
    world = World(desk, clock)
    placed = world.change(desk.place(), LESS)
    world.change(placed, MORE)
    early = desk.simulator.ledger()["notices"][:3]  # first made, second made, first over
    world.receive(placed, early)
    desk.refresh(placed)
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0), "nothing says that no money stands"
    world.night()
    assert_same_money(desk, placed)
    assert desk.money(placed) == ("authorized", placed.yen + MORE, 0, 0)


def test_half_the_question_answered_is_no_answer(desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our payment is over at the provider; whether another one stands under our reference, it did not say."""
    world = World(desk, clock)
    placed = world.change(desk.place(), LESS)
    ask = PaygentGateway.query

    def silent(self: PaygentGateway, *, merchant_ref: str = "", handle: str = "") -> QueryResult:
        return ask(self, handle=handle) if handle else Unknown("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(PaygentGateway, "query", silent)
        assert desk.refresh(placed) == "refused"
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert "payment" in items(desk)


def told(lines: tuple[str, ...], placed: Placed) -> list[str]:
    amounts = {"yen": placed.yen, "less": placed.yen + LESS, "more": placed.yen + MORE}
    return [line.format(**{name: f"{yen:,}円" for name, yen in amounts.items()}) for line in lines]


def items(desk: Desk) -> dict[str, str]:
    """要確認: kind of each item, and its words."""
    return desk.call(lambda: {each.item.kind: each.detail for each in watch.concerns(db.db.session(), now(), 100)})


def assert_same_money(desk: Desk, placed: Placed) -> None:
    ours, theirs = books(desk, placed)
    assert ours == theirs, (ours, theirs, desk.history(placed))
    assert_box_tells(desk, placed, *theirs)


def assert_box_tells(desk: Desk, placed: Placed, reserved: int, taken: int) -> None:
    """受注明細's box names the state, and an amount that is not the order's."""
    total = desk.order(placed).total_yen

    def draw() -> actions.Panel:
        session = db.db.session()
        return actions.panel(session, session.get_one(Payment, placed.payment_id), total, now())

    box = desk.call(draw)
    standing = reserved + taken
    word = "オーソリOK" if reserved else "消込済" if taken else ""
    assert box.status_word == word if word else box.status_word not in ("オーソリOK", "消込済")
    if standing not in (0, total):
        assert f"{standing:,}円" in "".join(box.text)


def books(desk: Desk, placed: Placed) -> tuple[tuple[int, int], tuple[int, int]]:
    """What is reserved and what is taken: by our ledger, by the provider's."""
    payment = desk.payment(placed)
    taken = payment.captured_yen - payment.refunded_yen
    ours = (payment.authorized_yen if payment.status == "authorized" else 0, taken)
    references = {row.merchant_ref for row in desk.rows(PaymentOperation, payment_id=placed.payment_id)}
    there = [each for each in desk.simulator.payments() if each["trading_id"] in references]

    def total(statuses: tuple[str, ...]) -> int:
        return sum(each["amount"] for each in there if each["status"] in statuses)

    return ours, (total(RESERVED), total(TAKEN))
