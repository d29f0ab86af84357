"""The buyer is away at the issuer's page: who goes on, who comes too late, and what is left behind."""

import json
from functools import partial
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from shop.core import db
from shop.core.runtime import now
from shop.jobs import joblist
from shop.orders import settlement
from shop.payments import executor, hop
from shop.payments.models import PaymentMethod, PaymentOperation
from tests.domain.desk import Desk, Placed
from tests.support.issuer import FRICTIONLESS
from tests.support.pages import Page
from tests.support.shop import MovableClock

Fields = list[tuple[str, str]]
HOLD = 20 * 60


@pytest.fixture
def away(desk: Desk) -> Placed:
    """An attempt whose buyer has been sent to the issuer."""
    desk.change(PaymentMethod, PaymentMethod.kind == "card", options=json.dumps({"use_3ds": "1", "attempt_control": "low"}))
    placed = desk.place(FRICTIONLESS)
    assert desk.operation(placed).state == "parked"
    assert desk.payment(placed).status == "awaiting_buyer"
    return placed


def parked(desk: Desk, placed: Placed) -> hop.Parked:
    found = desk.call(lambda: hop.parked(db.db.session(), desk.operation(placed).public_id))
    assert found
    return found


def came_back(desk: Desk, placed: Placed) -> Fields:
    """What the issuer's page sends along."""
    form = Page(parked(desk, placed).html).forms[0]
    answer = requests.post(urljoin(desk.simulator.url, form.action), data=form.fields, allow_redirects=False)
    return parse_qsl(urlsplit(answer.headers["Location"]).query, keep_blank_values=True)


def go_on(desk: Desk, waiting: hop.Parked, fields: Fields) -> None:
    def work() -> None:
        with executor.reserve() as slot:
            hop.resume(waiting, fields, slot)

    desk.call(work)


@pytest.mark.req("P-12", "T-030")
def test_two_returns_at_once_are_one_authorisation(desk: Desk, away: Placed) -> None:
    waiting, fields = parked(desk, away), came_back(desk, away)
    desk.together(*[partial(go_on, desk, waiting, fields)] * 4)
    assert desk.telegrams("020") == 1
    assert desk.remote(away) == [("20", away.yen)]
    assert desk.order(away).state == "placed"
    go_on(desk, waiting, fields)
    assert desk.telegrams("020") == 1


def test_the_secret_is_gone_as_soon_as_somebody_goes_on(desk: Desk, away: Placed) -> None:
    waiting, fields = parked(desk, away), came_back(desk, away)
    desk.simulator.fault("reset", kind="020", phase="after")
    go_on(desk, waiting, fields)
    assert (desk.operation(away).state, desk.operation(away).sealed) == ("unknown", None)


@pytest.mark.req("R-161", "R-164")
def test_return_and_end_of_the_hold_at_the_same_moment(desk: Desk, away: Placed, clock: MovableClock) -> None:
    waiting, fields = parked(desk, away), came_back(desk, away)
    clock.advance(HOLD + 1)
    desk.together(partial(go_on, desk, waiting, fields), lambda: desk.run("release_holds"))
    for _ in range(4):
        desk.run("reconcile", "release_holds", "dispatch")
        clock.advance(60)
    placed = desk.order(away).state == "placed"
    assert desk.stock()[1:] == ((1, 0) if placed else (0, 0))
    live = [yen for status, yen in desk.remote(away) if status in ("20", "40")]
    assert live == ([away.yen] if placed else [])


@pytest.mark.req("R-163", "R-164")
def test_return_and_giving_up_at_the_same_moment(desk: Desk, away: Placed, clock: MovableClock) -> None:
    waiting, fields = parked(desk, away), came_back(desk, away)

    def give_up() -> bool:
        with desk.app.app_context(), db.write() as session:
            return settlement.abandon(session, away.order_id, "buyer", now())

    desk.together(partial(go_on, desk, waiting, fields), give_up)
    for _ in range(4):
        desk.run("reconcile", "dispatch")
        clock.advance(60)
    placed = desk.order(away).state == "placed"
    assert desk.stock()[1:] == ((1, 0) if placed else (0, 0))
    assert [yen for status, yen in desk.remote(away) if status in ("20", "40")] == ([away.yen] if placed else [])


def test_the_reconciler_leaves_an_absent_buyer_alone(desk: Desk, away: Placed, clock: MovableClock) -> None:
    clock.advance(HOLD - 60)
    desk.run("reconcile", "release_holds")
    assert desk.operation(away).state == "parked"
    assert desk.telegrams("094") == 0


def test_an_operation_that_went_on_is_not_ended_by_the_hold(desk: Desk, away: Placed, clock: MovableClock) -> None:
    """020's answer is lost, the hold ends: the provider is asked first and the order stands."""
    desk.simulator.fault("reset", kind="020", phase="after")
    go_on(desk, parked(desk, away), came_back(desk, away))
    clock.advance(HOLD + 1)
    desk.call(joblist.release_holds)
    assert desk.order(away).state == "placed"
    assert desk.payment(away).three_ds


def test_a_parked_secret_opens_for_its_own_operation_only(desk: Desk, away: Placed) -> None:
    other = desk.place(FRICTIONLESS)
    sealed = desk.operation(other).sealed
    desk.change(PaymentOperation, PaymentOperation.id == away.operation_id, sealed=sealed)
    with pytest.raises(RuntimeError):
        parked(desk, away)
