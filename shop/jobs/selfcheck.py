"""Daily self-check: cached amounts equal the ledger, held stock and coupons equal open holds, nothing is negative or forgotten."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalogue import stock
from shop.core import db
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.outbox import service as outbox
from shop.payments.ledger import derive
from shop.payments.models import Payment
from shop.promotions import coupons

_BATCH = 500


def differences() -> list[str]:
    """Every difference found, in words; empty when all is well. Looks at one moment: orders being settled meanwhile
    are no differences."""
    with db.one_view() as session:
        return [*_money(session), *_stock(session), *coupons.differences(session)]


def _money(session: Session) -> list[str]:
    found: list[str] = []
    last = 0
    while True:
        query = select(Payment).where(Payment.id > last).order_by(Payment.id).limit(_BATCH)
        payments = session.scalars(query).unique().all()
        if not payments:
            return found
        for payment in payments:
            money = derive(payment.operations)
            cached = (payment.status, payment.authorized_yen, payment.captured_yen, payment.refunded_yen)
            if cached != (money.status.value, money.authorized_yen, money.captured_yen, money.refunded_yen):
                found.append(f"payment {payment.id}: cached {cached}, ledger {money}")
        last = payments[-1].id
        session.expunge_all()


def _stock(session: Session) -> list[str]:
    held, consumed = stock.units_of_holds(session, "held"), stock.units_of_holds(session, "consumed")
    return [
        f"variant {variant_id}: held {now_held} of {held.get(variant_id, 0)}, "
        f"allocated {allocated} of {consumed.get(variant_id, 0)}"
        for variant_id, (_, allocated, now_held) in stock.units(session).items()
        if (now_held, allocated) != (held.get(variant_id, 0), consumed.get(variant_id, 0))
    ]


def run() -> int:
    """Look for differences; mail the shop once a day when there are any. Returns how many."""
    found = differences()
    if found:
        now = moment()
        day = runtime().clock.today().isoformat()
        with db.write() as session:
            outbox.queue_alarm(session, "self_check", "\n".join(found), now, key=f"self_check:{day}")
    return len(found)
