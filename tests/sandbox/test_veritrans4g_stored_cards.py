"""PayNowID of the VeriTrans4G simulator: members and their stored cards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from providers.sandbox.practice import State
from providers.veritrans4g.demo import DEMO_RESONA
from tests.sandbox.veritrans4g_world import VISA, Answer, VeriTransWorld

MASTER = "5555555555554444"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


def listed(world: VeriTransWorld, account_id: str = "member-1") -> list[tuple[str, str]]:
    """Last four digits and the default's mark."""
    answer = world.ask("Get/cardinfo", world.member(account_id))
    assert answer["mstatus"] == "success"
    return [(card["cardNumber"][-4:], card["defaultCard"]) for card in answer.paynowid["account"]["cardInfo"]]


def card_id(answer: Answer) -> str:
    return str(answer.paynowid["account"]["cardInfo"][0]["cardId"])


def pay(world: VeriTransWorld, account_id: str = "member-1", card: str = "", **fields: Any) -> Answer:
    member = world.member(account_id, **({"cardId": card} if card else {}))
    return world.ask("Authorize/card", member | {"orderId": world.new_id(), "amount": "500"} | fields)


def test_life_of_a_member(world: VeriTransWorld) -> None:
    assert world.ask("Get/cardinfo", world.member("m")).outcome == ("failure", "XZ02")
    answer = world.ask("Add/account", world.member("m"))
    assert answer.outcome == ("success", "X001")
    assert (answer["orderId"], answer["serviceType"]) == ("", "account")
    assert answer.paynowid["status"] == "success"
    assert answer.paynowid["account"] == {"accountId": "m"}
    assert world.ask("Add/account", world.member("m")).outcome == ("failure", "XZ04")
    assert world.ask("Update/account", world.member("m"))["mstatus"] == "success"
    world.store("m")
    assert world.ask("Delete/account", world.member("m"))["mstatus"] == "success"
    assert [card.alive for card in world.simulator.books().cards] == [False]
    assert pay(world, "m").outcome == ("failure", "XZ02")
    gone = world.ask("Get/cardinfo", world.member("m"))
    assert (gone["merrMsg"], gone.paynowid["status"]) == ("未登録の会員です。", "failure")
    assert world.ask("Restore/account", world.member("m"))["mstatus"] == "success"
    assert listed(world, "m") == [("1111", "1")]
    with_cards = world.member("m")
    with_cards["payNowIdParam"]["accountParam"]["accountBasicParam"] = {"deleteCardInfo": "1"}
    assert world.ask("Delete/account", with_cards)["mstatus"] == "success"
    assert world.ask("Restore/account", world.member("m"))["mstatus"] == "success"
    assert listed(world, "m") == []
    assert world.ask("Restore/account", world.member("m")).outcome == ("failure", "XZ02")
    assert world.ask("Link/account", world.member("m")).outcome == ("failure", "NZ06")


def test_cards_of_a_member(world: VeriTransWorld) -> None:
    first = world.store()
    (shown,) = first.paynowid["account"]["cardInfo"]
    assert (shown["cardNumber"], shown["cardExpire"], shown["defaultCard"]) == ("411111******1111", "12/40", "1")
    assert len(shown["cardId"]) == 24
    second = world.store(number=MASTER, defaultCard="0")
    assert listed(world) == [("1111", "1"), ("4444", "0")]
    change = world.member("member-1", cardId=card_id(second), defaultCard="1")
    assert world.ask("Update/cardinfo", change)["mstatus"] == "success"
    assert listed(world) == [("1111", "0"), ("4444", "1")]
    new = world.member("member-1", cardId=card_id(first), token=world.token("3528000000000007"))
    assert world.ask("Update/cardinfo", new).paynowid["account"]["cardInfo"][0]["cardId"] == card_id(first)
    expiry = world.member("member-1", cardId=card_id(first), cardExpire="01/41")
    assert world.ask("Update/cardinfo", expiry)["mstatus"] == "success"
    one = world.ask("Get/cardinfo", world.member("member-1", cardId=card_id(first)))
    assert one.paynowid["account"]["cardInfo"][0]["cardExpire"] == "01/41"
    wrong_heir = world.member("member-1", cardId=card_id(second), defaultCardId="PC" + "9" * 22)
    assert world.ask("Delete/cardinfo", wrong_heir).outcome == ("failure", "XZ06")
    heir = world.member("member-1", cardId=card_id(second), defaultCardId=card_id(first))
    assert world.ask("Delete/cardinfo", heir)["mstatus"] == "success"
    assert listed(world) == [("0007", "1")]
    assert world.ask("Delete/cardinfo", heir).outcome == ("failure", "XZ03")
    assert [card.alive for card in world.simulator.books().cards] == [True, False]


