"""支払方法設定 – what is on the list (使用決済), and what can be put on it (基本決済, 他社連携)."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete
from sqlalchemy.orm import Session

from admin.blueprint import blueprint
from admin.log import note
from providers.contract import N_
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now
from shop.delivery import service as delivery
from shop.delivery.models import DeliveryPayment
from shop.payments import methods
from shop.payments.engine import engine
from shop.payments.models import PaymentMethod

TABS = {
    "used": lazy_gettext("使用決済"),
    "basic": lazy_gettext("基本決済"),
    "linked": lazy_gettext("他社連携"),
}
_STEPS = {"up": -1, "down": 1}
_OFFERS: dict[str, Callable[[Session], list[methods.Offer]]] = {"basic": methods.basic, "linked": methods.linked}


@dataclass(frozen=True, slots=True)
class Listed:
    """A method with its couriers, each paired [○] or not [×]."""

    method: PaymentMethod
    system_name: str
    couriers: tuple[tuple[str, bool], ...]

    @property
    def hidden(self) -> bool:
        """Set, but paired with nothing: no buyer sees it (W11)."""
        return self.method.configured and not any(paired for _name, paired in self.couriers)


@blueprint.get("/settings/payment-methods")
def payment_methods() -> str:
    """One of the three tabs; 使用決済 first."""
    tab = request.args.get("tab", "used")
    if tab not in TABS:
        abort(404)
    session = db.session()
    if tab == "used":
        return render_template("admin/payment_methods.html", tabs=TABS, tab=tab, listed=_listed(session))
    return render_template("admin/payment_offers.html", tabs=TABS, tab=tab, offers=_OFFERS[tab](session))


def _listed(session: Session) -> list[Listed]:
    couriers, pairs = delivery.all_of(session), delivery.pairs(session)
    return [
        Listed(m, methods.system_name(m), tuple((c.admin_name, (c.id, m.id) in pairs) for c in couriers))
        for m in methods.listed(session)
    ]


@blueprint.post("/settings/payment-methods/add")
def add_payment_method() -> ResponseReturnValue:
    """リストに追加. A second press finds it there and adds nothing."""
    tab, key = request.form.get("tab", ""), request.form.get("key", "")
    with write() as session:
        offer = next((o for o in _offers(session, tab) if o.key == key), None) or abort(404)
        if not offer.listed:
            method = _add(session, tab, key)
            note(session, N_("支払方法「%(name)s」をリストに追加"), name=method.name)
    flash(_("「%(name)s」をリストに追加しました。「未設定」を押して設定してください。", name=_(offer.name)), "good")
    return redirect(url_for("admin.payment_methods"), 303)


def _offers(session: Session, tab: str) -> list[methods.Offer]:
    return _OFFERS[tab](session) if tab in _OFFERS else []


def _add(session: Session, tab: str, key: str) -> PaymentMethod:
    if tab == "basic":
        return methods.add_basic(session, key)
    return methods.add_linked(session, engine().registry.get(key), now())


@blueprint.post("/settings/payment-methods/<int:method_id>/move")
def move_payment_method(method_id: int) -> ResponseReturnValue:
    """↑ ↓ – the order buyers see, too."""
    step = _STEPS.get(request.form.get("direction", "")) or abort(400)
    with write() as session:
        method = methods.find(session, method_id) or abort(404)
        if methods.move(session, method_id, step):
            note(session, N_("支払方法「%(name)s」の表示順を変更"), name=method.name)
    return redirect(url_for("admin.payment_methods", _anchor=f"method-{method_id}"), 303)


@blueprint.get("/settings/payment-methods/<int:method_id>/remove")
def confirm_removal(method_id: int) -> str:
    """What リストから削除 does. Nothing has happened yet."""
    method = methods.find(db.session(), method_id) or abort(404)
    return render_template("admin/payment_method_remove.html", method=method)


@blueprint.post("/settings/payment-methods/<int:method_id>/remove")
def remove_payment_method(method_id: int) -> ResponseReturnValue:
    """リストから削除: gone from the list, from the checkout and from every courier; orders keep it (R-008)."""
    with write() as session:
        method = methods.find(session, method_id) or abort(404)
        name = method.name
        methods.remove(session, method, now())
        session.execute(delete(DeliveryPayment).where(DeliveryPayment.payment_method_id == method_id))
        note(session, N_("支払方法「%(name)s」をリストから削除"), name=name)
    flash(_("「%(name)s」をリストから削除しました。これまでの受注はそのまま残ります。", name=name), "good")
    return redirect(url_for("admin.payment_methods"), 303)
