"""ショップ基本情報 – what the shop calls itself and must state by law; one row, edited by the owner."""

import json

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
        texts = json.loads(self.texts)
        names = (texts.get(spoken, {}).get("name") for spoken in (language(), DEFAULT))
        return next(filter(None, names), self.name)


_THE_ROW = select(ShopInfo).limit(1)


def get(session: Session) -> ShopInfo:
    """The shop's row. Raises ``NoResultFound`` before set-up."""
    return session.scalars(_THE_ROW).one()
