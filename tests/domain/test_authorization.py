"""From 注文する to the authorization: what is written before the call, and what each outcome does – once."""

from contextlib import suppress
from datetime import datetime
from itertools import permutations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from providers import transport
from providers.charge import Charge
from providers.contract import (
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    Reference,
    Result,
    Unknown,
    Verb,
)
from providers.paygent import Paygent
from providers.paygent.adapter import PaygentGateway
from shop.catalogue.models import Variant
from shop.checkout import cart, confirm, placement
from shop.checkout.placement import ConfirmAgain, TokenMissing, TryLater
from shop.core import db
from shop.core.runtime import now
from shop.orders.models import Order
from shop.payments import accounts, executor, inbox, settle
from shop.payments.engine import engine
from shop.payments.models import Payment, PaymentMethod, RemoteReference
from tests.domain.desk import REFUSED, Desk, Placed, body, notice
from tests.support.shop import MovableClock


@pytest.mark.req("R-151", "R-218")
def test_an_order(desk: Desk) -> None:
    on_hand, allocated, held = desk.stock()
    placed = desk.place(quantity=2)
    assert desk.remote(placed) == [("20", placed.yen)]
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.steps(placed) == [("authorize", "shop", "succeeded")]
    assert (desk.order(placed).state, desk.order(placed).total_yen) == ("placed", placed.yen)
    assert desk.stock() == (on_hand, allocated + 2, held)
    assert desk.holds(placed) == ["consumed"]
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


@pytest.mark.req("R-112", "R-160", "S-039")
def test_a_refused_card_leaves_nothing(desk: Desk) -> None:
    stock = desk.stock()
    placed = desk.place(REFUSED)
    assert desk.remote(placed) == [("11", placed.yen)]
    assert desk.money(placed) == ("declined", 0, 0, 0)
    order = desk.order(placed)
    assert (order.state, order.number) == ("lapsed", None)
    assert desk.stock() == stock
    assert desk.holds(placed) == ["released"]
    assert desk.mails(placed.order_id) == []
    assert desk.operation(placed).result_code == "2001"


def test_capture_at_once(desk: Desk) -> None:
    desk.change(PaymentMethod, PaymentMethod.kind == "card", capture_at_once=True)
    placed = desk.place()
    assert desk.remote(placed) == [("40", placed.yen)]
    assert desk.money(placed) == ("captured", placed.yen, placed.yen, 0)


def test_nothing_is_sent_without_a_token(desk: Desk) -> None:
    with pytest.raises(TokenMissing):
        desk.press(*desk.confirmed())
    assert desk.rows(Order) == []
    assert desk.telegrams("020") == 0


def test_without_a_free_slot_nothing_happens(desk: Desk) -> None:
    confirmed, token = desk.confirmed(), desk.token()
    with desk.app.app_context():
        slots = [engine().pool.reserve() for _ in range(8)]
    with pytest.raises(TryLater):
        desk.press(*confirmed, token)
    assert (desk.rows(Order), desk.telegrams("020")) == ([], 0)
    for slot in slots:
        slot.__exit__()
    assert desk.remote(desk.placed(desk.press(*confirmed, token)))


# ---- before a byte leaves ------------------------------------------------------------------------------


