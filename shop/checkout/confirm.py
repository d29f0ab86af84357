"""確認 – fixing what the buyer sees, and noticing at 注文する whether any of it has changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.checkout.cart import CartView
from shop.checkout.models import Cart, Confirmation
from shop.checkout.quote import Choice, Quote, choices, quote
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod
from shop.promotions import coupons
from shop.promotions.coupons import Applied

#: A confirmation can be ordered for so long; a press from an older page confirms again (T-083).
CONFIRMATION_LIFE = timedelta(hours=1)


class CannotConfirm(Exception):
    """Why this cart cannot be confirmed as chosen: ``empty``, ``stock``, ``delivery``, ``payment``, ``resting`` –
    its provider does not answer now –, ``stopped`` – no card is taken at present –, ``too_little`` – less than ¥1 would be paid –,
    ``apart`` – a card where shipping is 別途連絡 –, ``fee_apart`` – a card whose fee is – or ``coupon``: it cannot be used any more."""

    def __init__(self, problem: str, product_names: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.product_names = product_names


@dataclass(frozen=True, slots=True)
class Agreement:
    """A cart with the chosen courier and method, and what it costs."""

    cart: CartView
    delivery: Delivery
    method: PaymentMethod
    quote: Quote
    #: Plain copies: rows are refreshed when a write begins, ids need no refreshing.
    delivery_id: int
    method_id: int


def ship_prefix(form: Mapping[str, str]) -> str:
    """Which fields of the form say where the goods go: ``ship_…`` of 別のお届け先, or the buyer's own."""
    return "ship_" if form.get("ship_to") == "other" else ""


def ship_prefecture(form: Mapping[str, str]) -> str:
    """The prefecture the goods go to; blank when the buyer has not said."""
    return form.get(ship_prefix(form) + "prefecture", "")


def agree(
    session: Session, cart: CartView, delivery_id: int, payment_method_id: int, prefecture: str, coupon: Applied | None = None
) -> Agreement:
    """Check a choice against cart, stock, pairing, the ``prefecture`` the goods go to and what is left to pay. Raises
    :class:`CannotConfirm` with what is wrong."""
    if cart.is_empty:
        raise CannotConfirm("empty")
    short = tuple(line.name for line in cart.lines if line.short)
    if short:
        raise CannotConfirm("stock", short)
    choice = _choice(choices(session, cart.goods_yen, coupon), delivery_id)
    method = next((m for m in choice.methods if m.id == payment_method_id), None)
    if any(m.id == payment_method_id for m in choice.resting):
        raise CannotConfirm("resting")
    if any(m.id == payment_method_id for m in choice.stopped):
        raise CannotConfirm("stopped")
    if any(m.id == payment_method_id for m in choice.unpriced):
        raise CannotConfirm("fee_apart")
    if any(m.id == payment_method_id for m in choice.too_little):
        raise CannotConfirm("too_little")
    if method is None:
        raise CannotConfirm("payment")
    amounts = quote(cart, choice.delivery, method, prefecture, coupon)
    if method not in choice.methods_to(prefecture):
        raise CannotConfirm("apart" if amounts.total_yen > 0 else "too_little")
    return Agreement(cart, choice.delivery, method, amounts, choice.delivery.id, method.id)


def agree_again(session: Session, cart: CartView, confirmation: Confirmation, now: datetime) -> Agreement:
    """What was confirmed, as it would be agreed on now. Raises :class:`CannotConfirm`."""
    form, member = form_of(confirmation), confirmation.member_id is not None
    try:
        coupon = coupons.apply(session, form.get("coupon", ""), cart.goods_yen, member=member, now=now)
    except coupons.NotUsable:
        raise CannotConfirm("coupon") from None
    chosen = confirmation.delivery_id, confirmation.payment_method_id
    return agree(session, cart, *chosen, ship_prefecture(form), coupon)


def _choice(offered: list[Choice], delivery_id: int) -> Choice:
    for choice in offered:
        if choice.delivery.id == delivery_id:
            return choice
    raise CannotConfirm("delivery")


