"""送信の設定と確認: where mails come from, a mail to see whether they arrive, and what the DNS says of their domain (U-065)."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.blueprint import actor, blueprint, identity
from admin.log import note
from providers.contract import N_
from shop.core import shopinfo, throttle
from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.outbox import domain, sending
from shop.outbox.domain import Finding
from shop.staff import mails
from shop.staff.models import StaffUser

#: One test mail in this time, so that a double press sends one.
_PAUSE = timedelta(seconds=30)
#: Who looks names up.
names: domain.Names = domain.Resolver()


@blueprint.get("/mails/check")
def mail_check() -> str:
    """The page. The DNS is asked at a press only."""
    return _page()


@blueprint.post("/mails/check/test")
def send_test_mail() -> ResponseReturnValue:
    """テスト送信 to the shop's address or the sender's own."""
    recipient, moment = request.form.get("to", ""), now()
    if recipient not in _recipients():
        abort(400)
    with write() as session:
        turn = throttle.count(session, [throttle.Limit("test-mail", throttle.digest(actor()), 1, _PAUSE)], moment)
        if not turn.blocked_until:
            mails.test_mail(session, recipient, identity().name, moment)
            note(session, N_("テストメールを%(to)sへ送信"), to=recipient)
    if turn.blocked_until:
        flash(_("テストメールは送信したばかりです。届かないときは、30秒ほど待ってからもう一度押してください。"), "wait")
    else:
        flash(_("テストメールを送信の列に入れました：%(to)s", to=recipient), "good")
    return redirect(url_for("admin.mail_check"), 303)


@blueprint.post("/mails/check/domain")
def check_mail_domain() -> ResponseReturnValue:
    """Ask the DNS. A practice shop talks to nobody outside."""
    if runtime().config.demo:
        return redirect(url_for("admin.mail_check"), 303)
    sender = _sender()
    end_read()
    return _page(domain.examine(domain.of(sender), runtime().config.dkim_selector, names))


def _page(findings: list[Finding] | None = None) -> str:
    sender = _sender()
    return render_template(
        "admin/mail_check.html",
        sender=sender,
        domain=domain.of(sender),
        shop_email=shopinfo.get(db.session()).email,
        server=_server(runtime().config.smtp_url),
        recipients=_recipients(),
        findings=findings,
        at=now(),
    )


def _sender() -> str:
    return sending.sender_of(runtime().config, shopinfo.get(db.session()).email)


def _server(url: str) -> str:
    """Without name and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if url else ""


def _recipients() -> list[str]:
    """The shop's own address and that of whoever asks."""
    session = db.session()
    own = session.get_one(StaffUser, identity().user_id).email
    return list(dict.fromkeys(filter(None, [shopinfo.get(session).email, own])))
