"""Paygent's books and switches in the words of all providers: what each status means for the money."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.paygent.simulator.books import STATES
from providers.paygent.simulator.payments import CHECKED_BAD, CHECKED_GOOD, STATUS_NAMES
from providers.paygent.simulator.simulator import VERB_OF
from providers.sandbox.practice import HOLDING, VERBS
from tests.sandbox.conftest import VISA, Receiver, World

DAY = 86_400
CARD = {"provider": "paygent", "expiry": "4001", "cvc": "123", "name": "TARO YAMADA"}


def books(world: World) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{world.url}/books.json", timeout=10).json()
    return found


def payment(world: World, reference: str = "order1") -> dict[str, Any]:
    (found,) = [each for each in books(world)["payments"] if each["reference"] == reference]
    return dict(found)


def test_every_status_of_a_payment_has_a_state() -> None:
    assert STATES.keys() == STATUS_NAMES.keys() - {CHECKED_BAD, CHECKED_GOOD}
    assert set(VERB_OF.values()) <= set(VERBS)


@pytest.mark.parametrize(
    ("kinds", "number", "history"),
    [
        ((), VISA, ["pending", "authorized"]),
        (("022",), VISA, ["pending", "authorized", "captured"]),
        (("021",), VISA, ["pending", "authorized", "cancelled"]),
        (("022", "023"), VISA, ["pending", "authorized", "captured", "cancelled"]),
        ((), "4980000000038261", ["pending", "refused"]),
        ((), "4980000000058244", ["pending"]),
        # Half done: nothing is captured yet; the provider finishes the one, only the shop the other.
        (("022",), "4980000000057022", ["pending", "authorized"]),
        (("021",), "4980000000003000", ["pending", "authorized", "cancelled"]),
        (("022", "023"), "4980000000003000", ["pending", "authorized", "captured"]),
    ],
)
def test_a_payment_in_the_words_of_all(world: World, kinds: tuple[str, ...], number: str, history: list[str]) -> None:
    world.authorise("order1", number)
    for kind in kinds:
        world.ask(kind, trading_id="order1")
    (raw,) = world.ledger("order1")["payments"]
    assert payment(world) == {
        "provider": "paygent",
        "merchant": DEMO.merchant_id,
        "reference": "order1",
        "handle": raw["payment_id"],
        "state": history[-1],
        "amount_yen": 1000,
        "history": history,
        "half_done": bool(kinds) and number != VISA,
    }


def test_what_is_over_by_itself_holds_no_money(world: World) -> None:
    world.authorise("order1")
    world.authorise("order2")
    world.ask("022", trading_id="order2")
    world.later(60 * DAY)
    assert payment(world)["state"] == "expired"
    assert payment(world, "order2")["state"] in HOLDING


def test_a_stored_card_and_its_check(world: World) -> None:
    stored = world.ask("025", customer_id="c1", card_token=world.token(), valid_check_flg="1")
    row = {
        "provider": "paygent",
        "merchant": DEMO.merchant_id,
        "customer": "c1",
        "card": stored["customer_card_id"],
        "last_four": "1111",
        "alive": True,
    }
    assert books(world)["cards"] == [row]
    assert books(world)["payments"] == []
    assert world.ledger()["payments"] != []
    world.control("paygent/cards/delete", customer="c1")
    assert books(world)["cards"] == [row | {"alive": False}]


def test_calls_tell_kind_verb_answer_and_trouble(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    world.control("faults", kind="capture", mode="http_500", provider="paygent")
    assert world.telegram("022", payment_id=payment_id).status_code == 500
    world.ask("023", payment_id=payment_id)
    names = ("kind", "verb", "reference", "code", "fault", "answered")
    assert [tuple(call[name] for name in names) for call in books(world)["calls"]] == [
        ("020", "authorize", "order1", "", "", True),
        ("022", "capture", "order1", "", "http_500", False),
        ("023", "refund", "order1", "2004", "", True),
    ]
    assert books(world)["busy"] == 0


def test_busy_while_a_request_waits(world: World) -> None:
    world.control("faults", kind="query", mode="slow", seconds=1)
    asking = threading.Thread(target=world.ask, args=("094",), kwargs={"trading_id": "order1"})
    asking.start()
    world.eventually(lambda: bool(books(world)["busy"] == 1))
    asking.join()
    assert books(world)["busy"] == 0


def test_busy_while_notices_are_on_their_way(world: World, receiver: Receiver) -> None:
    receiver.reply = (500, b"")
    world.control("notices", mode="hold")
    world.authorise("order1")
    assert books(world)["busy"] == 0
    world.control("notices", release=True)
    assert books(world)["busy"] == 1
    receiver.reply = (200, b"result=0")
    world.eventually(lambda: bool(books(world)["busy"] == 0))


def test_a_token_made_by_switch_pays(world: World) -> None:
    token = world.control("token", number="4980000000058202", **CARD)["token"]
    assert world.authorise("order1", card_token=token).code == "2001"
    world.control("paygent/merchants", merchant_id="200002", token_generate_key="another")
    other = world.control("token", number=VISA, merchant="200002", **CARD)["token"]
    assert world.authorise("order2", card_token=other).code == "2021"
    assert world.authorise("order2", card_token=other, merchant_id="200002")["result"] == "0"


def test_staff_act_by_switch(world: World) -> None:
    handle = world.authorise("order1")["payment_id"]
    for act, state in (("capture", "captured"), ("refund", "cancelled")):
        world.control("act", provider="paygent", handle=handle, act=act)
        assert payment(world)["state"] == state
    asked = {"provider": "paygent", "handle": handle, "act": "void"}
    refused = requests.post(f"{world.url}/control/act", json=asked, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "refused: 2004")


def test_notices_go_where_they_are_registered(world: World, receiver: Receiver) -> None:
    world.control("register", provider="paygent", push_url="")
    world.authorise("order1")
    world.control("register", provider="paygent", push_url=receiver.url)
    world.authorise("order2")
    world.eventually(lambda: len(receiver.received) == 1)
    assert receiver.received[0]["trading_id"] == "order2"
