"""Trouble on the way: what was lost is unknown and never a refusal, and what can be asked afterwards tells what happened."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.charge import CardSource, Reauthorization
from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    Recovery,
    RemoteState,
    Unknown,
    Unreadable,
    Verb,
)
from providers.escott import PROVIDER, errors
from providers.escott.capabilities import EscottCapabilities
from providers.kept_cards import CardList, CardRemoved, KeptCard
from tests.support.turns import Turns
from tests.wire.escott.desk import MEMBER, NAME, Desk

#: Answers that are none. ``wrong_charset`` is not among them: an answer is ASCII here, whatever the charset.
SPOILED = Turns(["reset", "close", "half", "garbage", "html", "http_500", "empty"], "mode", direct=True)
#: Codes that leave it open, alone and among others.
OPEN = Turns(["KH0", "K96", "C03", "KBX", "K96|G55", "G55|K98", "K22|KH0", "P51", "R01", "OK|K22", "1234"], "codes", direct=True)
CARD = KeptCard(MEMBER, "1111", "Visa", "0140")

Do = Callable[[Desk, Approved], Any]
#: Operation -> what makes the shop send it for a payment that stands, or for a member whose card is kept.
DOING: dict[str, Do] = {
    "1Auth": lambda desk, made: desk.gateway().authorize(desk.charge(100)),
    "1Gathering": lambda desk, made: desk.gateway().authorize(desk.charge(100, capture=True)),
    "1Capture": lambda desk, made: desk.gateway(made.keys).capture(made.handle, 4980),
    "1Change": lambda desk, made: desk.gateway(made.keys).change(made.handle, 5980),
    "1Delete": lambda desk, made: desk.gateway(made.keys).void(made.handle),
    "1ReAuth": lambda desk, made: desk.gateway(made.keys).reauthorize(Reauthorization("9" * 20, 5980, "", made.handle)),
    "1Search": lambda desk, made: desk.gateway(made.keys).query(handle=made.handle),
    "4MemAdd": lambda desk, made: desk.gateway().store_card("another1", CardSource(desk.world.token(PROVIDER))),
    "4MemRefM": lambda desk, made: desk.gateway().list_cards(MEMBER),
    "4MemInval": lambda desk, made: desk.gateway().remove_card(MEMBER, MEMBER),
    "4MemDel": lambda desk, made: desk.gateway().remove_card(MEMBER, MEMBER),
}
#: Operation -> the payments in the provider's books once it was executed; others move no money.
EXECUTED = {
    "1Auth": [("authorized", 4980), ("authorized", 100)],
    "1Gathering": [("authorized", 4980), ("captured", 100)],
    "1Capture": [("captured", 4980)],
    "1Change": [("authorized", 5980)],
    "1Delete": [("cancelled", 4980)],
    "1ReAuth": [("authorized", 5980)],
}
STANDS = [("authorized", 4980)]


@pytest.fixture
def made(desk: Desk) -> Approved:
    desk.kept()
    return desk.paid()


@pytest.mark.req("P-05", "R-193")
@SPOILED.cases("operation phase", [(operation, phase) for operation in DOING for phase in ("before", "after")])
def test_a_lost_answer_is_an_unknown_outcome(desk: Desk, made: Approved, operation: str, mode: str, phase: str) -> None:
    desk.fault(operation, mode, phase)
    asked = len(desk.sent)
    assert isinstance(DOING[operation](desk, made), Unknown)
    assert desk.operations()[asked:].count(operation) == 1, "no blind retry"
    assert desk.tape[-1].outcome.startswith("unknown: ")
    assert desk.tape[-1].answered is False
    assert desk.payments() == (EXECUTED.get(operation, STANDS) if phase == "after" else STANDS)


@pytest.mark.parametrize("operation", DOING)
def test_an_answer_in_another_charset_is_the_same_answer(desk: Desk, made: Approved, operation: str) -> None:
    desk.fault(operation, "wrong_charset", "after")
    assert not isinstance(DOING[operation](desk, made), Unknown)
    assert desk.tape[-1].answered


# ---- codes that leave it open ----------------------------------------------------------------------------------


def test_codes_whose_outcome_is_known() -> None:
    """What counts as ambiguous is a list on purpose: a code added or lost here changes what happens to money."""
    assert sorted(errors.AMBIGUOUS) == [
        "C02", "C03", "C98", "C99", "K96", "K98", "KBX", "KBY", "KH0", "KHW", "U07", "U08", "U95", "U96", "U99", "W03", "W06", "W99",
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["K97", "K99", "K88", "KBZ", "KHV", "C80", "G30", "G99", "U04", "W01"])
@pytest.mark.parametrize("operation", ["1Auth", "1Capture"])
def test_a_door_that_is_closed_is_no_open_outcome(desk: Desk, made: Approved, operation: str, code: str) -> None:
    """Else every order of an hour of maintenance would wait for staff to look."""
    desk.fault(operation, "code", code=code)
    refused = DOING[operation](desk, made)
    assert isinstance(refused, Declined)
    assert refused.code == code
    assert desk.payments() == STANDS


@pytest.mark.req("R-193")
@OPEN.pairs("operation", [each for each in DOING if each not in ("1Search", "4MemRefM")])
def test_a_code_that_leaves_it_open_is_an_unknown_outcome(desk: Desk, made: Approved, operation: str, codes: str) -> None:
    """Of several codes one is enough; so is a class of codes that nobody knows here, and what is no code."""
    desk.fault(operation, "code", "after", code=codes)
    assert isinstance(DOING[operation](desk, made), Unknown)
    assert desk.payments() == EXECUTED.get(operation, STANDS)


@pytest.mark.parametrize("operation", ["1Search", "4MemRefM"])
@pytest.mark.parametrize("code", ["K96", "KH0", "KBX"])
def test_a_question_so_answered_tells_nothing(desk: Desk, made: Approved, operation: str, code: str) -> None:
    desk.fault(operation, "code", code=code)
    assert DOING[operation](desk, made) == Unreadable(Category.OTHER, code)


@pytest.mark.req("R-193")
@pytest.mark.parametrize("code", sorted(errors.AMBIGUOUS))
def test_every_code_that_leaves_it_open_leaves_an_order_open(desk: Desk, code: str) -> None:
    desk.fault("1Auth", "code", "after", code=code)
    assert desk.gateway().authorize(desk.charge()) == Unknown(code)
    assert desk.payments() == STANDS


@pytest.mark.parametrize(
    ("number", "payments"),
    [
        ("4980000000067096", [("authorized", 100)]), ("4980000000079000", [("refused", 100)]),
        ("4980000000007050", [("authorized", 100)]), ("4980000000090098", [("authorized", 100)]),
        ("4980000000087060", [("authorized", 100)]),
    ],
)  # fmt: skip
def test_cards_that_lose_their_answer(desk: Desk, number: str, payments: list[tuple[str, int]]) -> None:
    assert isinstance(desk.gateway().authorize(desk.charge(100, number=number)), Unknown)
    assert desk.payments() == payments


# ---- finding out -----------------------------------------------------------------------------------------------


@pytest.mark.req("R-193")
@pytest.mark.parametrize(
    ("operation", "phase", "status", "yen"),
    [
        ("1Capture", "before", MoneyStatus.AUTHORIZED, 4980), ("1Capture", "after", MoneyStatus.CAPTURED, 4980),
        ("1Change", "before", MoneyStatus.AUTHORIZED, 4980), ("1Change", "after", MoneyStatus.AUTHORIZED, 5980),
    ],
)  # fmt: skip
def test_a_lost_follow_up_is_found_by_the_question(
    desk: Desk, made: Approved, operation: str, phase: str, status: MoneyStatus, yen: int
) -> None:
    desk.fault(operation, "close", phase)
    assert isinstance(DOING[operation](desk, made), Unknown)
    state = desk.gateway(made.keys).query(handle=made.handle)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (status, yen)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_void_is_found_by_repeating_it(desk: Desk, made: Approved, phase: str) -> None:
    desk.fault("1Delete", "close", phase)
    assert isinstance(DOING["1Delete"](desk, made), Unknown)
    repeated = DOING["1Delete"](desk, made)
    assert isinstance(repeated, Approved)
    assert repeated.status == MoneyStatus.VOIDED
    assert desk.payments() == [("cancelled", 4980)]


def test_a_lost_authorization_can_only_be_found_on_the_console(desk: Desk) -> None:
    """Our number stands there as 自由領域1, with the buyer's name beside it."""
    charge = desk.charge()
    desk.fault("1Auth", "close", "after")
    assert isinstance(desk.gateway().authorize(charge), Unknown)
    assert isinstance(desk.gateway().query(merchant_ref=charge.merchant_ref), Unreadable)
    assert desk.operations() == ["1Auth"]
    (booked,) = desk.world.books()["payments"]
    assert booked["reference"] == charge.merchant_ref
    assert desk.last()["MerchantFree2"] == NAME


