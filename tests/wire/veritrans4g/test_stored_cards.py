"""PayNowID against the practice provider: cards that are kept, charged, listed and removed, lost answers among them."""

import pytest

from providers.charge import CardSource
from providers.contract import Absent, Approved, Category, Declined, StoreResult, Unknown, Unreadable
from providers.kept_cards import CardList, CardRemoved, CardStored, KeptCard, StoredCardSource
from providers.payresort import PROVIDER as PAYRESORT
from providers.veritrans4g import errors
from tests.support.world import VISA
from tests.wire.veritrans4g.practice import IN_TURN, LOST, RETURN, Practice

MEMBER = "mk3v0canary"
NOT_KEPT, NOT_CHARGED, LOST_STORING = "4980000000027025", "4980000000017026", "4980000000007027"


def store(practice: Practice, number: str = VISA, **card: str) -> StoreResult:
    return practice.gateway().store_card(MEMBER, CardSource(practice.world.token(practice.product, number, **card)))


def kept(practice: Practice, number: str = VISA, **card: str) -> KeptCard:
    result = store(practice, number, **card)
    assert isinstance(result, CardStored), result
    return result.card


def listed(practice: Practice) -> tuple[KeptCard, ...]:
    result = practice.gateway().list_cards(MEMBER)
    assert isinstance(result, CardList), result
    return result.cards


def alive(practice: Practice) -> set[str]:
    return {row["card"] for row in practice.world.books()["cards"] if row["alive"]}


# ---- keeping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "last_four", "brand"),
    [
        (VISA, "1111", "Visa"), ("5555555555554444", "4444", "Mastercard"), ("3528000000000007", "0007", "JCB"),
        ("378282246310005", "0005", "American Express"), ("36666666666660", "6660", "Diners Club"),
    ],
)  # fmt: skip
def test_a_card_is_kept_and_listed(practice: Practice, number: str, last_four: str, brand: str) -> None:
    card = kept(practice, number)
    assert (card.last_four, card.brand, card.expiry) == (last_four, brand, "0140")
    assert listed(practice) == (card,)
    assert alive(practice) == {card.card_ref}
    assert practice.world.books()["payments"] == []


def test_a_second_card_of_a_member_is_the_one_in_use(practice: Practice) -> None:
    """The account is there already, which is as good as making it."""
    first, second = kept(practice), kept(practice, "5555555555554444")
    assert listed(practice) == (second, first)


def test_a_card_that_is_not_taken(practice: Practice) -> None:
    result = store(practice, NOT_KEPT)
    assert isinstance(result, Declined)
    assert result.code == "XZ05AG3300000000"
    assert listed(practice) == ()


def test_a_contract_without_paynowid(practice: Practice) -> None:
    neighbour = Practice(practice.world, PAYRESORT)
    result = store(neighbour)
    assert isinstance(result, Declined)
    assert result.code[:4] == "XZ01"
    asked = neighbour.gateway().list_cards(MEMBER)
    assert isinstance(asked, Unreadable)
    removed = neighbour.gateway().remove_card(MEMBER, "1")
    assert isinstance(removed, Declined)
    assert removed.code == asked.code


@IN_TURN.pairs("kind", ["Add/account", "Add/cardinfo"])
def test_a_lost_answer_to_keeping(practice: Practice, kind: str, mode: str) -> None:
    """The list tells whether there is a card; another token stores without harm, whatever stands already."""
    for phase in ("before", "after"):
        practice.world.fault(mode, kind, phase)
        assert isinstance(store(practice), Unknown)
        assert len(listed(practice)) == (kind == "Add/cardinfo" and phase == "after")
        practice.gateway().remove_card(MEMBER, "")
    card = kept(practice)
    assert listed(practice) == (card,)


def test_a_card_whose_own_answer_is_lost(practice: Practice) -> None:
    assert isinstance(store(practice, LOST_STORING), Unknown)
    (card,) = listed(practice)
    assert card.last_four == "7027"


# ---- listing ---------------------------------------------------------------------------------------------------------


def test_somebody_unknown_has_no_cards(practice: Practice) -> None:
    assert listed(practice) == ()
    assert practice.exchanges[-1].outcome.startswith("XZ02")


