"""Late, early and unexpected notices, on every installed product whose provider sends any: this file names none of them.

A notice is a reason to ask the provider, never an answer – so none of these can do harm, whatever it says.
"""

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from providers.installed import INSTALLED
from shop.core.db import db
from shop.orders.models import Order
from shop.payments.models import Payment, ProviderNotice
from tests.support.buying import Buyer
from tests.support.forging import FORM, About, Push, forge
from tests.support.products import Product, lead
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import Simulator

TELLING = [provider for provider in INSTALLED if provider.sends_notices]
REFUSED = "4980000000058202"


@pytest.fixture(params=TELLING, ids=[provider.code for provider in TELLING])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    made.world.control("notices", mode="hold")
    return made


def attempts(app: Flask) -> list[tuple[str, str]]:
    """State of each attempt and of its payment, oldest first."""
    with app.app_context():
        rows = db.session.execute(select(Order.state, Payment.status).join_from(Order, Payment, Payment.order_id == Order.id).order_by(Order.id)).all()
        return [(state, status) for state, status in rows]


def notices(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(ProviderNotice.state).order_by(ProviderNotice.id)))


def newest(app: Flask) -> Payment:
    with app.app_context():
        payment = db.session.scalars(select(Payment).order_by(Payment.id.desc()).limit(1)).one()
        db.session.expunge(payment)
        return payment


def buy_and_lose_the_answer(product: Product) -> None:
    """The money is reserved, and nobody has told the shop."""
    if product.provider.capabilities.charges_while_away:
        lead(product.buy(through_issuer=False))
    else:
        product.fault("authorize")
        product.buy()


def send(product: Product, push: Push) -> int:
    address = f"{product.shop_url}/pay/n/{product.account_key}"
    return requests.post(address, data=push.body, headers={"Content-Type": FORM, **push.headers}, timeout=30).status_code


@pytest.mark.req("S-028")
def test_a_late_failure_of_the_first_attempt_leaves_the_second_alone(product: Product, demo_app: Flask) -> None:
    buyer = Buyer(product.shop_url)
    assert product.buy(REFUSED, buyer=buyer).public_id is None
    assert product.buy(buyer=buyer).public_id
    run_jobs(demo_app)
    assert (attempts(demo_app), notices(demo_app)) == ([("lapsed", "declined"), ("placed", "authorized")], [])
    said = len(mails(demo_app))
    for _ in range(2):
        product.let_notices_go()
        product.look_into_notices()
        run_jobs(demo_app)
    assert notices(demo_app) == ["done", "done"], "of the attempt that failed and of the one that did not"
    assert attempts(demo_app) == [("lapsed", "declined"), ("placed", "authorized")]
    assert (len(product.held()), len(mails(demo_app))) == (1, said)


#: By the first product of each protocol.
SAYINGS = [
    (provider, said) for provider in {forge(provider): provider for provider in reversed(TELLING)}.values()
    for said in forge(provider).SAYINGS
]  # fmt: skip


@pytest.mark.req("S-029")
@pytest.mark.parametrize(
    ("product", "said"), SAYINGS, ids=[f"{provider.code}-{said}" for provider, said in SAYINGS], indirect=["product"]
)
def test_whatever_a_notice_says_the_provider_is_asked(product: Product, demo_app: Flask, said: str) -> None:
    """Of a kind that nobody expects, of failure, of something nobody has heard of: what was reserved becomes the order."""
    buy_and_lose_the_answer(product)
    assert [state for state, _ in attempts(demo_app)] == ["draft"]
    payment, (held,) = newest(demo_app), product.payments()
    assert send(product, forge(product.provider).notice(product.provider, about(held, payment), said)) == 200
    product.look_into_notices()
    assert attempts(demo_app) == [("placed", "authorized")]


def about(held: dict[str, object], payment: Payment) -> About:
    return About(10**8, str(held["handle"]), payment.merchant_ref, payment.authorized_yen)


#: Whose notices tell of several payments at once, the first product of each protocol.
GATHERING = [provider for provider in {forge(each): each for each in reversed(TELLING)}.values() if hasattr(forge(provider), "together")]
#: Bytes of one notice that the shop takes.
DOOR = 64 * 1024


@pytest.mark.req("R-105")
@pytest.mark.parametrize("product", GATHERING, ids=[provider.code for provider in GATHERING], indirect=True)
def test_a_notice_of_as_many_payments_as_the_door_lets_in(product: Product, demo_app: Flask) -> None:
    """Every one of them is taken, ours at the end among them; and where it is not signed, none."""
    buy_and_lose_the_answer(product)
    ours = about(product.payments()[0], newest(demo_app))
    strange = [About(10**8, "", f"9261122{number:013}", 1572) for number in range(400)]
    push = forge(product.provider).together(product.provider, [*strange, ours])
    assert 0.85 * DOOR < len(push.body) <= DOOR
    assert send(product, Push(push.body + b"&", push.headers)) == 403
    assert (send(product, push), len(notices(demo_app))) == (200, 401)
    for _ in range(200):
        run_jobs(demo_app, "inbox")
        if attempts(demo_app) == [("placed", "authorized")]:
            return
    raise AssertionError("the last of the notice's payments was never looked into")


@pytest.mark.req("S-029")
def test_without_any_notice_the_provider_is_asked(product: Product, demo_app: Flask, clock: MovableClock) -> None:
    buy_and_lose_the_answer(product)
    clock.advance(20 * 60 + 1)
    for _ in range(2):
        run_jobs(demo_app)
    assert (attempts(demo_app), notices(demo_app)) == ([("placed", "authorized")], [])


@pytest.mark.req("S-032", "S-025", "S-030")
def test_a_notice_that_comes_before_the_payment_is_known_waits_for_it(
    product: Product, demo_app: Flask, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken with thanks, so that the provider need not repeat it, and looked into once there is something to look at."""
    reference = "92612312359599999999"
    coming = forge(product.provider).notice(product.provider, About(10**8, "", reference, 1572))
    assert send(product, coming) == 200
    assert notices(demo_app) == ["waiting"]
    monkeypatch.setattr(product.provider, "new_merchant_ref", lambda now: reference)
    buy_and_lose_the_answer(product)
    clock.advance(60)
    product.look_into_notices()
    assert (attempts(demo_app), notices(demo_app)) == ([("placed", "authorized")], ["done"])
    assert [held for held, _yen in product.held()] == [reference]
