"""Tables of members' cards."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, Moment, OptionalMoment

#: Conditions of partial indexes. SQLite takes such an index only for a statement that says the same in so many words.
UNDER_WAY = text("state IN ('sent', 'unknown')")
OPEN = text("state IN ('intended', 'sent', 'unknown')")
OPEN_STATES = ("intended", "sent", "unknown")


class StoredCard(Base):
    """ご登録カード – a member's card at one provider account, shared by all carts (R-137, R-138). What the member knows it by;
    the card itself is the provider's."""

    __tablename__ = "stored_card"
    __table_args__ = (UniqueConstraint("member_id", "account_id"),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    #: The contract it is kept under: another contract does not know it (P-28).
    account_version_id: Mapped[int] = mapped_column(ForeignKey("provider_account_version.id"))
    customer_ref: Mapped[str] = mapped_column(String(64))
    card_ref: Mapped[str] = mapped_column(String(64))
    last_four: Mapped[str] = mapped_column(String(4))
    brand: Mapped[str] = mapped_column(String(32), default="")
    #: ``MMYY``, or empty where the provider does not say.
    expiry: Mapped[str] = mapped_column(String(4), default="")
    created_at: Mapped[Moment]


class CardOperation(Base):
    """One registration or removal of a card at a provider: written before it is sent, asked about until its outcome is known.

    ``waiting`` – its order is not settled yet (R-136); ``intended`` – to be sent; ``dropped`` – certainly never sent.
    """

    __tablename__ = "card_operation"
    __table_args__ = (
        # One at a time per member and account: two tabs, or an order and マイページ, cannot overtake each other.
        Index(
            "uq_card_operation_one_under_way", "member_id", "account_id", unique=True,
            sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY,
        ),
        Index("ix_card_operation_due", "check_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index(None, "order_id"),
        Index(None, "member_id", "account_id", "id"),
        CheckConstraint("verb IN ('store', 'remove')", name="verb"),
        CheckConstraint(
            "state IN ('waiting','intended','sent','unknown','succeeded','declined','absent','dropped')", name="state"
        ),
    )  # fmt: skip

    id: Mapped[Key]
    verb: Mapped[str] = mapped_column(String(16))
    #: ``None`` while it waits for an order by which its buyer becomes a member.
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    account_version_id: Mapped[int] = mapped_column(ForeignKey("provider_account_version.id"))
    #: The order it follows; ``None`` for what is done in マイページ.
    order_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    customer_ref: Mapped[str] = mapped_column(String(64), default="")
    #: The card to be removed, empty = all of the customer's; of a registration: the card that came of it.
    card_ref: Mapped[str] = mapped_column(String(64), default="")
    #: What the member's browser made out of the number; shown where the provider names no brand.
    brand: Mapped[str] = mapped_column(String(32), default="")
    #: The one-time token, encrypted. Erased once it can no longer be needed.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    state: Mapped[str] = mapped_column(String(16))
    #: When it is sent or asked about next.
    check_at: Mapped[Moment]
    checks: Mapped[int] = mapped_column(default=0)
    #: How often a removal was sent again, later each time (:func:`~shop.core.batch.repeat_after`).
    repeats: Mapped[int] = mapped_column(default=0)
    #: ``member`` (in マイページ), ``order``, ``job:replaced``, ``job:left``.
    actor: Mapped[str] = mapped_column(String(32))
    result_code: Mapped[str] = mapped_column(String(64), default="")
    result_category: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[OptionalMoment] = mapped_column(default=None)
    settled_at: Mapped[OptionalMoment] = mapped_column(default=None)
