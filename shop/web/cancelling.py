"""キャンセルを依頼する: one page for members and guests, whose order it is being known already."""

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField

from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext as _l
from shop.core.runtime import now
from shop.core.text import clean_lines
from shop.orders import cancel_request, own
from shop.orders.models import Order
from shop.web.forms import AtMost, CheckedForm


class CancelForm(CheckedForm):
    """Why, if the buyer likes to say so."""

    reason = TextAreaField(_l("理由"), validators=[AtMost(200)], filters=[lambda typed: clean_lines(typed or "")])


def page(order: Order, way: str, back: str) -> ResponseReturnValue:
    """Ask, with a form to ``way``. An order that has nothing to ask about any more says so itself, at ``back``."""
    session = db.session()
    if not cancel_request.is_open(order, own.payment(session, order)) or cancel_request.was_made(session, order):
        return redirect(back, 303)
    return _form(CancelForm(formdata=None), order, way, back)


def take(order: Order, way: str, back: str) -> ResponseReturnValue:
    """Pass the request on; the order's page says that it stands."""
    form = CancelForm()
    if not form.validate():
        return _form(form, order, way, back), 422
    order_id = order.id
    with write() as transaction:
        stands = cancel_request.make(transaction, order_id, form.reason.data, now())
    if not stands:
        flash(_("ご注文の状況が変わったため、キャンセルのご依頼を受け付けられませんでした。店までご連絡ください。"), "todo")
    return redirect(back, 303)


def _form(form: CancelForm, order: Order, way: str, back: str) -> str:
    return render_template("shop/cancel_request.html", form=form, order=order, way=way, back=back)
