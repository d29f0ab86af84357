"""会員設定: 会員登録処理のタイミング, 会員制限設定, 会員規約, and how often a card may be registered."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, RadioField

from admin import drafts
from admin.blueprint import blueprint
from admin.forms import MemberSettingsForm
from admin.log import note
from admin.method_summary import Group
from providers.contract import N_
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.members import settings

_DRAFT = "member-settings"
#: Labels for 最近の操作, in Japanese whatever language the page is in.
_LABELS = {
    "timing": N_("会員登録処理のタイミング"), "zero_step_hides": N_("ゼロステップカートで会員登録欄・ログインを表示しない"),
    "may_change_login": N_("会員IDの変更を許可する"), "may_change_password": N_("パスワードの変更を許可する"),
    "may_leave": N_("退会を許可する"), "terms": N_("会員規約"), "card_changes": N_("カードの登録・変更（回）"),
    "card_minutes": N_("カードの登録・変更を数える時間（分）"),
}  # fmt: skip


@blueprint.get("/settings/members")
def member_settings() -> str:
    """The form with what is stored."""
    return _page(MemberSettingsForm(formdata=None, obj=settings.get(db.session())))


@blueprint.post("/settings/members/confirm")
def confirm_member_settings() -> ResponseReturnValue:
    """確認画面へ."""
    form = MemberSettingsForm()
    if not form.validate():
        return _page(form), 422
    return render_template(
        "admin/member_settings_confirm.html",
        groups=[Group(_("会員設定"), [(str(field.label.text), _shown(field)) for field in form if field.name in _LABELS])],
        draft=drafts.seal(form.values(), _DRAFT, drafts.CHECKED),
    )


@blueprint.post("/settings/members/revise")
def revise_member_settings() -> ResponseReturnValue:
    """戻って修正する."""
    values = _checked()
    return _start_again() if values is None else _page(MemberSettingsForm(formdata=None, data=values))


@blueprint.post("/settings/members")
def save_member_settings() -> ResponseReturnValue:
    """設定する. Another timing counts for registrations from now on; a 仮登録 stays one until its order is completed (R-273)."""
    values = _checked()
    if values is None:
        return _start_again()
    with write() as session:
        row = settings.to_change(session)
        changed = [label for name, label in _LABELS.items() if getattr(row, name) != values[name]]
        for name in _LABELS:
            setattr(row, name, values[name])
        note(session, N_("会員設定を設定（%(what)s）"), what="、".join(changed or [N_("変更なし")]))
    flash(_("会員設定を設定しました。"), "good")
    return redirect(url_for("admin.member_settings"), 303)


def _shown(field: Any) -> str:
    if isinstance(field, BooleanField):
        return _("はい") if field.data else _("いいえ")
    if isinstance(field, RadioField):
        return str(dict(field.choices)[field.data])
    return str(field.data) or _("（空欄）")


def _page(form: MemberSettingsForm) -> str:
    return render_template("admin/member_settings.html", form=form)


def _checked() -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _DRAFT, drafts.CHECKED)


def _start_again() -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.member_settings"), 303)
