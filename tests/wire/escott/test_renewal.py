"""1ReAuth: the same payment once more, and the new pair that takes the place of the old one."""

import pytest

from providers.charge import Reauthorization
from providers.contract import (
    Approved,
    Category,
    Declined,
    MoneyStatus,
    Reason,
    RemoteState,
    Result,
    Snapshot,
    Unknown,
    Unreadable,
    Verb,
)
from providers.escott import PROVIDER, cards
from providers.escott.adapter import Chain
from tests.wire.escott.desk import MEMBER, SEED, Desk


def again(desk: Desk, made: Approved, yen: int = 5980) -> Result:
    asked = Reauthorization(PROVIDER.new_merchant_ref(desk.now()), yen, "", made.handle)
    return desk.gateway(made.keys).reauthorize(asked)


def renewed(desk: Desk, made: Approved, yen: int = 5980) -> Approved:
    result = again(desk, made, yen)
    assert isinstance(result, Approved)
    return result


@pytest.mark.parametrize("member", ["", MEMBER], ids=["token", "member"])
def test_a_renewal_on_the_wire(desk: Desk, member: str) -> None:
    desk.kept()
    made = desk.paid(member=member)
    _, master = desk.sent[-1]
    chain = Chain.unpacked(made.keys)
    renewed(desk, made)
    sent = desk.last()
    assert chain is not None
    assert sent == {
        **{name: master[name] for name in ("MerchantId", "MerchantPass", "TransactionDate", "MerchantFree1")},
        "OperateId": "1ReAuth", "ProcessId": chain.process_id, "ProcessPass": chain.process_pass, "Amount": "5980",
        "SalesDate": master["TransactionDate"],
        **({"KaiinId": MEMBER, "KaiinPass": cards.kaiin_pass(SEED, MEMBER)} if member else {}),
    }  # fmt: skip
    assert desk.payments() == [("authorized", 5980)]


def test_the_new_pair_takes_the_place_of_the_old_one(desk: Desk) -> None:
    made = desk.paid()
    result = renewed(desk, made)
    before, after = Chain.unpacked(made.keys), Chain.unpacked(result.keys)
    assert before is not None
    assert after is not None
    assert before.process_id != after.process_id
    assert (before.reference, before.kaiin_id) == (after.reference, after.kaiin_id)
    assert desk.gateway(made.keys).capture(made.handle, 5980) == Declined(Category.DEADLINE, "K12")
    gateway = desk.gateway(result.keys)
    assert isinstance(gateway.query(handle=result.handle), RemoteState)
    assert isinstance(gateway.change(result.handle, 3980), Approved)
    assert isinstance(gateway.capture(result.handle, 3980), Approved)
    assert desk.payments() == [("captured", 3980)]


@pytest.mark.parametrize(
    ("capture", "status", "books"), [(False, MoneyStatus.AUTHORIZED, "authorized"), (True, MoneyStatus.CAPTURED, "captured")]
)
def test_a_cancelled_payment_stands_again_as_it_began(desk: Desk, capture: bool, status: MoneyStatus, books: str) -> None:
    made = desk.paid(capture=capture)
    gateway = desk.gateway(made.keys)
    gateway.refund(made.handle, 4980) if capture else gateway.void(made.handle)
    assert desk.payments() == [("cancelled", 4980)]
    result = renewed(desk, made)
    assert (result.handle, result.status) == (made.handle, status)
    assert desk.payments() == [(books, 5980)]


def test_an_authorization_that_is_over_stands_again(desk: Desk) -> None:
    made = desk.paid()
    desk.pass_days(61)
    assert desk.gateway(made.keys).capture(made.handle, 4980) == Declined(Category.STATE_CONFLICT, "K14")
    result = renewed(desk, made, 4980)
    assert isinstance(desk.gateway(result.keys).capture(made.handle, 4980), Approved)
    assert desk.payments() == [("captured", 4980)]


def test_a_refused_renewal_leaves_everything_as_it_was(desk: Desk) -> None:
    made = desk.paid(5000, number="4980000000067955")  # good for 10,000 yen
    assert again(desk, made, 20_000) == Declined(Category.CARD_REFUSED, "G55")
    assert desk.payments() == [("authorized", 5000)]
    assert isinstance(desk.gateway(made.keys).capture(made.handle, 5000), Approved)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_renewal_is_seen_by_the_old_pair(desk: Desk, phase: str) -> None:
    """The new pair came with the answer only: once there is one, the old one is known no more."""
    made = desk.paid()
    desk.fault("1ReAuth", "close", phase)
    assert isinstance(again(desk, made), Unknown)
    state = desk.gateway(made.keys).query(handle=made.handle)
    if phase == "before":
        assert isinstance(state, RemoteState)
        assert state.amount_yen == 4980
    else:
        assert state == Unreadable(Category.DEADLINE, "K12")
    assert desk.payments() == [("authorized", 4980 if phase == "before" else 5980)]


@pytest.mark.parametrize("pair", ["", "&ProcessId=new", "&ProcessPass=secret"])
def test_a_renewal_without_a_whole_pair_proves_nothing(desk: Desk, pair: str) -> None:
    """The old pair may be worth nothing by now."""
    made = desk.paid()
    desk.answering(f"TransactionId=2&OperateId=1ReAuth&ResponseCd=OK{pair}".encode())
    assert again(desk, made) == Unknown("answer without a pair")


def test_without_a_pair_nothing_is_renewed(desk: Desk) -> None:
    assert again(desk, Approved("1", MoneyStatus.AUTHORIZED)) == Declined(Category.STATE_CONFLICT, "", "no pair")
    assert desk.sent == []


def test_keys_from_before_there_were_renewals_are_read() -> None:
    assert Chain.unpacked('["p", "q", "m", "R"]') == Chain("p", "q", "m", "R", began_as_sale=False)


@pytest.mark.parametrize("status", MoneyStatus)
@pytest.mark.parametrize("at_once", [False, True])
def test_nothing_offers_it(desk: Desk, status: MoneyStatus, at_once: bool) -> None:
    """The shop voids what was authorized before: that is the very payment which was renewed."""
    facts = Snapshot(status, 100, 200, at_once, status, 100, True, desk.now())
    verdict = PROVIDER.capabilities.verdict(Verb.REAUTHORIZE, facts, desk.now())
    assert (verdict.allowed, verdict.reason) == (False, Reason.NEVER)
    assert PROVIDER.capabilities.update_verb == Verb.CHANGE
