"""注文する – from a confirmation to a draft with its operation, the call, and what the buyer is told.

One confirmation is ordered at most once; one cart has at most one open attempt. Both are unique indexes, so a double
click, a second tab or a replay finds the first attempt instead of making a second charge.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from providers.charge import Browser, Cardholder, CardSource, Charge
from providers.contract import Verb
from providers.kept_cards import Linking, StoredCardSource, brand_named
from shop.catalogue import stock
from shop.checkout import attempts, fairshare, limits
from shop.checkout import cart as carts
from shop.checkout.confirm import (
    CONFIRMATION_LIFE,
    Agreement,
    CannotConfirm,
    agree_again,
    form_of,
    ship_prefix,
    still_true,
)
from shop.checkout.models import Cart, Confirmation
from shop.checkout.quote import Quote
from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.orders import placing, reserved
from shop.orders.models import Order, OrderLine
from shop.payments import accounts, cardguard, executor, hop, methods
from shop.payments.cards import book, linking
from shop.payments.engine import Busy, Slot
from shop.payments.models import AccountVersion, Payment
from shop.promotions import coupons

#: 引き当て ends after this time at the latest (R-161).
HOLD = timedelta(minutes=20)
_cart = Cart.__table__.c
_TOUCH = (
    update(Cart.__table__)  # type: ignore[arg-type]
    .where(_cart.id == bindparam("cart"), _cart.version == bindparam("confirmed"))
    .values(touched_at=bindparam("now"))
)


class ConfirmAgain(Exception):
    """Price, stock, cart or pairing changed since the confirmation; nothing was ordered. ``totals`` are the total as
    confirmed and as it would be now, in yen, where they differ (U-043)."""

    def __init__(
        self, problem: str = "changed", product_names: tuple[str, ...] = (), totals: tuple[int, int] | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.product_names = product_names
        self.totals = totals


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
    #: What names their browser, whoever is logged in there.
    browser: str
    #: Who is logged in.
    member_id: int | None = None
    #: What their browser says of itself, for the card's issuer.
    user_agent: str = ""
    accept: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What the press says about the card."""

    #: The token that pays; none is needed where the linked card does.
    token: str = ""
    #: 支払回数 as :class:`~providers.contract.Charge` counts it.
    instalments: int = 1
    #: ご登録のクレジットカードで購入する.
    stored: bool = False
    #: カード情報を保持し次回も利用する.
    keep: bool = False
    #: A second token of the same card, to link it with once the order stands.
    link_token: str = ""
    #: What the page takes the brand of such a card for.
    brand: str = ""
    #: What the page said of the member's card, as :func:`~shop.payments.cards.linking.terms` puts it.
    terms: str = ""
    #: What the page says of it besides the confirmation: HTML, kept with that (R-290).
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """The attempt a press led to – this press's own, or the earlier one it repeats."""

    order_id: int


def place(confirmation: Confirmation, cart_key: str, card: Card, buyer: Buyer, *, attempt: int = 1) -> Placed:
    """Order what was confirmed and wait for the outcome as long as a buyer should.

    Besides what is named below raises what :mod:`~shop.payments.cardguard` and :mod:`~shop.checkout.limits` refuse.

    ``attempt`` counts the tries of one confirmation: the page says which one it offers, so that a double press is one
    try, and a press after a refusal is a new one. Returns the attempt, whose state tells the rest. Raises
    :class:`ConfirmAgain`, :class:`TokenMissing` or :class:`TryLater`; then nothing was ordered.
    """
    key = attempts.submission_key(confirmation, attempt)
    earlier = attempts.earlier(db.db.session(), confirmation, key)
    if earlier is not None:
        return Placed(earlier)
    if attempt > attempts.made(db.db.session(), confirmation) + 1:
        raise ConfirmAgain  # no page of ours offers that one
    try:
        return _place(confirmation, cart_key, key, card, buyer)
    except ConfirmAgain:
        # What changed may be a press in parallel that has just ordered this very cart.
        earlier = attempts.earlier(db.db.session(), confirmation, key)
        if earlier is None:
            raise
        return Placed(earlier)


