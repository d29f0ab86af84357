"""ログイン, ログアウト, 会員登録, パスワード再設定. What a member changes about the account once in: ``account_settings``."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.wrappers import Response

from shop.checkout import confirm
from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.i18n import language
from shop.core.runtime import now
from shop.members import accounts, entry, links, tokens
from shop.members.accounts import LinkDead, Taken
from shop.members.models import Member
from shop.orders import placing
from shop.orders.models import Order
from shop.web import attempt, human
from shop.web.member import KNOWN, LINK, close_session, current_member, know, open_session
from shop.web.member_forms import (
    AddressForm,
    AfterOrderForm,
    LogInForm,
    PasswordForm,
    RegisterForm,
    too_often,
)
from shop.web.paths import own_path

blueprint = Blueprint("account", __name__)

MYPAGE = "/mypage"


# ---- ログイン ----


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The form – or the way on, for who is in already."""
    if current_member():
        return redirect(_wanted(), 303)
    return _log_in_page(LogInForm(formdata=None))


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Check the password and open a fresh session; the one before the log-in ends here (T-034)."""
    form = LogInForm()
    if not form.validate():
        return _log_in_page(form), 422
    name = form.login.data or ""
    try:
        result = entry.authenticate(
            name, form.password.data or "", request.remote_addr or "", now(), known=session.get(KNOWN, "")
        )
    except entry.Provisional:
        return _log_in_page(form, _("会員登録は仮登録の状態です。ご注文の受注処理が完了すると、ログインできるようになります。")), 403
    if result.blocked_until:
        return _log_in_page(form, too_often(result.blocked_until)), 429, _retry_after(result.blocked_until)
    if result.user_id is None:
        return _log_in_page(form, _("会員IDまたはメールアドレスか、パスワードが違います。")), 401
    enter(result.user_id)
    return redirect(_wanted(), 303)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server and in the browser; the cart stays with the member."""
    close_session()
    flash(_("ログアウトしました。"), "good")
    return redirect(url_for("account.login"), 303)


def enter(member_id: int) -> None:
    """Log in, and say what did not fit into the member's cart."""
    reduced = open_session(member_id)
    if reduced:
        names = "、".join(reduced)
        flash(_("前回のカゴの中身と合わせました。在庫またはカゴの上限のため、数量を減らした商品があります：%(names)s", names=names), "todo")


def _wanted() -> str:
    return own_path(request.values.get("next", ""), MYPAGE)


def _log_in_page(form: LogInForm, problem: str = "") -> str:
    wanted = request.values.get("next", "")
    return render_template("shop/login.html", form=form, problem=problem, next=own_path(wanted, ""))


# ---- 会員登録 ----


@blueprint.get("/register")
def register() -> str:
    """会員登録 begins with the mail address: who is a member has proven theirs (T-089)."""
    return render_template("shop/register.html", form=AddressForm(formdata=None))


@blueprint.post("/register")
def ask_to_register() -> ResponseReturnValue:
    """Send the link. The answer is the same for everybody's address (T-039)."""
    return _send_link("shop/register.html", links.to_register)


@blueprint.get("/register/link/<token>")
def register_link(token: str) -> ResponseReturnValue:
    """The link in the mail. It changes nothing yet."""
    return follow_link("register", token, "account.register_details")


@blueprint.get("/register/details")
def register_details() -> ResponseReturnValue:
    """Name, 会員ID and password of the new member."""
    link = opened_link("register")
    if link is None:
        return dead_link("account.register")
    return render_template("shop/register_details.html", form=RegisterForm(link.email, formdata=None), email=link.email)


@blueprint.post("/register/details")
def finish_registration() -> ResponseReturnValue:
    """登録する: the member is there, and in."""
    link = opened_link("register")
    if link is None:
        return dead_link("account.register")
    form = RegisterForm(link.email)
    if form.validate():
        end_read()
        hashed, moment = form.hashed(), now()
        try:
            with write() as transaction:
                member_id = accounts.register(
                    transaction, secret_of("register"), form.buyer_name.data, form.login_id.data, hashed, language(), moment
                ).id
        except LinkDead:
            return dead_link("account.register")
        except Taken as error:
            if error.what == "email":
                return dead_link("account.register")
            form.login_id.errors = [_("この会員IDは使われています。別の会員IDを入力してください。")]
        else:
            enter(member_id)
            flash(_("会員登録が完了しました。"), "good")
            return redirect(MYPAGE, 303)
    form.ask_again()
    return render_template("shop/register_details.html", form=form, email=link.email), 422


@blueprint.app_template_global("after_order_form")
def after_order_form(email: str) -> AfterOrderForm:
    """What the complete page offers to a guest who ordered with this address."""
    return AfterOrderForm(email, formdata=None)


