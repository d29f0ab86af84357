"""決済会社の管理画面での確認: three answers to a payment whose outcome nobody but a person can find out, and what was done in that
console to one they have found."""

import logging
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, ValidationError

from admin.blueprint import actor, blueprint
from admin.forms import StaffForm, YenField
from admin.order_page import find_order, find_payment
from shop.core import db
from shop.core.i18n import DEFAULT, force_locale, lazy_gettext
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.runtime import now
from shop.orders import history
from shop.orders.models import Order
from shop.payments import accounts, testimony
from shop.payments.models import Payment
from shop.payments.testimony import Deed, Said

log = logging.getLogger(__name__)


@blueprint.get("/payments/<int:payment_id>/console")
def console_check(payment_id: int) -> str:
    """What to look for, and where. Nothing has happened yet."""
    session = db.db.session()
    operation = testimony.asked(session, payment_id) or abort(404)
    payment = session.get_one(Payment, payment_id)
    assert payment.account_version is not None
    believed_from = testimony.believed_from(operation)
    return render_template(
        "admin/console_check.html", operation=operation, payment=payment, order=session.get_one(Order, payment.order_id),
        provider=accounts.provider_of(payment.account_version.account),
        believed_from=believed_from if now() < believed_from else None,
    )  # fmt: skip


@blueprint.post("/payments/<int:payment_id>/console")
def say_console(payment_id: int) -> ResponseReturnValue:
    """Take the answer. Who said what, and when, stands in 変更履歴."""
    session = db.db.session()
    operation = testimony.asked(session, payment_id)
    if operation is None:
        return _decided()
    try:
        said = Said(request.form.get("said", ""))
    except ValueError:
        return _again(payment_id, _("どれかひとつを選んでください。"))
    order_id, operation_id = operation.payment.order_id, operation.id
    try:
        decided = testimony.give(operation_id, said)
    except testimony.TooEarly:
        return _again(payment_id, _("「見つからない」は、まだ選べません。決済が遅れて届くことがあります。"))
    if not decided and said != Said.UNSURE:
        return _decided()
    _note(order_id, said)
    log.info("console checked", extra={"actor": actor(), "order_id": order_id, "said": said.value})
    flash(*_told(db.db.session.get_one(Order, order_id, populate_existing=True), said))
    return redirect(url_for("admin.payment_attention"), 303)


def _decided() -> ResponseReturnValue:
    flash(_("この決済の結果は、すでに決まっています。"), "todo")
    return redirect(url_for("admin.payment_attention"), 303)


def _again(payment_id: int, text: str) -> ResponseReturnValue:
    flash(text, "bad")
    return redirect(url_for("admin.console_check", payment_id=payment_id), 303)


def _note(order_id: int, said: Said) -> None:
    words = {
        Said.FOUND: _("決済会社の管理画面で確認：与信がある"),
        Said.NOT_FOUND: _("決済会社の管理画面で確認：与信がない"),
        Said.UNSURE: _("決済会社の管理画面で確認：判断できない"),
    }
    with db.write() as session, force_locale(DEFAULT):
        history.add(session, order_id, actor(), words[said], now())


def _told(order: Order, said: Said) -> tuple[str, str]:
    if said == Said.UNSURE:
        return _("記録しました。結果が決まるまで、購入者には「確認中」と表示され、同じカゴからもう一度決済されることはありません。"), "todo"
    if order.state == "placed":
        return _("受注になりました：%(number)s。売上確定や取り消しは、決済会社の管理画面で行い、受注明細に記録してください。", number=order.number), "good"
    if said == Said.FOUND:
        return _("商品を確保できなかったため、受注になりませんでした。決済会社の管理画面で与信を取り消してください。"), "bad"
    return _("決済されていないものとして、手続きを終えました。購入者にメールでお知らせします。"), "good"


# ---- what was done in the console afterwards ----


class SomeYenField(YenField):
    """At least one yen."""

    def pre_validate(self, form: Any) -> None:
        if self.data == 0:
            raise ValidationError(_("1円以上の金額を入力してください。"))


class DeedField(RadioField):
    """One of the deeds there can have been."""

    def pre_validate(self, form: Any) -> None:
        if self.data not in [value for value, _words in self.choices]:
            raise ValidationError(_("どれかひとつを選んでください。"))


class DeedForm(StaffForm):
    """管理画面での操作の記録."""

    deed = DeedField(lazy_gettext("管理画面で行った操作"))
    amount_yen = SomeYenField(lazy_gettext("金額"))


@blueprint.get("/orders/<number>/console")
def console_deed(number: str) -> str:
    """Which deeds there can have been."""
    order, payment = _of_people(number)
    return _deed_page(order, payment, DeedForm(amount_yen=payment.authorized_yen))


@blueprint.post("/orders/<number>/console")
def tell_console(number: str) -> ResponseReturnValue:
    """Take down what was done there. No money moves by it."""
    order, payment = _of_people(number)
    form = DeedForm()
    form.deed.choices = _choices(payment)
    if form.deed.data == Deed.ENDED:
        del form.amount_yen  # not asked for
    if not form.validate():
        return _deed_page(order, payment, form), 422
    deed, order_id = Deed(form.deed.data), order.id
    amount_yen = form.amount_yen.data or 0 if form.amount_yen else 0
    if testimony.tell(payment.id, deed, amount_yen):
        with db.write() as session, force_locale(DEFAULT):
            history.add(session, order_id, actor(), _recorded(deed, amount_yen), now())
        log.info("console deed told", extra={"actor": actor(), "order_id": order_id, "deed": deed.value})
        flash(_("記録しました。"), "good")
    else:
        flash(_("この操作は、いまは記録できません。"), "bad")
    return redirect(url_for("admin.order", number=number), 303)


def _of_people(number: str) -> tuple[Order, Payment]:
    """The order and its payment, if nobody but people can look at it."""
    session = db.db.session()
    order = find_order(session, number)
    payment = find_payment(session, order.id)
    if payment is None or not testimony.deeds(payment):
        abort(404)
    return order, payment


def _deed_page(order: Order, payment: Payment, form: DeedForm) -> str:
    form.deed.choices = _choices(payment)
    assert payment.account_version is not None
    provider = accounts.provider_of(payment.account_version.account)
    return render_template("admin/console_deed.html", order=order, payment=payment, form=form, provider=provider)


def _choices(payment: Payment) -> list[tuple[str, str]]:
    words = {
        Deed.CHANGED: _("金額を変更した"),
        Deed.CAPTURED: _("売上を確定した"),
        Deed.ENDED: _("取り消した、または期限が切れた"),
    }
    return [(deed.value, words[deed]) for deed in testimony.deeds(payment)]


def _recorded(deed: Deed, amount_yen: int) -> str:
    match deed:
        case Deed.CHANGED:
            return _("決済会社の管理画面での操作を記録：金額を%(yen)sに変更", yen=format_yen(amount_yen))
        case Deed.CAPTURED:
            return _("決済会社の管理画面での操作を記録：%(yen)sの売上を確定", yen=format_yen(amount_yen))
        case Deed.ENDED:
            return _("決済会社の管理画面での操作を記録：取消")
