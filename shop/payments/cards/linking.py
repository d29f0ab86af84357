"""What an order does to the link of its member's card: written with the draft, done only once the order stands (R-136)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from providers.contract import Category
from providers.kept_cards import CardVerb, Linking, brand_named
from shop.core.runtime import runtime
from shop.members.models import Member
from shop.payments import accounts
from shop.payments.cards import book, notice, settle
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.cards.rules import After, Used, after_order, offer
from shop.payments.engine import Change
from shop.payments.models import AccountVersion, Payment, PaymentMethod

#: No order stays a draft as long.
_UNSETTLED = timedelta(days=1)


def mode(method: PaymentMethod) -> Linking | None:
    """How a method links the cards it is paid with; ``None`` where it is paid with none."""
    if method.kind != "card" or method.account is None:
        return None
    return accounts.provider_of(method.account).capabilities.linking(accounts.method_options(method))


def terms(session: Session, member_id: int, method: PaymentMethod) -> str:
    """What a page says of the member's card, in a word for :func:`hold` to compare: クレジットカード紐づけ設定, whether a card is
    linked or on its way, and which."""
    how = mode(method)
    if how is None or method.account_id is None:
        return ""
    card = book.row(session, member_id, method.account_id)
    linked = card is not None or book.coming(session, member_id, method.account_id) is not None
    return f"{how.value}:{int(linked)}:{book.mark(card) if card else ''}"


def hold(session: Session, member_id: int, method: PaymentMethod, shown: str, used_stored: bool) -> bool:
    """Whether the ``terms`` that were shown are today's: else a card is charged, or a link removed, that the buyer was not
    told of (R-139). Which card is linked matters to who pays by it."""
    today = terms(session, member_id, method)
    return shown == today if used_stored else shown.rpartition(":")[0] == today.rpartition(":")[0]


def expect(
    session: Session,
    payment: Payment,
    *,
    member_id: int | None,
    registering: bool,
    linking: Linking,
    used_stored: bool,
    keep: bool,
    link_token: str,
    brand: str,
    now: datetime,
) -> None:
    """Write down what the order of ``payment`` does to the link, in the transaction that writes the draft.

    ``member_id`` is ``None`` for guests and for who registers with this order (``registering``); ``link_token`` is the page's
    second card token and ``brand`` what its script made out of the number. Without the token no card is linked.
    """
    assert payment.account_version_id is not None
    account_id = session.get_one(AccountVersion, payment.account_version_id).account_id
    linked = member_id is not None and (
        book.linked(session, member_id, account_id) or book.expected(session, member_id, account_id)
    )
    used = Used.STORED if used_stored else Used.NEW
    keep = keep and offer(linking, member_id is not None, linked).keep  # a box that was not shown is not heard
    after = after_order(linking, member_id is not None or registering, linked, used, keep)
    if after == After.NOTHING or (after == After.LINK and not link_token):
        return
    operation = CardOperation(
        verb=(CardVerb.STORE if after == After.LINK else CardVerb.REMOVE).value, member_id=member_id, account_id=account_id,
        account_version_id=payment.account_version_id, order_id=payment.order_id, brand=brand_named(brand), state="waiting",
        check_at=now + _UNSETTLED, actor="order", created_at=now,
    )  # fmt: skip
    session.add(operation)
    session.flush()
    if after == After.LINK:
        operation.sealed = runtime().vault.seal({"token": link_token}, settle.purpose(operation))
    session.flush()


def order_settled(session: Session, order_id: int, member_id: int | None, placed: bool, now: datetime) -> None:
    """The order stands, or it lapsed: what was expected is to be sent, or is void. In the settling transaction, after a buyer
    who registers with the order has become its member. Void as well is what was expected by a press before the member's last
    word: the page of their card may have been used, or another order placed, while this one was at the issuer."""
    if member_id is not None and not settle.take_turn(session, member_id):
        member_id = None  # left meanwhile
    if placed and member_id is not None:
        _void_earlier(session, order_id, member_id, now)
    query = select(CardOperation).where(CardOperation.order_id == order_id, CardOperation.state == "waiting")
    for operation in session.scalars(query):
        if not placed or member_id is None or book.overtaken(session, operation, member_id):
            operation.state, operation.sealed, operation.settled_at = "dropped", None, now
        elif operation.verb == CardVerb.STORE:
            _queue_store(session, operation, member_id, now)
        else:
            _unlink(session, operation, member_id, now)
    session.flush()


def _void_earlier(session: Session, order_id: int, member_id: int, now: datetime) -> None:
    """An order that stands is the member's word on their card, also where it changes nothing."""
    account = select(AccountVersion.account_id).join(Payment, Payment.account_version_id == AccountVersion.id)
    earlier = update(CardOperation).where(
        CardOperation.member_id == member_id, CardOperation.account_id == account.where(Payment.order_id == order_id).scalar_subquery(),
        CardOperation.state == "waiting", CardOperation.order_id < order_id,
    )  # fmt: skip
    session.execute(earlier.values(state="dropped", sealed=None, settled_at=now))


def _queue_store(session: Session, operation: CardOperation, member_id: int, now: datetime) -> None:
    version = session.get_one(AccountVersion, operation.account_version_id)
    member = session.get_one(Member, member_id)
    operation.member_id = member_id
    settle.drop_unsent(session, operation, now)
    operation.customer_ref = accounts.provider_of(version.account).customer_ref(member.public_id, operation.id)
    operation.state, operation.check_at = "intended", now


def _unlink(session: Session, operation: CardOperation, member_id: int, now: datetime) -> None:
    """The link ends with the order itself; the provider is told right after, as often as it takes. A card being registered
    goes as soon as it has come, and with it whatever is kept there."""
    settle.drop_unsent(session, operation, now)
    card, coming = book.row(session, member_id, operation.account_id), book.coming(session, member_id, operation.account_id)
    like = coming or card
    if like is None:
        operation.state, operation.settled_at = "dropped", now
        return
    if card and (card.account_version_id, card.customer_ref) != (like.account_version_id, like.customer_ref):
        settle.queue_removal(session, card, card.card_ref, "order", now)  # kept under another contract or name
    operation.account_version_id, operation.customer_ref = like.account_version_id, like.customer_ref
    operation.card_ref = "" if coming else like.card_ref
    operation.state, operation.check_at = "intended", now
    settle.forget(session, operation, now)


def vanished(session: Session, change: Change, member_id: int | None, now: datetime) -> None:
    """The provider said that the linked card is gone: the link ends, so that the checkout shows the form (R-140). A card
    registered since is another one."""
    operation = change.operation
    if operation.state != "declined" or operation.result_category != Category.STORED_CARD_GONE:
        return
    ended = session.execute(
        delete(StoredCard).where(
            StoredCard.member_id == member_id,
            StoredCard.account_id == operation.account_id,
            StoredCard.created_at <= operation.created_at,
        )
    )
    if member_id is not None and ended.rowcount:  # type: ignore[attr-defined]
        notice.vanished(session, member_id, now)
