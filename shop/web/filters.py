"""What every template may use: money, dates, the shop itself, its families."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request, session, url_for
from markupsafe import Markup
from sqlalchemy import Row, exists, select, true

from shop.catalogue.models import Category
from shop.checkout import cart
from shop.core import card_numbers, shopinfo
from shop.core.cart_design import CartDesign
from shop.core.clock import jst
from shop.core.db import db, look
from shop.core.i18n import DEFAULT, language
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.phone_numbers import phone
from shop.core.pictures import Picture
from shop.core.runtime import runtime
from shop.core.shopinfo import ShopInfo
from shop.core.text import postal_code
from shop.promotions import coupons

_family = Category.__table__.c
_shop = ShopInfo.__table__.c
_FRAME = (
    select(
        _shop.name.label("shop_name"), _shop.texts.label("shop_texts"), _shop.legal.label("shop_legal"),
        _shop.accent, _shop.logo_file, _shop.logo_width, _shop.logo_height, _shop.logo_alt,
        exists(select(CartDesign.__table__.c.cart)).label("carts_designed"), coupons.OFFERED.label("takes_coupons"),
        _family.id, _family.code, _family.name, _family.name_en, _family.lead,
    )
    .join_from(ShopInfo.__table__, Category.__table__, true(), isouter=True)
    .order_by(_family.position, _family.id)
)  # fmt: skip
#: Arguments that say which page this is.
_OURS = frozenset({"category", "after", "before"})
_WEEKDAYS = "月火水木金土日"


def init_app(app: Flask) -> None:
    """Register filters and globals. Globals are functions, so a page that does not use one does not pay for it."""
    app.jinja_env.filters.update(
        yen=format_yen, long_date=long_date, moment=moment, masked_email=masked_email, prose=prose,
        instalments=instalment_word, postal=postal_code, phone=phone,
    )
    app.jinja_env.globals.update(
        shop=shop_info,
        shown_card=card_numbers.shown,
        shop_text=shop_text,
        shop_logo=shop_logo,
        families=families,
        cart_count=cart_count,
        practice_mode=lambda: runtime().config.demo,
        here=here,
    )


def long_date(day: date) -> str:
    """``2026年11月21日（土）`` for buyers; ISO for other languages."""
    if isinstance(day, datetime):
        day = jst(day).date()
    if language() != DEFAULT:
        return day.isoformat()
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def moment(value: datetime) -> str:
    """``2026-11-21 14:03`` in Japan."""
    return jst(value).strftime("%Y-%m-%d %H:%M")


def instalment_word(count: int) -> str:
    """支払回数 in words: 一括払い, 3回払い, ボーナス一括払い (counted as 0)."""
    if count == 0:
        return _("ボーナス一括払い")
    return _("一括払い") if count == 1 else _("%(count)s回払い", count=count)


def masked_email(address: str) -> str:
    """Enough to recognise one's own address, not enough to learn another's: ``ha***@example.jp``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:2]}***@{domain}"


def prose(text: str) -> Markup:
    """Plain text to paragraphs: an empty line separates them."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts if part)


def frame() -> Sequence[Row[Any]]:
    """The shop's row beside each of its families, in their order: what header and footer say. Read once a request."""
    if "frame" not in g:
        g.frame = look().execute(_FRAME).all()
    rows: Sequence[Row[Any]] = g.frame
    return rows


def shop_info() -> Row[Any]:
    """The shop's row: ``shop_name``, ``shop_texts``, ``shop_legal``, its ``accent``, what :func:`shop_logo` shows, and
    whether there is a face of a cart to ask for (``carts_designed``) and a coupon to type (``takes_coupons``)."""
    return frame()[0]


def shop_logo() -> Picture | None:
    """ショップロゴ画像, if the shop has one."""
    shop = shop_info()
    return Picture(shop.logo_file, shop.logo_width, shop.logo_height) if shop.logo_file else None


def shop_text(name: str, default: Any = "") -> Any:
    """One of the shop's own texts in the language of the page, else in Japanese, else ``default``."""
    if "shop_texts" not in g:
        g.shop_texts = json.loads(shop_info().shop_texts)
    return shopinfo.said(g.shop_texts, name) or default


def families() -> Sequence[Row[Any]]:
    """All categories: ``id``, ``code``, ``name``, ``name_en``, ``lead``."""
    return [row for row in frame() if row.id is not None]


def cart_count() -> int:
    """Units in this visitor's basket: one small query a request, none for a new visitor."""
    key = session.get("cart")
    if not key:
        return 0
    if "cart_count" not in g:
        g.cart_count = cart.count(db.session(), key)
    return int(g.cart_count)


def here() -> str:
    """Where the language switch returns to: this page without what others hung on to its address, or the front where
    there is nothing to come back to: a form was answered at an address that shows none."""
    if request.method != "GET" and not current_app.create_url_adapter(request).test(request.path, method="GET"):  # type: ignore[union-attr]
        return url_for("storefront.front")
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name in _OURS]
    return request.path + (f"?{urlencode(arguments)}" if arguments else "")
