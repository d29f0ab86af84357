"""Forms of the settings pages and the rules of their fields."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)  # fmt: skip
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, TextInput

from providers.contract import Setting
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.text import clean_line, narrow

#: Fees of the trade: 0–99999999 yen.
FEE_DIGITS = 8
#: Field names of the two scopes a provider's settings have.
ACCOUNT, METHOD = "account_", "method_"


def _cleaned(value: str | None) -> str:
    return clean_line(value or "")


def _long_text(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").strip()


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


class HiddenTextArea(TextAreaField):
    """Several secret lines: taken, never sent back to a page."""

    def _value(self) -> str:
        return ""


class CheckBoxes(SelectMultipleField):
    """Several choices, each a check box with its label."""

    option_widget = CheckboxInput()

    def pre_validate(self, form: FlaskForm) -> None:
        if not set(self.data or ()) <= {value for value, _label in self.choices}:
            raise ValidationError(_("今は選べないものが含まれていました。もう一度選んでください。"))


def name_field(label: Any, longest: int) -> StringField:
    """A name of 1 to ``longest`` characters."""
    too_long = lazy_gettext("%(max)s文字以内で入力してください。", max=longest)
    return StringField(label, [Filled(), Length(max=longest, message=too_long)], filters=[_cleaned])


def lines_field(label: Any, longest: int = 2000) -> TextAreaField:
    """Free text of several lines, may stay blank."""
    too_long = lazy_gettext("%(max)s文字以内で入力してください。", max=longest)
    return TextAreaField(label, [Length(max=longest, message=too_long)], filters=[_long_text])


class DeliveryForm(FlaskForm):
    """宅配便基本設定."""

    admin_name = name_field(lazy_gettext("管理用宅配便名"), 30)
    name = name_field(lazy_gettext("表示用宅配便名"), 30)
    fee_yen = YenField(lazy_gettext("送料（全国一律・税込）"), default=0)
    lead_time = lines_field(lazy_gettext("お届けまでの日数（引渡時期）"))
    active = BooleanField(lazy_gettext("この宅配便を使う"), default=True)
    methods = CheckBoxes(lazy_gettext("対応可能な支払方法"), coerce=int)


class MethodForm(FlaskForm):
    """What every 支払方法 has."""

    name = name_field(lazy_gettext("支払方法の名称設定"), 100)
    note = lines_field(lazy_gettext("注意書き"))
    deliveries = CheckBoxes(lazy_gettext("対応可能な宅配便"), coerce=int)

    def settings(self, prefix: str) -> dict[str, str]:
        """The values typed for one scope of the provider's settings."""
        return {n.removeprefix(prefix): str(f.data or "") for n, f in self._fields.items() if n.startswith(prefix)}


class FeeMethodForm(MethodForm):
    """A method the shop collects itself, with its flat fee."""

    fee_yen = YenField(lazy_gettext("手数料（税込）"), default=0)


class CardMethodForm(MethodForm):
    """A card method: when the money is taken."""

    capture = RadioField(
        lazy_gettext("売上の方法"),
        [InputRequired(lazy_gettext("どちらかを選んでください。"))],
        choices=[("later", lazy_gettext("オーソリのみ")), ("at_once", lazy_gettext("オーソリ+売上"))],
    )


def card_method_form(settings: Iterable[Setting], known: Mapping[str, str]) -> type[CardMethodForm]:
    """The card form widened by the fields a provider declares. ``known`` are the account's stored values."""
    fields = {(ACCOUNT if s.scope == "account" else METHOD) + s.key: _setting_field(s, known) for s in settings}
    return type("ProviderMethodForm", (CardMethodForm,), fields)


def _setting_field(setting: Setting, known: Mapping[str, str]) -> Field:
    label = _(setting.label)
    # A stored secret is never sent to the page; leaving its field blank keeps it.
    stored_secret = setting.secret and known.get(setting.key)
    rules = [Filled()] if setting.required and not stored_secret else []
    masked = {"placeholder": "••••••••"} if stored_secret else None
    hint = _("登録済みです。変更するときだけ入力してください。") if stored_secret else setting.help and _(setting.help)
    if setting.kind == "choice":
        choices = [(value, _(text)) for value, text in setting.choices]
        return SelectField(label, rules, choices=choices, default=setting.default, description=hint)
    if setting.kind == "pem":
        area = HiddenTextArea if setting.secret else TextAreaField
        return area(label, rules, filters=[_long_text], description=hint, render_kw=masked)
    kind = PasswordField if setting.secret else StringField
    return kind(label, rules, filters=[_cleaned], default=setting.default, description=hint, render_kw=masked)
