"""The one place where a result changes money.

A provider's answer, a notice, the reconciler and a person all end in :func:`settle`. The first guarded update wins;
whoever comes second finds the row settled and changes nothing. Ledger, cached amounts, order, stock and mails change in
one transaction (study §3.7, T3).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from providers.contract import (
    Approved,
    Authentication,
    AuthenticationOutcome,
    AwaitingPayment,
    Category,
    Declined,
    Exchange,
    MoneyStatus,
    NeedsBuyer,
    NotSent,
    Reference,
    Result,
    Unknown,
    Verb,
)
from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.payments import accounts, cardguard, replacement
from shop.payments.engine import Change, engine
from shop.payments.ledger import CREATING, derive
from shop.payments.models import OPEN_STATES, Payment, PaymentOperation, ProviderExchange, RemoteReference

#: From which states an operation may reach a new one. ``absent`` or ``declined`` → ``succeeded``: the provider shows an
#: approval after all; it is undone, never kept in silence.
_FROM: dict[str, tuple[str, ...]] = {
    "succeeded": ("sent", "unknown", "parked", "absent", "declined"),
    "declined": ("sent", "unknown", "parked"),
    "unknown": ("sent",),
    "absent": ("unknown",),
    "dropped": ("intended", "sent"),
    "lapsed": ("parked",),
}
#: ``by`` of what a person found out. They decide what nobody knows, and overrule nothing.
PEOPLE = "staff"
#: The reconciler looks at a fresh unknown at once.
_FIRST_CHECK = timedelta(seconds=1)


def settle(operation_id: int, result: Result, by: str, exchanges: Sequence[Exchange] = ()) -> bool:
    """Write a result into the ledger and let it take effect. ``by`` names what brought it.

    Returns whether this call changed the operation; a result for a settled operation changes nothing but the timeline.
    Opens its own write transaction.
    """
    now = moment()
    with db.write() as session:
        record_exchanges(session, operation_id, exchanges, now)
        return apply_result(session, operation_id, result, by, now)


def apply_result(session: Session, operation_id: int, result: Result, by: str, now: datetime) -> bool:
    """:func:`settle` inside the caller's write transaction."""
    match result:
        case Approved():
            return _transition(session, operation_id, "succeeded", by, now, approved=result)
        case Declined():
            return _transition(session, operation_id, "declined", by, now, declined=result)
        case NotSent(reason):
            return _transition(session, operation_id, "dropped", by, now, code=reason)
        case Unknown(reason):
            return _mark_unknown(session, operation_id, reason, now)
        case NeedsBuyer():
            return _park(session, operation_id, result, now)
        case AwaitingPayment():
            # No installed method leads here; never guess about money.
            return _mark_unknown(session, operation_id, type(result).__name__, now)
        case _:
            assert_never(result)


def settle_absent(operation_id: int, by: str) -> bool:
    """The provider soundly knows nothing of it: nothing was reserved."""
    now = moment()
    with db.write() as session:
        return _transition(session, operation_id, "absent", by, now)


def lapse(session: Session, operation_id: int, by: str, now: datetime) -> bool:
    """The buyer did not come back, gave up, or was sent away: nothing was reserved. Inside the caller's transaction.

    Returns ``False`` when the operation is not parked: then somebody has gone on with it.
    """
    return _transition(session, operation_id, "lapsed", by, now)


def _park(session: Session, operation_id: int, result: NeedsBuyer, now: datetime) -> bool:
    """The buyer must act elsewhere; what must survive that is kept encrypted, bound to this operation. A card that has failed
    too often, whoever tried it, is not authenticated any more: then the attempt ends here."""
    payment, operation = _lock(session, operation_id)
    if not cardguard.recognise(session, operation.public_id, result.fingerprint, now):
        return _transition(
            session, operation_id, "declined", cardguard.SETTLES, now, declined=Declined(Category.STATE_CONFLICT, "")
        )
    secret = {"html": result.html, "secret": result.secret, "url": result.url}
    parked = session.execute(
        update(PaymentOperation)
        .where(PaymentOperation.id == operation_id, PaymentOperation.state == "sent")
        .values(state="parked", check_at=result.until, sealed=runtime().vault.seal(secret, f"operation:{operation_id}"))
    )
    if parked.rowcount != 1:  # type: ignore[attr-defined]
        return False
    add_references(session, payment, operation.account_id, result.references)
    refold(session, payment)
    return True