def _place(confirmation: Confirmation, cart_key: str, key: str, card: Card, buyer: Buyer) -> Placed:
    if buyer.member_id != confirmation.member_id:
        raise ConfirmAgain  # logged in or out since: another address book, another card
    if moment() - confirmation.created_at > CONFIRMATION_LIFE:
        raise ConfirmAgain("expired")
    if attempts.people_look(db.db.session(), form_of(confirmation)["email"]):
        raise ConfirmAgain("undecided")
    agreement = _agreement(db.db.session(), confirmation, cart_key)
    source = _source(agreement, card, buyer)  # read before the terms: a card that changes in between is noticed
    member_id = buyer.member_id
    if source and member_id and not linking.hold(db.db.session(), member_id, agreement.method, card.terms, card.stored):
        raise ConfirmAgain("card_terms")
    who = cardguard.Who(buyer.browser, buyer.ip, form_of(confirmation)["email"], buyer.member_id)
    press = _Press(confirmation, agreement, key, card, source, _linking(agreement, confirmation), buyer, who)
    if source is None:
        return _write(press, None)
    try:
        with executor.reserve() as slot:
            return _write(press, slot)
    except (Busy, cardguard.Crowded):
        raise TryLater from None
    except cardguard.Stopped:
        raise ConfirmAgain("stopped") from None


def _source(agreement: Agreement, card: Card, buyer: Buyer) -> CardSource | StoredCardSource | None:
    """What pays: the member's linked card, the token – or no card at all. Raises :class:`TokenMissing` without a token, and
    :class:`ConfirmAgain` when the linked card is gone."""
    account_id = agreement.method.account_id
    if account_id is None:
        return None
    if card.stored:
        kept = book.source_for(db.db.session(), buyer.member_id, account_id) if buyer.member_id else None
        if kept is None:
            raise ConfirmAgain("card")
        return kept
    if not card.token:
        raise TokenMissing
    return CardSource(card.token)


def _linking(agreement: Agreement, confirmation: Confirmation) -> Linking | None:
    may_link = confirmation.member_id is not None or confirmation.registration
    return linking.mode(agreement.method) if may_link else None


@dataclass(frozen=True, slots=True)
class _Press:
    """One press on 注文する, judged: what was confirmed still holds."""

    confirmation: Confirmation
    agreement: Agreement
    key: str
    card: Card
    source: CardSource | StoredCardSource | None
    #: How the method links cards; ``None`` where the buyer has no link and gets none.
    linking: Linking | None
    buyer: Buyer
    #: The same one, as cards are counted by.
    who: cardguard.Who


def _agreement(session: Session, confirmation: Confirmation, cart_key: str) -> Agreement:
    try:
        agreement = agree_again(session, carts.view(session, cart_key), confirmation, moment())
    except CannotConfirm as error:
        raise ConfirmAgain(error.problem, error.product_names) from None
    if not still_true(agreement, confirmation):
        was, is_now = confirmation.total_yen, agreement.quote.total_yen
        raise ConfirmAgain(totals=(was, is_now) if was != is_now else None)
    return agreement


def _write(press: _Press, slot: Slot | None) -> Placed:
    """Draft, holds and operation in one transaction, then the call. ``slot`` is for the call; ``None`` without a provider."""
    now = moment()
    confirmation, agreement = press.confirmation, press.agreement
    cart_id, version = confirmation.cart_id, confirmation.cart_version
    draft = _draft(press, now)
    payment = _payment(press, now)
    public_id = ids.public_id()
    charge = _charge(press, payment, draft, hop.return_url(public_id), now) if slot else None
    try:
        with db.write() as session:
            session.add(draft)
            session.flush()  # with its lines, first: a second attempt of this cart stops at the unique index, holding no other lock
            _lock_cart(session, cart_id, version, now)
            wanted = {line.variant_id: line.quantity for line in agreement.cart.lines}
            limits.count(session, press.who, draft, now, registers=bool(draft.registration) and press.key == confirmation.token)
            if slot:
                cardguard.admit(session, press.who, public_id, now)
            reserved.hold(session, draft, wanted, now + HOLD)
            if slot:
                away = methods.authenticates(agreement.method)
                fairshare.check(session, press.who, wanted, draft.coupon_id, now, authenticates=away)
            payment.order_id = draft.id
            session.add(payment)
            session.flush()
            operation_id = _commit_to(session, draft, payment, charge, public_id, now)
            if press.linking:
                _expect_link(session, press, press.linking, payment, now)
            order_id = draft.id
    except stock.OutOfStock as error:
        raise ConfirmAgain("stock", _names(agreement, error.variant_id)) from None
    except coupons.NotUsable:
        raise ConfirmAgain("coupon") from None
    except fairshare.CouponBusy:
        raise ConfirmAgain("coupon_busy") from None
    except IntegrityError:
        raise ConfirmAgain from None  # another attempt of this cart came first; :func:`place` looks which
    if slot and charge and operation_id:
        executor.wait(executor.start(slot, operation_id, lambda gateway: gateway.authorize(charge)))
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


