"""Tables of members."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.core.db import Base, Key, Moment, OptionalMoment


class Member(Base):
    """会員. One that left keeps its row, without a name, an address or a way in: their orders still point here."""

    __tablename__ = "member"
    __table_args__ = (CheckConstraint("state IN ('provisional', 'active', 'left')", name="state"),)

    id: Mapped[Key]
    #: Random; names the member to payment providers, so that no number of ours can be counted there.
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    #: 会員ID, folded; empty rows of those who left hold ``None``.
    login: Mapped[str | None] = mapped_column(String(100), unique=True)
    #: As typed, and folded for look-up: one member per address.
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(String(320), unique=True)
    #: argon2id, with its parameters.
    password_hash: Mapped[str] = mapped_column(String(200))
    #: ``provisional`` = 仮登録: no log-in until the order they registered with is completed (R-272).
    state: Mapped[str] = mapped_column(String(16), default="active")
    name: Mapped[str] = mapped_column(String(100))
    kana: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    postal_code: Mapped[str] = mapped_column(String(8), default="")
    prefecture: Mapped[str] = mapped_column(String(10), default="")
    address1: Mapped[str] = mapped_column(String(200), default="")
    address2: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(8), default="ja")
    created_at: Mapped[Moment] = mapped_column(index=True)
    activated_at: Mapped[OptionalMoment] = mapped_column(default=None)
    #: When the mailbox was shown to be theirs; ``None``: it came with an order, and may be a stranger's (T-089).
    proven_at: Mapped[OptionalMoment] = mapped_column(default=None)
    left_at: Mapped[OptionalMoment] = mapped_column(default=None)


class MemberSession(Base):
    """One log-in. The cookie holds the token, the row its digest: deleting the row logs out at once."""

    __tablename__ = "member_session"

    id: Mapped[Key]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]

    member: Mapped[Member] = relationship()


class MemberAddress(Base):
    """お届け先リスト – an address a member ships to."""

    __tablename__ = "member_address"

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20))
    postal_code: Mapped[str] = mapped_column(String(8))
    prefecture: Mapped[str] = mapped_column(String(10))
    address1: Mapped[str] = mapped_column(String(200))
    address2: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[Moment]


class MemberToken(Base):
    """A link in a mail: registration, a forgotten password, a new address. Works once and for a short time (T-038)."""

    __tablename__ = "member_token"
    __table_args__ = (CheckConstraint("purpose IN ('register', 'reset', 'email')", name="purpose"),)

    id: Mapped[Key]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(16))
    #: ``None`` for who is no member yet.
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True, default=None)
    #: The mail address the link went to.
    email: Mapped[str] = mapped_column(String(320))
    expires_at: Mapped[Moment] = mapped_column(index=True)
    used_at: Mapped[OptionalMoment] = mapped_column(default=None)


class MemberEvent(Base):
    """操作履歴 – what was done in マイページ, append-only (R-149)."""

    __tablename__ = "member_event"
    __table_args__ = (Index(None, "member_id", "id"),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]
    #: A marked text, said in the language of who reads it, and what fills its places, JSON.
    text: Mapped[str] = mapped_column(String(200))
    values: Mapped[str] = mapped_column(Text, default="{}")


class MemberSettings(Base):
    """会員設定. One row, or none while everything is as it comes."""

    __tablename__ = "member_settings"
    __table_args__ = (CheckConstraint("timing IN ('placed', 'completed')", name="timing"),)

    id: Mapped[Key]
    #: 会員登録処理のタイミング: 注文完了時 or 受注処理完了時 (R-272).
    timing: Mapped[str] = mapped_column(String(16), default="placed")
    #: 会員制限設定: the zero-step cart hides 会員登録欄 and ログイン (R-125); what members may do by themselves (R-277).
    zero_step_hides: Mapped[bool] = mapped_column(default=False)
    may_change_login: Mapped[bool] = mapped_column(default=True)
    may_change_password: Mapped[bool] = mapped_column(default=True)
    may_leave: Mapped[bool] = mapped_column(default=True)
    #: 会員規約.
    terms: Mapped[str] = mapped_column(Text, default="")
    #: Registrations and changes of a card within a time (R-146).
    card_changes: Mapped[int] = mapped_column(default=5)
    card_minutes: Mapped[int] = mapped_column(default=60)
