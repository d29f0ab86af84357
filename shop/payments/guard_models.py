"""Tables of the card-testing guard (:mod:`shop.payments.cardguard`)."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Code, Key, Moment, OptionalMoment


class CardTry(Base):
    """One try of a card at a provider and who made it. It counts from the press on. What ends without a word about the card
    leaves no row."""

    __tablename__ = "card_try"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'failed', 'passed')", name="state"),
        Index(None, "session_key", "at"),
        Index(None, "address", "at"),
        Index(None, "member_id", "at"),
        Index(None, "card", "at"),
        Index(None, "at"),
    )

    id: Mapped[Key]
    #: The ``public_id`` of the operation that asks the provider.
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    #: ``open`` = its outcome is not known yet; ``passed`` = a good card.
    state: Mapped[str] = mapped_column(String(16), default="open")
    #: Digest of what names the browser.
    session_key: Mapped[Code]
    #: Range of addresses (/24, /64); empty where it tells nobody apart.
    address: Mapped[str] = mapped_column(String(64))
    #: Only of who was logged in.
    member_id: Mapped[int | None] = mapped_column(default=None)
    #: The provider's fingerprint of the card, where it is known beforehand.
    card: Mapped[str] = mapped_column(String(128), default="")
    at: Mapped[Moment]


class CardGuard(Base):
    """カード不正利用対策: the limits, and how far the whole shop is on its guard now. One row, made by the migration."""

    __tablename__ = "card_guard"
    __table_args__ = (CheckConstraint("stage IN ('off', 'step_up', 'stopped')", name="stage"),)

    id: Mapped[Key]
    #: Failed tries within so many minutes are counted together; who reached a limit waits as long.
    window_minutes: Mapped[int] = mapped_column(default=30)
    per_session: Mapped[int] = mapped_column(default=6)
    per_member: Mapped[int] = mapped_column(default=10)
    per_address: Mapped[int] = mapped_column(default=10)
    per_card: Mapped[int] = mapped_column(default=10)
    #: The whole shop: so many failures, if they are so many percent of all tries …
    shop_failures: Mapped[int] = mapped_column(default=20)
    shop_percent: Mapped[int] = mapped_column(default=80)
    #: … or so many, whatever is sold beside them.
    shop_most: Mapped[int] = mapped_column(default=30)
    #: After so many minutes the shop lets go of it by itself.
    release_minutes: Mapped[int] = mapped_column(default=60)
    #: Of a variant's units, what one browser or range of addresses may hold with payments under way, beyond its first …
    hold_percent: Mapped[int] = mapped_column(default=50)
    #: … and what all together may hold who wait for 本人認証; percent.
    hold_shop_percent: Mapped[int] = mapped_column(default=80)
    #: 要確認（不正利用の疑い） (:mod:`shop.orders.review`): looked for at all; and a member's new delivery address.
    review: Mapped[bool] = mapped_column(default=True)
    review_new_address: Mapped[bool] = mapped_column(default=True)
    #: From so many cards for one delivery address, or buyers with one card, within so many days.
    review_cards: Mapped[int] = mapped_column(default=3)
    review_people: Mapped[int] = mapped_column(default=3)
    review_days: Mapped[int] = mapped_column(default=30)

    stage: Mapped[str] = mapped_column(String(16), default="off")
    stage_since: Mapped[OptionalMoment] = mapped_column(default=None)
    #: ``None`` while a stage is on: until a person lets go of it.
    stage_until: Mapped[OptionalMoment] = mapped_column(default=None)
    #: A person has let go of everything then: what was before is not counted any more.
    counted_from: Mapped[OptionalMoment] = mapped_column(default=None)


class CardProof(Base):
    """Proof of the e-mail address of an order, asked for by a mailed code. One row for each browser."""

    __tablename__ = "card_proof"

    id: Mapped[Key]
    session_key: Mapped[Code] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(String(320))
    #: The confirmation whose press waits, and what came with it (card token), encrypted.
    confirmation: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    code_digest: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[Moment]
    proven_at: Mapped[OptionalMoment] = mapped_column(default=None)
