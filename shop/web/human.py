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

#: Named like nothing that a browser or a password manager knows how to fill in.
TRAP, SHOWN = "aside", "form_shown"
#: A form is good for as long as anybody leaves a page open.
_LIFE = timedelta(days=1)
_PURPOSE = "form-shown"


def init_app(app: Flask) -> None:
    """For the ``person_check`` of templates."""
    app.jinja_env.globals["form_shown"] = stamp


def stamp() -> str:
    """When this form was first shown: of one that comes back it is the time of before, of one that was sent too soon long ago."""
    at = now().timestamp()
    if g.get("hurried"):
        at -= runtime().config.form_seconds
    elif _shown_at() is not None:
        return request.form[SHOWN]
    return sealed_links.seal({"at": at, "of": _browser()}, _PURPOSE, now() + _LIFE)


def hurried() -> bool:
    """Whether the form that was sent looks like a bot's; it is then to be shown again with :func:`once_more`."""
    shown_at = _shown_at()
    too_soon = shown_at is None or now().timestamp() - shown_at < runtime().config.form_seconds
    g.hurried = bool(request.form.get(TRAP)) or (too_soon and runtime().config.form_seconds > 0)
    return bool(g.hurried)


def once_more() -> str:
    """What is said then."""
    return _("自動で送信されたものでないことを確かめるため、まだ受け付けていません。お手数ですが、もう一度ボタンを押してください。")


def _shown_at() -> float | None:
    opened = sealed_links.opened(request.form.get(SHOWN, ""), _PURPOSE, now())
    return float(opened["at"]) if opened and opened["of"] == _browser() else None


def _browser() -> str:
    """A form is shown to one browser; another has to open its own."""
    return throttle.digest(str(session.get("csrf_token", "")))[:16]
