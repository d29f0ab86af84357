"""What a person saw in the provider's console, where nothing can be asked about a payment.

Without an answer to its authorization some payments have no key to ask by. Until somebody has looked and said what is there, the
order stays undecided, its buyer reads 確認中, and nothing is authorized again. What they found is gone on with in the console as
well, and what was done there is told here too: :func:`tell`.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import Approved, MoneyStatus, RemoteState, Verb
from shop.core import db
from shop.core.runtime import now as moment
from shop.payments import executor, observe, reconcile, settle
from shop.payments.models import Payment, PaymentOperation


class Said(StrEnum):
    """The three answers about an authorization."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNSURE = "unsure"


class TooEarly(Exception):
    """Not to be found yet says nothing: the request may still be on its way (:func:`believed_from`)."""


def asked(session: Session, payment_id: int) -> PaymentOperation | None:
    """The operation of a payment that waits for a person's word; ``None`` where there is none, or the call may still be answered."""
    query = select(PaymentOperation).where(PaymentOperation.payment_id == payment_id, PaymentOperation.state.in_(("sent", "unknown")))
    found = session.scalar(query)
    if found is None or found.verb != Verb.AUTHORIZE or not reconcile.answered_by_people(found):
        return None
    return found if found.state == "unknown" or found.check_at <= moment() else None


def believed_from(operation: PaymentOperation) -> datetime:
    """From when "not found" counts, as it does when a provider says so itself (:func:`shop.payments.reconcile.decide`)."""
    assert operation.payment.account_version is not None
    rules = executor.capabilities(operation.payment.account_version)
    return (operation.sent_at or operation.created_at) + timedelta(seconds=rules.absent_after)


def give(operation_id: int, said: Said) -> bool:
    """Let a person's word decide. ``FOUND``: the authorization stands under our number and with our amount; what follows is done in
    the console, because we cannot name it. Returns whether it was decided: not by ``UNSURE``, nor where somebody has decided before.
    Raises :class:`TooEarly`."""
    reconcile.check(operation_id)  # from "being called" to "nobody knows"; asks nobody
    operation = db.db.session.get_one(PaymentOperation, operation_id)
    taken, early = operation.capture, moment() < believed_from(operation)
    db.end_read()
    match said:
        case Said.FOUND:
            status = MoneyStatus.CAPTURED if taken else MoneyStatus.AUTHORIZED
            return settle.settle(operation_id, Approved("", status), settle.PEOPLE)
        case Said.NOT_FOUND if early:
            raise TooEarly
        case Said.NOT_FOUND:
            return settle.settle_absent(operation_id, settle.PEOPLE)
        case Said.UNSURE:
            return False


class Deed(StrEnum):
    """What was done in the console to a payment that people found."""

    CHANGED = "changed"
    CAPTURED = "captured"
    ENDED = "ended"


#: How a payment that stands so is called once it has ended.
_ENDS = {MoneyStatus.AUTHORIZED: MoneyStatus.VOIDED, MoneyStatus.CAPTURED: MoneyStatus.REFUNDED}


def deeds(payment: Payment) -> tuple[Deed, ...]:
    """What can have been done to a payment that nobody but people can look at; none where the provider can be asked."""
    if payment.kind != "card" or payment.handle or payment.status not in _ENDS:
        return ()
    return tuple(Deed) if payment.status == MoneyStatus.AUTHORIZED else (Deed.ENDED,)


def tell(payment_id: int, deed: Deed, amount_yen: int) -> bool:
    """Write down a deed of the console's as if the provider had shown it. ``amount_yen``: what stands there since, or was captured; of
    one that has ended it does not count. Returns whether it took effect: not twice, and not while an operation is open."""
    payment = db.db.session.get_one(Payment, payment_id)
    if deed not in deeds(payment):
        return False
    ended = _ENDS[MoneyStatus(payment.status)]
    status = {Deed.CHANGED: MoneyStatus.AUTHORIZED, Deed.CAPTURED: MoneyStatus.CAPTURED, Deed.ENDED: ended}[deed]
    shown = RemoteState(
        handle="", merchant_ref=payment.merchant_ref, status=status, amount_yen=None if deed == Deed.ENDED else amount_yen,
    )  # fmt: skip
    db.end_read()
    return observe.observe(payment_id, shown)
