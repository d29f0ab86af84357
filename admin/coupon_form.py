"""The form of a coupon."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, StringField, ValidationError
from wtforms.widgets import DateInput

from admin.forms import Count, StaffForm, name_field
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.text import folded, narrow
from shop.promotions.models import CODE_LENGTH, Coupon

#: As many as a row counts.
_MOST_USES = 999_999


class DayField(StringField):
    """A day, in whatever width and with whatever marks between; its ``data`` is ``2026-12-01``, which can be sealed."""

    widget = DateInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = narrow(valuelist[0] if valuelist else "").replace("/", "-").replace(".", "-")
        self.data = typed
        try:
            self.data = date.fromisoformat(typed).isoformat()
        except ValueError:
            raise ValueError(_("日付を入力してください（例 2026-12-01）。")) from None


class OptionalCount(Count):
    """The same as a count, and a blank field is ``None``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.blank = not (valuelist and valuelist[0].strip())
        super().process_formdata(valuelist)

    def pre_validate(self, form: Any) -> None:
        if not getattr(self, "blank", False):
            super().pre_validate(form)


class CouponForm(StaffForm):
    """クーポン. Names are those of the row."""

    code = name_field(lazy_gettext("クーポンコード"), CODE_LENGTH)
    name = name_field(lazy_gettext("管理用クーポン名"), 50)
    kind = RadioField(
        lazy_gettext("割引の種類"),
        choices=[("yen", lazy_gettext("金額（円）")), ("percent", lazy_gettext("割合（％）"))],
        default="yen",
    )
    value = Count(lazy_gettext("割引の値"), 1, 999_999)
    starts_on = DayField(lazy_gettext("利用期間の最初の日"))
    ends_on = DayField(lazy_gettext("利用期間の最後の日"))
    uses = OptionalCount(lazy_gettext("利用できる回数（全体）"), 1, _MOST_USES)
    members_only = BooleanField(lazy_gettext("会員だけが使える"))
    active = BooleanField(lazy_gettext("このクーポンを使えるようにする"), default=True)

    def validate_value(self, field: Any) -> None:
        if self.kind.data == "percent" and field.data and field.data > 100:
            raise ValidationError(_("割合は1から100までの数字で入力してください。"))

    def validate_ends_on(self, field: Any) -> None:
        if not (field.process_errors or self.starts_on.errors) and field.data < self.starts_on.data:
            raise ValidationError(_("最初の日と同じ日か、それより後の日を入力してください。"))

    def fits(self, session: Session, coupon: Coupon | None) -> bool:
        """Whether it goes with the coupons there are: no code twice, however it is written, and no fewer uses than were made.
        Says at the field what does not."""
        key = folded(self.code.data)
        same = select(Coupon.code).where(Coupon.folded == key, Coupon.id != (coupon.id if coupon else 0))
        taken = coupon.held + coupon.used if coupon else 0
        if len(key) > CODE_LENGTH:
            self.code.errors = [_("%(max)s文字以内で入力してください。", max=CODE_LENGTH)]
        elif (other := session.scalar(same)) is not None:
            self.code.errors = [_("同じコードのクーポンがあります：%(code)s（大文字・小文字、全角・半角、空白の違いは区別しません）", code=other)]
        if self.uses.data is not None and self.uses.data < taken:
            self.uses.errors = [_("すでに%(count)s回使われているか、お手続き中の注文で使われています。%(count)s以上を入力してください。", count=taken)]
        return not (self.code.errors or self.uses.errors)
