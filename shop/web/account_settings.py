"""What members change about the account by themselves: 会員ID, パスワード, メールアドレス, 退会. Each asks for the password, and
each the shop may forbid, as a page and as a forged form (R-277)."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.members import accounts, entry, leaving, links, mails, proof, settings, tokens
from shop.members.accounts import LinkDead, Taken
from shop.web.account import dead_link, follow_link, minutes, opened_link, secret_of
from shop.web.member import close_session, current_member, members_only, open_session, the_member
from shop.web.member_forms import (
    ChangeEmailForm,
    ChangeLoginForm,
    ChangePasswordForm,
    LeaveForm,
    not_free,
    too_often,
)

blueprint = Blueprint("account_settings", __name__)

#: How long this browser is told that its member has left.
_JUST_NOW = timedelta(minutes=10)


def if_allowed(what: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """会員制限設定: the page and the deed alike are closed when the shop does not let members do this by themselves."""

    def guard(view: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(view)
        def guarded() -> Any:
            if not getattr(settings.get(db.session()), what):
                return render_template("shop/member_closed.html"), 403
            return view()

        return guarded

    return guard


# ---- 会員ID変更 ----


@blueprint.get("/mypage/login-id")
@members_only
@if_allowed("may_change_login")
def login_id() -> str:
    return _login_page(ChangeLoginForm(formdata=None))


@blueprint.post("/mypage/login-id")
@members_only
@if_allowed("may_change_login")
def change_login_id() -> ResponseReturnValue:
    """変更する: the next log-in is with the new one; the session goes on."""
    form = ChangeLoginForm()
    if not _valid(form):
        return _login_page(form), 422
    if problem := not_free(form.login_id.data):
        form.login_id.errors = [problem]
        return _login_page(form), 422
    try:
        with write() as transaction:
            accounts.change_login(transaction, the_member().member_id, form.login_id.data, now())
    except Taken:
        form.login_id.errors = [_("この会員IDは使われています。別の会員IDを入力してください。")]
        return _login_page(form), 422
    flash(_("会員IDを変更しました。"), "good")
    return redirect(url_for("account_settings.login_id"), 303)


def _login_page(form: ChangeLoginForm) -> str:
    return render_template("shop/change_login.html", form=form, current=the_member().login)


# ---- パスワード変更 ----


@blueprint.get("/mypage/password")
@members_only
@if_allowed("may_change_password")
def password() -> str:
    return render_template("shop/change_password.html", form=ChangePasswordForm(formdata=None))


@blueprint.post("/mypage/password")
@members_only
@if_allowed("may_change_password")
def change_password() -> ResponseReturnValue:
    """変更する: every other browser is out, and this one gets a new session (T-034)."""
    member = the_member()
    form = ChangePasswordForm(member.login or "", member.email)
    if not _valid(form):
        return render_template("shop/change_password.html", form=form), 422
    hashed = form.hashed()
    with write() as transaction:
        accounts.change_password(transaction, member.member_id, hashed, now())
    open_session(member.member_id)
    flash(_("パスワードを変更しました。ほかの端末はすべてログアウトされました。"), "good")
    return redirect(url_for("account_settings.password"), 303)


# ---- メールアドレス変更 ----


@blueprint.get("/mypage/email")
@members_only
def email() -> str:
    return _email_page(ChangeEmailForm(formdata=None))


@blueprint.post("/mypage/email")
@members_only
def ask_to_change_email() -> ResponseReturnValue:
    """Send a link to the new address. The answer is the same for everybody's address (T-039)."""
    form = ChangeEmailForm()
    if not _valid(form):
        return _email_page(form), 422
    try:
        with write() as transaction:
            links.to_change_email(
                transaction, the_member().member_id, form.email.data, request.remote_addr or "", now()
            )
    except links.TooOften as error:
        return _email_page(form, too_often(error.until)), 429
    return render_template("shop/link_sent.html", email=form.email.data, minutes=minutes(tokens.LIFETIME))


@blueprint.get("/email/link/<token>")
def email_link(token: str) -> ResponseReturnValue:
    """The link in the mail. It changes nothing yet."""
    return follow_link("email", token, "account_settings.new_email")


