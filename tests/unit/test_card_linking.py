"""Every row of the truth table of クレジットカード紐づけ設定 (features B4)."""

import pytest

from providers.kept_cards import Linking
from shop.payments.cards.rules import After, Offer, Used, after_order, offer, will_unlink

ALWAYS, ASK, NEVER = Linking.ALWAYS, Linking.ASK, Linking.NEVER
STORED, NEW = Used.STORED, Used.NEW
LINK, UNLINK, NOTHING = After.LINK, After.UNLINK, After.NOTHING


@pytest.mark.parametrize(
    ("linking", "member", "linked", "choice", "keep"),
    [
        (ALWAYS, True, True, True, False),
        (ALWAYS, True, False, False, False),
        (ALWAYS, False, False, False, False),
        (ASK, True, True, True, True),
        (ASK, True, False, False, True),
        (ASK, False, False, False, False),
        (NEVER, True, True, True, False),
        (NEVER, True, False, False, False),
        (NEVER, False, False, False, False),
    ],
)
def test_what_a_checkout_offers(linking: Linking, member: bool, linked: bool, choice: bool, keep: bool) -> None:
    assert offer(linking, member, linked) == Offer(choice, keep)


@pytest.mark.parametrize(
    ("linking", "member", "linked", "used", "kept", "after"),
    [
        # 12-1: linked; another card replaces the old.
        (ALWAYS, True, True, STORED, False, NOTHING),
        (ALWAYS, True, True, NEW, False, LINK),
        (ALWAYS, True, False, NEW, False, LINK),
        (ALWAYS, False, False, NEW, False, NOTHING),
        # 12-2: linked exactly when the box is checked; unchecked removes an existing link, whichever card paid.
        (ASK, True, True, STORED, True, NOTHING),
        (ASK, True, True, STORED, False, UNLINK),
        (ASK, True, True, NEW, True, LINK),
        (ASK, True, True, NEW, False, UNLINK),
        (ASK, True, False, NEW, True, LINK),
        (ASK, True, False, NEW, False, NOTHING),
        (ASK, False, False, NEW, False, NOTHING),
        # 12-3: no link is left, whichever card paid.
        (NEVER, True, True, STORED, False, UNLINK),
        (NEVER, True, True, NEW, False, UNLINK),
        (NEVER, True, False, NEW, False, NOTHING),
        (NEVER, False, False, NEW, False, NOTHING),
        # A box that was not shown is not believed, whatever a forged form says.
        (NEVER, True, True, NEW, True, UNLINK),
        (NEVER, True, False, NEW, True, NOTHING),
        (ASK, False, False, NEW, True, NOTHING),
    ],
)
def test_what_a_placed_order_leaves_behind(
    linking: Linking, member: bool, linked: bool, used: Used, kept: bool, after: After
) -> None:
    assert after_order(linking, member, linked, used, kept) == after


@pytest.mark.parametrize(
    ("linking", "member", "linked", "kept", "said"),
    [
        (ALWAYS, True, True, False, False),
        (ASK, True, True, False, True),
        (ASK, True, True, True, False),
        (ASK, True, False, False, False),
        (NEVER, True, True, False, True),
        (NEVER, True, False, False, False),
        (NEVER, False, False, False, False),
    ],
)
def test_a_link_is_not_taken_away_unsaid(linking: Linking, member: bool, linked: bool, kept: bool, said: bool) -> None:
    assert will_unlink(linking, member, linked, kept) is said
