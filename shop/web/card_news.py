"""What the member who has ordered reads about the card that was to be registered with the order."""

from dataclasses import dataclass

from providers.ports import BuyerMessage
from shop.core import db
from shop.payments.cards import book
from shop.payments.cards.models import OPEN_STATES


@dataclass(frozen=True, slots=True)
class CardNews:
    """``coming``, ``kept`` or ``failed``; of a refusal the provider's contract says why."""

    kind: str
    account_id: int
    why: BuyerMessage | None = None


def of_order(order_id: int) -> CardNews | None:
    """``None`` where no card was to be registered."""
    session = db.db.session()
    operation = book.registration(session, order_id)
    if operation is None:
        return None
    if operation.state in ("waiting", *OPEN_STATES):
        return CardNews("coming", operation.account_id)
    if operation.state == "succeeded":
        return CardNews("kept", operation.account_id)
    return CardNews("failed", operation.account_id, book.refusal(session, operation))
