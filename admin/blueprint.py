"""The admin's one blueprint and its one door: every page of it passes here, so none can be forgotten."""

import re
from typing import cast

from flask import Blueprint, Flask, flash, redirect, request, session, url_for
from flask_login import UserMixin, current_user
from werkzeug.wrappers import Response

from admin import words
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.staff import service

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

_KIND = "staff:"
#: Only these open without a log-in.
_OPEN_ENDPOINTS = frozenset({"admin.login", "admin.log_in", "admin.second_step", "admin.take_code"})
#: Where the browser's session keeps the token of a log-in that waits for its code.
HALFWAY = "halfway"
_OWN_PATH = re.compile(r"/admin(?:[/?][A-Za-z0-9/?&=._%+~-]*)?")


class Staff(UserMixin):
    """Flask-Login's view of a staff session. Its id is the session's token, never the user's number."""

    def __init__(self, token: str, identity: service.Identity) -> None:
        self.token = token
        self.identity = identity

    def get_id(self) -> str:
        return _KIND + self.token


def init_app(app: Flask) -> None:
    """Attach the admin to ``app``."""
    app.register_blueprint(blueprint)


def load_user(user_id: str) -> Staff | None:
    """The staff member of a cookie, if the session behind it lives."""
    if not user_id.startswith(_KIND):
        return None
    token = user_id.removeprefix(_KIND)
    identity = service.session_user(db.session(), token, now())
    return Staff(token, identity) if identity else None


def staff() -> Staff | None:
    """Who is logged in, if it is staff."""
    return current_user if isinstance(current_user, Staff) else None


def halfway() -> int | None:
    """Whose code is due in this browser: the password was right a moment ago."""
    token = session.get(HALFWAY, "")
    return service.halfway_user(db.session(), token, now()) if token else None


def actor() -> str:
    """The name under which this request's deeds are written down. Only behind the door."""
    return cast(Staff, staff()).identity.actor


def own_path(value: str) -> str:
    """``value`` when it is a plain path of the admin, else its top page: no redirect leaves the house (T-042)."""
    safe = _OWN_PATH.fullmatch(value) and "//" not in value and ".." not in value
    return value if safe else url_for("admin.dashboard")


@blueprint.before_request
def admit_staff_only() -> Response | None:
    """Let staff in and note that they were here; send everyone else to the log-in, or to its second step."""
    if request.endpoint in _OPEN_ENDPOINTS:
        return None
    user = staff()
    if user is None:
        return _to_login()
    if now() - user.identity.seen_at >= service.TOUCH_EVERY:
        with write() as database:
            service.touch_session(database, user.token, now())
    return None


def _to_login() -> Response:
    """The page to log in at, which leads on to the one that was asked for – or, halfway, the one that asks for the code."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    if halfway() is not None:
        return redirect(url_for("admin.second_step", next=wanted), 303)
    if session.pop("_user_id", None):
        flash(_("しばらく操作がなかったため、ログアウトしました。もう一度ログインしてください。"), "wait")
    return redirect(url_for("admin.login", next=wanted), 303)


@blueprint.context_processor
def page_tools() -> dict[str, object]:
    """What every admin template may use."""
    return {"staff": staff(), "words": words, "demo": runtime().config.demo}
