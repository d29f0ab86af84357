"""Three ledgers, one story: the provider's books, ours with the stock, and the mails that left.

:func:`look` reads them, :func:`problems` says where they disagree. It knows no scenario: whatever was killed, these
sentences must hold once the jobs have run.
"""

import email
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

from providers.ports import Provider
from providers.sandbox.practice import HOLDING, State
from shop.catalogue.models import StockHold, Variant
from shop.checkout.models import CartItem, Confirmation
from shop.core.shopinfo import ShopInfo
from shop.members.models import Member
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.cards.models import OPEN_STATES as OPEN_CARDS
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.ledger import derive
from shop.payments.models import OPEN_STATES, Payment, PaymentOperation, ProviderExchange, ProviderNotice
from shop.promotions.models import Coupon, CouponUse
from tests.crash.products import asks_people
from tests.crash.stage import Stage

#: Statuses at the provider that may stay.
_SETTLED = {State.AUTHORIZED, State.CAPTURED, State.CANCELLED, State.REFUSED}
_ENDED = {"capture": "captured", "void": "voided", "refund": "refunded"}


def ever_held(remote: dict[str, Any]) -> bool:
    return any(state in HOLDING for state in remote["history"])


def _live(remote: dict[str, Any]) -> bool:
    """Money is reserved or taken, or may still be."""
    return remote["state"] in HOLDING or remote["half_done"]


def _passed(remote: dict[str, Any]) -> list[str]:
    """What the provider's payment went through, in the words of ours."""
    states: list[str] = remote["history"]
    taken = State.CAPTURED in states
    words = {State.CANCELLED: "refunded" if taken else "voided"}
    return [words.get(State(state), state) for state in states]


@dataclass
class Claims:
    """Who holds money and units, and for which order."""

    product: Provider
    remote: list[dict[str, Any]]
    orders: list[Any]
    payments: list[Any]
    operations: list[Any]
    holds: list[Any]

    def same(self, payment: Any, remote: dict[str, Any]) -> bool:
        """Whether our payment is this one of the provider's: both names of it agree. One that a person found there has ours alone."""
        found_by_people = asks_people(self.product) and not payment.handle and payment.status in HOLDING
        named = payment.handle in (remote["handle"], remote["reference"]) or found_by_people
        return bool(named and payment.merchant_ref == remote["reference"])


@dataclass
class Books(Claims):
    """Everything that is compared, as read at one time."""

    lines: list[Any]
    notices: list[Any]
    exchanges: list[Any]
    variants: list[Any]
    cart_items: list[Any]
    promised: list[Any]
    confirmations: list[Any]
    members: list[Any]
    links: list[Any]
    card_operations: list[Any]
    coupons: list[Any]
    uses: list[Any]
    #: What the provider keeps, alive.
    kept: list[dict[str, Any]]
    letters: list[EmailMessage]
    shop_address: str
    #: Units per variant as the shop had them before anything was sold.
    stocked: dict[int, int]
    #: Message-IDs in the order they were handed over.
    deliveries: list[str] = field(default_factory=list)
    #: The kill fell between a hand-over and its note: that mail, one, may go out again (P-04).
    may_repeat: bool = False
    #: Public ids of orders a browser was led to as complete.
    told_complete: list[str] = field(default_factory=list)
    #: What must stand nowhere in our books: card tokens.
    secrets: list[str] = field(default_factory=list)


def look(stage: Stage, stocked: dict[int, int]) -> Books:
    """Read all three ledgers; ours in one transaction."""
    (orders, lines, payments, operations, notices, exchanges, holds, variants, cart_items, promised, shops, confirmations,
     members, links, card_operations, coupons, uses) = stage.tables(
        Order, OrderLine, Payment, PaymentOperation, ProviderNotice, ProviderExchange, StockHold, Variant, CartItem,
        OutboxMail, ShopInfo, Confirmation, Member, StoredCard, CardOperation, Coupon, CouponUse,
    )  # fmt: skip
    remote = stage.books()
    return Books(
        confirmations=confirmations, members=members, links=links, card_operations=card_operations,
        coupons=coupons, uses=uses,
        kept=[card for card in remote["cards"] if card["alive"]], product=stage.product,
        remote=remote["payments"], orders=orders, lines=lines, payments=payments,
        operations=operations, notices=notices, exchanges=exchanges, holds=holds, variants=variants,
        cart_items=cart_items, promised=promised, shop_address=shops[0].email, stocked=stocked,
        letters=[email.message_from_bytes(letter, policy=modern) for letter in stage.letters()],
        deliveries=stage.deliveries(),
    )  # fmt: skip


