"""What staff may do with a payment now, and doing it. The verdict that draws the button also guards the press."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.contract import MoneyStatus, Reason, Snapshot, Verb, Verdict
from providers.ports import Provider
from shop.core import db
from shop.core.i18n import force_locale, language
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.runtime import now as moment
from shop.payments import (
    accounts,
    box_words,
    button_words,
    executor,
    facts_of,
    observe,
    reconcile,
    replacement,
)
from shop.payments.engine import Busy, engine
from shop.payments.models import OPEN_STATES, Payment, PaymentOperation


@dataclass(frozen=True, slots=True)
class Button:
    """キャンセル, 取引更新 or 売上確定, with what a press will do – or why it cannot be pressed."""

    verb: str
    label: str
    effect: str
    allowed: bool
    reason: str
    amount_yen: int
    #: The ledger's verb a press would write; the press says it again, so that it does only what was announced.
    operation: str


@dataclass(frozen=True, slots=True)
class Panel:
    """決済状況 – the box on top of 受注明細."""

    frame: str
    box: str
    #: The authorization can no longer be captured because its time is over.
    expired: bool
    transaction_id: str
    #: What its provider calls that number.
    reference_name: str
    status_word: str
    text: tuple[str, ...]
    #: What the 「こちら」 at the end of ``text`` leads to; empty without one.
    otherwise: str
    buttons: tuple[Button, ...]
    order_total_yen: int
    authorized_yen: int
    captured_yen: int
    remote_seen_at: datetime | None
    open_operation: PaymentOperation | None
    provider_name: str
    console_name: str
    practice: bool
    #: We can name the payment to its provider. One that only people have found is gone on with in the console.
    reachable: bool = True

    def offers(self, button: str) -> bool:
        """Whether there is such a button, be it that it can be pressed just now or not."""
        return any(each.verb == button for each in self.buttons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a press: ``done``, ``refused``, ``pending``, ``not_allowed`` or ``busy``, in words."""

    kind: str
    message: str


def open_operation(session: Session, payment_id: int) -> PaymentOperation | None:
    query = select(PaymentOperation).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.state.in_(OPEN_STATES)
    )
    return session.scalar(query)


def panel(session: Session, payment: Payment, order_total_yen: int, now: datetime) -> Panel:
    """Draw the box from the ledger and the last seen state. Asks nobody."""
    if payment.account_version is None:
        return _plain(payment, order_total_yen)
    provider = accounts.provider_of(payment.account_version.account)
    waiting = next((operation for operation in payment.operations if operation.state in OPEN_STATES), None)
    facts = facts_of.snapshot(payment, order_total_yen)
    box = "yellow-1" if facts_of.takes_less(provider, facts, now) else _box(facts)
    buttons = () if box in ("red-1", "yellow-3", "none") else _buttons(provider, facts, payment, waiting, now)
    status = provider.status_words.get(facts.status)
    word = _(status) if status and facts.remote_readable else ""
    return Panel(
        frame=box.split("-")[0],
        box=box,
        expired=_expired(provider, facts, now),
        transaction_id=payment.merchant_ref,
        reference_name=provider.reference_name,
        status_word=word,
        text=box_words.waiting() if waiting else box_words.text(box, facts, provider, updates=facts_of.updates(provider, facts, now)),
        otherwise="" if waiting or not facts_of.updates(provider, facts, now) else box_words.otherwise(box, provider),
        buttons=buttons,
        order_total_yen=order_total_yen,
        authorized_yen=payment.authorized_yen,
        captured_yen=payment.captured_yen,
        remote_seen_at=payment.remote_seen_at,
        open_operation=waiting,
        provider_name=provider.name,
        console_name=provider.console_name,
        practice=payment.practice,
        reachable=facts.reachable,
    )


def _plain(payment: Payment, order_total_yen: int) -> Panel:
    text = (_("この支払方法は決済代行会社を通しません。代金は配達のときにお受け取りください。"),)
    return Panel("none", "none", False, "", "", "", text, "", (), order_total_yen, 0, 0, None, None, "", "", payment.practice)


