"""クーポン – what staff give away: code, value, period, number of uses, for members only (R-293)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from admin import drafts
from admin.blueprint import blueprint
from admin.coupon_form import CouponForm
from admin.log import note
from admin.method_summary import Group
from admin.paging import page_by_id
from admin.words import Word
from providers.contract import N_
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.money import format_yen
from shop.core.runtime import now, runtime
from shop.core.text import folded
from shop.promotions.models import Coupon

#: Columns staff set, with their labels in 最近の操作: in Japanese whatever language the page is in.
_LABELS = {
    "code": N_("クーポンコード"), "name": N_("管理用クーポン名"), "kind": N_("割引の種類"), "value": N_("割引の値"),
    "starts_on": N_("利用期間の最初の日"), "ends_on": N_("利用期間の最後の日"), "uses": N_("利用できる回数（全体）"),
    "members_only": N_("会員だけが使える"), "active": N_("このクーポンを使えるようにする"),
}  # fmt: skip


@blueprint.get("/settings/coupons")
def coupons() -> str:
    """All of them, the newest first, and how each stands today."""
    columns = (Coupon.id, Coupon.held, Coupon.used, *(getattr(Coupon, name) for name in _LABELS))
    page = page_by_id(db.session(), select(*columns), Coupon.id)
    today = runtime().clock.today()
    return render_template("admin/coupons.html", page=page, taken_off=_taken_off, standing=lambda row: _standing(row, today))


@blueprint.get("/settings/coupons/new", defaults={"coupon_id": None})
@blueprint.get("/settings/coupons/<int:coupon_id>")
def coupon(coupon_id: int | None) -> str:
    """The form of one, and with a blank form クーポン新規登録."""
    found = _coupon(coupon_id)
    return _page(found, CouponForm(formdata=None, data=_stored(found)))


@blueprint.post("/settings/coupons/new/confirm", defaults={"coupon_id": None})
@blueprint.post("/settings/coupons/<int:coupon_id>/confirm")
def confirm_coupon(coupon_id: int | None) -> ResponseReturnValue:
    """確認画面へ: what would be stored, or the form again with what is wrong."""
    found, form = _coupon(coupon_id), CouponForm()
    if not form.validate() or not form.fits(db.session(), found):
        return _page(found, form), 422
    draft = drafts.seal(form.values(), _draft_of(found), drafts.CHECKED)
    return render_template("admin/coupon_confirm.html", coupon=found, groups=_summary(form), draft=draft)


@blueprint.post("/settings/coupons/new/revise", defaults={"coupon_id": None})
@blueprint.post("/settings/coupons/<int:coupon_id>/revise")
def revise_coupon(coupon_id: int | None) -> ResponseReturnValue:
    """戻って修正する."""
    found = _coupon(coupon_id)
    values = _checked(found)
    return _start_again(coupon_id) if values is None else _page(found, CouponForm(formdata=None, data=values))


@blueprint.post("/settings/coupons/new", defaults={"coupon_id": None})
@blueprint.post("/settings/coupons/<int:coupon_id>")
def save_coupon(coupon_id: int | None) -> ResponseReturnValue:
    """設定する. Orders keep the coupon as it was when they were pressed; who has confirmed is asked again where it takes off
    another amount."""
    values = _checked(_coupon(coupon_id))
    if values is None:
        return _start_again(coupon_id)
    form = CouponForm(formdata=None, data=values)
    try:
        with write() as session:
            found = None if coupon_id is None else session.get_one(Coupon, coupon_id, with_for_update=True)
            if fits := form.fits(session, found):
                _save(session, found, values)
    except IntegrityError:  # another one with this code came in the same moment
        fits = form.fits(db.session(), _coupon(coupon_id))
    if not fits:  # used or written by somebody else meanwhile
        return _page(_coupon(coupon_id), form), 422
    flash(_("クーポンを設定しました。"), "good")
    return redirect(url_for("admin.coupons"), 303)


def _coupon(coupon_id: int | None) -> Coupon | None:
    return None if coupon_id is None else db.session.get(Coupon, coupon_id) or abort(404)


def _draft_of(found: Coupon | None) -> str:
    return f"coupon-{found.id}" if found else "coupon-new"


def _checked(found: Coupon | None) -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _draft_of(found), drafts.CHECKED)


def _start_again(coupon_id: int | None) -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.coupon", coupon_id=coupon_id), 303)


def _page(found: Coupon | None, form: CouponForm) -> str:
    return render_template("admin/coupon.html", coupon=found, form=form)


def _stored(found: Coupon | None) -> dict[str, Any]:
    """As the form has it: days in words."""
    if found is None:
        return {"starts_on": runtime().clock.today().isoformat()}
    return {name: _typed(getattr(found, name)) for name in _LABELS}


def _typed(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _save(session: Session, found: Coupon | None, values: Mapping[str, Any]) -> None:
    row = found or Coupon(created_at=now())
    changed = [label for name, label in _LABELS.items() if _typed(getattr(row, name)) != values[name]]
    for name in _LABELS:
        setattr(row, name, date.fromisoformat(values[name]) if name in ("starts_on", "ends_on") else values[name])
    row.folded = folded(row.code)
    session.add(row)
    what = "、".join(changed or [N_("変更なし")]) if found else N_("新規登録")
    note(session, N_("クーポン「%(code)s」を設定（%(what)s）"), code=row.code, what=what)


def _summary(form: CouponForm) -> list[Group]:
    shown = {
        "kind": dict(form.kind.choices)[form.kind.data],
        "value": _taken_off_words(form.kind.data, form.value.data or 0),
        "uses": _("制限なし") if form.uses.data is None else _("%(count)s回", count=f"{form.uses.data:,}"),
        "members_only": _("はい") if form.members_only.data else _("いいえ"),
        "active": _("はい") if form.active.data else _("いいえ"),
    }
    lines = [(str(form[name].label.text), str(shown.get(name, form[name].data))) for name in _LABELS]
    return [Group(_("クーポン"), lines)]


def _taken_off(row: Any) -> str:
    return _taken_off_words(row.kind, row.value)


def _taken_off_words(kind: str, value: int) -> str:
    return _("商品代金から%(amount)s引き", amount=format_yen(value) if kind == "yen" else f"{value}%")


def _standing(row: Any, today: date) -> Word:
    """Whether it can be used today, and why not."""
    if not row.active:
        return Word(lazy_gettext("停止中"))
    if today < row.starts_on:
        return Word(lazy_gettext("期間前"), "wait")
    if today > row.ends_on:
        return Word(lazy_gettext("期間終了"))
    if row.uses is not None and row.used >= row.uses:
        return Word(lazy_gettext("回数終了"))
    return Word(lazy_gettext("使用中"), "good")
