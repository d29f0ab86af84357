"""What every template may use: money, dates, the shop itself, its families."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request, url_for
from markupsafe import Markup
from sqlalchemy import Row, select

from shop.catalogue.models import Category
from shop.core import shopinfo
from shop.core.clock import jst
from shop.core.db import db
from shop.core.i18n import DEFAULT, gettext, language
from shop.core.runtime import runtime

_WEEKDAYS = "月火水木金土日"


def init_app(app: Flask) -> None:
    """Register filters and globals. Globals are functions, so a page that does not use one does not pay for it."""
    app.jinja_env.filters.update(
        yen=yen, long_date=long_date, moment=moment, masked_email=masked_email, prose=prose
    )
    app.jinja_env.globals.update(
        shop=shop_info,
        shop_text=shop_text,
        families=families,
        practice_mode=lambda: runtime().config.demo,
        here=here,
    )


def yen(amount: int) -> str:
    """``12800`` → ``12,800円``."""
    return str(gettext("%(amount)s円", amount=f"{amount:,}"))


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


def masked_email(address: str) -> str:
    """Enough to recognise one's own address, not enough to learn another's: ``ha***@example.jp``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:2]}***@{domain}"


def prose(text: str) -> Markup:
    """Plain text to paragraphs: an empty line separates them."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts if part)


def shop_info() -> shopinfo.ShopInfo:
    """The shop's row, read once a request."""
    if "shop_info" not in g:
        g.shop_info = shopinfo.get(db.session())
    info: shopinfo.ShopInfo = g.shop_info
    return info


def shop_text(name: str, default: Any = "") -> Any:
    """One of the shop's own texts in the language of the page, else in Japanese, else ``default``."""
    if "shop_texts" not in g:
        g.shop_texts = json.loads(shop_info().texts)
    for chosen in (language(), DEFAULT):
        if value := g.shop_texts.get(chosen, {}).get(name):
            return value
    return default


def families() -> Sequence[Row[tuple[int, str, str, str, str]]]:
    """All categories in the shop's order, read once a request."""
    if "families" not in g:
        g.families = (
            db.session()
            .execute(
                select(Category.id, Category.code, Category.name, Category.name_en, Category.lead).order_by(
                    Category.position, Category.id
                )
            )
            .all()
        )
    rows: Sequence[Row[tuple[int, str, str, str, str]]] = g.families
    return rows


def here() -> str:
    """Where the language switch returns to: this page, or the front where coming back would mean posting again."""
    if request.method != "GET":
        return url_for("storefront.front")
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return request.path + (f"?{urlencode(arguments)}" if arguments else "")
