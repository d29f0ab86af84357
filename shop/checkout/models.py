"""Tables of checkout."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, Moment, YenColumn


class Cart(Base):
    """カート of one visitor, found by the key in the session cookie. Written by POST only."""

    __tablename__ = "cart"
    __table_args__ = (Index("uq_cart_member", "member_id", unique=True),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    #: Counts changes; a confirmation is for exactly one version.
    version: Mapped[int] = mapped_column(default=0)
    touched_at: Mapped[Moment] = mapped_column(index=True)
    #: The member it belongs to; one cart each, whatever browser they come with.
    member_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    #: What the buyer has typed in the checkout so far, cleaned, JSON. Never card data, never a password.
    form: Mapped[str] = mapped_column(Text, default="{}")
    #: 会員登録 typed on the way: the hash of the password, so that nobody types it twice.
    password_hash: Mapped[str] = mapped_column(String(200), default="")


class CartItem(Base):
    """One variant in a cart."""

    __tablename__ = "cart_item"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity"),
    )

    id: Mapped[Key]
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]


class Confirmation(Base):
    """What the buyer saw on 確認画面: the words, the amounts, the version of the cart. Ordered at most once."""

    __tablename__ = "confirmation"

    id: Mapped[Key]
    token: Mapped[str] = mapped_column(String(40), unique=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"), index=True)
    cart_version: Mapped[int]
    delivery_id: Mapped[int]
    payment_method_id: Mapped[int]
    total_yen: Mapped[YenColumn]
    #: Digest over lines, prices, rates, shipping and fee; a different one asks to confirm again.
    quote_digest: Mapped[str] = mapped_column(String(64))
    #: Which checkout showed it: ``zero`` or ``steps``.
    flow: Mapped[str] = mapped_column(String(8), default="zero")
    #: Who confirmed: a log-in or log-out since then asks to confirm again.
    member_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    #: 会員登録 with this order, JSON with the password's hash; blank without, and once the order stands.
    registration: Mapped[str] = mapped_column(Text, default="")
    #: The buyer's form, JSON. Never card data.
    form: Mapped[str] = mapped_column(Text)
    snapshot: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[Moment] = mapped_column(index=True)
