"""The 3-step cart: カゴの中身 → STEP1 購入者情報入力 → STEP2 支払い方法・配送指定 → STEP3 確認画面 → STEP4 注文完了.

Each step is kept on the server before the next one opens, so going back and correcting loses nothing, and a later step
opens only while the earlier ones hold (R-107). What STEP3 shows is a confirmation like the one of the one-page checkout;
placing it is the same code.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from shop.checkout import attempts, confirm
from shop.checkout import cart as carts
from shop.checkout.cart import CartView
from shop.checkout.models import Confirmation
from shop.core import db
from shop.core.i18n import gettext as _
from shop.core.i18n import language
from shop.core.runtime import now as moment
from shop.members import with_order
from shop.payments import methods
from shop.payments.models import PaymentMethod
from shop.web import address_book, attempt, card_choice, flow, human, postal, typed
from shop.web.cart import cart_key
from shop.web.checkout_forms import Step1Form, Step2Form, Step3Form
from shop.web.choices import method_choice
from shop.web.member import current_member

blueprint = Blueprint("wizard", __name__)
blueprint.before_request(typed.other_language)

_FLOW = "steps"


@blueprint.get("/checkout/step1")
def step1() -> Any:
    """購入者情報入力, filled with what the buyer typed before."""
    cart = _cart()
    if isinstance(cart, Response):
        return cart
    return _step1_page(Step1Form(data=flow.begin(cart)), cart)


@blueprint.post("/checkout/step1")
def take_step1() -> Any:
    """次へ: keep who buys and where it goes."""
    cart = _cart()
    if isinstance(cart, Response):
        return cart
    form = Step1Form(formdata=address_book.posted())
    flow.open_registration(form, cart, _FLOW)
    if back := typed.leaving(form, cart, "wizard.step1"):
        return back
    if postal.looked_up(form):
        return _step1_page(form, cart)
    if not form.validate():
        form.ask_again()
        return _step1_page(form, cart), 422
    if human.asks():
        _keep(cart, form.cleaned(), form.registration())
        flash(human.once_more(), "changed")
        return _step1_page(form, carts.view(db.db.session(), cart_key())), 422
    _keep(cart, form.cleaned(), form.registration())
    return redirect(url_for("wizard.step2"), 303)


@blueprint.post("/checkout/step1/check")
def check_step1() -> dict[str, object]:
    """Verdicts on single fields, for the script of the page."""
    return flow.verdicts(Step1Form())


@blueprint.get("/checkout/step2")
def step2() -> Any:
    """支払い方法・配送指定, once STEP1 holds."""
    cart = _cart()
    if isinstance(cart, Response):
        return cart
    known = confirm.typed(cart)
    if not _step1_done(known, cart):
        return redirect(url_for("wizard.step1"), 303)
    return _step2_page(Step2Form(data=known), cart, known, refusal=attempt.last_refusal())


@blueprint.post("/checkout/step2")
def take_step2() -> Any:
    """次へ: fix what the buyer will see at STEP3."""
    cart = _cart()
    if isinstance(cart, Response):
        return cart
    known = confirm.typed(cart)
    form = Step2Form()
    if not _step1_done(known, cart):
        flash(_("購入者情報をご確認のうえ、もう一度お進みください。支払い方法・配送指定に入力された内容は残っています。"), "changed")
        return typed.go(form, cart, "wizard.step1")
    if back := typed.leaving(form, cart, "wizard.step2"):
        return back
    if typed.refreshed(form):
        typed.keep_so_far(form, cart)
        return _step2_page(form, cart, known)
    valid = form.validate()
    agreement = flow.agreed(form, cart, confirm.ship_prefecture(known))
    if not valid or agreement is None:
        return _step2_page(form, cart, known), 422
    values = known | form.cleaned() | {"language": language()}
    if flow.fix(_FLOW, agreement, values, _filled(Step1Form, values).advice(), _registration(known, cart)) is None:
        return _step2_page(form, cart, known), 429
    return redirect(url_for("wizard.step3"), 303)


@blueprint.post("/checkout/step2/check")
def check_step2() -> dict[str, object]:
    """Verdicts on single fields, for the script of the page."""
    return flow.verdicts(Step2Form())


@blueprint.get("/checkout/step3")
def step3() -> Any:
    """確認画面, with the card at its end; the refusal of the last attempt on top."""
    cart = _cart()
    if isinstance(cart, Response):
        return cart
    member = current_member()
    standing = confirm.standing(db.db.session(), cart, member.member_id if member else None, moment())
    if standing is None:
        return redirect(url_for("wizard.step2"), 303)
    if confirm.form_of(standing[0]).get("language") != language():
        flash(_("表示する言語が変わりました。この言語で、もう一度ご確認ください。"), "changed")
        return redirect(url_for("wizard.step2"), 303)
    form = Step3Form(formdata=None, data=card_choice.recall(cart.version))
    return _step3_page(*standing, form, refusal=attempt.last_refusal())


@blueprint.get("/checkout/place")
def step3_again() -> Response:
    """The address of a STEP3 that came back with an error, reloaded or come back to."""
    return redirect(url_for("wizard.step3"), 303)


@blueprint.post("/checkout/place")
def place() -> Any:
    """注文する. Answers with a redirect – reload and back cannot repeat it – or with STEP3 and what is wrong beside the card."""
    confirmation = confirm.find(db.db.session(), request.form.get("confirmation_token", ""), cart_key())
    if confirmation is None or confirmation.flow != _FLOW:
        return flow.press(None, {}, through=_FLOW)
    form = Step3Form()
    method = db.db.session.get_one(PaymentMethod, confirmation.payment_method_id)
    if not form.validate() or not flow.fits_instalments(form, method):
        return _step3_page(confirmation, method, form), 422
    flow.settle_card(form, method)
    card_choice.remember(confirmation.cart_version, form)
    return flow.press(confirmation, form.cleaned() | flow.brought() | {"attempt": request.form.get("attempt", "")})


def _cart() -> CartView | Response:
    """This visitor's cart, or where they belong instead: to a payment that is still open, or to an empty basket."""
    reading = db.db.session()
    cart = carts.view(reading, cart_key())
    if attempts.open_attempt(reading, cart.cart_id):
        return redirect(url_for("attempt.pending"), 303)
    return redirect(flow.emptied(), 303) if cart.is_empty else cart


