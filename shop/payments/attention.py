"""要確認 – what a person must look at, oldest first: money nobody can explain, notices that fit nothing, lost mails."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from providers.contract import Category, MoneyStatus
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.outbox.models import FAILED, OutboxMail
from shop.payments import cardalarm, reconcile, replacement
from shop.payments.engine import engine
from shop.payments.executor import COMPENSATION
from shop.payments.models import (
    KEPT,
    OPEN,
    UNREADABLE,
    UNSETTLED,
    Payment,
    PaymentOperation,
    ProviderAccount,
    ProviderNotice,
)

#: An operation without a known outcome for this long is an alarm (decision 17).
ALARM_AFTER = timedelta(minutes=5)
#: A notice that fits nothing is given up long before; one still waiting then cannot even be looked into.
STUCK_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. ``order_id`` leads to the order when there is one; ``detail`` of an unreadable payment is the
    reason as :mod:`shop.payments.observe` noted it."""

    kind: str
    title: str
    detail: str
    order_id: int | None
    payment_id: int | None
    since: datetime


def items(session: Session, now: datetime, limit: int = 100) -> list[Item]:
    """Everything that needs a person now, at most ``limit`` of each kind."""
    found = [
        *_unknown(session, now, limit),
        *_unreadable(session, limit),
        *_not_undone(session, limit),
        *_notices(session, now, limit),
        *_mails(session, limit),
        *_card_guard(session, now),
    ]
    return sorted(found, key=lambda item: item.since)


def _unknown(session: Session, now: datetime, limit: int) -> list[Item]:
    rows = session.execute(
        select(PaymentOperation, Payment.order_id, Payment.merchant_ref, ProviderAccount.provider)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .join(ProviderAccount, ProviderAccount.id == PaymentOperation.account_id)
        .where(
            OPEN,
            PaymentOperation.state.in_(("intended", "sent", "unknown")),
            PaymentOperation.created_at < now - ALARM_AFTER,
        )
        .order_by(PaymentOperation.check_at)
        .limit(limit)
    )
    return [
        Item(
            "console" if reconcile.by_people(provider, operation.verb) else "operation", _("結果の分からない取引操作"),
            _("%(name)s %(ref)s %(yen)s：決済代行会社の管理画面で確かめてください。", name=_name(provider),
              ref=operation.merchant_ref or reference, yen=format_yen(operation.amount_yen)),
            order_id, operation.payment_id, operation.created_at,
        )
        for operation, order_id, reference, provider in rows
    ]  # fmt: skip


def _name(provider: str) -> str:
    """What a provider calls our reference: under this name its console is searched."""
    return str(_(engine().registry.get(provider).reference_name))


def _unreadable(session: Session, limit: int) -> list[Item]:
    rows = session.scalars(
        select(Payment)
        .where(
            UNREADABLE,
            or_(
                Payment.status.in_((MoneyStatus.AUTHORIZED.value, MoneyStatus.CAPTURED.value)),
                # Whatever became of ours: a second payment under its reference may stand.
                Payment.remote_problem.startswith(f"{Category.STATE_CONFLICT.value}:"),
            ),
        )
        .order_by(Payment.id)
        .limit(limit)
    )
    return [
        Item(
            "payment", _("決済状況が取得できない受注"), payment.remote_problem,
            payment.order_id, payment.id, payment.remote_seen_at or payment.created_at,
        )
        for payment in rows
    ]  # fmt: skip


def _not_undone(session: Session, limit: int) -> list[Item]:
    """Money that had to go and that the provider kept: of an order that came too late, or replaced by 取引更新."""
    live = Payment.status.in_((MoneyStatus.AUTHORIZED.value, MoneyStatus.CAPTURED.value))
    rows = session.execute(
        select(PaymentOperation, Payment, ProviderAccount.provider)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .join(ProviderAccount, ProviderAccount.id == PaymentOperation.account_id)
        .where(
            KEPT,
            or_(PaymentOperation.actor == replacement.ACTOR, and_(PaymentOperation.actor == COMPENSATION, live)),
        )
        .order_by(PaymentOperation.id)
        .limit(limit)
    )
    return [_kept(*row) for row in rows]


def _kept(operation: PaymentOperation, payment: Payment, provider: str) -> Item:
    if operation.actor == replacement.ACTOR:
        kind, title = "replacement", _("取引更新で取り消せなかった与信")
        detail = _(
            "決済ID %(handle)s %(yen)s：決済代行会社の管理画面で取り消してから、受注明細の「決済状況を更新」を押してください。",
            handle=operation.handle, yen=format_yen(operation.amount_yen),
        )  # fmt: skip
    else:
        kind, title = "compensation", _("取り消せなかった入金")
        detail = _(
            "%(name)s %(ref)s %(yen)s：受注は成立していません。決済代行会社の管理画面で取り消してください。",
            name=_name(provider), ref=payment.merchant_ref, yen=format_yen(payment.authorized_yen),
        )  # fmt: skip
    return Item(kind, title, detail, payment.order_id, payment.id, operation.created_at)


def _notices(session: Session, now: datetime, limit: int) -> list[Item]:
    """Notices that fit nothing, those of ours that the provider, asked, has not confirmed for a while, and any that fails."""
    ours = and_(ProviderNotice.payment_id.is_not(None), ProviderNotice.received_at < now - ALARM_AFTER)
    unconfirmed = and_(ProviderNotice.state == "waiting", or_(ours, ProviderNotice.received_at < now - STUCK_AFTER))
    rows = session.execute(
        select(ProviderNotice, Payment.order_id)
        .outerjoin(Payment, Payment.id == ProviderNotice.payment_id)
        .where(UNSETTLED, or_(ProviderNotice.state == "unmatched", unconfirmed))
        .order_by(ProviderNotice.id)
        .limit(limit)
    )
    return [
        Item("notice", _notice_title(notice),
             _("取引ID %(ref)s 決済ID %(handle)s", ref=notice.merchant_ref or "-", handle=notice.handle or "-"),
             order_id, notice.payment_id, notice.received_at)
        for notice, order_id in rows
    ]  # fmt: skip


def _notice_title(notice: ProviderNotice) -> str:
    if notice.state == "waiting":
        return _("決済代行会社に確かめている決済通知（自動で確かめ続けます）")
    if notice.payment_id is not None:
        return _("受注の決済として確かめられなかった決済通知")
    return _("どの受注にも合わない決済通知")


def _mails(session: Session, limit: int) -> list[Item]:
    rows = session.scalars(select(OutboxMail).where(FAILED).order_by(OutboxMail.id).limit(limit))
    return [
        Item("mail", _("送れなかったメール"), mail.subject, mail.order_id, None, mail.created_at)
        for mail in rows
    ]


def _card_guard(session: Session, now: datetime) -> list[Item]:
    """The whole shop is on its guard against card testing."""
    guard = cardalarm.guard(session)
    word = {
        "step_up": _("カードで支払うお客様に、メールアドレスの確認をお願いしています。"),
        "stopped": _("カード決済の受付を止めています。ほかのお支払方法は使えます。"),
    }.get(cardalarm.stage(guard, now))
    if word is None or guard.stage_since is None:
        return []
    return [Item("card_guard", _("カードの不正利用のおそれ"), word, None, None, guard.stage_since)]
