"""What the pages of the carts show of the shop's own face (デザイン, コンテンツ); the macros are in ``shop/_design.html``.

A shop that set nothing pays nothing for it; for the others it is one small statement a request.
"""

import json
from dataclasses import dataclass
from typing import Any

from flask import Flask, g
from sqlalchemy import Row, select

from shop.core.cart_design import COLOURS, CartDesign, Texts
from shop.core.db import look
from shop.core.i18n import DEFAULT, language
from shop.core.pictures import Picture
from shop.web.filters import shop_info

_BOTH = select(CartDesign.__table__)


@dataclass(frozen=True, slots=True)
class Face:
    """One cart's own face."""

    picture: Picture | None
    alt: str
    #: As :data:`shop.core.cart_design.COLOURS` names them, ``""`` for the shop's own.
    colours: tuple[str, ...]
    texts: Texts


_PLAIN = Face(None, "", ("",) * len(COLOURS), {})


def init_app(app: Flask) -> None:
    """Let templates ask."""
    app.jinja_env.globals.update(cart_face=cart_face, cart_text=cart_text)


def cart_face(cart: str) -> Face:
    """The face of ``cart``, ``zero`` or ``steps``; a plain one when nothing was set."""
    if "cart_faces" not in g:
        rows = look().execute(_BOTH).all() if shop_info().carts_designed else ()
        g.cart_faces = {row.cart: _face(row) for row in rows}
    face: Face = g.cart_faces.get(cart, _PLAIN)
    return face


def _face(row: Row[Any]) -> Face:
    picture = Picture(row.logo_file, row.logo_width, row.logo_height) if row.logo_file else None
    colours = tuple(getattr(row, name) for name in COLOURS)
    return Face(picture, row.logo_alt, colours, json.loads(row.texts))


def cart_text(cart: str, place: str) -> str:
    """The shop's own words for one place of ``cart``, in the language of the page, else in Japanese, else ``""``."""
    texts = cart_face(cart).texts
    return next((found for code in (language(), DEFAULT) if (found := texts.get(code, {}).get(place))), "")