@pytest.mark.parametrize(
    ("kind", "card", "code"),
    [
        ("Add/cardinfo", {}, "NZ10"), ("Add/cardinfo", {"token": "00000000-0000-4000-8000-000000000000"}, "OC09"),
        ("Update/cardinfo", {}, "NZ10"), ("Delete/cardinfo", {}, "NZ10"), ("Delete/cardinfo", {"cardId": "PC1"}, "XZ03"),
        ("Get/cardinfo", {"cardId": "PC1"}, "XZ03"), ("Add/cardinfo", {"defaultCard": "2"}, "NZ11"),
    ],
)  # fmt: skip
def test_requests_that_are_refused(world: VeriTransWorld, kind: str, card: dict[str, Any], code: str) -> None:
    world.ask("Add/account", world.member("member-1"))
    assert world.ask(kind, world.member("member-1", **card)).outcome == ("failure", code)
    assert world.ask(kind, {"payNowIdParam": {}}).outcome[0] == "failure"


def test_validity_check(world: VeriTransWorld) -> None:
    world.ask("Add/account", world.member("member-1"))
    for number, code in (("4980000000058202", "XZ05AG33"), ("4980000000027025", "XZ05AG33"), (VISA, "X001")):
        assert world.store(number=number).outcome[1] == code
    assert len(world.simulator.books().cards) == 1


def test_paying_with_a_stored_card(world: VeriTransWorld) -> None:
    world.store()
    other = card_id(world.store(number=MASTER, defaultCard="0"))
    answer = pay(world)
    assert answer.outcome == ("success", "A001X001")
    assert answer["reqCardNumber"] == "411111********11"
    assert answer.paynowid["account"]["accountId"] == "member-1"
    assert pay(world, card=other)["reqCardNumber"] == "555555********44"
    unknown = pay(world, card="PC" + "9" * 22, orderId="gone")
    assert (unknown.outcome, unknown.paynowid["status"]) == (("failure", "XZ03"), "failure")
    assert world.state("gone") == State.REFUSED
    assert pay(world, "nobody").outcome == ("failure", "XZ02")


def test_three_d_secure_with_a_stored_card(world: VeriTransWorld) -> None:
    world.store()
    params = world.member("member-1") | {
        "serviceOptionType": "mpi-merchant", "orderId": "s1", "amount": "100", "redirectionUri": "https://shop.example.jp/r",
    }  # fmt: skip
    began = world.ask("Authorize/mpi", params)
    world.choose(began)
    result = world.result("s1")
    assert (result["cardMstatus"], result["mpiVresultCode"]) == ("success", "G011A001X0010000")


def test_paying_and_registering_at_once(world: VeriTransWorld) -> None:
    params = world.payment(order_id="r1")
    params["payNowIdParam"] |= {"tanking": "1", "accountParam": {"accountId": "new", "cardParam": {"defaultCard": "1"}}}
    answer = world.ask("Authorize/card", params)
    assert answer.outcome == ("success", "A001X001")
    assert pay(world, "new", card_id(answer))["mstatus"] == "success"
    # Of a member that is known the card is added.
    params = world.payment(MASTER)
    params["payNowIdParam"]["accountParam"] = {"accountId": "new"}
    world.ask("Authorize/card", params)
    assert listed(world, "new") == [("1111", "0"), ("4444", "1")]


