"""The shop window: front page, families, products, the pages the law asks for, the language switch, the pictures."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, Select, bindparam, func, select, tuple_

from shop.catalogue.models import Product, Variant
from shop.core import colour
from shop.core.cart_design import COLOURS
from shop.core.db import look
from shop.core.i18n import DEFAULT, LANGUAGES, choose, language
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.web import window
from shop.web.filters import families, shop_info, shop_text
from shop.web.paths import own_path

blueprint = Blueprint("storefront", __name__)

_PAGE = 12
_HAND = 8
#: Above this many the number left is nobody's business.
_FEW = 5
#: How long browsers keep pictures and the sheet of a colour.
_KEPT_SECONDS = 7 * 24 * 3600

# Built once, on tables: read at every look into the window.
_product = Product.__table__.c
_variant = Variant.__table__.c
_AVAILABLE = _variant.on_hand - _variant.allocated - _variant.held
_VARIANTS = (
    select(
        _product.code, _product.name, _product.story, _product.story_en, _product.details, _product.image,
        _product.reduced_tax, _product.published, _product.category_id, _variant.id.label("variant_id"),
        _variant.name.label("variant_name"), _variant.price_yen, _AVAILABLE.label("available"),
    )
    .join_from(Product.__table__, Variant.__table__, _variant.product_id == _product.id)
    .where(_product.code == bindparam("code"))
    .order_by(_variant.position, _variant.id)
)  # fmt: skip


@blueprint.get("/")
def front() -> str:
    """The season's story, the shipping line, the news, the four families, a hand of products."""
    cards = _cards(_HAND)
    return window.page(
        "shop/front.html",
        cards,
        lambda: {"story": shop_text("story", {}), "news": shop_text("news", []), "products": cards},
    )


@blueprint.get("/products")
def products() -> ResponseReturnValue:
    """All products or one family, twelve a page, by key."""
    family = _family(request.args.get("category", ""))
    found = _cards(
        _PAGE + 1, family_id=family.id if family else None, after=_position(request.args.get("after", ""))
    )
    shown = found[:_PAGE]
    last = shown[-1] if len(found) > _PAGE else None
    return window.page(
        "shop/products.html",
        found,
        lambda: {
            "family": family,
            "products": shown,
            "following": f"{last.position}-{last.id}" if last else "",
            "first_page": "after" not in request.args,
        },
    )


@blueprint.get("/products/<code>")
def product(code: str) -> str:
    """One product; unpublished ones say 「販売停止中」 and cannot be bought."""
    rows = _variants(code)
    return window.page("shop/product.html", rows, lambda: _product_context(rows))


def refused_product(code: str, *, error: str, variant_id: int, typed: str) -> str:
    """The product's page again, with the message of a refused 「カゴに入れる」 and what was typed. 404 when unknown."""
    return render_template("shop/product.html", **_product_context(_variants(code), error, variant_id, typed))


def _variants(code: str) -> tuple[Row[Any], ...]:
    """A product with each of its variants; 404 when there is none."""
    rows: tuple[Row[Any], ...] = tuple(look().execute(_VARIANTS, {"code": code}))
    return rows or abort(404)


def _product_context(
    rows: Sequence[Row[Any]], error: str = "", variant_id: int = 0, typed: str = "1"
) -> dict[str, Any]:
    return {
        "product": rows[0],
        "variants": rows,
        "buyable": any(row.available > 0 for row in rows) and rows[0].published,
        "family": next((family for family in families() if family.id == rows[0].category_id), None),
        "details": json.loads(rows[0].details or "[]"),
        "few": _FEW,
        "error": error,
        "chosen": _preselected(rows, variant_id),
        "typed": typed,
    }


@blueprint.get("/legal/<page>")
def legal(page: str) -> str:
    """特定商取引法に基づく表記, プライバシーポリシー, 送料とお届け, 返品・キャンセル."""
    titles = legal_titles()
    if page not in titles:
        abort(404)
    table = shop_text("legal", []) or json.loads(shop_info().shop_legal) if page == "commerce" else []
    return render_template(
        "shop/legal.html",
        title=titles[page],
        page=page,
        table=table,
        text=shop_text(page) if not table else "",
    )


@blueprint.app_template_global("legal_titles")
def legal_titles() -> dict[str, str]:
    """The legal pages by address, in the order of the footer."""
    return {
        "commerce": _("特定商取引法に基づく表記"),
        "privacy": _("個人情報の取り扱い"),
        "shipping": _("送料とお届け"),
        "cancellation": _("返品・キャンセル"),
    }


