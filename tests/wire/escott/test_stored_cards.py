"""カード会員 on the wire: a member of its own for each registration, and what becomes of it."""

import re
from typing import Any

import pytest

from providers import transport
from providers.charge import CardSource
from providers.contract import Absent, Approved, Category, Declined, NotSent, Unknown, Unreadable
from providers.escott import PROVIDER, cards, client
from providers.kept_cards import CARD_BRANDS, CardList, CardRemoved, CardStored, KeptCard
from tests.wire.escott.desk import MEMBER, SEED, Desk

MEMBERS = "/escott" + client.MEMBERS
PERSON = "publicIdOfAMember00001"
CARD = KeptCard(MEMBER, "1111", "Visa", "0140")


# ---- keeping ---------------------------------------------------------------------------------------------------


@pytest.mark.req("R-150")
def test_a_card_is_kept_and_nothing_is_authorized(desk: Desk) -> None:
    token = desk.world.token(PROVIDER)
    assert desk.gateway().store_card(MEMBER, CardSource(token)) == CardStored(CARD)
    (path, added), (_, seen) = desk.sent
    settings = PROVIDER.practice_settings()
    assert path == MEMBERS
    assert added == seen | {"OperateId": "4MemAdd", "Token": token}
    assert added.items() >= {
        "MerchantId": settings["merchant_id"], "TenantId": settings["tenant_id"], "KaiinId": MEMBER,
        "KaiinPass": cards.kaiin_pass(SEED, MEMBER),
    }.items()  # fmt: skip
    assert seen["OperateId"] == "4MemRefM"
    assert desk.payments() == []


def test_a_card_that_is_kept_but_cannot_be_looked_at_is_kept(desk: Desk) -> None:
    desk.fault("4MemRefM", "close")
    assert desk.kept() == CardStored(KeptCard(MEMBER))
    assert desk.gateway().list_cards(MEMBER) == CardList((CARD,))


@pytest.mark.parametrize(
    ("number", "last_four", "brand"),
    [
        ("5555555555554444", "4444", "Mastercard"), ("3530111333300000", "0000", "JCB"),
        ("378282246310005", "0005", "American Express"), ("30569309025904", "5904", "Diners Club"),
    ],
)  # fmt: skip
def test_brand_and_end_are_read_off_the_masked_number(desk: Desk, number: str, last_four: str, brand: str) -> None:
    card = desk.kept(number=number).card
    assert (card.last_four, card.brand) == (last_four, brand)
    assert brand in CARD_BRANDS


@pytest.mark.parametrize(
    ("fields", "card"),
    [
        # EC-CUBE's capture shows a mask that hides the beginning as well.
        ({"CardNo": "************1111", "CardExp": "2812"}, KeptCard("m", "1111", "", "1228")),
        ({"CardNo": "9999********1111", "CardExp": "281"}, KeptCard("m", "1111")),
        ({"CardNo": "9999********１１１１", "CardExp": "2813"}, KeptCard("m")),
        ({"CardNo": "2221********111*", "CardExp": "２８１２"}, KeptCard("m", "", "Mastercard", "")),
        ({}, KeptCard("m")),
        ({"CardNo": "4111********1111", "CardExp": "2812", "KaiinStatus": "4"}, None),
    ],
)
def test_what_is_not_told_stays_unsaid(fields: dict[str, str], card: KeptCard | None) -> None:
    assert cards.kept(client.Answer((), fields), "m") == card


@pytest.mark.parametrize(
    ("number", "code", "category"),
    [
        ("4980000000038261", "G61", Category.CARD_REFUSED), ("4980000000078283", "G83", Category.CARD_DATA),
        ("4980000000027025", "K99", Category.OTHER),
    ],
)  # fmt: skip
def test_a_card_that_is_not_kept(desk: Desk, number: str, code: str, category: Category) -> None:
    token = CardSource(desk.world.token(PROVIDER, number))
    assert desk.gateway().store_card(MEMBER, token) == Declined(category, code)
    assert desk.gateway().list_cards(MEMBER) == CardList(())