def _expect_link(session: Session, press: _Press, mode: Linking, payment: Payment, now: datetime) -> None:
    """What becomes of the member's card if the order stands (features B4), in the transaction of the draft."""
    card, member_id = press.card, press.buyer.member_id
    linking.expect(
        session, payment, member_id=member_id, registering=member_id is None, linking=mode, used_stored=card.stored,
        keep=card.keep, link_token=card.link_token, brand=card.brand, now=now,
    )  # fmt: skip


def _lock_cart(session: Session, cart_id: int, version: int, now: datetime) -> None:
    """The cart must still be the confirmed one *in this transaction*: a change in another tab either came before
    and is seen here, or comes after and belongs to the next order (T-019)."""
    same = session.execute(_TOUCH, {"cart": cart_id, "confirmed": version, "now": now})
    if same.rowcount != 1:  # type: ignore[attr-defined]
        raise ConfirmAgain


def _draft(press: _Press, now: datetime) -> Order:
    confirmation, agreement, buyer = press.confirmation, press.agreement, press.buyer
    form = json.loads(confirmation.form)
    ship = ship_prefix(form)
    return Order(
        public_id=ids.public_id(), submission_key=press.key, cart_id=confirmation.cart_id,
        cart_version=confirmation.cart_version, flow=confirmation.flow, member_id=confirmation.member_id,
        registration=confirmation.registration,
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
        shipping_apart=agreement.quote.shipping_apart, fee_yen=agreement.quote.fee_yen, fee_apart=agreement.quote.fee_apart,
        **_coupon(agreement.quote), total_yen=agreement.quote.total_yen,
        device=buyer.device, ip=buyer.ip, snapshot=confirmation.snapshot + press.card.shown, created_at=now, lines=_lines(agreement),
    )  # fmt: skip


def _coupon(quote: Quote) -> dict[str, Any]:
    """The order's columns of it."""
    if quote.coupon is None:
        return {}
    return {"coupon_id": quote.coupon.coupon_id, "coupon_code": quote.coupon.code, "coupon_yen": quote.coupon_yen}


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


def _payment(press: _Press, now: datetime) -> Payment:
    method = press.agreement.method
    version: AccountVersion | None = None
    if method.account_id is not None:
        version = accounts.current_version(db.db.session(), method.account_id)
    return Payment(
        method_id=method.id, method_name=method.name, kind=method.kind, capture_at_once=method.capture_at_once,
        account_version_id=version.id if version else None, practice=_practice(press.agreement), created_at=now,
        instalments=press.card.instalments if method.kind == "card" else 1, card_brand=_brand(press),
    )  # fmt: skip


def _brand(press: _Press) -> str:
    """The brand as the buyer has seen it, of a linked card and of one that is to be linked: not every provider names it, and the
    order shows the card as マイページ does. Of any other the page brings no brand."""
    member_id, account_id = press.buyer.member_id, press.agreement.method.account_id
    if press.card.stored and member_id and account_id:
        kept = book.row(db.db.session(), member_id, account_id)
        return kept.brand if kept else ""
    return brand_named(press.card.brand) if press.source else ""


def _charge(press: _Press, payment: Payment, draft: Order, return_url: str, now: datetime) -> Charge:
    agreement = press.agreement
    account = agreement.method.account
    assert account is not None
    assert press.source is not None
    return Charge(
        merchant_ref=accounts.provider_of(account).new_merchant_ref(now),
        amount_yen=agreement.quote.total_yen,
        source=press.source,
        capture=payment.capture_at_once,
        instalments=payment.instalments,
        options=accounts.method_options(agreement.method),
        return_url=return_url,
        started_at=now,
        cardholder=Cardholder(draft.email, draft.phone, draft.postal_code, draft.prefecture, draft.address1, draft.address2),
        browser=Browser(press.buyer.user_agent, press.buyer.accept, press.buyer.ip),
        buyer_name=draft.buyer_name,
        notice_url=accounts.notice_url(account),
    )


def _names(agreement: Agreement, variant_id: int) -> tuple[str, ...]:
    return tuple(line.name for line in agreement.cart.lines if line.variant_id == variant_id)