@blueprint.post("/language/<code>")
def choose_language(code: str) -> ResponseReturnValue:
    """Remember the language for this visitor and go back to the page they came from."""
    if code not in LANGUAGES:
        abort(404)
    choose(code)
    return redirect(own_path(request.form.get("return_to", ""), url_for("storefront.front")), 303)


@blueprint.get("/media/<path:name>")
def picture(name: str) -> Response:
    """A picture of a product, or a logo. It may be an SVG of ours, so it is served as something that can neither run nor load anything."""
    response = send_from_directory(runtime().config.instance / "media", name, max_age=_KEPT_SECONDS)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox"
    return response


@blueprint.get("/design/<colours>.css")
def design(colours: str) -> Response:
    """The few custom properties that follow the colours a shop chose: a brand colour as six hexadecimal digits, and for
    a cart its four colours joined by ``-``, each of them or nothing; 404 for anything else.

    The address says all there is to say, so browsers may keep it, and a new colour is a new address.
    """
    parts = colours.split("-")
    found = [colour.parse(part) if part else "" for part in parts]
    if len(found) not in (1, len(COLOURS)) or None in found or not any(found):
        abort(404)
    rules = "".join(f"  {name}: {value};\n" for name, value in colour.sheet(*map(str, found)).items())
    # In the admin the same sheet colours the preview.
    sheet = Response(f":root,\n.shop-window {{\n{rules}}}\n", mimetype="text/css")
    sheet.cache_control.public, sheet.cache_control.max_age = True, _KEPT_SECONDS
    return sheet


@blueprint.app_template_global("design_url")
def design_url(*colours: str) -> str:
    """Address of the sheet for colours as ``#rrggbb``: an accent, or the four of a cart with ``""`` for none."""
    return url_for("storefront.design", colours="-".join(each.removeprefix("#") for each in colours))


@blueprint.app_template_global("family_name")
def family_name(family: Any) -> str:
    """A family's name in the language of the page."""
    return str(family.name_en if language() != DEFAULT and family.name_en else family.name)


def _cards(
    limit: int, *, family_id: int | None = None, after: tuple[int, int] | None = None
) -> tuple[Row[Any], ...]:
    """What the grid shows of each published product, in one statement whose cost does not grow with the catalogue."""
    position, last_id = after or (None, None)
    statement = _grid(family_id is not None, after is not None)
    wanted = {"limit": limit, "family": family_id, "position": position, "last": last_id}
    return tuple(look().execute(statement, {name: value for name, value in wanted.items() if value is not None}))


@cache
def _grid(of_family: bool, further: bool) -> Select[Any]:
    shelf = select(
        _product.id, _product.code, _product.name, _product.image, _product.position, _product.reduced_tax
    ).where(_product.published)
    if of_family:
        shelf = shelf.where(_product.category_id == bindparam("family"))
    if further:
        shelf = shelf.where(tuple_(_product.position, _product.id) > tuple_(bindparam("position"), bindparam("last")))
    card = shelf.order_by(_product.position, _product.id).limit(bindparam("limit")).subquery()
    return (
        select(
            card,
            func.min(_variant.price_yen).label("lowest_yen"),
            func.max(_variant.price_yen).label("highest_yen"),
            func.sum(_AVAILABLE).label("available"),
        )
        .join(Variant.__table__, _variant.product_id == card.c.id)
        .group_by(*card.c)
        .order_by(card.c.position, card.c.id)
    )


def _family(code: str) -> Any:
    """The family with this code; ``None`` for no code; 404 for one that does not exist."""
    if not code:
        return None
    return next((family for family in families() if family.code == code), None) or abort(404)


def _position(key: str) -> tuple[int, int] | None:
    """``position-id`` of the last card of the page before; anything else starts at the beginning."""
    position, _dash, last_id = key.partition("-")
    plain = all(part.isascii() and part.isdigit() and len(part) < 16 for part in (position, last_id))
    return (int(position), int(last_id)) if plain else None


def _preselected(rows: Sequence[Any], variant_id: int) -> int:
    """The variant the form starts with: the one just tried, else the first that can be had."""
    ids: list[int] = [row.variant_id for row in rows]
    available = [row.variant_id for row in rows if row.available > 0]
    return variant_id if variant_id in ids else (available or ids)[0]