def _box(facts: Snapshot) -> str:
    """Which box of the shop guide (001 §7-3, §7-4) the facts make."""
    differs = button_words.differs(facts)
    if not facts.remote_readable:
        return "red-1"
    match facts.status:
        case MoneyStatus.AUTHORIZED:
            return "yellow-1" if not differs else "red-3" if facts.three_ds else "red-2"
        case MoneyStatus.CAPTURED:
            return "red-4" if differs else "yellow-2"
        case MoneyStatus.VOIDED | MoneyStatus.REFUNDED | MoneyStatus.EXPIRED:
            return "yellow-3"
        case _:
            return "red-1"


def _expired(provider: Provider, facts: Snapshot, now: datetime) -> bool:
    """Whether an authorization ran out – at the provider, or by the clock before the provider was asked."""
    ended = facts.remote_readable and facts.status == MoneyStatus.EXPIRED
    return ended or provider.capabilities.verdict(Verb.CAPTURE, facts, now).reason == Reason.EXPIRED


def _verb(key: str, status: str, provider: Provider) -> Verb:
    """The ledger's verb behind a button."""
    match key:
        case "capture":
            return Verb.CAPTURE
        case "update":
            return provider.capabilities.update_verb
        case _:
            return cancel_verb(status)


def _announced_yen(verb: Verb, facts: Snapshot, verdict: Verdict) -> int:
    """The amount a button speaks of: 取引更新 sends the order's total, a capture takes what its verdict says, everything else
    moves what stands."""
    if verb in button_words.UPDATING:
        return facts.order_total_yen
    return verdict.max_yen if verb == Verb.CAPTURE and verdict.allowed else facts.authorized_yen


def cancel_verb(status: str) -> Verb:
    """キャンセル means 与信取消 before the capture and 返金 of the full amount after it (R-059)."""
    return Verb.REFUND if status == MoneyStatus.CAPTURED else Verb.VOID


def _buttons(
    provider: Provider, facts: Snapshot, payment: Payment, waiting: PaymentOperation | None, now: datetime
) -> tuple[Button, ...]:
    labels = {"cancel": _("キャンセル"), "update": _("取引更新"), "capture": _("売上確定")}
    buttons = []
    for key, label in labels.items():
        verb = _verb(key, facts.status, provider)
        verdict = provider.capabilities.verdict(verb, facts, now)
        if verdict.reason == Reason.NEVER:
            continue
        allowed = verdict.allowed and waiting is None
        reason = "" if allowed else button_words.reason(verdict, verb, facts, waiting=waiting is not None)
        yen = _announced_yen(verb, facts, verdict)
        buttons.append(Button(key, label, button_words.effect(key, facts, yen), allowed, reason, yen, verb.value))
    return tuple(buttons)


def capture(
    payment_id: int, amount_yen: int, order_total_yen: int, actor: str, announced: str = "", *, despite_doubt: bool = False
) -> Outcome:
    """売上確定 of the amount the page showed. Refuses a stale page; a second press finds nothing left to do. An order that a
    person has yet to look into is left alone, unless the press says that it is meant ``despite_doubt``."""
    return _act(payment_id, "capture", amount_yen, order_total_yen, actor, announced, despite_doubt=despite_doubt)


def cancel(
    payment_id: int, amount_yen: int, order_total_yen: int, actor: str, announced: str = "", *, tell_buyer: bool = False
) -> Outcome:
    """キャンセル: 与信取消 or 返金, whichever the payment needs – and refused when the page ``announced`` the other one. Once it is
    known to have happened, be it later, the buyer is told by mail if ``tell_buyer``."""
    return _act(payment_id, "cancel", amount_yen, order_total_yen, actor, announced, tell_buyer=tell_buyer)


def update(payment_id: int, amount_yen: int, order_total_yen: int, actor: str, announced: str = "") -> Outcome:
    """取引更新: authorize the order's total anew and, once that stands, void the old authorization (R-064)."""
    return _act(payment_id, "update", amount_yen, order_total_yen, actor, announced)


