"""Forms that send mail or take goods, and bots that fill in whatever they find (T-088): a field nobody sees, and the time since the
form was first shown.

It never blocks a person. Who was quicker – a browser fills in a whole form at once – is asked to press once more, with all that
was typed, and that press counts however quick it is.
"""

from datetime import timedelta

from flask import Flask, g, request, session

from shop.core import sealed_links, throttle
from shop.core.i18n import gettext as _
from shop.core.runtime import now, runtime
from shop.web.member import current_member

#: Named like nothing that a browser or a password manager knows how to fill in.
TRAP, SHOWN = "aside", "form_shown"
#: A form is good for as long as anybody leaves a page open.
_LIFE = timedelta(days=1)
_PURPOSE = "form-shown"
#: In the session: the browser's attempt before the one that a person is at.
_PERSON = "person"


def init_app(app: Flask) -> None:
    """For the ``person_check`` of templates."""
    app.jinja_env.globals["form_shown"] = stamp


def stamp() -> str:
    """When this form was first shown – of one that comes back it is the time of before –, and whether it asks to press once more."""
    again = bool(g.get("hurried"))
    if not again and _opened() is not None:
        return request.form[SHOWN]
    return sealed_links.seal({"at": now().timestamp(), "of": _browser(), "again": "y" if again else ""}, _PURPOSE, now() + _LIFE)


def hurried() -> bool:
    """Whether the form that was sent looks like a bot's; it is then to be shown again with :func:`once_more` – once: an extension
    of the browser that fills in every field, always, is no reason to keep anybody out."""
    opened, least = _opened(), runtime().config.form_seconds
    too_soon = opened is None or now().timestamp() - float(opened["at"]) < least
    asked = bool(opened and opened["again"])
    g.hurried = not asked and (bool(request.form.get(TRAP)) or (too_soon and least > 0))
    return bool(g.hurried)


def asks() -> bool:
    """Whether a form on a guest's way to an order is to be shown again. Who was taken for a person is, on all pages until the
    order stands; the steps behind open for nobody else (:func:`known`)."""
    if known():
        return False
    if not hurried():
        session[_PERSON] = session.get("attempt", 0)
    return not known()


def known() -> bool:
    """Whether this browser was taken for a person's on the way to this order; a member's is."""
    return current_member() is not None or _PERSON in session


def ordered(order_id: int) -> None:
    """The order stands that this was for, and the way to the next one begins anew; another one's page, seen again, changes nothing."""
    if order_id > session.get(_PERSON, order_id):
        session.pop(_PERSON)


def once_more() -> str:
    """What is said then."""
    return _("自動で送信されたものでないことを確かめるため、まだ受け付けていません。お手数ですが、もう一度ボタンを押してください。")


def _opened() -> dict[str, str] | None:
    opened = sealed_links.opened(request.form.get(SHOWN, ""), _PURPOSE, now())
    return opened if opened and opened["of"] == _browser() else None


def _browser() -> str:
    """A form is shown to one browser; another has to open its own."""
    return throttle.digest(str(session.get("csrf_token", "")))[:16]
