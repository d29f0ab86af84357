"""Members with cards, for tests: orders of theirs with what is expected of the link, and the provider's books of cards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from providers.charge import CardSource, Charge
from providers.contract import Verb
from providers.kept_cards import Linking, StoredCardSource
from shop.catalogue import stock
from shop.core import db, ids
from shop.core.runtime import now
from shop.members import leaving
from shop.members.models import Member, MemberEvent
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments import accounts, cardguard, executor
from shop.payments.cards import book, linking, manage
from shop.payments.cards.models import CardOperation
from shop.payments.models import Payment, PaymentMethod
from tests.domain.desk import Desk

VISA, JCB, MASTER = "4111111111111111", "3580000000001000", "5250000000001001"
REFUSED = "4980000000038261"
#: A cart of its own for each order.
_CARTS = count(1000)
#: What a browser makes out of the number.
BRANDS = {VISA: "Visa", JCB: "JCB", MASTER: "Mastercard"}


@dataclass
class Cards:
    """One member of the demo shop and the one card account."""

    desk: Desk
    member_id: int = 0
    public_id: str = ""

    def __post_init__(self) -> None:
        self.member_id, self.public_id = self.member()
        self.account_id = self.desk.account().id

    def member(self, **values: Any) -> tuple[int, str]:
        with self.desk.app.app_context(), db.write() as session:
            name = ids.public_id()
            facts = {"login": name, "email": f"{name}@example.jp", "email_key": f"{name}@example.jp"} | values
            made = Member(public_id=name, password_hash="-", name="山田 花子", created_at=now(), **facts)
            session.add(made)
            session.flush()
            return made.id, name

    @property
    def who(self) -> cardguard.Who:
        """The member at their own browser."""
        return cardguard.Who(self.public_id, "127.0.0.1", member_id=self.member_id)

    # ---- doing ---------------------------------------------------------------------------------------

    def order(
        self, mode: Linking = Linking.ALWAYS, *, card: str = VISA, stored: bool = False, keep: bool = False,
        member_id: int | None = 0, registering: bool = False, then: Any = None,
        token: Callable[[str], str] | None = None, **page: Any,
    ) -> Order:  # fmt: skip
        """A card order of the member, settled; ``then`` runs between the draft and the call. ``page``: what its script says."""
        who = self.member_id if member_id == 0 else member_id
        make = token or self.desk.token
        pay, link = ("", "") if stored else (make(card), make(card))
        with self.desk.app.app_context():
            source = book.source_for(db.db.session(), who, self.account_id) if stored and who else CardSource(pay)
            assert source is not None
            order_id, operation_id, charge = self._draft(source, who)
            told = {"link_token": link, "brand": BRANDS.get(card, "")} | page
            with db.write() as session:
                payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
                linking.expect(
                    session, payment, member_id=who, registering=registering, linking=mode, used_stored=stored, keep=keep,
                    now=now(), **told,
                )  # fmt: skip
            if then:
                then(order_id)
            executor.perform(operation_id, lambda gateway: gateway.authorize(charge))
        return self.desk.row(Order, id=order_id)

    def _draft(self, source: CardSource | StoredCardSource, member_id: int | None) -> tuple[int, int, Charge]:
        with db.write() as session:
            method = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
            order = Order(
                public_id=ids.public_id(), submission_key=ids.public_id(), cart_id=next(_CARTS), member_id=member_id,
                buyer_name="山田 花子", email="hanako@example.jp", phone="0312345678", postal_code="1000001",
                prefecture="東京都", address1="千代田区1-1", ship_name="山田 花子", ship_phone="0312345678",
                ship_postal_code="1000001", ship_prefecture="東京都", ship_address1="千代田区1-1", delivery_id=1,
                delivery_name="宅配便", payment_name=method.name, goods_yen=1000, shipping_yen=0, total_yen=1000,
                created_at=now(), lines=[self._line()],
            )  # fmt: skip
            session.add(order)
            session.flush()
            stock.hold(session, order.id, {self.desk.variant_id: 1}, now() + timedelta(minutes=20))
            account = method.account
            assert account is not None
            ref = accounts.provider_of(account).new_merchant_ref(now())
            payment = Payment(
                order_id=order.id, method_id=method.id, method_name=method.name, kind="card", created_at=now(),
                account_version_id=accounts.current_version(session, account.id).id, merchant_ref=ref, practice=True,
            )  # fmt: skip
            session.add(payment)
            session.flush()
            operation = executor.write_ahead(session, payment, Verb.AUTHORIZE, 1000, "buyer", now(), merchant_ref=ref)
            return order.id, operation.id, Charge(ref, 1000, source, capture=False, options={"use_3ds": "0"})

    def _line(self) -> OrderLine:
        return OrderLine(variant_id=self.desk.variant_id, code="A", name="品", unit_yen=1000, quantity=1, tax_rate=10)

    def change(self, card: str = VISA) -> str:
        """登録 or 変更 in マイページ."""
        return self.desk.call(manage.change, self.member_id, self.account_id, self.desk.token(card), BRANDS[card], self.who).kind

    def remove(self) -> str:
        return self.desk.call(manage.remove, self.member_id, self.account_id).kind

    def leave(self) -> None:
        """退会."""
        with self.desk.app.app_context(), db.write() as session:
            leaving.leave(session, self.member_id, now())

    def run(self) -> None:
        self.desk.run("dispatch_cards", "reconcile_cards", "dispatch_cards")

    def due(self) -> None:
        """Let the jobs look now, without moving any clock."""
        self.desk.change(CardOperation, CardOperation.state != "waiting", check_at=self.desk.call(now))

    # ---- reading both sides --------------------------------------------------------------------------

    def linked(self, member_id: int = 0) -> str:
        """What the shop shows of the member's card; empty without one."""
        with self.desk.app.app_context():
            card = book.stored(db.db.session(), member_id or self.member_id, self.account_id, now())
            return f"{card.brand} {card.last_four} {card.expiry}".strip() if card else ""

    def kept(self, public_id: str = "") -> list[str]:
        """Last four digits of the cards that the provider keeps for the member: the oracle."""
        customer = f"m{public_id or self.public_id}"
        cards = self.desk.simulator.ledger()["stored_cards"]
        return [
            each["masked_card_number"][-4:] for each in cards if each["customer_id"] == customer and not each["deleted_at"]
        ]

    def operations(self) -> list[tuple[str, str]]:
        return [(each.verb, each.state) for each in self.desk.rows(CardOperation)]

    def events(self) -> list[str]:
        return [each.text for each in self.desk.rows(MemberEvent, member_id=self.member_id)]

    def mails(self) -> list[OutboxMail]:
        return self.desk.rows(OutboxMail, kind="card")
