"""What a buyer has typed so far, kept as it stands: on the ways back, into another language, and where the page is asked to reckon
again."""

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from shop.checkout import confirm
from shop.checkout.cart import CartView
from shop.core import card_numbers, db
from shop.core.i18n import LANGUAGES, choose
from shop.members import with_order


def refreshed(form: Any) -> bool:
    """Whether 適用する was pressed in ``form``, or 配送方法を反映する, the button without script: then it is to be shown again,
    judged by nothing but its coupon – and not with a card number that was typed into a wrong field."""
    if not (request.form.get("refresh") or request.form.get("apply")):
        return False
    card_numbers.forget(form)
    return True


def keep_so_far(form: Any, cart: CartView) -> None:
    """Keep what is typed as it stands, unjudged, but for choices that are not made yet: the page makes its own."""
    assert cart.cart_id is not None
    typed = {name: value for name, value in form.cleaned().items() if value or name not in ("delivery_id", "payment_method_id")}
    with db.write() as writing:
        confirm.keep_typed(writing, cart.cart_id, typed, with_order.pack("", cart.password_hash))


def leaving(form: Any, cart: CartView, here: str) -> Response | None:
    """The way back, or to this page (``here``) in another language, by a button of the page: it keeps what was typed (U-022) – and
    no card number from a wrong field. ``None`` when another was pressed."""
    way = request.form.get("leave", "")
    onward = ({"cart": "cart.show", "step1": "wizard.step1"} | dict.fromkeys(LANGUAGES, here)).get(way)
    if onward is None:
        return None
    if way in LANGUAGES:
        choose(way)
    card_numbers.forget(form)
    keep_so_far(form, cart)
    return redirect(url_for(onward), 303)
