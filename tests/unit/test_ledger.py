"""The fold over operations: what a payment adds up to."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract import MoneyStatus, Verb
from shop.payments.ledger import EXPIRE, Money, derive


@dataclass
class Op:
    verb: str
    state: str = "succeeded"
    amount_yen: int = 1000
    capture: bool = False
    handle: str = ""


UNSETTLED = ("intended", "sent", "parked", "unknown", "declined", "absent", "dropped", "lapsed")
MOVING = (Verb.AUTHORIZE, Verb.REAUTHORIZE, Verb.CAPTURE, Verb.VOID, Verb.REFUND, EXPIRE)
yen = st.integers(1, 9_999_999)
any_op = st.builds(Op, st.sampled_from(MOVING), st.sampled_from(("succeeded", *UNSETTLED)), yen, st.booleans())


@st.composite
def histories(draw: st.DrawFn) -> list[Op]:
    """What may happen to one payment: each step allowed by the state before, failures in between."""
    total, ops, money = draw(yen), [], Money()
    for _ in range(draw(st.integers(0, 8))):
        match money.status:
            case MoneyStatus.AUTHORIZED:
                verbs = [Verb.CAPTURE, Verb.VOID, EXPIRE, Verb.REAUTHORIZE]
            case MoneyStatus.CAPTURED:
                verbs = [Verb.REFUND]
            case MoneyStatus.VOIDED | MoneyStatus.REFUNDED | MoneyStatus.EXPIRED:
                verbs = []
            case _:
                verbs = [Verb.AUTHORIZE]
        if verbs:
            verb = draw(st.sampled_from(verbs))
            asked = draw(yen) if verb == Verb.REAUTHORIZE else total
            state = draw(st.sampled_from(("succeeded", *UNSETTLED)))
            ops.append(Op(verb, state, asked, verb == Verb.AUTHORIZE and draw(st.booleans())))
            total = asked if state == "succeeded" else total
            money = derive(ops)
    return ops


def test_nothing_happened() -> None:
    assert derive([]) == Money(MoneyStatus.CREATED, 0, 0, 0)


@given(histories())
def test_never_more_back_than_taken_and_never_more_taken_than_reserved(ops: list[Op]) -> None:
    money = derive(ops)
    assert 0 <= money.refunded_yen <= money.captured_yen <= money.authorized_yen
    assert (money.captured_yen > 0) == (money.status in (MoneyStatus.CAPTURED, MoneyStatus.REFUNDED))
    if money.status in (MoneyStatus.VOIDED, MoneyStatus.EXPIRED, MoneyStatus.DECLINED, MoneyStatus.CREATED):
        assert money.authorized_yen == 0
    if money.status == MoneyStatus.REFUNDED:
        assert money.refunded_yen == money.captured_yen


@given(st.lists(any_op, max_size=10))
def test_only_succeeded_operations_move_money(ops: list[Op]) -> None:
    money = derive(ops)
    moved = derive([op for op in ops if op.state == "succeeded"])
    assert (money.authorized_yen, money.captured_yen, money.refunded_yen) == (
        moved.authorized_yen, moved.captured_yen, moved.refunded_yen,
    )  # fmt: skip
    if any(op.state == "succeeded" for op in ops):
        assert money.status in {moved.status, MoneyStatus.CREATED, MoneyStatus.DECLINED, MoneyStatus.AWAITING_BUYER}


@given(st.lists(st.builds(Op, st.sampled_from(MOVING), st.sampled_from(UNSETTLED), yen), max_size=10))
def test_attempts_alone_are_worth_nothing(ops: list[Op]) -> None:
    money = derive(ops)
    assert (money.authorized_yen, money.captured_yen, money.refunded_yen) == (0, 0, 0)
    assert money.status in (MoneyStatus.CREATED, MoneyStatus.DECLINED, MoneyStatus.AWAITING_BUYER)


@pytest.mark.parametrize(
    ("ops", "money"),
    [
        ([Op(Verb.AUTHORIZE)], Money(MoneyStatus.AUTHORIZED, 1000)),
        ([Op(Verb.AUTHORIZE, capture=True)], Money(MoneyStatus.CAPTURED, 1000, 1000)),
        ([Op(Verb.AUTHORIZE), Op(Verb.CAPTURE)], Money(MoneyStatus.CAPTURED, 1000, 1000)),
        ([Op(Verb.AUTHORIZE), Op(Verb.VOID)], Money(MoneyStatus.VOIDED)),
        ([Op(Verb.AUTHORIZE), Op(EXPIRE)], Money(MoneyStatus.EXPIRED)),
        ([Op(Verb.AUTHORIZE), Op(Verb.CAPTURE), Op(Verb.REFUND)], Money(MoneyStatus.REFUNDED, 1000, 1000, 1000)),
        ([Op(Verb.AUTHORIZE), Op(Verb.REAUTHORIZE, amount_yen=700)], Money(MoneyStatus.AUTHORIZED, 700)),
        ([Op(Verb.AUTHORIZE), Op(Verb.REAUTHORIZE, "declined", 700)], Money(MoneyStatus.AUTHORIZED, 1000)),
        ([Op(Verb.AUTHORIZE, "declined")], Money(MoneyStatus.DECLINED)),
        ([Op(Verb.AUTHORIZE, "parked")], Money(MoneyStatus.AWAITING_BUYER)),
        ([Op(Verb.AUTHORIZE, "absent")], Money(MoneyStatus.CREATED)),
        ([Op(Verb.AUTHORIZE, "declined"), Op(Verb.AUTHORIZE)], Money(MoneyStatus.AUTHORIZED, 1000)),
        ([Op(Verb.AUTHORIZE, "declined"), Op(Verb.AUTHORIZE, "sent")], Money(MoneyStatus.CREATED)),
        ([Op(Verb.AUTHORIZE), Op(Verb.AUTHORIZE, "declined")], Money(MoneyStatus.AUTHORIZED, 1000)),
        ([Op(Verb.AUTHORIZE), Op(Verb.CAPTURE, "unknown")], Money(MoneyStatus.AUTHORIZED, 1000)),
        ([Op(Verb.AUTHORIZE), Op(Verb.CAPTURE, "declined")], Money(MoneyStatus.AUTHORIZED, 1000)),
    ],
)
def test_fold(ops: list[Op], money: Money) -> None:
    assert derive(ops) == money


def test_voiding_a_replaced_authorization_leaves_the_one_that_counts() -> None:
    """Decision 18: 取引更新 authorizes anew and then voids the old id; that is not the payment's void."""
    pair = [
        Op(Verb.AUTHORIZE, handle="old"), Op(Verb.REAUTHORIZE, amount_yen=700, handle="new"), Op(Verb.VOID, handle="old"),
    ]  # fmt: skip
    assert derive(pair) == Money(MoneyStatus.AUTHORIZED, 700)
    assert derive([*pair, Op(Verb.CAPTURE, amount_yen=700, handle="new")]) == Money(MoneyStatus.CAPTURED, 700, 700)
    assert derive([*pair, Op(Verb.VOID, handle="new")]) == Money(MoneyStatus.VOIDED)


def test_an_unknown_verb_is_an_error_not_a_guess() -> None:
    with pytest.raises(ValueError, match="moves no money"):
        derive([Op("issue_slip")])
