"""What a person saw in the provider's console, where nothing can be asked about the outcome of an operation.

Without an answer to its authorization some payments have no key to ask by. Until somebody has looked and said what is there, the
order stays undecided, its buyer reads 確認中, and nothing is authorized again.
"""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import Approved, MoneyStatus, Verb
from shop.core import db
from shop.core.runtime import now as moment
from shop.payments import reconcile, settle
from shop.payments.models import PaymentOperation


class Said(StrEnum):
    """The three answers."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNSURE = "unsure"


def asked(session: Session, payment_id: int) -> PaymentOperation | None:
    """The operation of a payment that waits for a person's word; ``None`` where there is none, or the call may still be answered."""
    query = select(PaymentOperation).where(PaymentOperation.payment_id == payment_id, PaymentOperation.state.in_(("sent", "unknown")))
    found = session.scalar(query)
    if found is None or found.verb != Verb.AUTHORIZE or not reconcile.answered_by_people(found):
        return None
    return found if found.state == "unknown" or found.check_at <= moment() else None


def give(operation_id: int, said: Said) -> bool:
    """Let a person's word decide. ``FOUND``: the authorization stands under our number and with our amount; what follows is done in
    the console, because we cannot name it. Returns whether it was decided; ``UNSURE`` decides nothing."""
    reconcile.check(operation_id)  # from "being called" to "nobody knows"; asks nobody
    taken = db.db.session.get_one(PaymentOperation, operation_id).capture
    db.end_read()
    match said:
        case Said.FOUND:
            status = MoneyStatus.CAPTURED if taken else MoneyStatus.AUTHORIZED
            return settle.settle(operation_id, Approved("", status), "staff")
        case Said.NOT_FOUND:
            return settle.settle_absent(operation_id, "staff")
        case Said.UNSURE:
            return False