def _keep(cart: CartView, values: dict[str, str], registration: str) -> None:
    assert cart.cart_id is not None
    with db.write() as writing:
        confirm.keep_typed(writing, cart.cart_id, values, registration)


def _registration(known: dict[str, str], cart: CartView) -> str:
    """会員登録 as STEP1 was left."""
    if not known.get("register_member"):
        return ""
    return with_order.pack(known["login_id"], cart.password_hash)


def _filled(kind: Any, values: dict[str, str]) -> Any:
    return kind(formdata=None, data=values)


def _step1_done(known: dict[str, str], cart: CartView) -> bool:
    """Whether STEP1 is behind a person, and what is kept of it would be accepted again – by today's rules, not by a mark that it
    once was. It came from us, so no token is asked for."""
    if not human.known():
        return False
    form = Step1Form(formdata=None, data=known, meta={"csrf": False})
    flow.open_registration(form, cart, _FLOW)
    return bool(known) and bool(form.validate())


def _step1_page(form: Step1Form, cart: CartView) -> str:
    values = form.cleaned()
    chosen = _filled(Step2Form, confirm.typed(cart))
    may_register = flow.open_registration(form, cart, _FLOW)
    offer = flow.offer(chosen, cart, confirm.ship_prefecture(values), with_card=False)
    return render_template(
        "shop/step1.html",
        form=form,
        cart=cart,
        may_register=may_register,
        addresses=address_book.offered(),
        changed=flow.flashed("changed"),
        **offer,
    )


def _step2_page(
    form: Step2Form, cart: CartView, known: dict[str, str], *, refusal: attempt.Refusal | None = None
) -> str:
    prefecture = confirm.ship_prefecture(known)
    offer = flow.offer(form, cart, prefecture, with_card=False)
    return render_template(
        "shop/step2.html",
        form=form,
        cart=cart,
        buyer=known,
        prefecture=prefecture,
        refusal=refusal,
        changed=flow.flashed("changed"),
        **offer,
    )


def _step3_page(
    confirmation: Confirmation, method: PaymentMethod, form: Step3Form, *, refusal: attempt.Refusal | None = None
) -> str:
    return render_template(
        "shop/step3.html",
        form=form,
        receipt=Markup(confirmation.snapshot),
        confirmation_token=confirmation.token,
        attempt=attempts.made(db.db.session(), confirmation) + 1,
        total_yen=confirmation.total_yen,
        method=method_choice(method, with_card=True, registering=bool(confirmation.registration)),
        authenticates=methods.authenticates(method),
        refusal=refusal,
        **flow.card_words(method),
        changed=flow.flashed("changed"),
    )