@pytest.mark.req("R-152", "P-19", "S-010")
def test_the_operation_is_committed_before_the_call(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked up at the moment of the call by another connection, so only what is committed shows."""
    url = desk.call(lambda: db.db.engine.url)
    seen: list[tuple[str, str, str]] = []
    real = transport.post

    def looking(*args, **kwargs):
        other = create_engine(url)
        with other.connect() as connection:
            query = "SELECT o.state, o.merchant_ref, d.state FROM payment_operation o JOIN payment p ON p.id = o.payment_id JOIN shop_order d ON d.id = p.order_id"
            seen.extend(tuple(row) for row in connection.execute(text(query)))
        other.dispose()
        return real(*args, **kwargs)

    monkeypatch.setattr(transport, "post", looking)
    placed = desk.place()
    assert seen == [("sent", placed.ref, "draft")]


@pytest.mark.req("P-05", "P-11")
def test_an_error_of_ours_after_sending_is_no_refusal(desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter breaks on an answer it did not expect: the money may be reserved, so the provider is asked."""
    authorize = PaygentGateway.authorize

    def break_on_the_answer(self: PaygentGateway, charge: Charge) -> Result:
        authorize(self, charge)
        raise KeyError("a field that was always there")

    with monkeypatch.context() as patch:
        patch.setattr(PaygentGateway, "authorize", break_on_the_answer)
        placed = desk.place()
    assert (desk.operation(placed).state, desk.order(placed).state) == ("unknown", "draft")
    clock.advance(60)
    desk.run("reconcile")
    assert (desk.order(placed).state, desk.money(placed)) == ("placed", ("authorized", placed.yen, 0, 0))
    assert desk.telegrams("020") == 1


@pytest.mark.req("P-18")
def test_a_call_with_an_open_transaction_never_leaves(desk: Desk) -> None:
    placed = desk.place()
    with desk.app.app_context(), db.write() as session:
        gateway = _gateway(placed, session)
        with pytest.raises(RuntimeError, match="transaction"):
            gateway.capture("1", 1)
    assert desk.telegrams("022") == 0


def _gateway(placed: Placed, session):
    version = session.get_one(Payment, placed.payment_id).account_version_id
    return accounts.open_gateway(session, version, accounts.Tape())


def test_write_transactions_do_not_nest(desk: Desk) -> None:
    with desk.app.app_context(), db.write(), pytest.raises(RuntimeError, match="already open"):
        db.write().__enter__()


def test_one_open_operation_per_payment(desk: Desk) -> None:
    placed = desk.place()

    def intend() -> int:
        with desk.app.app_context(), db.write() as session:
            payment = session.get_one(Payment, placed.payment_id)
            return executor.write_ahead(session, payment, Verb.CAPTURE, placed.yen, "t", now()).id

    first = intend()
    with pytest.raises(IntegrityError):
        intend()
    desk.call(settle.settle, first, NotSent("refused"), "answer")
    assert intend() > first


def test_a_reference_is_used_once_per_account(desk: Desk) -> None:
    placed = desk.place()
    with desk.app.app_context(), suppress(KeyboardInterrupt), db.write() as session:
        payment = session.get_one(Payment, placed.payment_id)
        with pytest.raises(IntegrityError):
            executor.write_ahead(session, payment, Verb.AUTHORIZE, 1, "t", now(), merchant_ref=placed.ref)
        raise KeyboardInterrupt


# ---- one effect, however often and from wherever the result comes -----------------------------------------


def unsettled(desk: Desk) -> tuple[Placed, str]:
    """An authorization that stands at the provider while we do not know it; with its payment_id there."""
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    assert desk.operation(placed).state == "unknown"
    (payment,) = desk.remote_payments(placed)
    return placed, payment["payment_id"]


def assert_placed_once(desk: Desk, placed: Placed, units: int = 1) -> None:
    assert desk.order(placed).state == "placed"
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.remote(placed) == [("20", placed.yen)]
    assert desk.steps(placed) == [("authorize", "shop", "succeeded")]
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]
    assert desk.holds(placed) == ["consumed"]
    assert desk.stock()[1:] == (units, 0)
    assert len([line for line in desk.history(placed) if "オーソリ" in line]) == 1


@pytest.mark.req("S-026", "S-031")
@pytest.mark.parametrize("order", list(permutations(["answer", "notice", "query"])), ids="-".join)
def test_answer_notice_and_query_in_any_order(desk: Desk, order: tuple[str, ...]) -> None:
    placed, handle = unsettled(desk)
    approved = Approved(handle, MoneyStatus.AUTHORIZED, (Reference("payment_id", handle),))
    for turn in (*order, *order):
        match turn:
            case "answer":
                desk.call(settle.settle, placed.operation_id, approved, "answer")
            case "notice":
                desk.call(inbox.receive, desk.account().key, "POST", body(notice(placed, handle, 900)), "", "x")
                desk.run("inbox")
            case "query":
                desk.run("reconcile")
                desk.refresh(placed)
    assert_placed_once(desk, placed)
    assert desk.operation(placed).settled_by == ("query" if order[0] == "notice" else order[0])


@pytest.mark.req("S-027", "R-153")
def test_two_threads_settle_once(desk: Desk) -> None:
    placed, handle = unsettled(desk)
    approved = Approved(handle, MoneyStatus.AUTHORIZED, (Reference("payment_id", handle),))
    results = desk.together(*[lambda: desk.call(settle.settle, placed.operation_id, approved, "answer")] * 4)
    assert sorted(results) == [False, False, False, True]
    assert_placed_once(desk, placed)


@pytest.mark.req("S-028")
@pytest.mark.parametrize(
    "late",
    [Declined(Category.CARD_REFUSED, "2001"), Unknown("late"), NotSent("late"), Approved("other", MoneyStatus.AUTHORIZED)],
    ids=lambda late: type(late).__name__,
)
def test_a_settled_operation_stays_settled(desk: Desk, late: Result) -> None:
    placed = desk.place()
    handle = desk.payment(placed).handle
    assert desk.call(settle.settle, placed.operation_id, late, "answer") is False
    assert desk.call(settle.settle_absent, placed.operation_id, "query") is False
    assert_placed_once(desk, placed)
    assert desk.payment(placed).handle == handle


