"""取引更新 as a pair (decision 18): a new authorization, and the void of the one it replaces.

Settling the first inserts the second as ``intended``, in one transaction; whoever is there sends it, and after a crash
the dispatch job does. An authorization of ours that does not count must not stand: that is the only rule here.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.charge import Reauthorization
from providers.contract import Reference, Verb
from shop.core import ids
from shop.payments.ledger import CREATING
from shop.payments.models import Payment, PaymentOperation

#: The actor of a void that ends a replaced authorization.
ACTOR = "job:replacement"
#: Kind of a reference of ours that a payment no longer goes by; searches find the payment by it.
EARLIER_REF = "earlier_ref"
#: A void that certainly did not happen is sent again after this time.
_RETRY = timedelta(seconds=10)


def asked(payment: Payment, merchant_ref: str, amount_yen: int) -> Reauthorization:
    """What a provider is asked for: the same card and 支払回数, our new total."""
    return Reauthorization(merchant_ref, amount_yen, payment.merchant_ref, payment.handle, payment.instalments)


def earlier_reference(payment: Payment) -> Reference:
    """The reference a payment is about to leave behind."""
    return Reference(EARLIER_REF, payment.merchant_ref)


def references(session: Session, payment_id: int) -> frozenset[str]:
    """Every reference under which we ever asked for this payment's money."""
    query = select(PaymentOperation.merchant_ref).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.merchant_ref.is_not(None)
    )
    return frozenset(reference for reference in session.scalars(query) if reference)


def void(session: Session, payment: Payment, handle: str, amount_yen: int, now: datetime) -> PaymentOperation:
    """Queue the void of an authorization that does not count. The payment must have no open operation."""
    operation = PaymentOperation(
        public_id=ids.public_id(), payment_id=payment.id, account_id=_account_id(payment), verb=Verb.VOID.value,
        amount_yen=amount_yen, handle=handle, state="intended", check_at=now, actor=ACTOR, created_at=now,
    )  # fmt: skip
    session.add(operation)
    session.flush()
    return operation


def again(session: Session, payment: Payment, failed: PaymentOperation, now: datetime) -> None:
    """Queue a void once more that is known not to have happened."""
    void(session, payment, failed.handle, failed.amount_yen, now).check_at = now + _RETRY


def void_of(session: Session, payment_id: int, handle: str) -> PaymentOperation | None:
    """The newest attempt to void this authorization."""
    query = select(PaymentOperation).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.verb == Verb.VOID, PaymentOperation.handle == handle
    )
    return session.scalars(query.order_by(PaymentOperation.id.desc()).limit(1)).one_or_none()


def refused(session: Session, payment_id: int) -> list[str]:
    """Handles of replaced authorizations whose void the provider refused: a person ends them on its console."""
    query = select(PaymentOperation.handle).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.actor == ACTOR, PaymentOperation.state == "declined"
    )
    return list(session.scalars(query))


def queued(session: Session, payment_id: int) -> int | None:
    """The operation that waits to be sent, if there is one."""
    query = select(PaymentOperation.id).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.state == "intended"
    )
    return session.scalar(query)


def amount_before(session: Session, operation: PaymentOperation) -> int:
    """The amount of the authorization that stood before this operation; 0 without one."""
    query = select(PaymentOperation.amount_yen).where(
        PaymentOperation.payment_id == operation.payment_id, PaymentOperation.id < operation.id,
        PaymentOperation.verb.in_([verb.value for verb in (*CREATING, Verb.CHANGE)]), PaymentOperation.state == "succeeded",
    )  # fmt: skip
    return session.scalar(query.order_by(PaymentOperation.id.desc()).limit(1)) or 0


def _account_id(payment: Payment) -> int | None:
    return payment.account_version.account_id if payment.account_version else None
