"""What a changed 売上方式 leaves as it is: orders made under the old one that still wait for their 売上確定 (R-024)."""

from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from admin.blueprint import may
from admin.method_form import METHOD, MethodForm
from admin.order_query import Search, countable
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER
from shop.core.i18n import gettext as _
from shop.core.paging import capped_count
from shop.payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """The orders as 受注一覧 finds them, so that its number is this one."""

    #: The old mode as the method's form calls it.
    mode: str
    count: str
    search: Search

    def __bool__(self) -> bool:
        return self.count != "0"

    def words(self) -> str:
        """The same after saving as before."""
        if not self:
            return _("売上方式の変更は、これからの受注に適用されます。「%(mode)s」で受けた売上未確定の受注はありません。", mode=self.mode)
        named = {"mode": self.mode, "count": self.count}
        if self.search.mode == CAPTURE_AT_ONCE:
            return _("「%(mode)s」で受けた売上未確定の受注が%(count)s件あります。変更後もこの売上方式のままです。", **named)
        return _(
            "「%(mode)s」で受けた売上未確定の受注が%(count)s件あります。変更後もこの売上方式のままです。"
            "売上の確定は、引き続き受注明細で行ってください。",
            **named,
        )

    def link(self) -> Markup:
        """To the orders, for those who may see any."""
        if not self or not may("admin.orders"):
            return Markup("")
        address = url_for("admin.orders", method=self.search.method, mode=self.search.mode, todo=self.search.todo)
        return Markup('<a href="{}">{}</a>').format(address, _("この%(count)s件を受注一覧で見る", count=self.count))


def left_behind(session: Session, method: PaymentMethod, form: MethodForm) -> LeftBehind | None:
    """``None`` unless ``form`` changes the mode. ``method`` is as it was before."""
    field = form._fields.get(METHOD + CAPTURE)
    old = CAPTURE_AT_ONCE if method.capture_at_once else CAPTURE_LATER
    if field is None or not method.configured or field.data == old:
        return None
    search = Search(method=method.id, mode=old, todo="uncaptured")
    return LeftBehind(dict(field.choices)[old], capped_count(session, countable("open", search)), search)
