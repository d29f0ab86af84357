"""受注一覧, 受注完了一覧, 受注キャンセル一覧 and the search over all three."""

from flask import abort, render_template, request

from admin import words
from admin.blueprint import blueprint
from admin.order_query import Search, countable, judge, listed
from admin.paging import page_by_id
from shop.core.db import db
from shop.core.paging import capped_count
from shop.orders.models import Order
from shop.payments import methods


@blueprint.get("/orders")
def orders() -> str:
    """One list, or what the search finds in any of them."""
    filed = request.args.get("list", "open")
    if filed not in words.LISTS:
        abort(404)
    search = Search.read(request.args)
    session = db.session()
    page = page_by_id(session, listed(filed, search), Order.id)
    return render_template(
        "admin/orders.html",
        filed=filed,
        search=search,
        methods=methods.named(session, search.method),
        rows=[judge(row) for row in page.rows],
        page=page,
        count=capped_count(session, countable(filed, search)),
    )
