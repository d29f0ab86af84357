"""What a settled operation means for its order, stock and mails – the one adapter of ``SettlementHandler``.

Runs inside the settling transaction, so money, order, stock and mail change together or not at all (R-151).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import Verb
from shop.catalogue.models import HELD, StockHold
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.orders import history, mails, placing, reserved, review
from shop.orders.models import Order
from shop.payments import executor, reconcile, replacement, settle
from shop.payments.actions import cancel_verb
from shop.payments.cards import linking
from shop.payments.cards import settle as cards
from shop.payments.engine import PATIENCE, Change
from shop.payments.ledger import CREATING, EXPIRE
from shop.payments.models import PROTECTION_LOST, Payment, PaymentOperation

#: What settled an attempt whose buyer did not come back in time: they are told by mail.
HOLD_OVER = "hold"
#: A compensation that did not happen is tried again after this time.
_RETRY = timedelta(seconds=10)


class OrderSettlement:
    """Places orders when money is there, lapses them when it is not, and undoes money that came too late.

    ``after_placing`` runs in the same transaction once an order is placed: the cart lets go of what was ordered.
    """

    def __init__(self, after_placing: Callable[[Session, Order], None]) -> None:
        self._after_placing = after_placing

    def apply(self, session: Session, change: Change, now: datetime) -> None:
        order = session.scalars(select(Order).where(Order.id == change.payment.order_id).with_for_update()).one()
        with force_locale(DEFAULT):  # 変更履歴 is the shop's own book, whoever acts
            if change.operation.verb == Verb.AUTHORIZE and change.operation.origin == "shop":
                placed = _authorization(session, change, order, now)
                if placed:
                    if order.member_id is not None:  # before the cart, as a log-in locks them: the other way round is a deadlock
                        cards.take_turn(session, order.member_id)
                    self._after_placing(session, order)
                linking.vanished(session, change, order.member_id, now)
                linking.order_settled(session, order.id, order.member_id, placed, now)
            else:
                _continuation(session, change, order, now)

    def order_total(self, session: Session, order_id: int) -> int:
        return session.scalars(select(Order.total_yen).where(Order.id == order_id).with_for_update()).one()

    def ask_people(self, session: Session, operation: PaymentOperation, now: datetime) -> None:
        order = session.scalars(select(Order).where(Order.id == operation.payment.order_id)).one()
        mails.console_check(session, order, operation, now)

    def in_doubt(self, session: Session, order_id: int) -> bool:
        return review.in_doubt(session, order_id)


def _authorization(session: Session, change: Change, order: Order, now: datetime) -> bool:
    """Returns whether the order was placed."""
    if change.operation.state != "succeeded":
        _lapse(session, change, order, now)
        return False
    if order.state == "draft" and reserved.secure(session, order, now):
        placing.place(session, order, now, change.payment if change.payment.kind == "card" else None)
        amount = format_yen(change.operation.amount_yen)
        word = _("オーソリ+売上") if change.operation.capture else _("オーソリ")
        history.add(session, order.id, change.operation.actor, f"{order.number} {word} {amount}", now)
        return True
    # Told "not charged", sold out or the coupon gone meanwhile: the money must not stay with us.
    _end(order)
    reserved.release(session, order, now)
    _compensate(session, change.payment, now)
    return False


def _end(order: Order) -> None:
    """The attempt came to nothing, and with it 会員登録: the password's hash is not kept."""
    order.state = "lapsed"
    order.registration = ""


def _lapse(session: Session, change: Change, order: Order, now: datetime) -> None:
    """No money: the draft ends, what it held goes back at once. Who had to leave the page without an answer is told."""
    if order.state != "draft":
        return
    _end(order)
    reserved.release(session, order, now)
    sent_at = change.operation.sent_at or now
    if change.before == "unknown" or change.operation.settled_by == HOLD_OVER or now - sent_at > timedelta(seconds=PATIENCE):
        mails.not_placed(session, order, now)


def _compensate(session: Session, payment: Payment, now: datetime) -> None:
    """Queue the void or refund; the job runner sends it, a crash cannot lose it."""
    if not settle.is_live(payment.status):
        return
    executor.write_ahead(
        session, payment, cancel_verb(payment.status), payment.authorized_yen, executor.COMPENSATION, now, state="intended"
    ).check_at = now