def problems(books: Books) -> list[str]:
    """Every disagreement, in words; empty when all is well."""
    return [
        *orphans(books), *_money(books), *_orders(books), *_members(books), *_cards(books), *_mails(books),
        *_stock(books), *_coupons(books), *_rest(books),
    ]  # fmt: skip


def overdue(stage: Stage) -> list[str]:
    """What must be right within five minutes (P-03), while unknown attempts may still keep their units."""
    books = Claims(stage.product, stage.books()["payments"], *stage.tables(Order, Payment, PaymentOperation, StockHold))
    lapsed = {order.id for order in books.orders if order.state == "lapsed"}
    kept = [hold for hold in books.holds if hold.state == "held" and hold.order_id in lapsed]
    return [*orphans(books), *(f"hold: the lapsed order {hold.order_id} keeps {hold.quantity} units" for hold in kept)]


def orphans(books: Claims) -> Iterator[str]:
    """I-1, I-2: money at the provider that no order explains."""
    orders = {order.id: order for order in books.orders}
    payments = {payment.id: payment for payment in books.payments}
    asked = {o.merchant_ref: o for o in books.operations if o.merchant_ref}
    per_order: Counter[int] = Counter()
    ever: Counter[int] = Counter()
    for remote in books.remote:
        operation = asked.get(remote["reference"])
        if operation is None:
            yield f"orphan: {remote['handle']} ({remote['state']}) belongs to no operation"
            continue
        payment = payments[operation.payment_id]
        order = orders[payment.order_id]
        ever[order.id] += ever_held(remote)
        if not _live(remote) or (operation.state == "parked" and books.product.capabilities.charges_while_away):
            # The provider decides while the buyer is away, and is asked before the hold ends; then "parked" may not stay.
            continue
        per_order[order.id] += 1
        if order.state != "placed":
            yield f"orphan: {remote['handle']} ({remote['state']}) belongs to the {order.state} order {order.id}"
        if not books.same(payment, remote):
            yield f"orphan: {remote['handle']} is not the payment that order {order.id} knows"
        # An edited order may differ until somebody presses 取引更新; the box shows it.
        amount = remote["amount_yen"]
        if amount != payment.authorized_yen or (order.version == 1 and amount != order.total_yen):
            yield f"amount: provider {amount}, order {order.total_yen}, payment {payment.authorized_yen}"
    renewed = Counter(payments[o.payment_id].order_id for o in books.operations
                      if o.verb == "reauthorize" and o.state == "succeeded")  # fmt: skip
    for order_id in ever:
        if per_order[order_id] > 1 or ever[order_id] > 1 + renewed[order_id]:
            yield f"double: order {order_id} was authorised {ever[order_id]} times, {per_order[order_id]} are live"


def _money(books: Books) -> Iterator[str]:
    """I-3, I-7: what we believe is what the provider knows, and the cache is the fold."""
    named = {remote[name]: remote for remote in books.remote for name in ("reference", "handle")}
    orders = {order.id: order for order in books.orders}
    for payment in books.payments:
        operations = [o for o in books.operations if o.payment_id == payment.id]
        money = derive(operations)
        cached = (payment.status, payment.authorized_yen, payment.captured_yen, payment.refunded_yen)
        if cached != (money.status.value, money.authorized_yen, money.captured_yen, money.refunded_yen):
            yield f"cache: payment {payment.id} says {cached}, its ledger {money}"
        for operation in operations:
            if operation.state in OPEN_STATES:
                yield f"open: {operation.verb} of payment {payment.id} is still {operation.state}"
        succeeded = [o for o in operations if o.state == "succeeded"]
        done = Counter(o.verb for o in succeeded if o.handle == payment.handle)
        yield from (f"double: {verb} of payment {payment.id} succeeded {n} times" for verb, n in done.items() if n > 1)
        for void in succeeded:
            if void.verb == "void" and _passed(named[void.handle])[-1] != "voided":
                yield f"replaced: {void.handle} is {named[void.handle]['state']}, its void succeeded"
        if payment.account_version_id is not None:
            ours = next((remote for remote in books.remote if books.same(payment, remote)), None)
            yield from _both_sides(payment, orders[payment.order_id], ours, done)


