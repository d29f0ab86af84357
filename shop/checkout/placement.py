"""注文する – from a confirmation to a draft with its operation, the call, and what the buyer is told.

One confirmation is ordered at most once; one cart has at most one open attempt. Both are unique indexes, so a double
click, a second tab or a replay finds the first attempt instead of making a second charge.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.contract import Cardholder, CardSource, Charge, Verb
from shop.catalogue import stock
from shop.checkout import cart as carts
from shop.checkout import fairshare
from shop.checkout.confirm import Agreement, CannotConfirm, agree, ship_prefecture, ship_prefix, still_true
from shop.checkout.models import Cart, Confirmation
from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.orders import placing
from shop.orders.models import Order, OrderLine
from shop.payments import accounts, cardguard, executor, hop
from shop.payments.engine import Busy, Slot
from shop.payments.models import AccountVersion, Payment, PaymentOperation

#: A confirmation can be ordered for so long; a press from an older page confirms again (T-083).
CONFIRMATION_LIFE = timedelta(hours=1)
#: 引き当て ends after this time at the latest (R-161).
HOLD = timedelta(minutes=20)
_cart = Cart.__table__.c
_TOUCH = (
    update(Cart.__table__)  # type: ignore[arg-type]
    .where(_cart.id == bindparam("cart"), _cart.version == bindparam("confirmed"))
    .values(touched_at=bindparam("now"))
)


class ConfirmAgain(Exception):
    """Price, stock, cart or pairing changed since the confirmation; nothing was ordered."""

    def __init__(self, problem: str = "changed", product_names: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.product_names = product_names


class TokenMissing(Exception):
    """A card was chosen but no card token came; nothing was ordered."""


class TryLater(Exception):
    """All provider slots are taken; nothing was ordered and nothing charged."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Where the press came from (R-158)."""

    device: str
    ip: str
    language: str
    #: Of a member only when logged in.
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The attempt a press led to – this press's own, or the earlier one it repeats."""

    order_id: int


def place(confirmation: Confirmation, cart_key: str, card_token: str, buyer: Buyer) -> Placed:
    """Order what was confirmed and wait for the outcome as long as a buyer should.

    Returns the attempt, whose state tells the rest. Raises :class:`ConfirmAgain`, :class:`TokenMissing`,
    :class:`TryLater`, :class:`~shop.payments.cardguard.TooMany` or :class:`~shop.payments.cardguard.StepUp`; then nothing
    was ordered.
    """
    earlier = _earlier(db.db.session(), confirmation)
    if earlier is not None:
        return Placed(earlier)
    try:
        return _place(confirmation, cart_key, card_token, buyer)
    except ConfirmAgain:
        # What changed may be a press in parallel that has just ordered this very cart.
        earlier = _earlier(db.db.session(), confirmation)
        if earlier is None:
            raise
        return Placed(earlier)


def _place(confirmation: Confirmation, cart_key: str, card_token: str, buyer: Buyer) -> Placed:
    if moment() - confirmation.created_at > CONFIRMATION_LIFE:
        raise ConfirmAgain("expired")
    agreement = _agreement(db.db.session(), confirmation, cart_key)
    if agreement.method.account_id is None:
        return _write(confirmation, agreement, buyer, None, None)
    if not card_token:
        raise TokenMissing
    try:
        with executor.reserve() as slot:
            return _write(confirmation, agreement, buyer, (slot, card_token), _who(confirmation, cart_key, buyer))
    except (Busy, cardguard.Crowded):
        raise TryLater from None
    except cardguard.Stopped:
        raise ConfirmAgain("stopped") from None


def _who(confirmation: Confirmation, cart_key: str, buyer: Buyer) -> cardguard.Who:
    return cardguard.Who(cart_key, buyer.ip, json.loads(confirmation.form)["email"], buyer.member_id)


