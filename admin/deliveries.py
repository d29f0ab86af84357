"""宅配便・送料計算 – couriers with a flat fee, and the payment methods each goes with."""

import logging

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from admin.blueprint import actor, blueprint
from admin.forms import DeliveryForm
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.delivery.models import Delivery, DeliveryPayment
from shop.payments.models import PaymentMethod

log = logging.getLogger(__name__)


@blueprint.get("/settings/deliveries")
def deliveries() -> str:
    """All couriers and the names of the methods paired with each."""
    session = db.session()
    couriers = session.scalars(select(Delivery).order_by(Delivery.position, Delivery.id)).all()
    paired: dict[int, list[str]] = {}
    pairs = select(DeliveryPayment.delivery_id, PaymentMethod.name).join(
        PaymentMethod, PaymentMethod.id == DeliveryPayment.payment_method_id
    )
    for delivery_id, name in session.execute(pairs.order_by(PaymentMethod.position, PaymentMethod.id)):
        paired.setdefault(delivery_id, []).append(name)
    return render_template("admin/deliveries.html", deliveries=couriers, paired=paired)


@blueprint.route("/settings/deliveries/new", methods=["GET", "POST"])
def new_delivery() -> ResponseReturnValue:
    """宅配便新規登録."""
    return _edit(None)


@blueprint.route("/settings/deliveries/<int:delivery_id>", methods=["GET", "POST"])
def delivery(delivery_id: int) -> ResponseReturnValue:
    """宅配便基本設定."""
    return _edit(db.session().get(Delivery, delivery_id) or abort(404))


def _edit(courier: Delivery | None) -> ResponseReturnValue:
    session = db.session()
    form = _form(session, courier)
    if request.method == "POST" and form.validate():
        with write() as database:
            _save(database, courier.id if courier else None, form)
        flash(_("宅配便を保存しました。"), "good")
        return redirect(url_for("admin.deliveries"), 303)
    return render_template("admin/delivery.html", delivery=courier, form=form), 422 if form.errors else 200


def _form(session: Session, courier: Delivery | None) -> DeliveryForm:
    delivery_id = courier.id if courier else None
    paired = select(DeliveryPayment.payment_method_id).where(DeliveryPayment.delivery_id == delivery_id)
    form = DeliveryForm(obj=courier, methods=list(session.scalars(paired)))
    # Only 設定済み methods can be paired.
    usable = select(PaymentMethod.id, PaymentMethod.name).where(PaymentMethod.configured)
    form.methods.choices = [
        (row.id, row.name) for row in session.execute(usable.order_by(PaymentMethod.position, PaymentMethod.id))
    ]
    return form


def _save(session: Session, delivery_id: int | None, form: DeliveryForm) -> None:
    courier = session.get_one(Delivery, delivery_id) if delivery_id else Delivery(admin_name="", name="")
    session.add(courier)
    for name in ("admin_name", "name", "fee_yen", "lead_time", "active"):
        setattr(courier, name, form[name].data)
    session.flush()
    offered = [key for key, _name in form.methods.choices]
    shown = DeliveryPayment.payment_method_id.in_(offered)
    session.execute(delete(DeliveryPayment).where(DeliveryPayment.delivery_id == courier.id, shown))
    chosen = [{"delivery_id": courier.id, "payment_method_id": key} for key in form.methods.data]
    if chosen:
        session.execute(insert(DeliveryPayment), chosen)
    log.info("courier saved", extra={"actor": actor(), "delivery_id": courier.id})
