"""What a buyer has typed so far, kept as it stands: on the ways back, into another language, and where the page is asked to reckon
again."""

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from shop.checkout import confirm
from shop.checkout.cart import CartView
from shop.core import card_numbers, db
from shop.core.i18n import LANGUAGES, choose
from shop.core.i18n import gettext as _
from shop.members import with_order
from shop.web import card_choice, coupons, human


def refreshed(form: Any) -> bool:
    """Whether 適用する was pressed in ``form``, or 配送方法を反映する, the button without script: then it is to be shown again,
    judged by nothing but its coupon – and not with a card number that was typed into a wrong field."""
    if not (request.form.get("refresh") or request.form.get("apply")):
        return False
    card_numbers.forget(form)
    return True


def keep_so_far(form: Any, cart: CartView) -> None:
    """Keep what is typed as it stands, unjudged – but for a coupon, which may be a guess –, and without choices that are not made
    yet: the page makes its own."""
    assert cart.cart_id is not None
    typed = {name: value for name, value in form.cleaned().items() if value or name not in ("delivery_id", "payment_method_id")}
    if "coupon" in form:
        typed["coupon"] = coupons.to_keep(form, cart)
    registration = form.registration_so_far() if "register_member" in form else with_order.pack("", cart.password_hash)
    with db.write() as writing:
        confirm.keep_typed(writing, cart.cart_id, typed, registration)


def other_language() -> None:
    """Before anything else of the request, for it may end at another page: the language whose button was pressed."""
    if (code := request.form.get("leave")) in LANGUAGES:
        choose(code)


def leaving(form: Any, cart: CartView, here: str) -> Response | None:
    """The way back, or to this page (``here``) in another language, by a button of the page: it keeps what was typed (U-022) – and
    no card number from a wrong field. ``None`` when another was pressed."""
    ways = {"cart": "cart.show", "step1": "wizard.step1"} | dict.fromkeys(LANGUAGES, here)
    onward = ways.get(request.form.get("leave", ""))
    if onward is None:
        return None
    human.asks()  # whoever has taken their time until here is asked nothing there
    return go(form, cart, onward)


def go(form: Any, cart: CartView, onward: str) -> Response:
    """Away from a page that was sent, with what was typed into it."""
    if card_numbers.forget(form):
        flash(_("カード番号がほかの欄に入力されていたため、消去しました。"), "changed")
    card_choice.remember_so_far(cart.version, form)
    keep_so_far(form, cart)
    return redirect(url_for(onward), 303)
