"""Languages. Message ids are Japanese, so the default has no holes; ``en`` is the one that is translated (decision 12)."""

from pathlib import Path

from babel import Locale
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, force_locale, get_locale, lazy_gettext
from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext

LANGUAGES = {"ja": "日本語", "en": "English"}
DEFAULT = "ja"
_LOCALES = {name: Locale.parse(name) for name in LANGUAGES}

__all__ = ["DEFAULT", "LANGUAGES", "choose", "force_locale", "gettext", "init_app", "language", "lazy_gettext"]


def gettext(text: str, **values: object) -> str:
    """``text`` in the language of this request or, outside one, in Japanese; ``%(name)s`` is filled from ``values``."""
    if language() == DEFAULT:  # the message id is the Japanese text: nothing to look up
        return text % values if values else text
    return str(_gettext(text, **values))


def init_app(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, _catalogues(app.extensions["shop.runtime"].config.root)))
    Babel(app, locale_selector=_choose)
    app.jinja_env.install_gettext_callables(gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["language"] = language


def _catalogues(root: Path) -> list[Path]:
    """Of each provider's folder and of the shop, which has the last word; they become one, in which a text is looked up once."""
    return [*sorted(root.glob("providers/*/translations")), root / "shop/translations"]


def _choose() -> Locale:
    """Explicit choice first, then the default; the browser's header is not asked (decision 12)."""
    if not has_request_context():
        return _LOCALES[DEFAULT]
    chosen = request.args.get("lang") or session.get("language", DEFAULT)
    return _LOCALES.get(chosen) or _LOCALES[DEFAULT]


def choose(code: str) -> None:
    """Remember the language for this visitor."""
    session["language"] = code


def language() -> str:
    """The language of this request, ``ja`` or ``en``."""
    locale = get_locale()
    return locale.language if locale else DEFAULT
