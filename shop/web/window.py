"""Pages of the shop window, written once for what they show.

Thousands of visitors look at the same shelf. A page is kept under everything it was made from – the rows read for this
very request, the shop's texts, the language, the units in the basket, the address – so a price or a last unit sold shows
on the next request: nothing is kept for a time, and nothing needs to be cleared. The one thing that is each visitor's own
is the token of the forms; it is cut out before a page is kept and put in before it is sent.

Whatever else a page of the window may show of a visitor belongs into :class:`_Shown`.
"""

import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, render_template
from flask_wtf.csrf import generate_csrf

from shop.core.i18n import language
from shop.web.filters import cart_count, frame, here
from shop.web.member import current_member

#: Pages a worker keeps; with the rows they were made from, under 100 kB each.
_KEPT = 128
#: Where a form's token goes. Nobody can write this into a product's name: it is made anew by every process.
_TOKEN = f"token-{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """All that decides what a page says."""

    template: str
    rows: Hashable
    frame: Hashable
    basket: int
    logged_in: bool
    language: str
    address: str
    context: Callable[[], Mapping[str, Any]] = field(compare=False)


def init_app(app: Flask) -> None:
    """Give ``app`` its own kept pages."""
    app.extensions["shop.window"] = lru_cache(_KEPT)(_render)


def page(template: str, rows: Hashable, context: Callable[[], Mapping[str, Any]]) -> str:
    """The page for a GET. ``context`` is asked only when the page has to be written; it depends on ``rows``, the address
    and the shop's texts alone."""
    shown = _Shown(template, rows, tuple(frame()), cart_count(), current_member() is not None, language(), here(), context)
    kept: str = current_app.extensions["shop.window"](shown)
    return kept.replace(_TOKEN, generate_csrf())


def _render(shown: _Shown) -> str:
    return render_template(shown.template, **shown.context()).replace(generate_csrf(), _TOKEN)
