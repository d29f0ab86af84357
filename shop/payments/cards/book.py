"""What the shop knows of members' cards. Reads only; asks no provider."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from providers.contract import Category
from providers.kept_cards import CardVerb, StoredCardSource
from providers.ports import BuyerMessage
from shop.core.clock import jst
from shop.payments import accounts, methods
from shop.payments.cards.models import OPEN_STATES, CardOperation, StoredCard
from shop.payments.models import AccountVersion, PaymentMethod

_STORE = CardOperation.verb == CardVerb.STORE.value
_REMOVE_ALL = (CardOperation.verb == CardVerb.REMOVE.value) & (CardOperation.card_ref == "")


@dataclass(frozen=True, slots=True)
class Registered:
    """A member's card as pages show it."""

    brand: str
    last_four: str
    #: ``MM/YY``; empty where the provider does not say.
    expiry: str
    expired: bool
    #: Kept under today's contract: with another one's card nothing can be paid.
    usable: bool


@dataclass(frozen=True, slots=True)
class Managed:
    """A provider account in ご登録カード管理, under the name of its first method."""

    account_id: int
    method: PaymentMethod
    provider_name: str


def row(session: Session, member_id: int, account_id: int) -> StoredCard | None:
    """The member's card at this account, if one is linked."""
    query = select(StoredCard).where(StoredCard.member_id == member_id, StoredCard.account_id == account_id)
    return session.scalar(query)


def linked(session: Session, member_id: int, account_id: int) -> bool:
    """Whether the member has a card at this account, or one is on its way there."""
    return row(session, member_id, account_id) is not None or coming(session, member_id, account_id) is not None


def expected(session: Session, member_id: int, account_id: int) -> bool:
    """Whether an order that does not stand yet would link a card of the member's here."""
    waiting = _newest(member_id, account_id).where(_STORE, CardOperation.state == "waiting")
    return session.scalar(waiting) is not None


def coming(session: Session, member_id: int, account_id: int) -> CardOperation | None:
    """The registration whose card may be linked yet: sent or to be sent, and not given up since."""
    query = _newest(member_id, account_id).where(CardOperation.state.in_(OPEN_STATES), _STORE | _REMOVE_ALL)
    newest = session.scalar(query)
    return newest if newest is not None and newest.verb == CardVerb.STORE else None


def given_up(session: Session, registration: CardOperation) -> bool:
    """Whether the member's cards are all to go since this one was sent."""
    newest = session.scalar(_since(registration, registration.member_id).where(CardOperation.state.in_(OPEN_STATES), _REMOVE_ALL))
    return newest is not None


def overtaken(session: Session, operation: CardOperation, member_id: int) -> bool:
    """Whether the member has said, after pressing for this operation, what shall be: with effect, or it is not known yet."""
    said = CardOperation.actor.in_(("order", "member")), CardOperation.state.in_(("succeeded", *OPEN_STATES))
    return session.scalar(_since(operation, member_id).where(*said)) is not None


def stored(session: Session, member_id: int, account_id: int, now: datetime) -> Registered | None:
    """The member's card at this account as it is shown, if one is linked."""
    card = row(session, member_id, account_id)
    if card is None:
        return None
    expiry = f"{card.expiry[:2]}/{card.expiry[2:]}" if card.expiry else ""
    return Registered(card.brand, card.last_four, expiry, _expired(card.expiry, now), _usable(session, card))


def mark(card: StoredCard) -> str:
    """Tells this card from every other that the member has had here: ids and a provider's names may come again."""
    facts = f"{card.account_version_id}:{card.card_ref}:{card.created_at.isoformat()}"
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def source_for(session: Session, member_id: int, account_id: int) -> StoredCardSource | None:
    """What an order is paid with by the linked card; ``None`` where none is linked under today's contract."""
    card = row(session, member_id, account_id)
    return StoredCardSource(card.customer_ref, card.card_ref) if card and _usable(session, card) else None


def managed(session: Session) -> list[Managed]:
    """Accounts whose provider keeps cards and that a 設定済み method uses, paired with a courier or not (R-141)."""
    found: dict[int, Managed] = {}
    for method in methods.listed(session):
        account = method.account
        if account is None or not method.configured or not accounts.usable(account):
            continue
        provider = accounts.provider_of(account)
        if provider.capabilities.tokens_to_link:
            found.setdefault(account.id, Managed(account.id, method, provider.name))
    return list(found.values())


def state(session: Session, member_id: int) -> list[tuple[str, bool]]:
    """クレジットカードの登録状況 for 顧客明細: provider's name and whether a card is registered there (R-148)."""
    return [(each.provider_name, row(session, member_id, each.account_id) is not None) for each in managed(session)]


def pending(session: Session, member_id: int, account_id: int) -> CardOperation | None:
    """The newest operation on the member's card whose outcome is not known yet."""
    return session.scalar(_newest(member_id, account_id).where(CardOperation.state.in_(OPEN_STATES)))


def registration(session: Session, order_id: int) -> CardOperation | None:
    """The registration that an order asked for; ``None`` where it asked for none, or the member has said otherwise since."""
    found = session.scalar(select(CardOperation).where(CardOperation.order_id == order_id, _STORE))
    voided = found is not None and found.state == "dropped" and not found.result_code
    return None if voided else found


def refusal(session: Session, operation: CardOperation) -> BuyerMessage | None:
    """What its provider's contract lets the member read about a refused operation; ``None`` where it was not refused."""
    if operation.state != "declined":
        return None
    provider = accounts.provider_of(session.get_one(AccountVersion, operation.account_version_id).account)
    return provider.buyer_message(Category(operation.result_category or Category.OTHER), operation.result_code)


def last(session: Session, member_id: int, account_id: int) -> CardOperation | None:
    """The newest operation on the member's card that is over."""
    return session.scalar(_newest(member_id, account_id).where(CardOperation.state.not_in(("waiting", *OPEN_STATES))))


def _since(operation: CardOperation, member_id: int | None) -> Select[CardOperation]:
    """The newest operation of the member at the same account that is younger than this one."""
    return _newest(member_id, operation.account_id).where(CardOperation.id > operation.id)


def _newest(member_id: int | None, account_id: int) -> Select[CardOperation]:
    query = select(CardOperation).where(CardOperation.member_id == member_id, CardOperation.account_id == account_id)
    return query.order_by(CardOperation.id.desc()).limit(1)


def _usable(session: Session, card: StoredCard) -> bool:
    return not accounts.is_earlier_contract(session, session.get_one(AccountVersion, card.account_version_id))


def _expired(expiry: str, now: datetime) -> bool:
    """Whether the month on the card is over in Japan."""
    today = jst(now)
    return bool(expiry) and (2000 + int(expiry[2:]), int(expiry[:2])) < (today.year, today.month)
