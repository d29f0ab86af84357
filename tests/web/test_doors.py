"""Doors that a forger tries: the way back from a payment, the sender's address, the time a comparison takes."""

import hmac

import pytest
from flask import Flask
from sqlalchemy import select

from providers.paygent import client as wire
from shop.core.db import db
from shop.orders.models import Order
from shop.payments import hop
from shop.payments.models import PaymentOperation
from tests.support.buying import CASH, Buyer
from tests.support.servers import LiveServer
from tests.support.world import Simulator


@pytest.mark.req("T-023")
def test_saying_that_it_was_paid_pays_nothing(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> None:
    """The browser's word about a payment is never asked for, so it cannot lie."""
    simulator.fault("reset", kind="020", phase="after")
    buyer = Buyer(live_server.url)
    buyer.put_into_cart("T-001")
    buyer.place(buyer.confirm(), buyer.card_token())
    with demo_app.app_context():
        public_id = db.session.scalar(select(Order.public_id))
        own = db.session.scalars(select(PaymentOperation.public_id)).one()
        way_back = f"/pay/r/{own}/{hop.token(own)}"
    for path in (
        "/checkout/pending?result=0&payment_status=20",
        f"/orders/{public_id}/complete?result=0",
        f"/pay/r/{public_id}/anything?result=0&attempt_kbn=0",
        f"{way_back}?result=0&attempt_kbn=0&3ds_auth_id=11111111-1111-1111-1111-111111111111&hc={'0' * 64}",
    ):
        buyer.get(path)
        buyer.post(path, {"result": "0", "paid": "1"})
    with demo_app.app_context():
        assert db.session.scalar(select(Order.state)) == "draft"
    assert buyer.get(f"/orders/{public_id}/complete").status_code == 404


@pytest.mark.req("T-029")
def test_an_address_in_a_header_is_not_believed(live_server: LiveServer, demo_app: Flask) -> None:
    """Without a trusted proxy in front, who is at the door is who opened the connection."""
    buyer = Buyer(live_server.url)
    buyer.session.headers.update({"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    buyer.put_into_cart("T-001")
    assert buyer.place(buyer.confirm(CASH)).public_id
    with demo_app.app_context():
        assert db.session.scalar(select(Order.ip)) == "127.0.0.1"


@pytest.mark.req("T-026")
def test_a_notice_s_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def listening(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return real(left, right)

    monkeypatch.setattr(hmac, "compare_digest", listening)
    fields = {"payment_notice_id": "1", "payment_id": "2", "trading_id": "3", "payment_type": "02", "payment_amount": "4"}
    digest = wire.notice_digest(fields, "key")
    body = "&".join(f"{name}={value}" for name, value in (fields | {"hc": digest}).items()).encode()
    assert wire.read_notice(body, "key")[1]
    assert compared == [(digest.encode(), digest.encode())]
