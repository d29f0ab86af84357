"""確認 – fixing what the buyer sees, and noticing at 注文する whether any of it has changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.checkout.cart import CartView
from shop.checkout.models import Cart, Confirmation
from shop.checkout.quote import Choice, Quote, choices, quote
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod


class CannotConfirm(Exception):
    """Why this cart cannot be confirmed as chosen: ``empty``, ``stock``, ``delivery``, ``payment``, ``resting`` –
    its provider does not answer now –, ``stopped`` – no card is taken at present – or ``apart`` – a card where shipping is 別途連絡."""

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
    session: Session, cart: CartView, delivery_id: int, payment_method_id: int, prefecture: str
) -> Agreement:
    """Check a choice against cart, stock, pairing and the ``prefecture`` the goods go to. Raises
    :class:`CannotConfirm` with what is wrong."""
    if cart.is_empty:
        raise CannotConfirm("empty")
    short = tuple(line.name for line in cart.lines if line.short)
    if short:
        raise CannotConfirm("stock", short)
    choice = _choice(choices(session, cart.goods_yen), delivery_id)
    method = next((m for m in choice.methods if m.id == payment_method_id), None)
    if any(m.id == payment_method_id for m in choice.resting):
        raise CannotConfirm("resting")
    if any(m.id == payment_method_id for m in choice.stopped):
        raise CannotConfirm("stopped")
    if method is None:
        raise CannotConfirm("payment")
    if method not in choice.methods_to(prefecture):
        raise CannotConfirm("apart")
    amounts = quote(cart, choice.delivery, method, prefecture)
    return Agreement(cart, choice.delivery, method, amounts, choice.delivery.id, method.id)


def _choice(offered: list[Choice], delivery_id: int) -> Choice:
    for choice in offered:
        if choice.delivery.id == delivery_id:
            return choice
    raise CannotConfirm("delivery")


def store(
    session: Session, token: str, agreement: Agreement, form: Mapping[str, object], page: str, now: datetime
) -> None:
    """Write a confirmation down: the buyer's cleaned form (never card data) and ``page``, the final page as shown
    (R-290)."""
    session.add(
        Confirmation(
            token=token, cart_id=agreement.cart.cart_id, cart_version=agreement.cart.version,
            delivery_id=agreement.delivery_id, payment_method_id=agreement.method_id,
            total_yen=agreement.quote.total_yen, quote_digest=agreement.quote.digest,
            form=json.dumps(form, ensure_ascii=False), snapshot=page, created_at=now,
        )
    )  # fmt: skip


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


def latest_form(session: Session, cart_id: int) -> dict[str, str]:
    """What the buyer typed last in this cart's checkout; empty when nothing was confirmed yet."""
    form = session.scalar(
        select(Confirmation.form).where(Confirmation.cart_id == cart_id).order_by(Confirmation.id.desc()).limit(1)
    )
    return dict(json.loads(form)) if form else {}


def still_true(agreement: Agreement, confirmation: Confirmation) -> bool:
    """Whether what would be ordered now is exactly what was confirmed (R-121, P-14)."""
    return (
        agreement.quote.digest == confirmation.quote_digest
        and agreement.cart.version == confirmation.cart_version
        and agreement.quote.total_yen == confirmation.total_yen
    )
