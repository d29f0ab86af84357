"""Credentials change in the middle of an order's life (P-28, R-030): it goes on under the contract it was made with."""

import pytest

from shop.core import db
from shop.core.runtime import now
from shop.orders.models import Order
from shop.payments import accounts, actions, inbox
from shop.payments.models import PaymentOperation, ProviderExchange
from tests.domain.desk import Desk, Placed, body, notice, signature
from tests.support.shop import MovableClock

OLD, NEW = "100001", "100002"
#: Another contract with the same provider: nothing of it opens what was made under the old one.
CONTRACT = {
    "merchant_id": NEW, "connect_id": "conn0002", "connect_password": "Pw2", "notice_hash_key": "the second key",
}  # fmt: skip


def rotate(desk: Desk, **changed: str) -> None:
    """The provider's side has it; staff save it in 基本設定."""
    desk.simulator.control("paygent/merchants", **changed)

    def save() -> bool:
        with db.write() as session:
            return accounts.save_settings(session, desk.account().id, changed, now())

    assert desk.call(save)


def bought(desk: Desk, merchant_id: str = NEW) -> Placed:
    """An order after the change; its token is made with the values that the form shows then."""
    return desk.placed(desk.press(*desk.confirmed(), desk.token(merchant_id=merchant_id)))


def made_under(desk: Desk, placed: Placed) -> set[str]:
    """The merchants whose books have the money, by the provider's ledger."""
    operations = desk.rows(PaymentOperation, payment_id=placed.payment_id)
    references = {operation.merchant_ref for operation in operations}
    return {each["merchant_id"] for each in desk.simulator.payments() if each["trading_id"] in references}


def asked_as(desk: Desk, placed: Placed) -> set[str]:
    """The merchants in whose name the shop spoke about an order, by the timeline."""
    told = "\n".join(row.request for row in desk.rows(ProviderExchange, payment_id=placed.payment_id))
    return {line.removeprefix("merchant_id=") for line in told.splitlines() if line.startswith("merchant_id=")}


@pytest.mark.req("P-28", "R-030")
def test_old_orders_live_on_under_the_old_contract(desk: Desk, clock: MovableClock) -> None:
    """Queried, captured, cancelled, refunded, updated and recovered – each as if nothing had changed."""
    captured, voided, refunded, changed, pending = (desk.place() for _ in range(5))
    assert desk.capture(refunded) == "done"
    desk.simulator.fault("reset", kind="020", phase="after")
    unanswered = desk.place()
    desk.simulator.fault("reset", kind="022", phase="after")
    assert desk.capture(pending) == "pending"
    rotate(desk, **CONTRACT)
    new = bought(desk)
    assert [desk.refresh(each) for each in (captured, voided, refunded, changed, new)] == ["done"] * 5
    assert desk.capture(captured) == desk.capture(new) == "done"
    assert desk.cancel(voided) == desk.cancel(refunded) == "done"
    total = changed.yen + 500
    desk.change(Order, Order.id == changed.order_id, total_yen=total)
    assert desk.call(lambda: actions.update(changed.payment_id, total, total, "staff:hana", "reauthorize").kind) == "done"
    clock.advance(60)
    desk.run("reconcile")
    old = (captured, voided, refunded, changed, pending, unanswered)
    assert [desk.payment(each).status for each in old] == [
        "captured", "voided", "refunded", "authorized", "captured", "authorized",
    ]  # fmt: skip
    assert [status for each in (captured, voided, refunded) for status, _yen in desk.remote(each)] == ["40", "32", "60"]
    assert desk.order(unanswered).state == "placed"
    for each in old:
        assert made_under(desk, each) == asked_as(desk, each) == {OLD}
    assert made_under(desk, new) == asked_as(desk, new) == {NEW}


@pytest.mark.req("P-28", "R-030")
def test_a_renewed_password_opens_the_orders_made_before_it(desk: Desk, clock: MovableClock) -> None:
    """The same contract: the provider refuses the old password from now on, for old payments as well."""
    placed, other = desk.place(), desk.place()
    rotate(desk, connect_password="renewed")
    assert desk.refresh(placed) == "done"
    assert desk.capture(placed) == desk.cancel(other) == "done"
    assert desk.capture(bought(desk, OLD)) == "done"


@pytest.mark.req("P-28", "R-030")
def test_back_under_the_first_contract(desk: Desk) -> None:
    """New contract, renewed password there, and then the old one again: each order finds its own, newest credentials."""
    first = desk.place()
    rotate(desk, **CONTRACT)
    second = bought(desk)
    rotate(desk, merchant_id=NEW, connect_password="renewed")
    rotate(desk, merchant_id=OLD, connect_id="conn0001", connect_password="third")
    third = bought(desk, OLD)
    assert [desk.capture(each) for each in (first, second, third)] == ["done"] * 3
    assert [asked_as(desk, each) for each in (first, second, third)] == [{OLD}, {NEW}, {OLD}]


@pytest.mark.req("P-28")
@pytest.mark.parametrize("pushed", [True, False], ids=["pushed", "fetched"])
def test_notices_of_the_old_contract_are_heard(desk: Desk, pushed: bool) -> None:
    placed = desk.place()
    rotate(desk, **CONTRACT)
    desk.console(placed, "capture")
    if pushed:
        fields = notice(placed, desk.payment(placed).handle, 7, "40")
        assert desk.call(inbox.receive, desk.account().key, "POST", body(fields), "", "192.0.2.7").stored
        bent = fields | {"hc": signature(fields, "a third key")}
        assert not desk.call(inbox.receive, desk.account().key, "POST", body(bent), "", "192.0.2.7").stored
    else:
        desk.run("poll_notices")
    desk.run("inbox")
    assert desk.money(placed) == ("captured", placed.yen, placed.yen, 0)


@pytest.mark.req("P-28")
def test_a_contract_the_provider_closed_is_told_and_moves_nothing(desk: Desk) -> None:
    """名義変更: the provider gives a new number and closes the old one with all its payments."""
    placed = desk.place()
    desk.simulator.control("paygent/merchants/replace", by=NEW)
    rotate(desk, merchant_id=NEW)
    new = bought(desk)
    assert desk.refresh(placed) == "refused"
    assert desk.payment(placed).remote_problem.startswith("configuration:")
    assert desk.capture(placed) == desk.cancel(placed) == "not_allowed"
    assert desk.remote(placed) == [("20", placed.yen)]
    assert desk.capture(new) == "done"
