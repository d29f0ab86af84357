"""The e-SCOTT simulator's payments: the table of states, follow-ups, cards and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from providers.escott.simulator.cards import TEST_CARDS
from providers.sandbox.practice import State
from tests.sandbox.escott_world import VISA, World, escott_world

DAY = 86_400
NEVER = "Q" * 32


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with escott_world(tmp_path) as running:
        yield running


# ---- states --------------------------------------------------------------------------------------

BEGINNINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "AUTH": ("1Auth", ()),
    "GATHERED": ("1Gathering", ()),
    "CAPTURED": ("1Auth", ("1Capture",)),
    "VOID of AUTH": ("1Auth", ("1Delete",)),
    "VOID of GATHERED": ("1Gathering", ("1Delete",)),
    "VOID of CAPTURED": ("1Auth", ("1Capture", "1Delete")),
    "CHECKED": ("1Check", ()),
}
A, S, V = State.AUTHORIZED, State.CAPTURED, State.CANCELLED
#: stage -> operation -> state it leads to; what is left out is K14
TABLE: dict[str, dict[str, State | None]] = {
    "AUTH": {"1Capture": S, "1Change": A, "1Delete": V, "1ReAuth": A, "1Search": A},
    "GATHERED": {"1Change": S, "1Delete": V, "1Search": S},
    "CAPTURED": {"1Change": S, "1Delete": V, "1Search": S},
    "VOID of AUTH": {"1ReAuth": A, "1Search": V},
    "VOID of GATHERED": {"1ReAuth": S, "1Search": V},
    "VOID of CAPTURED": {"1ReAuth": A, "1Search": V},
    "CHECKED": {"1Search": None},
}


@pytest.mark.parametrize("operation", ["1Capture", "1Change", "1Delete", "1ReAuth", "1Search"])
@pytest.mark.parametrize("stage", TABLE)
def test_the_table_of_states(world, stage, operation):
    master_operation, followed_by = BEGINNINGS[stage]
    master = world.auth(operation=master_operation)
    for step in followed_by:
        assert world.ask(step, **master.pair, SalesDate=world.today).code == "OK"
    before = world.payments()
    reply = world.ask(operation, **master.pair, SalesDate=world.today, Amount="3980")
    if operation not in TABLE[stage]:
        assert reply.code == "K14"
        assert world.payments() == before
        return
    assert reply.code == "OK"
    assert (reply.pair == master.pair) is (operation != "1ReAuth")
    if stage == "CHECKED":
        assert not world.payments()
        assert "Amount" not in reply
        return
    payment = world.payment(master["TransactionId"])
    assert payment.state == TABLE[stage][operation]
    assert payment.amount_yen == (3980 if operation in ("1Change", "1ReAuth") else 4980)
    found = world.ask("1Search", **reply.pair)
    assert found["Amount"] == str(payment.amount_yen)
    assert ("SalesDate" in found) is (State.CAPTURED in payment.history and (stage, operation) != ("VOID of CAPTURED", "1ReAuth"))


def test_the_old_pair_is_unknown_after_a_new_authorisation(world):
    master = world.auth()
    again = world.ask("1ReAuth", **master.pair, Amount="5000")
    assert len(again["ApproveNo"]) == 7
    assert world.ask("1Search", **master.pair).code == "K12"
    assert world.ask("1Capture", **again.pair, SalesDate=world.today).code == "OK"
    assert world.payment(master["TransactionId"]).history == (A, S)


def test_the_password_of_the_pair_must_match_and_a_refused_payment_has_none(world):
    master = world.auth()
    assert world.ask("1Search", ProcessId=master["ProcessId"], ProcessPass=NEVER).code == "K12"
    assert "ProcessId" not in world.auth("4980000000038261")


def test_a_change_to_the_same_amount_changes_nothing(world):
    master = world.auth()
    reply = world.ask("1Change", **master.pair, Amount="4980")
    assert (reply.code, reply.pair) == ("K23", master.pair)
    assert world.ask("1Change", **master.pair, Amount="04980").code == "K23"


def test_a_change_that_is_declined_leaves_the_old_authorisation(world):
    master = world.auth("4980000000067955")
    assert world.ask("1Change", **master.pair, Amount="10001").code == "G55"
    assert world.payment(master["TransactionId"]).amount_yen == 4980
    assert world.ask("1ReAuth", **master.pair, Amount="10001").code == "G55"
    assert world.ask("1Change", **master.pair, Amount="10000").code == "OK"
    assert world.ask("1Capture", **master.pair, SalesDate=world.today).code == "OK"
    assert world.payment(master["TransactionId"]).amount_yen == 10_000


def test_a_sale_date_may_be_past_but_not_to_come(world):
    master = world.auth()
    assert world.ask("1Capture", **master.pair, SalesDate="29991231").code == "K39"
    assert world.payment(master["TransactionId"]).state == A
    assert world.ask("1Capture", **master.pair, SalesDate="20260101").code == "OK"
    assert world.ask("1Search", **master.pair)["SalesDate"] == "20260101"


def test_an_authorisation_ends_after_sixty_days_unless_it_is_renewed(world):
    kept, lost = world.auth(), world.auth()
    world.clock.advance(59 * DAY)
    kept = world.ask("1ReAuth", **kept.pair, Amount="4980")
    world.clock.advance(2 * DAY)
    assert world.payment(lost["TransactionId"]).state == State.EXPIRED
    assert world.ask("1Capture", **lost.pair, SalesDate=world.today).code == "K14"
    assert world.ask("1Capture", **kept.pair, SalesDate=world.today).code == "OK"
    assert world.ask("1ReAuth", **lost.pair, Amount="4980").code == "OK"


def test_a_transaction_is_forgotten_after_its_months_later_with_bonus(world):
    plain, bonus = world.auth(operation="1Gathering"), world.auth(operation="1Gathering", PayType="80")
    world.clock.advance(210 * DAY)
    assert world.ask("1Search", **plain.pair).code == "OK"
    world.clock.advance(40 * DAY)
    assert [world.ask("1Search", **one.pair).code for one in (plain, bonus)] == ["K12", "OK"]
    world.clock.advance(190 * DAY)
    assert world.ask("1Search", **bonus.pair).code == "K12"


# ---- cards ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("card", [card for card in TEST_CARDS if not card.fault], ids=lambda card: card.number)
def test_every_test_card_does_what_it_says(world, card):
    reply = world.auth(card.number)
    assert reply.code == (card.code or "OK")
    assert len(world.payments()) == 1
    assert world.payment(reply["TransactionId"]).state == (A if card.booked or not card.code else State.REFUSED)
    checked = world.auth(card.number, operation="1Check")
    assert checked.code == (card.code if card.at_check else "OK")
    found = world.ask("1TokenSearch", Token=world.token(card.number))
    assert (found.code, found["TokenResponseCd"]) == ("OK", checked.code)


@pytest.mark.parametrize(
    ("number", "mode"),
    [("4980000000007050", "reset"), ("4980000000090098", "close"), ("4980000000087060", "garbage")],
)
def test_cards_whose_answer_is_lost_are_booked(world, number, mode):
    if mode == "garbage":
        assert b"ResponseCd" not in world.post_auth(number).content
    else:
        with pytest.raises(OSError):
            world.post_auth(number)
    assert [payment.state for payment in world.payments()] == [A]
    assert world.last_call().fault == mode


@pytest.mark.parametrize(
    ("number", "expiry", "pay_type", "code"),
    [
        (VISA, "2001", "01", "C13"),
        ("6011111111111117", "3012", "01", "C17"),
        ("4000000000000003", "3012", "01", "C16"),
        ("4242424242424242", "3012", "01", "OK"),
        ("378282246310005", "3012", "02", "G78"),
        ("30569309025904", "3012", "12", "G78"),
        ("30569309025904", "3012", "88", "OK"),
    ],
)
def test_what_the_number_and_the_expiry_say(world, number, expiry, pay_type, code):
    assert world.auth(Token=world.token(number, expiry=expiry), PayType=pay_type).code == code


def test_a_security_code_that_does_not_match_refuses_a_good_card(world):
    reply = world.auth(cvc="999")
    assert (reply.code, reply["McSecCd"]) == ("K40", "1")
    assert [payment.state for payment in world.payments()] == [State.REFUSED]
    assert world.auth(cvc="123")["McSecCd"] == "0"
    assert "McSecCd" not in world.auth()


def test_a_card_in_clear_with_its_assists(world):
    card = {"CardNo": VISA, "CardExp": "3012", "SecCd": "123", "KanaSei": "ﾊﾝｽﾞ", "TelNo": "1234", "BirthDay": "0229"}
    reply = world.auth(**card)
    assert {name: value for name, value in reply.items() if name.startswith("Mc")} == {
        **dict.fromkeys(("McSecCd", "McKanaSei", "McTelNo", "McBirthDay"), "0")
    }


# ---- tokens --------------------------------------------------------------------------------------


def test_a_token_is_good_for_one_message_even_if_that_is_declined(world):
    for number, operation in ((VISA, "1Auth"), (VISA, "1Check"), ("4980000000038261", "1Gathering")):
        token = world.token(number)
        assert world.ask("1TokenSearch", Token=token).code == "OK"
        world.auth(Token=token, operation=operation)
        assert world.auth(Token=token).code == "KI2"
        found = world.ask("1TokenSearch", Token=token)
        assert (found.code, found["TokenResponseCd"]) == ("OK", "KI2")


def test_a_refusal_before_the_card_was_asked_leaves_the_token(world):
    token = world.token()
    assert world.auth(Token=token, Amount="0").code == "K23"
    world.control("merchants", pay_types="01")
    assert world.auth(Token=token, PayType="12").code == "C12"
    assert world.auth(Token=token).code == "OK"


def test_a_token_lives_ten_minutes_or_as_long_as_the_switch_says(world):
    token = world.token()
    world.clock.advance(601)
    assert world.auth(Token=token).code == "KI3"
    found = world.ask("1TokenSearch", Token=token)
    assert (found.code, found["TokenResponseCd"]) == ("KI3", "KI3")
    world.control("merchants", token_seconds=3600)
    assert world.auth(Token=token).code == "OK"


def test_one_token_at_once_from_many_sides_is_charged_once(world):
    token = world.token()
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda _: world.auth(Token=token).code, range(6)))
    assert sorted(codes) == ["KI2"] * 5 + ["OK"]
    assert len(world.payments()) == 1
