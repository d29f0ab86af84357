"""Table of the outbox."""

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, Moment, OptionalMoment

#: Conditions of partial indexes; SQLite wants them in so many words.
WAITING = text("state IN ('queued', 'sending')")
FAILED = text("state = 'failed'")


class OutboxMail(Base):
    """One mail. ``dedupe_key`` makes it impossible to promise the same mail twice; the Message-ID never changes."""

    __tablename__ = "outbox_mail"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name="state"),
        Index("ix_outbox_mail_waiting", "next_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_outbox_mail_failed", "id", sqlite_where=FAILED, postgresql_where=FAILED),
    )

    id: Mapped[Key]
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    #: ``thanks``, ``order_notice``, ``payment_cancelled``, ``alarm`` …
    kind: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[int | None] = mapped_column(index=True, default=None)
    #: The mail that staff had sent again with this one; always the first, never a copy.
    copy_of: Mapped[int | None] = mapped_column(BigInteger, index=True, default=None)
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    #: A secret that stands in the body only when it is sent, sealed; see ``service.queue``.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    message_id: Mapped[str] = mapped_column(String(200))
    #: ``failed`` = given up after the last try; shown to staff, can be queued again.
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[Moment]
    created_at: Mapped[Moment]
    sent_at: Mapped[OptionalMoment] = mapped_column(default=None)
    last_error: Mapped[str] = mapped_column(Text, default="")
