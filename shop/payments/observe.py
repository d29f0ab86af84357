"""What the provider shows of a payment that has no open operation: compare, follow, and keep it for the screen.

Staff do use the provider's own console. What happened there becomes a ledger row of origin ``provider``, another amount
included; the order keeps its own total, and the difference is shown.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import (
    Absent,
    Approved,
    Authentication,
    Category,
    Liability,
    MoneyStatus,
    NotSent,
    QueryResult,
    RemoteState,
    Unknown,
    Unreadable,
    Verb,
)
from providers.ports import Gateway
from shop.core import db
from shop.core.runtime import now as moment
from shop.payments import accounts, replacement, settle, siblings, turned_away
from shop.payments.ledger import EXPIRE
from shop.payments.models import PROTECTION_LOST, Payment, PaymentOperation

#: Which ledger rows lead from our status to the provider's.
_FOLLOW: dict[tuple[str, MoneyStatus], tuple[str, ...]] = {
    (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED): (Verb.CAPTURE,),
    (MoneyStatus.AUTHORIZED, MoneyStatus.VOIDED): (Verb.VOID,),
    (MoneyStatus.AUTHORIZED, MoneyStatus.REFUNDED): (Verb.CAPTURE, Verb.REFUND),
    (MoneyStatus.AUTHORIZED, MoneyStatus.EXPIRED): (EXPIRE,),
    (MoneyStatus.CAPTURED, MoneyStatus.REFUNDED): (Verb.REFUND,),
}
_LIVE = (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
#: What the provider shows of a payment that stands here and stands there.
_GOES_ON: dict[str, tuple[MoneyStatus, ...]] = {
    MoneyStatus.AUTHORIZED: _LIVE,
    MoneyStatus.CAPTURED: (MoneyStatus.CAPTURED,),
}
_ENDED = (MoneyStatus.VOIDED, MoneyStatus.REFUNDED, MoneyStatus.EXPIRED)


def ask(payment_id: int, *, handle: str = "") -> bool | None:
    """Query the provider about a payment (by ``handle`` if given, else its current one) and observe the answers.

    Returns what :func:`observe` returns; ``None`` when ``handle`` is, by the provider's word, not an id of this payment.
    """
    session = db.db.session()
    payment = session.get_one(Payment, payment_id)
    assert payment.account_version is not None
    version_id = payment.account_version.id
    if payment.status in _LIVE and not payment.handle:
        return True  # only people have seen it: there is nothing to ask by
    tape = accounts.Tape()
    gateway = accounts.gateway_of(session, payment, tape)
    references = replacement.references(session, payment_id)
    named = siblings.named(session, payment.account_version.account_id, payment.merchant_ref)
    explained = siblings.explained(session, payment, named)
    known = Known(payment.handle, payment.merchant_ref, payment.status in _LIVE, references, named, explained)
    db.end_read()
    answers = _answers(gateway, known, handle or known.handle)
    with db.write() as writing:
        settle.record_for_payment(writing, payment_id, tape.exchanges, moment())
    if answers is None:
        return None
    for answer in answers:
        turned_away.note(version_id, answer)
    understood = [observe(payment_id, answer, asked_as=known.handle) for answer in answers]
    return bool(understood) and all(understood)


def follow(payment_id: int, answer: RemoteState) -> None:
    """What an answer about an operation shows of its payment besides. When the payment does not stand there any more but
    stands here, the answer may tell half: then everything about it is asked."""
    here = db.db.session.get_one(Payment, payment_id, populate_existing=True).status in _LIVE
    if here and answer.status not in _LIVE:
        ask(payment_id)
    else:
        observe(payment_id, answer)


@dataclass(frozen=True, slots=True)
class Known:
    """What we hold of a payment before asking."""

    handle: str
    merchant_ref: str
    live: bool
    #: All references of ours, that of replaced authorizations included.
    references: frozenset[str]
    #: Ids that notices gave to payments under the current reference.
    named: tuple[siblings.Named, ...]
    #: Whether we know of another payment under the current reference: then there may be several.
    explained: bool


def _answers(gateway: Gateway, known: Known, handle: str) -> list[QueryResult] | None:
    """What the provider says of our payment – by our reference, because that also tells whether it is the only one."""
    if handle != known.handle:
        return _about_another(gateway, known, handle)
    alone = gateway.query(merchant_ref=known.merchant_ref)
    if not known.handle or not isinstance(alone, Unreadable) or alone.category != Category.STATE_CONFLICT:
        return [alone]
    own = gateway.query(handle=known.handle)
    if not isinstance(own, RemoteState):
        return [own]
    if known.live and own.status not in _LIVE:
        newest = siblings.among(gateway, known.merchant_ref, known.named)
        return [own, newest] if newest else [alone]
    return [own] if known.explained else [own, alone]


def _about_another(gateway: Gateway, known: Known, handle: str) -> list[QueryResult] | None:
    """What is behind an id that a notice named or 取引更新 left behind – and, where it stands beside ours, ours first: a
    console that changes an amount ends the old payment and makes another under our reference. Empty when it cannot be
    told; ``None`` when nothing of ours is behind it: what a notice claims of another id says nothing about this payment."""
    answer = gateway.query(handle=handle)
    if not isinstance(answer, RemoteState):
        return None if isinstance(answer, Absent) else []
    if answer.merchant_ref not in {known.merchant_ref, *known.references}:
        return None
    beside = known.live and known.handle and answer.merchant_ref == known.merchant_ref and answer.status in _LIVE
    return [gateway.query(handle=known.handle), answer] if beside else [answer]


def observe(payment_id: int, answer: QueryResult, *, asked_as: str | None = None) -> bool:
    """Write down what the provider shows. Does nothing while an operation is open – that one is asked about first.

    Returns whether the answer was readable and took effect; ``False`` asks the caller to come back later.
    """
    now = moment()
    with db.write() as session:
        payment = session.scalars(
            select(Payment).where(Payment.id == payment_id).with_for_update().execution_options(populate_existing=True)
        ).one()
        if settle.has_open_operation(session, payment_id):
            return False
        if isinstance(answer, RemoteState):
            return _observe_state(session, payment, answer, now)
        if isinstance(answer, Absent) and payment.status in (MoneyStatus.CREATED, MoneyStatus.DECLINED):
            return True  # nothing was authorized here, and nothing is there
        if asked_as is not None and asked_as != payment.handle:
            return False  # another notice replaced the handle while this question was out
        _note_problem(payment, _problem(answer), now)
        return False


def _problem(answer: Unreadable | Absent | NotSent | Unknown) -> str:
    match answer:
        case Unreadable(category, code):
            return f"{category.value}:{code}"
        case Absent(code):
            return f"absent:{code}"
        case _:
            return "no_answer"


def _observe_state(session: Session, payment: Payment, remote: RemoteState, now: datetime) -> bool:
    """Returns whether the state could be made sense of."""
    if remote.merchant_ref != payment.merchant_ref and remote.merchant_ref in replacement.references(session, payment.id):
        return _observe_replaced(session, payment, remote, now)
    if remote.handle and payment.handle and remote.handle != payment.handle:
        if remote.status not in _LIVE:
            return True  # an id that was replaced long ago
        if payment.status in _LIVE:
            # Two live payments under one reference; which one counts shows when the old one is cancelled.
            _note_problem(payment, "several", now)
            return False
        # The amount was changed on the console: a new payment under our reference replaced the old one.
        _authenticated_anew(payment, remote.authentication)
        settle.append_remote(session, payment, Verb.AUTHORIZE, remote.amount_yen or 0, now, handle=remote.handle)
        account_id = payment.account_version.account_id if payment.account_version else None
        settle.add_references(session, payment, account_id, remote.references)
    elif remote.status in _GOES_ON.get(payment.status, ()) and remote.amount_yen not in (None, _standing_yen(payment)):
        settle.append_remote(session, payment, Verb.AUTHORIZE, remote.amount_yen or 0, now, handle=payment.handle)
    elif remote.status in _LIVE and payment.status in (MoneyStatus.CREATED, MoneyStatus.DECLINED):
        _late_approval(session, payment, remote, now)
    if not remote.tells_end and payment.status in _ENDED:
        remote = replace(remote, status=MoneyStatus(payment.status), amount_yen=payment.remote_amount_yen)
    if remote.status:
        for verb in _FOLLOW.get((payment.status, remote.status), ()):
            settle.append_remote(session, payment, verb, payment.authorized_yen, now)
        payment.remote_status = remote.status.value
    payment.remote_amount_yen = remote.amount_yen
    payment.remote_problem = "" if remote.status else f"state:{remote.raw_status}"
    payment.remote_seen_at = now
    return not payment.remote_problem


def _authenticated_anew(payment: Payment, found: Authentication | None) -> None:
    """本人認証 of the payment that took another's place. Whoever bore the loss of the old one says nothing about it (P-36)."""
    if found:
        settle.authenticated(payment, found)
    elif payment.three_ds:
        payment.authentication, payment.liability, payment.three_ds = PROTECTION_LOST, Liability.MERCHANT.value, False


