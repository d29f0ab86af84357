"""送信メール – what the shop wrote to whom, and whether it arrived at the mail server."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from admin import words
from admin.blueprint import actor, blueprint, identity, own_path
from admin.paging import page_by_id
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.orders import history
from shop.orders.models import Order
from shop.outbox import service
from shop.outbox.models import OutboxMail
from shop.staff.mails import KIND as STAFF


@blueprint.get("/mails")
def mails() -> str:
    """All mails, or those in one state."""
    state = request.args.get("state", "")
    query = select(
        OutboxMail.id, OutboxMail.state, OutboxMail.recipient, OutboxMail.subject, OutboxMail.created_at,
        OutboxMail.attempts, OutboxMail.last_error, Order.number,
    ).outerjoin(Order, Order.id == OutboxMail.order_id)
    if state in words.MAIL:
        query = query.where(OutboxMail.state == state)
    return render_template("admin/mails.html", page=page_by_id(db.session(), query, OutboxMail.id), state=state)


@blueprint.get("/mails/<int:mail_id>")
def mail(mail_id: int) -> str:
    """One mail in full."""
    session = db.session()
    found = session.get(OutboxMail, mail_id) or abort(404)
    number = session.scalar(select(Order.number).where(Order.id == found.order_id))
    return render_template("admin/mail.html", mail=found, body=_body(found), number=number)


def _body(mail: OutboxMail) -> str:
    """What may be read here: a link that opens somebody's account is for them (in the demo, where mails go to a file, for
    whoever tries it out – but one that opens a colleague's, with rights of their own, for the owner alone)."""
    for_all = not mail.kind.startswith(STAFF) or identity().owner
    if mail.sealed is not None and runtime().config.demo and for_all:
        return service.whole_body(mail)
    return mail.body.replace(service.SECRET, _("（宛先の方だけに表示）"))


@blueprint.post("/mails/<int:mail_id>/retry")
def retry_mail(mail_id: int) -> ResponseReturnValue:
    """再送 – queue a failed mail again; its order's history says so."""
    with write() as session:
        found = session.get(OutboxMail, mail_id) or abort(404)
        queued = service.retry(session, mail_id)
        order = session.get(Order, found.order_id) if found.order_id else None
        if queued and order and order.number:
            history.add_deed(session, order, actor(), _("メール再送「%(subject)s」", subject=found.subject), now())
    if queued:
        flash(_("再送の列に入れました。まもなく送信されます。"), "good")
    else:
        flash(_("このメールはすでに送信済みか、送信待ちです。"), "todo")
    return redirect(own_path(request.form.get("next", "")), 303)
