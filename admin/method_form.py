"""The form of a 支払方法: what every method has, and what its provider declares, drawn from the declarations."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    PasswordField,
    RadioField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length

from admin.forms import (
    SECRET_FIELDS,
    Filled,
    OptionalYenField,
    SecretArea,
    YenField,
    lines_field,
    long_text,
    name_field,
    one_line,
)  # fmt: skip
from admin.logos import LogoForm, PictureField
from providers.contract import N_
from providers.settings import Setting
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.pictures import Picture

#: Field names of the two scopes a provider's settings have.
ACCOUNT, METHOD = "account_", "method_"
#: A certificate with its chain.
_LONGEST = {"pem": 20_000, "lines": 2_000}
_LONGEST_LINE = 200
NAME_LENGTH = 100
LOGO = N_("決済サービスロゴ画像")
#: Name and value of the radio on which a field depends.
Condition = tuple[str, str]


class FilledWhen(Filled):
    """Required as long as the setting counts."""

    def __init__(self, condition: Condition | None) -> None:
        self._condition = condition

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if _counts(form, self._condition):
            super().__call__(form, field)


class Shaped:
    """What is not blank must look like the setting's pattern, as long as the setting counts."""

    def __init__(self, setting: Setting, condition: Condition | None) -> None:
        self._setting, self._condition = setting, condition

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if not field.data or not _counts(form, self._condition):
            return
        if not re.fullmatch(self._setting.pattern, field.data):
            raise ValidationError(_(self._setting.pattern_help))


def _counts(form: FlaskForm, condition: Condition | None) -> bool:
    return condition is None or form[condition[0]].data == condition[1]


class MethodForm(LogoForm):
    """What every 支払方法 has."""

    name = name_field(lazy_gettext("支払方法の名称設定"), NAME_LENGTH)
    #: 適用条件: two check boxes, each with its amount.
    lower = BooleanField(lazy_gettext("下限を設ける"))
    shown_from_yen = OptionalYenField(lazy_gettext("この金額未満の場合は表示しない"))
    upper = BooleanField(lazy_gettext("上限を設ける"))
    hidden_from_yen = OptionalYenField(lazy_gettext("この金額以上の場合は表示しない"))
    note = lines_field(lazy_gettext("注意書き"))
    note_at_choice = BooleanField(lazy_gettext("支払方法画面"))
    note_in_mail = BooleanField(lazy_gettext("サンクスメール"))
    logo = PictureField(lazy_gettext(LOGO))

    #: A card method is never offered for nothing: its lower bound cannot be switched off (R-015).
    lower_locked = False

    def __iter__(self) -> Iterator[Field]:
        """In the order of the page: what the provider declares or the shop charges, then what every method has."""
        return iter(sorted(super().__iter__(), key=lambda field: _COMMON.get(field.name, -1)))

    def validate_shown_from_yen(self, field: Field) -> None:
        """A bound that is switched on needs its amount."""
        if field.errors:
            return
        if self.lower_locked and not field.data:
            raise ValidationError(_("1円以上の金額を入力してください。"))
        if self.lower.data and field.data is None:
            raise ValidationError(_("金額を入力してください。"))

    def validate_hidden_from_yen(self, field: Field) -> None:
        """The upper bound leaves something to be shown."""
        if field.errors or not self.upper.data:
            return
        if field.data is None:
            raise ValidationError(_("金額を入力してください。"))
        if field.data <= (self.bounds()[0] or 0):
            raise ValidationError(_("下限より大きい金額を入力してください。"))

    def bounds(self) -> tuple[int | None, int | None]:
        """適用条件 as it is stored: a bound that is switched off is ``None``."""
        lower = self.shown_from_yen.data if self.lower_locked or self.lower.data else None
        return lower, self.hidden_from_yen.data if self.upper.data else None

    def settings(self, prefix: str) -> dict[str, str]:
        """The values typed for one scope of the provider's settings."""
        return {n.removeprefix(prefix): _text(f.data) for n, f in self._fields.items() if n.startswith(prefix)}

    def secrets(self) -> dict[str, str]:
        """The secrets among what was typed."""
        return {n: f.data for n, f in self._fields.items() if isinstance(f, SECRET_FIELDS) and f.data}

    def brought(self, stored: Picture | None) -> dict[str, Any]:
        """What a browser cannot keep while the form is shown again: secrets, and an image that is not ``stored`` yet."""
        return self.secrets() | ({"logo": self.logo.data} if self.logo.data != stored else {})

    def keep(self, earlier: Mapping[str, Any]) -> None:
        """Take such things from before, where nothing came over them."""
        for name, value in earlier.items():
            if not self[name].data:
                self[name].process_data(value)


