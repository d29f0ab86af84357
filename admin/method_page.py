"""A 支払方法's settings: the form, 接続テスト before anything is stored, 確認画面, 設定する."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from admin import drafts
from admin.blueprint import actor, blueprint
from admin.capture_mode import left_behind
from admin.log import note
from admin.method_form import (
    ACCOUNT,
    METHOD,
    Drawn,
    FeeMethodForm,
    LinkedMethodForm,
    MethodForm,
    drawn,
    field_name,
    field_value,
    linked_method_form,
)
from admin.method_summary import changed_labels, summary
from providers.contract import N_
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Setting, SettingsCheck
from shop.core import pictures
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.payments import accounts, methods
from shop.payments.engine import Busy
from shop.payments.models import PaymentMethod

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Section:
    """Settings under one heading, and what 接続テスト said about them."""

    title: str
    settings: Sequence[Drawn]
    checks: Sequence[SettingsCheck]


@blueprint.get("/settings/payment-methods/<int:method_id>")
def payment_method(method_id: int) -> str:
    """The form with the stored values."""
    session = db.session()
    method = _method(session, method_id)
    return _page(session, method, _form(session, method, _stored_values(session, method)))


@blueprint.post("/settings/payment-methods/<int:method_id>/confirm")
def confirm_payment_method(method_id: int) -> ResponseReturnValue:
    """確認画面へ: what would be stored, secrets masked; or the form again with what is wrong."""
    session = db.session()
    method = _method(session, method_id)
    form = _typed(session, method)
    if not form.validate():
        return _page(session, method, form), 422
    return render_template(
        "admin/payment_method_confirm.html",
        method=method,
        groups=summary(form, _settings(method), _stored_secrets(session, method), _marks(method), method.logo),
        name=form.name.data,
        left=left_behind(session, method, form),
        logo=form.chosen_logo(),
        draft=drafts.seal(form.values(), _draft_of(method), drafts.CHECKED),
    )


@blueprint.post("/settings/payment-methods/<int:method_id>/revise")
def revise_payment_method(method_id: int) -> ResponseReturnValue:
    """戻って修正する: from the confirmation back to the form, nothing lost and nothing stored."""
    session = db.session()
    method = _method(session, method_id)
    values = drafts.unseal(request.form.get("draft", ""), _draft_of(method), drafts.CHECKED)
    if values is None:
        return _start_again(method_id)
    return _page(session, method, _form(session, method, values))


@blueprint.post("/settings/payment-methods/<int:method_id>/test")
def check_payment_method(method_id: int) -> ResponseReturnValue:
    """接続テスト with what stands in the form; all of it stays there, and nothing is stored."""
    session = db.session()
    method = _method(session, method_id)
    form = _typed(session, method)
    account = method.account or abort(404)
    checks: tuple[SettingsCheck, ...] = ()
    try:
        checks = accounts.check_settings(session, account, form.settings(ACCOUNT), now())
        flash(_("接続テストの結果を、各項目のはじめに示しました。まだ何も保存していません。"), "wait")
    except accounts.PracticeOnly:
        flash(_("練習モードと本番では、接続先が違います。この契約の接続テストは、ここではできません。"), "bad")
    except Busy:
        flash(_("決済代行会社への問い合わせが混み合っています。少し待ってから、もう一度お試しください。"), "wait")
    log.info("settings checked", extra={"actor": actor(), "method_id": method_id, "found": [str(c.finding) for c in checks]})
    return _page(session, _method(session, method_id), form, checks)


@blueprint.post("/settings/payment-methods/<int:method_id>")
def save_payment_method(method_id: int) -> ResponseReturnValue:
    """設定する: store what the confirmation showed."""
    replaced = left = None
    with write() as session:
        method = _method(session, method_id)
        values = drafts.unseal(request.form.get("draft", ""), _draft_of(method), drafts.CHECKED)
        form = None if values is None else _form(session, method, values)
        if form and form.logo_is_there():
            left = left_behind(session, method, form)
            replaced = _save(session, method, form)
    if replaced is None:
        return _start_again(method_id)
    pictures.remove(replaced)
    flash(_("支払方法を設定しました。"), "good")
    if left:
        flash(Markup("{} {}").format(left.words(), left.link()), "todo")
    return redirect(url_for("admin.payment_methods"), 303)


def _start_again(method_id: int) -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.payment_method", method_id=method_id), 303)


def _method(session: Session, method_id: int) -> PaymentMethod:
    return methods.find(session, method_id) or abort(404)


def _draft_of(method: PaymentMethod) -> str:
    return f"payment-method-{method.id}"


def _settings(method: PaymentMethod) -> tuple[Setting, ...]:
    return accounts.provider_of(method.account).settings if method.account else ()


def _marks(method: PaymentMethod) -> Mapping[str, str]:
    return accounts.provider_of(method.account).marks if method.account else {}


def _stored_secrets(session: Session, method: PaymentMethod) -> set[str]:
    """Names of the fields whose secret is stored."""
    known = accounts.current_settings(session, method.account) if method.account else {}
    return {field_name(s) for s in _settings(method) if s.secret and known.get(s.key)}


def _form(session: Session, method: PaymentMethod, values: Mapping[str, Any] | None) -> MethodForm:
    """The method's form: with ``values``, or without them with what this request brings."""
    kind: type[MethodForm] = FeeMethodForm
    if method.account:
        known = accounts.current_settings(session, method.account)
        kind = linked_method_form(_settings(method), known, _marks(method))
    return kind() if values is None else kind(formdata=None, data=values)


