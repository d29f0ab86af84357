"""Tables of delivery."""

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, YenColumn


class Delivery(Base):
    """宅配便, メール便 or 店頭渡し: a name for staff, a name for buyers, a flat fee (yen, tax included)."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("fee_yen BETWEEN 0 AND 99999999", name="fee"),
        CheckConstraint("kind IN ('courier', 'mail', 'pickup')", name="kind"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(16), default="courier")
    admin_name: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(30))
    fee_yen: Mapped[YenColumn] = mapped_column(default=0)
    #: 都道府県 to which shipping is 別途連絡: unknown until the shop quotes it.
    apart_prefectures: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: 引渡時期 as the final confirmation must state it (法12条の6).
    lead_time: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class DeliveryPayment(Base):
    """対応可能な支払方法 – a row means [○], no row means [×]."""

    __tablename__ = "delivery_payment"
    __table_args__ = (Index(None, "payment_method_id"),)

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    payment_method_id: Mapped[int] = mapped_column(ForeignKey("payment_method.id"), primary_key=True)


class PostalCode(Base):
    """One place of a 郵便番号, as Japan Post publishes it. A code may have several, and none is needed: buyers type on."""

    __tablename__ = "postal_code"
    __table_args__ = (Index(None, "code"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(7))
    prefecture: Mapped[str] = mapped_column(String(4))
    #: 市区町村, with its 郡.
    city: Mapped[str] = mapped_column(String(40))
    #: 町域; empty where the code stands for the whole municipality.
    town: Mapped[str] = mapped_column(String(100))
