"""ご注文の照会 for who ordered without an account: order number and mail address bring a link by mail, and the link
shows the order for half an hour (U-064)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext as _l
from shop.core.runtime import now
from shop.core.text import narrow
from shop.members import links
from shop.orders import lookup
from shop.orders.models import Order
from shop.web import cancelling, human
from shop.web.account import follow_link, minutes, secret_of
from shop.web.forms import AtMost, CheckedForm, Needed, email_field, text_field
from shop.web.member_forms import too_often
from shop.web.my_orders import order_page

blueprint = Blueprint("order_lookup", __name__)

_LINK = "order"


class LookUpForm(CheckedForm):
    """What a buyer has in hand: the confirmation mail."""

    order_number = text_field(_l("注文番号"), Needed(), AtMost(40), clean=narrow)
    email = email_field()


@blueprint.get("/orders/lookup")
def show() -> str:
    """The form."""
    return _page(LookUpForm(formdata=None))


@blueprint.post("/orders/lookup")
def ask() -> ResponseReturnValue:
    """Send the link, if number and address go together. The answer is the same either way (T-039, T-050)."""
    form = LookUpForm()
    if not form.validate():
        return _page(form), 422
    if human.hurried():
        return _page(form, human.once_more(), "todo"), 422
    try:
        with write() as transaction:
            lookup.ask(transaction, form.order_number.data, form.email.data, request.remote_addr or "", now())
    except links.TooOften as error:
        return _page(form, too_often(error.until)), 429
    return render_template("shop/order_lookup_sent.html", email=form.email.data, minutes=minutes(lookup.LIFETIME))


@blueprint.get("/orders/lookup/link/<token>")
def link(token: str) -> Response:
    """The link in the mail. Its secret goes out of the address at once."""
    return follow_link(_LINK, token, "order_lookup.found")


@blueprint.get("/orders/found")
def found() -> ResponseReturnValue:
    """The order behind the link this browser opened."""
    order = _opened()
    return order_page(order, mine=False) if order else _too_late()


@blueprint.get("/orders/found/cancel")
def cancel_form() -> ResponseReturnValue:
    """キャンセルを依頼する: asks before anything is sent."""
    order = _opened()
    return cancelling.page(order, *_ways()) if order else _too_late()


@blueprint.post("/orders/found/cancel")
def ask_to_cancel() -> ResponseReturnValue:
    """Pass the request on to the shop: the same as in マイページ, for as long as the link shows the order."""
    order = _opened()
    return cancelling.take(order, *_ways()) if order else _too_late()


def _opened() -> Order | None:
    return lookup.opened(db.session(), secret_of(_LINK), now())


def _too_late() -> Response:
    flash(_("リンクの期限が切れています。お手数ですが、もう一度お申し込みください。"), "todo")
    return redirect(url_for("order_lookup.show"), 303)


def _ways() -> tuple[str, str]:
    """Where the request is sent, and the order's page."""
    return url_for("order_lookup.ask_to_cancel"), url_for("order_lookup.found")


def _page(form: LookUpForm, problem: str = "", tone: str = "bad") -> str:
    return render_template("shop/order_lookup.html", form=form, problem=problem, tone=tone)
