"""Sends what is queued, and asks about what has no known outcome. Any number of processes may run this at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from providers.charge import CardSource
from providers.contract import ListResult, NotSent, RemoveResult, StoreResult, Unknown
from providers.kept_cards import CardList, CardRemoved, CardStored, CardVerb
from shop.core import db
from shop.core.batch import due, each, repeat_after
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.payments import accounts, turned_away
from shop.payments.cards import settle
from shop.payments.cards.models import OPEN, OPEN_STATES, CardOperation
from shop.payments.executor import capabilities
from shop.payments.models import AccountVersion

_BATCH = 20
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 300.0
_MARGIN = timedelta(seconds=10)

_EARLIER = aliased(CardOperation)
#: Nothing that the member said earlier of their card at this account is still open.
_FIRST = ~exists().where(
    _EARLIER.member_id == CardOperation.member_id,
    _EARLIER.account_id == CardOperation.account_id,
    _EARLIER.id < CardOperation.id,
    _EARLIER.state.in_(OPEN_STATES),
)


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider keeps no card of this registration and, after this time, will not."""


@dataclass(frozen=True, slots=True)
class Again:
    """The card is still kept: the removal did not happen and is sent once more."""


#: ``None`` = nothing can be said yet. Cards that nobody knows of beside the adopted one come with it: they have to go.
Decision = tuple[CardStored, tuple[str, ...]] | CardRemoved | Gone | Again | None


def dispatch() -> int:
    """Send queued operations, each member's in their order. Returns how many were sent."""
    waiting = db.db.session.scalars(
        select(CardOperation.id)
        .where(OPEN, CardOperation.state == "intended", due(CardOperation.check_at, moment()))
        .order_by(CardOperation.id)
        .limit(_BATCH)
    ).all()
    return each(waiting, send)


def send_queued(member_id: int) -> None:
    """Send at once what settling a member's operation has queued, instead of leaving it to the job."""
    query = select(CardOperation.id).where(OPEN, CardOperation.state == "intended", CardOperation.member_id == member_id)
    for operation_id in db.db.session.scalars(query.order_by(CardOperation.id)).all():
        send(operation_id)


def send(operation_id: int) -> bool:
    """Claim a queued operation and call the provider. Returns ``False`` when it is not queued any more, or an earlier one of
    the same member is not over: then it stays queued, whichever of them is due first."""
    now, version_id = moment(), _version_of(operation_id)
    if turned_away.rests(version_id):
        return _put_off(operation_id, now)
    try:
        with db.write() as session:
            operation = session.get_one(CardOperation, operation_id)
            sent = session.execute(
                update(CardOperation)
                .where(CardOperation.id == operation_id, CardOperation.state == "intended", _FIRST)
                .values(state="sent", sent_at=now, check_at=due_after(session, version_id, now))
            )
            removal = operation.verb == CardVerb.REMOVE
    except IntegrityError:
        return False
    if sent.rowcount != 1:  # type: ignore[attr-defined]
        return False
    result = perform(operation_id)
    if removal:
        turned_away.note(version_id, result)
    return True


def _version_of(operation_id: int) -> int:
    return db.db.session.get_one(CardOperation, operation_id).account_version_id


def _put_off(operation_id: int, now: datetime) -> bool:
    """Make room for what can be sent."""
    with db.write() as session:
        queued = (CardOperation.id == operation_id, CardOperation.state == "intended")
        session.execute(update(CardOperation).where(*queued).values(check_at=now + turned_away.REST))
    return False


def due_after(session: Session, version_id: int, now: datetime) -> datetime:
    """Until then the caller of an operation is believed to be at work."""
    rules = capabilities(session.get_one(AccountVersion, version_id))
    return now + timedelta(seconds=rules.call_deadline) + _MARGIN


def perform(operation_id: int) -> StoreResult | RemoveResult:
    """Make the call of a committed ``sent`` operation, settle what comes back and return it. No transaction is open meanwhile."""
    tape = accounts.Tape()
    try:
        call = _call(operation_id, tape)
    except Exception as error:
        settle.settle(operation_id, NotSent(type(error).__name__))
        raise
    try:
        result = call()
    except Exception as error:  # an adapter's bug must not be taken for a refusal
        settle.settle(operation_id, Unknown(type(error).__name__), tape.exchanges)
        raise
    settle.settle(operation_id, result, tape.exchanges)
    return result


