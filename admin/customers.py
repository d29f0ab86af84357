"""顧客一覧 and 顧客明細. A 仮登録 is no customer yet: it enters the list when its order is completed (features F)."""

from flask import abort, render_template, request
from sqlalchemy import ColumnElement, func, or_, select

from admin.blueprint import blueprint
from admin.order_query import PLACED, judge, of_member
from admin.paging import page_by_id
from shop.core.db import db
from shop.core.paging import Rows, capped_count
from shop.core.text import clean_line, narrow
from shop.members import addresses, history
from shop.members.models import Member, MemberEvent
from shop.orders.models import Order
from shop.payments.cards import book

_LAST_EVENTS = 20


@blueprint.get("/customers")
def customers() -> str:
    """Members, newest first; those who left on a page of their own, for they have no name any more."""
    state = "left" if request.args.get("state") == "left" else "active"
    wanted = clean_line(request.args.get("q", ""))[:100]
    session = db.session()
    return render_template(
        "admin/customers.html",
        page=page_by_id(session, _searched(_columns(), state, wanted), Member.id),
        count=capped_count(session, _searched(select(Member.id), state, wanted)),
        state=state,
        wanted=wanted,
    )


@blueprint.get("/customers/<int:member_id>")
def customer(member_id: int) -> str:
    """顧客明細: who it is, cards, orders by key, the latest of 操作履歴."""
    session = db.session()
    member = session.get(Member, member_id) or abort(404)
    orders = page_by_id(session, of_member(member.id), Order.id)
    events = session.execute(history.events(member.id).order_by(MemberEvent.id.desc()).limit(_LAST_EVENTS)).all()
    return render_template(
        "admin/customer.html",
        member=member,
        addresses=addresses.of_member(session, member.id),
        cards=book.state(session, member.id),
        orders=orders,
        rows=[judge(row) for row in orders.rows],
        events=events,
        said=history.said,
    )


@blueprint.get("/customers/<int:member_id>/history")
def customer_history(member_id: int) -> str:
    """All of 操作履歴."""
    session = db.session()
    member = session.get(Member, member_id) or abort(404)
    page = page_by_id(session, history.events(member.id), MemberEvent.id)
    return render_template("admin/customer_history.html", member=member, page=page, said=history.said)


def _columns() -> Rows:
    newest = select(func.max(Order.placed_at)).where(Order.member_id == Member.id, PLACED)
    return select(
        Member.id, Member.login, Member.name, Member.kana, Member.email, Member.prefecture, Member.created_at, Member.left_at,
        newest.scalar_subquery().label("ordered_at"),
    )  # fmt: skip


def _searched(query: Rows, state: str, wanted: str) -> Rows:
    query = query.where(Member.state == state)
    return query.where(_matches(wanted)) if wanted else query


def _matches(wanted: str) -> ColumnElement[bool]:
    """A part of a name, with or without its space, of a 会員ID or of a mail address in any width and case."""
    bare, folded = wanted.replace(" ", ""), narrow(wanted).casefold()
    names = (func.replace(column, " ", "").contains(bare, autoescape=True) for column in (Member.name, Member.kana))
    keys = (column.contains(folded, autoescape=True) for column in (Member.login, Member.email_key))
    return or_(*names, *keys)
