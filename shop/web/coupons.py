"""The coupon of a checkout: what a typed code takes off, said beside its field where it takes nothing."""

from datetime import date
from typing import Any

from flask import g, request, session

from shop.checkout import confirm
from shop.checkout.cart import CartView
from shop.core import db, throttle
from shop.core.i18n import gettext as _
from shop.core.runtime import now as moment
from shop.core.text import folded
from shop.promotions import coupons
from shop.promotions.coupons import Applied
from shop.web.card_limits import clock
from shop.web.filters import long_date
from shop.web.member import browser_key, current_member

#: In the session: the code that was counted last. Pressed again it tells no guesser anything.
_TRIED = "coupon_tried"


def kept(cart: CartView) -> Applied | None:
    """What the coupon takes off that was applied on the way to the order. Where it is not to be had any more, the page with
    its field says so."""
    try:
        return _apply(_kept_code(cart), cart)
    except coupons.NotUsable:
        return None


def applied(form: Any, cart: CartView) -> Applied | None:
    """What the code in ``form`` takes off; ``None`` without one, and with a sentence at the field when it cannot be used. Judged
    once a request, and as a try: a code not known to be one may be a guess."""
    if "coupon" not in g:
        g.coupon = _judged(form, cart)
    found: Applied | None = g.coupon
    return found


def to_keep(form: Any, cart: CartView) -> str:
    """The code to be kept for the next page: the one in ``form``, right or wrong, once it was judged – for what is kept is judged
    without counting (T-091) –, else the one before."""
    applied(form, cart)
    return _kept_code(cart) if g.get("coupon_unjudged") else form.coupon.data or ""


def _judged(form: Any, cart: CartView) -> Applied | None:
    typed = form.coupon.data or ""
    if not typed:
        return None
    if form.coupon.errors:
        g.coupon_unjudged = True
        return None
    try:
        code = folded(typed)
        if code != folded(_kept_code(cart)) and throttle.digest(code) != session.get(_TRIED):
            with db.write() as writing:
                coupons.count_try(writing, typed, browser_key(), request.remote_addr or "", moment())
            session[_TRIED] = throttle.digest(code)
        return _apply(typed, cart)
    except coupons.TooManyTries as error:
        g.coupon_unjudged = True
        said = _("クーポンコードの入力が続けて失敗したため、いまは確かめられません。%(time)s以降にもう一度お試しください。", time=clock(error.until))
    except coupons.NotUsable as error:
        said = _words(error.problem, error.day)
    form.coupon.errors = [*form.coupon.errors, said]
    return None


def _apply(typed: str, cart: CartView) -> Applied | None:
    member = current_member() is not None
    return coupons.apply(db.db.session(), typed, cart.goods_yen, member=member, now=moment())


def _kept_code(cart: CartView) -> str:
    return confirm.typed(cart).get("coupon", "")


def _words(problem: str, day: date | None) -> str:
    match problem:
        case "early":
            return _("このクーポンは、%(day)sからご利用いただけます。", day=long_date(day) if day else "")
        case "over":
            return _("このクーポンの利用期間は、%(day)sで終わりました。", day=long_date(day) if day else "")
        case "stopped":
            return _("このクーポンは、いまはご利用いただけません。")
        case "members":
            return _("このクーポンは会員のかた専用です。ログインするとご利用いただけます。")
        case "used_up":
            return _("このクーポンは、利用できる回数に達したため、ご利用いただけません。")
        case "in_use":
            return _("このクーポンは、お手続き中のほかのご注文で使われています。そのご注文が成立しなければ、20分以内に再びご利用いただけます。")
        case _unknown:
            return _("このクーポンコードは見つかりません。入力内容をお確かめください。")