def _call(operation_id: int, tape: accounts.Tape) -> Callable[[], StoreResult | RemoveResult]:
    session = db.db.session()
    operation = session.get_one(CardOperation, operation_id)
    customer, card, sealed = operation.customer_ref, operation.card_ref, operation.sealed
    store, purpose = operation.verb == CardVerb.STORE, settle.purpose(operation)
    gateway = accounts.open_gateway(session, operation.account_version_id, tape)
    db.end_read()
    if not store:
        return lambda: gateway.remove_card(customer, card)
    assert sealed is not None
    source = CardSource(runtime().vault.open(sealed, purpose)["token"])
    return lambda: gateway.store_card(customer, source)


def run() -> int:
    """Ask about every operation that is due. Returns how many reached a final state."""
    waiting = db.db.session.scalars(
        select(CardOperation.id)
        .where(OPEN, CardOperation.state.in_(("sent", "unknown")), due(CardOperation.check_at, moment()))
        .order_by(CardOperation.check_at)
        .limit(_BATCH)
    ).all()
    return each(waiting, check)


def check(operation_id: int) -> bool:
    """Ask the provider about one operation, if it is due and nobody else is asking. Returns whether it was settled."""
    now = moment()
    if not _claim(operation_id, now) or turned_away.rests(_version_of(operation_id)):
        return False
    session = db.db.session()
    operation = session.get_one(CardOperation, operation_id)
    rules = capabilities(session.get_one(AccountVersion, operation.account_version_id))
    wait = max(timedelta(seconds=rules.absent_after), repeat_after(operation.repeats))
    late = now >= (operation.sent_at or operation.created_at) + wait
    verb, card, customer, version_id = operation.verb, operation.card_ref, operation.customer_ref, operation.account_version_id
    known = _known(session, operation)
    tape = accounts.Tape()
    gateway = accounts.open_gateway(session, operation.account_version_id, tape)
    db.end_read()
    answer = gateway.list_cards(customer)
    decision = decide(verb, card, known, answer, late)
    turned_away.note(version_id, answer)
    with db.write() as writing:
        settle.record(writing, operation_id, tape.exchanges, now)
        return _apply(writing, operation_id, decision, now)


def decide(verb: str, card_ref: str, known: frozenset[str], answer: ListResult, late: bool) -> Decision:
    """What the list of a customer's cards means for an operation. Pure.

    A card that nobody knows of is the one whose registration was answered to nobody; that there is none counts only when it
    is ``late``, because the request may still be on its way. ``known``: the cards of the customer's other operations.
    """
    if not isinstance(answer, CardList):
        return None
    if verb == CardVerb.STORE:
        strangers = [card for card in answer.cards if card.card_ref not in known]
        if strangers:
            return CardStored(strangers[0]), tuple(card.card_ref for card in strangers[1:])
        return Gone() if late else None
    if any(card_ref in ("", card.card_ref) for card in answer.cards):
        return Again() if late else None
    return CardRemoved()


def _apply(session: Session, operation_id: int, decision: Decision, now: datetime) -> bool:
    match decision:
        case None:
            return False
        case Gone():
            return settle.settle_absent(session, operation_id, now)
        case Again():
            settle.send_again(session, operation_id, now)
            return False
        case CardRemoved():
            return settle.apply_result(session, operation_id, decision, now)
        case (stored, strangers):
            operation = session.get_one(CardOperation, operation_id)
            adopted = settle.apply_result(session, operation_id, stored, now)
            for card_ref in strangers if adopted else ():
                settle.queue_removal(session, operation, card_ref, "job:replaced", now)
            return adopted


def _known(session: Session, operation: CardOperation) -> frozenset[str]:
    query = select(CardOperation.card_ref).where(
        CardOperation.customer_ref == operation.customer_ref, CardOperation.account_id == operation.account_id,
        CardOperation.id != operation.id, CardOperation.card_ref != "",
    )  # fmt: skip
    return frozenset(session.scalars(query))


def _claim(operation_id: int, now: datetime) -> bool:
    """Mark a due operation unknown and put its next check off; one caller gets it. Its token is of no use any more."""
    with db.write() as session:
        operation = session.get_one(CardOperation, operation_id)
        wait = min(_FIRST_WAIT * 2 ** min(operation.checks, 10), _LONGEST_WAIT)
        claimed = session.execute(
            update(CardOperation)
            .where(
                CardOperation.id == operation_id,
                CardOperation.state.in_(("sent", "unknown")),
                due(CardOperation.check_at, now),
            )
            .values(state="unknown", check_at=now + timedelta(seconds=wait), checks=CardOperation.checks + 1, sealed=None)
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]
