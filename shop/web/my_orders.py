"""注文状況・履歴: a member's own orders, and もう一度注文する."""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from shop.checkout import reorder
from shop.checkout.reorder import Again
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.orders import cancel_request, own
from shop.orders.models import Order
from shop.web import cancelling, order_words
from shop.web.cart import cart_key
from shop.web.member import members_only, the_member
from shop.web.paging import page_by_id

blueprint = Blueprint("my_orders", __name__)


@blueprint.get("/mypage/orders")
@members_only
def order_list() -> str:
    """Orders placed while logged in, newest first."""
    page = page_by_id(own.listed(the_member().member_id), Order.id)
    return render_template("shop/my_orders.html", page=page, filed=order_words.FILED)


@blueprint.get("/mypage/orders/<public_id>")
@members_only
def order(public_id: str) -> str:
    """One order in full."""
    return order_page(_own(db.session(), public_id), mine=True)


@blueprint.post("/mypage/orders/<public_id>/again")
@members_only
def again(public_id: str) -> ResponseReturnValue:
    """もう一度注文する: into the cart, with a word on everything that did not go."""
    with write() as transaction:
        tried = reorder.put(transaction, cart_key(), _own(transaction, public_id).lines, now())
    if any(each.put for each in tried):
        flash(_("商品をカゴに入れました。価格は、いまのものです。"), "good")
    if missed := _missed(tried):
        flash(_("同じ数を入れられなかった商品があります：%(names)s", names=missed), "todo")
    return redirect(url_for("cart.show"), 303)


@blueprint.get("/mypage/orders/<public_id>/cancel")
@members_only
def cancel_form(public_id: str) -> ResponseReturnValue:
    """キャンセルを依頼する: asks before anything is sent."""
    return cancelling.page(_own(db.session(), public_id), *_ways(public_id))


@blueprint.post("/mypage/orders/<public_id>/cancel")
@members_only
def ask_to_cancel(public_id: str) -> ResponseReturnValue:
    """Pass the request on to the shop."""
    return cancelling.take(_own(db.session(), public_id), *_ways(public_id))


def _ways(public_id: str) -> tuple[str, str]:
    """Where the request is sent, and the order's page."""
    return url_for("my_orders.ask_to_cancel", public_id=public_id), url_for("my_orders.order", public_id=public_id)


def order_page(found: Order, *, mine: bool) -> str:
    """The page of one order for whoever may see it; only its member may order again."""
    payment = own.payment(db.session(), found)
    may_cancel = cancel_request.is_open(found, payment)
    return render_template(
        "shop/order.html",
        order=found,
        mine=mine,
        filed=order_words.FILED[found.filed],
        money_text=order_words.money(found, payment),
        payment=payment,
        may_cancel=may_cancel,
        cancel_asked=cancel_request.stands(db.session(), found, payment),
    )


def _own(session: Session, public_id: str) -> Order:
    return own.find(session, the_member().member_id, public_id) or abort(404)


def _missed(tried: Sequence[Again]) -> str:
    return "、".join(
        _("%(name)s（%(why)s）", name=each.name, why=_why(each)) for each in tried if each.put < each.wanted
    )


def _why(missed: Again) -> str:
    if missed.put:
        return _("%(put)s点だけ入れました", put=missed.put)
    match missed.problem:
        case "unpublished":
            return _("販売停止中")
        case "sold_out":
            return _("売り切れ")
        case "not_enough":
            return _("在庫の残りは、すでにカゴに入っています")
        case _:
            return _("カゴの上限です")
