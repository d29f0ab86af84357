"""A flood of orders is stopped, whatever pays: each takes stock and mails somebody."""

import itertools
from typing import Any

import pytest
from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.checkout import limits
from shop.core.db import db, write
from shop.core.runtime import now
from shop.members import accounts, links, with_order
from shop.members.models import Member
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from tests.domain.desk import Desk
from tests.support.shop import MovableClock

HOME, NEIGHBOUR, ELSEWHERE = "61.200.3.4", "61.200.3.9", "93.184.216.34"
WINDOW = limits.WINDOW.total_seconds()
_numbers = itertools.count(1)


def order(desk: Desk, address: str = HOME, browser: str = "", *, registration: str = "", member_id: int | None = None, **typed: Any) -> str:
    """Cash on delivery, so that no limit on cards has a say; what became of it. Nobody's mailbox and door a second time unless
    ``typed``."""
    joining = with_order.pack(registration, "hash") if registration else ""
    number = next(_numbers)
    buyer: dict[str, Any] = {"email": f"{number}@example.jp", "address1": f"千代田区千代田1-{number}"} | typed
    token, key = desk.confirmed(method="cash_on_delivery", registration=joining, member_id=member_id, **buyer)
    try:
        desk.press(token, key, address=address, browser=browser)
    except limits.TooManyOrders:
        return "too many"
    except links.TooOften:
        return "too many members"
    return "ordered"


@pytest.mark.req("S-090", "T-045", "T-088")
def test_one_network_orders_so_often_with_a_fresh_browser_each_time(desk: Desk, clock: MovableClock) -> None:
    desk.change(Variant, on_hand=500)
    assert [order(desk) for _ in range(limits.PER_NETWORK)] == ["ordered"] * limits.PER_NETWORK
    before = len(desk.rows(Order)), len(desk.rows(OutboxMail)), allocated(desk)
    assert [order(desk) for _ in range(3)] == ["too many"] * 3
    assert (len(desk.rows(Order)), len(desk.rows(OutboxMail)), allocated(desk)) == before, "no stock, no mail"
    assert order(desk, NEIGHBOUR) == order(desk, ELSEWHERE) == "ordered"
    clock.advance(WINDOW + 1)
    assert order(desk) == "ordered"


@pytest.mark.req("T-088")
def test_one_browser_orders_so_often_wherever_it_goes(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    for number in range(limits.PER_BROWSER):
        assert order(desk, f"61.9.{number}.1", "bot") == "ordered"
    assert [order(desk, ELSEWHERE, "bot"), order(desk, ELSEWHERE)] == ["too many", "ordered"]


@pytest.mark.req("T-045", "T-088", "T-091")
@pytest.mark.parametrize(
    ("limit", "same"),
    [
        ("PER_MAILBOX", [{"email": "victim@gmail.com"}, {"email": "V.ictim+{}@googlemail.com"}]),
        ("PER_DOOR", [{"address1": "千代田区丸の内1-2-3"}, {"address1": "東京都千代田区丸の内１丁目２番３号"}]),
    ],
)
def test_one_mailbox_and_one_door_are_named_so_often_whoever_orders(
    desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch, limit: str, same: list[dict[str, str]]
) -> None:
    """The order is refused, never its mail; and whoever it belongs to still orders, from a network that has not."""
    desk.change(Variant, on_hand=500)
    monkeypatch.setattr(limits, limit, 3)
    spelling = itertools.count()

    def named(address: str = HOME) -> str:
        number = next(spelling)
        typed: dict[str, Any] = {name: text.format(number) for name, text in same[number % 2].items()}
        return order(desk, address, **typed)

    assert [named() for _ in range(5)] == ["ordered"] * 3 + ["too many"] * 2
    assert [named(ELSEWHERE), named(ELSEWHERE)] == ["ordered", "too many"], "the owner's own network"
    assert [named(f"61.9.{number}.1") for number in range(7)] == ["ordered"] * 5 + ["too many"] * 2, "three times as often at most"
    confirmations = [mail for mail in desk.rows(OutboxMail) if mail.order_id and mail.kind == "thanks"]
    assert len(confirmations) == len(desk.rows(Order)) == 9
    assert order(desk) == "ordered", "another's"
    clock.advance(WINDOW + 1)
    assert named() == "ordered"


@pytest.mark.req("T-045")
def test_a_member_fills_a_mailbox_only_once_it_is_known_to_be_theirs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.change(Variant, on_hand=500)
    monkeypatch.setattr(limits, "PER_MAILBOX", 1)
    for proven in (True, False):
        email = f"member-{proven}@example.jp"
        with desk.app.app_context(), write() as session:
            person = accounts.Person("山田 花子", email, "ja")
            member_id = accounts.create(session, person, "", "hash", now(), proven=proven).id
        came = [order(desk, member_id=member_id, email=email), order(desk, member_id=member_id, email=email)]
        assert came == ["ordered", "ordered" if proven else "too many"]
        assert [order(desk, member_id=member_id, email="victim@example.jp") for _ in range(2)].count("ordered") == int(proven)


@pytest.mark.req("T-079")
def test_behind_a_proxy_nobody_declared_everybody_may_order(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    assert {order(desk, "10.0.0.7") for _ in range(limits.PER_NETWORK + 3)} == {"ordered"}


@pytest.mark.req("T-089")
def test_registrations_with_an_order_are_counted_like_those_by_mail(desk: Desk) -> None:
    desk.change(Variant, on_hand=500)
    came = [order(desk, registration=f"flood{number}") for number in range(links.PER_NETWORK + 2)]
    assert came == ["ordered"] * links.PER_NETWORK + ["too many members"] * 2
    assert len(desk.rows(Order)) == links.PER_NETWORK
    assert order(desk) == "ordered", "who does not register may order"
    assert desk.rows(Member, login="flood6") == []


def allocated(desk: Desk) -> int:
    with desk.app.app_context():
        return sum(db.session.scalars(select(Variant.allocated)))
