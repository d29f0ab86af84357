"""One cart for each member, whatever browser they come with: at log-in the visitor's goods join the member's."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from shop.checkout import attempts
from shop.checkout import cart as carts
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core import ids
from shop.core.i18n import gettext as _
from shop.members.models import Member
from shop.orders.models import Order


@dataclass(frozen=True, slots=True)
class Merged:
    """The key of the member's cart, and names of goods that did not all fit in."""

    key: str
    reduced: tuple[str, ...] = ()


def merge(session: Session, anonymous_key: str | None, member_id: int, now: datetime) -> Merged:
    """Bring the cart of ``anonymous_key`` and the member's together, inside the caller's transaction.

    The member's cart stays and takes the other's goods, up to stock and the limits of a cart. It gives way in one case: when
    only the visitor's cart has a payment under way, that one becomes the member's, because an attempt belongs to its cart
    (units that come in meanwhile stay for the next order, S-096). With an attempt in both nothing moves, and this browser
    stays with its own. A visitor's key never becomes the member's: whoever planted the one must not see the other (T-034).
    Nor does what a visitor typed: the goods of who was here before may be the member's, an address would send them to theirs.
    """
    # Two browsers at once: the second waits here and finds the first one's cart.
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
    mine = _cart(session, Cart.member_id == member_id)
    theirs = _cart(session, Cart.key == anonymous_key) if anonymous_key else None
    if theirs is None or theirs.member_id is not None:  # another member's cart, of a log-in before this one
        return Merged((mine or _new(session, member_id, now)).key)
    if mine is None:
        _adopt(session, theirs, ids.public_id(), member_id, now)
        return Merged(theirs.key)
    typed = mine.form
    paying = attempts.open_attempt(session, theirs.id) is not None
    if paying and attempts.open_attempt(session, mine.id):
        return Merged(theirs.key)
    if paying:
        key = mine.key
        _let_go(session, mine)
        _adopt(session, theirs, key, member_id, now)
        mine, theirs = theirs, mine
    reduced = _take_over(session, theirs, mine)
    mine.form = typed
    theirs.form, theirs.password_hash = "{}", ""
    for cart in (mine, theirs):
        cart.version += 1
        cart.touched_at = now
    session.flush()
    return Merged(mine.key, reduced)


def _cart(session: Session, which: object) -> Cart | None:
    """Locked, so that no attempt begins on it meanwhile."""
    return session.scalars(select(Cart).where(which).with_for_update().execution_options(populate_existing=True)).one_or_none()  # type: ignore[arg-type]


def _new(session: Session, member_id: int, now: datetime) -> Cart:
    cart = Cart(key=ids.public_id(), touched_at=now, member_id=member_id)
    session.add(cart)
    session.flush()
    return cart


def _adopt(session: Session, cart: Cart, key: str, member_id: int, now: datetime) -> None:
    cart.key, cart.member_id, cart.touched_at = key, member_id, now
    cart.form, cart.password_hash = "{}", ""
    session.flush()


def _let_go(session: Session, cart: Cart) -> None:
    cart.key, cart.member_id = ids.public_id(), None
    session.flush()


def _take_over(session: Session, source: Cart, target: Cart) -> tuple[str, ...]:
    """Move all lines of ``source``; returns the names of those that came over in part or not at all."""
    there = {line.variant_id: line.quantity for line in carts.lines(session, target.id)}
    reduced = []
    for line in carts.lines(session, source.id):
        before = there.get(line.variant_id, 0)
        wanted = before + line.quantity
        most = min(line.available, carts.MAX_QUANTITY) if line.published else 0
        if not before and len(there) >= carts.MAX_LINES:
            most = 0
        after = max(before, min(wanted, most))
        if after < wanted:
            reduced.append(line.name)
        if after > before:
            _set(session, target.id, line.variant_id, after, known=before > 0)
            there[line.variant_id] = after
    session.execute(delete(CartItem).where(CartItem.cart_id == source.id))
    return tuple(reduced)


def _set(session: Session, cart_id: int, variant_id: int, quantity: int, *, known: bool) -> None:
    if known:
        session.execute(
            update(CartItem)
            .where(CartItem.cart_id == cart_id, CartItem.variant_id == variant_id)
            .values(quantity=quantity)
            .execution_options(synchronize_session=False)
        )
    else:
        session.execute(insert(CartItem).values(cart_id=cart_id, variant_id=variant_id, quantity=quantity))


def busy(session: Session, member_id: int) -> str | None:
    """Why a member cannot leave: a payment of theirs is under way."""
    cart_id = session.scalar(select(Cart.id).where(Cart.member_id == member_id))
    if attempts.open_attempt(session, cart_id) is None:
        return None
    return _("お支払いの結果を確認中のご注文があります。結果が出てから、もう一度お手続きください。")


def empty(session: Session, member: Member, _now: datetime) -> None:
    """What is in the cart of a member who leaves, and what they typed on the way to an order, goes with them; of one with a payment
    under way the goods are needed until that ends. Nobody finds the cart any more. The row stays as long as an order may name
    it (:func:`unnamed`)."""
    cart = _cart(session, Cart.member_id == member.id)
    if cart is None:
        return
    cart.form, cart.password_hash = "{}", ""
    _let_go(session, cart)
    if attempts.open_attempt(session, cart.id) is None:
        session.execute(delete(CartItem).where(CartItem.cart_id == cart.id))
        session.execute(delete(Confirmation).where(Confirmation.cart_id == cart.id))


def unnamed() -> ColumnElement[bool]:
    """Whether no order was made of a cart. One that an order names is never deleted: SQLite gives a freed number to the next
    visitor's cart, and their press would be taken for one that the order has already answered."""
    return ~exists().where(Order.cart_id == Cart.id)