def _earlier(session: Session, confirmation: Confirmation) -> int | None:
    """The attempt this confirmation – or another one of the very same cart, in another tab – has already led to."""
    same_cart = select(Confirmation.token).where(
        Confirmation.cart_id == confirmation.cart_id, Confirmation.cart_version == confirmation.cart_version
    )
    return session.scalar(
        select(Order.id)
        .where(
            (Order.submission_key == confirmation.token)
            | ((Order.cart_id == confirmation.cart_id) & (Order.state == "draft"))
            | ((Order.state == "placed") & Order.submission_key.in_(same_cart))
        )
        .order_by(Order.id.desc())
        .limit(1)
    )


def _agreement(session: Session, confirmation: Confirmation, cart_key: str) -> Agreement:
    cart, prefecture = carts.view(session, cart_key), ship_prefecture(json.loads(confirmation.form))
    try:
        agreement = agree(session, cart, confirmation.delivery_id, confirmation.payment_method_id, prefecture)
    except CannotConfirm as error:
        raise ConfirmAgain(error.problem, error.product_names) from None
    if not still_true(agreement, confirmation):
        raise ConfirmAgain
    return agreement


def _write(
    confirmation: Confirmation,
    agreement: Agreement,
    buyer: Buyer,
    card: tuple[Slot, str] | None,
    who: cardguard.Who | None,
) -> Placed:
    now = moment()
    cart_id, version = confirmation.cart_id, confirmation.cart_version
    draft = _draft(confirmation, agreement, buyer, now)
    payment = _payment(confirmation, agreement, now)
    public_id = ids.public_id()
    charge = _charge(agreement, payment, draft, card[1], hop.return_url(public_id), now) if card else None
    try:
        with db.write() as session:
            session.add(draft)
            session.flush()  # with its lines, first: a second attempt of this cart stops at the unique index, holding no other lock
            _lock_cart(session, cart_id, version, now)
            wanted = {line.variant_id: line.quantity for line in agreement.cart.lines}
            if who:
                cardguard.admit(session, who, public_id, now)
                fairshare.check(session, cardguard.address_range(who.address), wanted)
            stock.hold(session, draft.id, wanted, now + HOLD)
            payment.order_id = draft.id
            session.add(payment)
            session.flush()
            operation_id = _commit_to(session, draft, payment, charge, public_id, now)
            order_id = draft.id
    except stock.OutOfStock as error:
        raise ConfirmAgain("stock", _names(agreement, error.variant_id)) from None
    except IntegrityError:
        raise ConfirmAgain from None  # another attempt of this cart came first; :func:`place` looks which
    if card and charge and operation_id:
        executor.wait(executor.start(card[0], operation_id, lambda gateway: gateway.authorize(charge)))
    return Placed(order_id)


def _commit_to(
    session: Session, draft: Order, payment: Payment, charge: Charge | None, public_id: str, now: datetime
) -> int | None:
    """With a provider: the intention, written ahead. Without: the order itself."""
    if charge is None:
        placing.place(session, draft, now)
        carts.take_out(session, draft)
        return None
    payment.merchant_ref = charge.merchant_ref
    operation = executor.write_ahead(
        session, payment, Verb.AUTHORIZE, charge.amount_yen, "buyer", now, merchant_ref=charge.merchant_ref,
        public_id=public_id,
    )  # fmt: skip
    return operation.id


def _lock_cart(session: Session, cart_id: int, version: int, now: datetime) -> None:
    """The cart must still be the confirmed one *in this transaction*: a change in another tab either came before
    and is seen here, or comes after and belongs to the next order (T-019)."""
    same = session.execute(_TOUCH, {"cart": cart_id, "confirmed": version, "now": now})
    if same.rowcount != 1:  # type: ignore[attr-defined]
        raise ConfirmAgain


