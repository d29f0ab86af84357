"""The shapes the demo goods are written in.

Plain data without any database import, so that seeding, tests and drawings share one source.
A product without choices has exactly one variant: its name is empty and its code is the product's own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoCategory:
    """One of the four families; ``code`` is also the name of its banner scene."""

    code: str
    name: str
    name_en: str
    lead: str


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A thing that can be put into the cart, with its tax-included price and its stock."""

    code: str
    name: str
    price_yen: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A page in the shop; ``artwork`` is the key its drawing is made from."""

    code: str
    name: str
    name_kana: str
    category: str
    story: str
    story_en: str
    details: tuple[tuple[str, str], ...]
    reduced_tax: bool
    artwork: str
    variants: tuple[DemoVariant, ...]
    published: bool = True
    #: The checkout behind 「カゴに入れる」: ``zero`` or ``steps``.
    flow: str = "zero"


def single(code: str, price_yen: int, on_hand: int) -> tuple[DemoVariant, ...]:
    """The one variant of a product that comes without a choice."""
    return (DemoVariant(code, "", price_yen, on_hand),)
