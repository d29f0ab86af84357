"""What an answer to a query means for an operation nobody knows the outcome of: every verb, every answer, early and late."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    QueryResult,
    RemoteState,
    Unknown,
    Unreadable,
    Verb,
)
from shop.payments.reconcile import Decision, Gone, Stuck, decide

SENT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ABSENT_AFTER = 180.0
EARLY = SENT + timedelta(seconds=179)
LATE = SENT + timedelta(seconds=180)
YEN = 3130
VERBS = (Verb.AUTHORIZE, Verb.REAUTHORIZE, Verb.CAPTURE, Verb.VOID, Verb.REFUND)


def shown(status: MoneyStatus | None, yen: int | None = YEN) -> RemoteState:
    return RemoteState("p1", "ref1", status, yen, raw_status="99", masked_card="****1111")


def decided(verb: Verb, answer: QueryResult, now: datetime, *, capture: bool = False) -> Decision:
    return decide(verb, capture, YEN, SENT, answer, now, ABSENT_AFTER)


@pytest.mark.parametrize("now", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("answer", [NotSent("x"), Unknown("x"), Unreadable(Category.CONFIGURATION, "P002")])
def test_no_readable_answer_decides_nothing(verb: Verb, answer: QueryResult, now: datetime) -> None:
    assert decided(verb, answer, now) is None


@pytest.mark.req("P-03")
@pytest.mark.parametrize("verb", VERBS)
def test_absent_is_believed_after_its_time_and_not_before(verb: Verb) -> None:
    assert decided(verb, Absent("13001"), EARLY) is None
    assert decided(verb, Absent("13001"), LATE) == Gone()


AUTH = (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)


@pytest.mark.parametrize("now", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize("capture", [False, True])
@pytest.mark.parametrize("status", AUTH)
def test_authorization_found(status: MoneyStatus, capture: bool, now: datetime) -> None:
    decision = decided(Verb.AUTHORIZE, shown(status), now, capture=capture)
    assert isinstance(decision, Approved)
    # What was asked for; what staff did on the console meanwhile is observed as their own ledger row.
    assert decision.status == (MoneyStatus.CAPTURED if capture else MoneyStatus.AUTHORIZED)
    assert (decision.handle, decision.masked_card) == ("p1", "****1111")


def test_a_new_authorization_is_found_like_the_first_one() -> None:
    for status in AUTH:
        assert decided(Verb.REAUTHORIZE, shown(status), EARLY) == decided(Verb.AUTHORIZE, shown(status), EARLY)
    assert isinstance(decided(Verb.REAUTHORIZE, shown(MoneyStatus.DECLINED), EARLY), Declined)


@pytest.mark.parametrize("yen", [YEN - 1, YEN + 1, 0, None])
@pytest.mark.parametrize("status", AUTH)
def test_authorization_whose_amount_was_changed_on_the_console_stands(status: MoneyStatus, yen: int | None) -> None:
    assert isinstance(decided(Verb.AUTHORIZE, shown(status, yen), EARLY), Approved)


@pytest.mark.parametrize("now", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize(
    ("status", "category"),
    [
        (MoneyStatus.DECLINED, Category.CARD_REFUSED),
        (MoneyStatus.VOIDED, Category.STATE_CONFLICT),
        (MoneyStatus.REFUNDED, Category.STATE_CONFLICT),
        (MoneyStatus.EXPIRED, Category.STATE_CONFLICT),
    ],
)
def test_authorization_that_does_not_stand(status: MoneyStatus, category: Category, now: datetime) -> None:
    decision = decided(Verb.AUTHORIZE, shown(status), now)
    assert isinstance(decision, Declined)
    assert decision.category == category


def test_authorization_only_applied_for() -> None:
    assert decided(Verb.AUTHORIZE, shown(MoneyStatus.CREATED), EARLY) is None
    assert decided(Verb.AUTHORIZE, shown(MoneyStatus.CREATED), LATE) == Gone()


@pytest.mark.parametrize("status", [None, MoneyStatus.AWAITING_BUYER])
def test_authorization_on_its_way(status: MoneyStatus | None) -> None:
    assert decided(Verb.AUTHORIZE, shown(status), EARLY) is None
    assert decided(Verb.AUTHORIZE, shown(status), LATE) is None


BEFORE = {Verb.CAPTURE: "authorized", Verb.VOID: "authorized", Verb.REFUND: "captured"}
AFTER = {Verb.CAPTURE: "captured", Verb.VOID: "voided", Verb.REFUND: "refunded"}
FOLLOW_UPS = tuple(AFTER)


@pytest.mark.parametrize("now", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize("verb", FOLLOW_UPS)
def test_follow_up_happened(verb: Verb, now: datetime) -> None:
    decision = decided(verb, shown(MoneyStatus(AFTER[verb])), now)
    assert isinstance(decision, Approved)
    assert decision.status == AFTER[verb]


@pytest.mark.parametrize("verb", FOLLOW_UPS)
def test_follow_up_did_not_happen(verb: Verb) -> None:
    assert decided(verb, shown(MoneyStatus(BEFORE[verb])), EARLY) is None
    assert decided(verb, shown(MoneyStatus(BEFORE[verb])), LATE) == Gone()


@pytest.mark.parametrize("verb", FOLLOW_UPS)
def test_follow_up_half_way_is_sent_again_late(verb: Verb) -> None:
    assert decided(verb, shown(None), EARLY) is None
    assert decided(verb, shown(None), LATE) == Stuck()


OTHERS = [
    (verb, status)
    for verb in FOLLOW_UPS
    for status in MoneyStatus
    if status not in (BEFORE[verb], AFTER[verb])
]  # fmt: skip


@pytest.mark.parametrize("now", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize(("verb", "status"), OTHERS)
def test_follow_up_that_can_no_longer_happen(verb: Verb, status: MoneyStatus, now: datetime) -> None:
    assert decided(verb, shown(status), now) == Declined(Category.STATE_CONFLICT, "", "99")
