"""What an order would cost: goods, coupon, shipping, fee, totals per tax rate – and a digest that notices any change of it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from shop.checkout.cart import CartView
from shop.core.money import order_totals_per_rate
from shop.core.runtime import now as moment
from shop.delivery import service as delivery
from shop.delivery.models import Delivery
from shop.payments import accounts, breaker, cardalarm, methods
from shop.payments.models import PaymentMethod
from shop.promotions.coupons import Applied


@dataclass(frozen=True, slots=True)
class Quote:
    """Amounts in yen, tax included."""

    goods_yen: int
    #: 0 when shipping is 別途連絡.
    shipping_yen: int
    shipping_apart: bool
    #: 0 when the fee is 別途連絡.
    fee_yen: int
    fee_apart: bool
    per_rate: dict[int, int]
    digest: str
    coupon: Applied | None

    @property
    def coupon_code(self) -> str:
        return self.coupon.code if self.coupon else ""

    @property
    def coupon_yen(self) -> int:
        """What the coupon takes off."""
        return self.coupon.discount_yen if self.coupon else 0

    @property
    def total_yen(self) -> int:
        return self.goods_yen + self.shipping_yen + self.fee_yen - self.coupon_yen


@dataclass(frozen=True, slots=True)
class Choice:
    """One courier with the payment methods that go with it now."""

    delivery: Delivery
    methods: tuple[PaymentMethod, ...]
    #: Those left where shipping is 別途連絡 (R-244).
    methods_apart: tuple[PaymentMethod, ...]
    #: Those that would go with it, too, if their provider answered (:mod:`shop.payments.breaker`).
    resting: tuple[PaymentMethod, ...] = ()
    #: Those that would, too, if cards were taken at present (:mod:`shop.payments.cardalarm`).
    stopped: tuple[PaymentMethod, ...] = ()
    #: Those that would, too, if there was at least ¥1 to pay.
    too_little: tuple[PaymentMethod, ...] = ()
    #: Cards whose fee is 別途連絡: never taken (R-115).
    unpriced: tuple[PaymentMethod, ...] = ()

    def methods_to(self, prefecture: str) -> tuple[PaymentMethod, ...]:
        """Where shipping is 別途連絡 no card: it is charged a fixed amount or nothing (R-115)."""
        if delivery.shipping(self.delivery, prefecture) is None:
            return self.methods_apart
        return self.methods


def without_cards(offered: Iterable[PaymentMethod]) -> tuple[PaymentMethod, ...]:
    """A card is charged a fixed amount or nothing."""
    return tuple(method for method in offered if method.kind != "card")


def choices(session: Session, goods_yen: int, coupon: Applied | None = None) -> list[Choice]:
    """Couriers and their methods: 設定済み, paired [○], usable in this mode, 適用条件 met and within the amount limits
    (R-116, R-117); those of a provider that does not answer now, and cards while the shop takes none, stand apart."""
    paired = delivery.pairs(session)
    ready = [
        method
        for method in methods.listed(session)
        if method.configured and applies(method, goods_yen) and accounts.usable(method.account)
    ]
    found, now = [], moment()
    no_cards = any(method.kind == "card" for method in ready) and cardalarm.is_stopped(session, now)
    left = goods_yen - (coupon.discount_yen if coupon else 0)
    for courier in delivery.offered(session):
        goes_with = [method for method in ready if (courier.id, method.id) in paired]
        unpriced = tuple(method for method in goes_with if method.kind == "card" and method.fee is None)
        priced = [method for method in goes_with if method not in unpriced]
        fits = [method for method in priced if payable(method, left + courier.fee_yen + (method.fee or 0))]
        too_little = tuple(method for method in priced if left + courier.fee_yen + (method.fee or 0) < 1)
        stopped = tuple(method for method in fits if no_cards and method.kind == "card")
        resting = tuple(method for method in fits if method not in stopped and breaker.rests(method.account, now))
        usable = tuple(method for method in fits if method not in resting and method not in stopped)
        apart = tuple(method for method in without_cards(usable) if payable(method, left + (method.fee or 0)))
        found.append(Choice(courier, usable, apart, resting, stopped, too_little, unpriced))
    return found


def applies(method: PaymentMethod, goods_yen: int) -> bool:
    """適用条件 – about the merchandise amount alone: neither shipping and fees nor a coupon change the answer (R-013)."""
    if method.hidden_from_yen is not None and goods_yen >= method.hidden_from_yen:
        return False
    return goods_yen >= (method.shown_from_yen or 0)


def payable(method: PaymentMethod, total_yen: int) -> bool:
    """Whether a total can be paid this way: at least ¥1, and at most what the provider takes in one payment."""
    if total_yen < 1:
        return False
    if method.account is None:
        return True
    return total_yen <= accounts.provider_of(method.account).capabilities.max_yen


def quote(
    cart: CartView, courier: Delivery | None, method: PaymentMethod | None, prefecture: str, coupon: Applied | None = None
) -> Quote:
    """The amounts for a cart that goes to ``prefecture``; courier or method not chosen yet count nothing, nor does
    shipping or a fee that is 別途連絡 (R-244)."""
    shipping = delivery.shipping(courier, prefecture) if courier else 0
    fee = method.fee if method else 0
    known, known_fee = shipping or 0, fee or 0
    goods = [(line.amount_yen, line.tax_rate) for line in cart.lines]
    rates = order_totals_per_rate(goods, known + known_fee, coupon.discount_yen if coupon else 0)
    digest = _digest(cart, courier, shipping, method, coupon)
    return Quote(cart.goods_yen, known, shipping is None, known_fee, fee is None, rates, digest, coupon)


def _digest(
    cart: CartView, courier: Delivery | None, shipping: int | None, method: PaymentMethod | None, coupon: Applied | None
) -> str:
    """Over everything the buyer agrees to: lines, prices, rates, courier, 引渡時期, shipping, method, fee, capture mode, 注意書き,
    支払回数 on offer, whether the issuer is told who they are, and the coupon with what it takes off."""
    facts = [
        [[line.variant_id, line.name, line.unit_yen, line.quantity, line.tax_rate] for line in cart.lines],
        [courier.id, courier.name, courier.lead_time, shipping] if courier else None,
        _facts(method) if method else None,
        [coupon.coupon_id, coupon.code, coupon.discount_yen] if coupon else None,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _facts(method: PaymentMethod) -> list[object]:
    how = methods.instalments(method), methods.authenticates(method)
    return [method.id, method.name, method.fee, method.capture_at_once, method.note, *how]
