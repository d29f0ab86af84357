"""ログイン and ログアウト of staff."""

import logging
from datetime import datetime

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired

from admin.blueprint import blueprint, own_path, staff
from admin.forms import StaffForm
from admin.second_step import KNOWN, clear_session, enter, try_again_at
from shop.core.db import write
from shop.core.i18n import LANGUAGES, lazy_gettext
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.staff import service

log = logging.getLogger(__name__)


class LogInForm(StaffForm):
    login = StringField(lazy_gettext("ログインID"), [DataRequired(lazy_gettext("ログインIDを入力してください。"))])
    password = PasswordField(lazy_gettext("パスワード"), [DataRequired(lazy_gettext("パスワードを入力してください。"))])


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The form – or the desk, for who is in already."""
    if staff():
        return redirect(url_for("admin.dashboard"))
    return _page(LogInForm())


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Check the password; the session before the log-in ends here (T-034)."""
    form = LogInForm()
    if not form.validate():
        return _page(form), 422
    address = request.remote_addr or ""
    known = session.get(KNOWN, "")
    result = service.authenticate(form.login.data or "", form.password.data or "", address, now(), known=known)
    if result.blocked_until:
        log.warning("staff log-in blocked", extra={"address": address})
        return _blocked(form, result.blocked_until)
    if result.user_id is None:
        log.warning("staff log-in refused", extra={"address": address})
        return _page(form, _("ログインIDまたはパスワードが違います。")), 401
    return enter(result.user_id, request.form.get("next", ""))


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server and in the browser."""
    user = staff()
    if user:
        with write() as database:
            service.end_session(database, user.token, now())
    logout_user()
    clear_session()
    flash(_("ログアウトしました。"), "good")
    return redirect(url_for("admin.login"), 303)


@blueprint.post("/language/<code>")
def choose_language(code: str) -> ResponseReturnValue:
    """The desk's own language: its session is not the shop's."""
    if code not in LANGUAGES:
        abort(404)
    session["language"] = code
    return redirect(own_path(request.form.get("return_to", "")), 303)


def _blocked(form: LogInForm, until: datetime) -> ResponseReturnValue:
    wait, clock = try_again_at(until)
    message = _("ログインの失敗が続いたため、受け付けを止めています。%(time)s 以降にもう一度お試しください。", time=clock)
    return _page(form, message), 429, {"Retry-After": str(wait)}


def _page(form: LogInForm, problem: str = "") -> str:
    wanted = request.values.get("next", "")
    return render_template("admin/login.html", form=form, problem=problem, next=wanted)
