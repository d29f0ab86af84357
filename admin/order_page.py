"""受注明細. Opening it reads the ledger and never calls a provider (decision 22)."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from admin import timeline, words
from admin.blueprint import actor, blueprint, identity, may
from admin.filing_advice import advice, step
from admin.forms import long_text
from admin.order_query import PLACED
from providers.contract import Verb
from shop.core import card_numbers
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.money import REDUCED_RATE, STANDARD_RATE, tax_included
from shop.core.runtime import now
from shop.members.models import Member
from shop.orders import cancel_request, history, review
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments import accounts, actions, executor, facts_of, testimony
from shop.payments.models import AccountVersion, Payment
from shop.staff.rights import Right

MEMO_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class TaxLine:
    """（10%対象）: the total at one rate and the tax in it."""

    rate: int
    total_yen: int
    tax_yen: int


@blueprint.get("/orders/<number>")
def order(number: str) -> str:
    """Everything known about one order."""
    return _page(find_order(db.session(), number))


@blueprint.post("/orders/<number>/memo")
def save_memo(number: str) -> ResponseReturnValue:
    """メモ – for staff only, no buyer sees it."""
    memo = long_text(request.form.get("memo"))
    if problem := _memo_problem(memo):
        return _page(find_order(db.session(), number), card_numbers.mask(memo), problem), 422
    with write() as session:
        found = find_order(session, number)
        session.execute(update(Order).where(Order.id == found.id).values(memo=memo))
        history.add_deed(session, found, actor(), _("メモ変更"), now())
    flash(_("メモを保存しました。"), "good")
    return redirect(url_for("admin.order", number=number), 303)


def _memo_problem(memo: str) -> str:
    if card_numbers.present(memo):
        return _("カード番号は保存できません。番号を「*」で伏せたので、確かめてからもう一度保存してください。")
    if len(memo) > MEMO_LENGTH:
        return _("%(max)s文字以内で入力してください。", max=MEMO_LENGTH)
    return ""


def _page(found: Order, memo: str | None = None, memo_problem: str = "") -> str:
    """The page with the stored memo, or with the one just typed and what is wrong with it."""
    session = db.session()
    payment = find_payment(session, found.id)
    panel = actions.panel(session, payment, found.total_yen, now()) if payment else None
    return render_template(
        "admin/order.html",
        order=found,
        memo=found.memo if memo is None else memo,
        memo_problem=memo_problem,
        member=session.get(Member, found.member_id) if found.member_id else None,
        cancel_asked=payment is not None and cancel_request.stands(session, found, payment),
        signals=review.read(found.review.signals) if found.review else [],
        payment=payment,
        panel=panel,
        advice=advice(panel, found.filed) if panel else None,
        presses=[button for button in panel.buttons if _may_press(button.verb, found, payment)] if panel and payment else [],
        step=_step(panel, found, payment) if panel and payment else "",
        console_deeds=payment is not None and bool(testimony.deeds(payment)),
        capture_until=_capture_until(payment, found.total_yen) if payment else None,
        cause=_cause(session, payment) if payment else "",
        remote_deed=timeline.remote_deed(payment) if payment else "",
        taxes=taxes(found),
        mails=session.scalars(select(OutboxMail).where(OutboxMail.order_id == found.id).order_by(OutboxMail.id)).all(),
        timeline=timeline.entries(session, payment) if payment else [],
        neighbours=_neighbours(session, found),
    )


def gives_back(verb: str, order: Order, payment: Payment) -> bool:
    """取引更新 to less than was captured pays the buyer money back."""
    return verb == "update" and payment.captured_yen > order.total_yen


def _may_press(verb: str, order: Order, payment: Payment) -> bool:
    return may("admin.act_on_money", verb=verb) and (
        identity().may(Right.REFUND) or not gives_back(verb, order, payment)
    )


def _step(panel: actions.Panel, order: Order, payment: Payment) -> str:
    """What comes next, if it is for this person to do."""
    next_one = step(panel, order.filed)
    mine = may("admin.move_order") if next_one in words.MOVES else _may_press(next_one, order, payment)
    return next_one if mine else ""


def find_order(session: Session, number: str) -> Order:
    """The placed order of this number; 404 for everything else – a draft is no order."""
    query = select(Order).where(Order.number == number, PLACED)
    whole = (selectinload(Order.lines), selectinload(Order.history), joinedload(Order.review))
    return session.scalars(query.options(*whole)).one_or_none() or abort(404)


def find_payment(session: Session, order_id: int) -> Payment | None:
    """The payment that counts: the newest."""
    newest = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id.desc()).limit(1)
    contract = joinedload(Payment.account_version).joinedload(AccountVersion.account)
    return session.scalars(newest.options(selectinload(Payment.operations), contract)).one_or_none()


def taxes(found: Order) -> list[TaxLine]:
    """（10%対象）（8%対象）: they add up to 合計 (R-282). Here both stand also at 0円, as in the shop guide (001 §7)."""
    sums = {STANDARD_RATE: 0, REDUCED_RATE: 0} | found.per_rate
    return [TaxLine(rate, total, tax_included(total, rate)) for rate, total in sums.items()]


def _capture_until(payment: Payment, order_total_yen: int) -> datetime | None:
    """When 売上確定 stops being possible, while it is."""
    if payment.account_version is None:
        return None
    can = executor.capabilities(payment.account_version)
    return can.verdict(Verb.CAPTURE, facts_of.snapshot(payment, order_total_yen), now()).until


def _cause(session: Session, payment: Payment) -> str:
    """Why the payment's state cannot be read; empty while it can (R-062)."""
    if not payment.remote_problem or payment.account_version is None:
        return ""
    provider = accounts.provider_of(payment.account_version.account)
    earlier = accounts.is_earlier_contract(session, payment.account_version)
    proven = provider.unreadable(payment.remote_problem.partition(":")[2], earlier_contract=earlier)
    return words.problem(payment.remote_problem, proven)


def _neighbours(session: Session, found: Order) -> tuple[str | None, str | None]:
    """The numbers before and after this one in the same list."""
    same = select(Order.number).where(PLACED, Order.filed == found.filed).limit(1)
    before = same.where(Order.id < found.id).order_by(Order.id.desc()).scalar_subquery()
    after = same.where(Order.id > found.id).order_by(Order.id).scalar_subquery()
    row = session.execute(select(before, after)).one()
    return row[0], row[1]
