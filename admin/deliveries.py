"""宅配便・送料計算 – couriers, メール便 and 店頭渡し with a flat fee, and the payment methods each goes with."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from admin import drafts
from admin.blueprint import blueprint
from admin.forms import DeliveryForm
from admin.log import note
from admin.method_summary import Group
from providers.contract import N_
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.delivery import service
from shop.delivery.models import Delivery, DeliveryPayment
from shop.payments import methods
from shop.payments.models import PaymentMethod

_NEW = "delivery-new"
_COLUMNS = ("admin_name", "name", "fee_yen", "apart_prefectures", "lead_time", "active")


@blueprint.get("/settings/deliveries")
def deliveries() -> str:
    """All couriers and the names of the methods paired with each."""
    session = db.session()
    couriers, pairs, listed = service.all_of(session), service.pairs(session), methods.listed(session)
    paired = {c.id: [m.name for m in listed if (c.id, m.id) in pairs] for c in couriers}
    return render_template("admin/deliveries.html", deliveries=couriers, paired=paired)


@blueprint.get("/settings/deliveries/new", defaults={"delivery_id": None})
@blueprint.get("/settings/deliveries/<int:delivery_id>")
def delivery(delivery_id: int | None) -> str:
    """宅配便基本設定, and with a blank form 宅配便新規登録."""
    session = db.session()
    courier = _courier(session, delivery_id)
    return _page(courier, _form(session, _stored(session, courier)))


@blueprint.post("/settings/deliveries/new/confirm", defaults={"delivery_id": None})
@blueprint.post("/settings/deliveries/<int:delivery_id>/confirm")
def confirm_delivery(delivery_id: int | None) -> ResponseReturnValue:
    """確認画面へ: what would be stored, or the form again with what is wrong."""
    session = db.session()
    courier = _courier(session, delivery_id)
    form = _form(session, None)
    if not form.validate():
        return _page(courier, form), 422
    values = {name: form[name].data for name in (*_COLUMNS, "methods")}
    draft = drafts.seal(values, _draft_of(courier), drafts.CHECKED)
    return render_template("admin/delivery_confirm.html", delivery=courier, groups=_summary(form), draft=draft)


@blueprint.post("/settings/deliveries/new/revise", defaults={"delivery_id": None})
@blueprint.post("/settings/deliveries/<int:delivery_id>/revise")
def revise_delivery(delivery_id: int | None) -> ResponseReturnValue:
    """戻って修正する: from the confirmation back to the form, nothing lost and nothing stored."""
    session = db.session()
    courier = _courier(session, delivery_id)
    values = _checked(courier)
    return _start_again(delivery_id) if values is None else _page(courier, _form(session, values))


@blueprint.post("/settings/deliveries/new", defaults={"delivery_id": None})
@blueprint.post("/settings/deliveries/<int:delivery_id>")
def save_delivery(delivery_id: int | None) -> ResponseReturnValue:
    """設定する: store what the confirmation showed."""
    with write() as session:
        courier = _courier(session, delivery_id)
        values = _checked(courier)
        if values is not None:
            _save(session, courier, values)
    if values is None:
        return _start_again(delivery_id)
    flash(_("宅配便を設定しました。"), "good")
    return redirect(url_for("admin.deliveries"), 303)


def _courier(session: Session, delivery_id: int | None) -> Delivery | None:
    return None if delivery_id is None else session.get(Delivery, delivery_id) or abort(404)


def _draft_of(courier: Delivery | None) -> str:
    return f"delivery-{courier.id}" if courier else _NEW


def _checked(courier: Delivery | None) -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _draft_of(courier), drafts.CHECKED)


def _start_again(delivery_id: int | None) -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.delivery", delivery_id=delivery_id), 303)


def _page(courier: Delivery | None, form: DeliveryForm) -> str:
    return render_template("admin/delivery.html", delivery=courier, form=form)


def _form(session: Session, values: dict[str, Any] | None) -> DeliveryForm:
    """The form: with ``values``, or without them with what this request brings. Only 設定済み methods can be paired
    (R-225)."""
    form = DeliveryForm() if values is None else DeliveryForm(formdata=None, data=values)
    form.methods.choices = [(m.id, m.name) for m in methods.listed(session) if m.configured]
    return form


def _stored(session: Session, courier: Delivery | None) -> dict[str, Any]:
    if courier is None:
        return {}
    return {name: getattr(courier, name) for name in _COLUMNS} | {"methods": list(_paired(session, courier.id))}


def _paired(session: Session, delivery_id: int) -> set[int]:
    query = select(DeliveryPayment.payment_method_id).where(DeliveryPayment.delivery_id == delivery_id)
    return set(session.scalars(query))


def _summary(form: DeliveryForm) -> list[Group]:
    chosen = [name for key, name in form.methods.choices if key in form.methods.data]
    lines = [
        (str(form.admin_name.label.text), form.admin_name.data),
        (str(form.name.label.text), form.name.data),
        (str(form.fee_yen.label.text), format_yen(form.fee_yen.data or 0)),
        (str(form.apart_prefectures.label.text), "、".join(map(_, form.apart_prefectures.data)) or _("なし")),
        (str(form.lead_time.label.text), form.lead_time.data or _("（空欄）")),
        (str(form.active.label.text), _("はい") if form.active.data else _("いいえ")),
        (str(form.methods.label.text), "、".join(chosen) or _("なし")),
    ]
    return [Group(_("宅配便基本設定"), lines)]


def _save(session: Session, courier: Delivery | None, values: dict[str, Any]) -> None:
    found = courier or Delivery(admin_name="", name="")
    session.add(found)
    what = _changes(session, found, values) if courier else [N_("新規登録")]
    for name in _COLUMNS:
        setattr(found, name, values[name])
    session.flush()
    usable = {method.id for method in methods.listed(session) if method.configured}
    session.execute(delete(DeliveryPayment).where(DeliveryPayment.delivery_id == found.id))
    chosen = [{"delivery_id": found.id, "payment_method_id": key} for key in values["methods"] if key in usable]
    if chosen:
        session.execute(insert(DeliveryPayment), chosen)
    note(session, N_("宅配便「%(name)s」を設定（%(what)s）"), name=found.admin_name, what="、".join(what))


def _changes(session: Session, courier: Delivery, values: dict[str, Any]) -> list[str]:
    """Labels of what differs, in Japanese, and each pairing that changed."""
    labels = {
        "admin_name": N_("管理用宅配便名"), "name": N_("表示用宅配便名"), "fee_yen": N_("送料（全国一律・税込）"),
        "apart_prefectures": N_("送料を別途連絡とする都道府県"),
        "lead_time": N_("お届けまでの日数（引渡時期）"), "active": N_("使用"),
    }  # fmt: skip
    found = [label for name, label in labels.items() if getattr(courier, name) != values[name]]
    before, after = _paired(session, courier.id), set(values["methods"])
    names = dict(session.execute(select(PaymentMethod.id, PaymentMethod.name)).all())
    found += [f"[○] {names[key]}" for key in sorted(after - before)]
    found += [f"[×] {names[key]}" for key in sorted(before - after)]
    return found or [N_("変更なし")]