def _standing_yen(payment: Payment) -> int:
    return payment.captured_yen if payment.status == MoneyStatus.CAPTURED else payment.authorized_yen


def _observe_replaced(session: Session, payment: Payment, remote: RemoteState, now: datetime) -> bool:
    """An authorization of ours that does not count: it must end. Standing, it is voided once; ended, so is its void."""
    void = replacement.void_of(session, payment.id, remote.handle)
    if remote.status in _LIVE and void is None:
        replacement.void(session, payment, remote.handle, remote.amount_yen or 0, now)
    elif remote.status in _ENDED and void is not None:
        settle.apply_result(session, void.id, Approved(remote.handle, MoneyStatus.VOIDED), "query", now)
    return True


def _late_approval(session: Session, payment: Payment, remote: RemoteState, now: datetime) -> None:
    """An authorization that we had believed absent or refused exists after all; the handler decides what becomes of it."""
    late = session.scalar(
        select(PaymentOperation.id)
        .where(
            PaymentOperation.payment_id == payment.id,
            PaymentOperation.verb == Verb.AUTHORIZE,
            PaymentOperation.state.in_(("absent", "declined")),
        )
        .order_by(PaymentOperation.id.desc())
        .limit(1)
    )
    if late is not None:
        approved = Approved(
            remote.handle, MoneyStatus.AUTHORIZED, remote.references, remote.masked_card,
            fingerprint=remote.fingerprint, authentication=remote.authentication,
        )  # fmt: skip
        settle.apply_result(session, late, approved, "query", now)


def _note_problem(payment: Payment, problem: str, now: datetime) -> None:
    payment.remote_problem = problem[:64]
    payment.remote_seen_at = now
