"""The buttons of the payment box: ask first, then act. The service guards every press; this is only the counter."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.blueprint import actor, blueprint, demand
from admin.order_page import find_order, find_payment, gives_back
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.orders import cancel_request, history
from shop.orders.models import Order
from shop.payments import actions
from shop.payments.models import Payment
from shop.staff.rights import Right

ACTIONS = {"capture": actions.capture, "cancel": actions.cancel, "update": actions.update}
_TONES = {"done": "good", "refused": "bad", "pending": "wait", "not_allowed": "todo", "busy": "wait"}


@blueprint.get("/orders/<number>/payment/<verb>")
def confirm_money(number: str, verb: str) -> ResponseReturnValue:
    """What the press will do, with the amount. Nothing has happened yet (R-189)."""
    if verb not in ACTIONS:
        abort(404)
    order, payment = _order_and_payment(number)
    _ask_for_refund(verb, order, payment)
    panel = actions.panel(db.session(), payment, order.total_yen, now())
    button = next((button for button in panel.buttons if button.verb == verb), None)
    if button is None:  # the box has changed since its page was opened
        flash(_("決済状況が変わったため、この操作はいまはできません。"), "todo")
        return redirect(url_for("admin.order", number=number), 303)
    in_doubt = verb == "capture" and _in_doubt(order)
    cancel_asked = verb == "capture" and cancel_request.stands(db.session(), order, payment)
    return render_template(
        "admin/confirm_money.html", order=order, panel=panel, button=button, in_doubt=in_doubt, cancel_asked=cancel_asked
    )


@blueprint.post("/orders/<number>/payment/<verb>")
def act_on_money(number: str, verb: str) -> ResponseReturnValue:
    """Do it with the amount the page showed; a second press or a stale page is refused by the service."""
    act = ACTIONS.get(verb) or abort(404)
    amount = request.form.get("amount_yen", type=int)
    if amount is None:
        abort(400)
    order, payment = _order_and_payment(number)
    _ask_for_refund(verb, order, payment)
    arguments = (payment.id, amount, order.total_yen, actor(), request.form.get("operation", ""))
    if verb == "cancel":
        return _report(number, actions.cancel(*arguments, tell_buyer="tell_buyer" in request.form))
    if verb == "capture" and "despite_doubt" in request.form and _in_doubt(order):
        with write() as session:
            history.add_deed(session, order, actor(), _("不正利用の疑いを承知のうえで、売上確定を指示"), now())
        return _report(number, actions.capture(*arguments, despite_doubt=True))
    return _report(number, act(*arguments))


@blueprint.post("/orders/<number>/payment/refresh")
def refresh_payment(number: str) -> ResponseReturnValue:
    """決済状況を更新 – the only press that asks the provider without moving money."""
    order, payment = _order_and_payment(number)
    order_id, text = order.id, history.deed(order, _("決済状況を更新"))
    outcome = actions.refresh_for_a_person(payment.id)
    with write() as session:
        history.add(session, order_id, actor(), text, now())
    return _report(number, outcome)


def _ask_for_refund(verb: str, order: Order, payment: Payment) -> None:
    if gives_back(verb, order, payment):
        demand(Right.REFUND)


def _order_and_payment(number: str) -> tuple[Order, Payment]:
    session = db.session()
    order = find_order(session, number)
    return order, find_payment(session, order.id) or abort(404)


def _in_doubt(order: Order) -> bool:
    return order.review is not None and order.review.state == "open"


def _report(number: str, outcome: actions.Outcome) -> ResponseReturnValue:
    flash(outcome.message, _TONES[outcome.kind])
    return redirect(url_for("admin.order", number=number), 303)
