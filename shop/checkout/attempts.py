"""What a confirmation and its cart have been tried with: the orders a press may have led to, and how their payment stands."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from providers.contract import Verb
from shop.checkout.models import Confirmation
from shop.core.runtime import now as moment
from shop.orders.models import Order
from shop.payments import reconcile
from shop.payments.engine import PATIENCE
from shop.payments.models import OPEN, Payment, PaymentOperation


def submission_key(confirmation: Confirmation, attempt: int) -> str:
    """What only one order may have: the confirmation and the number of its try."""
    return confirmation.token if attempt == 1 else f"{confirmation.token}-{attempt}"


def made(session: Session, confirmation: Confirmation) -> int:
    """How often this confirmation has been tried."""
    ours = Order.submission_key.startswith(confirmation.token)
    return session.scalar(select(func.count()).where(Order.cart_id == confirmation.cart_id, ours)) or 0


def earlier(session: Session, confirmation: Confirmation, key: str) -> int | None:
    """The attempt this press – or another one on the very same cart, in another tab – has already led to."""
    cart_id, version = confirmation.cart_id, confirmation.cart_version
    return session.scalar(
        select(Order.id)
        .where(
            (Order.submission_key == key)
            | ((Order.cart_id == cart_id) & (Order.state == "draft"))
            | ((Order.cart_id == cart_id) & (Order.state == "placed") & (Order.cart_version == version))
        )
        .order_by(Order.id.desc())
        .limit(1)
    )


def authorization(session: Session, order_id: int) -> PaymentOperation | None:
    """The newest authorization of an order that we asked for – what the buyer is told about."""
    query = (
        select(PaymentOperation)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .where(
            Payment.order_id == order_id, PaymentOperation.verb == Verb.AUTHORIZE, PaymentOperation.origin == "shop"
        )
        .order_by(PaymentOperation.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def people_look(session: Session, email: str) -> bool:
    """Whether a person still has to find out if an earlier attempt of this mail address was paid: in another browser, or after a
    log-out, its buyer would not come upon it and pay once more."""
    # One whose call hangs is as undecided, once its buyer no longer waits for the page.
    hangs = (PaymentOperation.state == "sent") & (PaymentOperation.sent_at <= moment() - timedelta(seconds=PATIENCE))
    undecided = select(PaymentOperation).where(
        OPEN, PaymentOperation.verb == Verb.AUTHORIZE, (PaymentOperation.state == "unknown") | hangs
    )
    waiting = [each.payment_id for each in session.scalars(undecided) if reconcile.answered_by_people(each)]
    if not waiting:
        return False
    theirs = select(Order.id).join(Payment, Payment.order_id == Order.id)
    theirs = theirs.where(Payment.id.in_(waiting), func.lower(Order.email) == email.lower())
    return session.scalar(theirs.limit(1)) is not None


def open_attempt(session: Session, cart_id: int | None) -> Order | None:
    """The cart's attempt whose outcome is not known yet."""
    if cart_id is None:
        return None
    return session.scalar(select(Order).where(Order.cart_id == cart_id, Order.state == "draft"))
