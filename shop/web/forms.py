"""The buyer's form. Widths, hyphens and spaces are put right silently; what cannot be meant gets a sentence at its field."""

import re
from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import StopValidation

from shop.core import card_numbers
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext as _l
from shop.core.prefectures import PREFECTURES
from shop.core.text import clean_line, digits, hyphenated, is_mail_address, katakana, narrow
from shop.web import advice
from shop.web.advice import Advice

_KANA = re.compile(r"[ァ-ヺー・ A-Za-z.'-]*")

Filter = Callable[[Any], Any]


def filtered(clean: Callable[[str], str]) -> list[Filter]:
    return [lambda value: clean(value) if isinstance(value, str) else value]


def _email(value: str) -> str:
    return narrow(value).replace(" ", "")


def _postal_digits(value: str) -> str:
    return digits(value).removeprefix("\u3012")  # the postal mark


def _phone_digits(value: str) -> str:
    return re.sub(r"^\+810?", "0", digits(value))  # as some browsers fill it in


class Needed:
    """必須 – with the field's own name in the sentence."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data and isinstance(field, SelectField):
            raise StopValidation(_("%(label)sを選んでください。", label=field.label.text))
        if not field.data:
            raise StopValidation(_("%(label)sを入力してください。", label=field.label.text))


class OfOtherShipTo:
    """A field of 別のお届け先: not asked for, and not kept, while the buyer's own address is meant."""

    def __call__(self, form: Any, field: Field) -> None:
        if form.ship_to.data != "other":
            field.data = ""
            field.errors = []
            raise StopValidation


class NeededThere(Needed):
    """必須 once 別のお届け先 is chosen; the browser does not demand it before."""

    field_flags = {}


class AtMost:
    """No more than ``limit`` characters; says how many there are."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.field_flags = {"maxlength": limit}

    def __call__(self, form: Any, field: Field) -> None:
        length = len(field.data or "")
        if length > self.limit:
            raise StopValidation(
                _("%(limit)s文字以内で入力してください（いまは%(length)s文字です）。", limit=self.limit, length=length)
            )


#: What a mail program makes a link of, whoever wrote it.
_LINK = re.compile(r"://|www\.|[a-z0-9-]\.[a-z]{2,}/", re.IGNORECASE)


def no_link(form: Any, field: Field) -> None:
    """Mails begin with the name, and go to any address that is typed: nobody's advertisement goes with them (T-045)."""
    if _LINK.search(narrow(field.data or "")):
        raise StopValidation(_("%(label)sにURLは入力できません。", label=field.label.text))


def _postal_code(form: Any, field: Field) -> None:
    typed = field.data or ""
    if not _is_number(typed):
        raise StopValidation(_("郵便番号は7桁の数字で入力してください（例 123-4567）。"))
    if len(typed) != 7:
        raise StopValidation(_("郵便番号は7桁の数字で入力してください（いまは%(length)s桁です）。", length=len(typed)))
    field.data = hyphenated(typed)


def _phone(form: Any, field: Field) -> None:
    typed = field.data or ""
    if not _is_number(typed) or not typed.startswith("0") or typed.startswith("00"):
        raise StopValidation(_("電話番号は市外局番から、10桁か11桁の数字で入力してください。"))
    if len(typed) not in (10, 11):
        raise StopValidation(
            _("電話番号は市外局番から、10桁か11桁の数字で入力してください（いまは%(length)s桁です）。", length=len(typed))
        )


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit()


def _mail_address(form: Any, field: Field) -> None:
    """Lenient: carrier addresses with dots in odd places exist and work (study §5)."""
    address = field.data or ""
    match address.count("@"):
        case 0:
            raise StopValidation(_("メールアドレスの形を確認してください（「@」がありません）。"))
        case 1 if is_mail_address(address):
            return
        case 1:
            raise StopValidation(_("メールアドレスの形を確認してください（例 name@example.jp）。"))
        case _many:
            raise StopValidation(_("メールアドレスの形を確認してください（「@」がいくつもあります）。"))


def _kana(form: Any, field: Field) -> None:
    if not _KANA.fullmatch(field.data or ""):
        raise StopValidation(_("フリガナは、ひらがなかカタカナで入力してください。"))


def _prefecture(form: Any, field: Field) -> None:
    if field.data not in PREFECTURES:
        raise StopValidation(_("都道府県を選んでください。"))


class PostalField(StringField):  # type: ignore[misc]  # the package has no types
    """郵便番号, given back as it is written, whether it was judged or not."""

    def _value(self) -> str:
        return hyphenated(self.data or "")


