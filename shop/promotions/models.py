"""Tables of promotions."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, Moment, OptionalMoment

#: The longest code, as written and as compared.
CODE_LENGTH = 40


class Coupon(Base):
    """クーポン. ``held`` and ``used`` together never pass ``uses``: they are taken by one conditional update."""

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("kind IN ('yen', 'percent')", name="kind"),
        CheckConstraint("value BETWEEN 1 AND 99999999 AND (kind = 'yen' OR value <= 100)", name="value"),
        CheckConstraint("starts_on <= ends_on", name="period"),
        CheckConstraint("held >= 0 AND used >= 0 AND (uses IS NULL OR held + used <= uses)", name="uses"),
    )

    id: Mapped[Key]
    #: クーポンコード as the shop writes it, and as codes are compared (:func:`shop.core.text.folded`).
    code: Mapped[str] = mapped_column(String(CODE_LENGTH))
    folded: Mapped[str] = mapped_column(String(CODE_LENGTH), unique=True)
    #: For staff; no buyer sees it.
    name: Mapped[str] = mapped_column(String(50))
    #: ``yen``: so many yen off the goods; ``percent``: so much of them, 1 to 100.
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[int]
    #: First and last day of use, both included, in Japan.
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    #: How often it can be used in all, whoever uses it; ``None`` = without limit.
    uses: Mapped[int | None] = mapped_column(default=None)
    members_only: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    #: Uses by orders under way, and by orders that stand.
    held: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]


class CouponUse(Base):
    """The use an order has of its coupon. It goes the way of the order's units (:class:`~shop.catalogue.models.StockHold`):
    held, then consumed or released."""

    __tablename__ = "coupon_use"
    __table_args__ = (CheckConstraint("state IN ('held', 'consumed', 'released')", name="state"),)

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupon.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="held")
    ended_at: Mapped[OptionalMoment] = mapped_column(default=None)
