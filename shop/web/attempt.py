"""What became of a press on 注文する: on to the issuer's page, to the pending page (S10), to 注文完了, or back to the form."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from providers.contract import Category
from shop.catalogue.models import StockHold
from shop.checkout import attempts
from shop.checkout import cart as carts
from shop.core import db, throttle
from shop.core.i18n import gettext as _
from shop.core.runtime import now as moment
from shop.delivery.models import Delivery
from shop.members import settings
from shop.orders import holds, settlement
from shop.orders.models import Order
from shop.payments import accounts, executor, hop, reconcile
from shop.payments.engine import Busy
from shop.payments.models import Payment, PaymentOperation
from shop.web import card_news, human, order_words
from shop.web.cart import cart_key
from shop.web.member import current_member

blueprint = Blueprint("attempt", __name__)

#: Where a refusal leads back to, by the checkout it came through.
HOME = {"zero": "checkout.zero", "steps": "wizard.step3"}

#: A buyer may have the provider asked this often; beyond it the reconciler asks anyway.
_QUESTIONS, _WINDOW = 10, timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the last attempt came to nothing, in the buyer's words."""

    title: str
    text: str
    code: str = ""


def onward(order_id: int, *, first: bool = False) -> str:
    """Where the buyer of this attempt belongs now. ``first`` – straight from the press – leads to the issuer's page, too;
    later the pending page offers it, so that going back and forth never traps anyone."""
    order = db.db.session.get_one(Order, order_id, populate_existing=True)
    match order.state:
        case "placed":
            human.ordered(order.id)
            return url_for("attempt.complete", public_id=order.public_id)
        case "draft":
            away = _away(order_id) if first else None
            return _issuer_url(away) if away else url_for("attempt.pending")
        case _:
            return url_for(HOME[order.flow])


@blueprint.get("/checkout/pending")
def pending() -> ResponseReturnValue:
    """S10: the outcome is not known yet. Leads on by itself as soon as it is."""
    order = _own()
    if order is None:
        return redirect(url_for("cart.show"), 303)
    session["attempt"] = order.id
    if order.state != "draft":
        return redirect(onward(order.id), 303)
    away = _away(order.id)
    if away and holds.end_if_over(order.id):
        return redirect(url_for("attempt.pending"), 303)
    return render_template(
        "shop/checkout_pending.html",
        order=order,
        issuer_url=_issuer_url(away) if away else "",
        minutes_left=minutes_left(order.id),
        own=True,
        people_look=_people_look(order.id),
        decided_there=away is not None and reconcile.decided_elsewhere(away),
    )


@blueprint.post("/checkout/pending/check")
def check() -> ResponseReturnValue:
    """決済状況を確認する: asks the provider now and completes or releases at once (R-163)."""
    order = _own()
    if order is not None and order.state == "draft":
        flash(ask(order), "pending")
    return redirect(url_for("attempt.pending"), 303)


@blueprint.post("/checkout/pending/abort")
def abort_attempt() -> ResponseReturnValue:
    """この決済を中止する: stock goes back at once, the cart stays; nothing is charged (R-163)."""
    order = _own()
    if order is not None and _people_look(order.id):
        flash(_("お支払いの結果を担当者が確認しています。二重のお支払いを防ぐため、確認が終わるまで中止できません。"), "pending")
    elif order is not None:
        order_id = order.id
        with db.write() as writing:
            settlement.abandon(writing, order_id, "buyer", moment())
    return redirect(url_for("attempt.pending"), 303)


@blueprint.get("/orders/<public_id>/complete")
def complete(public_id: str) -> str:
    """注文完了 – for the browser that ordered: the unguessable id opens it, others get 404. A guest sees the same whether
    会員登録 came of it: that the address is somebody's already, only the mail says (T-039)."""
    order = db.db.session.scalar(select(Order).where(Order.public_id == public_id, Order.state == "placed"))
    if order is None:
        abort(404)
    payment = db.db.session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
    ended = order_words.ended(order, payment)
    member = current_member()
    theirs = member is not None and member.member_id == order.member_id
    return render_template(
        "shop/order_complete.html",
        order=order,
        own=session.get("attempt") == order.id,
        theirs=theirs,
        # Of nobody else: that a guest has become a member, only the mail says.
        card_news=card_news.of_order(order.id) if theirs else None,
        joining=joining_words() if asked_to_join(order.id) else "",
        lead_time=db.db.session.get_one(Delivery, order.delivery_id).lead_time,
        ended=bool(ended),
        money_text=ended or order_words.just_placed(payment),
    )


def ask_to_join(order_id: int) -> None:
    """This browser's guest wants 会員登録 with this order, as 会員登録処理のタイミング is now."""
    session["joining"] = order_id
    session["joining_timing"] = settings.get(db.db.session()).timing


def asked_to_join(order_id: int) -> bool:
    """Whether they have asked. What came of it stands in the order, and is not for everybody who can type an address."""
    return current_member() is None and session.get("joining") == order_id


