"""Tables of payments."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.core.db import Base, Code, Key, Moment, OptionalMoment, OptionalYenColumn, YenColumn
from shop.core.pictures import WithLogo

#: States in which an operation may still change; at most one such operation per payment.
OPEN_STATES = ("intended", "sent", "parked", "unknown")
#: ``Payment.authentication`` once an amount changed at the provider replaced an authenticated payment by one that is not.
PROTECTION_LOST = "lost"
#: Conditions of partial indexes. SQLite takes such an index only for a statement that says the same in so many words.
OPEN = text("state IN ('intended', 'sent', 'parked', 'unknown')")
WAITING = text("state = 'waiting'")
UNREADABLE = text("remote_problem <> ''")
#: A provider refused to undo what :mod:`shop.payments.executor` or :mod:`shop.payments.replacement` had to undo.
KEPT = text("state = 'declined' AND actor IN ('job:compensation', 'job:replacement')")
UNSETTLED = text("state IN ('waiting', 'unmatched')")


class ProviderAccount(Base):
    """加盟店契約 – one contract with one provider. Several methods may share it."""

    __tablename__ = "provider_account"

    id: Mapped[Key]
    provider: Mapped[Code]
    name: Mapped[str] = mapped_column(String(100))
    #: Random path part of the notification address; can be rotated.
    key: Mapped[Code] = mapped_column(unique=True)
    #: ``practice`` talks to the built-in simulator only, ``live`` to the provider only.
    endpoint: Mapped[str] = mapped_column(String(16), default="practice")
    #: Counts forged or unreadable notifications since the account exists.
    rejected_notices: Mapped[int] = mapped_column(default=0)
    #: Calls in a row that brought no answer, and when the newest was made (:mod:`shop.payments.breaker`).
    silent_calls: Mapped[int] = mapped_column(default=0)
    silent_since: Mapped[OptionalMoment] = mapped_column(default=None)
    created_at: Mapped[Moment]


class AccountVersion(Base):
    """Credentials as they were at a time. A payment goes on with the newest of the contract it was made with (R-030)."""

    __tablename__ = "provider_account_version"
    __table_args__ = (UniqueConstraint("account_id", "version"),)

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]

    account: Mapped[ProviderAccount] = relationship()


class PaymentMethod(WithLogo, Base):
    """支払方法 – what the buyer picks. Its logo (決済サービスロゴ画像) stands beside its name where they pick."""

    __tablename__ = "payment_method"
    __table_args__ = (CheckConstraint("kind IN ('card', 'cash_on_delivery')", name="kind"),)

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(24))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("provider_account.id"), default=None)
    #: 支払方法の名称 as seen by buyers, in mails and in the order list.
    name: Mapped[str] = mapped_column(String(100))
    #: 設定済み / 未設定.
    configured: Mapped[bool] = mapped_column(default=False)
    #: 同時売上: authorize and capture at once. Copied onto each payment.
    capture_at_once: Mapped[bool] = mapped_column(default=False)
    #: The provider's method-scoped settings (no secrets), JSON.
    options: Mapped[str] = mapped_column(Text, default="{}")
    #: 代引手数料 or other flat fee, yen, tax included.
    fee_yen: Mapped[YenColumn] = mapped_column(default=0)
    #: 別途連絡: the shop says what it costs once it knows; ``fee_yen`` does not count.
    fee_apart: Mapped[bool] = mapped_column(default=False)
    #: 適用条件: shown from this amount of merchandise on, and no longer from that one on; yen, shipping and fees apart.
    shown_from_yen: Mapped[OptionalYenColumn] = mapped_column(default=None)
    hidden_from_yen: Mapped[OptionalYenColumn] = mapped_column(default=None)
    #: 注意書き: always on the confirmation, and where these two say so.
    note: Mapped[str] = mapped_column(Text, default="")
    note_at_choice: Mapped[bool] = mapped_column(default=False)
    note_in_mail: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    #: Taken off the list; orders made with it still point here.
    removed_at: Mapped[OptionalMoment] = mapped_column(default=None)

    account: Mapped[ProviderAccount | None] = relationship()

    @property
    def fee(self) -> int | None:
        """手数料 in yen, tax included; ``None`` = 別途連絡."""
        return None if self.fee_apart else self.fee_yen


class Payment(Base):
    """The money of one order under one method. Amounts and status are the fold over its operations, cached."""

    __tablename__ = "payment"
    __table_args__ = (
        Index("ix_payment_listed", "status", "id"),
        Index("ix_payment_mode", "method_id", "capture_at_once", "order_id"),
        Index("ix_payment_card", "card_fingerprint", "created_at"),
        Index("ix_payment_unreadable", "id", sqlite_where=UNREADABLE, postgresql_where=UNREADABLE),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(index=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_method.id"))
    method_name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(24))
    account_version_id: Mapped[int | None] = mapped_column(ForeignKey("provider_account_version.id"), default=None)
    capture_at_once: Mapped[bool] = mapped_column(default=False)
    #: Practice money: never in sales figures, never at a live provider.
    practice: Mapped[bool] = mapped_column(default=False)
    instalments: Mapped[int] = mapped_column(default=1)
    #: 取引ID (加盟店取引ID) of the authorization that stands; empty before any was sent.
    merchant_ref: Mapped[str] = mapped_column(String(64), default="", index=True)
    handle: Mapped[str] = mapped_column(String(200), default="")
    #: What follow-ups need besides the handle, encrypted (:class:`~providers.contract.Approved`).
    sealed_keys: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    #: 本人認証 (3-D Secure) took place before the authorization; its outcome and who bears a chargeback (P-36).
    three_ds: Mapped[bool] = mapped_column(default=False)
    authentication: Mapped[str] = mapped_column(String(24), default="")
    liability: Mapped[str] = mapped_column(String(16), default="")
    masked_card: Mapped[str] = mapped_column(String(32), default="")
    #: Of a linked card at first as it is shown in マイページ; the provider's own word, where it has one, comes after that.
    card_brand: Mapped[str] = mapped_column(String(32), default="")
    #: The provider's own name for the card; tells cards apart that end in the same digits (:mod:`shop.orders.review`).
    card_fingerprint: Mapped[str] = mapped_column(String(128), default="")
    status: Mapped[str] = mapped_column(String(24), default="created")
    authorized_yen: Mapped[YenColumn] = mapped_column(default=0)
    captured_yen: Mapped[YenColumn] = mapped_column(default=0)
    refunded_yen: Mapped[YenColumn] = mapped_column(default=0)
    authorized_at: Mapped[OptionalMoment] = mapped_column(default=None)
    #: The provider's side as last seen.
    remote_status: Mapped[str] = mapped_column(String(24), default="")
    remote_amount_yen: Mapped[OptionalYenColumn] = mapped_column(default=None)
    #: Empty = readable; otherwise why the state could not be read.
    remote_problem: Mapped[str] = mapped_column(String(64), default="")
    remote_seen_at: Mapped[OptionalMoment] = mapped_column(default=None)
    created_at: Mapped[Moment]

    account_version: Mapped[AccountVersion | None] = relationship()
    operations: Mapped[list["PaymentOperation"]] = relationship(order_by="PaymentOperation.id", back_populates="payment")


class PaymentOperation(Base):
    """取引操作 – one attempt at one verb. Append-only: a row changes its state until it is final, never its meaning."""

    __tablename__ = "payment_operation"
    __table_args__ = (
        UniqueConstraint("account_id", "merchant_ref"),
        Index("uq_payment_operation_one_open", "payment_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_payment_operation_due", "check_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_payment_operation_kept", "id", sqlite_where=KEPT, postgresql_where=KEPT),
        CheckConstraint(
            "state IN ('intended','sent','parked','unknown','succeeded','declined','absent','dropped','lapsed')",
            name="state",
        ),
    )

    id: Mapped[Key]
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("provider_account.id"), default=None)
    verb: Mapped[str] = mapped_column(String(24))
    #: ``shop`` = we asked; ``provider`` = it happened there (console, batch) and the ledger follows.
    origin: Mapped[str] = mapped_column(String(16), default="shop")
    amount_yen: Mapped[YenColumn]
    capture: Mapped[bool] = mapped_column(default=False)
    #: Sent with verbs that create something; ``None`` for follow-ups.
    merchant_ref: Mapped[str | None] = mapped_column(String(64), default=None)
    handle: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(16))
    #: Until then the caller is believed to be at work; afterwards the reconciler takes over.
    check_at: Mapped[Moment]
    checks: Mapped[int] = mapped_column(default=0)
    #: How often it was sent again, later each time (:func:`~shop.core.batch.repeat_after`); ``sent_at`` is the newest time.
    repeats: Mapped[int] = mapped_column(default=0)
    result_code: Mapped[str] = mapped_column(String(64), default="")
    result_category: Mapped[str] = mapped_column(String(32), default="")
    #: Who asked: ``buyer``, ``staff:<login>``, ``job:<name>``, ``provider``.
    actor: Mapped[str] = mapped_column(String(120))
    #: Whoever asked wants the buyer written to, once it has succeeded.
    tell_buyer: Mapped[bool] = mapped_column(default=False)
    #: While parked: what must survive the buyer's way to another page, encrypted. Erased when it leaves that state.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    #: What settled it: ``answer``, ``notice``, ``query``, ``staff``.
    settled_by: Mapped[str] = mapped_column(String(24), default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[OptionalMoment] = mapped_column(default=None)
    settled_at: Mapped[OptionalMoment] = mapped_column(default=None)

    payment: Mapped[Payment] = relationship(back_populates="operations")


class RemoteReference(Base):
    """Finds a payment by an id of the provider, old ids included. Never by searching text."""

    __tablename__ = "remote_reference"
    __table_args__ = (UniqueConstraint("account_id", "value", "kind"), Index(None, "value"))

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(200))


class ProviderNotice(Base):
    """通知受信箱 – a genuine notification as it came: stored, acknowledged, then processed."""

    __tablename__ = "provider_notice"
    __table_args__ = (
        UniqueConstraint("account_id", "serial"),
        Index("ix_provider_notice_reference", "account_id", "merchant_ref"),
        Index("ix_provider_notice_waiting", "next_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_provider_notice_unsettled", "id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        CheckConstraint("state IN ('waiting', 'done', 'unmatched')", name="state"),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    serial: Mapped[Code]
    merchant_ref: Mapped[str] = mapped_column(String(64), default="")
    handle: Mapped[str] = mapped_column(String(200), default="")
    #: The contract's word for ``raw_status``; empty for states on their way.
    status: Mapped[str] = mapped_column(String(24), default="")
    raw_status: Mapped[str] = mapped_column(String(32), default="")
    amount_yen: Mapped[OptionalYenColumn] = mapped_column(default=None)
    changed_at: Mapped[OptionalMoment] = mapped_column(default=None)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True, default=None)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    #: How often the same serial came.
    received: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[Moment]
    received_at: Mapped[Moment]


class RejectedNotice(Base):
    """A notification whose signature was wrong. Kept up to a cap, for staff."""

    __tablename__ = "rejected_notice"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"), index=True)
    at: Mapped[Moment]
    address: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(64))


class ProviderExchange(Base):
    """One request to a provider and its answer, masked, with its duration (R-317)."""

    __tablename__ = "provider_exchange"

    id: Mapped[Key]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True, default=None)
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("payment_operation.id"), default=None)
    #: Of a telegram about a member's card (:mod:`shop.payments.cards`); ``payment_id`` is that of the order it follows, if any.
    card_operation_id: Mapped[int | None] = mapped_column(BigInteger, index=True, default=None)
    at: Mapped[Moment]
    label: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(Text)
    response: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(64))
    duration_ms: Mapped[int]