def _both_sides(payment: Any, order: Any, remote: dict[str, Any] | None, done: Counter[str]) -> Iterator[str]:
    if remote is None:
        if payment.handle or order.state == "placed" or payment.status not in ("created", "declined"):
            yield f"status: payment {payment.id} is {payment.status}, the provider knows nothing of it"
        return
    if _passed(remote)[-1] != payment.status:
        yield f"status: payment {payment.id} is {payment.status}, at the provider {_passed(remote)[-1]}"
    reached = Counter(_passed(remote))
    for verb, status in _ENDED.items():
        if (done[verb] or reached[status]) and not (done[verb] == reached[status] == 1) and not _at_once(verb, payment):
            yield f"ledger: {verb} of payment {payment.id}: ours {done[verb]}, provider's {reached[status]}"


def _at_once(verb: str, payment: Any) -> bool:
    """同時売上: the authorization is the capture."""
    return verb == "capture" and bool(payment.capture_at_once)


def _orders(books: Books) -> Iterator[str]:
    """I-8, I-10: no draft is left, numbers are unique, and who was told 完了 has an order."""
    numbers = Counter(order.number for order in books.orders if order.number)
    yield from (f"number: {number} was given {n} times" for number, n in numbers.items() if n > 1)
    for order in books.orders:
        if order.state == "draft":
            yield f"draft: order {order.id} is neither placed nor lapsed"
        if order.state == "placed" and not any(line.order_id == order.id for line in books.lines):
            yield f"lines: order {order.id} has none"
    keys = Counter(order.submission_key for order in books.orders)
    yield from (f"double: confirmation {key} became {n} orders" for key, n in keys.items() if n > 1)
    placed = {order.public_id for order in books.orders if order.state == "placed"}
    yield from (f"lost: a buyer was told that {told} is complete" for told in books.told_complete if told not in placed)
    sold = {(order.cart_id, line.variant_id) for order in books.orders if order.state == "placed"
            for line in books.lines if line.order_id == order.id}  # fmt: skip
    for item in books.cart_items:
        if (item.cart_id, item.variant_id) in sold:
            yield f"cart: variant {item.variant_id} was ordered and is still in cart {item.cart_id}"


def _members(books: Books) -> Iterator[str]:
    """会員登録 with a purchase happens once and with its order, or not at all; then nothing of the password is left."""
    for confirmation in books.confirmations:
        if not json.loads(confirmation.form).get("register_member"):
            continue
        stands = [order for order in books.orders
                  if order.state == "placed" and order.submission_key.startswith(confirmation.token)]  # fmt: skip
        address = json.loads(confirmation.form)["email"]
        members = [member.id for member in books.members if member.email == address]
        if members != [order.member_id for order in stands]:
            yield f"member: {len(members)} × {address}, by {len(stands)} orders that stand"
        welcomes = sum(mail.kind == "member_welcome" and mail.recipient == address for mail in books.promised)
        if welcomes != len(stands):
            yield f"member: {address} was welcomed {welcomes} times, by {len(stands)} orders that stand"
    ordered = {order.cart_id for order in books.orders if order.state == "placed"}
    yield from (f"secret: confirmation {each.id} of an order that stands keeps a password's hash" for each in books.confirmations
                if each.registration and each.cart_id in ordered)  # fmt: skip
    yield from (f"secret: the {order.state} order {order.id} keeps a password's hash" for order in books.orders
                if order.registration)  # fmt: skip


def _cards(books: Books) -> Iterator[str]:
    """R-136, R-137: the provider keeps the card that a member's link names, and no other; an order that failed changed none."""
    kept = Counter((card["customer"], card["card"]) for card in books.kept)
    links = Counter((card.customer_ref, card.card_ref) for card in books.links)
    yield from (f"card: {card} of {customer} is kept and no link names it" for customer, card in kept - links)
    yield from (f"card: the link of {customer} names {card}, which is not kept" for customer, card in links - kept)
    yield from (f"card: member {member} registered one and has {n}" for member in _with_card(books)
                if (n := sum(link.member_id == member for link in books.links)) != 1)  # fmt: skip
    orders = {order.id: order.state for order in books.orders}
    for operation in books.card_operations:
        if operation.state in ("waiting", *OPEN_CARDS):
            yield f"open: {operation.verb} of a card, {operation.id}, is still {operation.state}"
        if operation.sealed is not None:
            yield f"secret: the token of card operation {operation.id} was not erased"
        if operation.order_id and operation.state != "dropped" and orders[operation.order_id] != "placed":
            yield f"card: the {orders[operation.order_id]} order {operation.order_id} led to a {operation.verb}"


