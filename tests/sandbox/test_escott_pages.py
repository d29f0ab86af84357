"""The e-SCOTT simulator's pages: the console behind the shop's back, and the token endpoint of the script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from providers.escott.demo import DEMO_MERCHANT as DEMO
from providers.sandbox.practice import State
from tests.sandbox.escott_world import VISA, World, escott_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with escott_world(tmp_path) as running:
        yield running


# ---- console -------------------------------------------------------------------------------------


def press(world, handle, act):
    return requests.post(f"{world.host}/console/escott/payments/{handle}/{act}", timeout=10)


def test_the_console_lists_and_finds_by_the_shops_own_number(world):
    first = world.auth(MerchantFree1="90000600000000000001", MerchantFree2="半図太郎")["TransactionId"]
    second = world.auth("4980000000038261", MerchantFree1="90000600000000000002")["TransactionId"]
    listed = world.page()
    assert listed.index(second) < listed.index(first)
    assert "半図太郎" in listed
    assert "拒否（G61）" in listed
    assert VISA not in listed
    found = world.page("/?q=90000600000000000001")
    assert first in found
    assert second not in found
    assert second in world.page(f"/?q={second}")
    assert "取引はありません" in world.page("/?q=nothing")


def test_the_list_goes_on_on_another_page(world):
    handles = [world.auth()["TransactionId"] for _ in range(51)]
    assert handles[0] not in (first := world.page())
    assert f"before={handles[1]}" in first
    assert handles[0] in world.page(f"/?before={handles[1]}")


@pytest.mark.parametrize(
    ("operation", "act", "state"),
    [
        ("1Auth", "capture", State.CAPTURED),
        ("1Auth", "void", State.CANCELLED),
        ("1Gathering", "refund", State.CANCELLED),
    ],
)
def test_staff_act_behind_the_shops_back(world, operation, act, state):
    master = world.auth(operation=operation)
    handle = master["TransactionId"]
    assert "console" in press(world, handle, act).text
    assert world.payment(handle).state == state
    assert len(world.simulator.books().calls) == 1
    found = world.ask("1Search", **master.pair)
    assert ("SalesDate" in found) is (act != "void")
    assert world.ask("1Capture", **master.pair, SalesDate=world.today).code == "K14"


@pytest.mark.parametrize(("operation", "act"), [("1Auth", "refund"), ("1Gathering", "capture"), ("1Gathering", "void")])
def test_what_is_not_possible_is_not_done(world, operation, act):
    handle = world.auth(operation=operation)["TransactionId"]
    before = world.payment(handle)
    assert "できません" in press(world, handle, act).text
    with pytest.raises(ValueError):
        world.simulator.console_act(handle, act)
    assert world.payment(handle) == before


def test_the_console_knows_no_other_payment_and_no_other_act(world):
    assert requests.get(f"{world.host}/console/escott/payments/1", timeout=10).status_code == 404
    assert press(world, "1", "capture").status_code == 404
    assert press(world, world.auth()["TransactionId"], "change").status_code == 404
    with pytest.raises(ValueError):
        world.simulator.console_act("1", "capture")


def test_a_payments_page_shows_its_history(world):
    master = world.auth(MerchantFree1="order-1")
    world.ask("1Change", **master.pair, Amount="3980")
    page = world.page(f"/payments/{master['TransactionId']}")
    for text in ("order-1", "1Change", "4,980円", "3,980円", "4111********1111", master["ProcessId"]):
        assert text in page
    assert master["ProcessPass"] not in page


def test_members_are_listed_and_vanish_on_a_press(world):
    assert "会員はいません" in world.page("/members")
    member = world.member()
    page = world.page("/members")
    assert member["KaiinId"] in page
    assert "0 有効" in page
    assert member["KaiinPass"] not in page
    address = f"{world.host}/console/escott/members/{DEMO.merchant_id}/{member['KaiinId']}/delete"
    assert "4 会員削除" in requests.post(address, timeout=10).text
    assert not world.card(member["KaiinId"]).alive
    assert requests.post(address, timeout=10).status_code == 404


# ---- token endpoint ------------------------------------------------------------------------------


def create(world, **fields):
    card = {"k_TokenNinsyoCode": DEMO.token_code, "cardNo": VISA, "expYY": "30", "expMM": "12", "secCd": "123"}
    return requests.post(f"{world.url}/euser/stn/CreateToken.do", data=card | fields, timeout=10)


def test_the_endpoint_answers_another_origin_with_token_and_mask(world):
    answer = create(world)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    made = answer.json()
    assert made["card"] == "4111********1111"
    assert world.auth(Token=made["token"])["McSecCd"] == "0"
    assert [call.kind for call in world.simulator.books().calls] == ["token", "1Auth"]
    assert world.auth(Token=create(world, secCd="999").json()["token"]).code == "K40"


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"k_TokenNinsyoCode": ""}, "KI1"),
        ({"k_TokenNinsyoCode": "another"}, "KI1"),
        ({"cardNo": ""}, "K20"),
        ({"cardNo": "4111 1111"}, "K20"),
        ({"expYY": "2030"}, "K21"),
        ({"expMM": "13", "secCd": "1"}, "K21|K24"),
        ({"birthMM": "02", "birthDD": "30"}, "K27"),
        ({"tel4": "12"}, "K28"),
    ],
)
def test_the_endpoint_makes_no_token_of_wrong_input(world, fields, codes):
    answer = create(world, **fields)
    assert answer.json() == {"token": "", "card": "", "codes": codes}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert world.last_call().code == codes


def test_a_token_is_made_of_a_card_that_is_no_good_and_of_one_without_security_code(world):
    assert create(world, cardNo="4980000000038261").json()["token"]
    assert "McSecCd" not in world.auth(Token=create(world, secCd="").json()["token"])


def test_the_endpoint_has_its_faults(world):
    world.fault("token", "http_500")
    world.fault("token", "code", code="K98")
    assert create(world).status_code == 500
    assert create(world).json()["codes"] == "K98"
    assert create(world).json()["token"]
    assert [(call.verb, call.fault) for call in world.simulator.books().calls] == [
        ("token", "http_500"),
        ("token", "code"),
        ("token", ""),
    ]


def test_the_script_is_served(world):
    answer = requests.get(f"{world.url}/euser/stn/CdGetJavaScript.do?k_TokenNinsyoCode=x", timeout=10)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "SpsvApi" in answer.text
