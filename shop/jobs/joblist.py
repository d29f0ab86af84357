"""The jobs, in one list. Each is idempotent, claims its rows one by one, and may run in two processes at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, union_all, update

from shop.checkout import cart_merge
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core import db, pictures, throttle
from shop.core.batch import each
from shop.core.cart_design import CartDesign
from shop.core.runtime import now as moment
from shop.core.shopinfo import ShopInfo
from shop.jobs import selfcheck
from shop.members import tokens
from shop.orders import holds, settlement, sync, unproven, waiting
from shop.orders.models import Order
from shop.outbox import service as outbox
from shop.payments import inbox, reconcile
from shop.payments.cards import reconcile as cards
from shop.payments.guard_models import CardProof, CardTry
from shop.payments.models import PaymentMethod

#: Carts nobody touched for this long are forgotten, and earlier what was typed on the way: it is personal data.
_CART_LIFE = timedelta(days=30)
_CONFIRMATION_LIFE = timedelta(days=2)
_THROTTLE_LIFE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Job:
    """Looked at by the leader ``every`` seconds; a ``daily`` one has one effect per business day."""

    name: str
    run: Callable[[], int]
    every: float
    daily: bool = False


def release_holds() -> int:
    """End holds whose time is over: stock never waits for a silent provider (study §3.8)."""
    now = moment()
    expired = settlement.expired_orders(db.db.session(), now)
    return each(expired, holds.end)


def purge() -> int:
    """Forget carts, confirmations and throttle counts that are past their time, images nobody uses and members nobody is."""
    now = moment()
    swept = _sweep_pictures(now) + each(unproven.over(db.db.session(), now), unproven.end)
    with db.write() as session:
        lost = (Cart.touched_at < now - _CART_LIFE) & Cart.member_id.is_(None)  # a member comes back to theirs
        old = select(Cart.id).where(lost)
        busy = select(Order.cart_id).where(Order.state == "draft")
        session.execute(delete(Confirmation).where(Confirmation.created_at < now - _CONFIRMATION_LIFE))
        session.execute(
            update(Cart)
            .where(Cart.touched_at < now - _CONFIRMATION_LIFE, (Cart.form != "{}") | (Cart.password_hash != ""))
            .values(form="{}", password_hash="")
        )
        session.execute(delete(CardTry).where(CardTry.at < now - _THROTTLE_LIFE))
        session.execute(delete(CardProof).where(CardProof.sent_at < now - _THROTTLE_LIFE))
        session.execute(delete(Confirmation).where(Confirmation.cart_id.in_(old), Confirmation.cart_id.not_in(busy)))
        session.execute(delete(CartItem).where(CartItem.cart_id.in_(old), CartItem.cart_id.not_in(busy)))
        carts = session.execute(
            delete(Cart).where(
                lost,
                cart_merge.unnamed(),
                Cart.id.not_in(select(Confirmation.cart_id)),
            )
        )
        tokens.purge(session, now)
        return swept + int(carts.rowcount) + throttle.purge(session, now - _THROTTLE_LIFE)  # type: ignore[attr-defined]


def _sweep_pictures(now: datetime) -> int:
    """Images that were chosen and never stored, and those of methods that left the list."""
    used = union_all(
        select(ShopInfo.logo_file),
        select(CartDesign.logo_file),
        select(PaymentMethod.logo_file).where(PaymentMethod.removed_at.is_(None)),
    )
    return pictures.sweep(set(db.db.session.scalars(used)), now)


JOBS: tuple[Job, ...] = (
    Job("dispatch", reconcile.dispatch, every=2),
    Job("dispatch_cards", cards.dispatch, every=2),
    Job("inbox", inbox.run, every=2),
    Job("reconcile", reconcile.run, every=3),
    Job("reconcile_cards", cards.run, every=3),
    Job("release_holds", release_holds, every=5),
    Job("still_open", waiting.run, every=15),
    Job("outbox", outbox.run, every=3),
    Job("poll_notices", inbox.poll, every=300),
    Job("purge", purge, every=60, daily=True),
    Job("sync", sync.run, every=60, daily=True),
    Job("self_check", selfcheck.run, every=60, daily=True),
)


def by_name(name: str) -> Job:
    """Raises ``LookupError`` for an unknown name."""
    for job in JOBS:
        if job.name == name:
            return job
    raise LookupError(f"no job named {name!r}; there are: {', '.join(job.name for job in JOBS)}")
