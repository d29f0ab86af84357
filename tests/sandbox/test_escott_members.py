"""The e-SCOTT simulator's members: their states, who may use them, and payments made with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from providers.sandbox.practice import State
from tests.sandbox.escott_world import World, escott_world

MASTER_CARD = "5555555555554444"
DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with escott_world(tmp_path) as running:
        yield running


def test_a_member_is_registered_shown_and_charged(world):
    member = world.member()
    shown = world.ask("4MemRefM", **member)
    assert list(shown.items())[3:] == [
        ("ResponseCd", "OK"),
        ("CardNo", "4111********1111"),
        ("CardExp", "3012"),
        ("CompanyCd", "Y2"),
        ("KaiinStatus", "0"),
        ("KaiinEnableDate", world.today),
    ]
    assert len(shown["TransactionId"]) == 12
    assert world.ask("4MemRef", **member)["CardNo"] == "4111111111111111"
    assert world.auth(**member).code == world.auth(**member).code == "OK"
    assert [payment.state for payment in world.payments()] == [State.AUTHORIZED] * 2


def test_of_a_number_that_is_no_test_card_the_middle_is_not_kept(world):
    member = world.member("m1", "4242424242424242")
    clear = world.ask("4MemRef", **member)["CardNo"]
    assert (clear[:4], clear[-4:]) == ("4242", "4242")
    assert clear != "4242424242424242"
    assert clear[4:11] == "0" * 7
    assert world.auth(**member).code == "OK"


# ---- states --------------------------------------------------------------------------------------

#: KaiinStatus -> operation -> (code, status afterwards)
TABLE = {
    "0": {
        "4MemAdd": ("K69", "0"),
        "4MemChg": ("OK", "0"),
        "4MemInval": ("OK", "3"),
        "4MemUnInval": ("K73", "0"),
        "4MemDel": ("K70", "0"),
        "4MemRefM": ("OK", "0"),
        "1Auth": ("OK", "0"),
    },
    "1": {
        "4MemAdd": ("K69", "1"),
        "4MemChg": ("OK", "0"),
        "4MemInval": ("OK", "3"),
        "4MemUnInval": ("OK", "0"),
        "4MemDel": ("K70", "1"),
        "4MemRefM": ("OK", "1"),
        "1Auth": ("K75", "1"),
    },
    "2": {
        "4MemAdd": ("K69", "2"),
        "4MemChg": ("K79", "2"),
        "4MemInval": ("K79", "2"),
        "4MemUnInval": ("OK", "0"),
        "4MemDel": ("K70", "2"),
        "4MemRefM": ("OK", "2"),
        "1Auth": ("K79", "2"),
    },
    "3": {
        "4MemAdd": ("K69", "3"),
        "4MemChg": ("K75", "3"),
        "4MemInval": ("K75", "3"),
        "4MemUnInval": ("OK", "0"),
        "4MemDel": ("OK", "4"),
        "4MemRefM": ("OK", "3"),
        "1Auth": ("K75", "3"),
    },
    "4": {
        "4MemAdd": ("K69", "4"),
        "4MemChg": ("K71", "4"),
        "4MemInval": ("K71", "4"),
        "4MemUnInval": ("K71", "4"),
        "4MemDel": ("K71", "4"),
        "4MemRefM": ("OK", "4"),
        "1Auth": ("K71", "4"),
    },
}


@pytest.mark.parametrize("operation", TABLE["0"])
@pytest.mark.parametrize("status", TABLE)
def test_the_table_of_members(world, status, operation):
    member = world.member()
    if status == "4":
        world.control("cards/delete", customer=member["KaiinId"])
    else:
        world.control("members", customer=member["KaiinId"], status=status)
    fields = {"Token": world.token(MASTER_CARD)} if operation in ("4MemAdd", "4MemChg") else {}
    reply = world.auth(**member) if operation == "1Auth" else world.ask(operation, **member, **fields)
    code, afterwards = TABLE[status][operation]
    assert reply.code == code
    shown = world.ask("4MemRefM", **member)
    assert shown["KaiinStatus"] == afterwards
    assert shown["CardNo"][-4:] == ("4444" if (operation, code) == ("4MemChg", "OK") else "1111")
    assert world.card(member["KaiinId"]).alive is (afterwards != "4")


def test_to_remove_a_member_takes_two_steps(world):
    member = world.member()
    assert world.ask("4MemDel", **member).code == "K70"
    assert [world.ask(step, **member).code for step in ("4MemInval", "4MemDel")] == ["OK", "OK"]
    assert not world.card(member["KaiinId"]).alive
    assert [call.verb for call in world.simulator.books().calls[-2:]] == ["remove", "remove"]


@pytest.mark.parametrize("operation", ["4MemRefM", "4MemChg", "4MemInval", "1Auth"])
def test_the_third_wrong_password_locks_the_member(world, operation):
    member = world.member()
    wrong = member | {"KaiinPass": "wrong"}

    def ask(pair):
        fields = {"Token": world.token()} if operation == "4MemChg" else {}
        return world.auth(**pair).code if operation == "1Auth" else world.ask(operation, **pair, **fields).code

    assert [ask(wrong) for _ in range(4)] == ["K71", "K71", "K74", "K74"]
    assert world.ask("4MemRefM", **member)["KaiinStatus"] == "2"
    assert world.auth(**member).code == "K79"
    assert world.ask("4MemUnInval", **wrong).code == "K74"
    assert world.ask("4MemUnInval", **member).code == "OK"
    assert world.auth(**member).code == "OK"


def test_only_wrong_passwords_in_a_row_count_and_an_invalid_member_is_not_locked(world):
    member = world.member()
    wrong = member | {"KaiinPass": "wrong"}
    for _ in range(3):
        assert [world.ask("4MemRefM", **wrong).code for _ in range(2)] == ["K71", "K71"]
        assert world.ask("4MemRefM", **member).code == "OK"
    world.ask("4MemInval", **member)
    assert [world.ask("4MemRefM", **wrong).code for _ in range(4)] == ["K71"] * 4
    assert world.ask("4MemDel", **member).code == "OK"


def test_nobody_is_no_member(world):
    nobody = {"KaiinId": "nobody", "KaiinPass": "x"}
    assert [world.ask(f"4Mem{step}", **nobody).code for step in ("RefM", "Inval", "UnInval", "Del")] == ["K71"] * 4
    assert world.auth(**nobody).code == "K71"


def test_without_the_member_function_nothing_of_it_works(world):
    member = world.member()
    world.control("merchants", members=False)
    for operation in ("4MemAdd", "4MemChg", "4MemInval", "4MemUnInval", "4MemDel", "4MemRef", "4MemRefM"):
        token = {"Token": world.token()} if operation in ("4MemAdd", "4MemChg") else {}
        assert world.ask(operation, **member, **token).code == "K68"
    assert world.auth(**member).code == "K68"
    assert world.auth().code == "OK"


# ---- items ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("4MemAdd", {}, "K01"),
        ("4MemAdd", {"Token": "t", "CardNo": "4111111111111111", "CardExp": "3012"}, "K01"),
        ("4MemAdd", {"Token": "t", "KaiinId": "a-b", "KaiinPass": "x" * 21}, "K45|K46"),
        ("4MemAdd", {"Token": "t", "EnableCheckUseKbn": "9", "KaiinIdAutoRiyoFlg": "1"}, "K48|KIW"),
        ("4MemAdd", {"Token": "tokNEVER"}, "KHZ"),
        ("4MemAdd", {"CardNo": "4111111111111111", "CardExp": "3012", "KaiinIdAutoRiyoFlg": "0"}, "OK"),
        ("4MemChg", {}, "K01"),
        ("4MemChg", {"NewKaiinPass": "?"}, "K47"),
        ("4MemInval", {"KaiinId": None}, "K01"),
        ("4MemRefM", {"KaiinPass": None}, "K01"),
        ("4MemRefM", {"TenantId": None}, "K04"),
    ],
)
def test_what_is_wrong_with_a_request_about_a_member(world, operation, fields, code):
    pair = {"KaiinId": "new1", "KaiinPass": "secret"}
    assert world.ask(operation, **pair | fields).code == code


def test_expiry_and_password_can_be_changed_alone(world):
    member = world.member()
    assert world.ask("4MemChg", **member, CardExp="3105").code == "OK"
    assert world.ask("4MemChg", **member, CardExp="2001").code == "C13"
    assert world.ask("4MemChg", **member, NewKaiinPass="renewed").code == "OK"
    assert world.ask("4MemRefM", **member).code == "K71"
    shown = world.ask("4MemRefM", **member | {"KaiinPass": "renewed"})
    assert (shown["CardExp"], shown["CardNo"][-4:]) == ("3105", "1111")


# ---- cards ---------------------------------------------------------------------------------------


def test_a_card_that_is_not_valid_is_not_kept_and_its_token_is_spent(world):
    token = world.token("4980000000038261")
    pair = {"KaiinId": "m1", "KaiinPass": "secret"}
    assert world.ask("4MemAdd", **pair, Token=token).code == "G61"
    assert world.ask("4MemAdd", **pair, Token=token).code == "KI2"
    assert world.ask("4MemAdd", **pair, Token=world.token(cvc="999"))["McSecCd"] == "1"
    assert not world.simulator.books().cards
    assert world.ask("4MemAdd", **pair, Token=world.token(cvc="123"))["McSecCd"] == "0"
    assert world.ask("4MemChg", **pair, Token=world.token("4980000000038261")).code == "G61"
    assert world.card("m1").last_four == "1111"


def test_a_token_charges_or_registers_not_both(world):
    token = world.token()
    member = world.member("m1", Token=token)
    assert world.auth(Token=token).code == "KI2"
    assert world.auth(**member, SecCd="999").code == "K40"
    assert world.auth(**member, SecCd="123").code == "OK"


def test_test_cards_about_registering(world):
    pair = {"KaiinId": "m1", "KaiinPass": "secret"}
    assert world.auth("4980000000027025").code == "OK"
    assert world.ask("4MemAdd", **pair, Token=world.token("4980000000027025")).code == "K99"
    with pytest.raises(OSError):
        world.post("4MemAdd", **pair, Token=world.token("4980000000007027"))
    assert world.card("m1").alive
    kept = world.member("m2", "4980000000017026")
    assert world.auth("4980000000017026").code == "OK"
    assert world.auth(**kept).code == "G61"
    lost = world.member("m3", "4980000000007050")
    with pytest.raises(OSError):
        world.post_auth(**lost)
    assert world.payments()[-1].state == State.AUTHORIZED


def test_a_stored_card_can_be_declined_from_now_on_until_it_is_changed(world):
    member = world.member()
    master = world.auth(**member)
    world.control("cards/decline", customer=member["KaiinId"], code="G55")
    assert world.auth(**member).code == "G55"
    assert world.auth(operation="1Gathering", **member).code == "G55"
    assert world.ask("1Change", **master.pair, **member, Amount="5000").code == "G55"
    assert world.ask("1Capture", **master.pair, **member, SalesDate=world.today).code == "OK"
    world.ask("4MemChg", **member, Token=world.token(MASTER_CARD))
    assert world.auth(**member).code == "OK"


def test_a_stored_card_expires(world):
    member = world.member("m1", Token=world.token(expiry=world.today[2:6]))
    world.clock.advance(32 * DAY)
    assert world.auth(**member).code == "C13"
    assert world.ask("4MemRefM", **member)["KaiinStatus"] == "0"
    assert world.ask("4MemInval", **member).code == "OK"
    assert world.ask("4MemUnInval", **member).code == "C13"


# ---- follow-ups of a member's payment ------------------------------------------------------------


def follow(world, operation, **fields):
    return world.ask(operation, SalesDate=world.today, Amount="100", **fields).code


@pytest.mark.parametrize("operation", ["1Capture", "1Change", "1Delete", "1ReAuth"])
def test_follow_ups_name_the_member_that_was_charged_and_no_other(world, operation):
    member, other = world.member(), world.member("other1")
    charged, guest = world.auth(**member), world.auth()
    assert follow(world, operation, **charged.pair) == "K80"
    assert follow(world, operation, **charged.pair, KaiinId=member["KaiinId"]) == "K80"
    assert follow(world, operation, **charged.pair, **other) == "K71"
    assert follow(world, operation, **charged.pair, **member | {"KaiinPass": "wrong"}) == "K71"
    assert follow(world, operation, **guest.pair, **member) == "K81"
    assert [payment.state for payment in world.payments()] == [State.AUTHORIZED] * 2
    assert follow(world, operation, **charged.pair, **member) == "OK"


def test_a_search_needs_no_member_and_minds_none(world):
    member = world.member()
    charged, guest = world.auth(**member), world.auth()
    assert follow(world, "1Search", **charged.pair) == "OK"
    assert follow(world, "1Search", **charged.pair, **member) == "OK"
    assert follow(world, "1Search", **guest.pair, **member) == "OK"


@pytest.mark.parametrize("removed", ["invalid", "deleted"])
def test_a_payment_goes_on_with_a_member_that_was_removed(world, removed):
    member = world.member()
    charged = world.auth(**member)
    world.ask("4MemInval", **member)
    if removed == "deleted":
        world.ask("4MemDel", **member)
    assert follow(world, "1Capture", **charged.pair, **member) == "OK"
    assert world.payment(charged["TransactionId"]).state == State.CAPTURED


def test_switches_refuse_what_they_do_not_know(world):
    for switch, sent in [
        ("cards/delete", {"customer": "nobody"}),
        ("cards/delete", {}),
        ("members", {"customer": "nobody", "status": "7"}),
        ("replies", {"encoding": "morse"}),
        ("replies", {"pad": "yes"}),
        ("replies", {"colour": "red"}),
        ("merchants", {"capture_kind": "later"}),
        ("merchants", {"pay_types": "01,99"}),
    ]:
        answer = requests.post(f"{world.host}/control/escott/{switch}", json=sent, timeout=10)
        assert answer.status_code == 400, (switch, sent)
    assert "kaiin_pass" not in requests.get(f"{world.host}/control/escott/members", timeout=10).text
