"""ログイン after the right password: straight in, or halfway, until the code of the two-step log-in is right as well (T-041)."""

import logging
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired

from admin.blueprint import HALFWAY, Staff, blueprint, halfway, load_user, own_path, staff
from admin.forms import StaffForm, one_line
from shop.core import guessing
from shop.core.clock import jst
from shop.core.db import write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now, runtime
from shop.staff import devices, service, two_step
from shop.staff.two_step import Verdict

log = logging.getLogger(__name__)
#: Whom this browser has been let in as; see ``shop.core.guessing``.
KNOWN = "known"
#: What a log-in keeps of the session before it – and how long.
_KEPT = ("language", KNOWN, "_permanent")
#: What a browser says of itself, the particular before what others claim as well.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS/": "Firefox", "CriOS/": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}


class CodeForm(StaffForm):
    """The second step: a code of the app or, the other way, one of those on paper."""

    code = StringField(lazy_gettext("確認番号（6けた）"), [DataRequired(lazy_gettext("番号を入力してください。"))], filters=[one_line])
    remember = BooleanField(lazy_gettext("この端末では30日間省略する"))


def enter(user_id: int, wanted: str) -> ResponseReturnValue:
    """The password is right: open a session or, where a code is due, one that is only halfway."""
    moment = now()
    with write() as database:
        due = two_step.is_on(database, user_id)
        cookie = request.cookies.get(_cookie_name(user_id), "")
        device = devices.recognise(database, user_id, cookie, moment) if due else None
        waits = due and device is None
        token = service.start_session(database, user_id, moment, halfway=waits)
    clear_session()
    if waits:
        session[HALFWAY] = token
        return redirect(url_for("admin.second_step", next=wanted or None), 303)
    return _open(token, wanted, user_id, device)


@blueprint.get("/login/code")
def second_step() -> ResponseReturnValue:
    """確認番号の入力. ``?way=paper``: for a recovery code."""
    if halfway() is None:
        return _elsewhere()
    return _page(CodeForm(formdata=None))


@blueprint.post("/login/code")
def take_code() -> ResponseReturnValue:
    """Judge the code and open a session of its own: the halfway one ends here."""
    user_id, form, moment = halfway(), CodeForm(), now()
    if user_id is None:
        return _elsewhere()
    if not form.validate():
        return _page(form), 422
    device = None
    with write() as database:
        verdict = two_step.prove(database, user_id, form.code.data, moment)
        if verdict.right:
            service.end_session(database, session[HALFWAY], moment)
            token = service.start_session(database, user_id, moment)
            if verdict.word == "app" and form.remember.data:
                device = devices.remember(database, user_id, device_name(request.user_agent.string), moment)
    if not verdict.right:
        return _refused(form, verdict)
    clear_session()
    return _open(token, request.form.get("next", ""), user_id, device)


def clear_session() -> None:
    """A new session, and with it a new CSRF token; nothing planted before the log-in survives."""
    kept = {key: session[key] for key in _KEPT if key in session}
    session.clear()
    session.update(kept)


def said_of(verdict: Verdict) -> str:
    """Why a code was not taken."""
    if verdict.blocked_until:
        clock = try_again_at(verdict.blocked_until)[1]
        return _("番号の間違いが続いたため、受け付けを止めています。%(time)s 以降にもう一度お試しください。", time=clock)
    if verdict.word == "used":
        return _("この番号はすでに使われています。次の番号が表示されてから入力してください。")
    return _("番号が違います。アプリに表示されている最新の番号を入力してください。")


def try_again_at(until: datetime) -> tuple[int, str]:
    """Seconds to wait, and the minute on the clock after which nothing is in the way."""
    wait = max(1, int((until - now()).total_seconds()) + 1)
    return wait, jst(until + timedelta(seconds=59)).strftime("%H:%M")


def device_name(agent: str) -> str:
    """``Chrome / Windows`` – as much as the browser says of itself, maybe nothing."""
    found = (next((name for mark, name in words.items() if mark in agent), "") for words in (_BROWSERS, _SYSTEMS))
    return " / ".join(filter(None, found))


def _open(token: str, wanted: str, user_id: int, device: tuple[str, datetime] | None) -> Response:
    user = load_user(f"staff:{token}")
    if isinstance(user, Staff):
        login_user(user)
        session.permanent = True  # for the mark; the log-in itself ends on the server
        session[KNOWN] = guessing.remembered(session.get(KNOWN, ""), service.marks(user.identity.login))
        log.info("staff logged in", extra={"actor": user.identity.actor})
    answer = redirect(own_path(wanted), 303)
    if device:
        value, until = device
        answer.set_cookie(
            _cookie_name(user_id), value, max_age=until - now(), path="/admin", secure=runtime().config.https,
            httponly=True, samesite="Strict",
        )  # fmt: skip
    return answer


def _cookie_name(user_id: int) -> str:
    """One for each person: at a shared desk nobody's takes the place of another's."""
    return f"{'__Secure-' if runtime().config.https else ''}desk-device-{user_id}"


def _elsewhere() -> Response:
    """In already, or not even halfway any more."""
    if staff():
        return redirect(url_for("admin.dashboard"), 303)
    if session.pop(HALFWAY, None):
        flash(_("時間が過ぎたため、もう一度はじめからログインしてください。"), "wait")
    return redirect(url_for("admin.login", next=request.values.get("next")), 303)


def _refused(form: CodeForm, verdict: Verdict) -> ResponseReturnValue:
    address = request.remote_addr or ""
    log.warning("staff log-in code refused", extra={"address": address, "why": verdict.word})
    if verdict.blocked_until:
        wait = try_again_at(verdict.blocked_until)[0]
        return _page(form, said_of(verdict)), 429, {"Retry-After": str(wait)}
    return _page(form, said_of(verdict)), 401


def _page(form: CodeForm, problem: str = "") -> str:
    paper = request.values.get("way") == "paper"
    if paper:
        form.code.label.text = _("リカバリーコード")
    wanted = request.values.get("next", "")
    return render_template("admin/second_step.html", form=form, problem=problem, paper=paper, next=wanted)