def test_an_approval_after_a_refusal_is_taken_note_of_and_given_back(desk: Desk) -> None:
    """The buyer was told that nothing was charged: money that turns up after all does not stay."""
    placed = desk.place(REFUSED)
    approved = Approved("1", MoneyStatus.AUTHORIZED)
    assert desk.call(settle.settle, placed.operation_id, approved, "query") is True
    assert desk.order(placed).state == "lapsed"
    assert desk.steps(placed) == [("authorize", "shop", "succeeded"), ("void", "shop", "intended")]
    assert desk.call(settle.settle, placed.operation_id, approved, "answer") is False


def test_references_are_remembered_once(desk: Desk) -> None:
    placed = desk.place()
    desk.refresh(placed)
    (reference,) = desk.rows(RemoteReference, payment_id=placed.payment_id)
    assert reference.value == desk.payment(placed).handle == desk.remote_payments(placed)[0]["payment_id"]


# ---- the buyer presses more than once ----------------------------------------------------------------------


@pytest.mark.req("R-122", "R-153", "S-001")
def test_parallel_presses_make_one_order(desk: Desk) -> None:
    confirmation, key = desk.confirmed()
    tokens = [desk.token() for _ in range(4)]
    orders = desk.together(*[lambda token=token: desk.press(confirmation, key, token) for token in tokens])
    assert len(set(orders)) == 1
    assert desk.telegrams("020") == 1
    assert_placed_once(desk, desk.placed(orders[0]))


@pytest.mark.req("S-001", "S-004")
def test_a_press_overtaken_by_another_finds_its_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first press goes through between the second one's look for an earlier order and its look at the cart."""
    confirmation, key = desk.confirmed()
    tokens, first, real = [desk.token(), desk.token()], [], confirm.agree_again

    def overtaken(*args):
        monkeypatch.undo()
        first.append(desk.press(confirmation, key, tokens[0]))
        return real(*args)

    monkeypatch.setattr(placement, "agree_again", overtaken)
    assert desk.press(confirmation, key, tokens[1]) == first[0]
    assert desk.telegrams("020") == 1


def test_a_repeated_press_finds_the_first_order(desk: Desk) -> None:
    confirmation, key = desk.confirmed()
    first = desk.press(confirmation, key, desk.token())
    assert desk.press(confirmation, key, desk.token()) == first
    assert desk.telegrams("020") == 1


@pytest.mark.req("R-162", "P-05")
def test_an_open_attempt_is_not_followed_by_a_second_charge(desk: Desk) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    confirmation, key = desk.confirmed()
    first = desk.press(confirmation, key, desk.token())
    assert desk.press(confirmation, key, desk.token()) == first
    assert desk.telegrams("020") == 1


@pytest.mark.req("P-14", "R-121")
def test_a_changed_price_asks_again(desk: Desk) -> None:
    confirmed = desk.confirmed()
    desk.change(Variant, Variant.id == desk.variant_id, price_yen=1)
    with pytest.raises(ConfirmAgain):
        desk.press(*confirmed, desk.token())
    assert (desk.rows(Order), desk.telegrams("020")) == ([], 0)


def test_one_open_attempt_per_cart(desk: Desk) -> None:
    desk.simulator.fault("reset", kind="020", phase="after")
    waiting = desk.order(desk.place())
    refused = desk.order(desk.place(REFUSED))
    with pytest.raises(IntegrityError):
        desk.change(Order, Order.id == refused.id, state="draft", cart_id=waiting.cart_id)


@pytest.mark.req("T-019")
def test_a_cart_changed_at_the_last_moment_asks_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tab adds goods after everything was compared and before the transaction begins."""
    confirmation, key = desk.confirmed()
    token, real = desk.token(), Paygent.new_merchant_ref

    def late(self: Paygent, moment: datetime) -> str:
        with desk.app.app_context(), db.write() as session:
            cart.add(session, key, desk.variant_id, 1, now())
        return real(self, moment)

    monkeypatch.setattr(Paygent, "new_merchant_ref", late)
    with pytest.raises(ConfirmAgain):
        desk.press(confirmation, key, token)
    assert (desk.rows(Order), desk.telegrams("020")) == ([], 0)


@pytest.mark.req("T-019")
def test_a_cart_changed_in_another_tab_asks_again(desk: Desk) -> None:
    confirmation, key = desk.confirmed()
    with desk.app.app_context(), db.write() as session:
        cart.add(session, key, desk.variant_id, 1, now())
    with pytest.raises(ConfirmAgain):
        desk.press(confirmation, key, desk.token())
    assert desk.telegrams("020") == 0
