"""カゴ: what the buyer has picked. Every change is a POST; looking at it writes nothing."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from shop.catalogue.models import Product, Variant
from shop.checkout import cart
from shop.checkout.quote import choices, quote
from shop.core import ids
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.core.text import narrow
from shop.orders.models import Order
from shop.web import coupons, storefront

blueprint = Blueprint("cart", __name__)


class BadQuantity(ValueError):
    """Not one whole number from 1 to 999."""


def cart_key() -> str:
    """The key of this visitor's cart, made at the first need. For POSTs: a GET needs no cart that is not there yet.

    It comes out of what the session has from its first page on, so that first adds in several tabs at once, which do not know
    of each other's answers, find one cart (S-097)."""
    if "cart" not in session:
        common = session.get("csrf_token")
        session["cart"] = ids.derived("cart", common) if common else ids.public_id()
    return str(session["cart"])


def current() -> cart.CartView:
    """This visitor's cart as it is now; empty without touching the database when there never was one."""
    key = session.get("cart")
    return cart.view(db.session(), key) if key else cart.CartView(None, 0, ())


@blueprint.post("/cart/items")
def add() -> ResponseReturnValue:
    """「カゴに入れる」 – on to the one-page checkout or, where the product says so, to カゴの中身 (R-106, R-124). Prices or totals sent along are not read."""
    variant_id = _variant_id()
    try:
        quantity = _quantity()
        with write() as transaction:
            flow = cart.add(transaction, cart_key(), variant_id, quantity, now())
    except (BadQuantity, cart.CartError) as error:
        return _product_again(variant_id, _message(error)), 422
    return redirect(url_for("cart.show" if flow == "steps" else "checkout.zero"), 303)


@blueprint.get("/cart")
def show() -> ResponseReturnValue:
    """カゴの中身."""
    return _cart_page()


@blueprint.post("/cart/items/<int:item_id>")
def change(item_id: int) -> ResponseReturnValue:
    """A new quantity for one line, or the line away."""
    try:
        if "remove" in request.form:
            with write() as transaction:
                cart.remove(transaction, cart_key(), item_id, now())
        else:
            quantity = _quantity()
            with write() as transaction:
                cart.set_quantity(transaction, cart_key(), item_id, quantity, now())
    except (BadQuantity, cart.CartError) as error:
        return _cart_page(error_item=item_id, error=_message(error)), 422
    return redirect(url_for("cart.show"), 303)


def _cart_page(error_item: int = 0, error: str = "") -> str:
    """With what an order would cost in the end, before any personal data is asked for (U-020): as the form begins, with
    the first courier and its first method, and what the others cost."""
    view = current()
    coupon = coupons.kept(view)
    offered = [] if view.is_empty else choices(db.session(), view.goods_yen, coupon)
    methods = {method.id: method for choice in offered for method in choice.methods}
    first = offered[0] if offered else None
    return render_template(
        "shop/cart.html",
        cart=view,
        quote=quote(view, first.delivery if first else None, next(iter(first.methods), None) if first else None, "", coupon),
        ordered=_just_ordered() if view.is_empty else None,
        couriers=[choice.delivery for choice in offered],
        with_fee=[method for method in methods.values() if method.fee != 0],
        error_item=error_item,
        error=error,
        typed=request.form.get("quantity", ""),
    )


def _just_ordered() -> Order | None:
    """The order that this browser's last cart became, while the shop has it in hand: who comes back from 注文完了 is led here,
    and must not take the empty cart for an order that failed (P-02, S-066)."""
    order_id = session.get("attempt")
    order = db.session().get(Order, order_id) if isinstance(order_id, int) else None
    return order if order and order.state == "placed" and order.filed == "open" else None


def _product_again(variant_id: int, message: str) -> str:
    code = db.session().scalar(
        select(Product.code).join(Variant, Variant.product_id == Product.id).where(Variant.id == variant_id)
    )
    if code is None:
        abort(404)
    return storefront.refused_product(
        code, error=message, variant_id=variant_id, typed=request.form.get("quantity", "")
    )


def _variant_id() -> int:
    value = request.form.get("variant_id", "")
    if not (value.isascii() and value.isdigit()) or len(value) > 15:
        abort(404)
    return int(value)


def _quantity() -> int:
    """One whole number, in whatever width it was typed. Signs, points, exponents and lists are not quantities."""
    values = request.form.getlist("quantity")
    text = narrow(values[0]) if len(values) == 1 else ""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not 1 <= int(text) <= cart.MAX_QUANTITY:
        raise BadQuantity
    return int(text)


def _message(error: BadQuantity | cart.CartError) -> str:
    if isinstance(error, BadQuantity):
        return str(_("数量は1から%(most)sまでの整数で入力してください。", most=cart.MAX_QUANTITY))
    match error.message_key:
        case "sold_out":
            message = _("売り切れました。")
        case "not_enough":
            message = _("在庫は残り%(left)s点です。数量を減らしてください。", left=error.available)
        case "too_many" if error.available:
            message = _("ひとつの商品は、カゴに%(most)s点まで入れられます。", most=cart.MAX_QUANTITY)
        case "too_many":
            message = _("カゴに入れられる商品は%(most)s種類までです。", most=cart.MAX_LINES)
        case "unpublished":
            message = _("この商品は販売停止中です。")
        case _unknown:
            message = _("商品が見つかりませんでした。")
    return str(message)
