"""What is known of a payment, as its provider's capabilities judge it, and what another total of its order would mean."""

from datetime import datetime
from enum import StrEnum

from providers.contract import MoneyStatus, Reason, Snapshot, Verb
from providers.ports import Provider
from shop.payments import accounts
from shop.payments.button_words import differs
from shop.payments.models import Payment


def snapshot(payment: Payment, order_total_yen: int) -> Snapshot:
    """The facts a provider's verdict is made from."""
    readable = not payment.remote_problem
    status = MoneyStatus(payment.status)
    return Snapshot(
        status=status,
        authorized_yen=payment.captured_yen if status == MoneyStatus.CAPTURED else payment.authorized_yen,
        order_total_yen=order_total_yen,
        capture_at_once=payment.capture_at_once,
        remote_status=MoneyStatus(payment.remote_status) if payment.remote_status else None,
        remote_amount_yen=payment.remote_amount_yen,
        remote_readable=readable,
        authorized_at=payment.authorized_at,
        three_ds=payment.three_ds,
        reachable=bool(payment.handle),
    )


def takes_less(provider: Provider, facts: Snapshot, now: datetime) -> bool:
    """Whether a smaller total than was reserved can be taken as it is: then nothing is amiss."""
    return differs(facts) and provider.capabilities.verdict(Verb.CAPTURE, facts, now).allowed


def updates(provider: Provider, facts: Snapshot, now: datetime) -> bool:
    """Whether there is 取引更新 at all."""
    return provider.capabilities.verdict(provider.capabilities.update_verb, facts, now).reason != Reason.NEVER


def _pays_back(provider: Provider, facts: Snapshot, now: datetime) -> bool:
    return provider.capabilities.verdict(Verb.REFUND, facts, now).reason != Reason.NEVER


class Edit(StrEnum):
    """What another total of an order means for its payment."""

    FINE = "fine"
    #: The provider never lets more be taken than was reserved.
    CANNOT_RAISE = "cannot_raise"
    #: The money is taken and nobody here can move it any more.
    FIXED = "fixed"
    #: What was authenticated does not cover it (R-067).
    LOSES_PROTECTION = "loses_protection"


def edit(payment: Payment, total_yen: int, now: datetime) -> Edit:
    """What it would mean for ``payment`` if its order came to ``total_yen``."""
    version = payment.account_version
    if version is None or payment.status not in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED):
        return Edit.FINE
    provider, facts = accounts.provider_of(version.account), snapshot(payment, total_yen)
    if payment.status == MoneyStatus.CAPTURED and not updates(provider, facts, now) and not _pays_back(provider, facts, now):
        # What was changed in the provider's console counts once it has been seen.
        return Edit.FINE if total_yen in (payment.captured_yen, payment.remote_amount_yen) else Edit.FIXED
    capture = provider.capabilities.verdict(Verb.CAPTURE, facts, now)
    if capture.reason == Reason.RAISED and not updates(provider, facts, now):
        return Edit.CANNOT_RAISE
    covered = capture.allowed or not payment.three_ds
    return Edit.FINE if covered else Edit.LOSES_PROTECTION