@blueprint.get("/email/new")
def new_email() -> ResponseReturnValue:
    """Asks once more; whoever reads the mail may be in another browser than the one that asked."""
    link, member = opened_link("email"), current_member()
    if link is None:
        return dead_link("account_settings.email")
    if accounts.gives_way(db.session(), link.email) and (member is None or member.member_id != link.member_id):
        log_in = redirect(url_for("account.login", next=url_for("account_settings.new_email")), 303)
        return log_in if member is None else dead_link("account_settings.email")
    return render_template("shop/email_new.html", email=link.email)


@blueprint.post("/email/new")
def set_email() -> ResponseReturnValue:
    """変更する: the old address is told."""
    member = current_member()
    try:
        with write() as transaction:
            accounts.change_email(transaction, secret_of("email"), member.member_id if member else None, now())
    except LinkDead:
        return dead_link("account_settings.email")
    flash(_("メールアドレスを変更しました。"), "good")
    return redirect(url_for("account_settings.email"), 303)


def _email_page(form: ChangeEmailForm, problem: str = "") -> str:
    return render_template("shop/change_email.html", form=form, current=the_member().email, problem=problem)


# ---- メールアドレスの確認 ----


@blueprint.get("/email/proof/link/<token>")
def proof_link(token: str) -> ResponseReturnValue:
    """The link in the mail about 会員登録 with an order. It changes nothing yet."""
    return follow_link("proof", token, "account_settings.email_proof")


@blueprint.get("/mypage/email/proof")
@members_only
def email_proof() -> str:
    """Asks once more whoever has opened the link; anybody else may have it sent again."""
    return _proof_page()


@blueprint.post("/mypage/email/proof")
@members_only
def prove_email() -> ResponseReturnValue:
    """確認する."""
    with write() as transaction:
        proven = proof.prove(transaction, the_member().member_id, secret_of("proof"), now())
    if not proven:
        return redirect(url_for("account_settings.email_proof"), 303)
    flash(_("メールアドレスを確認しました。"), "good")
    return redirect(url_for("mypage.top"), 303)


@blueprint.post("/mypage/email/proof/mail")
@members_only
def mail_proof() -> ResponseReturnValue:
    """確認用のメールを送る."""
    member = the_member()
    try:
        with write() as transaction:
            proof.ask(transaction, member.member_id, request.remote_addr or "", now())
    except links.TooOften as error:
        return _proof_page(too_often(error.until)), 429
    return render_template("shop/link_sent.html", email=member.email, days=mails.PROOF_LIFETIME.days)


def _proof_page(problem: str = "") -> str:
    secret = secret_of("proof")
    opened = proof.opens(db.session(), the_member().member_id, secret, now())
    dead = bool(secret) and not opened
    return render_template("shop/email_proof.html", member=the_member(), opened=opened, dead=dead, problem=problem)


# ---- 退会 ----


@blueprint.get("/mypage/leave")
@members_only
@if_allowed("may_leave")
def leave() -> str:
    return _leave_page(LeaveForm(formdata=None), leaving.objection(db.session(), the_member().member_id) or "")


@blueprint.post("/mypage/leave")
@members_only
@if_allowed("may_leave")
def take_leave() -> ResponseReturnValue:
    """退会する: log-in ends everywhere; what says who they were is gone."""
    form = LeaveForm()
    if not _valid(form):
        return _leave_page(form), 422
    try:
        with write() as transaction:
            leaving.leave(transaction, the_member().member_id, now())
    except leaving.CannotLeave as error:
        return _leave_page(form, error.reason), 409
    close_session()
    session["left_at"] = now().timestamp()
    return redirect(url_for("account_settings.gone"), 303)


@blueprint.get("/left")
def gone() -> ResponseReturnValue:
    """退会しました – to the browser that has just left, reloads included; nobody else has."""
    if now().timestamp() - session.get("left_at", 0) > _JUST_NOW.total_seconds():
        return redirect(url_for("storefront.front"), 303)
    return render_template("shop/left.html")


def _leave_page(form: LeaveForm, problem: str = "") -> str:
    return render_template("shop/leave.html", form=form, problem=problem)


def _valid(form: Any) -> bool:
    """Whether the form is filled in rightly – and by the member: the password is looked at last, and never within a
    transaction."""
    if not form.validate():
        form.ask_again()
        return False
    member_id = the_member().member_id
    end_read()
    proof = entry.prove(member_id, form.password.data, now())
    if proof.blocked_until:
        form.password.errors = [too_often(proof.blocked_until)]
    elif proof.user_id is None:
        form.password.errors = [_("現在のパスワードが違います。")]
    return proof.user_id is not None