def _draft(confirmation: Confirmation, agreement: Agreement, buyer: Buyer, now: datetime) -> Order:
    form = json.loads(confirmation.form)
    ship = ship_prefix(form)
    return Order(
        public_id=ids.public_id(), submission_key=confirmation.token, cart_id=confirmation.cart_id,
        language=buyer.language, practice=_practice(agreement), state="draft", filed="open",
        buyer_name=form["buyer_name"], buyer_kana=form.get("buyer_kana", ""), email=form["email"], phone=form["phone"],
        postal_code=form["postal_code"], prefecture=form["prefecture"], address1=form["address1"],
        address2=form.get("address2", ""),
        ship_name=form["ship_name" if ship else "buyer_name"], ship_phone=form[ship + "phone"],
        ship_postal_code=form[ship + "postal_code"], ship_prefecture=form[ship + "prefecture"],
        ship_address1=form[ship + "address1"], ship_address2=form.get(ship + "address2", ""),
        note=form.get("note", ""),
        delivery_id=agreement.delivery.id, delivery_name=agreement.delivery.name, payment_name=agreement.method.name,
        payment_note=agreement.method.note if agreement.method.note_in_mail else "",
        goods_yen=agreement.quote.goods_yen, shipping_yen=agreement.quote.shipping_yen,
        shipping_apart=agreement.quote.shipping_apart, fee_yen=agreement.quote.fee_yen,
        total_yen=agreement.quote.total_yen,
        device=buyer.device, ip=buyer.ip, snapshot=confirmation.snapshot, created_at=now, lines=_lines(agreement),
    )  # fmt: skip


def _practice(agreement: Agreement) -> bool:
    """Everything in the demo is practice; a live shop has no practice account to sell through."""
    account = agreement.method.account
    return account.endpoint == "practice" if account else accounts.practice_mode()


def _lines(agreement: Agreement) -> list[OrderLine]:
    return [
        OrderLine(
            variant_id=line.variant_id, code=line.code, name=line.name, unit_yen=line.unit_yen, quantity=line.quantity,
            tax_rate=line.tax_rate,
        )
        for line in agreement.cart.lines
    ]  # fmt: skip


def _payment(confirmation: Confirmation, agreement: Agreement, now: datetime) -> Payment:
    method = agreement.method
    version: AccountVersion | None = None
    if method.account_id is not None:
        version = accounts.current_version(db.db.session(), method.account_id)
    return Payment(
        method_id=method.id, method_name=method.name, kind=method.kind, capture_at_once=method.capture_at_once,
        account_version_id=version.id if version else None, practice=_practice(agreement), created_at=now,
        instalments=int(json.loads(confirmation.form)["installments"]) if method.kind == "card" else 1,
    )  # fmt: skip


def _charge(
    agreement: Agreement, payment: Payment, draft: Order, token: str, return_url: str, now: datetime
) -> Charge:
    account = agreement.method.account
    assert account is not None
    return Charge(
        merchant_ref=accounts.provider_of(account).new_merchant_ref(now),
        amount_yen=agreement.quote.total_yen,
        source=CardSource(token),
        capture=payment.capture_at_once,
        instalments=payment.instalments,
        options=accounts.method_options(agreement.method),
        return_url=return_url,
        started_at=now,
        cardholder=Cardholder(
            draft.email, draft.phone, draft.postal_code, draft.prefecture, draft.address1, draft.address2
        ),
    )


def _names(agreement: Agreement, variant_id: int) -> tuple[str, ...]:
    return tuple(line.name for line in agreement.cart.lines if line.variant_id == variant_id)


def authorization(session: Session, order_id: int) -> PaymentOperation | None:
    """The newest authorization of an order that we asked for – what the buyer is told about."""
    query = (
        select(PaymentOperation)
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .where(
            Payment.order_id == order_id, PaymentOperation.verb == Verb.AUTHORIZE, PaymentOperation.origin == "shop"
        )
        .order_by(PaymentOperation.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def open_attempt(session: Session, cart_id: int | None) -> Order | None:
    """The cart's attempt whose outcome is not known yet."""
    if cart_id is None:
        return None
    return session.scalar(select(Order).where(Order.cart_id == cart_id, Order.state == "draft"))
