"""What the card's side answers: validity checks and authorisations."""

from __future__ import annotations

from dataclasses import dataclass

from providers.escott.simulator import cards
from providers.escott.simulator.records import Card
from providers.sandbox.card_numbers import brand_of, check_sum
from providers.sandbox.clock import japan_time


@dataclass(frozen=True)
class Verdict:
    """No code = authorised. Some are authorised in spite of their code, and nobody is told."""

    code: str = ""
    booked: bool = False

    @property
    def holds(self) -> bool:
        return self.booked or not self.code


def verdict(card: Card, amount: int, pay_type: str, now: float, stored_code: str = "") -> Verdict:
    """Of an authorisation; ``stored_code`` is what charging it as a member's card meets."""
    known = cards.known_card(card.number)
    if stored_code:
        return Verdict(stored_code)
    if known.code:
        return Verdict(known.code, known.booked)
    if code := _flaw(card, now):
        return Verdict(code)
    if known.limit and amount > known.limit:
        return Verdict("G55")
    brand = brand_of(card.number)
    if pay_type not in cards.PAY_TYPES_OF_BRANDS.get(brand, (pay_type,)):
        return Verdict("G78")
    # The card is good, but the check that was asked for is not (protocol §3.2).
    return Verdict(_mismatch(card))


def validity(card: Card, now: float) -> str:
    """Code of a check without an amount, empty = valid."""
    known = cards.known_card(card.number)
    return (known.code if known.at_check else "") or _flaw(card, now) or _mismatch(card)


def is_expired(card: Card, now: float) -> bool:
    return card.expiry < japan_time(now).strftime("%y%m")


def _flaw(card: Card, now: float) -> str:
    if not brand_of(card.number):
        return "C17"
    if check_sum(card.number):
        return "C16"
    return "C13" if is_expired(card, now) else ""


def _mismatch(card: Card) -> str:
    return "K40" if card.security_code == cards.MISMATCH else ""
