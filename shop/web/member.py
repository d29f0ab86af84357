"""Who the buyer is, if they have logged in. Asked once a request, and only by pages that need it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Flask, flash, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user
from werkzeug.wrappers import Response

from shop.checkout import cart_merge
from shop.core import guessing, ids
from shop.core.db import db, end_read, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.members import entry, sessions, settings
from shop.members.models import MemberSettings
from shop.members.sessions import Identity
from shop.web.paths import elsewhere

_KIND = "member:"
#: On the way to an order: who is out must not come upon an empty cart without a word, nor order as a guest unawares.
_CHECKOUT = frozenset({"checkout", "wizard", "verify"})
#: Whom this browser has been let in as; see ``shop.members.entry``.
KNOWN = "known"
#: What names this browser where tries of cards are counted and addresses proven. It opens nothing.
_BROWSER = "browser"
#: What is kept of a session that ends – and how long.
_KEPT = ("language", KNOWN, _BROWSER, "_permanent")
#: What a log-in leads on to: the attempt whose outcome this browser waits for, and the link that proves the member's own address –
#: whoever opened it before the log-in it asks for has opened it. For any other member it is no good.
_KEPT_AT_LOG_IN = (*_KEPT, "attempt", "link-proof")

#: Files; and verdicts on single fields, which are of nobody: the press that follows is answered.
_SAYS_NOTHING = frozenset(
    {"static", "bootstrap.static", "checkout.browser_module", "checkout.check_zero", "wizard.check_step1", "wizard.check_step2"}
)


class MemberUser(UserMixin):
    """Flask-Login's view of a member's session. Its id is the session's token, never the member's number."""

    def __init__(self, token: str, identity: Identity) -> None:
        self.token = token
        self.identity = identity

    def get_id(self) -> str:
        return _KIND + self.token


def init_app(app: Flask) -> None:
    """Notice on every page when a log-in has ended elsewhere."""
    app.before_request(_follow_session)
    app.jinja_env.globals["current_member"] = current_member


def load_user(user_id: str) -> MemberUser | None:
    """The member of a cookie, if the session behind it lives."""
    if not user_id.startswith(_KIND):
        return None
    token = user_id.removeprefix(_KIND)
    identity = sessions.find(db.session(), token, now())
    return MemberUser(token, identity) if identity else None


def current_member() -> Identity | None:
    """The member who is logged in. Costs a visitor without a log-in no statement."""
    if "_user_id" not in session:
        return None
    return current_user.identity if isinstance(current_user, MemberUser) else None


def member_settings() -> MemberSettings:
    """会員設定, read once a request."""
    if "member_settings" not in g:
        g.member_settings = settings.get(db.session())
    found: MemberSettings = g.member_settings
    return found


def browser_key() -> str:
    """The name of this browser, the same before and after a log-in; made at the first need."""
    key: str = session.setdefault(_BROWSER, ids.public_id())
    return key


def members_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let members in and send everyone else to the log-in, which leads back here."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if current_member() is None:
            wanted = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("account.login", next=wanted), 303)
        return view(*args, **values)

    return guarded


def the_member() -> Identity:
    """The member who is logged in. Only behind :func:`members_only`."""
    return cast(Identity, current_member())


def session_token() -> str:
    """What names this browser's own session among the member's. Only behind :func:`members_only`."""
    return str(current_user.token)


def open_session(member_id: int) -> tuple[str, ...]:
    """Log in: a fresh session, and the visitor's cart joins the member's. Nothing planted before survives (T-034).

    Returns the names of goods that did not all fit into the member's cart.
    """
    moment = now()
    with write() as database:
        if current_member() is not None:
            sessions.end(database, session_token())
        token = sessions.start(database, member_id, moment)
        merged = cart_merge.merge(database, session.get("cart"), member_id, moment)
    _renew(_KEPT_AT_LOG_IN)
    session["cart"] = merged.key
    identity = sessions.find(db.session(), token, moment)
    end_read()
    if identity:
        know(identity.login, identity.email)
        login_user(MemberUser(token, identity))
    return merged.reduced


def know(login: str | None, email: str) -> None:
    """This browser is one of the member's: strangers who guess cannot close the log-in for it (T-091)."""
    session.permanent = True
    session[KNOWN] = guessing.remembered(session.get(KNOWN, ""), entry.marks(login, email))


def close_session() -> None:
    """Log out: on the server, and in the browser, which forgets the member's cart as well."""
    if current_member() is not None:
        with write() as database:
            sessions.end(database, session_token())
    _forget()


def _follow_session() -> Response | None:
    """A log-in that was ended elsewhere – another password, 退会, too long ago – takes the member's cart out of this
    browser. One that lives is noted as used, once a day, and keeps the browser known under the names the member has now."""
    if not str(session.get("_user_id", "")).startswith(_KIND) or request.endpoint in _SAYS_NOTHING:
        return None
    member = current_member()
    if member is None:
        _forget()
        flash(_("ログインの有効期間が終わったか、ほかの端末での操作のため、ログアウトされました。カゴの中身は、もう一度ログインすると戻ります。"), "todo")
        return _to_log_in() if request.blueprint in _CHECKOUT else None
    if not session.get(KNOWN, "").startswith(entry.marks(member.login, member.email)):
        know(member.login, member.email)
    if now() - member.seen_at >= sessions.TOUCH_EVERY:
        with write() as database:
            sessions.touch(database, session_token(), now())
        session.modified = True  # the cookie, too, lasts from the last visit
    return None


def _to_log_in() -> Response:
    flash(_("ご注文は確定しておらず、請求もされていません。"), "todo")
    home = "checkout.zero" if request.blueprint == "checkout" else "wizard.step1"
    return elsewhere(url_for("account.login", next=url_for(home)))


def _forget() -> None:
    _renew(_KEPT)


def _renew(kept: tuple[str, ...]) -> None:
    """A new session with a few things of the old one; with it the tokens of all forms change."""
    values = {name: session[name] for name in kept if name in session}
    session.clear()
    session.update(values)
