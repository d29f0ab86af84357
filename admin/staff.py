"""スタッフ: who works here, with which rights. The rules are those of ``shop/staff/people.py``; this is only the counter."""

import re
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import StringField, ValidationError
from wtforms.validators import Length

from admin.access import Door
from admin.blueprint import blueprint, identity, refusal
from admin.forms import CheckBoxes, Filled, StaffForm, name_field
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now
from shop.core.text import is_mail_address, narrow
from shop.staff import people, rights
from shop.staff.models import StaffUser
from shop.staff.people import About
from shop.staff.rights import Right

_LOGIN = re.compile(r"[a-z0-9._-]{3,50}")


def _folded(value: str | None) -> str:
    return narrow(value or "").casefold()


def _address(_form: StaffForm, field: Any) -> None:
    if not is_mail_address(field.data):
        raise ValidationError(_("メールアドレスの形を確認してください（例 name@example.jp）。"))


def _login(_form: StaffForm, field: Any) -> None:
    if not _LOGIN.fullmatch(field.data):
        raise ValidationError(_("半角の英数字と「.」「_」「-」で、3文字以上50文字以内で入力してください。"))


class PersonForm(StaffForm):
    """Only rights that the person who fills it in could give."""

    name = name_field(lazy_gettext("名前"), 60)
    email = StringField(
        lazy_gettext("メールアドレス"),
        [Filled(), Length(max=254, message=lazy_gettext("%(max)s文字以内で入力してください。", max=254)), _address],
        filters=[lambda value: narrow(value or "").replace(" ", "")],
    )
    rights = CheckBoxes(lazy_gettext("権限"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.rights.choices = [(right.value, _(right.label)) for right in Right if identity().may(right)]

    def about(self) -> About:
        return About(self.name.data or "", self.email.data or "", frozenset(map(Right, self.rights.data or ())))


class NewPersonForm(PersonForm):
    """The same with what is never changed afterwards: histories name people by it."""

    login = StringField(lazy_gettext("ログインID"), [Filled(), _login], filters=[_folded])


@blueprint.get("/staff")
def staff_list() -> str:
    """Everyone, and what they may do."""
    shown = [
        (each, [right for right in Right if right in rights.read(each.rights)], people.may_change(identity(), each))
        for each in people.everyone(db.session())
    ]
    return render_template("admin/staff.html", people=shown)


@blueprint.get("/staff/new")
def new_staff() -> str:
    """スタッフを追加."""
    return _page(NewPersonForm(formdata=None), None)


@blueprint.post("/staff/new")
def add_staff() -> ResponseReturnValue:
    """追加する: the new person gets a link to choose a password."""
    form = NewPersonForm()
    if not form.validate():
        return _page(form, None), 422
    try:
        with write() as session:
            people.add(session, identity(), form.login.data or "", form.about(), now())
    except people.Taken:
        form.login.errors = [_("このログインIDは使われています。別のIDを入力してください。")]
        return _page(form, None), 422
    flash(_("%(name)sさんを追加し、パスワード設定のメールを%(email)sへ送りました。", name=form.name.data, email=form.email.data), "good")
    return redirect(url_for("admin.staff_list"), 303)


@blueprint.get("/staff/<int:person_id>")
def staff_member(person_id: int) -> str:
    """The form with what is stored."""
    person = _changeable(person_id)
    stored = {"name": person.name, "email": person.email, "rights": [right.value for right in rights.read(person.rights)]}
    return _page(PersonForm(formdata=None, data=stored), person)


@blueprint.post("/staff/<int:person_id>")
def change_staff(person_id: int) -> ResponseReturnValue:
    """変更する: in force with the person's next page."""
    person = _changeable(person_id)
    form = PersonForm()
    if not form.validate():
        return _page(form, person), 422
    with write() as session:
        changed = people.change(session, identity(), person_id, form.about(), now())
    flash(*((_("変更しました。"), "good") if changed else (_("変更はありません。"), "todo")))
    return redirect(url_for("admin.staff_list"), 303)


@blueprint.post("/staff/<int:person_id>/suspend")
def suspend_staff(person_id: int) -> ResponseReturnValue:
    """利用を停止する: logged out at once."""
    person = _changeable(person_id)
    name = person.name
    with write() as session:
        people.suspend(session, identity(), person_id, now())
    flash(_("%(name)sさんの利用を停止し、ログアウトさせました。", name=name), "good")
    return redirect(url_for("admin.staff_list"), 303)


@blueprint.post("/staff/<int:person_id>/reactivate")
def reactivate_staff(person_id: int) -> ResponseReturnValue:
    """利用を再開する."""
    name = _changeable(person_id).name
    with write() as session:
        people.reactivate(session, identity(), person_id, now())
    flash(_("%(name)sさんの利用を再開しました。もう一度ログインすると使えます。", name=name), "good")
    return redirect(url_for("admin.staff_list"), 303)


@blueprint.post("/staff/<int:person_id>/link")
def send_staff_link(person_id: int) -> ResponseReturnValue:
    """パスワード設定のメールを送る – again, or to who forgot it."""
    if not _changeable(person_id).active:
        abort(404)
    with write() as session:
        email = people.send_link(session, identity(), person_id, now())
    flash(_("パスワード設定のメールを%(email)sへ送りました。", email=email), "good")
    return redirect(url_for("admin.staff_member", person_id=person_id), 303)


@blueprint.errorhandler(people.NotYours)
def not_yours(_error: people.NotYours) -> Response:
    """Whoever has a right this person lacks is changed by the owner."""
    return refusal(Door.OWNER)


def _changeable(person_id: int) -> StaffUser:
    """404 for owners and oneself – nobody changes those here. Raises ``NotYours`` for who has more rights."""
    person = db.session.get(StaffUser, person_id)
    if person is None or person.owner or person.id == identity().user_id:
        abort(404)
    if not people.may_change(identity(), person):
        raise people.NotYours
    return person


def _page(form: PersonForm, person: StaffUser | None) -> str:
    lines = [(option, next(right for right in Right if right.value == option.data)) for option in form.rights]
    return render_template("admin/staff_member.html", form=form, person=person, options=lines)