#: Places of the fields every method has.
_COMMON = {
    name: place
    for place, (name, field) in enumerate([*vars(MethodForm).items(), *vars(LogoForm).items()])
    if isinstance(field, UnboundField)
}


class FeeMethodForm(MethodForm):
    """A method the shop collects itself, with its flat fee or one that it tells later."""

    fee_yen = YenField(lazy_gettext("手数料（税込）"), default=0)
    fee_apart = BooleanField(lazy_gettext("手数料を別途連絡とする"))


class LinkedMethodForm(MethodForm):
    """A provider's method; its fields are added by :func:`linked_method_form`."""

    lower_locked = True


@dataclass(frozen=True, slots=True)
class Drawn:
    """One setting and its field on a form."""

    setting: Setting
    field: Field
    #: ``name=value`` of the radio without which it does not count.
    only_if: str


def linked_method_form(
    settings: Iterable[Setting], known: Mapping[str, str], marks: Mapping[str, str]
) -> type[LinkedMethodForm]:
    """The form widened by the fields a provider declares. ``known`` are the account's stored values."""
    names = {setting.key: field_name(setting) for setting in settings}
    fields = {names[s.key]: _field(s, names, bool(s.secret and known.get(s.key))) for s in settings}
    fields["name"] = name_field(f"{marks.get('name', '')} {_('支払方法の名称設定')}".strip(), NAME_LENGTH)
    fields["logo"] = PictureField(f"{marks.get('logo', '')} {_(LOGO)}".strip())
    return type("ProviderMethodForm", (LinkedMethodForm,), fields)


def field_name(setting: Setting) -> str:
    """Name of a setting's control."""
    return (ACCOUNT if setting.scope == "account" else METHOD) + setting.key


def drawn(form: MethodForm, settings: Iterable[Setting]) -> list[Drawn]:
    """The settings with their fields, in order."""
    names = {setting.key: field_name(setting) for setting in settings}
    return [
        Drawn(s, form[names[s.key]], f"{names[s.only_if[0]]}={s.only_if[1]}" if s.only_if else "") for s in settings
    ]


def field_value(setting: Setting, value: str) -> str | bool:
    """A stored value as its field holds it."""
    return value == "1" if setting.kind == "check" else value


def _field(setting: Setting, names: Mapping[str, str], stored: bool) -> Field:
    """The control of one setting. A stored secret is never sent to the page; leaving its field blank keeps it."""
    label = f"{setting.mark} {_(setting.label)}".strip()
    hint = _(setting.help) if setting.help else ""
    match setting.kind:
        case "check":
            return BooleanField(label, default=setting.default == "1", description=hint)
        case "radio":
            choices = [(value, _(text)) for value, text in setting.choices]
            chosen = InputRequired(_("どちらかを選んでください。"))
            return RadioField(label, [chosen], choices=choices, default=setting.default, description=hint)
    rules = _rules(setting, names, stored)
    if setting.kind in ("pem", "lines"):
        area = SecretArea if setting.secret else TextAreaField
        return area(label, rules, filters=[long_text], default=setting.default, description=hint)
    kind = PasswordField if setting.secret else StringField
    return kind(label, rules, filters=[one_line], default=setting.default, description=hint)


def _rules(setting: Setting, names: Mapping[str, str], stored: bool) -> list[Any]:
    longest = _LONGEST.get(setting.kind, _LONGEST_LINE)
    condition = (names[setting.only_if[0]], setting.only_if[1]) if setting.only_if else None
    rules: list[Any] = [Length(max=longest, message=_("%(max)s文字以内で入力してください。", max=longest))]
    if setting.required and not stored:
        rules.append(FilledWhen(condition))
    if setting.pattern:
        rules.append(Shaped(setting, condition))
    return rules


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value or "")
