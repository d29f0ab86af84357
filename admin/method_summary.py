"""What a method's form holds, in words: for the confirmation page, and – names only – for 最近の操作."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wtforms import BooleanField, Field, RadioField

from admin.method_form import LOGO, FeeMethodForm, MethodForm, drawn
from providers.contract import N_
from providers.settings import Setting
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.pictures import Picture

MASK = "••••••••"


@dataclass(frozen=True, slots=True)
class Group:
    """A heading with its lines: label and value."""

    title: str
    lines: Sequence[tuple[str, str]]


def summary(
    form: MethodForm, settings: Sequence[Setting], stored: set[str], marks: Mapping[str, str], logo: Picture | None
) -> list[Group]:
    """All that 設定する would store; of secrets and of the ``logo`` carried so far only whether they change."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in drawn(form, settings):
        shown = _secret(each.field, stored) if each.setting.secret else _shown(each.field)
        groups.setdefault(_(each.setting.group), []).append((each.field.label.text, shown))
    if isinstance(form, FeeMethodForm):
        fee = _("別途連絡") if form.fee_apart.data else format_yen(form.fee_yen.data or 0)
        groups[_("手数料")] = [(str(form.fee_yen.label.text), fee)]
    groups[_("詳細設定・注意書き")] = [
        (str(form.name.label.text), form.name.data),
        (f"{marks.get('conditions', '')} {_('適用条件')}".strip(), _conditions(form)),
        (f"{marks.get('note', '')} {form.note.label.text}".strip(), form.note.data or _("（空欄）")),
        (_("注意書きの表示"), "、".join(_places(form))),
        *form.logo_lines(logo),
    ]
    return [Group(title, lines) for title, lines in groups.items()]


def _secret(field: Field, stored: set[str]) -> str:
    if field.data:
        return _("%(mask)s（変更する）", mask=MASK) if field.name in stored else MASK
    return _("%(mask)s（変更しない）", mask=MASK) if field.name in stored else _("（空欄）")


def _shown(field: Field) -> str:
    if isinstance(field, BooleanField):
        return _("はい") if field.data else _("いいえ")
    if isinstance(field, RadioField):
        return str(dict(field.choices).get(field.data, field.data))
    return str(field.data or _("（空欄）"))


def _conditions(form: MethodForm) -> str:
    lower, upper = form.bounds()
    said = []
    if lower is not None:
        said.append(_("商品金額が%(yen)s未満の場合は表示しない", yen=format_yen(lower)))
    if upper is not None:
        said.append(_("商品金額が%(yen)s以上の場合は表示しない", yen=format_yen(upper)))
    return "、".join(said) or _("なし")


def _places(form: MethodForm) -> list[str]:
    chosen = [str(f.label.text) for f in (form.note_at_choice, form.note_in_mail) if f.data]
    return [*chosen, _("確認画面")]


def changed_labels(before: MethodForm, after: MethodForm, settings: Iterable[Setting]) -> list[str]:
    """Labels of what differs, in Japanese. A secret counts when it was typed; the stored one is not looked at."""
    fields = {each.field.name: each.setting.label for each in drawn(after, settings)}
    common = {
        "name": N_("支払方法の名称設定"), "note": N_("注意書き"), "note_at_choice": N_("支払方法画面"),
        "note_in_mail": N_("サンクスメール"), "fee_yen": N_("手数料"), "fee_apart": N_("手数料を別途連絡とする"),
    }  # fmt: skip
    names = {name: label for name, label in (fields | common).items() if name in after}
    found = [label for name, label in names.items() if (before[name].data or "") != (after[name].data or "")]
    found += [N_("適用条件")] if before.bounds() != after.bounds() else []
    return found + after.logo_changes(before, LOGO)
