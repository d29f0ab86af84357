"""T-090: what puts a card order in doubt, what does not, and that its money waits for a person and nobody else does."""

from typing import Any

import pytest

from shop.core import db
from shop.core.runtime import now
from shop.orders import review
from shop.orders.models import Order, OrderReview
from shop.orders.review import Signal, place_key
from shop.outbox.models import OutboxMail
from shop.payments.guard_models import CardGuard
from shop.payments.models import Payment
from tests.domain.cards import JCB, MASTER, VISA, Cards
from tests.domain.desk import Desk, Placed
from tests.support.shop import MovableClock

DAY = 24 * 60 * 60
#: A card like :data:`VISA` by the four digits that are seen of it.
SAME_DIGITS = "4012000000081111"
#: The buyer's address (``desk.BUYER``) as others would write it.
SAME_PLACE: dict[str, Any] = {"address1": "東京都千代田区　千代田１丁目１番"}
GIFT: dict[str, Any] = {
    "ship_to": "other", "ship_name": "友人", "ship_phone": "0311112222", "ship_postal_code": "1500001",
    "ship_prefecture": "東京都", "ship_address1": "渋谷区神宮前1-1",
}  # fmt: skip


def found(desk: Desk, placed: Placed) -> list[Signal]:
    """The signals of an order, in doubt or not any more."""
    assert desk.order(placed).state == "placed"
    return [signal for row in desk.rows(OrderReview, order_id=placed.order_id) for signal in review.read(row.signals)]


def clear(desk: Desk, placed: Placed, note: str = "") -> bool:
    with desk.app.app_context(), db.write() as session:
        return review.clear(session, session.get_one(Order, placed.order_id), "staff:owner", note, now())


# ---- a member's address ----


@pytest.mark.req("T-090")
def test_a_member_s_new_delivery_address_is_doubtful(desk: Desk) -> None:
    member = Cards(desk).member_id
    first = desk.place(member_id=member)
    assert found(desk, first) == [], "nothing to compare with"
    assert found(desk, desk.place(member_id=member, **SAME_PLACE)) == []
    gift = desk.place(member_id=member, **GIFT)
    (signal,) = found(desk, gift)
    assert (signal.kind, len(signal.numbers), signal.numbers[1]) == ("new_address", 2, desk.order(first).number)

    again = desk.place(member_id=member, **GIFT)
    assert found(desk, again), "an order in doubt vouches for no address"
    assert clear(desk, gift)
    assert found(desk, desk.place(member_id=member, **GIFT)) == []


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_a_cancelled_order_vouches_for_no_address(desk: Desk) -> None:
    member = Cards(desk).member_id
    desk.place(member_id=member)
    gift = desk.place(member_id=member, **GIFT)
    clear(desk, gift)
    desk.change(Order, Order.id == gift.order_id, filed="cancelled")
    assert [signal.kind for signal in found(desk, desk.place(member_id=member, **GIFT))] == ["new_address"]


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_only_the_member_s_own_orders_by_card_are_compared(desk: Desk) -> None:
    cards = Cards(desk)
    other, _name = cards.member()
    desk.place(member_id=other)
    assert found(desk, desk.place(member_id=cards.member_id, **GIFT)) == [], "another's orders say nothing"
    assert found(desk, desk.place()) == [], "a guest has no orders of before"
    cash = desk.press(*desk.confirmed(method="cash_on_delivery", member_id=cards.member_id))
    assert desk.rows(OrderReview, order_id=cash) == [], "nobody loses money on a card"
    desk.change(CardGuard, review_new_address=False)
    assert found(desk, desk.place(member_id=cards.member_id)) == []


# ---- many cards for one place ----


@pytest.mark.req("T-090")
def test_three_cards_for_one_address_are_doubtful(desk: Desk) -> None:
    assert found(desk, desk.place(VISA)) == []
    assert found(desk, desk.place(VISA)) == []
    assert found(desk, desk.place(JCB, **SAME_PLACE, buyer_name="山田 花")) == []
    assert found(desk, desk.place(MASTER, address1="千代田区千代田1-2")) == [], "next door"
    third = desk.place(MASTER)
    (signal,) = found(desk, third)
    assert (signal.kind, signal.count, signal.days, len(signal.numbers)) == ("cards", 3, 30, 3)
    assert desk.steps(third) == [("authorize", "shop", "succeeded")], "the order stands as any other"


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_cards_are_told_apart_by_digits_and_by_the_provider_s_name(desk: Desk) -> None:
    desk.change(CardGuard, review_cards=2)
    desk.place(VISA)
    assert [signal.kind for signal in found(desk, desk.place(SAME_DIGITS))] == ["cards"], "the same four digits"
    desk.change(Payment, card_fingerprint="")
    (signal,) = found(desk, desk.place(JCB))
    assert signal.count == 2, "without names: two that end in other digits, at least"


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_only_the_last_thirty_days_count(desk: Desk, clock: MovableClock) -> None:
    for card in (VISA, JCB):
        desk.place(card)
    clock.advance(31 * DAY)
    assert found(desk, desk.place(MASTER)) == []
    desk.change(CardGuard, review_days=60)
    assert [signal.kind for signal in found(desk, desk.place(MASTER))] == ["cards"]


