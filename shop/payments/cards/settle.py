"""The one place where a result changes a member's card. The first guarded update wins; whoever is second changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from providers.contract import (
    Absent,
    Category,
    Declined,
    Exchange,
    NotSent,
    RemoveResult,
    StoreResult,
    Unknown,
)
from providers.kept_cards import CardRemoved, CardStored, CardVerb, KeptCard
from shop.core import db, throttle
from shop.core.runtime import now as moment
from shop.members.models import Member
from shop.payments import cardguard
from shop.payments.cards import book, notice
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.models import Payment
from shop.payments.settle import record_for_payment

#: From which states an operation may reach a new one.
_FROM: dict[str, tuple[str, ...]] = {
    "succeeded": ("sent", "unknown"),
    "declined": ("sent", "unknown"),
    "absent": ("unknown",),
    "unknown": ("sent",),
    "intended": ("sent", "unknown"),
    "dropped": ("sent",),
}
#: The reconciler looks at a fresh unknown at once.
_FIRST_CHECK = timedelta(seconds=1)
#: What was not sent is sent again after this time, later each time …
_RETRY = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)
#: … a registration only as long as its token may live.
TOKEN_LIFE = timedelta(minutes=10)


def purpose(operation: CardOperation) -> str:
    """What the sealed token of an operation is bound to."""
    return f"card:{operation.id}"


def reference(operation_id: int) -> str:
    """How a registration is called among tries of cards (:mod:`shop.payments.cardguard`)."""
    return f"card:{operation_id}"


def settle(operation_id: int, result: StoreResult | RemoveResult, exchanges: Sequence[Exchange] = ()) -> bool:
    """Write a result and let it take effect. Returns whether this call changed the operation. Opens its own transaction."""
    now = moment()
    with db.write() as session:
        record(session, operation_id, exchanges, now)
        return apply_result(session, operation_id, result, now)


def apply_result(session: Session, operation_id: int, result: StoreResult | RemoveResult, now: datetime) -> bool:
    """:func:`settle` inside the caller's write transaction."""
    match result:
        case CardStored(card):
            return _stored(session, operation_id, card, now)
        case CardRemoved() | Absent():
            return _removed(session, operation_id, now)
        case Declined(category, code):
            return _refused(session, operation_id, category.value, code, now)
        case NotSent(reason):
            return _not_sent(session, operation_id, reason, now)
        case Unknown(reason):
            return _move(session, operation_id, "unknown", check_at=now + _FIRST_CHECK, sealed=None, result_code=reason[:64])


def settle_absent(session: Session, operation_id: int, now: datetime) -> bool:
    """The provider soundly keeps no such card: the registration never happened."""
    if not _end(session, operation_id, "absent", now):
        return False
    notice.not_registered(session, session.get_one(CardOperation, operation_id), now)
    return True


def send_again(session: Session, operation_id: int, now: datetime) -> bool:
    """A removal that did not happen is queued once more: it may be repeated."""
    return _move(session, operation_id, "intended", check_at=now, repeats=CardOperation.repeats + 1)


def queue_removal(
    session: Session, like: CardOperation | StoredCard, card_ref: str, actor: str, now: datetime
) -> CardOperation:
    """Queue the removal of a card – empty: of all cards – of the customer of ``like``, under the contract it is kept under."""
    operation = CardOperation(
        verb=CardVerb.REMOVE.value, member_id=like.member_id, account_id=like.account_id,
        account_version_id=like.account_version_id, customer_ref=like.customer_ref, card_ref=card_ref, state="intended",
        check_at=now, actor=actor, created_at=now,
    )  # fmt: skip
    session.add(operation)
    session.flush()
    return operation


def take_turn(session: Session, member_id: int) -> bool:
    """What a member says about their card counts one after the other, in the order of the operations' ids – and until they
    leave: of who has left, ``False``, no card is registered any more (R-276)."""
    throttle.take_turn(session, "card_word", str(member_id))
    state = select(Member.state).where(Member.id == member_id).with_for_update(key_share=True)
    return session.scalar(state) != "left"


def drop_unsent(session: Session, word: CardOperation, now: datetime) -> None:
    """Void what an earlier word of the member's would still link: it has not been sent, and ``word`` says otherwise."""
    before = (
        CardOperation.member_id == word.member_id,
        CardOperation.account_id == word.account_id,
        CardOperation.id < word.id,
    )
    unsent = update(CardOperation).where(*before, CardOperation.verb == CardVerb.STORE.value, CardOperation.state == "intended")
    session.execute(unsent.values(state="dropped", sealed=None, settled_at=now))


