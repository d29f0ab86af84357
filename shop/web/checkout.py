"""Zero-step 注文手続き画面: one form, one confirmation, one order."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from shop.checkout import attempts, confirm
from shop.checkout import cart as carts
from shop.checkout.cart import CartView
from shop.checkout.confirm import Agreement
from shop.core import db
from shop.payments import methods
from shop.payments.engine import engine
from shop.web import address_book, attempt, card_choice, flow, human, postal, typed
from shop.web.cart import cart_key
from shop.web.checkout_forms import CheckoutForm
from shop.web.choices import card_terms
from shop.web.paths import by_script, elsewhere

blueprint = Blueprint("checkout", __name__)
blueprint.before_request(typed.other_language)


@blueprint.get("/checkout/zero")
def zero() -> Any:
    """The form, filled with what the buyer typed before; with the refusal of the last attempt on top."""
    reading = db.db.session()
    cart = carts.view(reading, cart_key())
    if attempts.open_attempt(reading, cart.cart_id):
        return redirect(url_for("attempt.pending"))
    if cart.is_empty:
        return redirect(url_for("cart.show"))
    begun = flow.begin(cart) | card_choice.recall(cart.version)
    return _form_page(CheckoutForm(data=begun), cart, refusal=attempt.last_refusal())


@blueprint.post("/checkout/zero/confirm")
def confirm_zero() -> Any:
    """Validate; show the confirmation as a fragment for the dialog or, without script, as a page."""
    reading = db.db.session()
    cart = carts.view(reading, cart_key())
    if attempts.open_attempt(reading, cart.cart_id):
        return elsewhere(url_for("attempt.pending"))
    if cart.is_empty:
        return elsewhere(flow.emptied())
    form = CheckoutForm(formdata=address_book.posted())
    flow.open_registration(form, cart, "zero")
    if back := typed.leaving(form, cart, "checkout.zero"):
        return back
    if typed.refreshed(form) or postal.looked_up(form):
        return _form_page(form, cart)
    valid = form.validate()
    agreement = _agreed(form, cart)
    if not valid or agreement is None:
        form.ask_again()
        return _form_page(form, cart, status=422)
    if human.asks():
        return _once_more(form, cart)
    return _confirmation(form, agreement, cart)


@blueprint.get("/checkout/zero/confirm")
def confirmation_again() -> BaseResponse:
    """The address of the confirmation, reloaded or come back to: the form, filled as it was (U-023)."""
    return redirect(url_for("checkout.zero"), 303)


@blueprint.post("/checkout/zero/check")
def check_zero() -> dict[str, object]:
    """Verdicts on single fields, for the script of the page."""
    return flow.verdicts(CheckoutForm())


@blueprint.post("/checkout/zero/place")
def place_zero() -> Any:
    """Order what was confirmed. Always answers with a redirect: reload and back cannot repeat it."""
    confirmation = confirm.find(db.db.session(), request.form.get("confirmation_token", ""), cart_key())
    if confirmation is None or confirmation.flow != "zero":
        return flow.press(None, {}, through="zero")  # STEP3 asks last questions of its own
    return flow.press(confirmation, confirm.form_of(confirmation) | flow.brought())


@blueprint.get("/pay/a/<provider>/browser.js")
def browser_module(provider: str) -> Response:
    """The provider's token module, from its folder."""
    found = next((p for p in engine().registry if p.code == provider), None)
    if found is None:
        abort(404)
    return Response(found.browser_module, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def _form_page(
    form: CheckoutForm, cart: CartView, *, status: int = 200, refusal: attempt.Refusal | None = None
) -> tuple[str, int]:
    offer = flow.offer(form, cart, confirm.ship_prefecture(form.cleaned()), with_card=True)
    template = "shop/_checkout_form.html" if by_script() else "shop/checkout_zero.html"
    may_register = flow.open_registration(form, cart, "zero")
    page = render_template(template, form=form, cart=cart, may_register=may_register, addresses=address_book.offered(), refusal=refusal, changed=flow.flashed("changed"), **offer)
    return page, status


def _once_more(form: CheckoutForm, cart: CartView) -> tuple[str, int]:
    """The form again with all that was typed, a password that is good included."""
    assert cart.cart_id is not None
    registration = form.registration()
    with db.write() as writing:
        confirm.keep_typed(writing, cart.cart_id, form.cleaned(), registration)
    flash(human.once_more(), "changed")
    return _form_page(form, carts.view(db.db.session(), cart_key()), status=422)


def _agreed(form: CheckoutForm, cart: CartView) -> Agreement | None:
    agreement = flow.agreed(form, cart, confirm.ship_prefecture(form.cleaned()))
    if agreement is None or not flow.fits_instalments(form, agreement.method):
        return None
    form.card_terms.data = card_terms(agreement.method)  # as the receipt is about to say
    flow.settle_card(form, agreement.method)
    return agreement


def _confirmation(form: CheckoutForm, agreement: Agreement, cart: CartView) -> Any:
    fixed = flow.fix("zero", agreement, form.cleaned(), form.advice(), form.registration())
    if fixed is None:
        form.ask_again()
        return _form_page(form, cart, status=429)
    token, receipt = fixed
    card_choice.remember(agreement.cart.version, form)
    shape = {} if by_script() else {"page_version": True}
    panel = Markup(
        render_template(
            "shop/_confirm_panel.html", receipt=receipt, confirmation_token=token, quote=agreement.quote,
            is_card=agreement.method.kind == "card", needs_token=form.card_source.data == "new",
            authenticates=methods.authenticates(agreement.method), **shape,
        )
    )  # fmt: skip
    return panel if by_script() else render_template("shop/checkout_confirm.html", panel=panel)
