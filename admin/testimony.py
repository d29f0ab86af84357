"""決済会社の管理画面での確認: three answers to a payment whose outcome nobody but a person can find out."""

import logging

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.blueprint import actor, blueprint
from shop.core import db
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.orders import history
from shop.orders.models import Order
from shop.payments import accounts, testimony
from shop.payments.models import Payment
from shop.payments.testimony import Said

log = logging.getLogger(__name__)


@blueprint.get("/payments/<int:payment_id>/console")
def console_check(payment_id: int) -> str:
    """What to look for, and where. Nothing has happened yet."""
    session = db.db.session()
    operation = testimony.asked(session, payment_id) or abort(404)
    payment = session.get_one(Payment, payment_id)
    assert payment.account_version is not None
    return render_template(
        "admin/console_check.html", operation=operation, payment=payment, order=session.get_one(Order, payment.order_id),
        provider=accounts.provider_of(payment.account_version.account),
    )  # fmt: skip


@blueprint.post("/payments/<int:payment_id>/console")
def say_console(payment_id: int) -> ResponseReturnValue:
    """Take the answer. Who said what, and when, stands in 変更履歴."""
    session = db.db.session()
    operation = testimony.asked(session, payment_id)
    if operation is None:
        flash(_("この決済の結果は、すでに決まっています。"), "todo")
        return redirect(url_for("admin.payment_attention"), 303)
    try:
        said = Said(request.form.get("said", ""))
    except ValueError:
        flash(_("どれかひとつを選んでください。"), "bad")
        return redirect(url_for("admin.console_check", payment_id=payment_id), 303)
    order_id, operation_id = operation.payment.order_id, operation.id
    _note(order_id, said)
    testimony.give(operation_id, said)
    log.info("console checked", extra={"actor": actor(), "order_id": order_id, "said": said.value})
    flash(*_told(db.db.session.get_one(Order, order_id, populate_existing=True), said))
    return redirect(url_for("admin.payment_attention"), 303)


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
        return _("受注になりました：%(number)s。売上確定や取り消しは、決済会社の管理画面で行ってください。", number=order.number), "good"
    if said == Said.FOUND:
        return _("商品を確保できなかったため、受注になりませんでした。決済会社の管理画面で与信を取り消してください。"), "bad"
    return _("決済されていないものとして、手続きを終えました。購入者にメールでお知らせします。"), "good"
