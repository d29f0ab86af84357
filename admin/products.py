"""商品一覧: where 「カゴに入れる」 of each product leads to (R-124)."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from admin import words
from admin.blueprint import blueprint, own_path
from admin.log import note
from admin.paging import page_by_id
from providers.contract import N_
from shop.catalogue.models import Product
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.paging import capped_count

#: The same for 最近の操作, in Japanese whatever language the page is in.
_FLOWS = {"zero": N_("ゼロステップカート"), "steps": N_("3ステップカート")}


@blueprint.get("/products")
def products() -> str:
    """All products, newest first."""
    query = select(Product.id, Product.code, Product.name, Product.published, Product.flow)
    session = db.session()
    return render_template(
        "admin/products.html",
        page=page_by_id(session, query, Product.id),
        count=capped_count(session, select(Product.id)),
        here=request.full_path.rstrip("?"),
    )


@blueprint.post("/products/<int:product_id>/flow")
def change_flow(product_id: int) -> ResponseReturnValue:
    """「カゴに入れる」のリンク先 of one product."""
    flow = request.form.get("flow", "")
    if flow not in words.FLOWS:
        abort(400)
    with write() as session:
        product = session.get(Product, product_id) or abort(404)
        if product.flow != flow:
            product.flow = flow
            note(session, N_("商品「%(name)s」のリンク先を変更（%(flow)s）"), name=product.name, flow=_FLOWS[flow])
        name = product.name
    flash(_("「%(name)s」のリンク先を%(flow)sにしました。", name=name, flow=words.FLOWS[flow]), "good")
    return redirect(own_path(request.form.get("next", "")), 303)
