"""Which couriers are offered, and which payment methods go with each."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.delivery.models import Delivery, DeliveryPayment

#: Behind every courier.
_LAST = 1000


def offered(session: Session) -> list[Delivery]:
    """Active couriers in their order."""
    return list(session.scalars(select(Delivery).where(Delivery.active).order_by(Delivery.position, Delivery.id)))


def all_of(session: Session) -> list[Delivery]:
    """Every courier, then メール便 and 店頭渡し, in use or not – as 支払方法設定 lists them (R-010)."""
    return list(session.scalars(select(Delivery).order_by(Delivery.position, Delivery.id)))


def others() -> list[Delivery]:
    """メール便 and 店頭渡し of a new shop: there is one of each, not in use until the shop turns it on."""
    return [
        Delivery(kind="mail", admin_name="メール便", name="メール便", active=False, position=_LAST),
        Delivery(kind="pickup", admin_name="店頭渡し", name="店頭渡し", active=False, position=_LAST + 1),
    ]


def shipping(courier: Delivery, prefecture: str) -> int | None:
    """送料 to a prefecture in yen, tax included; ``None`` = 別途連絡. Blank = not known yet: the fee everywhere else."""
    return None if prefecture in courier.apart_prefectures else courier.fee_yen


def pairs(session: Session) -> set[tuple[int, int]]:
    """All [○] combinations as (delivery id, payment method id)."""
    rows = session.execute(select(DeliveryPayment.delivery_id, DeliveryPayment.payment_method_id))
    return {(delivery_id, method_id) for delivery_id, method_id in rows}
