"""ご登録カード管理 – what a member does with their card in マイページ, and what happens to it when they leave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.contract import Category
from providers.kept_cards import CardVerb, brand_named
from shop.core import db, throttle
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.members import settings
from shop.members.models import Member
from shop.payments import accounts, cardguard, executor
from shop.payments.cards import book, notice, reconcile, settle
from shop.payments.cards.models import OPEN_STATES, CardOperation, StoredCard
from shop.payments.engine import Busy, Slot
from shop.payments.models import ProviderAccount

_SCOPE = "card_change"


@dataclass(frozen=True, slots=True)
class Limit:
    """Registrations and changes within a time (R-146): ``count`` in ``minutes``; ``free_at`` while there are no more."""

    count: int
    minutes: int
    free_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a press: ``registered``, ``changed``, ``removed``, ``refused``, ``pending`` (not known yet), ``not_sent``,
    ``busy``, ``limited``, ``too_many`` (cards failed here; ``until`` then), ``stopped`` (the shop takes no new card now),
    ``needed`` or ``nothing``; of a refusal the provider's category and code."""

    kind: str
    category: Category = Category.OTHER
    code: str = ""
    until: datetime | None = None


def limit(session: Session, member_id: int, now: datetime) -> Limit:
    """How often the member may register or change a card, and when again."""
    rules = settings.get(session)
    window = timedelta(minutes=rules.card_minutes)
    free_at = throttle.free_at(session, _SCOPE, str(member_id), rules.card_changes, window, now)
    return Limit(rules.card_changes, rules.card_minutes, free_at)


def needed(session: Session, member_id: int) -> bool:
    """Whether something that runs is paid by the member's card: then it can be changed and not removed (R-145). Nothing
    does yet; 定期購入 answers here."""
    return False


def change(member_id: int, account_id: int, token: str, brand: str, who: cardguard.Who) -> Outcome:
    """Register a card, or another one in its place, by a one-time token; waits as long as a person should. Counted before the
    provider is called, and as a try of a card like any other (T-082). Authorizes nothing (R-150)."""
    now = moment()
    linked = book.row(db.db.session(), member_id, account_id) is not None
    try:
        with executor.reserve() as slot:
            operation_id = _write_store(member_id, account_id, token, brand, who, now)
            if isinstance(operation_id, Outcome):
                return operation_id
            return _carry_out(slot, member_id, operation_id, "changed" if linked else "registered")
    except cardguard.TooMany as error:
        return Outcome("too_many", until=error.until)
    except (cardguard.StepUp, cardguard.Stopped):
        return Outcome("stopped")  # also while the shop asks for proofs: no sale waits for it
    except (Busy, cardguard.Crowded, IntegrityError):
        return Outcome("busy")


def remove(member_id: int, account_id: int) -> Outcome:
    """Remove the member's card; waits as long as a person should."""
    now = moment()
    try:
        with executor.reserve() as slot:
            operation_id = _write_removal(member_id, account_id, now)
            if isinstance(operation_id, Outcome):
                return operation_id
            return _carry_out(slot, member_id, operation_id, "removed")
    except (Busy, IntegrityError):
        return Outcome("busy")


def remove_all(session: Session, member: Member, now: datetime) -> None:
    """The member leaves: every card of theirs goes, at every provider, also one that is just being registered (R-276). In the
    caller's transaction; the provider is told right after, as often as it takes."""
    mine = (CardOperation.member_id == member.id, CardOperation.verb == CardVerb.STORE.value)
    unsent = update(CardOperation).where(*mine, CardOperation.state.in_(("waiting", "intended")))
    session.execute(unsent.values(state="dropped", sealed=None, settled_at=now))
    traces: list[CardOperation | StoredCard] = [
        *session.scalars(select(StoredCard).where(StoredCard.member_id == member.id)),
        *session.scalars(select(CardOperation).where(*mine, CardOperation.state.in_(OPEN_STATES))),
    ]
    for like in {(each.account_version_id, each.customer_ref): each for each in traces}.values():
        settle.forget(session, settle.queue_removal(session, like, "", notice.LEAVES, now), now)


def _write_store(
    member_id: int, account_id: int, token: str, brand: str, who: cardguard.Who, now: datetime
) -> int | Outcome:
    """Count the try and write the operation ahead; the id of the operation, or why there is none."""
    with db.write() as session:
        if not settle.take_turn(session, member_id):
            return Outcome("nothing")
        if limit(session, member_id, now).free_at is not None:
            return Outcome("limited")
        if book.pending(session, member_id, account_id) is not None:
            return Outcome("busy")
        throttle.record(session, _SCOPE, str(member_id), now)
        account = session.get_one(ProviderAccount, account_id)
        member = session.get_one(Member, member_id)
        operation = CardOperation(
            verb=CardVerb.STORE.value, member_id=member_id, account_id=account_id,
            account_version_id=accounts.current_version(session, account_id).id,
            brand=brand_named(brand), state="intended", check_at=now, actor="member", created_at=now,
        )
        session.add(operation)
        session.flush()
        operation.customer_ref = accounts.provider_of(account).customer_ref(member.public_id, operation.id)
        cardguard.admit(session, who, settle.reference(operation.id), now)
        operation.sealed = runtime().vault.seal({"token": token}, settle.purpose(operation))
        return _under_way(session, operation, now)


def _write_removal(member_id: int, account_id: int, now: datetime) -> int | Outcome:
    with db.write() as session:
        settle.take_turn(session, member_id)
        card = book.row(session, member_id, account_id)
        if card is None:
            return Outcome("nothing")
        if needed(session, member_id):
            return Outcome("needed")
        if book.pending(session, member_id, account_id) is not None:
            return Outcome("busy")
        return _under_way(session, settle.queue_removal(session, card, card.card_ref, "member", now), now)


def _under_way(session: Session, operation: CardOperation, now: datetime) -> int:
    """Written ahead as sent: the call follows the commit. Raises ``IntegrityError`` while another one is under way."""
    operation.state, operation.sent_at = "sent", now
    operation.check_at = reconcile.due_after(session, operation.account_version_id, now)
    session.flush()
    return operation.id


def _carry_out(slot: Slot, member_id: int, operation_id: int, done: str) -> Outcome:
    def work() -> None:
        reconcile.perform(operation_id)
        reconcile.send_queued(member_id)  # the card that was replaced

    executor.wait(slot.run(work))
    db.end_read()
    operation = db.db.session().get_one(CardOperation, operation_id)
    match operation.state:
        case "succeeded":
            return Outcome(done)
        case "declined":
            return Outcome("refused", Category(operation.result_category), operation.result_code)
        case "dropped":
            return Outcome("not_sent")
        case _:
            return Outcome("pending")
