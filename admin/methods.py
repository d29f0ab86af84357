"""支払方法設定 – the methods buyers pick from, their contract's credentials and the couriers they go with."""

import json
import logging
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, joinedload

from admin.blueprint import actor, blueprint
from admin.forms import ACCOUNT, METHOD, CardMethodForm, FeeMethodForm, MethodForm, card_method_form
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.delivery.models import Delivery, DeliveryPayment
from shop.payments import accounts
from shop.payments.models import PaymentMethod

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A method with its couriers, each paired [○] or not [×]."""

    method: PaymentMethod
    couriers: tuple[tuple[str, bool], ...]


@blueprint.get("/settings/payment-methods")
def payment_methods() -> str:
    """All methods in the order buyers see them."""
    session = db.session()
    query = select(PaymentMethod).options(joinedload(PaymentMethod.account))
    methods = session.scalars(query.order_by(PaymentMethod.position, PaymentMethod.id)).all()
    couriers = _couriers(session)
    rows = session.execute(select(DeliveryPayment.delivery_id, DeliveryPayment.payment_method_id))
    pairs = {(row.delivery_id, row.payment_method_id) for row in rows}
    listed = [Listed(m, tuple((name, (key, m.id) in pairs) for key, name in couriers)) for m in methods]
    return render_template("admin/payment_methods.html", listed=listed)


@blueprint.route("/settings/payment-methods/<int:method_id>", methods=["GET", "POST"])
def payment_method(method_id: int) -> ResponseReturnValue:
    """One method's form. A refused form keeps all that was typed, except secrets."""
    session = db.session()
    method = session.get(PaymentMethod, method_id, options=[joinedload(PaymentMethod.account)]) or abort(404)
    form = _form(session, method)
    if request.method == "POST" and form.validate():
        with write() as database:
            _save(database, method_id, form)
        flash(_("支払方法を保存しました。"), "good")
        return redirect(url_for("admin.payment_methods"), 303)
    page = render_template("admin/payment_method.html", method=method, form=form, notice_url=_notice_url(method))
    return page, 422 if form.errors else 200


def _notice_url(method: PaymentMethod) -> str:
    """Where the provider sends results for this method's account; from the configured address, never the Host header."""
    return accounts.notice_url(method.account) if method.account else ""


def _form(session: Session, method: PaymentMethod) -> MethodForm:
    paired = session.scalars(
        select(DeliveryPayment.delivery_id).where(DeliveryPayment.payment_method_id == method.id)
    ).all()
    values = {"name": method.name, "note": method.note, "fee_yen": method.fee_yen, "deliveries": list(paired)}
    form: MethodForm
    if method.account:
        known = accounts.current_settings(session, method.account)
        declared = accounts.provider_of(method.account).settings
        values |= {ACCOUNT + s.key: known.get(s.key, s.default) for s in declared if not s.secret}
        values |= {METHOD + key: value for key, value in accounts.method_options(method).items()}
        values["capture"] = "at_once" if method.capture_at_once else "later"
        form = card_method_form(declared, known)(data=values)
    else:
        form = FeeMethodForm(data=values)
    form.deliveries.choices = _couriers(session)
    return form


def _save(session: Session, method_id: int, form: MethodForm) -> None:
    method = session.get_one(PaymentMethod, method_id)
    method.name, method.note, method.configured = form.name.data, form.note.data, True
    if isinstance(form, CardMethodForm) and method.account_id:
        method.capture_at_once = form.capture.data == "at_once"
        method.options = json.dumps(form.settings(METHOD), ensure_ascii=False)
        accounts.save_settings(session, method.account_id, form.settings(ACCOUNT), now())
    elif isinstance(form, FeeMethodForm):
        method.fee_yen = form.fee_yen.data or 0
    session.execute(delete(DeliveryPayment).where(DeliveryPayment.payment_method_id == method_id))
    chosen = [{"delivery_id": key, "payment_method_id": method_id} for key in form.deliveries.data]
    if chosen:
        session.execute(insert(DeliveryPayment), chosen)
    log.info("payment method saved", extra={"actor": actor(), "method_id": method_id})


def _couriers(session: Session) -> list[tuple[int, str]]:
    rows = session.execute(select(Delivery.id, Delivery.admin_name).order_by(Delivery.position, Delivery.id))
    return [(row.id, row.admin_name) for row in rows]