@pytest.mark.parametrize(("phase", "cards"), [("before", ()), ("after", (CARD,))])
def test_a_lost_registration_is_found_among_the_cards(desk: Desk, phase: str, cards: tuple[KeptCard, ...]) -> None:
    desk.fault("4MemAdd", "close", phase)
    assert isinstance(desk.gateway().store_card(MEMBER, CardSource(desk.world.token(PROVIDER))), Unknown)
    assert desk.gateway().list_cards(MEMBER) == CardList(cards)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("operation", ["4MemInval", "4MemDel"])
def test_a_lost_removal_is_finished_by_repeating_it(desk: Desk, made: Approved, operation: str, phase: str) -> None:
    desk.fault(operation, "close", phase)
    assert isinstance(desk.gateway().remove_card(MEMBER, MEMBER), Unknown)
    gone = (operation, phase) == ("4MemDel", "after")
    assert desk.gateway().list_cards(MEMBER) == CardList(() if gone else (CARD,))
    assert desk.gateway().remove_card(MEMBER, MEMBER) == (Absent("K71") if gone else CardRemoved())
    assert desk.gateway().list_cards(MEMBER) == CardList(())


def test_what_is_declared_about_finding_out_is_what_happens_here() -> None:
    assert EscottCapabilities.recovery == {
        Verb.AUTHORIZE: Recovery.BY_CONSOLE, Verb.CAPTURE: Recovery.BY_HANDLE, Verb.CHANGE: Recovery.BY_HANDLE,
        Verb.VOID: Recovery.SAFE_REPEAT, Verb.REFUND: Recovery.SAFE_REPEAT,
    }  # fmt: skip


