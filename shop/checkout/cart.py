"""カート. Every change counts its version, so that a confirmation is for exactly what the buyer saw."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shop.catalogue.models import Product, Variant
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core.money import REDUCED_RATE, STANDARD_RATE
from shop.orders.models import Order

# On tables and built once, for the transaction that places an order.
_item = CartItem.__table__.c
_SOLD_HERE = (_item.cart_id == bindparam("cart"), _item.variant_id == bindparam("variant"))
_ALL_SOLD = delete(CartItem.__table__).where(*_SOLD_HERE, _item.quantity <= bindparam("sold"))  # type: ignore[arg-type]
_SOME_SOLD = update(CartItem.__table__).where(*_SOLD_HERE).values(quantity=_item.quantity - bindparam("sold"))  # type: ignore[arg-type]
_ORDERED = (
    update(Cart.__table__)  # type: ignore[arg-type]
    .where(Cart.__table__.c.id == bindparam("cart"))
    .values(version=Cart.__table__.c.version + 1, password_hash="")
    .returning(Cart.__table__.c.form)
)
_JOINED = update(Confirmation.__table__).where(Confirmation.__table__.c.cart_id == bindparam("cart")).values(registration="")  # type: ignore[arg-type]

#: Units of one variant in a cart, and different variants in a cart.
MAX_QUANTITY = 999
MAX_LINES = 50


class CartError(Exception):
    """A change of the cart that cannot be: ``sold_out``, ``not_enough``, ``too_many``, ``unpublished``, ``unknown``."""

    def __init__(self, message_key: str, product_name: str = "", available: int = 0) -> None:
        super().__init__(message_key)
        self.message_key = message_key
        self.product_name = product_name
        self.available = available


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line as shown; prices are tax-inclusive yen."""

    item_id: int
    variant_id: int
    product_code: str
    product_name: str
    variant_name: str
    code: str
    image: str
    unit_yen: int
    quantity: int
    tax_rate: int
    available: int
    published: bool
    #: Which checkout its product leads to.
    flow: str = "zero"

    @property
    def name(self) -> str:
        return f"{self.product_name} {self.variant_name}".strip()

    @property
    def amount_yen(self) -> int:
        return self.unit_yen * self.quantity

    @property
    def reduced(self) -> bool:
        return self.tax_rate == REDUCED_RATE

    @property
    def short(self) -> bool:
        """Whether the line cannot be ordered as it stands."""
        return not self.published or self.quantity > self.available


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as read; an unknown key reads as an empty one."""

    cart_id: int | None
    version: int
    lines: tuple[CartLine, ...]
    #: What the buyer has typed in the checkout so far, JSON, and the hash of the password for 会員登録 among it.
    typed: str = "{}"
    password_hash: str = ""

    @property
    def goods_yen(self) -> int:
        return sum(line.amount_yen for line in self.lines)

    @property
    def flow(self) -> str:
        """Which checkout this cart goes through: ``steps`` as soon as one product asks for it (R-124)."""
        return "steps" if any(line.flow == "steps" for line in self.lines) else "zero"

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def is_empty(self) -> bool:
        return not self.lines


def view(session: Session, key: str) -> CartView:
    """Read a cart in two statements."""
    wanted = select(Cart.id, Cart.version, Cart.form, Cart.password_hash).where(Cart.key == key)
    cart = session.execute(wanted).one_or_none()
    if cart is None:
        return CartView(None, 0, ())
    return CartView(cart.id, cart.version, lines(session, cart.id), cart.form, cart.password_hash)


def lines(session: Session, cart_id: int) -> tuple[CartLine, ...]:
    """The lines of a cart, in the order they were added."""
    available = Variant.on_hand - Variant.allocated - Variant.held
    rows = session.execute(
        select(
            CartItem.id, CartItem.quantity, Variant.id.label("variant_id"), Variant.code, Variant.name, Variant.price_yen,
            available.label("available"), Product.code.label("product_code"), Product.name.label("product_name"),
            Product.image, Product.reduced_tax, Product.published, Product.flow,
        )
        .join(Variant, Variant.id == CartItem.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(CartItem.cart_id == cart_id)
        .order_by(CartItem.id)
    )  # fmt: skip
    return tuple(
        CartLine(
            item_id=row.id, variant_id=row.variant_id, product_code=row.product_code, product_name=row.product_name,
            variant_name=row.name, code=row.code, image=row.image, unit_yen=row.price_yen, quantity=row.quantity,
            tax_rate=REDUCED_RATE if row.reduced_tax else STANDARD_RATE, available=row.available,
            published=row.published, flow=row.flow,
        )
        for row in rows
    )  # fmt: skip


def count(session: Session, key: str) -> int:
    """Units in a cart, for the header; one statement."""
    query = select(func.sum(CartItem.quantity)).join(Cart, Cart.id == CartItem.cart_id).where(Cart.key == key)
    return int(session.scalar(query) or 0)


def add(session: Session, key: str, variant_id: int, quantity: int, now: datetime) -> str:
    """Put units into the cart, on top of what is there. Returns the checkout its product leads to, ``zero`` or ``steps``.
    Raises :class:`CartError`; then nothing has changed."""
    cart_id = _touch(session, key, now)
    present = session.scalar(
        select(CartItem.quantity).where(CartItem.cart_id == cart_id, CartItem.variant_id == variant_id)
    )
    if present is None and _line_count(session, cart_id) >= MAX_LINES:
        raise CartError("too_many")
    wanted = (present or 0) + quantity
    flow = _check(session, variant_id, wanted)
    if present is None:
        session.add(CartItem(cart_id=cart_id, variant_id=variant_id, quantity=quantity))
        session.flush()
    else:
        _set(session, cart_id, CartItem.variant_id == variant_id, wanted)
    return flow


def set_quantity(session: Session, key: str, item_id: int, quantity: int, now: datetime) -> None:
    """Change one line of this cart; 0 removes it. Raises :class:`CartError`; lines of other carts are ``unknown``."""
    if quantity == 0:
        remove(session, key, item_id, now)
        return
    cart_id = _touch(session, key, now)
    variant_id = session.scalar(select(CartItem.variant_id).where(CartItem.id == item_id, CartItem.cart_id == cart_id))
    if variant_id is None:
        raise CartError("unknown")
    _check(session, variant_id, quantity)
    _set(session, cart_id, CartItem.id == item_id, quantity)


def remove(session: Session, key: str, item_id: int, now: datetime) -> None:
    """Take a line out. Does nothing when it is not in this cart."""
    cart_id = _touch(session, key, now)
    session.execute(delete(CartItem).where(CartItem.id == item_id, CartItem.cart_id == cart_id))


def take_out(session: Session, order: Order) -> None:
    """Remove what was ordered and only that: units added meanwhile stay for the next order (S-096), and what was typed, but for
    会員登録, of whose password nothing is left, and the coupon: they are done."""
    sold = [{"cart": order.cart_id, "variant": line.variant_id, "sold": line.quantity} for line in order.lines]
    typed = json.loads(session.scalar(_ORDERED, {"cart": order.cart_id}) or "{}")
    session.execute(_JOINED, {"cart": order.cart_id})
    session.execute(_ALL_SOLD, sold)
    session.execute(_SOME_SOLD, sold)
    spent = {"register_member", "login_id", "terms_agreed"} | ({"coupon"} if order.coupon_id is not None else set())
    if any(typed.get(name) for name in spent):
        _keep_for_the_next(session, order.cart_id, {name: value for name, value in typed.items() if name not in spent})


def _keep_for_the_next(session: Session, cart_id: int, typed: dict[str, str]) -> None:
    session.execute(update(Cart).where(Cart.id == cart_id).values(form=json.dumps(typed, ensure_ascii=False, sort_keys=True)))


def _touch(session: Session, key: str, now: datetime) -> int:
    """The cart's id, made on first use, its version counted up; serialises changes of one cart (S-096, S-097)."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(Cart).values(key=key, version=1, touched_at=now)
    upsert = made.on_conflict_do_update(
        index_elements=[Cart.key], set_={"version": Cart.version + 1, "touched_at": now}
    ).returning(Cart.id)
    cart_id = session.scalar(upsert)
    assert cart_id is not None
    return int(cart_id)


def _set(session: Session, cart_id: int, where: object, quantity: int) -> None:
    session.execute(
        update(CartItem)
        .where(CartItem.cart_id == cart_id, where)  # type: ignore[arg-type]
        .values(quantity=quantity)
        .execution_options(synchronize_session=False)
    )


def _line_count(session: Session, cart_id: int) -> int:
    query = select(func.count()).select_from(CartItem).where(CartItem.cart_id == cart_id)
    return session.scalar(query) or 0


def _check(session: Session, variant_id: int, wanted: int) -> str:
    """Stock is checked at add already (R-291); nothing is reserved by a cart. Returns the product's checkout."""
    row = session.execute(
        select(Product.name, Product.published, Product.flow, (Variant.on_hand - Variant.allocated - Variant.held).label("available"))
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.id == variant_id)
    ).one_or_none()
    if row is None:
        raise CartError("unknown")
    if not row.published:
        raise CartError("unpublished", row.name)
    if row.available <= 0:
        raise CartError("sold_out", row.name)
    if wanted > min(row.available, MAX_QUANTITY):
        key = "not_enough" if wanted > row.available else "too_many"
        raise CartError(key, row.name, min(row.available, MAX_QUANTITY))
    return str(row.flow)