@pytest.mark.parametrize(
    ("number", "outcome", "stored"),
    [
        ("4980000000058202", ("failure", "AG33"), False), ("4980000000079000", ("pending", "AE10"), False),
        ("4980000000027025", ("success", "A001XZ05"), False), ("4980000000017026", ("success", "A001X001"), True),
    ],
)  # fmt: skip
def test_what_is_registered_with_a_payment(
    world: VeriTransWorld, number: str, outcome: tuple[str, str], stored: bool
) -> None:
    params = world.payment(number, "p1")
    params["payNowIdParam"]["accountParam"] = {"accountId": "new"}
    assert world.ask("Authorize/card", params).outcome == outcome
    assert bool(world.simulator.books().cards) == stored
    if outcome[0] == "pending":
        assert world.ask("Retry/card", world.order("p1")).outcome == ("success", "A001X001")
        assert len(world.simulator.books().cards) == 1
    if stored:
        assert pay(world, "new").outcome == ("failure", "AG61")


@pytest.mark.parametrize(("choice", "count"), [("authenticate", 1), ("refused", 0)])
def test_registering_after_three_d_secure(world: VeriTransWorld, choice: str, count: int) -> None:
    token = world.token()
    began = world.begin(payNowIdParam={"token": token, "accountParam": {"accountId": "new"}})
    assert world.simulator.books().cards == ()
    world.choose(began, choice)
    assert len(world.simulator.books().cards) == count


def test_contract_without_paynowid(world: VeriTransWorld) -> None:
    params = world.member("m") | {"orderId": "x", "amount": "100"}
    assert world.ask("Authorize/card", params, merchant=DEMO_RESONA).outcome == ("failure", "XZ01")
    assert world.ask("Add/account", world.member("m"), merchant=DEMO_RESONA).outcome == ("failure", "XZ01")
    world.store("m")
    world.control("merchants", paynowid=False)
    assert pay(world, "m").outcome == ("failure", "XZ01")
    world.control("merchants", paynowid=True)
    assert pay(world, "m")["mstatus"] == "success"


def test_a_card_vanishes_at_the_provider(world: VeriTransWorld) -> None:
    first, second = card_id(world.store()), card_id(world.store(number=MASTER))
    assert world.control("cards/delete", customer="member-1", card=second) == {"deleted": [second]}
    assert listed(world) == [("1111", "1")]
    world.control("cards/delete", 400, customer="member-1", card=second)
    assert world.control("cards/delete", customer="member-1") == {"deleted": [first]}
    assert pay(world).outcome == ("failure", "XZ03")
    world.control("cards/delete", 400)


def test_stored_but_the_answer_is_lost(world: VeriTransWorld) -> None:
    world.ask("Add/account", world.member("member-1"))
    with pytest.raises(requests.ConnectionError):
        world.store(number="4980000000007027")
    assert listed(world) == [("7027", "1")]


def test_stored_card_with_trouble_of_its_own(world: VeriTransWorld) -> None:
    world.store(number="4980000000007050")
    with pytest.raises(requests.ConnectionError):
        pay(world, orderId="lost")
    assert world.state("lost") == State.AUTHORIZED


def test_faults_of_the_stored_card_verbs(world: VeriTransWorld) -> None:
    world.ask("Add/account", world.member("member-1"))
    world.fault("store", "http_500", "after")
    params = world.member("member-1", token=world.token())
    assert world.send("Add/cardinfo", params).status_code == 500
    assert listed(world) == [("1111", "1")]
    world.fault("list", "empty")
    assert world.send("Get/cardinfo", world.member("member-1")).content == b""
    world.fault("remove", "html", "before")
    (card,) = world.simulator.books().cards
    assert "メンテナンス" in world.send("Delete/cardinfo", world.member("member-1", cardId=card.card)).text
    assert len(listed(world)) == 1


def test_console_page_of_the_cards(world: VeriTransWorld) -> None:
    base = f"{world.url}/console/veritrans4g/cards"
    assert "カードはありません" in requests.get(base, timeout=10).text
    world.store()
    (card,) = world.simulator.books().cards
    assert card.card in requests.get(base, params={"q": "member-1"}, timeout=10).text
    page = requests.post(f"{base}/{card.card}/delete", timeout=10)
    assert "削除 " in page.text
    assert world.simulator.books().cards[0].alive is False
    assert requests.post(f"{base}/PC0/delete", timeout=10).status_code == 404
