"""The use of a coupon: held, consumed and given back with the order's units, and never more uses than there are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from shop.checkout.placement import ConfirmAgain
from shop.core import db
from shop.core.runtime import now
from shop.jobs import selfcheck
from shop.orders import filing
from shop.orders.models import Order
from shop.promotions import coupons
from shop.promotions.coupons import NotUsable
from shop.promotions.models import Coupon, CouponUse
from tests.domain.desk import REFUSED, Desk, Placed
from tests.support.shop import MovableClock

CODE, OFF = "ARIGATO500", 500
HOLD = 20 * 60


def limit(desk: Desk, uses: int | None, **columns: object) -> None:
    desk.change(Coupon, Coupon.code == CODE, uses=uses, **columns)


def counts(desk: Desk) -> tuple[int, int]:
    """Uses by orders under way and by orders that stand; they are those of the rows, and the self-check agrees."""
    coupon, uses = desk.row(Coupon, code=CODE), [use.state for use in desk.rows(CouponUse)]
    assert (coupon.held, coupon.used) == (uses.count("held"), uses.count("consumed"))
    assert desk.call(selfcheck.differences) == []
    return coupon.held, coupon.used


def problem(desk: Desk, typed: str = CODE, *, member: bool = False, at: datetime | None = None) -> str:
    """Why a code cannot be used; blank when it can."""

    def ask() -> str:
        try:
            coupons.apply(db.db.session(), typed, 1000, member=member, now=at or now())
        except NotUsable as error:
            return error.problem
        return ""

    return desk.call(ask)


@pytest.mark.req("R-166", "T-017", "P-13")
@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
def test_the_last_use_goes_to_one_of_many_at_once(desk: Desk, method: str) -> None:
    limit(desk, 2)
    presses = [
        (*desk.confirmed(method=method, coupon=CODE), desk.token() if method == "card" else "") for _ in range(6)
    ]
    results = desk.together(*[lambda press=press: desk.press(*press) for press in presses])
    told = [result for result in results if isinstance(result, ConfirmAgain)]
    assert [each.problem for each in told] == ["coupon"] * 4
    assert counts(desk) == (0, 2)
    orders = desk.rows(Order, state="placed")
    assert [(order.coupon_code, order.coupon_yen) for order in orders] == [(CODE, OFF)] * 2
    assert [payment["amount"] for payment in desk.simulator.payments()] == [order.total_yen for order in orders if method == "card"]
    assert desk.stock()[1:] == (2, 0), "who got no use holds no units"
    assert problem(desk) == "used_up"


@pytest.mark.req("R-160")
def test_a_refused_card_gives_the_use_back_at_once(desk: Desk) -> None:
    limit(desk, 1)
    refused = desk.place(REFUSED, coupon=CODE)
    assert desk.order(refused).state == "lapsed"
    assert counts(desk) == (0, 0)
    assert desk.order(desk.place(coupon=CODE)).state == "placed"
    assert counts(desk) == (0, 1)


@pytest.mark.req("R-166")
def test_the_database_refuses_one_use_too_many(desk: Desk) -> None:
    limit(desk, 1)
    for values in ({"held": 2}, {"used": 2}, {"held": 1, "used": 1}, {"held": -1}, {"used": -1}):
        with pytest.raises(IntegrityError):
            desk.change(Coupon, Coupon.code == CODE, **values)


def unknown(desk: Desk) -> Placed:
    """An order with the coupon whose card was approved and whose answer was lost."""
    desk.simulator.fault("reset", kind="020", phase="after")
    desk.simulator.fault("close", kind="094", times=1)
    return desk.place(coupon=CODE)


@pytest.mark.req("R-161", "R-164")
def test_twenty_minutes_and_an_approval_that_comes_later(desk: Desk, clock: MovableClock) -> None:
    limit(desk, 1, ends_on=now_in_japan(desk))
    placed = unknown(desk)
    assert counts(desk) == (1, 0)
    assert problem(desk) == "in_use"
    clock.advance(HOLD - 1)
    desk.run("release_holds")
    assert counts(desk) == (1, 0)
    clock.advance(2)
    desk.run("release_holds")
    assert (counts(desk), desk.stock()[2]) == ((0, 0), 0)
    clock.advance(24 * 3600)  # the period is that of the press
    desk.run("reconcile")
    assert desk.order(placed).state == "placed"
    assert (counts(desk), desk.holds(placed)) == ((0, 1), ["consumed"])
    assert desk.remote(placed) == [("20", placed.yen)]


@pytest.mark.req("R-164", "P-08")
def test_an_approval_after_the_last_use_has_gone_is_given_back(desk: Desk, clock: MovableClock) -> None:
    """As with the goods: the agreed price is not to be had any more, and nobody is charged another one."""
    limit(desk, 1)
    placed = unknown(desk)
    clock.advance(HOLD + 1)
    desk.run("release_holds")
    quick = desk.place(coupon=CODE)
    desk.run("reconcile", "dispatch")
    assert [desk.order(each).state for each in (placed, quick)] == ["lapsed", "placed"]
    assert (counts(desk), desk.stock()[1:]) == ((0, 1), (1, 0))
    assert desk.remote(placed) == [("32", placed.yen)]
    assert "payment_cancelled" in desk.mails(placed.order_id)


def now_in_japan(desk: Desk) -> date:
    return desk.call(lambda: (now() + timedelta(hours=9)).date())


@pytest.mark.req("R-293", "T-003")
def test_the_period_is_of_whole_days_in_japan(desk: Desk) -> None:
    limit(desk, None, starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 24))
    midnight = datetime(2026, 11, 30, 15, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert problem(desk, at=midnight - second) == "early"
    assert problem(desk, at=midnight) == ""
    last = datetime(2026, 12, 24, 15, tzinfo=UTC)
    assert problem(desk, at=last - second) == ""
    assert problem(desk, at=last) == "over"
    for day, held in ((date(2026, 11, 30), 0), (date(2026, 12, 1), 1), (date(2026, 12, 24), 2), (date(2026, 12, 25), 2)):
        take(desk, day)
        assert counts(desk) == (held, 0), "the statement that takes it says the same"


@pytest.mark.req("R-293")
def test_a_coupon_stopped_after_the_last_look_cannot_be_held(desk: Desk) -> None:
    limit(desk, None, active=False)
    assert take(desk, now_in_japan(desk)) is False
    assert counts(desk) == (0, 0)


@pytest.mark.req("S-040", "P-13")
def test_a_use_ends_once(desk: Desk) -> None:
    assert take(desk, now_in_japan(desk))
    for end in (coupons.release, coupons.release, coupons.consume, coupons.give_back):
        with desk.app.app_context(), db.write() as session:
            end(session, 4711, now())
        assert counts(desk) == (0, 0), end.__name__


def take(desk: Desk, day: date) -> bool:
    coupon = desk.row(Coupon, code=CODE)
    try:
        with desk.app.app_context(), db.write() as session:
            coupons.hold(session, 4711 + coupon.held, coupon.id, day)
    except NotUsable:
        return False
    return True


@pytest.mark.req("T-003", "T-073")
def test_a_code_is_the_same_in_any_width_and_case(desk: Desk) -> None:
    for typed in ("arigato500", "ＡＲＩＧＡＴＯ５００", " Ari gato 500 ", "ａｒｉｇａｔｏ\u3000500"):  # noqa: RUF001
        assert problem(desk, typed) == "", typed
    for typed in ("ARIGATO50", "ARIGAT0500", "-", "%"):
        assert problem(desk, typed) == "unknown", typed


@pytest.mark.req("R-293")
def test_for_members_only(desk: Desk) -> None:
    limit(desk, None, members_only=True)
    assert (problem(desk), problem(desk, member=True)) == ("members", "")


def test_a_cancelled_order_gives_its_use_back_once_and_takes_it_again(desk: Desk) -> None:
    limit(desk, 1)
    placed = desk.place(coupon=CODE)
    move(desk, placed, "open", "cancelled")
    assert counts(desk) == (0, 0)
    with pytest.raises(filing.ElsewhereNow):
        move(desk, placed, "open", "cancelled")
    move(desk, placed, "cancelled", "open")
    assert counts(desk) == (0, 1)
    move(desk, placed, "open", "cancelled")
    desk.place(coupon=CODE)
    with pytest.raises(NotUsable):
        move(desk, placed, "cancelled", "open")
    assert (counts(desk), desk.stock()[1], desk.order(placed).filed) == ((0, 1), 1, "cancelled")


def move(desk: Desk, placed: Placed, seen: str, target: str) -> None:
    with desk.app.app_context(), db.write() as session:
        filing.move(session, placed.order_id, seen, target, "staff:owner", now())


def test_the_self_check_sees_a_use_that_nobody_has(desk: Desk) -> None:
    limit(desk, None, used=1)
    assert [line for line in desk.call(selfcheck.differences) if "used 1 of 0" in line]


@pytest.mark.req("T-091")
def test_so_many_codes_may_be_guessed_by_a_browser_and_by_a_network(desk: Desk) -> None:
    """Ten and sixty in half an hour; codes that are there cost none."""

    def judged(code: str, browser: str, address: str) -> bool:
        def count() -> None:
            with db.write() as session:
                coupons.count_try(session, code, browser, address, now())

        try:
            desk.call(count)
        except coupons.TooManyTries:
            return False
        return True

    assert all(judged(CODE, "home", "61.1.1.1") for _ in range(12))
    assert [judged("GUESS", "home", f"61.{number}.1.1") for number in range(12)] == [True] * 10 + [False] * 2
    assert not judged(CODE, "home", "61.99.1.1"), "a guess learns nothing"
    crowd = [judged("GUESS", f"browser {number}", "62.1.1.1") for number in range(62)]
    assert crowd == [True] * 60 + [False] * 2
