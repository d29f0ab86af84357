"""送信メール – what the shop wrote to whom, whether it arrived at the mail server, and sending it again."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import words
from admin.blueprint import actor, blueprint, identity, own_path
from admin.log import note
from admin.paging import page_by_id
from providers.contract import N_
from shop.core import shopinfo
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.orders import history
from shop.orders.models import Order
from shop.outbox import copies, service
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
    repeated = session.execute(
        select(OutboxMail.id, OutboxMail.created_at, OutboxMail.recipient)
        .where(OutboxMail.copy_of == mail_id)
        .order_by(OutboxMail.id)
    ).all()
    return render_template("admin/mail.html", mail=found, body=_body(found), number=_number(found), copies=repeated)


def _number(mail: OutboxMail) -> str | None:
    """Of the order it is about, once that has one."""
    return db.session.scalar(select(Order.number).where(Order.id == mail.order_id))


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


@blueprint.get("/mails/<int:mail_id>/again")
def confirm_copy(mail_id: int) -> str:
    """再送 of a mail that has left: what it says, and to whom. Nothing has happened yet."""
    session = db.session()
    found = session.get(OutboxMail, mail_id) or abort(404)
    standing = copies.standing(session, found)
    return render_template(
        "admin/mail_copy.html",
        mail=found,
        number=_number(found),
        standing=standing,
        obstacle=words.MAIL_OBSTACLES[standing.obstacle] if standing.obstacle else "",
        shop_email=shopinfo.get(session).email,
    )


@blueprint.post("/mails/<int:mail_id>/again")
def copy_mail(mail_id: int) -> ResponseReturnValue:
    """Send the copy that was announced; a second press of the same page finds it made."""
    seen, to = request.form.get("seen", type=int), request.form.get("to", "")
    if seen is None or to not in ("reader", "shop"):
        abort(400)
    with write() as session:
        found = session.get(OutboxMail, mail_id) or abort(404)
        to_shop = shopinfo.get(session).email if to == "shop" else ""
        made = copies.make(session, mail_id, seen, now(), to_shop=to_shop)
        if made:
            _write_down_copy(session, found, to_shop)
    if made:
        flash(_("再送の列に入れました。まもなく送信されます。"), "good")
    else:
        flash(_("画面を開いた後に、このメールはすでに再送されたか、送信の状態が変わりました。"), "todo")
    return redirect(url_for("admin.mail", mail_id=mail_id), 303)


def _write_down_copy(session: Session, mail: OutboxMail, to_shop: str) -> None:
    """Where the deed belongs: what a buyer gets about an order in its 変更履歴, all else in 最近の操作."""
    order = session.get(Order, mail.order_id) if mail.order_id else None
    if to_shop:
        note(session, N_("メール「%(subject)s」を%(to)sへテスト送信"), subject=mail.subject, to=to_shop)
    elif order and order.number:
        history.add_deed(session, order, actor(), _("メール再送「%(subject)s」", subject=mail.subject), now())
    else:
        note(session, N_("メール「%(subject)s」を%(to)sへ再送"), subject=mail.subject, to=mail.recipient)