def test_the_member_function_may_not_be_in_the_contract(desk: Desk) -> None:
    desk.world.control("escott/merchants", members=False)
    refused = Declined(Category.CONFIGURATION, "K68")
    gateway = desk.gateway()
    assert gateway.store_card(MEMBER, CardSource(desk.world.token(PROVIDER))) == refused
    assert gateway.list_cards(MEMBER) == Unreadable(Category.CONFIGURATION, "K68")
    assert gateway.remove_card(MEMBER, MEMBER) == refused
    assert PROVIDER.buyer_message(refused.category, refused.code).text == "決済処理エラーが発生しました"
    assert isinstance(gateway.authorize(desk.charge()), Approved), "orders stand all the same"


# ---- who a member is -------------------------------------------------------------------------------------------


def test_every_registration_makes_a_member_of_its_own(desk: Desk) -> None:
    """A deleted id is not usable again, and one that stands would answer K69."""
    made = [PROVIDER.customer_ref(PERSON, registration) for registration in range(1, 1000)]
    assert len(set(made)) == len(made)
    assert not set(made) & {PROVIDER.customer_ref("publicIdOfAMember00002", number) for number in range(1, 1000)}
    assert all(re.fullmatch(r"[0-9a-z]{13}", each) for each in made)
    assert PROVIDER.customer_ref(PERSON, 1) == MEMBER
    for member in made[:2]:
        desk.kept(member)
        desk.gateway().remove_card(member, member)
        refused = desk.gateway().store_card(member, CardSource(desk.world.token(PROVIDER)))
        assert refused == Declined(Category.STATE_CONFLICT, "K69")


def test_the_pass_is_made_from_the_seed_and_known_again(desk: Desk) -> None:
    passes = {(seed, member): cards.kaiin_pass(seed, member) for seed in ("s1", "s2") for member in ("m1", "m2")}
    assert len(set(passes.values())) == 4
    assert all(re.fullmatch(r"[0-9a-z]{12}", each) for each in passes.values())
    assert passes == {key: cards.kaiin_pass(*key) for key in passes}
    desk.kept()
    assert desk.gateway().list_cards(MEMBER) == CardList((CARD,))
    assert desk.gateway(seed="another account's").list_cards(MEMBER) == CardList(())


# ---- paying ----------------------------------------------------------------------------------------------------


def test_a_kept_card_is_charged_by_its_member_alone(desk: Desk) -> None:
    desk.kept()
    desk.paid(member=MEMBER)
    sent = desk.last()
    assert (sent["KaiinId"], sent["KaiinPass"]) == (MEMBER, cards.kaiin_pass(SEED, MEMBER))
    assert "Token" not in sent
    assert "KaiinPass" not in str(desk.world.books())


def test_a_kept_card_may_be_declined(desk: Desk) -> None:
    desk.kept()
    desk.world.control("escott/cards/decline", customer=MEMBER, code="G55")
    assert desk.gateway().authorize(desk.charge(member=MEMBER)) == Declined(Category.CARD_REFUSED, "G55")


@pytest.mark.req("R-140")
@pytest.mark.parametrize(("status", "code"), [("1", "K75"), ("2", "K79"), ("3", "K75"), ("gone", "K71")])
def test_a_card_that_is_gone_has_a_word_of_its_own(desk: Desk, status: str, code: str) -> None:
    desk.kept()
    if status == "gone":
        desk.world.control("escott/cards/delete", customer=MEMBER)
    else:
        desk.world.control("escott/members", customer=MEMBER, status=status)
    refused = desk.gateway().authorize(desk.charge(member=MEMBER))
    assert refused == Declined(Category.STORED_CARD_GONE, code)
    assert PROVIDER.buyer_message(Category.STORED_CARD_GONE, code).text.startswith("ご登録のクレジットカードは")


# ---- looking and removing --------------------------------------------------------------------------------------


def test_nobody_has_no_cards(desk: Desk) -> None:
    assert desk.gateway().list_cards("nobody") == CardList(())
    assert desk.gateway().remove_card("nobody", "nobody") == Absent("K71")


@pytest.mark.parametrize("settings", [{"merchant_pass": "wrong"}, {"tenant_id": "0002"}])
def test_a_refused_list_tells_nothing(desk: Desk, settings: dict[str, str]) -> None:
    desk.kept()
    listed = desk.gateway(**settings).list_cards(MEMBER)
    assert isinstance(listed, Unreadable)
    assert listed.category == Category.CONFIGURATION