def _with_card(books: Books) -> set[int]:
    """Members with a registered card that nobody removed but to replace it."""
    removed = {o.member_id for o in books.card_operations if o.verb == "remove" and o.actor != "job:replaced"}
    return {o.member_id for o in books.card_operations if o.verb == "store" and o.state == "succeeded"} - removed


def _mails(books: Books) -> Iterator[str]:
    """I-5: each promise left once, and each order told buyer and shop once – judged by the letters themselves."""
    sent = Counter(letter["Message-ID"] for letter in books.letters)
    for mail in books.promised:
        if mail.state != "sent":
            yield f"mail: {mail.kind} of order {mail.order_id} is {mail.state}"
        if sent.pop(mail.message_id, 0) != 1:
            yield f"mail: {mail.kind} of order {mail.order_id} is not in the sink"
    yield from (f"mail: {message_id} was promised by nobody" for message_id in sent)
    again = [message_id for message_id, n in Counter(books.deliveries).items() for _ in range(n - 1)]
    yield from (f"mail: {message_id} was handed over again" for message_id in again[int(books.may_repeat):])
    for order in books.orders:
        kinds = Counter(mail.kind for mail in books.promised if mail.order_id == order.id)
        placed = int(order.state == "placed")
        for kind in ("thanks", "order_notice"):
            if kinds[kind] != placed:
                yield f"mail: {kinds[kind]} × {kind} for the {order.state} order {order.id}"
        for address in (order.email, books.shop_address) if placed else ():
            due = 1 + (_told(books, order) if address == order.email else 0)
            reached = [letter for letter in books.letters if letter["To"] == address and order.number in letter["Subject"]]
            if len(reached) != due or not all(order.number in letter.get_content() for letter in reached):
                yield f"mail: {address} got {len(reached)} letters about {order.number}, {due} are due"


def _told(books: Books, order: Any) -> int:
    """What staff did to the order's money, wanted told, and was found to have happened."""
    payments = {payment.id for payment in books.payments if payment.order_id == order.id}
    return sum(o.tell_buyer and o.state == "succeeded" for o in books.operations if o.payment_id in payments)


def _stock(books: Books) -> Iterator[str]:
    """I-4: nothing but the lines of placed orders has left the shelf."""
    held: Counter[int] = Counter()
    for hold in books.holds:
        held[hold.variant_id] += hold.quantity if hold.state == "held" else 0
    placed = {order.id for order in books.orders if order.state == "placed"}
    sold: Counter[int] = Counter()
    for line in books.lines:
        sold[line.variant_id] += line.quantity if line.order_id in placed else 0
    for variant in books.variants:
        facts = (variant.on_hand, variant.held, variant.allocated)
        wanted = (books.stocked[variant.id], held[variant.id], sold[variant.id])
        if facts != wanted:
            yield f"stock: variant {variant.id} on hand, held, allocated {facts}, by the books {wanted}"
    yield from (f"hold: {hold.quantity} of variant {hold.variant_id} never came back" for hold in books.holds
                if hold.state == "held")  # fmt: skip


def _coupons(books: Books) -> Iterator[str]:
    """The same of coupons: each order that stands has used the one it was confirmed with, and no other order has one."""
    used = Counter(order.coupon_id for order in books.orders if order.state == "placed" and order.coupon_id)
    consumed = Counter(use.coupon_id for use in books.uses if use.state == "consumed")
    for coupon in books.coupons:
        facts = (coupon.held, coupon.used, consumed[coupon.id])
        if facts != (0, used[coupon.id], used[coupon.id]):
            yield f"coupon: {coupon.code} held, used, by its uses {facts}, by the orders {used[coupon.id]}"
    yield from (f"coupon: the use of order {use.order_id} never came back" for use in books.uses if use.state == "held")


def _rest(books: Books) -> Iterator[str]:
    """I-9, I-10: nothing waits for ever, and no token is written down."""
    for remote in books.remote:
        if remote["half_done"] or remote["state"] not in _SETTLED:
            yield f"half done: {remote['handle']} stays in {remote['state']}"
    yield from (f"notice: {notice.serial} is {notice.state}" for notice in books.notices if notice.state != "done")
    written = "\n".join(
        [*(f"{exchange.request}\n{exchange.response}" for exchange in books.exchanges),
         *(mail.body for mail in books.promised)]
    )  # fmt: skip
    yield from ("secret: a card token stands in our books" for secret in books.secrets if secret in written)
