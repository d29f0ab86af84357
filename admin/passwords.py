"""Passwords of staff: the first one by a link in a mail, and one's own changed."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField

from admin.blueprint import Staff, blueprint, staff
from admin.forms import Filled, StaffForm
from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.passwords import WeakPassword
from shop.core.runtime import now
from shop.staff import people, service


class NewPasswordForm(StaffForm):
    new_password = PasswordField(lazy_gettext("新しいパスワード"), [Filled()])

    def hashed(self, *names: str) -> str:
        """The hash, or nothing and what is wrong beside the field."""
        try:
            return people.hashed(self.new_password.data or "", *names)
        except WeakPassword as error:
            self.new_password.errors = [_("%(least)s文字以上で入力してください。", least=error.least)]
        except people.BadPassword:
            self.new_password.errors = [_("ログインIDやメールアドレスと同じパスワードは使えません。")]
        return ""


class OwnPasswordForm(NewPasswordForm):
    password = PasswordField(lazy_gettext("現在のパスワード"), [Filled()])


# ---- the link in the mail ----


@blueprint.get("/invitation/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """The link in the mail: the form, for as long as it works. Its secret goes on in the form and not by a redirect: the
    desk's cookie is kept from pages that another site – a mail program in the browser – leads to."""
    return _invitation(NewPasswordForm(formdata=None), token)


@blueprint.post("/invitation")
def accept_invitation() -> ResponseReturnValue:
    """設定する: the link is used, and the log-in waits."""
    token = request.form.get("link", "")
    person = people.invited(db.session(), token, now())
    form = NewPasswordForm()
    if person is None or not form.validate():
        return _invitation(form, token)
    names = (person.login, person.email)
    end_read()
    if not (hashed := form.hashed(*names)):
        return _invitation(form, token)
    try:
        with write() as session:
            people.choose_password(session, token, hashed, now())
    except people.LinkDead:
        return _invitation(form, token)
    flash(_("パスワードを設定しました。ログインID「%(login)s」でログインしてください。", login=names[0]), "good")
    return redirect(url_for("admin.login"), 303)


def _invitation(form: NewPasswordForm, token: str) -> ResponseReturnValue:
    person = people.invited(db.session(), token, now())
    page = render_template("admin/invitation.html", form=form, person=person, link=token, least=service.PASSWORD_LENGTH)
    answer = make_response(page, 410 if person is None else 422 if form.errors else 200)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


# ---- one's own ----


@blueprint.get("/password")
def own_password() -> str:
    """パスワード変更."""
    return _own_page(OwnPasswordForm(formdata=None))


@blueprint.post("/password")
def change_own_password() -> ResponseReturnValue:
    """変更する: every other browser is out."""
    user, form = _here(), OwnPasswordForm()
    if not form.validate():
        return _own_page(form), 422
    found = service.prove(user.identity.user_id, form.password.data or "", now())
    if found.user_id is None:
        wait = _("失敗が続いたため、受け付けを止めています。15分ほどたってからお試しください。")
        form.password.errors = [wait if found.blocked_until else _("現在のパスワードが違います。")]
        return _own_page(form), 429 if found.blocked_until else 422
    if not (hashed := form.hashed(user.identity.login)):
        return _own_page(form), 422
    with write() as session:
        people.change_password(session, user.identity, user.token, hashed, now())
    flash(_("パスワードを変更しました。ほかの端末はすべてログアウトされました。"), "good")
    return redirect(url_for("admin.own_password"), 303)


def _here() -> Staff:
    user: Any = staff()
    return user  # type: ignore[no-any-return]


def _own_page(form: OwnPasswordForm) -> str:
    return render_template("admin/own_password.html", form=form, least=service.PASSWORD_LENGTH)
