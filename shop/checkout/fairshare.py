"""引き当て for payments under way: one range of addresses must not keep the shelf empty by opening them and leaving (T-087)."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.catalogue.models import StockHold, Variant
from shop.payments import cardalarm, cardguard
from shop.payments.guard_models import CardTry
from shop.payments.models import Payment, PaymentOperation


def check(session: Session, address: str, wanted: Mapping[int, int]) -> None:
    """Refuse a hold that would give one range of addresses more than its share of a variant. The first attempt of a range
    may take all there is: an ordinary buyer has one.

    Raises :class:`~shop.payments.cardguard.Crowded`; nothing was held. An empty range tells nobody apart and is not judged.
    """
    held = _held_from(session, address, wanted) if address else {}
    if not held:
        return
    percent = cardalarm.guard(session).hold_percent
    rows = session.execute(select(Variant.id, Variant.on_hand - Variant.allocated).where(Variant.id.in_(held)))
    for variant_id, sellable in rows:
        if (held[variant_id] + wanted[variant_id]) * 100 > percent * sellable:
            raise cardguard.Crowded


def _held_from(session: Session, address: str, wanted: Mapping[int, int]) -> dict[int, int]:
    rows = session.execute(
        select(StockHold.variant_id, func.sum(StockHold.quantity))
        .select_from(CardTry)
        .join(PaymentOperation, PaymentOperation.public_id == CardTry.reference)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .join(StockHold, StockHold.order_id == Payment.order_id)
        .where(
            CardTry.address == address, CardTry.state == "open", StockHold.state == "held", StockHold.variant_id.in_(wanted)
        )
        .group_by(StockHold.variant_id)
    )
    return {variant_id: int(quantity) for variant_id, quantity in rows}