@blueprint.post("/orders/<public_id>/account")
def join_after_order(public_id: str) -> ResponseReturnValue:
    """One password, and a guest who has just ordered in this browser is a member (U-021). Whether the address is somebody's
    already only the mail says (T-039)."""
    order = db.session.scalar(select(Order).where(Order.public_id == public_id, Order.state == "placed"))
    ours = order is not None and session.get("attempt") == order.id and current_member() is None
    if order is None or not ours or attempt.asked_to_join(order.id):
        abort(404)
    order_id, form = order.id, AfterOrderForm(order.email)
    if not form.validate():
        return render_template("shop/account_offer.html", form=form, public_id=public_id), 422
    end_read()
    hashed = form.hashed()
    try:
        with write() as transaction:
            links.count_request(transaction, request.remote_addr or "", now())
            placing.register_afterwards(transaction, order_id, hashed, now())
    except links.TooOften as error:
        problem = too_often(error.until)
        return render_template("shop/account_offer.html", form=form, public_id=public_id, problem=problem), 429
    attempt.ask_to_join(order_id)
    return render_template("shop/account_asked.html", joining=attempt.joining_words())


# ---- パスワード再設定 ----


@blueprint.get("/password/forgotten")
def forgotten() -> str:
    """パスワードを忘れた."""
    return render_template("shop/password_forgotten.html", form=AddressForm(formdata=None))


@blueprint.post("/password/forgotten")
def ask_to_reset() -> ResponseReturnValue:
    """Send the link. The answer is the same for everybody's address (T-039)."""
    return _send_link("shop/password_forgotten.html", links.to_reset)


@blueprint.get("/password/link/<token>")
def password_link(token: str) -> ResponseReturnValue:
    """The link in the mail. It changes nothing yet."""
    return follow_link("reset", token, "account.new_password")


@blueprint.get("/password/new")
def new_password() -> ResponseReturnValue:
    """新しいパスワード."""
    link = opened_link("reset")
    if link is None:
        return dead_link("account.forgotten")
    return render_template("shop/password_new.html", form=PasswordForm(formdata=None))


@blueprint.post("/password/new")
def set_password() -> ResponseReturnValue:
    """設定する: whoever was in before is out, and where they had goods sent is forgotten."""
    link = opened_link("reset")
    if link is None:
        return dead_link("account.forgotten")
    member = db.session.get_one(Member, link.member_id)
    member_id, login, email = member.id, member.login, member.email
    form = PasswordForm(login or "", email)
    if not form.validate():
        return render_template("shop/password_new.html", form=form), 422
    end_read()
    hashed, moment = form.hashed(), now()
    try:
        with write() as transaction:
            accounts.reset_password(transaction, secret_of("reset"), hashed, moment)
            links.reset_used(transaction, email)
            confirm.forget_typed(transaction, member_id)
    except LinkDead:
        return dead_link("account.forgotten")
    close_session()
    know(login, email)
    flash(_("パスワードを設定しました。新しいパスワードでログインして、会員IDとお届け先リストに覚えのない内容がないか確かめてください。"), "good")
    return redirect(url_for("account.login"), 303)


# ---- links in mails ----


def _send_link(template: str, ask: Any) -> ResponseReturnValue:
    form = AddressForm()
    if not form.validate():
        return render_template(template, form=form), 422
    if human.hurried():
        return render_template(template, form=form, problem=human.once_more(), tone="todo"), 422
    try:
        with write() as transaction:
            ask(transaction, form.email.data, request.remote_addr or "", language(), now())
    except links.TooOften as error:
        problem = too_often(error.until)
        return render_template(template, form=form, problem=problem), 429, _retry_after(error.until)
    return render_template("shop/link_sent.html", email=form.email.data, minutes=minutes(tokens.LIFETIME))


def follow_link(purpose: str, token: str, onward: str) -> Response:
    """On from a link in a mail to the page that asks; the secret stays behind, so that no page, log or ``Referer`` of
    another site carries it away."""
    session[LINK.format(purpose)] = token[:200]
    answer = redirect(url_for(onward), 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def secret_of(purpose: str) -> str:
    """The secret of the link for ``purpose`` that this browser opened."""
    return str(session.get(LINK.format(purpose), ""))


def opened_link(purpose: str) -> tokens.Link | None:
    """That link, if it still works."""
    return tokens.look(db.session(), purpose, secret_of(purpose), now())


def dead_link(again: str) -> ResponseReturnValue:
    """Say that the link does not work, and where to ask for another."""
    return render_template("shop/link_dead.html", again=url_for(again), minutes=minutes(tokens.LIFETIME)), 410


def _retry_after(until: datetime) -> dict[str, str]:
    return {"Retry-After": str(max(1, int((until - now()).total_seconds()) + 1))}


def minutes(time: timedelta) -> int:
    return int(time.total_seconds()) // 60
