"""Fields of the settings forms, the rules they share, and the courier's form."""

from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)  # fmt: skip
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, TextInput

from shop.core import card_numbers
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.prefectures import PREFECTURES
from shop.core.text import clean_line, narrow, visible_lines

#: Fees of the trade: 0–99999999 yen.
FEE_DIGITS = 8


def one_line(value: str | None) -> str:
    """Filter: one clean line."""
    return clean_line(value or "")


def long_text(value: str | None) -> str:
    """Filter: several lines, ends trimmed."""
    return visible_lines(value or "")


class SecretArea(TextAreaField):
    """Several secret lines: taken, never sent back to a page."""

    def _value(self) -> str:
        return ""


#: What is encrypted, never shown and may be any digits.
SECRET_FIELDS = (PasswordField, SecretArea)


class StaffForm(FlaskForm):
    """A form of the admin: besides each field's own rules, no card number in any of them (R-316)."""

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        plain = (field for field in self if not isinstance(field, SECRET_FIELDS))
        return not card_numbers.forget(plain) and bool(fine)

    def values(self) -> dict[str, Any]:
        """All that was typed and chosen, to be sealed."""
        return {name: field.data for name, field in self._fields.items() if name != "csrf_token"}


class Filled:
    """Required, said in words of ours; blanks do not count."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if not str(field.data or "").strip():
            raise ValidationError(_("入力してください。"))


class YenField(IntegerField):
    """Whole yen from whatever width and with whatever commas it was typed. What was typed stays in the field."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        typed = narrow(valuelist[0]).replace(",", "").removesuffix("円")
        self.data = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= FEE_DIGITS else None
        if self.data is None:
            raise ValueError(_("0から99999999までの数字で入力してください。"))


class Count(IntegerField):
    """A whole number between two bounds, from whatever width it was typed in."""

    widget = TextInput()

    def __init__(self, label: Any, least: int, most: int, **options: Any) -> None:
        super().__init__(label, **options)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = narrow(valuelist[0]).strip() if valuelist else ""
        self.data = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 6 else None

    def pre_validate(self, form: Any) -> None:
        if self.data is None or not self.least <= self.data <= self.most:
            raise ValidationError(_("%(least)sから%(most)sまでの数字で入力してください。", least=self.least, most=self.most))


class OptionalYenField(YenField):
    """The same, and a blank field is ``None``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist and valuelist[0].strip():
            super().process_formdata(valuelist)
        else:
            self.data = None


class CheckBoxes(SelectMultipleField):
    """Several choices, each a check box with its label."""

    option_widget = CheckboxInput()

    def pre_validate(self, form: FlaskForm) -> None:
        if not set(self.data or ()) <= {value for value, _label in self.choices}:
            raise ValidationError(_("今は選べないものが含まれていました。もう一度選んでください。"))


def name_field(label: Any, longest: int) -> StringField:
    """A name of 1 to ``longest`` characters."""
    too_long = lazy_gettext("%(max)s文字以内で入力してください。", max=longest)
    return StringField(label, [Filled(), Length(max=longest, message=too_long)], filters=[one_line])


def line_field(label: Any, longest: int) -> StringField:
    """One line, may stay blank."""
    too_long = lazy_gettext("%(max)s文字以内で入力してください。", max=longest)
    return StringField(label, [Length(max=longest, message=too_long)], filters=[one_line])


def lines_field(label: Any, longest: int = 2000) -> TextAreaField:
    """Free text of several lines, may stay blank."""
    too_long = lazy_gettext("%(max)s文字以内で入力してください。", max=longest)
    return TextAreaField(label, [Length(max=longest, message=too_long)], filters=[long_text])


class DeliveryForm(StaffForm):
    """宅配便基本設定."""

    admin_name = name_field(lazy_gettext("管理用宅配便名"), 30)
    name = name_field(lazy_gettext("表示用宅配便名"), 30)
    fee_yen = YenField(lazy_gettext("送料（全国一律・税込）"), default=0)
    apart_prefectures = CheckBoxes(
        lazy_gettext("送料を別途連絡とする都道府県"), choices=[(name, lazy_gettext(name)) for name in PREFECTURES]
    )
    lead_time = lines_field(lazy_gettext("お届けまでの日数（引渡時期）"))
    active = BooleanField(lazy_gettext("この宅配便を使う"), default=True)
    methods = CheckBoxes(lazy_gettext("対応可能な支払方法"), coerce=int)


class MemberSettingsForm(StaffForm):
    """会員設定. Names are those of the row."""

    timing = RadioField(
        lazy_gettext("会員登録処理のタイミング"),
        choices=[("completed", lazy_gettext("受注処理完了時")), ("placed", lazy_gettext("注文完了時"))],
    )
    zero_step_hides = BooleanField(lazy_gettext("ゼロステップカートで会員登録欄・ログインを表示しない"))
    may_change_login = BooleanField(lazy_gettext("会員IDの変更を許可する"))
    may_change_password = BooleanField(lazy_gettext("パスワードの変更を許可する"))
    may_leave = BooleanField(lazy_gettext("退会を許可する"))
    terms = lines_field(lazy_gettext("会員規約"), 20_000)
    card_changes = Count(lazy_gettext("カードの登録・変更（回）"), 1, 99)
    card_minutes = Count(lazy_gettext("カードの登録・変更を数える時間（分）"), 1, 1440)
