"""The admin's one blueprint and its one door: every page of it passes here, so none can be forgotten."""

import re
from typing import Any, cast

from flask import (
    Blueprint,
    Flask,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import UserMixin, current_user
from werkzeug.wrappers import Response

from admin import access, words
from admin.access import Door, Need
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.staff import people, service
from shop.staff.rights import Right

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

_KIND = "staff:"
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
    return identity().actor


def identity() -> service.Identity:
    """Who asks. Only behind the door."""
    return cast(Staff, staff()).identity


def may(endpoint: str, **arguments: Any) -> bool:
    """Whether who asks may open an address – named as for ``url_for``: what they may not use is not shown to them."""
    return access.admits(identity(), access.need(endpoint, arguments))


def demand(wanted: Need) -> None:
    """Stop here without it – for what only the order at hand tells, beside what the door asks for."""
    if not access.admits(identity(), wanted):
        abort(refusal(wanted))


def own_path(value: str) -> str:
    """``value`` when it is a plain path of the admin, else its top page: no redirect leaves the house (T-042)."""
    safe = _OWN_PATH.fullmatch(value) and "//" not in value and ".." not in value
    return value if safe else url_for("admin.dashboard")


@blueprint.before_request
def admit_staff_only() -> Response | None:
    """Let in whom the table of ``access`` admits and note that they were here; send strangers to the log-in, or to its second
    step."""
    wanted = access.need(request.endpoint, request.view_args or {})
    if wanted is Door.OPEN:
        return None
    user = staff()
    if user is None:
        return _to_login()
    if now() - user.identity.seen_at >= service.TOUCH_EVERY:
        with write() as database:
            service.touch_session(database, user.token, now())
    return None if access.admits(user.identity, wanted) else refusal(wanted)


def refusal(wanted: Need) -> Response:
    """Which right is missing, and who can grant it."""
    right = wanted if isinstance(wanted, Right) else None
    names = people.who_can_grant(db.session(), right) if wanted is not Door.NOBODY else ()
    return make_response(render_template("admin/forbidden.html", right=right, names=names), 403)


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
    return {"staff": staff(), "words": words, "may": may, "demo": runtime().config.demo}
