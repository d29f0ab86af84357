"""API操作履歴 – everything said between the shop and the provider about one payment, in the order it happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from admin import words
from providers.contract import Verb
from shop.core.clock import jst
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.payments.ledger import derive
from shop.payments.models import Payment, PaymentOperation, ProviderExchange, ProviderNotice

#: Per kind; an order with more was looked at by a job for months, and its newest messages matter.
_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``request`` and ``response`` are masked already when they are stored."""

    at: datetime
    kind: str
    title: str
    state: words.Word
    facts: tuple[str, ...] = ()
    request: str = ""
    response: str = ""


def entries(session: Session, payment: Payment) -> list[Entry]:
    """Operations, messages and notifications of ``payment``, oldest first."""
    exchanges = session.scalars(_newest(ProviderExchange, payment.id)).all()
    notices = session.scalars(_newest(ProviderNotice, payment.id)).all()
    found = [*_operations(payment.operations), *_exchanges(reversed(exchanges)), *_notices(reversed(notices))]
    return sorted(found, key=lambda entry: entry.at)


def remote_deed(payment: Payment) -> str:
    """What staff last did on the provider's console, when nothing happened here since (R-185); empty otherwise."""
    done = [operation for operation in payment.operations if operation.state == "succeeded"]
    if not done or done[-1].origin != "provider":
        return ""
    last = done[-1]
    what = words.CAPTURED_ANEW if _taken_before(done) else words.REMOTE_DEEDS[last.verb]
    return _("%(time)s に、決済会社側での%(what)sを確認しました。", time=jst(last.created_at).strftime("%Y-%m-%d %H:%M"), what=what)


def _taken_before(done: list[PaymentOperation]) -> bool:
    """Whether the last rows are the capture of another amount in place of one that had been captured."""
    return [each.verb for each in done[-2:]] == [Verb.AUTHORIZE, Verb.CAPTURE] and derive(done[:-2]).captured_yen > 0


def _newest(table: type[ProviderExchange] | type[ProviderNotice], payment_id: int) -> Select[Any]:
    return select(table).where(table.payment_id == payment_id).order_by(table.id.desc()).limit(_LIMIT)


def _operations(operations: Iterable[PaymentOperation]) -> Iterator[Entry]:
    for operation in operations:
        facts = [format_yen(operation.amount_yen), words.actor(operation.actor)]
        if operation.merchant_ref:
            facts.append(_("取引ID %(ref)s", ref=operation.merchant_ref))
        if operation.result_category:
            facts.append(_reason(operation))
        if operation.settled_at:
            facts.append(_("%(time)s に確定", time=words.clock_time(operation.settled_at)))
        title = str(words.VERBS.get(operation.verb, operation.verb))
        yield Entry(operation.created_at, _("操作"), title, words.OPERATION[operation.state], tuple(facts))


def _reason(operation: PaymentOperation) -> str:
    reason = str(words.CATEGORIES.get(operation.result_category, operation.result_category))
    return _("%(reason)s（コード %(code)s）", reason=reason, code=operation.result_code) if operation.result_code else reason


def _exchanges(exchanges: Iterable[ProviderExchange]) -> Iterator[Entry]:
    for exchange in exchanges:
        state = words.Word(exchange.outcome)
        facts = (_("%(ms)s ミリ秒", ms=f"{exchange.duration_ms:,}"),)
        yield Entry(exchange.at, _("通信"), exchange.label, state, facts, exchange.request, exchange.response)


def _notices(notices: Iterable[ProviderNotice]) -> Iterator[Entry]:
    for notice in notices:
        facts = [_("通知番号 %(serial)s", serial=notice.serial)]
        if notice.amount_yen is not None:
            facts.append(format_yen(notice.amount_yen))
        if notice.received > 1:
            facts.append(_("%(times)s 回受信", times=notice.received))
        title = _("通知 %(status)s", status=notice.raw_status)
        yield Entry(notice.received_at, _("通知"), title, words.NOTICE[notice.state], tuple(facts))
