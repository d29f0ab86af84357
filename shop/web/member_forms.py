"""Forms of members. A password is hashed as soon as it is known to be good; no form keeps one, no page shows one again."""

from datetime import datetime, timedelta
from typing import Any

from flask import request
from wtforms import BooleanField, Field, PasswordField, StringField
from wtforms.validators import StopValidation

from shop.core.clock import jst
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext as _l
from shop.core.runtime import now
from shop.core.text import narrow
from shop.members import links, names, wanted_login, with_order
from shop.web.forms import AtMost, CheckedForm, Needed, email_field, no_link, text_field
from shop.web.member import member_settings


class OnlyToRegister:
    """A field of 会員登録する: not asked for, and not kept, while the box is not ticked."""

    def __call__(self, form: Any, field: Field) -> None:
        if not form.register_member.data:
            field.data = field.default
            field.errors = []
            raise StopValidation


def _login_id(form: Any, field: Field) -> None:
    if not names.LOGIN.fullmatch(field.data or ""):
        raise StopValidation(_("会員IDは、半角の英数字と . _ - を使って、4文字から30文字で入力してください。"))


def _free(form: Any, field: Field) -> None:
    if problem := not_free(field.data or "", form.proven_email):
        raise StopValidation(problem)


def not_free(login: str, proven_email: str = "") -> str:
    """Why this 会員ID cannot be had; empty where it can, also because its account gives way to who has proven the address."""
    try:
        taken = wanted_login.is_taken(login, request.remote_addr or "", now(), proven_email)
    except links.TooOften as error:
        return too_often(error.until)
    return _("この会員IDは使われています。別の会員IDを入力してください。") if taken else ""


def too_often(until: datetime) -> str:
    """Says from when on it may be tried again."""
    clock = jst(until + timedelta(seconds=59)).strftime("%H:%M")
    return _("操作が続いたため、受け付けを止めています。%(time)s 以降にもう一度お試しください。", time=clock)


def _new_password(form: Any, field: Field) -> None:
    """Judged before it is hashed; hashing itself asks the same again."""
    typed = field.data or ""
    if len(typed) < names.PASSWORD_LENGTH:
        raise StopValidation(_("パスワードは%(least)s文字以上で入力してください。", least=names.PASSWORD_LENGTH))
    if names.fold(typed) in {names.fold(name) for name in form.names()}:
        raise StopValidation(_("会員IDやメールアドレスと同じパスワードは使えません。"))


def _terms(form: Any, field: Field) -> None:
    if not field.data and form.terms():
        raise StopValidation(_("会員規約をお読みのうえ、同意してください。"))


def _needed_unless_kept(form: Any, field: Field) -> None:
    if field.data:
        return
    if form.kept_hash:
        raise StopValidation
    Needed()(form, field)


#: What a 会員ID must be, and – where it is asked last – free.
_WANTED = (Needed(), AtMost(30), _login_id)


def _login_field(*validators: Any) -> StringField:
    return text_field(_l("会員ID"), *validators, clean=narrow)


class RegistrationFields:
    """会員登録欄 of the checkouts. The whole form also has ``email``."""

    register_member = BooleanField(_l("会員登録する"))
    login_id = _login_field(OnlyToRegister(), *_WANTED, _free)
    new_password = PasswordField(_l("パスワード"), [OnlyToRegister(), _needed_unless_kept, AtMost(200), _new_password])
    terms_agreed = BooleanField(_l("会員規約に同意する"), [OnlyToRegister(), _terms])

    #: The hash of a password typed on an earlier page, so that nobody types it twice.
    kept_hash = ""
    #: The address of the checkout is not proven.
    proven_email = ""

    def names(self) -> list[str]:
        form: Any = self
        return [form.login_id.data or "", form.email.data or ""]

    def terms(self) -> str:
        """会員規約, empty while the shop has none."""
        return member_settings().terms

    def registration(self) -> str:
        """What a confirmation keeps of 会員登録, with the password hashed now; empty without it. For a form that is valid, and
        outside any transaction."""
        form: Any = self
        if not form.register_member.data:
            return ""
        typed = form.new_password.data
        return with_order.pack(form.login_id.data, names.hashed(typed, *self.names()) if typed else self.kept_hash)

    def registration_so_far(self) -> str:
        """The same of a form that is left as it stands: without a hash where the password is not good yet, so that the page
        asks for it again."""
        form: Any = self
        if form.register_member.data and form.new_password.data and not form.new_password.validate(form):
            return with_order.pack("", "")
        return self.registration()


class LogInForm(CheckedForm):
    """ログイン."""

    login = StringField(_l("会員IDまたはメールアドレス"), [Needed(), AtMost(254)])
    password = PasswordField(_l("パスワード"), [Needed(), AtMost(200)])


class AddressForm(CheckedForm):
    """An address that a link goes to."""

    email = email_field()


class _Proved(CheckedForm):
    """Something that matters: the password is asked for, so that nobody who finds the browser open can do it."""

    password = PasswordField(_l("現在のパスワード"), [Needed(), AtMost(200)])


class PasswordForm(CheckedForm):
    """A new password by a link."""

    new_password = PasswordField(_l("新しいパスワード"), [Needed(), AtMost(200), _new_password])

    def __init__(self, *own: str, **options: Any) -> None:
        self._own = own
        super().__init__(**options)

    def names(self) -> tuple[str, ...]:
        """What the password must not be: the member's 会員ID and mail address."""
        return self._own

    def hashed(self) -> str:
        return names.hashed(self.new_password.data, *self.names())


class _WithTerms(PasswordForm):
    """A password that makes a member."""

    new_password = PasswordField(_l("パスワード"), [Needed(), AtMost(200), _new_password])
    terms_agreed = BooleanField(_l("会員規約に同意する"), [_terms])

    def terms(self) -> str:
        """会員規約, empty while the shop has none."""
        return member_settings().terms


class AfterOrderForm(_WithTerms):
    """会員登録 of a guest who has just ordered."""


class RegisterForm(_WithTerms):
    """会員登録, once the mail address is proven."""

    buyer_name = text_field(_l("お名前"), Needed(), AtMost(60), no_link)
    login_id = _login_field(*_WANTED, _free)
    # Once more, because fields stand in the order they are written.
    new_password = PasswordField(_l("パスワード"), [Needed(), AtMost(200), _new_password])
    terms_agreed = BooleanField(_l("会員規約に同意する"), [_terms])

    def __init__(self, proven_email: str, **options: Any) -> None:
        self.proven_email = proven_email
        super().__init__(proven_email, **options)

    def names(self) -> tuple[str, ...]:
        return (*super().names(), self.login_id.data or "")


class ChangePasswordForm(PasswordForm, _Proved):
    """パスワード変更."""


class ChangeLoginForm(_Proved):
    """会員ID変更. Whether it is free is told once the password is right."""

    login_id = _login_field(*_WANTED)


class ChangeEmailForm(_Proved):
    """メールアドレス変更."""

    email = email_field()


class LeaveForm(_Proved):
    """退会."""