def forget(session: Session, operation: CardOperation, now: datetime) -> None:
    """End the link to the card that ``operation`` removes, and say so; does nothing when it has ended before."""
    goes = delete(StoredCard).where(
        StoredCard.member_id == operation.member_id, StoredCard.account_id == operation.account_id
    )
    if operation.card_ref:
        goes = goes.where(StoredCard.card_ref == operation.card_ref)
    ended = session.execute(goes.returning(StoredCard.brand, StoredCard.last_four)).first()
    if ended:
        notice.changed(session, operation, notice.REMOVED, *ended, now)


def record(session: Session, operation_id: int, exchanges: Sequence[Exchange], now: datetime) -> None:
    """Timeline rows; those of an order's card stand with its payment."""
    order = select(CardOperation.order_id).where(CardOperation.id == operation_id).scalar_subquery()
    payment_id = session.scalar(select(Payment.id).where(Payment.order_id == order)) if exchanges else None
    record_for_payment(session, payment_id, exchanges, now, card_operation_id=operation_id)


def _stored(session: Session, operation_id: int, card: KeptCard, now: datetime) -> bool:
    """The new card takes the member's one place (R-137); the one that stood there is to be removed. A card that is to go as
    soon as it has come takes none."""
    if not _end(session, operation_id, "succeeded", now, card_ref=card.card_ref):
        return False
    operation = session.get_one(CardOperation, operation_id, populate_existing=True)
    if book.given_up(session, operation):
        return True
    assert operation.member_id is not None
    old = book.row(session, operation.member_id, operation.account_id)
    if old is not None:
        if (old.customer_ref, old.card_ref) != (operation.customer_ref, card.card_ref):
            queue_removal(session, old, old.card_ref, "job:replaced", now)
        session.execute(delete(StoredCard).where(StoredCard.id == old.id))
    session.add(
        StoredCard(
            member_id=operation.member_id, account_id=operation.account_id,
            account_version_id=operation.account_version_id, customer_ref=operation.customer_ref, card_ref=card.card_ref,
            last_four=card.last_four, brand=card.brand or operation.brand, expiry=card.expiry, created_at=now,
        )
    )  # fmt: skip
    said = notice.CHANGED if old else notice.REGISTERED
    notice.changed(session, operation, said, card.brand or operation.brand, card.last_four, now)
    return True


def _removed(session: Session, operation_id: int, now: datetime) -> bool:
    if not _end(session, operation_id, "succeeded", now):
        return False
    forget(session, session.get_one(CardOperation, operation_id), now)
    return True


def _refused(session: Session, operation_id: int, category: str, code: str, now: datetime) -> bool:
    """The provider would not. A registration leaves everything as it was; a card that has to go is a person's task."""
    if not _end(session, operation_id, "declined", now, result_category=category, result_code=code[:64]):
        return False
    operation = session.get_one(CardOperation, operation_id, populate_existing=True)
    if operation.verb == CardVerb.STORE:
        notice.not_registered(session, operation, now)
    elif operation.actor != "member":
        notice.kept_on(session, operation, now)
    return True


def _not_sent(session: Session, operation_id: int, reason: str, now: datetime) -> bool:
    """Certainly nothing happened. A member who waits is told; what nobody waits for is sent later."""
    operation = session.get_one(CardOperation, operation_id, populate_existing=True)
    spent = operation.sealed is None or now >= operation.created_at + TOKEN_LIFE
    late = operation.verb == CardVerb.STORE and spent
    if operation.actor != "member" and not late:
        wait = min(_RETRY * 2 ** min(operation.checks, 10), _LONGEST)
        return _move(session, operation_id, "intended", check_at=now + wait, checks=operation.checks + 1)
    if not _end(session, operation_id, "dropped", now, result_code=reason[:64]):
        return False
    if operation.verb == CardVerb.STORE:
        notice.not_registered(session, operation, now)
    return True


def _end(session: Session, operation_id: int, state: str, now: datetime, **values: object) -> bool:
    """Reach a final state; the token is erased, and the try of a card, if it was one, is over."""
    if not _move(session, operation_id, state, settled_at=now, sealed=None, **values):
        return False
    category = values.get("result_category")
    cardguard.note(session, reference(operation_id), state, Category(str(category)) if category else None, now)
    return True


def _move(session: Session, operation_id: int, state: str, **values: object) -> bool:
    changed = session.execute(
        update(CardOperation)
        .where(CardOperation.id == operation_id, CardOperation.state.in_(_FROM[state]))
        .values(state=state, **values)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]
