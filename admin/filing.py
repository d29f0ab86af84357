"""受注完了一覧へ移動, 受注キャンセル一覧へ移動 and the ways back: ask first, then move. Money stays where it is (R-190)."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, select

from admin import words
from admin.blueprint import actor, blueprint
from admin.order_page import find_order
from shop.catalogue import stock
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.members.models import Member
from shop.orders import filing, own
from shop.orders.models import OrderLine
from shop.payments import actions
from shop.promotions import coupons


@blueprint.get("/orders/<number>/move/<target>")
def confirm_move(number: str, target: str) -> str:
    """What the move will do. Nothing has happened yet."""
    order = find_order(db.session(), number)
    if target not in words.MOVES or target == order.filed:
        abort(404)
    payment = own.payment(db.session(), order)
    provisional = exists().where(Member.id == order.member_id, Member.state == "provisional")
    return render_template(
        "admin/confirm_move.html",
        order=order,
        target=target,
        provisional=db.session.scalar(select(provisional)),
        may_tell=filing.may_tell(db.session(), order, target),
        through_provider=payment.account_version_id is not None,
        panel=actions.panel(db.session(), payment, order.total_yen, now()),
    )


@blueprint.post("/orders/<number>/move/<target>")
def move_order(number: str, target: str) -> ResponseReturnValue:
    """Move it, from the list the page showed it in."""
    seen = request.form.get("seen", "")
    if target not in filing.LISTS:
        abort(404)
    order_id = find_order(db.session(), number).id
    try:
        with write() as session:
            filing.move(session, order_id, seen, target, actor(), now(), tell_buyer="tell_buyer" in request.form)
    except filing.ElsewhereNow:
        flash(_("この受注は、すでに別の一覧にあります。"), "todo")
    except stock.OutOfStock as short:
        flash(_("在庫が足りないため移動していません：%(name)s", name=_name(order_id, short.variant_id)), "bad")
    except coupons.NotUsable:
        flash(_("クーポンの利用できる回数が残っていないため、移動していません。クーポンの回数を増やしてから、もう一度移動してください。"), "bad")
    else:
        flash(_("%(list)sへ移動しました。", list=words.LISTS[target]), "good")
    return redirect(url_for("admin.order", number=number), 303)


def _name(order_id: int, variant_id: int) -> str:
    """What the order calls this product."""
    line = select(OrderLine.name).where(OrderLine.order_id == order_id, OrderLine.variant_id == variant_id)
    return db.session.scalars(line.limit(1)).one()
