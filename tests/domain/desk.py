"""A shop counter for tests: orders placed through the services, and both ledgers read afresh each time."""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as MERCHANT
from shop.catalogue.models import Product, StockHold, Variant
from shop.checkout import cart, confirm, placement
from shop.checkout.models import Confirmation
from shop.core import db, ids
from shop.core.runtime import now
from shop.delivery.models import Delivery
from shop.orders.models import Order, OrderHistory
from shop.outbox.models import OutboxMail
from shop.payments import actions
from shop.payments.cards import linking
from shop.payments.models import Payment, PaymentMethod, PaymentOperation, ProviderAccount
from shop.promotions import coupons
from tests.support.shop import run_jobs
from tests.support.world import VISA, Simulator

Row = TypeVar("Row")

REFUSED = "4980000000038261"
CANCEL_REFUSED = "4980000000022000"
BUYER = {
    "buyer_name": "山田 花子", "email": "hanako@example.jp", "phone": "0312345678", "postal_code": "1000001",
    "prefecture": "東京都", "address1": "千代田区千代田1-1", "ship_to": "same", "installments": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """One press of 注文する and what it led to."""

    order_id: int
    payment_id: int
    operation_id: int
    ref: str
    yen: int


def card_of(confirmation: Confirmation, token: str) -> placement.Card:
    """What a press says of the card: its token, and what the page said of the card that the member has."""
    session, member_id = db.db.session(), confirmation.member_id
    method = session.get_one(PaymentMethod, confirmation.payment_method_id)
    return placement.Card(token, terms=linking.terms(session, member_id, method) if member_id else "")


class Desk:
    def __init__(self, app: Flask, simulator: Simulator) -> None:
        self.app = app
        self.simulator = simulator
        variants = self.rows(Variant, Variant.on_hand >= 10, Variant.product_id.in_(select(Product.id).where(Product.published)))
        self.variant_id = variants[0].id

    # ---- doing ---------------------------------------------------------------------------------------

    def token(self, card: str = VISA, merchant_id: str = MERCHANT.merchant_id) -> str:
        """A card token, made as the browser's script makes it."""
        fields = {
            "merchant_id": merchant_id, "token_generate_key": MERCHANT.token_generate_key, "card_number": card,
            "card_expire_year": "40", "card_expire_month": "01", "card_cvc": "123", "card_name": "HANAKO YAMADA",
        }  # fmt: skip
        answer = requests.post(f"{self.simulator.url}/paygent/n/token/request", data=fields).json()
        return str(answer["tokenizedCardObject"]["token"])

    def confirmed(
        self, *, quantity: int = 1, method: str = "card", key: str = "", member_id: int | None = None, registration: str = "",
        **buyer: str,
    ) -> tuple[str, str]:  # fmt: skip
        """A cart with goods and its confirmation: (confirmation token, cart key). ``key``: this cart, with what is in it."""
        key, token = key or ids.public_id(), ids.public_id()
        with self.app.app_context():
            if cart.view(db.db.session(), key).is_empty:
                with db.write() as session:
                    cart.add(session, key, self.variant_id, quantity, now())
            session = db.db.session()
            courier = session.scalars(select(Delivery)).first()
            chosen = session.scalars(select(PaymentMethod).where(PaymentMethod.kind == method)).one()
            assert courier
            form = BUYER | buyer
            view, member = cart.view(session, key), member_id is not None
            coupon = coupons.apply(session, form.get("coupon", ""), view.goods_yen, member=member, now=now())
            agreement = confirm.agree(session, view, courier.id, chosen.id, form["prefecture"], coupon)
            with db.write() as session:
                confirm.store(session, token, agreement, form, "<p>final page</p>", now(), member_id=member_id, registration=registration)
        return token, key

    def press(
        self, confirmation: str, key: str, token: str = "", *, address: str = "127.0.0.1", browser: str = ""
    ) -> int:
        """注文する; returns the order's id. Raises what the placement raises. Each cart is a ``browser`` of its own."""
        with self.app.app_context():
            found = confirm.find(db.db.session(), confirmation, key)
            assert found
            who = placement.Buyer("PC", address, "ja", browser or key, found.member_id)
            return placement.place(found, key, card_of(found, token), who).order_id

    def place(self, card: str = VISA, *, quantity: int = 1, member_id: int | None = None, **buyer: str) -> Placed:
        """A whole card order, up to whatever became of it."""
        order_id = self.press(*self.confirmed(quantity=quantity, member_id=member_id, **buyer), self.token(card))
        return self.placed(order_id)

    def placed(self, order_id: int) -> Placed:
        payment = self.row(Payment, order_id=order_id)
        operation = self.rows(PaymentOperation, payment_id=payment.id)[0]
        return Placed(order_id, payment.id, operation.id, operation.merchant_ref or "", operation.amount_yen)

    def capture(self, placed: Placed, yen: int | None = None, total: int | None = None) -> str:
        return self._act(actions.capture, placed, yen, total)

    def cancel(self, placed: Placed, yen: int | None = None, total: int | None = None) -> str:
        return self._act(actions.cancel, placed, yen, total)

    def _act(self, action: Callable[..., actions.Outcome], placed: Placed, yen: int | None, total: int | None) -> str:
        with self.app.app_context():
            shown, due = (placed.yen if each is None else each for each in (yen, total))
            return action(placed.payment_id, shown, due, "staff:owner").kind

    def refresh(self, placed: Placed) -> str:
        with self.app.app_context():
            return actions.refresh(placed.payment_id).kind

    def run(self, *jobs: str) -> dict[str, int]:
        return run_jobs(self.app, *jobs)

    def call(self, work: Callable[..., Row], *args: Any) -> Row:
        """Call a service in an application context of its own."""
        with self.app.app_context():
            return work(*args)

    def together(self, *work: Callable[[], Any]) -> list[Any]:
        """Run all at the same moment, each on a thread; returns results or exceptions in order."""
        gate, results = threading.Barrier(len(work)), [None] * len(work)

        def one(place: int) -> None:
            gate.wait()
            try:
                results[place] = work[place]()
            except Exception as error:
                results[place] = error  # type: ignore[call-overload]

        threads = [threading.Thread(target=one, args=(place,)) for place in range(len(work))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def change(self, model: type[Any], *where: Any, **values: Any) -> None:
        """Plant a state directly in the database."""
        with self.app.app_context(), db.write() as session:
            session.execute(update(model).where(*where).values(**values))

    # ---- reading our side ----------------------------------------------------------------------------

    def rows(self, model: type[Row], *where: Any, **equal: Any) -> list[Row]:
        with self.app.app_context():
            session = db.db.session()
            found = session.scalars(select(model).where(*where).filter_by(**equal).order_by(model.id)).all()  # type: ignore[attr-defined]
            session.expunge_all()
            return list(found)

    def row(self, model: type[Row], *where: Any, **equal: Any) -> Row:
        (found,) = self.rows(model, *where, **equal)
        return found

    def payment(self, placed: Placed) -> Payment:
        return self.row(Payment, id=placed.payment_id)

    def order(self, placed: Placed) -> Order:
        return self.row(Order, id=placed.order_id)

    def operation(self, placed: Placed) -> PaymentOperation:
        """The authorization's row."""
        return self.row(PaymentOperation, id=placed.operation_id)

    def steps(self, placed: Placed) -> list[tuple[str, str, str]]:
        """The ledger of one payment: verb, origin, state."""
        return [(each.verb, each.origin, each.state) for each in self.rows(PaymentOperation, payment_id=placed.payment_id)]

    def money(self, placed: Placed) -> tuple[str, int, int, int]:
        payment = self.payment(placed)
        return payment.status, payment.authorized_yen, payment.captured_yen, payment.refunded_yen

    def mails(self, order_id: int | None) -> list[str]:
        """Kinds of mail promised for an order, sorted."""
        return sorted(mail.kind for mail in self.rows(OutboxMail, order_id=order_id))

    def stock(self, variant_id: int | None = None) -> tuple[int, int, int]:
        """On hand, allocated, held."""
        variant = self.row(Variant, id=variant_id or self.variant_id)
        return variant.on_hand, variant.allocated, variant.held

    def holds(self, placed: Placed) -> list[str]:
        return [hold.state for hold in self.rows(StockHold, order_id=placed.order_id)]

    def history(self, placed: Placed) -> list[str]:
        return [line.text for line in self.rows(OrderHistory, order_id=placed.order_id)]

    def account(self) -> ProviderAccount:
        return self.row(ProviderAccount)

    # ---- the provider's side: the oracle for money -----------------------------------------------------

    def remote(self, placed: Placed) -> list[tuple[str, int]]:
        """Status and amount of every payment the provider has under this order's reference."""
        return [(each["status"], each["amount"]) for each in self.remote_payments(placed)]

    def remote_payments(self, placed: Placed) -> list[dict[str, Any]]:
        return [each for each in self.simulator.payments() if each["trading_id"] == placed.ref]

    def telegrams(self, kind: str) -> int:
        """How many requests of a kind have reached the provider."""
        return int(self.simulator.ledger()["telegrams"].get(kind, 0))

    def console(self, placed: Placed, action: str, **form: str) -> None:
        """Press a button on the provider's own administration site."""
        newest = self.remote_payments(placed)[-1]["payment_id"]
        answer = requests.post(f"{self.simulator.url}/console/paygent/payments/{newest}/{action}", data=form, allow_redirects=False)
        assert answer.status_code == 303
        assert "code=" not in answer.headers["Location"]


def look_together(monkeypatch: pytest.MonkeyPatch, job_module: ModuleType, runners: int) -> None:
    """Every runner of this module's job has looked for work before the first one takes any."""
    gate, work_off = threading.Barrier(runners, timeout=10), job_module.each

    def after_the_others(rows: Iterable[Any], work: Callable[[Any], bool]) -> int:
        gate.wait()
        return int(work_off(rows, work))

    monkeypatch.setattr(job_module, "each", after_the_others)


def notice(placed: Placed, handle: str, serial: int, status: str = "20", **changed: str) -> dict[str, str]:
    """A notice as the provider writes it, signed."""
    fields = {
        "payment_notice_id": str(serial), "change_date": "20261121090000", "payment_id": handle, "trading_id": placed.ref,
        "payment_type": "02", "payment_status": status, "payment_amount": str(placed.yen),
    } | changed  # fmt: skip
    return fields | {"hc": signature(fields)}


def signature(fields: dict[str, str], key: str = MERCHANT.notice_hash_key) -> str:
    """``hc``, computed apart from the product's code."""
    signed = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
    return hashlib.sha256(("".join(fields.get(name, "") for name in signed) + key).encode()).hexdigest()


def body(fields: dict[str, str]) -> bytes:
    return urlencode(fields, encoding="cp932").encode()