# ---- ways of writing the same answer ---------------------------------------------------------------------------

DIALECTS = [
    {"encoding": encoding, "pad": pad, "order": order}
    for encoding in ("raw", "percent") for pad in (False, True) for order in ("normal", "shuffled")
]  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: "-".join(map(str, dialect.values())))
def test_every_way_of_writing_an_answer_says_the_same(desk: Desk, dialect: dict[str, Any]) -> None:
    desk.world.control("escott/replies", **dialect)
    stored = desk.kept()
    made = desk.paid(member=MEMBER, name="A&B=100%+# |半図")
    gateway = desk.gateway(made.keys)
    assert stored.card == CARD
    assert isinstance(gateway.change(made.handle, 5980), Approved)
    assert isinstance(gateway.capture(made.handle, 5980), Approved)
    state = gateway.query(handle=made.handle)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.CAPTURED, 5980)
    assert gateway.remove_card(MEMBER, MEMBER) == CardRemoved()
    refused = desk.gateway(tenant_id="1", merchant_pass="").list_cards(MEMBER)
    assert refused == Unreadable(Category.CONFIGURATION, "K03")
    desk.fault("1Auth", "code", code="K22|G55")
    declined = desk.gateway().authorize(desk.charge())
    assert getattr(declined, "code", None) == "K22|G55"
