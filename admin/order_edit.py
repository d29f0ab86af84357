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
from admin.order_page import find_order, find_payment, taxes
from shop.catalogue import stock
from shop.catalogue.models import Variant
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.money import format_yen
from shop.core.runtime import now
from shop.core.text import small_number
from shop.orders import editing
from shop.orders.models import Order, OrderHistory, OrderLine
from shop.payments import actions


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


class AmountForm(StaffForm):
    yen = YenField(lazy_gettext("金額"))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the page: a line of goods or another amount, with its form as typed or as stored."""

    key: str
    name: str
    form: StaffForm
    line: OrderLine | None = None
    #: What is to be known about an amount.
    note: str = ""


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
    except editing.CannotRaise as limit:
        _refuse(row, _("増額はできません。与信は%(most)sです。", most=format_yen(limit.most_yen)))
        return _page(find_order(db.session(), number), rows, None), 422
    except editing.MoneyIsFixed as fixed:
        _refuse(row, _("売上確定後は、合計を%(taken)s以外に変更できません。決済会社の管理画面で金額を変更したときは、先に受注明細で「決済状況を更新」を押してください。", taken=format_yen(fixed.taken_yen)))
        return _page(find_order(db.session(), number), rows, None), 422
    except editing.BelowZero as less:
        _limit_amount(row, less.total_yen)
        return _page(find_order(db.session(), number), rows, None), 422
    except stock.OutOfStock as short:
        _limit_quantity(row.form["quantity"], short.variant_id)
        return _page(find_order(db.session(), number), rows, None), 422
    flash(*((_("変更しました。"), "good") if saved else (_("変更はありません。"), "todo")))
    return redirect(url_for("admin.edit_order", number=number), 303)


def _rows(order: Order, typed: str = "") -> list[Row]:
    """All rows; the one that was ``typed`` reads the request, the others show what is stored."""
    rows = [
        Row(key := f"line{line.id}", line.name, _form(LineForm, key, typed, unit_yen=line.unit_yen, quantity=line.quantity), line)
        for line in order.lines
    ]
    amounts = editing.AMOUNTS.items()
    return rows + [_amount_row(order, name, str(label), typed) for name, label in amounts if name != "coupon_yen" or order.coupon_code]


def _amount_row(order: Order, name: str, label: str, typed: str) -> Row:
    """The field of an amount is blank while it is 別途連絡."""
    apart = editing.is_apart(order, name)
    note = _("別途連絡") if apart else _("合計から引きます") if name in editing.DEDUCTIONS else ""
    return Row(name, label, _form(AmountForm, name, typed, yen=None if apart else getattr(order, name)), note=note)


def _form(kind: type[StaffForm], key: str, typed: str, **stored: int | None) -> StaffForm:
    return kind(request.form if key == typed else None, prefix=f"{key}-", meta={"csrf": False}, **stored)


def _edit(row: Row) -> editing.Edit:
    data: dict[str, Any] = row.form.data
    if row.line is None:
        return editing.AmountEdit(row.key, data["yen"])
    return editing.LineEdit(row.line.id, data["unit_yen"], data["quantity"])


def _limit_quantity(field: Field, variant_id: int) -> None:
    more = db.session.get_one(Variant, variant_id).available
    field.errors = [*field.errors, _("在庫が足りません。あと%(more)s点まで増やせます。", more=more)]


def _refuse(row: Row, text: str) -> None:
    field = next(field for field in row.form if field.data != field.object_data)
    field.errors = [text]


def _limit_amount(row: Row, total_yen: int) -> None:
    """Say beside what was typed why it cannot be: ``total_yen`` is below 0."""
    field = next(field for field in row.form if field.data != field.object_data)
    if row.key in editing.DEDUCTIONS:
        most = format_yen(field.data + total_yen)
        field.errors = [_("合計が0円を下回ります。%(most)sまで差し引けます。", most=most)]
    else:
        field.errors = [_("合計が0円を下回ります。先にクーポン、ポイント、値引きのどれかを減らしてください。")]


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
    session = db.session()
    payment = find_payment(session, order.id)
    return render_template(
        "admin/order_edit.html", order=order, rows=rows, trouble=trouble, seen=max((line.id for line in order.history), default=0),
        taxes=taxes(order), panel=actions.panel(session, payment, order.total_yen, now()) if payment else None,
    )  # fmt: skip