def lose_sight(session: Session, operation_id: int, now: datetime) -> bool:
    """The buyer of a parked operation is no longer waited for, and what they did elsewhere is not known: it is asked about until
    it is. Inside the caller's transaction. Returns ``False`` when the operation is not parked.

    Until the page they are at ends they can pay there, so it counts as sent no earlier than then: nothing says before that it did
    not happen."""
    lost = session.execute(
        update(PaymentOperation)
        .where(PaymentOperation.id == operation_id, PaymentOperation.state == "parked")
        .values(state="unknown", sent_at=PaymentOperation.check_at, check_at=now, sealed=None)
    )
    return bool(lost.rowcount == 1)  # type: ignore[attr-defined]


def unpark(session: Session, operation_id: int, now: datetime, check_at: datetime) -> bool:
    """The buyer is back: parked → sent, once. What was kept for the way is erased. Returns whether this caller was first."""
    sent = session.execute(
        update(PaymentOperation)
        .where(PaymentOperation.id == operation_id, PaymentOperation.state == "parked")
        .values(state="sent", sent_at=now, check_at=check_at, sealed=None)
    )
    return bool(sent.rowcount == 1)  # type: ignore[attr-defined]


def _transition(
    session: Session,
    operation_id: int,
    state: str,
    by: str,
    now: datetime,
    *,
    approved: Approved | None = None,
    declined: Declined | None = None,
    code: str = "",
) -> bool:
    payment, operation = _lock(session, operation_id)
    before = operation.state
    renewed = approved is not None and operation.verb == Verb.REAUTHORIZE
    if approved and renewed and before in ("absent", "declined"):
        return _undo_late(session, payment, operation, approved, now)
    changed = session.execute(
        update(PaymentOperation)
        .where(PaymentOperation.id == operation_id, PaymentOperation.state.in_(("unknown",) if by == PEOPLE else _FROM[state]))
        .values(
            state=state,
            sealed=None,
            settled_at=now,
            settled_by=by,
            result_code=(declined.code if declined else code)[:64],
            result_category=declined.category.value if declined else "",
        )
        .execution_options(synchronize_session="evaluate")
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    replaced = (payment.handle, payment.authorized_yen)
    if renewed:
        add_references(session, payment, operation.account_id, [replacement.earlier_reference(payment)])
    if approved:
        _take_over(payment, operation, approved, now)
    references = approved.references if approved else declined.references if declined else ()
    add_references(session, payment, operation.account_id, references)
    refold(session, payment)
    if renewed:
        replacement.void(session, payment, *replaced, now)
    elif operation.actor == replacement.ACTOR and state in ("absent", "dropped"):
        replacement.again(session, payment, operation, now)
    engine().handler.apply(session, Change(payment, operation, before), now)
    if operation.verb == Verb.AUTHORIZE:
        # Last: the turn it takes is waited for by every other failure.
        cardguard.note(session, operation.public_id, state, declined.category if declined else None, now)
    return True


def _undo_late(
    session: Session, payment: Payment, operation: PaymentOperation, approved: Approved, now: datetime
) -> bool:
    """A new authorization that we had believed absent or refused exists after all. The order has gone on without it: it is
    voided, never taken over. Does nothing when its void is known already, or while another operation is open – then a
    later notice brings it again."""
    if not replacement.void_of(session, payment.id, approved.handle) and not has_open_operation(session, payment.id):
        replacement.void(session, payment, approved.handle, operation.amount_yen, now)
    return False


def _mark_unknown(session: Session, operation_id: int, reason: str, now: datetime) -> bool:
    """Never shown as a failure, never repeated: from here the reconciler asks."""
    changed = session.execute(
        update(PaymentOperation)
        .where(PaymentOperation.id == operation_id, PaymentOperation.state.in_(_FROM["unknown"]))
        .values(state="unknown", result_code=reason[:64], check_at=now + _FIRST_CHECK)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def _lock(session: Session, operation_id: int) -> tuple[Payment, PaymentOperation]:
    """Payment and operation as committed now; the payment row is locked where the database locks rows."""
    query = (
        select(Payment, PaymentOperation)
        .join(PaymentOperation, PaymentOperation.payment_id == Payment.id)
        .where(PaymentOperation.id == operation_id)
        .with_for_update(of=Payment)
        .execution_options(populate_existing=True)
    )
    payment, operation = session.execute(query).one()
    return payment, operation


def _take_over(payment: Payment, operation: PaymentOperation, approved: Approved, now: datetime) -> None:
    """What an approval tells about the payment besides its amount. One about a replaced authorization tells nothing."""
    if operation.verb not in CREATING and operation.handle != payment.handle:
        return
    accounts.keep_keys(payment, approved.keys)
    payment.handle = approved.handle or payment.handle
    payment.masked_card = approved.masked_card or payment.masked_card
    payment.card_brand = approved.card_brand or payment.card_brand
    payment.card_fingerprint = approved.fingerprint or payment.card_fingerprint
    if approved.authentication:
        authenticated(payment, approved.authentication)
    operation.handle = approved.handle or operation.handle
    if operation.verb in CREATING:
        payment.merchant_ref = operation.merchant_ref or payment.merchant_ref
        payment.authorized_at = operation.sent_at or now
    payment.remote_status = approved.status.value
    payment.remote_amount_yen = operation.amount_yen
    payment.remote_problem = ""
    payment.remote_seen_at = now


def authenticated(payment: Payment, found: Authentication) -> None:
    """What became of 本人認証 for the payment that stands now, and who bears a chargeback."""
    payment.authentication = found.outcome.value
    payment.liability = found.liability.value
    payment.three_ds = found.outcome != AuthenticationOutcome.UNSUPPORTED


def refold(session: Session, payment: Payment) -> None:
    """Recompute the cached columns from the ledger, in the transaction that changed it."""
    session.flush()
    rows = session.execute(
        select(
            PaymentOperation.verb, PaymentOperation.state, PaymentOperation.amount_yen, PaymentOperation.capture,
            PaymentOperation.handle,
        )
        .where(PaymentOperation.payment_id == payment.id)
        .order_by(PaymentOperation.id)
    ).all()
    money = derive(rows)
    payment.status = money.status.value
    payment.authorized_yen = money.authorized_yen
    payment.captured_yen = money.captured_yen
    payment.refunded_yen = money.refunded_yen


def add_references(session: Session, payment: Payment, account_id: int | None, found: Sequence[Reference]) -> None:
    """Remember ids of the provider's side; known ones are left alone."""
    for reference in found:
        known = select(RemoteReference.id).where(
            RemoteReference.account_id == account_id,
            RemoteReference.kind == reference.kind,
            RemoteReference.value == reference.value,
        )
        if session.scalar(known) is None:
            session.add(
                RemoteReference(
                    account_id=account_id, payment_id=payment.id, kind=reference.kind, value=reference.value
                )
            )


def append_remote(session: Session, payment: Payment, verb: str, amount_yen: int, now: datetime, *, handle: str = "") -> None:
    """A ledger row for what happened at the provider without us: the ledger follows, and the handler is told."""
    account_id = payment.account_version.account_id if payment.account_version else None
    operation = PaymentOperation(
        public_id=ids.public_id(), payment_id=payment.id, account_id=account_id, verb=verb, origin="provider",
        amount_yen=amount_yen, handle=handle or payment.handle, state="succeeded", check_at=now, actor="provider",
        settled_by="query", created_at=now, settled_at=now,
    )  # fmt: skip
    session.add(operation)
    if verb == Verb.AUTHORIZE:
        payment.handle, payment.authorized_at = operation.handle, now
    refold(session, payment)
    engine().handler.apply(session, Change(payment, operation, ""), now)


def record_exchanges(session: Session, operation_id: int, exchanges: Sequence[Exchange], now: datetime) -> None:
    """Timeline rows for the calls of one operation (R-317)."""
    if not exchanges:
        return
    payment_id = session.scalar(select(PaymentOperation.payment_id).where(PaymentOperation.id == operation_id))
    record_for_payment(session, payment_id, exchanges, now, operation_id)


def record_for_payment(
    session: Session,
    payment_id: int | None,
    exchanges: Sequence[Exchange],
    now: datetime,
    operation_id: int | None = None,
    card_operation_id: int | None = None,
) -> None:
    rows = [
        {
            "payment_id": payment_id, "operation_id": operation_id, "card_operation_id": card_operation_id,
            "at": now, "label": exchange.label,
            "request": exchange.request, "response": exchange.response[:8000], "outcome": exchange.outcome[:64],
            "duration_ms": exchange.duration_ms,
        }
        for exchange in exchanges
    ]  # fmt: skip
    if rows:
        session.execute(insert(ProviderExchange), rows)


def has_open_operation(session: Session, payment_id: int) -> bool:
    """Whether an operation of the payment is still to be settled."""
    query = select(PaymentOperation.id).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.state.in_(OPEN_STATES)
    )
    return session.scalar(query.limit(1)) is not None


def is_live(status: str) -> bool:
    """Whether money is reserved or taken in this status."""
    return status in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