def test_removing_makes_invalid_and_then_deletes(desk: Desk) -> None:
    desk.kept()
    desk.sent.clear()
    assert desk.gateway().remove_card(MEMBER, MEMBER) == CardRemoved()
    assert desk.operations() == ["4MemInval", "4MemDel"]
    assert desk.gateway().list_cards(MEMBER) == CardList(())
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Absent("K71")


def test_what_is_invalid_already_is_deleted(desk: Desk) -> None:
    desk.kept()
    desk.world.control("escott/members", customer=MEMBER, status="3")
    assert desk.gateway().remove_card(MEMBER, MEMBER) == CardRemoved()
    assert desk.operations()[-3:] == ["4MemInval", "4MemRefM", "4MemDel"]
    assert desk.codes()[-3:] == ["K75", "", ""]


def test_a_locked_member_is_left_to_the_console(desk: Desk) -> None:
    """It would have to be valid again first; the pass is ours alone, so wrong ones come from no shop."""
    desk.kept()
    desk.world.control("escott/members", customer=MEMBER, status="2")
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Declined(Category.STORED_CARD_GONE, "K79")
    assert desk.operations()[-2:] == ["4MemInval", "4MemRefM"]


@pytest.mark.parametrize("code", ["K75", "K79"])
def test_what_is_said_to_be_invalid_and_is_not_is_not_deleted(desk: Desk, code: str) -> None:
    """The code alone says too little: whether a card may go on paying is looked at."""
    desk.kept()
    desk.fault("4MemInval", "code", code=code)
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Declined(Category.STORED_CARD_GONE, code)
    assert "4MemDel" not in desk.operations()
    assert desk.gateway().list_cards(MEMBER) == CardList((CARD,))


@pytest.mark.parametrize("code", ["K03", "K97", "K12"])
def test_a_look_that_is_refused_shows_nothing(desk: Desk, code: str) -> None:
    desk.kept()
    desk.world.control("escott/members", customer=MEMBER, status="3")
    desk.fault("4MemRefM", "code", code=code)
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Declined(Category.STORED_CARD_GONE, "K75")
    assert desk.gateway().remove_card(MEMBER, MEMBER) == CardRemoved()


def test_a_look_that_is_lost_decides_nothing(desk: Desk) -> None:
    desk.kept()
    desk.world.control("escott/members", customer=MEMBER, status="3")
    desk.fault("4MemRefM", "close")
    assert isinstance(desk.gateway().remove_card(MEMBER, MEMBER), Unknown)
    assert "4MemDel" not in desk.operations()


def test_what_turns_out_to_be_deleted_is_absent(desk: Desk) -> None:
    desk.kept()
    desk.gateway().remove_card(MEMBER, MEMBER)
    desk.fault("4MemInval", "code", code="K75")
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Absent("K75")


@pytest.mark.parametrize("code", ["K03", "K99", "K71|K03"])
def test_a_refused_removal_is_none(desk: Desk, code: str) -> None:
    desk.kept()
    desk.fault("4MemInval", "code", code=code)
    refused = desk.gateway().remove_card(MEMBER, MEMBER)
    assert isinstance(refused, Declined)
    assert refused.code == code
    assert desk.gateway().list_cards(MEMBER) == CardList((CARD,))


def test_a_member_deleted_in_between_is_absent(desk: Desk) -> None:
    desk.kept()
    desk.fault("4MemDel", "code", code="K71")
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Absent("K71")


def test_a_removal_that_got_no_further_is_not_told_as_unsent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is refused after 4MemInval: the card pays no more, and is not deleted yet."""
    desk.kept()
    whole = transport.post

    def cut_off(url: str, body: bytes, *rest: Any, **more: Any) -> Any:
        return NotSent("refused") if b"OperateId=4MemDel" in body else whole(url, body, *rest, **more)

    monkeypatch.setattr(transport, "post", cut_off)
    assert desk.gateway().remove_card(MEMBER, MEMBER) == Unknown("refused")
    monkeypatch.setattr(transport, "post", whole)
    assert desk.gateway().remove_card(MEMBER, MEMBER) == CardRemoved()
