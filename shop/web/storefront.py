"""The shop window: front page, families, products, the pages the law asks for, the language switch, the pictures."""

import json
from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, func, select, tuple_

from shop.catalogue.models import Product, Variant
from shop.core.db import db
from shop.core.i18n import DEFAULT, LANGUAGES, language
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.web.filters import families, shop_info, shop_text

blueprint = Blueprint("storefront", __name__)

_PAGE = 12
_HAND = 8
#: Above this many the number left is nobody's business.
_FEW = 5

_AVAILABLE = Variant.on_hand - Variant.allocated - Variant.held


@blueprint.get("/")
def front() -> str:
    """The season's story, the shipping line, the news, the four families, a hand of products."""
    return render_template(
        "shop/front.html",
        story=shop_text("story", {}),
        news=shop_text("news", []),
        products=_cards(_HAND),
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
    return render_template(
        "shop/products.html",
        family=family,
        products=shown,
        following=f"{last.position}-{last.id}" if last else "",
        first_page="after" not in request.args,
    )


@blueprint.get("/products/<code>")
def product(code: str) -> str:
    """One product; unpublished ones say 「販売停止中」 and cannot be bought."""
    return product_page(code)


def product_page(code: str, *, error: str = "", variant_id: int = 0, typed: str = "1") -> str:
    """The page of one product, with the message of a refused 「カゴに入れる」 and what was typed. 404 when unknown."""
    rows = (
        db.session()
        .execute(
            select(
                Product.code,
                Product.name,
                Product.story,
                Product.story_en,
                Product.details,
                Product.image,
                Product.reduced_tax,
                Product.published,
                Product.category_id,
                Variant.id.label("variant_id"),
                Variant.name.label("variant_name"),
                Variant.price_yen,
                _AVAILABLE.label("available"),
            )
            .join(Variant, Variant.product_id == Product.id)
            .where(Product.code == code)
            .order_by(Variant.position, Variant.id)
        )
        .all()
    )
    if not rows:
        abort(404)
    return render_template(
        "shop/product.html",
        product=rows[0],
        variants=rows,
        buyable=any(row.available > 0 for row in rows) and rows[0].published,
        family=next((family for family in families() if family.id == rows[0].category_id), None),
        details=json.loads(rows[0].details or "[]"),
        few=_FEW,
        error=error,
        chosen=_preselected(rows, variant_id),
        typed=typed,
    )


@blueprint.get("/legal/<page>")
def legal(page: str) -> str:
    """特定商取引法に基づく表記, プライバシーポリシー, 送料とお届け, 返品・キャンセル."""
    titles = legal_titles()
    if page not in titles:
        abort(404)
    table = shop_text("legal", []) or json.loads(shop_info().legal) if page == "commerce" else []
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
    session["language"] = code
    return redirect(_local(request.form.get("return_to", "")), 303)


@blueprint.get("/media/<path:name>")
def picture(name: str) -> Response:
    """A product picture. It may be an SVG, so it is served as something that can neither run nor load anything."""
    response = send_from_directory(runtime().config.instance / "media", name, max_age=7 * 24 * 3600)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    return response


@blueprint.app_template_global("family_name")
def family_name(family: Any) -> str:
    """A family's name in the language of the page."""
    return str(family.name_en if language() != DEFAULT and family.name_en else family.name)


def _cards(
    limit: int, *, family_id: int | None = None, after: tuple[int, int] | None = None
) -> Sequence[Row[Any]]:
    """What the grid shows of each published product, in one statement whose cost does not grow with the catalogue."""
    window = select(
        Product.id, Product.code, Product.name, Product.image, Product.position, Product.reduced_tax
    ).where(Product.published)
    if family_id is not None:
        window = window.where(Product.category_id == family_id)
    if after is not None:
        window = window.where(tuple_(Product.position, Product.id) > after)
    page = window.order_by(Product.position, Product.id).limit(limit).subquery()
    return (
        db.session()
        .execute(
            select(
                page,
                func.min(Variant.price_yen).label("lowest_yen"),
                func.max(Variant.price_yen).label("highest_yen"),
                func.sum(_AVAILABLE).label("available"),
            )
            .join(Variant, Variant.product_id == page.c.id)
            .group_by(*page.c)
            .order_by(page.c.position, page.c.id)
        )
        .all()
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


def _local(target: str) -> str:
    """``target`` when it is a path of this shop, else the front page: no open redirect."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else url_for("storefront.front")
