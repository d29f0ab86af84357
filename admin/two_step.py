"""ログインの二段階認証 – one's own: how it stands, setting it up, other recovery codes, switching it off, known devices.

Each change asks for password and code once more: whoever finds the desk open changes nothing.
"""

from typing import Any, cast

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import PasswordField, StringField

from admin import drafts
from admin.blueprint import Staff, blueprint, staff
from admin.forms import Filled, StaffForm, one_line
from admin.log import note
from admin.second_step import said_of
from providers.contract import N_
from shop.core import shopinfo
from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now
from shop.core.text import digits
from shop.staff import devices, service, totp, two_step

_DRAFT = "two-step"


class ProofForm(StaffForm):
    """That it is really this person."""

    password = PasswordField(lazy_gettext("パスワード"), [Filled()])
    code = StringField(lazy_gettext("確認番号（6けた）"), [Filled()], filters=[one_line])


@blueprint.get("/two-step", endpoint="two_step")
def overview() -> str:
    """How it stands."""
    user_id = _here().identity.user_id
    return render_template(
        "admin/two_step.html",
        state=two_step.state(db.session(), user_id), devices=devices.known(db.session(), user_id, now()),
    )  # fmt: skip


# ---- setting it up ----


@blueprint.get("/two-step/set-up")
def set_up_two_step() -> ResponseReturnValue:
    """設定する: a key for the app. Nothing is stored before the first code has shown that the app has it."""
    if _is_on():
        return _back()
    return _set_up_page(ProofForm(formdata=None), totp.new_key())


@blueprint.post("/two-step/set-up")
def switch_on_two_step() -> ResponseReturnValue:
    """オンにする. Every other browser of this person is logged out; the recovery codes are shown this once."""
    draft = drafts.unseal(request.form.get("draft", ""), _DRAFT, drafts.TYPED)
    if draft is None or _is_on():
        flash(_("設定の画面を、もう一度はじめから開いてください。何も変更していません。"), "bad")
        return _back()
    form, user, moment = ProofForm(), _here(), now()
    if not form.validate() or not _knows_password(form):
        return _set_up_page(form, draft["key"]), 422
    step = totp.step_of(draft["key"], digits(form.code.data or ""), moment)
    if step is None:
        form.code.errors = [_("番号が違います。アプリに表示されている最新の番号を入力してください。")]
        return _set_up_page(form, draft["key"]), 422
    with write() as session:
        codes = two_step.switch_on(session, user.identity.user_id, draft["key"], step, moment)
        service.end_sessions(session, user.identity.user_id, moment, but=user.token)
    return _codes_page(codes, _("二段階認証をオンにしました。ほかの端末はログアウトされました。"))


# ---- what one has ----


@blueprint.get("/two-step/codes")
def ask_for_codes() -> ResponseReturnValue:
    """リカバリーコードを作り直す: asks for password and code."""
    return _proof_page(ProofForm(formdata=None), "codes") if _is_on() else _back()


@blueprint.post("/two-step/codes")
def renew_codes() -> ResponseReturnValue:
    """Ten others, shown this once."""
    form = ProofForm()
    if not form.validate() or not _knows_password(form):
        return _proof_page(form, "codes"), 422
    with write() as session:
        verdict = two_step.prove(session, _here().identity.user_id, form.code.data, now())
        codes = two_step.renew_codes(session, _here().identity.user_id, now()) if verdict.right else []
    if not verdict.right:
        form.code.errors = [said_of(verdict)]
        return _proof_page(form, "codes"), 422
    return _codes_page(codes, _("リカバリーコードを作り直しました。前のコードは使えません。"))


@blueprint.get("/two-step/off")
def ask_to_switch_off() -> ResponseReturnValue:
    """オフにする: asks for password and code."""
    return _proof_page(ProofForm(formdata=None), "off") if _is_on() else _back()


@blueprint.post("/two-step/off")
def switch_off_two_step() -> ResponseReturnValue:
    """From now on the password is enough; devices and recovery codes are forgotten."""
    form = ProofForm()
    if not form.validate() or not _knows_password(form):
        return _proof_page(form, "off"), 422
    with write() as session:
        verdict = two_step.prove(session, _here().identity.user_id, form.code.data, now())
        if verdict.right:
            two_step.switch_off(session, _here().identity.user_id, now())
    if not verdict.right:
        form.code.errors = [said_of(verdict)]
        return _proof_page(form, "off"), 422
    flash(_("二段階認証をオフにしました。"), "good")
    return _back()


@blueprint.post("/two-step/devices/<int:device_id>/forget")
def forget_device(device_id: int) -> ResponseReturnValue:
    """取り消す: this browser is asked for a code at its next log-in. Somebody else's device is none here."""
    with write() as session:
        name = devices.forget(session, _here().identity.user_id, device_id)
        if name is not None:
            note(session, N_("端末（%(device)s）の省略を取り消し"), device=name)
    flash(_("端末の登録を取り消しました。次のログインから、確認番号の入力が必要です。"), "good")
    return _back()


def _here() -> Staff:
    return cast(Staff, staff())


def _is_on() -> bool:
    return two_step.is_on(db.session(), _here().identity.user_id)


def _back() -> ResponseReturnValue:
    return redirect(url_for("admin.two_step"), 303)


def _knows_password(form: ProofForm) -> bool:
    """Looked at last, and never within a transaction."""
    user_id = _here().identity.user_id
    end_read()
    found = service.prove(user_id, form.password.data or "", now())
    if found.user_id is None:
        wait = _("失敗が続いたため、受け付けを止めています。15分ほどたってからお試しください。")
        form.password.errors = [wait if found.blocked_until else _("現在のパスワードが違います。")]
    return found.user_id is not None


def _set_up_page(form: ProofForm, key: str) -> str:
    address = totp.address(key, shopinfo.get(db.session()).name, _here().identity.login)
    drawn = segno.make(address, micro=False, error="m").svg_inline(scale=5, light="#fff")
    return render_template(
        "admin/two_step_set_up.html", form=form, qr=Markup(drawn),  # noqa: S704 – drawn here, from black squares
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        draft=drafts.seal({"key": key}, _DRAFT, drafts.TYPED),
    )  # fmt: skip


def _proof_page(form: ProofForm, deed: str) -> str:
    return render_template("admin/two_step_proof.html", form=form, deed=deed)


def _codes_page(codes: list[str], done: str) -> Any:
    return render_template("admin/two_step_codes.html", codes=codes, done=done) if codes else _back()
