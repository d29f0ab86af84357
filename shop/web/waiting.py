"""The way back to the waiting page from the mail about an outcome that is still open: in any browser, without a session
(U-041). Who opens it may have the provider asked; to give the attempt up is for the browser that made it."""

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from shop.core.db import db
from shop.core.runtime import now
from shop.orders import waiting
from shop.orders.models import Order
from shop.web import attempt
from shop.web.account import follow_link, secret_of

blueprint = Blueprint("waiting", __name__)

_LINK = "waiting"


@blueprint.get("/checkout/waiting/link/<token>")
def link(token: str) -> Response:
    """The link in the mail. Its secret goes out of the address at once."""
    return follow_link(_LINK, token, "waiting.show")


@blueprint.get("/checkout/waiting")
def show() -> ResponseReturnValue:
    """The waiting page. Leads on by itself, like the one of the browser that ordered – which belongs there."""
    order = _opened()
    if order is not None and session.get("attempt") == order.id:
        return redirect(url_for("attempt.pending"), 303)
    if order is None or order.state == "lapsed":
        return redirect(url_for("waiting.over"), 303)
    if order.state == "placed":
        return redirect(attempt.onward(order.id), 303)
    minutes_left = attempt.minutes_left(order.id)
    return render_template("shop/checkout_pending.html", order=order, issuer_url="", minutes_left=minutes_left, own=False)


@blueprint.post("/checkout/waiting/check")
def check() -> ResponseReturnValue:
    """決済状況を確認する, as on the browser's own page and counted with it."""
    order = _opened()
    if order is not None and order.state == "draft":
        flash(attempt.ask(order), "pending")
    return redirect(url_for("waiting.show"), 303)


@blueprint.get("/checkout/waiting/over")
def over() -> ResponseReturnValue:
    """Nothing is waited for: why the attempt came to nothing, or that the link's time is over."""
    order = _opened()
    if order is not None and order.state != "lapsed":
        return redirect(url_for("waiting.show"), 303)
    refusal = attempt.refusal(order) if order else None
    return render_template("shop/waiting_over.html", refusal=refusal), 200 if refusal else 410


def _opened() -> Order | None:
    return waiting.opened(db.session(), secret_of(_LINK), now())
