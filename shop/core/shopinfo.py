"""ショップ基本情報 – what the shop calls itself and must state by law; one row, edited by the owner."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shop.core.db import Base, Key
from shop.core.i18n import DEFAULT, language
from shop.core.pictures import WithLogo


class ShopInfo(WithLogo, Base):
    """One row. ``legal`` holds the 特定商取引法 table as JSON: a list of label–text pairs."""

    __tablename__ = "shop_info"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(320))
    order_prefix: Mapped[str] = mapped_column(String(20), default="order")
    legal: Mapped[str] = mapped_column(Text, default="[]")
    #: Front page story, news and shipping line, privacy and cancellation texts as JSON, keyed ``ja`` and ``en``.
    texts: Mapped[str] = mapped_column(Text, default="{}")
    #: ブランドカラー as ``#rrggbb``; empty for the standard one.
    accent: Mapped[str] = mapped_column(String(7), default="")

    @property
    def called(self) -> str:
        """Its name in the language that is spoken, as its pages have it."""
        return said(json.loads(self.texts), "name") or self.name


def said(texts: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    """One of the shop's own texts, by language, in the one that is spoken, else in Japanese; ``None`` where it has none."""
    return next(filter(None, (texts.get(spoken, {}).get(name) for spoken in (language(), DEFAULT))), None)


_THE_ROW = select(ShopInfo).limit(1)


def get(session: Session) -> ShopInfo:
    """The shop's row. Raises ``NoResultFound`` before set-up."""
    return session.scalars(_THE_ROW).one()
