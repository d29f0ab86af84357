"""The buyer's way over another page and back – 本人認証 (3-D Secure).

The operation is *parked* meanwhile: nothing is reserved, the buyer's stock is held. Addresses carry a token bound to the
operation; it opens nothing but this one way, and a return repeated any number of times finds the stored result
(decision 15). A return without the browser's cookies – from another browser, or from the provider itself when the time
is over – works alike.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.charge import CardSource, Charge, ReturnFields
from providers.contract import ReturnReading
from shop.core import db
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.payments import accounts, executor, settle
from shop.payments.engine import Slot
from shop.payments.models import Payment, PaymentOperation

_MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Parked:
    """An operation whose buyer is away, with what was kept for the return. Plain values: no row to refresh."""

    operation_id: int
    payment_id: int
    version_id: int
    html: str
    secret: str
    #: The provider's address that leads on, where it gave one instead of a page.
    url: str

    def __repr__(self) -> str:
        return f"Parked(operation_id={self.operation_id})"


def token(public_id: str) -> str:
    """The token in an operation's addresses, made from the instance's key: 128 bits, nothing stored."""
    key = runtime().config.secret_key.encode()
    return hmac.new(key, b"hop:" + public_id.encode(), hashlib.sha256).hexdigest()[:32]


def fits(public_id: str, given: str) -> bool:
    return hmac.compare_digest(token(public_id).encode(), given.encode())


def return_url(public_id: str) -> str:
    """Where the provider sends the buyer back to."""
    return f"{runtime().config.base_url}/pay/r/{public_id}/{token(public_id)}"


def operation(session: Session, public_id: str) -> PaymentOperation | None:
    return session.scalar(select(PaymentOperation).where(PaymentOperation.public_id == public_id))


def parked(session: Session, public_id: str) -> Parked | None:
    """The parked operation with this id; ``None`` when it is not, or no longer, parked."""
    found = operation(session, public_id)
    if found is None or found.state != "parked" or found.sealed is None or found.payment.account_version_id is None:
        return None
    kept = runtime().vault.open(found.sealed, f"operation:{found.id}")
    return Parked(found.id, found.payment_id, found.payment.account_version_id, kept["html"], kept["secret"], kept.get("url", ""))


def read(waiting: Parked, fields: ReturnFields) -> ReturnReading:
    """Whether a return is genuine and about this operation. Calls nobody and changes nothing."""
    gateway = accounts.open_gateway(db.db.session(), waiting.version_id, accounts.Tape())
    db.end_read()
    return gateway.read_return(waiting.secret, fields)


def resume(waiting: Parked, fields: ReturnFields, slot: Slot) -> None:
    """Go on after a genuine return, as far as the first caller; wait as long as a buyer should.

    Does nothing when somebody else has gone on already, or the operation has ended meanwhile.
    """
    now = moment()
    with db.write() as session:
        row = session.get_one(PaymentOperation, waiting.operation_id)
        payment = session.get_one(Payment, waiting.payment_id)
        deadline = executor.capabilities(payment.account_version).call_deadline  # type: ignore[arg-type]
        charge = Charge(
            row.merchant_ref or "", row.amount_yen, CardSource(""), row.capture, payment.instalments, started_at=now
        )
        first = settle.unpark(session, waiting.operation_id, now, now + timedelta(seconds=deadline) + _MARGIN)
    if first:
        executor.wait(
            executor.start(slot, waiting.operation_id, lambda gateway: gateway.resume(charge, waiting.secret, fields))
        )
