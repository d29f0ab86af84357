"""The release button of 引き当て中の在庫 (R-167): ask first, then let go."""

import logging

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from admin.blueprint import actor, blueprint
from shop.core.db import db
from shop.core.i18n import gettext as _
from shop.orders import holds
from shop.orders.models import Order
from shop.payments import testimony
from shop.payments.models import Payment

log = logging.getLogger(__name__)


@blueprint.get("/holds/<int:order_id>/release")
def confirm_release(order_id: int) -> str:
    """What letting go means. Nothing has happened yet."""
    session = db.session()
    order = session.get(Order, order_id)
    if order is None or not holds.is_open(session, order_id):
        abort(404)
    payment_id = db.session.scalar(select(Payment.id).where(Payment.order_id == order_id))
    people_look = payment_id is not None and testimony.asked(session, payment_id) is not None
    return render_template("admin/confirm_release.html", order=order, people_look=people_look)


@blueprint.post("/holds/<int:order_id>/release")
def release_hold(order_id: int) -> ResponseReturnValue:
    """Let go of an attempt whose outcome is unknown or whose buyer is away."""
    if db.session.get(Order, order_id) is None:
        abort(404)
    try:
        released = holds.let_go(order_id, actor())
    except holds.UnderWay:
        flash(_("決済会社の返事を待っているところです。少し待ってからもう一度押してください。"), "wait")
        return redirect(url_for("admin.holds"), 303)
    log.info("hold released", extra={"actor": actor(), "order_id": order_id, "released": released})
    flash(*_told(db.session.get_one(Order, order_id, populate_existing=True), released))
    return redirect(url_for("admin.holds"), 303)


def _told(order: Order, released: bool) -> tuple[str, str]:
    if order.state == "placed":
        return _("支払いの成立を確認したため、受注になりました：%(number)s", number=order.number), "good"
    if not released:
        return _("この引き当ては、すでに終わっています。"), "todo"
    return _("引き当てを解放しました。"), "good"
