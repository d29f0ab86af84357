"""メールアドレスの確認: the one step between 注文する and the card, while the shop is on its guard against card testing."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from shop.checkout import confirm
from shop.checkout.models import Confirmation
from shop.core import db
from shop.core.i18n import gettext as _
from shop.core.runtime import now as moment
from shop.core.text import narrow
from shop.payments import cardguard, stepup
from shop.web import attempt, card_limits, cart, flow
from shop.web.member import browser_key

blueprint = Blueprint("verify", __name__)


@blueprint.get("/checkout/verify")
def show() -> ResponseReturnValue:
    """Where the code is typed. Who has no press waiting – on the cart that is theirs now – belongs to their checkout."""
    waiting = stepup.waiting(db.db.session(), _browser(), moment())
    return _page(waiting) if waiting and _confirmed(waiting) else _home()


@blueprint.post("/checkout/verify")
def prove() -> ResponseReturnValue:
    """確認して注文する: with the right code the press goes on as if nothing had been between."""
    with db.write() as session:
        verdict = stepup.prove(session, _browser(), _typed(), moment())
    waiting = verdict.waiting
    if waiting is None:
        return _home()
    if verdict.word != "right":
        return _page(waiting, _refusal(waiting)), 422
    return flow.press(_confirmed(waiting), waiting.press, through=cart.current().flow)


@blueprint.post("/checkout/verify/resend")
def resend() -> ResponseReturnValue:
    """番号をもう一度送る."""
    try:
        with db.write() as session:
            sent = stepup.send_again(session, _browser(), _range(), moment())
    except stepup.TooManyCodes as error:
        flash(card_limits.too_many_codes(error.until), "verify")
    else:
        if sent:
            flash(_("新しい番号をお送りしました。前の番号は使えません。"), "verify")
    return redirect(url_for("verify.show"), 303)


def _confirmed(waiting: stepup.Waiting) -> Confirmation | None:
    return confirm.find(db.db.session(), waiting.confirmation, cart.cart_key())


def _home() -> Response:
    return redirect(url_for(attempt.HOME[cart.current().flow]), 303)


def _browser() -> str:
    return cardguard.session_key(browser_key())


def _range() -> str:
    return cardguard.address_range(request.remote_addr or "")


def _typed() -> str:
    """As it was typed or pasted, in any width and with any blanks."""
    return "".join(narrow(request.form.get("mail_code", "")).split())


def _refusal(waiting: stepup.Waiting) -> str:
    if not waiting.left:
        return _("この番号はもう使えません。「番号をもう一度送る」を押して、新しい番号を入力してください。")
    return _("番号が違います。あと%(left)s回入力できます。", left=waiting.left)


def _page(waiting: stepup.Waiting, error: str = "") -> str:
    minutes = int(stepup.CODE_LIFE.total_seconds() // 60)
    return render_template("shop/checkout_verify.html", waiting=waiting, error=error, minutes=minutes)
