"""What the buyer chose with the card – which one, in how many payments, whether to keep it – until the order stands.

It outlives a refusal, a reload and the way back, and not the order: the next one begins with the linked card again, and
with the box as the page itself would set it.
"""

from typing import Any

from flask import session

from shop.core.text import small_number

_KEY = "card_choice"
_NOTHING = {"card_source": "", "keep_card": None, "installments": "1"}


def remember(cart_version: int, form: Any) -> None:
    """Keep what a ``form`` with a card says for this basket as it is now; an order makes it another version."""
    chosen = form.cleaned()
    if chosen["card_source"] in ("new", "stored") and small_number(chosen["installments"]) is not None:
        session[_KEY] = {"cart": cart_version} | {name: chosen[name] for name in _NOTHING}


def remember_so_far(cart_version: int, form: Any) -> None:
    """The same of a form that is left as it stands, if it asks for a card at all and one is chosen."""
    if "card_source" in form and form.asked_of_the_card():
        form.card_source.data = form.card_source.data or "new"  # where there is nothing to choose
        remember(cart_version, form)


def recall(cart_version: int) -> dict[str, str | None]:
    """What was chosen for this very basket, else what a page begins with."""
    chosen = session.get(_KEY, {})
    return {name: chosen[name] for name in _NOTHING} if chosen.get("cart") == cart_version else dict(_NOTHING)
