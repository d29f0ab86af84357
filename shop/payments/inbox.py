"""通知受信箱 – notifications: check the signature, store, acknowledge, and only then look what happened.

A notice proves nothing by itself. It is a trigger: the provider is asked, and the answer goes through the same settle
function as every other result (decision 15, 16). Duplicates are counted, disorder does not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.contract import Notice, NoticeReading
from providers.ports import Gateway
from shop.core import db
from shop.core.batch import due, each
from shop.core.runtime import now as moment
from shop.payments import accounts, observe, reconcile, turned_away
from shop.payments.models import (
    WAITING,
    Payment,
    PaymentOperation,
    ProviderAccount,
    ProviderNotice,
    RejectedNotice,
    RemoteReference,
)

_BATCH = 50
#: After so many tries a notice that fits nothing of ours – or, by the provider's word, not the payment it names – is shown to
#: a person.
_GIVE_UP = 8
#: One that fits is tried on until the provider can be asked, at most so far apart; after this time a person sees to it.
_LONGEST_WAIT = timedelta(minutes=5)
_OURS_UNTIL = timedelta(days=3)
#: How many forged notifications an account keeps for staff to look at.
_REJECTED_KEPT = 200


@dataclass(frozen=True, slots=True)
class Received:
    """What to answer: ``None`` as reading means there is no such account."""

    reading: NoticeReading | None
    stored: tuple[int, ...] = ()


def receive(key: str, method: str, body: bytes, headers: Mapping[str, str], address: str) -> Received:
    """Take one notification request (``headers``: names in lower case). A genuine one is stored and committed before this returns."""
    session = db.db.session()
    account = session.scalar(select(ProviderAccount).where(ProviderAccount.key == key))
    if account is None or not accounts.usable(account):
        return Received(None)
    gateways = _gateways(session, account)
    account_id = account.id
    db.end_read()
    readings = [gateway.read_notice(method, body, headers) for gateway in gateways]
    reading = next((each for each in readings if each.genuine), readings[0])
    if not reading.genuine:
        _reject(account_id, address, reading.reason)
        return Received(reading)
    stored = tuple(row for notice in reading.notices if (row := _store(account_id, notice)) is not None)
    return Received(reading, stored)


def _gateways(session: Session, account: ProviderAccount) -> list[Gateway]:
    """One for each contract of the account: orders made under an earlier one live on there, and so do its notices."""
    versions = accounts.contracts(session, account.id)
    return [accounts.open_gateway(session, version.id, accounts.Tape()) for version in versions]


def _store(account_id: int, notice: Notice) -> int | None:
    """Insert a notice, or count a repetition. Returns the id when there is something to process."""
    now = moment()
    values = {
        "merchant_ref": _fitting(notice.merchant_ref, 64), "handle": _fitting(notice.handle, 200),
        "status": notice.status.value if notice.status else "", "raw_status": _fitting(notice.raw_status, 32),
        "amount_yen": notice.amount_yen, "changed_at": notice.changed_at,
    }  # fmt: skip
    serial = _fitting(notice.serial, 64)
    try:
        with db.write() as session:
            row = ProviderNotice(account_id=account_id, serial=serial, next_at=now, received_at=now, **values)
            session.add(row)
            session.flush()
            return row.id
    except IntegrityError:
        return _repeated(account_id, serial, values, now)


def _repeated(account_id: int, serial: str, values: Mapping[str, object], now: datetime) -> int | None:
    """Count a serial that came again. One that says something else than before is looked at again: a digest over
    joined fields cannot tell which of the two was meant, and the status is not even part of it."""
    with db.write() as session:
        here = (ProviderNotice.account_id == account_id, ProviderNotice.serial == serial)
        row = session.scalars(select(ProviderNotice).where(*here).with_for_update()).one()
        row.received += 1
        said = ("merchant_ref", "handle", "raw_status")
        if all(getattr(row, name) == values[name] for name in said):
            return None
        for name, value in values.items():
            setattr(row, name, value)
        row.state, row.attempts, row.next_at = "waiting", 0, now
        return row.id


def _fitting(text: str, width: int) -> str:
    """What a column can hold: outside text may be longer, or hold a zero byte."""
    return text.replace("\0", "")[:width]


def _reject(account_id: int, address: str, reason: str) -> None:
    now = moment()
    with db.write() as session:
        session.execute(
            update(ProviderAccount)
            .where(ProviderAccount.id == account_id)
            .values(rejected_notices=ProviderAccount.rejected_notices + 1)
        )
        session.add(RejectedNotice(account_id=account_id, at=now, address=address[:64], reason=reason[:64]))
        oldest = (
            select(RejectedNotice.id)
            .where(RejectedNotice.account_id == account_id)
            .order_by(RejectedNotice.id.desc())
            .offset(_REJECTED_KEPT)
        )
        session.execute(delete(RejectedNotice).where(RejectedNotice.id.in_(oldest.scalar_subquery())))


def run() -> int:
    """Process waiting notices. Returns how many are done."""
    waiting = db.db.session.scalars(
        select(ProviderNotice.id)
        .where(WAITING, due(ProviderNotice.next_at, moment()))
        .order_by(ProviderNotice.next_at)
        .limit(_BATCH)
    ).all()
    return each(waiting, process)


def process(notice_id: int) -> bool:
    """Look into one notice. Returns whether it is done; otherwise it waits for its next turn."""
    now = moment()
    if not _claim(notice_id, now):
        return False
    session = db.db.session()
    notice = session.get_one(ProviderNotice, notice_id)
    payment_id = find_payment(session, notice.account_id, notice.handle, notice.merchant_ref)
    attempts, received_at = notice.attempts, notice.received_at
    understood = None if payment_id is None else _understood(session, notice, payment_id)
    late = attempts >= _GIVE_UP if understood is None else now > received_at + _OURS_UNTIL
    state = "done" if understood else "unmatched" if late else "waiting"  # seen by a person, never lost in silence
    with db.write() as writing:
        writing.execute(
            update(ProviderNotice)
            # Only as it was claimed: it may have come again saying something else, or another may have gone on with it.
            .where(ProviderNotice.id == notice_id, ProviderNotice.state == "waiting", ProviderNotice.attempts == attempts)
            .values(state=state, payment_id=payment_id)
        )
    return bool(understood)


def _understood(session: Session, notice: ProviderNotice, payment_id: int) -> bool | None:
    """Whether the notice has taken effect; ``None`` when it names another payment than ours."""
    handle, version_id = notice.handle, session.get_one(Payment, payment_id).account_version_id
    if version_id is not None and turned_away.rests(version_id):
        return False
    if not _nothing_open(payment_id):
        return False
    return _agrees(session, notice, payment_id) or observe.ask(payment_id, handle=handle)


def _agrees(session: Session, notice: ProviderNotice, payment_id: int) -> bool:
    """Whether a notice says only what the ledger says already – then asking would be a round trip for nothing."""
    payment = session.get_one(Payment, payment_id)
    return (
        notice.handle == payment.handle
        and notice.status == payment.status == payment.remote_status
        and notice.amount_yen == payment.remote_amount_yen
        and not payment.remote_problem
    )


def _nothing_open(payment_id: int) -> bool:
    """Whether the payment has no operation of unknown outcome, or it could be settled now: that one goes first, and then
    the notice is looked at for what *it* says – staff may have acted on the console meanwhile."""
    operation_id = reconcile.open_operation(payment_id)
    return operation_id is None or reconcile.ask(operation_id)


def _claim(notice_id: int, now: datetime) -> bool:
    with db.write() as session:
        notice = session.get_one(ProviderNotice, notice_id)
        claimed = session.execute(
            update(ProviderNotice)
            .where(ProviderNotice.id == notice_id, ProviderNotice.state == "waiting", due(ProviderNotice.next_at, now))
            .values(attempts=ProviderNotice.attempts + 1, next_at=now + _wait(notice.attempts))
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=10 * 2 ** min(attempts, 10)), _LONGEST_WAIT)


def find_payment(session: Session, account_id: int, handle: str, merchant_ref: str) -> int | None:
    """The payment an id of the provider or our own reference belongs to; within one account only (T-021)."""
    if merchant_ref:
        operation = select(PaymentOperation.payment_id).where(
            PaymentOperation.account_id == account_id, PaymentOperation.merchant_ref == merchant_ref
        )
        if (found := session.scalar(operation)) is not None:
            return found
    if not handle:
        return None
    reference = select(RemoteReference.payment_id).where(
        RemoteReference.account_id == account_id, RemoteReference.value == handle
    )
    return session.scalar(reference.limit(1))


def poll() -> int:
    """Fetch notices from each account's feed, for gaps that pushing left. Returns how many were new."""
    session = db.db.session()
    contracts = [
        (account.id, version.id)
        for account in accounts.all_accounts(session)
        if accounts.usable(account)
        for version in accounts.contracts(session, account.id)
    ]
    return sum(_fetch(account_id, version_id) for account_id, version_id in contracts if not turned_away.rests(version_id))


def _fetch(account_id: int, version_id: int) -> int:
    """How many new notices the feed of one contract had."""
    gateway = accounts.open_gateway(db.db.session(), version_id, accounts.Tape())
    db.end_read()
    return sum(_store(account_id, notice) is not None for notice in gateway.poll_notices())
