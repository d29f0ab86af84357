"""編集モード – the rows of an order, each saved by its own 「変更」."""

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Field

from admin.blueprint import actor, blueprint
from admin.forms import StaffForm, YenField
from admin.order_page import find_order, taxes
from shop.catalogue import stock
from shop.catalogue.models import Variant
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now
from shop.core.text import small_number
from shop.orders import editing
from shop.orders.models import Order, OrderHistory, OrderLine

CHARGES = {"shipping_yen": lazy_gettext("送料"), "fee_yen": lazy_gettext("手数料")}


class QuantityField(YenField):
    """Pieces, at least one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
        if valuelist and not self.data:
            raise ValueError(_("1から99999999までの数字で入力してください。"))


class LineForm(StaffForm):
    unit_yen = YenField(lazy_gettext("単価"))
    quantity = QuantityField(lazy_gettext("数量"))


class ChargeForm(StaffForm):
    yen = YenField(lazy_gettext("金額"))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the page: a line of goods or a charge, with its form as typed or as stored."""

    key: str
    name: str
    line: OrderLine | None
    form: StaffForm


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a press saved nothing: somebody was faster, or staff must confirm what it costs."""

    #: 変更履歴 since the page was opened.
    changes: tuple[OrderHistory, ...] = ()
    #: The row that waits for a confirmation, and the total it would make.
    row: Row | None = None
    total_yen: int = 0


@blueprint.get("/orders/<number>/edit")
def edit_order(number: str) -> ResponseReturnValue:
    """The page. Only an order in 受注一覧 can be edited (part G)."""
    order = find_order(db.session(), number)
    if order.filed != "open":
        return _closed(number)
    return _page(order, _rows(order), None)


@blueprint.post("/orders/<number>/edit")
def save_row(number: str) -> ResponseReturnValue:
    """「変更」: save one row of the order as the page showed it."""
    order = find_order(db.session(), number)
    rows = _rows(order, typed=request.form.get("row", ""))
    row = next((row for row in rows if row.key == request.form.get("row")), None) or abort(404)
    version = small_number(request.form.get("version")) or abort(400)
    if not row.form.validate():
        return _page(order, rows, None), 422
    try:
        with write() as session:
            aware = request.form.get("aware") == "1"
            saved = editing.save(session, order.id, version, _edit(row), actor(), now(), aware=aware)
    except editing.ChangedMeanwhile:
        return _refused(number, row.key, small_number(request.form.get("seen")) or 0)
    except editing.LosesProtection as warning:
        order = find_order(db.session(), number)
        return _page(order, rows, Trouble(row=row, total_yen=warning.total_yen)), 422
    except stock.OutOfStock as short:
        _limit_quantity(row.form["quantity"], short.variant_id)
        return _page(find_order(db.session(), number), rows, None), 422
    flash(*((_("変更しました。"), "good") if saved else (_("変更はありません。"), "todo")))
    return redirect(url_for("admin.edit_order", number=number), 303)


def _rows(order: Order, typed: str = "") -> list[Row]:
    """All rows; the one that was ``typed`` reads the request, the others show what is stored."""
    rows = [
        Row(key := f"line{line.id}", line.name, line, _form(LineForm, key, typed, unit_yen=line.unit_yen, quantity=line.quantity))
        for line in order.lines
    ]
    charges = [
        Row(name, str(label), None, _form(ChargeForm, name, typed, yen=_stored(order, name))) for name, label in CHARGES.items()
    ]
    return rows + charges


def _stored(order: Order, name: str) -> int | None:
    """A charge; ``None`` leaves the field of 送料 blank while it is 別途連絡."""
    return None if name == "shipping_yen" and order.shipping_apart else getattr(order, name)


def _form(kind: type[StaffForm], key: str, typed: str, **stored: int | None) -> StaffForm:
    return kind(request.form if key == typed else None, prefix=f"{key}-", meta={"csrf": False}, **stored)


def _edit(row: Row) -> editing.Edit:
    data: dict[str, Any] = row.form.data
    if row.line is None:
        return editing.ChargeEdit(row.key, data["yen"])
    return editing.LineEdit(row.line.id, data["unit_yen"], data["quantity"])


def _limit_quantity(field: Field, variant_id: int) -> None:
    more = db.session.get_one(Variant, variant_id).available
    field.errors = [*field.errors, _("在庫が足りません。あと%(more)s点まで増やせます。", more=more)]


def _refused(number: str, key: str, seen: int) -> ResponseReturnValue:
    """Somebody else was faster: show what they did, keep what was typed, save nothing (T-107)."""
    session = db.session()
    order = find_order(session, number)
    if order.filed != "open":
        return _closed(number)
    return _page(order, _rows(order, typed=key), Trouble(changes=tuple(_history_since(session, order.id, seen)))), 409


def _history_since(session: Session, order_id: int, seen: int) -> list[OrderHistory]:
    lines = select(OrderHistory).where(OrderHistory.order_id == order_id, OrderHistory.id > seen)
    return list(session.scalars(lines.order_by(OrderHistory.id)))


def _closed(number: str) -> ResponseReturnValue:
    flash(_("編集モードは、受注一覧にある受注だけで使えます。"), "todo")
    return redirect(url_for("admin.order", number=number), 303)


def _page(order: Order, rows: list[Row], trouble: Trouble | None) -> str:
    seen = max((line.id for line in order.history), default=0)
    return render_template(
        "admin/order_edit.html", order=order, rows=rows, trouble=trouble, seen=seen, taxes=taxes(order)
    )
