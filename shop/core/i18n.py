"""Languages. Message ids are Japanese, so the default has no holes; ``en`` is the one catalogue (decision 12)."""

from flask import Flask, has_request_context, request, session
from flask_babel import Babel, force_locale, get_locale, lazy_gettext
from flask_babel import gettext as _gettext

LANGUAGES = {"ja": "日本語", "en": "English"}
DEFAULT = "ja"

__all__ = ["DEFAULT", "LANGUAGES", "force_locale", "gettext", "init_app", "language", "lazy_gettext"]


def gettext(text: str, **values: object) -> str:
    """``text`` in the language of this request or, outside one, in Japanese; ``%(name)s`` is filled from ``values``."""
    return str(_gettext(text, **values))


def init_app(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.extensions["shop.runtime"].config.root / "shop/translations")
    Babel(app, locale_selector=_choose)
    app.jinja_env.globals["language"] = language


def _choose() -> str:
    """Explicit choice first, then the default; the browser's header is not asked (decision 12)."""
    if not has_request_context():
        return DEFAULT
    chosen = request.args.get("lang") or session.get("language", DEFAULT)
    return chosen if chosen in LANGUAGES else DEFAULT


def language() -> str:
    """The language of this request, ``ja`` or ``en``."""
    return str(get_locale() or DEFAULT)
