"""Tables of staff."""

from sqlalchemy import ForeignKey, String, Text
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
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment] = mapped_column(default=None)

    user: Mapped[StaffUser] = relationship()


class StaffLog(Base):
    """最近の操作 – what staff changed in the settings, append-only. What belongs to an order stands in its 変更履歴."""

    __tablename__ = "staff_log"

    id: Mapped[Key]
    at: Mapped[Moment]
    actor: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