def store(
    session: Session,
    token: str,
    agreement: Agreement,
    form: Mapping[str, str],
    page: str,
    now: datetime,
    *,
    flow: str = "zero",
    member_id: int | None = None,
    registration: str = "",
) -> None:
    """Write a confirmation down: the buyer's cleaned form (never card data) and ``page``, the final page as shown
    (R-290). ``flow`` is the checkout that shows it, ``registration`` what becomes a member with the order. The form is kept for the cart as well: nobody types it twice."""
    cart_id = agreement.cart.cart_id
    assert cart_id is not None
    session.add(
        Confirmation(
            token=token, cart_id=cart_id, cart_version=agreement.cart.version, flow=flow, member_id=member_id,
            registration=registration,
            delivery_id=agreement.delivery_id, payment_method_id=agreement.method_id,
            total_yen=agreement.quote.total_yen, quote_digest=agreement.quote.digest,
            form=_packed(form), snapshot=page, created_at=now,
        )
    )  # fmt: skip
    keep_typed(session, cart_id, form, registration)


def _same_password(cart: CartView, confirmation: Confirmation) -> bool:
    """会員登録 makes a member with the password typed last."""
    if not confirmation.registration:
        return True
    return bool(json.loads(confirmation.registration)["password_hash"] == cart.password_hash)


def _packed(form: Mapping[str, str]) -> str:
    return json.dumps(form, ensure_ascii=False, sort_keys=True)


def find(session: Session, token: str, cart_key: str) -> Confirmation | None:
    """A confirmation by its token, for the cart it was made from only."""
    if not token.isalnum():
        return None
    query = (
        select(Confirmation)
        .join(Cart, Cart.id == Confirmation.cart_id)
        .where(Confirmation.token == token, Cart.key == cart_key)
    )
    return session.scalar(query)


def form_of(confirmation: Confirmation) -> dict[str, str]:
    """The buyer's form as it was confirmed."""
    return dict(json.loads(confirmation.form))


def typed(cart: CartView) -> dict[str, str]:
    """What the buyer has typed in this cart's checkout, whichever it is; empty when nothing was yet."""
    return dict(json.loads(cart.typed))


def keep_typed(session: Session, cart_id: int, form: Mapping[str, str], registration: str = "") -> None:
    """Remember what the buyer has typed, on top of what they typed on other pages of the checkout, and the hash of the
    password in ``registration``."""
    known = session.scalar(select(Cart.form).where(Cart.id == cart_id)) or "{}"
    form, password_hash = json.loads(known) | dict(form), json.loads(registration or "{}").get("password_hash", "")
    session.execute(update(Cart).where(Cart.id == cart_id).values(form=_packed(form), password_hash=password_hash))


def forget_typed(session: Session, member_id: int) -> None:
    """What was typed on the way to an order goes out of the member's cart; the goods stay."""
    session.execute(update(Cart).where(Cart.member_id == member_id).values(form="{}", password_hash=""))


def standing(
    session: Session, cart: CartView, member_id: int | None, now: datetime
) -> tuple[Confirmation, PaymentMethod] | None:
    """The confirmation that STEP3 shows, and its method: the newest of this cart, if it is of who looks – ``member_id`` is logged
    in –, says what the buyer has typed since and would pay now. ``None`` sends them through STEP2 again (R-107, S-071)."""
    if cart.cart_id is None:
        return None
    newest = session.scalar(
        select(Confirmation)
        .where(Confirmation.cart_id == cart.cart_id, Confirmation.flow == "steps")
        .order_by(Confirmation.id.desc())
        .limit(1)
    )
    if newest is None or newest.member_id != member_id:
        return None
    if now - newest.created_at > CONFIRMATION_LIFE:
        return None
    try:
        agreement = agree_again(session, cart, newest, now)
    except CannotConfirm:
        return None
    return (newest, agreement.method) if still_true(agreement, newest) else None


def still_true(agreement: Agreement, confirmation: Confirmation) -> bool:
    """Whether what would be ordered now is exactly what was confirmed – by the shop's prices and by what the buyer has said
    since, in this tab or another one (R-121, P-14)."""
    said = typed(agreement.cart)
    return (
        _same_password(agreement.cart, confirmation)
        and all(said.get(name) == value for name, value in form_of(confirmation).items())
        and agreement.quote.digest == confirmation.quote_digest
        and agreement.cart.version == confirmation.cart_version
        and agreement.quote.total_yen == confirmation.total_yen
    )
