"""Several payments under one reference of ours: staff changed the amount on the provider's console.

Then the reference leads to none of them; only notices tell the ids. Which one counts is asked of the provider.
"""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from providers.contract import MoneyStatus, RemoteState, Verb
from providers.ports import Gateway
from shop.payments.models import Payment, PaymentOperation, ProviderNotice

#: More payments than this never came under one reference; the provider is not asked without end.
_MOST = 5
_STANDING = (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
_OVER = tuple(
    status.value for status in (MoneyStatus.VOIDED, MoneyStatus.REFUNDED, MoneyStatus.EXPIRED, MoneyStatus.DECLINED)
)


@dataclass(frozen=True, slots=True)
class Named:
    """A payment of the provider's that notices told of, and whether they told its end as well."""

    handle: str
    over: bool


def named(session: Session, account_id: int | None, reference: str) -> tuple[Named, ...]:
    """The payments that notices named under one of our references, the newest first."""
    over = func.max(case((ProviderNotice.status.in_(_OVER), 1), else_=0))
    query = (
        select(ProviderNotice.handle, over)
        .where(
            ProviderNotice.account_id == account_id,
            ProviderNotice.merchant_ref == reference,
            ProviderNotice.handle != "",
        )
        .group_by(ProviderNotice.handle)
        .order_by(func.min(ProviderNotice.id).desc())
        .limit(_MOST)
    )
    return tuple(Named(handle, bool(ended)) for handle, ended in session.execute(query))


def explained(session: Session, payment: Payment, named: tuple[Named, ...]) -> bool:
    """Whether we know that there is another payment under the current reference: a notice named it, or it is the one our
    ledger knew before the console changed the amount."""
    since = select(func.min(PaymentOperation.id)).where(
        PaymentOperation.payment_id == payment.id, PaymentOperation.merchant_ref == payment.merchant_ref
    )
    ours = select(PaymentOperation.handle).where(
        PaymentOperation.payment_id == payment.id,
        PaymentOperation.verb.in_((Verb.AUTHORIZE, Verb.REAUTHORIZE)),
        PaymentOperation.id >= since.scalar_subquery(),
    )
    return bool({*session.scalars(ours), *(each.handle for each in named)} - {payment.handle, ""})


def among(gateway: Gateway, reference: str, known: tuple[Named, ...]) -> RemoteState | None:
    """The payment that stands – or, when several are named and none stands, the newest of them. Asks about each.

    ``None`` where that says nothing: one alone that does not stand was replaced, and the notice of its successor is still
    to come. So it is while the end of any has not been told: a successor is announced before the end of what it replaces.
    """
    answers = [gateway.query(handle=each.handle) for each in known]
    ours = [each for each in answers if isinstance(each, RemoteState) and each.merchant_ref == reference]
    standing = next((each for each in ours if each.status in _STANDING), None)
    if standing or len(ours) < max(2, len(known)) or not all(each.over for each in known):
        return standing
    return ours[0]
