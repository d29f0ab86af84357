"""Credentials that a provider does not accept: jobs try them once, because a few wrong passwords lock some contracts."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from providers.contract import Verb
from providers.installed import INSTALLED
from providers.kept_cards import CardVerb
from shop.core.db import db, write
from shop.core.runtime import now
from shop.payments import accounts, turned_away
from shop.payments.cards.models import CardOperation
from shop.payments.models import Payment, PaymentOperation, ProviderNotice
from tests.support.buying import buy
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, number_of

pytestmark = pytest.mark.one_database


@pytest.fixture(params=INSTALLED, ids=[provider.code for provider in INSTALLED])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    """In a shop where another contract's order stands already."""
    number_of(buy(live_server.url, TEA))
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    for _order in range(3):
        number_of(made.buy())
    return made


def enter(product: Product, *, right: bool) -> None:
    """Save the contract's secret, right or mistyped."""
    known = product.provider.practice_settings()
    key = next(each.key for each in product.provider.settings if each.secret and each.key in known)
    with product.app.app_context(), write() as session:
        accounts.save_settings(session, product.account_id, {key: known[key] if right else "0" * len(known[key])}, now())


def asked(product: Product, *jobs: str) -> int:
    """How many requests the jobs sent, to whichever provider."""
    before = len(product.world.books()["calls"])
    run_jobs(product.app, *jobs)
    return len(product.world.books()["calls"]) - before


def problems(product: Product) -> list[bool]:
    with product.app.app_context():
        return [bool(problem) for problem in db.session.scalars(select(Payment.remote_problem).order_by(Payment.id))]


def test_a_mistyped_password_is_tried_once_a_night(product: Product, log: io.StringIO, clock: MovableClock) -> None:
    """The others' orders are all looked at; the next night begins with those that had to wait."""
    enter(product, right=False)
    assert asked(product, "sync") == 2
    assert problems(product) == [False, True, False, False]
    assert log.getvalue().count("credentials not accepted") == 1
    clock.advance(86_400)
    assert asked(product, "sync") == 2
    assert problems(product) == [False, True, True, False]


def test_what_is_entered_anew_is_tried_at_once(product: Product) -> None:
    enter(product, right=False)
    run_jobs(product.app, "sync")
    enter(product, right=True)
    assert asked(product, "sync") == 4
    assert problems(product) == [False] * 4


def operations(product: Product, verb: Verb, state: str) -> None:
    """Each payment of the product has an operation that waits to be sent, or whose outcome is not known."""
    with product.app.app_context(), write() as session:
        for payment in session.scalars(select(Payment).order_by(Payment.id)).all()[1:]:
            session.add(
                PaymentOperation(
                    public_id=f"open-{payment.id}", payment_id=payment.id, account_id=product.account_id, verb=verb.value,
                    amount_yen=payment.authorized_yen, handle=payment.handle, state=state, check_at=now(), actor="job:replacement",
                    created_at=now(),
                )
            )  # fmt: skip


def hear(product: Product) -> None:
    """A notice waits for each payment of the product that says something new."""
    with product.app.app_context(), write() as session:
        for payment in session.scalars(select(Payment).order_by(Payment.id)).all()[1:]:
            session.add(
                ProviderNotice(
                    account_id=product.account_id, serial=f"heard-{payment.id}", merchant_ref=payment.merchant_ref,
                    handle=payment.handle, next_at=now(), received_at=now(),
                )
            )  # fmt: skip


def cards(product: Product, state: str) -> None:
    """Cards are to be removed at the provider, or nobody knows whether they were."""
    with product.app.app_context(), write() as session:
        version = accounts.current_version(session, product.account_id).id
        for number in range(3):
            session.add(
                CardOperation(
                    verb=CardVerb.REMOVE.value, account_id=product.account_id, account_version_id=version,
                    customer_ref=f"nobody{number}", card_ref="1", state=state, check_at=now(), actor="job:left", created_at=now(),
                )
            )  # fmt: skip


PAYMENT_JOBS: dict[str, Callable[[Product], None]] = {
    "reconcile": lambda product: operations(product, Verb.CAPTURE, "unknown"),
    "dispatch": lambda product: operations(product, Verb.VOID, "intended"),
    "inbox": hear,
}
CARD_STATES = {"reconcile_cards": "unknown", "dispatch_cards": "intended"}
KEEPING = [provider for provider in INSTALLED if provider.capabilities.tokens_to_link]


def tried_once(product: Product, clock: MovableClock, job: str) -> None:
    enter(product, right=False)
    assert asked(product, job) == 1
    clock.advance(60)
    assert asked(product, job) == 0
    clock.advance(turned_away.REST.total_seconds())
    assert asked(product, job) == 1, "whether it is accepted again by now"


@pytest.mark.parametrize("job", PAYMENT_JOBS)
def test_no_other_job_goes_on_with_it_either(product: Product, clock: MovableClock, job: str) -> None:
    PAYMENT_JOBS[job](product)
    tried_once(product, clock, job)


@pytest.mark.parametrize("job", CARD_STATES)
@pytest.mark.parametrize("product", KEEPING, ids=[provider.code for provider in KEEPING], indirect=True)
def test_nor_one_that_looks_after_cards(product: Product, clock: MovableClock, job: str) -> None:
    cards(product, CARD_STATES[job])
    tried_once(product, clock, job)
