"""Tables of orders."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.core.db import Base, Key, Moment, OptionalMoment, YenColumn
from shop.core.money import order_totals_per_rate

_DRAFT = text("state = 'draft'")
_PLACED = text("state = 'placed'")
_IN_DOUBT = text("state = 'open'")


class Order(Base):
    """受注. A draft is no order to anyone: it has no number and stands in no list (decision 21)."""

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'placed', 'lapsed')", name="state"),
        CheckConstraint("filed IN ('open', 'completed', 'cancelled')", name="filed"),
        CheckConstraint("(state = 'placed') = (number IS NOT NULL)", name="number"),
        # One open attempt per cart: the second tab, device or double click meets the first, not a second charge.
        Index("uq_shop_order_one_draft", "cart_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
        Index("ix_shop_order_listed", "filed", "id", sqlite_where=_PLACED, postgresql_where=_PLACED),
        Index("ix_shop_order_placed", "placed_at", sqlite_where=_PLACED, postgresql_where=_PLACED),
        Index("ix_shop_order_member", "member_id", "id"),
        Index("ix_shop_order_delivered", "ship_postal_code", "placed_at", sqlite_where=_PLACED, postgresql_where=_PLACED),
        Index("ix_shop_order_drafts", "created_at", sqlite_where=text("state <> 'placed'"),
              postgresql_where=text("state <> 'placed'")),
    )

    id: Mapped[Key]
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    #: 注文番号: prefix + zero-padded serial, given when the order is settled.
    number: Mapped[str | None] = mapped_column(String(40), unique=True, default=None)
    state: Mapped[str] = mapped_column(String(16), default="draft")
    #: 受注一覧 / 受注完了一覧 / 受注キャンセル一覧 – filing only, never money.
    filed: Mapped[str] = mapped_column(String(16), default="open")
    #: Counts changes of what was ordered: who edits says which version was on the screen (T-107).
    version: Mapped[int] = mapped_column(default=1)
    #: The confirmation it came from; one submission per confirmation (R-122).
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)
    cart_id: Mapped[int] = mapped_column(index=True)
    #: The cart as it was ordered; a press in another tab of the very same cart finds this order.
    cart_version: Mapped[int] = mapped_column(default=0)
    #: Which checkout it came through: ``zero`` or ``steps``. A refusal leads back there.
    flow: Mapped[str] = mapped_column(String(8), default="zero")
    #: Who ordered, if a member did or became one with this order.
    member_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    #: 会員登録 with this order, JSON with the password's hash; blank once it is done or void.
    registration: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="ja")
    practice: Mapped[bool] = mapped_column(default=False)

    buyer_name: Mapped[str] = mapped_column(String(100))
    buyer_kana: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(320))
    phone: Mapped[str] = mapped_column(String(20))
    postal_code: Mapped[str] = mapped_column(String(8))
    prefecture: Mapped[str] = mapped_column(String(10))
    address1: Mapped[str] = mapped_column(String(200))
    address2: Mapped[str] = mapped_column(String(200), default="")
    ship_name: Mapped[str] = mapped_column(String(100))
    ship_phone: Mapped[str] = mapped_column(String(20))
    ship_postal_code: Mapped[str] = mapped_column(String(8))
    ship_prefecture: Mapped[str] = mapped_column(String(10))
    ship_address1: Mapped[str] = mapped_column(String(200))
    ship_address2: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")

    delivery_id: Mapped[int]
    delivery_name: Mapped[str] = mapped_column(String(30))
    payment_name: Mapped[str] = mapped_column(String(100))
    #: 注意書き of the method for the thanks mail, as it was when the order was made; empty = none there.
    payment_note: Mapped[str] = mapped_column(Text, default="")
    goods_yen: Mapped[YenColumn]
    #: ポイント利用 and 値引き: yen taken off the whole.
    points_yen: Mapped[YenColumn] = mapped_column(default=0)
    discount_yen: Mapped[YenColumn] = mapped_column(default=0)
    #: クーポン that was used, its code as it was, and the yen it took off.
    coupon_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    coupon_code: Mapped[str] = mapped_column(String(40), default="")
    coupon_yen: Mapped[YenColumn] = mapped_column(default=0)
    #: 0 while shipping is 別途連絡.
    shipping_yen: Mapped[YenColumn]
    #: 別途連絡: the shop has yet to say what shipping costs; the total is without it (R-244).
    shipping_apart: Mapped[bool] = mapped_column(default=False)
    #: 手数料, as 送料: 0 while it is 別途連絡.
    fee_yen: Mapped[YenColumn] = mapped_column(default=0)
    fee_apart: Mapped[bool] = mapped_column(default=False)
    #: クール料金.
    cool_yen: Mapped[YenColumn] = mapped_column(default=0)
    #: Goods and charges less deductions; never below 0.
    total_yen: Mapped[YenColumn]

    #: 購入端末: kind and address (R-158).
    device: Mapped[str] = mapped_column(String(16), default="")
    ip: Mapped[str] = mapped_column(String(64), default="")
    #: The final page as the buyer saw it (R-290).
    snapshot: Mapped[str] = mapped_column(Text, default="")
    memo: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[Moment]
    placed_at: Mapped[OptionalMoment] = mapped_column(default=None)

    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.id")
    history: Mapped[list["OrderHistory"]] = relationship(order_by="OrderHistory.id.desc()")
    review: Mapped["OrderReview | None"] = relationship()

    @property
    def charges_yen(self) -> int:
        """What comes on top of the goods, at the standard rate: 送料, 手数料, クール料金."""
        return self.shipping_yen + self.fee_yen + self.cool_yen

    @property
    def deductions_yen(self) -> int:
        """What is taken off the whole: クーポン, ポイント, 値引き."""
        return self.coupon_yen + self.points_yen + self.discount_yen

    @property
    def per_rate(self) -> dict[int, int]:
        """10%対象 and 8%対象: they add up to 合計 (R-282)."""
        goods = [(line.amount_yen, line.tax_rate) for line in self.lines]
        return order_totals_per_rate(goods, self.charges_yen, self.coupon_yen, self.points_yen + self.discount_yen)


class OrderLine(Base):
    """One line as it was sold: later changes of the product do not reach it."""

    __tablename__ = "order_line"

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    code: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(210))
    unit_yen: Mapped[YenColumn]
    quantity: Mapped[int]
    #: Percent.
    tax_rate: Mapped[int]

    @property
    def amount_yen(self) -> int:
        return self.unit_yen * self.quantity

    @property
    def reduced(self) -> bool:
        return self.tax_rate == 8


class OrderHistory(Base):
    """変更履歴 – append-only, with who did it (R-179)."""

    __tablename__ = "order_history"

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    at: Mapped[Moment]
    actor: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)


class OrderReview(Base):
    """要確認（不正利用の疑い） – why an order is in doubt, and who looked into it (:mod:`shop.orders.review`)."""

    __tablename__ = "order_review"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'cleared')", name="state"),
        Index("ix_order_review_open", "order_id", sqlite_where=_IN_DOUBT, postgresql_where=_IN_DOUBT),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), unique=True)
    #: JSON.
    signals: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="open")
    found_at: Mapped[Moment]
    #: ``staff:<login>`` who found nothing wrong, when, and what they wrote down.
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    decided_at: Mapped[OptionalMoment] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(Text, default="")


class OrderNumber(Base):
    """The last given serial. One row; advanced inside the transaction that places an order, so never reused."""

    __tablename__ = "order_number"

    id: Mapped[Key]
    last: Mapped[int] = mapped_column(default=0)