def text_field(label: Any, *validators: Any, clean: Callable[[str], str] = clean_line) -> StringField:
    return StringField(label, validators=list(validators), filters=filtered(clean))


def email_field() -> StringField:
    return text_field(_l("メールアドレス"), Needed(), AtMost(254), _mail_address, clean=_email)


def _prefecture_field(label: Any, *validators: Any) -> SelectField:
    options = [("", _l("選んでください")), *((name, _l(name)) for name in PREFECTURES)]
    return SelectField(label, choices=options, validators=[*validators, _prefecture], validate_choice=False)


def _kept(value: object) -> str:
    return "1" if value is True else str(value or "")


# Fields stand in the order they are written, whichever form takes them.


class NameFields:
    """Who somebody is."""

    buyer_name = text_field(_l("お名前"), Needed(), AtMost(60), no_link)
    buyer_kana = text_field(_l("フリガナ"), AtMost(60), _kana, clean=katakana)


class RecipientField:
    """Who gets a parcel, in お届け先リスト."""

    name = text_field(_l("お届け先のお名前"), Needed(), AtMost(60), no_link)


class MailField:
    """Where mails go."""

    email = email_field()


class AddressFields:
    """Where somebody is and can be called."""

    phone = text_field(_l("電話番号"), Needed(), _phone, clean=_phone_digits)
    postal_code = PostalField(_l("郵便番号"), [Needed(), _postal_code], filters=filtered(_postal_digits))
    prefecture = _prefecture_field(_l("都道府県"), Needed())
    address1 = text_field(_l("市区町村・番地"), Needed(), AtMost(100))
    address2 = text_field(_l("建物名・部屋番号"), AtMost(100))


class BuyerFields(NameFields, MailField, AddressFields):
    """ご注文者 and お届け先: STEP1, and the first half of the one-page checkout."""

    ship_to = RadioField(
        _l("お届け先"),
        choices=[("same", _l("ご注文者と同じ")), ("other", _l("別のお届け先"))],
        default="same",
    )
    ship_name = text_field(_l("お届け先のお名前"), OfOtherShipTo(), NeededThere(), AtMost(60), no_link)
    ship_phone = text_field(_l("お届け先の電話番号"), OfOtherShipTo(), NeededThere(), _phone, clean=_phone_digits)
    ship_postal_code = PostalField(
        _l("お届け先の郵便番号"), [OfOtherShipTo(), NeededThere(), _postal_code], filters=filtered(_postal_digits)
    )
    ship_prefecture = _prefecture_field(_l("お届け先の都道府県"), OfOtherShipTo(), NeededThere())
    ship_address1 = text_field(_l("お届け先の市区町村・番地"), OfOtherShipTo(), NeededThere(), AtMost(100))
    ship_address2 = text_field(_l("お届け先の建物名・部屋番号"), OfOtherShipTo(), AtMost(100))


class ShopForm(FlaskForm):  # type: ignore[misc]  # the package has no types
    """What all forms of the shop have in common."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Besides each field's own rules: a card number typed into the wrong field is refused and forgotten (R-111)."""
        fine = super().validate(extra_validators)
        return not card_numbers.forget(self) and bool(fine)


class CheckedForm(ShopForm):
    """A buyer's or member's form. Its fields are judged as they are left (``flow.verdicts``)."""

    def advice(self) -> dict[str, Advice]:
        """Questions about fields that may well be meant as they are, by name."""
        asked = {"email": advice.of_mail, "address1": advice.of_address, "ship_address1": advice.of_address}
        found = {name: ask(str(self[name].data or "")) for name, ask in asked.items() if name in self}
        return {name: said for name, said in found.items() if said}

    def ask_again(self) -> None:
        """Of a refused form: no page gives a password back, so beside one that was fine it says that it is needed once more,
        and the next press is not refused for it (U-013)."""
        for field in self:
            if isinstance(field, PasswordField) and field.data and not field.errors:
                field.errors = [_("安全のため、もう一度入力してください。")]

    def cleaned(self) -> dict[str, str]:
        """The values to keep, by field name; no token of ours, no card data, no password."""
        kept = {name: field for name, field in self._fields.items() if not isinstance(field, PasswordField)}
        return {name: _kept(field.data) for name, field in kept.items() if name != "csrf_token"}


class ProfileForm(NameFields, AddressFields, CheckedForm):
    """会員情報変更."""


class ShipToForm(RecipientField, AddressFields, CheckedForm):
    """One entry of お届け先リスト."""
