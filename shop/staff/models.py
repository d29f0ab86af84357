"""Tables of staff."""

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.core.db import Base, Key, Moment, OptionalMoment


class StaffUser(Base):
    """Someone who may open the admin."""

    __tablename__ = "staff_user"

    id: Mapped[Key]
    login: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    #: Where links to choose a password go; an owner, made by command, needs none.
    email: Mapped[str] = mapped_column(String(320), default="")
    #: argon2id, with its parameters; empty until the invited person has chosen one.
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    #: 店主: has every right and is changed by nobody in the admin.
    owner: Mapped[bool] = mapped_column(default=False)
    #: Names of rights (see ``rights.py``), read with every request in the statement that reads the session.
    rights: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Moment]


class StaffSession(Base):
    """One log-in. The cookie holds the token, the row its digest: deleting the row logs out at once."""

    __tablename__ = "staff_session"

    id: Mapped[Key]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    #: The password was right and the code is still due: opens nothing but the page that asks for it.
    halfway: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment] = mapped_column(default=None)

    user: Mapped[StaffUser] = relationship()


class TwoStep(Base):
    """二段階認証 of one person. The row is there while it is on."""

    __tablename__ = "staff_two_step"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), unique=True)
    #: The key that the authenticator app holds as well, under this instance's secret key.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: The step of time (see ``totp``) whose code was taken last; only later ones are taken.
    last_step: Mapped[int]
    since: Mapped[Moment]


class RecoveryCode(Base):
    """One of the codes on paper, for who has lost the app. Each works once."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_digest"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    code_digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[OptionalMoment] = mapped_column(default=None)


class KnownDevice(Base):
    """A browser in which one person is not asked for a code. Its cookie holds the token, the row its digest."""

    __tablename__ = "staff_known_device"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    #: Of the token before: every log-in changes it, so a copy of the cookie gives itself away.
    previous_digest: Mapped[str] = mapped_column(String(64), default="")
    #: Digest of the password's hash: another password forgets the device, whoever sets it.
    password_mark: Mapped[str] = mapped_column(String(64))
    #: Browser and system as far as they are known, e.g. ``Chrome / Windows``.
    name: Mapped[str] = mapped_column(String(100))
    used_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class StaffLog(Base):
    """最近の操作 – what staff changed in the settings, append-only. What belongs to an order stands in its 変更履歴."""

    __tablename__ = "staff_log"

    id: Mapped[Key]
    at: Mapped[Moment]
    actor: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