def _typed(session: Session, method: PaymentMethod) -> MethodForm:
    form = _form(session, method, None)
    earlier = drafts.unseal(request.form.get("draft", ""), _draft_of(method), drafts.TYPED) or {}
    form.keep({"logo": method.logo} | earlier)
    return form


def _stored_values(session: Session, method: PaymentMethod) -> dict[str, Any]:
    """The method as its form holds it, secrets left out."""
    values: dict[str, Any] = {
        "name": method.name, "note": method.note, "fee_yen": method.fee_yen, "fee_apart": method.fee_apart,
        "logo": method.logo, "logo_alt": method.logo_alt, "note_at_choice": method.note_at_choice, "note_in_mail": method.note_in_mail,
        "lower": method.shown_from_yen is not None, "shown_from_yen": method.shown_from_yen,
        "upper": method.hidden_from_yen is not None, "hidden_from_yen": method.hidden_from_yen,
    }  # fmt: skip
    if method.account:
        known = accounts.current_settings(session, method.account)
        known |= accounts.method_options(method)
        known[CAPTURE] = CAPTURE_AT_ONCE if method.capture_at_once else CAPTURE_LATER
        for setting in _settings(method):
            if not setting.secret:
                values[field_name(setting)] = field_value(setting, known.get(setting.key, setting.default))
    return values


def _notice_url(method: PaymentMethod) -> str:
    """The address to register with the provider; empty where it sends no notices."""
    account = method.account
    return accounts.notice_url(account) if account and accounts.provider_of(account).sends_notices else ""


def _page(
    session: Session, method: PaymentMethod, form: MethodForm, checks: Sequence[SettingsCheck] = ()
) -> str:
    brought = form.brought(method.logo)
    return render_template(
        "admin/payment_method.html",
        method=method,
        form=form,
        sections=_sections(method, form, checks),
        marks=_marks(method),
        labels={setting.key: setting.label for setting in _settings(method)},
        stored=_stored_secrets(session, method),
        draft=drafts.seal(brought, _draft_of(method), drafts.TYPED) if brought else "",
        notice_url=_notice_url(method),
    )


def _sections(method: PaymentMethod, form: MethodForm, checks: Sequence[SettingsCheck]) -> list[Section]:
    groups: dict[str, list[Drawn]] = {}
    for each in drawn(form, _settings(method)):
        groups.setdefault(each.setting.group, []).append(each)
    return [
        Section(title, settings, [check for check in checks if check.keys[0] in {d.setting.key for d in settings}])
        for title, settings in groups.items()
    ]


def _save(session: Session, method: PaymentMethod, form: MethodForm) -> str:
    """Returns the file of the logo that went, ``""`` for none."""
    before = _form(session, method, _stored_values(session, method))
    changed = changed_labels(before, form, _settings(method)) or [N_("変更なし")]
    method.name, method.note, method.configured = form.name.data, form.note.data, True
    method.note_at_choice, method.note_in_mail = form.note_at_choice.data, form.note_in_mail.data
    method.shown_from_yen, method.hidden_from_yen = form.bounds()
    if isinstance(form, LinkedMethodForm) and method.account_id:
        options = form.settings(METHOD)
        method.capture_at_once = options.pop(CAPTURE) == CAPTURE_AT_ONCE
        method.options = json.dumps(options, ensure_ascii=False)
        accounts.save_settings(session, method.account_id, form.settings(ACCOUNT), now())
    elif isinstance(form, FeeMethodForm):
        method.fee_yen, method.fee_apart = form.fee_yen.data or 0, form.fee_apart.data
    note(session, N_("支払方法「%(name)s」を設定（%(what)s）"), name=method.name, what="、".join(changed))
    return method.set_logo(*form.chosen_logo())