def _continuation(session: Session, change: Change, order: Order, now: datetime) -> None:
    operation, payment = change.operation, change.payment
    if operation.actor == executor.COMPENSATION:
        if operation.state == "succeeded":
            mails.payment_cancelled(session, order, now, captured=operation.verb == Verb.REFUND)
        elif operation.state == "declined" and settle.is_live(payment.status):
            mails.payment_not_cancelled(session, order, now)
        elif settle.is_live(payment.status) and operation.state in ("absent", "dropped"):
            again = executor.write_ahead(
                session, payment, Verb(operation.verb), operation.amount_yen, executor.COMPENSATION, now, state="intended"
            )
            again.check_at = now + _RETRY
        return
    history.add(session, order.id, operation.actor, _line(session, order, change), now)
    if operation.tell_buyer and operation.state == "succeeded":
        mails.money_back(session, order, operation, now)
        history.add_deed(session, order, operation.actor, _("決済の取り消しをメールで購入者にお知らせ"), now)


def _line(session: Session, order: Order, change: Change) -> str:
    """One line of 変更履歴 for a follow-up or for something that happened at the provider."""
    words = {
        Verb.AUTHORIZE.value: _("金額変更"),
        Verb.REAUTHORIZE.value: _("取引更新"),
        Verb.CHANGE.value: _("取引更新"),
        Verb.CAPTURE.value: _("売上確定"),
        Verb.VOID.value: _("与信取消"),
        Verb.REFUND.value: _("返金"),
        EXPIRE: _("与信期限切れ"),
    }
    operation = change.operation
    if operation.actor == replacement.ACTOR:
        words[Verb.VOID.value] = _("更新前の与信取消")
    results = {
        "succeeded": _("完了"),
        "declined": _("拒否（コード %(code)s）", code=operation.result_code) if operation.result_code else _("拒否"),
        "absent": _("実行されていないことを確認"),
        "dropped": _("送信できず"),
    }
    place = _("（決済代行会社側の操作）") if operation.origin == "provider" else ""
    word = words.get(operation.verb, operation.verb)
    result = results.get(operation.state, operation.state)
    if operation.verb == Verb.AUTHORIZE and change.payment.authentication == PROTECTION_LOST:
        result = _("%(result)s、3Dセキュア未認証", result=result)
    return f"{order.number} {word}{place} {_amounts(session, operation)} {result}"


def _amounts(session: Session, operation: PaymentOperation) -> str:
    """The amount or, where it changed, old → new (R-180)."""
    amount = format_yen(operation.amount_yen)
    if operation.verb not in (*CREATING, Verb.CHANGE):
        return amount
    return f"{format_yen(replacement.amount_before(session, operation))} → {amount}"


def release_expired(session: Session, order_id: int, now: datetime) -> bool:
    """End an expired hold. A draft whose payment never left us, or whose buyer did not come back, lapses; an unknown one
    keeps its draft and is asked on.

    Returns whether anything was released.
    """
    if _lapse_parked(session, order_id, HOLD_OVER, now):
        return True
    order = session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()
    released = reserved.release(session, order, now) > 0
    payment = session.scalar(select(Payment).where(Payment.order_id == order_id))
    waiting = payment is not None and settle.has_open_operation(session, payment.id)
    if order.state == "draft" and not waiting:
        _end(order)
        linking.order_settled(session, order.id, order.member_id, False, now)
    return released


def abandon(session: Session, order_id: int, by: str, now: datetime) -> bool:
    """この決済を中止する: the attempt ends and its stock goes back at once (R-163).

    An operation of unknown outcome is asked on: money that turns out to be reserved is undone, and both sides are told.
    Returns ``False`` when the attempt had ended already.
    """
    if _lapse_parked(session, order_id, by, now):
        return True
    order = session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()
    if order.state != "draft":
        return False
    _end(order)
    reserved.release(session, order, now)
    linking.order_settled(session, order.id, order.member_id, False, now)
    return True


def _lapse_parked(session: Session, order_id: int, by: str, now: datetime) -> bool:
    """End the attempt's operation if its buyer is away at another page. Payment before order, as settling locks them."""
    parked = session.scalar(
        select(PaymentOperation)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .where(Payment.order_id == order_id, PaymentOperation.state == "parked")
    )
    if parked is None:
        return False
    if reconcile.decided_elsewhere(parked):
        # They may have been authorized there: from here it is like any other unknown outcome.
        settle.lose_sight(session, parked.id, now)
        return False
    return settle.lapse(session, parked.id, by, now)


def expired_orders(session: Session, now: datetime) -> list[int]:
    """Orders with holds whose time is over."""
    query = select(StockHold.order_id).where(HELD, StockHold.expires_at <= now).order_by(StockHold.expires_at).limit(50)
    return list(dict.fromkeys(session.scalars(query)))
