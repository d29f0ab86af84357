"""Which couriers are offered, and which payment methods go with each."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.delivery.models import Delivery, DeliveryPayment


def offered(session: Session) -> list[Delivery]:
    """Active couriers in their order."""
    return list(session.scalars(select(Delivery).where(Delivery.active).order_by(Delivery.position, Delivery.id)))


def pairs(session: Session) -> set[tuple[int, int]]:
    """All [○] combinations as (delivery id, payment method id)."""
    rows = session.execute(select(DeliveryPayment.delivery_id, DeliveryPayment.payment_method_id))
    return {(delivery_id, method_id) for delivery_id, method_id in rows}
