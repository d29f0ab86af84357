"""The truth table of クレジットカード紐づけ設定 (features B4; seed 001 §3-4): what a checkout offers, what an order leaves behind.

Pure. Every checkout asks here, so that no two of them can differ.
"""

from dataclasses import dataclass
from enum import StrEnum

from providers.kept_cards import Linking


class Used(StrEnum):
    """Which card an order was paid with."""

    STORED = "stored"
    NEW = "new"


class After(StrEnum):
    """What happens to a member's card once their order is placed. A failed order never changes a link (R-136)."""

    LINK = "link"
    UNLINK = "unlink"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a checkout shows at the card method, besides the card form."""

    #: The linked card or another one; the form opens with the second (R-127, R-128).
    choice: bool
    #: 「カード情報を保持し次回も利用する」 (R-131).
    keep: bool


def offer(linking: Linking, member: bool, linked: bool) -> Offer:
    """``member``: logged in. Who registers with this order is still a guest here and has nothing to choose."""
    return Offer(choice=member and linked, keep=member and linking == Linking.ASK)


def after_order(linking: Linking, member: bool, linked: bool, used: Used, kept: bool) -> After:
    """What a placed order does to the link. ``member``: logged in, or a member by this very order; ``kept``: the check box of
    :class:`Offer`, which is off where it was not shown."""
    if not member:
        return After.NOTHING
    if linking == Linking.ALWAYS or (linking == Linking.ASK and kept):
        return After.LINK if used == Used.NEW else After.NOTHING
    return After.UNLINK if linked else After.NOTHING


def will_unlink(linking: Linking, member: bool, linked: bool, kept: bool) -> bool:
    """Whether an order takes the link away, whichever card pays it: said before it happens (R-139)."""
    return after_order(linking, member, linked, Used.STORED, kept) == After.UNLINK
