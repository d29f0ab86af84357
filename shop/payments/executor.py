"""From a written intention to a settled result: the call itself. Knows no screen and no order.

The write-ahead rule lives here: an operation is committed as ``sent`` before :func:`start` lets a byte leave, and the
pool slot was reserved before that row was written.
"""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime, timedelta
from typing import TypeVar, cast

from sqlalchemy.orm import Session

from providers.contract import Capabilities, NotSent, Result, Unknown, Verb
from providers.ports import Gateway
from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.payments import accounts, breaker, settle
from shop.payments.engine import PATIENCE, Slot, engine
from shop.payments.models import AccountVersion, Payment, PaymentOperation

#: Added to a call's deadline before anyone else may ask about the operation.
_MARGIN = timedelta(seconds=10)

#: The actor of operations that undo money which came too late.
COMPENSATION = "job:compensation"

Call = Callable[[Gateway], Result]
Found = TypeVar("Found")


def write_ahead(
    session: Session,
    payment: Payment,
    verb: Verb,
    amount_yen: int,
    actor: str,
    now: datetime,
    *,
    merchant_ref: str | None = None,
    public_id: str = "",
    state: str = "sent",
    tell_buyer: bool = False,
) -> PaymentOperation:
    """Insert the operation that allows one provider call, inside the caller's write transaction. ``tell_buyer``: by mail, if
    and when it turns out to have succeeded.

    Raises ``IntegrityError`` when the payment already has an open operation – the partial unique index is the lock.
    """
    assert payment.account_version_id is not None
    account = session.get_one(AccountVersion, payment.account_version_id).account
    deadline = accounts.provider_of(account).capabilities.call_deadline
    operation = PaymentOperation(
        public_id=public_id or ids.public_id(), payment_id=payment.id, account_id=account.id, verb=verb.value, amount_yen=amount_yen,
        capture=verb == Verb.AUTHORIZE and payment.capture_at_once, merchant_ref=merchant_ref, handle=payment.handle,
        state=state, check_at=now + timedelta(seconds=deadline) + _MARGIN, actor=actor, created_at=now,
        sent_at=now if state == "sent" else None, tell_buyer=tell_buyer,
    )  # fmt: skip
    session.add(operation)
    session.flush()
    return operation


def reserve() -> Slot:
    """A place for one provider call. Raises :class:`~shop.payments.engine.Busy` when none is free."""
    return engine().pool.reserve()


def start(slot: Slot, operation_id: int, call: Call) -> "Future[object]":
    """Run ``call`` for a committed ``sent`` operation on the reserved slot and settle what comes back."""
    return slot.run(lambda: perform(operation_id, call))


def wait(future: "Future[object]") -> bool:
    """Wait as long as a person should. Returns whether the call has ended (it goes on either way)."""
    try:
        future.result(timeout=PATIENCE)
    except NotYet:
        return False
    return True


def attend(work: Callable[[], Found]) -> Found | None:
    """Have ``work``, which asks a provider, done on a slot of the pool, and wait as long as a person should; ``None`` when
    it has not ended by then – it goes on. Raises :class:`~shop.payments.engine.Busy` when no slot is free."""
    db.end_read()
    with reserve() as slot:
        future = slot.run(work)
    return cast(Found | None, future.result()) if wait(future) else None


def perform(operation_id: int, call: Call) -> Result:
    """Open the gateway of the operation's own credentials, call, settle what comes back and return it. No transaction is open
    during the call."""
    tape = accounts.Tape()
    try:
        gateway, account_id = _gateway(operation_id, tape)
    except Exception as error:
        settle.settle(operation_id, NotSent(type(error).__name__), "answer")
        raise
    try:
        result = call(gateway)
    except Exception as error:  # an adapter's bug must not be taken for a refusal
        settle.settle(operation_id, Unknown(type(error).__name__), "answer", tape.exchanges)
        raise
    settle.settle(operation_id, result, "answer", tape.exchanges)
    breaker.note(account_id, tape.exchanges, moment())
    return result


def _gateway(operation_id: int, tape: accounts.Tape) -> tuple[Gateway, int]:
    session = db.db.session()
    payment = session.get_one(PaymentOperation, operation_id).payment
    assert payment.account_version is not None
    account_id, gateway = payment.account_version.account_id, accounts.gateway_of(session, payment, tape)
    db.end_read()
    return gateway, account_id


def follow_up(verb: str, handle: str, amount_yen: int) -> Call:
    """The call of a verb that continues an authorization. Raises ``ValueError`` for any other verb."""
    match verb:
        case Verb.CAPTURE:
            return lambda gateway: gateway.capture(handle, amount_yen)
        case Verb.CHANGE:
            return lambda gateway: gateway.change(handle, amount_yen)
        case Verb.VOID:
            return lambda gateway: gateway.void(handle)
        case Verb.REFUND:
            return lambda gateway: gateway.refund(handle, amount_yen)
        case _:
            raise ValueError(f"{verb!r} follows nothing")


def capabilities(account_version: AccountVersion) -> Capabilities:
    return accounts.provider_of(account_version.account).capabilities