def joining_words() -> str:
    """What comes of the 会員登録 this browser has asked for: the same for every address (T-039), and no log-in is promised to
    who will be 仮登録."""
    if session.get("joining_timing") == "completed":
        return _("当店で受注処理が完了するまでは仮登録となり、ログインはできません。ご注文のメールアドレスに、結果をお送りします。")
    return _("ご注文のメールアドレスに、結果をお送りします。メールをお確かめのうえ、ログインしてください。")


def last_refusal() -> Refusal | None:
    """What became of this browser's last attempt, if it ended without an order."""
    order_id = session.get("attempt")
    order = db.db.session.get(Order, order_id) if isinstance(order_id, int) else None
    if order is None or order.state != "lapsed":
        return None
    session.pop("attempt")
    return refusal(order)


def refusal(order: Order) -> Refusal:
    """Why a lapsed attempt came to nothing, and what became of the money. Names nobody."""
    operation = attempts.authorization(db.db.session(), order.id)
    title = _("請求はされていません。ご注文は確定していません。")
    if operation and operation.state == "succeeded":
        # Approved too late: the hold was over, or the goods were gone. Money may still be reserved, so nobody says it is not.
        gone = (
            _("カード会社の承認が遅れて届き、商品またはクーポンを確保できませんでした。承認は自動で取り消し、結果をメールでお知らせします。")
            if order.coupon_id
            else _("カード会社の承認が遅れて届き、商品を確保できませんでした。承認は自動で取り消し、結果をメールでお知らせします。")
        )
        return Refusal(_("ご注文は確定していません。"), gone)
    match operation.state if operation else "":
        case "declined":
            assert operation is not None
            return Refusal(title, *_buyer_words(operation))
        case "lapsed" if operation and operation.settled_by == "buyer":
            return Refusal(title, _("お支払いを中止しました。カゴの中身はそのまま残っています。"))
        case "lapsed":
            return Refusal(title, _("本人認証（3Dセキュア）が終わる前に、商品のお取り置きが終わりました。よろしければ、もう一度お手続きください。"))
        case "sent" | "unknown":
            return Refusal(
                _("ご注文は確定していません。"),
                _("お支払いを中止しました。カード会社で承認されていた場合も、自動で取り消してメールでお知らせします。"),
            )
        case _:
            return Refusal(title, _("カード会社に接続できませんでした。少し待ってから、もう一度お試しください。"))


def _own() -> Order | None:
    """This browser's attempt: the one it pressed, or the open one of its cart."""
    order_id = session.get("attempt")
    order = db.db.session.get(Order, order_id) if isinstance(order_id, int) else None
    if order is None or order.state != "draft":
        order = attempts.open_attempt(db.db.session(), carts.view(db.db.session(), cart_key()).cart_id) or order
    return order


def _away(order_id: int) -> PaymentOperation | None:
    """The operation whose buyer is, or should be, at the issuer's page."""
    operation = attempts.authorization(db.db.session(), order_id)
    return operation if operation and operation.state == "parked" else None


def _people_look(order_id: int) -> bool:
    """Whether only a person can find out what became of the attempt: until then nothing may be paid anew."""
    operation = attempts.authorization(db.db.session(), order_id)
    return operation is not None and operation.state in ("sent", "unknown") and reconcile.answered_by_people(operation)


def _issuer_url(operation: PaymentOperation) -> str:
    return url_for("hop.leave", public_id=operation.public_id, token=hop.token(operation.public_id))


def minutes_left(order_id: int) -> int:
    """Whole minutes until the held stock goes back, rounded up; 0 when it has."""
    ends = db.db.session.scalar(
        select(func.min(StockHold.expires_at)).where(StockHold.order_id == order_id, StockHold.state == "held")
    )
    return max(0, -int((moment() - ends).total_seconds() // 60)) if ends else 0


def ask(order: Order) -> str:
    """Have the provider asked about the attempt; what to say when nothing has come of it."""
    away = _away(order.id)
    if away and not reconcile.decided_elsewhere(away):
        return _("本人認証（3Dセキュア）がまだ終わっていません。続けるか、この決済を中止してください。")
    operation = attempts.authorization(db.db.session(), order.id)
    if operation is None or not _may_ask(order.public_id):
        return _("少し待ってから、もう一度お試しください。")
    operation_id = operation.id
    try:
        with executor.reserve() as slot:
            executor.wait(slot.run(lambda: reconcile.ask(operation_id)))
    except Busy:
        pass
    return _("まだ結果が分かりません。もう一度注文する必要はありません。分かりしだい、この画面とメールでお知らせします。")


def _may_ask(subject: str) -> bool:
    now = moment()
    with db.write() as writing:
        if throttle.free_at(writing, "ask-outcome", subject, _QUESTIONS, _WINDOW, now):
            return False
        throttle.record(writing, "ask-outcome", subject, now)
        return True


def _buyer_words(operation: PaymentOperation) -> tuple[str, str]:
    payment = db.db.session.get_one(Payment, operation.payment_id)
    assert payment.account_version is not None
    provider = accounts.provider_of(payment.account_version.account)
    category = Category(operation.result_category or Category.OTHER)
    message = provider.buyer_message(category, operation.result_code)
    if category == Category.CONFIGURATION:
        current_app.logger.error("provider refused our settings", extra={"code": operation.result_code})
    return _(message.text), message.code
