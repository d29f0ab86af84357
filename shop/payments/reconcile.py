"""照合 – what happened? Asks the provider about operations whose outcome nobody knows, and settles what it says.

Any number of processes may run this at once: each check claims its row by a conditional update, and the settle guard
lets one result in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    QueryResult,
    Recovery,
    RemoteState,
    Unknown,
    Unreadable,
    Verb,
)
from shop.core import db
from shop.core.batch import due, each, repeat_after
from shop.core.runtime import now as moment
from shop.payments import accounts, executor, observe, replacement, settle, siblings, turned_away
from shop.payments.engine import engine
from shop.payments.ledger import CREATING
from shop.payments.models import OPEN, PaymentOperation

_BATCH = 20
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 60.0

#: What the provider shows before and after a follow-up; anything else means it can no longer happen.
_BEFORE = {
    Verb.CAPTURE: MoneyStatus.AUTHORIZED,
    Verb.VOID: MoneyStatus.AUTHORIZED,
    Verb.REFUND: MoneyStatus.CAPTURED,
}
_AFTER = {
    Verb.CAPTURE: MoneyStatus.CAPTURED,
    Verb.VOID: MoneyStatus.VOIDED,
    Verb.REFUND: MoneyStatus.REFUNDED,
}

#: Verbs after which some providers show the payment as before: only asking for it again tells.
_ENDING = (Verb.VOID, Verb.REFUND)


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider shows that the operation did not happen and, after this time, will not."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """The provider began and did not finish; where it declares ``safe_repeat`` the verb is sent again."""


#: ``None`` = nothing can be said yet.
Decision = Approved | Declined | Gone | Stuck | None


def run() -> int:
    """Check every operation that is due. Returns how many reached a final state."""
    now = moment()
    waiting = db.db.session.scalars(
        select(PaymentOperation.id)
        .where(OPEN, PaymentOperation.state.in_(("sent", "unknown")), due(PaymentOperation.check_at, now))
        .order_by(PaymentOperation.check_at)
        .limit(_BATCH)
    ).all()
    return each(waiting, check)


def check(operation_id: int) -> bool:
    """Ask the provider about one operation, if it is due and nobody else is asking. Returns whether it was settled."""
    now = moment()
    if not _claim(operation_id, now) or turned_away.rests(_version_of(operation_id)):
        return False
    return ask(operation_id)


def _version_of(operation_id: int) -> int:
    version_id = db.db.session.get_one(PaymentOperation, operation_id).payment.account_version_id
    assert version_id is not None
    return version_id


def ask(operation_id: int) -> bool:
    """Ask about one unsettled operation now – also when staff or the buyer press 確認. Returns whether it was settled."""
    session = db.db.session()
    operation = session.get_one(PaymentOperation, operation_id)
    payment = operation.payment
    assert payment.account_version is not None
    rules = executor.capabilities(payment.account_version)
    question = _question(operation, rules.recovery.get(Verb(operation.verb)))
    reference = operation.merchant_ref or payment.merchant_ref
    current = operation.handle == payment.handle
    named = siblings.named(session, operation.account_id, reference)
    tape = accounts.Tape()
    gateway = accounts.gateway_of(session, payment, tape)
    verb, amount_yen = Verb(operation.verb), operation.amount_yen
    facts = (operation.verb, operation.capture, operation.amount_yen, operation.sent_at or operation.created_at)
    repeatable = rules.recovery.get(Verb(operation.verb)) == Recovery.SAFE_REPEAT
    handle = operation.handle
    payment_id, version_id = payment.id, payment.account_version.id
    db.end_read()
    if question is None:
        return False
    answer = gateway.query(**question)
    if verb == Verb.VOID and current and isinstance(answer, RemoteState) and answer.status == MoneyStatus.VOIDED:
        # Our cancel – or the end of a payment that a change of amount replaced, and then money stands elsewhere.
        alone = gateway.query(merchant_ref=reference)
        answer = answer if isinstance(alone, (RemoteState, Absent)) else alone
    if verb in (*CREATING, Verb.VOID) and isinstance(answer, Unreadable) and named:
        answer = siblings.among(gateway, reference, named) or answer
    decision = decide(*facts, answer, moment(), rules.absent_after)
    with db.write() as writing:
        settle.record_for_payment(writing, payment_id, tape.exchanges, moment(), operation_id)
    turned_away.note(version_id, answer)
    if isinstance(decision, Gone):
        return settle.settle_absent(operation_id, "query")
    if isinstance(decision, Stuck) and repeatable and _sends_again(operation_id, moment()):
        executor.perform(operation_id, executor.follow_up(verb, handle, amount_yen))
    if decision is None or isinstance(decision, Stuck):
        return False
    done = settle.settle(operation_id, decision, "query")
    if isinstance(answer, RemoteState):
        observe.follow(payment_id, answer)
    return done


def _sends_again(operation_id: int, now: datetime) -> bool:
    """Whether the caller is to repeat the verb now: a provider that does not finish it is not pressed every minute."""
    with db.write() as session:
        operation = session.get_one(PaymentOperation, operation_id, populate_existing=True)
        if now < (operation.sent_at or operation.created_at) + repeat_after(operation.repeats):
            return False
        mine = session.execute(
            update(PaymentOperation)
            .where(
                PaymentOperation.id == operation_id,
                PaymentOperation.state.in_(("sent", "unknown")),
                PaymentOperation.repeats == operation.repeats,
            )
            .values(repeats=operation.repeats + 1, sent_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(mine.rowcount == 1)  # type: ignore[attr-defined]


def decide(
    verb: str,
    capture: bool,
    amount_yen: int,
    sent_at: datetime,
    answer: QueryResult,
    now: datetime,
    absent_after: float,
) -> Decision:
    """What an answer to a query means for an operation. Pure.

    "No such payment" counts only ``absent_after`` seconds after sending, because a request may still be on its way.
    """
    late = now >= sent_at + timedelta(seconds=absent_after)
    match answer:
        case NotSent() | Unknown() | Unreadable():
            return None
        case Absent():
            return Gone() if late else None
        case RemoteState() if verb in CREATING:
            return _authorization(capture, answer, late)
        case RemoteState() if verb == Verb.CHANGE:
            return _change(amount_yen, answer, late)
        case RemoteState():
            return _continuation(Verb(verb), answer, late)


def _authorization(capture: bool, remote: RemoteState, late: bool) -> Decision:
    match remote.status:
        case MoneyStatus.AUTHORIZED | MoneyStatus.CAPTURED:
            # Another amount than ours: changed on the console since. The money stands; the difference is shown.
            status = MoneyStatus.CAPTURED if capture else MoneyStatus.AUTHORIZED
            return Approved(
                remote.handle, status, remote.references, remote.masked_card,
                fingerprint=remote.fingerprint, authentication=remote.authentication,
            )  # fmt: skip
        case MoneyStatus.DECLINED:
            return _refused(Category.CARD_REFUSED, remote)
        case MoneyStatus.VOIDED | MoneyStatus.REFUNDED | MoneyStatus.EXPIRED:
            return _refused(Category.STATE_CONFLICT, remote)
        case MoneyStatus.CREATED if late:
            return Gone()
        case _:
            return None


def _change(amount_yen: int, remote: RemoteState, late: bool) -> Decision:
    """Whether the authorization stands with the new amount or still with the old one."""
    if remote.status != MoneyStatus.AUTHORIZED:
        return _refused(Category.STATE_CONFLICT, remote) if remote.status else None
    if remote.amount_yen == amount_yen:
        return Approved(remote.handle, MoneyStatus.AUTHORIZED, remote.references)
    return Gone() if late else None


def _continuation(verb: Verb, remote: RemoteState, late: bool) -> Decision:
    if not remote.tells_end and verb in _ENDING and remote.status in (_BEFORE[verb], MoneyStatus.CAPTURED):
        return Stuck() if late else None
    if remote.status == _AFTER[verb]:
        return Approved(remote.handle, _AFTER[verb], remote.references)
    if remote.status is None:
        return Stuck() if late else None
    if remote.status == _BEFORE[verb]:
        return Gone() if late else None
    return _refused(Category.STATE_CONFLICT, remote)


def _refused(category: Category, remote: RemoteState) -> Declined:
    """A look at the payment tells its status, which is no error code: nobody is shown it as one (R-069)."""
    return Declined(category, code="", detail=remote.raw_status, references=remote.references)


def _claim(operation_id: int, now: datetime) -> bool:
    """Mark a due operation unknown and put its next check off; one caller gets it."""
    with db.write() as session:
        operation = session.get_one(PaymentOperation, operation_id)
        rules = executor.capabilities(operation.payment.account_version)  # type: ignore[arg-type]
        wait = min(_FIRST_WAIT * 2 ** min(operation.checks, 10), _LONGEST_WAIT)
        believed = (operation.sent_at or operation.created_at) + timedelta(seconds=rules.absent_after)
        following = now + timedelta(seconds=wait)
        if now < believed < following:
            following = believed
        first = operation.checks == 0 and answered_by_people(operation)
        claimed = session.execute(
            update(PaymentOperation)
            .where(
                PaymentOperation.id == operation_id,
                PaymentOperation.state.in_(("sent", "unknown")),
                due(PaymentOperation.check_at, now),
            )
            .values(state="unknown", check_at=following, checks=PaymentOperation.checks + 1)
            .execution_options(synchronize_session=False)
        )
        mine = bool(claimed.rowcount == 1)  # type: ignore[attr-defined]
        if mine and first:
            engine().handler.ask_people(session, operation, now)
        return mine


def _question(operation: PaymentOperation, recovery: Recovery | None) -> dict[str, str] | None:
    match recovery:
        case Recovery.BY_MERCHANT_REF:
            return {"merchant_ref": operation.merchant_ref or ""}
        case Recovery.BY_HANDLE | Recovery.SAFE_REPEAT:
            return {"handle": operation.handle}
        case _:
            return None  # by_console: a person answers


def dispatch() -> int:
    """Send queued compensations (``intended`` operations). Returns how many were sent."""
    now = moment()
    waiting = db.db.session.scalars(
        select(PaymentOperation.id)
        .where(OPEN, PaymentOperation.state == "intended", due(PaymentOperation.check_at, now))
        .order_by(PaymentOperation.check_at)
        .limit(_BATCH)
    ).all()
    return each(waiting, _send)


def send_queued(payment_id: int) -> None:
    """Send at once what settling an operation of this payment has queued, instead of leaving it to the job."""
    operation_id = replacement.queued(db.db.session(), payment_id)
    if operation_id is not None:
        _send(operation_id)


def _send(operation_id: int) -> bool:
    now, version_id = moment(), _version_of(operation_id)
    if turned_away.rests(version_id):
        return _put_off(operation_id, now)
    with db.write() as session:
        operation = session.get_one(PaymentOperation, operation_id)
        rules = executor.capabilities(operation.payment.account_version)  # type: ignore[arg-type]
        sent = session.execute(
            update(PaymentOperation)
            .where(PaymentOperation.id == operation_id, PaymentOperation.state == "intended")
            .values(state="sent", sent_at=now, check_at=now + timedelta(seconds=rules.call_deadline + 10))
            .execution_options(synchronize_session=False)
        )
        mine = bool(sent.rowcount == 1)  # type: ignore[attr-defined]
        call = executor.follow_up(Verb(operation.verb), operation.handle, operation.amount_yen)
    if mine:
        turned_away.note(version_id, executor.perform(operation_id, call))
    return mine


def _put_off(operation_id: int, now: datetime) -> bool:
    """Make room for what can be sent."""
    with db.write() as session:
        queued = (PaymentOperation.id == operation_id, PaymentOperation.state == "intended")
        session.execute(update(PaymentOperation).where(*queued).values(check_at=now + turned_away.REST))
    return False


def open_operation(payment_id: int) -> int | None:
    """The id of the payment's operation that can be asked about, if there is one: unsettled – or with its buyer away at another
    page, where the provider decides without us."""
    session = db.db.session()
    query = select(PaymentOperation).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.state.in_(("sent", "unknown", "parked"))
    )
    found = session.scalar(query)
    if found is None or (found.state == "parked" and not decided_elsewhere(found)):
        return None
    return found.id


def decided_elsewhere(operation: PaymentOperation) -> bool:
    """Whether its provider itself authorizes when the buyer comes back from the issuer, so that only asking tells."""
    version = operation.payment.account_version
    return version is not None and executor.capabilities(version).charges_while_away


def answered_by_people(operation: PaymentOperation) -> bool:
    """Whether nothing can be asked about its outcome: a person looks it up in the provider's console."""
    version = operation.payment.account_version
    return version is not None and by_people(version.account.provider, operation.verb)


def by_people(provider: str, verb: str) -> bool:
    """:func:`answered_by_people`, by the code of the provider and the verb."""
    return engine().registry.get(provider).capabilities.recovery.get(Verb(verb)) == Recovery.BY_CONSOLE
