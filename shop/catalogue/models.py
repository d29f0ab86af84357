"""Tables of the catalogue."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.core.db import Base, Code, Key, Moment, OptionalMoment, YenColumn
from shop.core.money import REDUCED_RATE, STANDARD_RATE


class Category(Base):
    """A family of products."""

    __tablename__ = "category"

    id: Mapped[Key]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100), default="")
    lead: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """What a page is about. Price and stock belong to its variants; a product has at least one."""

    __tablename__ = "product"
    __table_args__ = (Index(None, "published", "position", "id"), Index(None, "category_id", "position", "id"))

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    story: Mapped[str] = mapped_column(Text, default="")
    story_en: Mapped[str] = mapped_column(Text, default="")
    #: Label–text pairs: size, material, care.
    details: Mapped[str] = mapped_column(Text, default="")
    image: Mapped[str] = mapped_column(String(200), default="")
    #: 軽減税率対象品目 (R-280); default 非対象.
    reduced_tax: Mapped[bool] = mapped_column(default=False)
    #: Unpublished: 「販売停止中」.
    published: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    #: Which checkout 「カゴに入れる」 leads to: ``zero`` or ``steps`` (R-124).
    flow: Mapped[str] = mapped_column(String(8), default="zero")

    category: Mapped[Category] = relationship()
    variants: Mapped[list["Variant"]] = relationship(order_by="Variant.position", back_populates="product")

    @property
    def tax_rate(self) -> int:
        """Percent."""
        return REDUCED_RATE if self.reduced_tax else STANDARD_RATE


class Variant(Base):
    """規格 – what is put into the cart. ``available = on_hand - allocated - held``, never below zero."""

    __tablename__ = "variant"
    __table_args__ = (
        CheckConstraint("price_yen BETWEEN 0 AND 99999999", name="price"),
        CheckConstraint("held >= 0 AND allocated >= 0 AND on_hand - allocated - held >= 0", name="stock"),
        Index(None, "product_id"),
    )

    id: Mapped[Key]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    price_yen: Mapped[YenColumn]
    on_hand: Mapped[int] = mapped_column(default=0)
    allocated: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)

    product: Mapped[Product] = relationship(back_populates="variants")

    @property
    def available(self) -> int:
        """販売可能数."""
        return self.on_hand - self.allocated - self.held


#: Condition of the partial index; SQLite wants it in so many words.
HELD = text("state = 'held'")


class StockHold(Base):
    """引き当て – units kept for one order while its payment is open. Ends exactly once: consumed or released."""

    __tablename__ = "stock_hold"
    __table_args__ = (
        UniqueConstraint("order_id", "variant_id"),
        CheckConstraint("state IN ('held', 'consumed', 'released')", name="state"),
        Index("ix_stock_hold_open", "expires_at", sqlite_where=HELD, postgresql_where=HELD),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="held")
    expires_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment] = mapped_column(default=None)