# ---- one card, many buyers ----


@pytest.mark.req("T-090")
def test_one_card_of_three_buyers_is_doubtful(desk: Desk) -> None:
    assert found(desk, desk.place(buyer_name="山田 花子")) == []
    assert found(desk, desk.place(buyer_name="山田花子", **GIFT)) == []
    assert found(desk, desk.place(buyer_name="佐藤 太郎")) == []
    assert found(desk, desk.place(SAME_DIGITS, buyer_name="鈴木 一郎")) == [], "another card"
    (signal,) = found(desk, desk.place(buyer_name="鈴木 一郎"))
    assert (signal.kind, signal.count, len(signal.numbers)) == ("people", 3, 3)


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_one_card_of_three_addresses_is_doubtful_and_gifts_are_not(desk: Desk) -> None:
    for block in (1, 2, 3):
        assert found(desk, desk.place(**GIFT | {"ship_address1": f"渋谷区神宮前{block}-1"})) == []
    assert found(desk, desk.place(address1="千代田区千代田2-2")) == []
    assert [signal.kind for signal in found(desk, desk.place(address1="千代田区千代田3-3"))] == ["people"]


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_a_card_is_known_when_the_answer_was_lost(desk: Desk, clock: MovableClock) -> None:
    """The provider names it in the answer to a question as well."""
    desk.change(CardGuard, review_people=2)
    desk.place()
    desk.simulator.fault("reset", kind="020", phase="after")
    lost = desk.place(buyer_name="佐藤 太郎")
    clock.advance(5)
    desk.run("reconcile")
    assert [signal.kind for signal in found(desk, lost)] == ["people"]


# ---- the settings ----


@pytest.mark.one_database
def test_who_does_not_want_it_has_none_of_it(desk: Desk) -> None:
    desk.change(CardGuard, review=False, review_cards=2)
    desk.place(VISA)
    assert found(desk, desk.place(JCB)) == []


# ---- what being in doubt means ----


@pytest.fixture
def doubtful(desk: Desk) -> Placed:
    desk.change(CardGuard, review_cards=2)
    desk.place(VISA)
    return desk.place(JCB)


@pytest.mark.req("T-090")
def test_money_waits_for_a_person(desk: Desk, doubtful: Placed) -> None:
    assert desk.capture(doubtful) == "not_allowed"
    assert (desk.money(doubtful)[0], desk.telegrams("022")) == ("authorized", 0)
    assert clear(desk, doubtful, "電話で確認")
    assert not clear(desk, doubtful), "once"
    row = desk.row(OrderReview, order_id=doubtful.order_id)
    assert (row.state, row.decided_by, row.note) == ("cleared", "staff:owner", "電話で確認")
    assert desk.capture(doubtful) == "done"


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_what_is_in_doubt_can_be_cancelled_at_once(desk: Desk, doubtful: Placed) -> None:
    assert desk.cancel(doubtful) == "done"


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_the_shop_is_told_in_its_mail_and_the_buyer_in_none(desk: Desk, doubtful: Placed) -> None:
    told = {mail.kind: mail.body for mail in desk.rows(OutboxMail, order_id=doubtful.order_id)}
    line, blank, same = told["order_notice"].split("\n", 2)
    assert line.startswith("要確認（不正利用の疑い）")
    body = same.partition("■管理画面の受注明細")[0]
    assert (blank, told["thanks"][: len(body)]) == ("", body)
    assert "要確認" not in told["thanks"]
    assert desk.telegrams("020") == 2, "no call more"
    texts = desk.history(doubtful)
    assert any("要確認（不正利用の疑い）" in text and "2枚の異なるカード" in text for text in texts)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1000001", "東京都", "千代田区千代田1-1", "月ビル 3F"), ("100-0001", "東京都", "東京都千代田区千代田１丁目１番", "月ビル３ｆ")),
        (("1000001", "東京都", "千代田1丁目2番3号", ""), ("1000001", "東京都", "千代田１ー２ー３", "")),
        (("1000001", "東京都", "千代田1番地", ""), ("1000001", "東京都", "千代田 1", "")),
    ],
)  # fmt: skip
def test_one_place_however_it_is_written(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert place_key(*one) == place_key(*other)
    assert place_key(*one) != place_key(one[0], one[1], one[2] + "9", one[3])