def _act(
    payment_id: int, key: str, amount_yen: int, order_total_yen: int, actor: str, announced: str, *,
    despite_doubt: bool = False, tell_buyer: bool = False,
) -> Outcome:  # fmt: skip
    try:
        with engine().pool.reserve() as slot:
            now = moment()
            with db.write() as session:
                payment = session.scalars(select(Payment).where(Payment.id == payment_id).with_for_update()).one()
                verb = _verb_of(key, payment)
                refusal = _refusal(session, payment, verb, amount_yen, order_total_yen, now)
                if refusal is None and announced not in ("", verb.value):
                    refusal = Outcome("not_allowed", _stale())
                if refusal is None and verb == Verb.CAPTURE and not despite_doubt:
                    refusal = _doubt(session, payment)
                if refusal:
                    return refusal
                operation_id, call = _intend(session, payment, verb, amount_yen, actor, now, tell_buyer)
            ended = executor.wait(slot.run(lambda: _perform(payment_id, operation_id, call)))
    except Busy:
        return _busy()
    except IntegrityError:
        return Outcome("pending", _("前の操作の結果を確認中です"))
    return outcome(operation_id) if ended else _pending()


def _verb_of(key: str, payment: Payment) -> Verb:
    """:func:`_verb` of a payment; one without a provider is refused for that afterwards."""
    if payment.account_version is None:
        return cancel_verb(payment.status)
    return _verb(key, payment.status, accounts.provider_of(payment.account_version.account))


def _intend(
    session: Session, payment: Payment, verb: Verb, amount_yen: int, actor: str, now: datetime, tell_buyer: bool
) -> tuple[int, executor.Call]:
    """Write the operation ahead; with the call it allows."""
    if verb != Verb.REAUTHORIZE:
        operation = executor.write_ahead(session, payment, verb, amount_yen, actor, now, tell_buyer=tell_buyer)
        return operation.id, executor.follow_up(verb, operation.handle, amount_yen)
    assert payment.account_version is not None
    reference = accounts.provider_of(payment.account_version.account).new_merchant_ref(now)
    asked = replacement.asked(payment, reference, amount_yen)
    operation = executor.write_ahead(session, payment, verb, amount_yen, actor, now, merchant_ref=reference)
    return operation.id, lambda gateway: gateway.reauthorize(asked)


def _perform(payment_id: int, operation_id: int, call: executor.Call) -> None:
    """The call and, when it was the first of a pair, the second one right after it."""
    executor.perform(operation_id, call)
    reconcile.send_queued(payment_id)


def _refusal(
    session: Session, payment: Payment, verb: Verb, amount_yen: int, order_total_yen: int, now: datetime
) -> Outcome | None:
    if open_operation(session, payment.id) is not None:
        return Outcome("pending", _("前の操作の結果を確認中です"))
    if payment.account_version is None:
        return Outcome("not_allowed", _("この決済状況では操作できません"))
    if not accounts.usable(payment.account_version.account):
        return _other_world()
    facts = facts_of.snapshot(payment, order_total_yen)
    verdict = executor.capabilities(payment.account_version).verdict(verb, facts, now)
    if not verdict.allowed:
        return Outcome("not_allowed", button_words.reason(verdict, verb, facts, waiting=False))
    edited = engine().handler.order_total(session, payment.order_id) != order_total_yen
    if edited or amount_yen != _announced_yen(verb, facts, verdict):
        return Outcome("not_allowed", _stale())
    return None


def _doubt(session: Session, payment: Payment) -> Outcome | None:
    if not engine().handler.in_doubt(session, payment.order_id):
        return None
    return Outcome("not_allowed", _("不正利用の疑いで要確認の受注です。売上は確定していません。受注明細で理由を確かめ、審査済みにしてください。"))


def _stale() -> str:
    return _("画面を開いた後に金額や決済状況が変わりました。内容を確かめて、もう一度押してください。")


def _other_world() -> Outcome:
    return Outcome("not_allowed", _("練習と本番が違うため、この受注の決済は操作できません。"))