@pytest.mark.parametrize("mode", LOST)
def test_a_lost_list(practice: Practice, mode: str) -> None:
    card = kept(practice)
    practice.world.fault(mode, "Get/cardinfo")
    assert isinstance(practice.gateway().list_cards(MEMBER), Unknown)
    practice.world.fault(mode, "Get/cardinfo")
    assert isinstance(practice.gateway().remove_card(MEMBER, card.card_ref), Unknown)
    assert alive(practice) == {card.card_ref}


# ---- removing --------------------------------------------------------------------------------------------------------


def test_removing_one_card_leaves_the_other(practice: Practice) -> None:
    first, second = kept(practice), kept(practice, "5555555555554444")
    assert practice.gateway().remove_card(MEMBER, second.card_ref) == CardRemoved()
    assert listed(practice) == (first,)
    assert practice.gateway().remove_card(MEMBER, second.card_ref) == Absent()
    assert alive(practice) == {first.card_ref}


def test_removing_all_cards_leaves_a_member_who_can_keep_new_ones(practice: Practice) -> None:
    for number in (VISA, "5555555555554444", "3528000000000007"):
        kept(practice, number)
    assert practice.gateway().remove_card(MEMBER, "") == CardRemoved()
    assert listed(practice) == ()
    assert practice.gateway().remove_card(MEMBER, "") == Absent()
    card = kept(practice)
    assert alive(practice) == {card.card_ref}


def test_removing_a_card_of_somebody_unknown(practice: Practice) -> None:
    assert practice.gateway().remove_card("mnobody", "1") == Absent()
    assert practice.calls("Delete/cardinfo") == 0


@pytest.mark.parametrize("mode", LOST)
def test_a_lost_removal_is_repeated_without_harm(practice: Practice, mode: str) -> None:
    for phase, result in (("before", CardRemoved()), ("after", Absent())):
        card = kept(practice)
        practice.world.fault(mode, "Delete/cardinfo", phase)
        assert isinstance(practice.gateway().remove_card(MEMBER, card.card_ref), Unknown)
        assert practice.gateway().remove_card(MEMBER, card.card_ref) == result
        assert alive(practice) == set()


# ---- paying ----------------------------------------------------------------------------------------------------------


def test_a_kept_card_is_charged(practice: Practice) -> None:
    kept(practice)
    source = StoredCardSource(MEMBER, kept(practice, "5555555555554444").card_ref)
    charge = practice.charge(source=source)
    result = practice.gateway().authorize(charge)
    assert isinstance(result, Approved)
    assert result.masked_card == "555555********44"
    assert practice.booked(charge.merchant_ref) == ("authorized", 3130)


def test_a_kept_card_is_authenticated_and_then_charged(practice: Practice) -> None:
    """The name on the card is left out on purpose: of a kept one the provider may have none."""
    source = StoredCardSource(MEMBER, kept(practice).card_ref)
    charge, asked = practice.authenticating(source=source)
    assert '"cardholderNameOmitFlag": "true"' in practice.sent()
    result = practice.gateway().resume(charge, asked.secret, practice.walk(asked))
    assert isinstance(result, Approved)
    assert practice.booked(charge.merchant_ref) == ("authorized", 3130)


@pytest.mark.req("R-140")
@pytest.mark.parametrize("kind", ["off", "company"])
@pytest.mark.parametrize("vanished", [True, False], ids=["vanished", "never there"])
def test_a_card_that_is_gone_has_a_word_of_its_own(practice: Practice, kind: str, vanished: bool) -> None:
    card = kept(practice)
    if vanished:
        practice.spoil("cards/delete", customer=MEMBER, card=card.card_ref)
    source = StoredCardSource(MEMBER if vanished else "mnobody", card.card_ref)
    result = practice.gateway().authorize(practice.charge(source=source, options={"authentication": kind}, return_url=RETURN))
    assert isinstance(result, Declined)
    assert result.category == Category.STORED_CARD_GONE
    assert errors.buyer_message(result.category, result.code).text.startswith("ご登録のクレジットカードは")


def test_a_kept_card_that_is_refused_is_not_gone(practice: Practice) -> None:
    source = StoredCardSource(MEMBER, kept(practice, NOT_CHARGED).card_ref)
    result = practice.gateway().authorize(practice.charge(source=source))
    assert isinstance(result, Declined)
    assert result.category == Category.CARD_REFUSED
    assert len(listed(practice)) == 1