def _busy() -> Outcome:
    return Outcome("busy", _("決済代行会社への通信が混み合っています。何も行っていません。少し待ってからもう一度押してください。"))


def _pending() -> Outcome:
    return Outcome("pending", _("決済代行会社の返事を待っています。結果が分かり次第、この画面に反映されます。"))


def outcome(operation_id: int) -> Outcome:
    """What a settled operation means to the person who pressed."""
    operation = db.db.session.get_one(PaymentOperation, operation_id, populate_existing=True)
    yen = format_yen(operation.amount_yen)
    match operation.state:
        case "succeeded":
            done = {
                Verb.AUTHORIZE: _("与信%(yen)sが取れていることを確認しました。", yen=yen),
                Verb.CAPTURE: _("%(yen)sの売上を確定しました。", yen=yen),
                Verb.VOID: _("与信%(yen)sを取り消しました。", yen=yen),
                Verb.REFUND: _("%(yen)sを返金しました。", yen=yen),
                Verb.REAUTHORIZE: _("与信を%(yen)sに更新しました。", yen=yen),
                Verb.CHANGE: _("与信を%(yen)sに更新しました。", yen=yen),
            }
            return _with_replaced(operation, done[Verb(operation.verb)])
        case "declined" if operation.settled_by != "answer":
            return Outcome("refused", _("決済会社側の状態が変わっていたため、この操作は行われていません。いまの決済状況を確かめてください。"))
        case "declined":
            return Outcome("refused", _refused(operation))
        case "dropped":
            return Outcome("refused", _("決済代行会社に接続できませんでした。何も行われていません。"))
        case _:
            return _pending()


def _refused(operation: PaymentOperation) -> str:
    """The provider's code as it came, or its own sentence where a code would say nothing."""
    version = operation.payment.account_version
    word = accounts.provider_of(version.account).refusal(operation.result_code) if version else ""
    if word:
        return _(word)
    return _("決済代行会社に断られました（コード %(code)s）。金額は動いていません。", code=operation.result_code)


def _with_replaced(operation: PaymentOperation, done: str) -> Outcome:
    """取引更新 is done when the replaced authorization is gone as well; until then say what is missing."""
    if operation.verb != Verb.REAUTHORIZE:
        return Outcome("done", done)
    session = db.db.session()
    if replacement.refused(session, operation.payment_id):
        return Outcome("refused", done + _("更新前の与信は取り消せませんでした。要確認をご覧ください。"))
    if open_operation(session, operation.payment_id):
        return Outcome("pending", done + _("更新前の与信の取消を確認中です。"))
    return Outcome("done", done)


def refresh_for_a_person(payment_id: int) -> Outcome:
    """:func:`refresh` at a press: on one of the provider slots, so that a stalled provider cannot stop the shop, and no
    longer than a person should wait. The order is shown as it is known by then."""
    speaking = language()

    def ask() -> Outcome:
        with force_locale(speaking):
            return refresh(payment_id)

    try:
        return executor.attend(ask) or _pending()
    except Busy:
        return _busy()


def refresh(payment_id: int) -> Outcome:
    """決済状況を更新: ask the provider now and follow what it shows."""
    payment = db.db.session.get_one(Payment, payment_id)
    version = payment.account_version
    if version is None or not accounts.usable(version.account):
        return _other_world()
    if payment.status in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED) and not payment.handle:
        return Outcome("not_allowed", _("この決済は、決済会社の管理画面でだけ確認できます。"))
    reconcile.send_queued(payment_id)
    operation_id = reconcile.open_operation(payment_id)
    if operation_id is not None:
        settled = reconcile.ask(operation_id)
        return outcome(operation_id) if settled else _pending()
    understood = observe.ask(payment_id)
    for handle in replacement.refused(db.db.session(), payment_id):
        observe.ask(payment_id, handle=handle)
    if understood:
        return Outcome("done", _("決済状況を更新しました。"))
    return Outcome("refused", _("決済状況が取得できませんでした。"))
