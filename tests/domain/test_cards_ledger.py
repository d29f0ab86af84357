"""The ledger of stored cards: each operation is sent once, ends once, and waits for its member's earlier ones."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from providers import transport
from providers.contract import Absent, Category, Declined, NotSent, RemoveResult, StoreResult, Unknown
from providers.kept_cards import CardRemoved, CardStored, KeptCard
from shop.core import db
from shop.core.runtime import now
from shop.members.models import MemberEvent
from shop.outbox.models import OutboxMail
from shop.payments import accounts
from shop.payments.cards import book, reconcile, settle
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.models import ProviderAccount
from tests.domain.cards import JCB, MASTER, VISA, Cards
from tests.domain.desk import MERCHANT
from tests.domain.test_accounts import with_demo
from tests.domain.test_cards import ALWAYS, LATE, NEVER, settle_all
from tests.support.shop import MovableClock

RESULTS: tuple[StoreResult | RemoveResult, ...] = (
    CardStored(KeptCard("another", "9999")), CardRemoved(), Absent(), Declined(Category.OTHER, "2001"), NotSent("refused"),
    Unknown("reset"),
)  # fmt: skip


def effects(cards: Cards) -> list[Any]:
    """All that a result could change."""
    rows = cards.desk.rows
    return [
        [(each.state, each.check_at, each.settled_at, each.card_ref) for each in rows(CardOperation)],
        [each.card_ref for each in rows(StoredCard)], len(rows(MemberEvent)), len(rows(OutboxMail)),
    ]  # fmt: skip


def apply(cards: Cards, operation: CardOperation, result: StoreResult | RemoveResult) -> bool:
    return cards.desk.call(settle.settle, operation.id, result)


# ---- sent once ---------------------------------------------------------------------------------------


@pytest.mark.req("R-130", "P-26")
def test_who_looked_before_another_sent_it_sends_nothing(cards: Cards) -> None:
    """Two processes found the same registration queued; the second one claims it after the first has sent it."""
    cards.order(ALWAYS)
    (queued,) = cards.desk.rows(CardOperation)
    assert [cards.desk.call(reconcile.send, queued.id) for _ in range(2)] == [True, False]
    assert (cards.desk.telegrams("025"), cards.kept(), cards.operations()) == (1, ["1111"], [("store", "succeeded")])


@pytest.mark.req("R-137")
def test_what_is_under_way_is_waited_for(linked: Cards) -> None:
    """An order was pressed before the removal of an older card began, and stands while nobody knows how that ends."""

    def meanwhile(_order_id: int) -> None:
        linked.desk.simulator.fault("reset", kind="026", phase="after")
        linked.desk.run("dispatch_cards", "dispatch_cards")
        assert linked.operations()[-1] == ("remove", "unknown")

    linked.order(ALWAYS, card=JCB)
    order = linked.order(ALWAYS, card=MASTER, then=meanwhile)
    (waits,) = linked.desk.rows(CardOperation, order_id=order.id)
    assert linked.desk.call(reconcile.send, waits.id) is False
    assert linked.desk.row(CardOperation, id=waits.id).state == "intended"
    assert settle_all(linked) == ("Mastercard 1001 01/40", ["1001"])


@pytest.mark.req("R-142")
@pytest.mark.parametrize("press", [lambda cards: cards.change(MASTER), Cards.remove])
def test_the_page_waits_for_the_card_of_an_order(linked: Cards, press: Callable[[Cards], str]) -> None:
    """Queued is what was said first: マイページ does not overtake it."""
    linked.order(ALWAYS, card=JCB)
    assert press(linked) == "busy"
    assert settle_all(linked) == ("JCB 1000 01/40", ["1000"])


def test_who_looks_again_too_early_asks_nobody(cards: Cards, clock: MovableClock) -> None:
    """Two processes found the same operation due; the first one asks, and nothing can be said yet."""
    cards.desk.simulator.fault("reset", kind="025", phase="before")
    assert cards.change() == "pending"
    clock.advance(60)
    (unknown,) = cards.desk.rows(CardOperation)
    assert [cards.desk.call(reconcile.check, unknown.id) for _ in range(2)] == [False, False]
    assert (cards.desk.telegrams("027"), cards.desk.row(CardOperation).checks) == (1, 1)


@pytest.mark.req("P-05")
def test_a_removal_that_nobody_answers_is_sent_again_later_each_time(linked: Cards, clock: MovableClock) -> None:
    linked.desk.simulator.fault("reset", kind="026", phase="before", times=None)
    assert linked.remove() == "pending"
    sent, counted = [0], linked.desk.telegrams("026")
    for minute in range(1, 140):
        clock.advance(60)
        linked.desk.run("reconcile_cards", "dispatch_cards")
        now_counted = linked.desk.telegrams("026")
        sent += [minute] * (now_counted - counted)
        counted = now_counted
    waits = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert waits == sorted(waits)
    assert 45 <= waits[-1] <= 62
    linked.desk.simulator.control("faults", clear=True)
    clock.advance(3600)
    assert settle_all(linked) == ("", [])


@pytest.mark.req("P-05", "R-137")
def test_a_list_that_cannot_be_had_settles_nothing(cards: Cards, clock: MovableClock) -> None:
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    assert cards.change() == "pending"
    clock.advance(LATE)
    cards.desk.simulator.fault("http_500", kind="027", phase="before")
    cards.desk.run("reconcile_cards")
    assert cards.operations() == [("store", "unknown")]
    assert settle_all(cards) == ("Visa 1111 01/40", ["1111"])


@pytest.mark.req("P-03", "R-137")
def test_an_answer_that_comes_while_it_is_asked_for_stands(cards: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list shows a stranger before the new card: who asks would adopt the stranger and remove the card that is linked."""
    cards.desk.simulator.fault("reset", kind="025", phase="after", times=2)
    for card in (VISA, JCB):
        assert cards.change(card) == "pending"
        cards.desk.change(CardOperation, state="absent")
    unknown, _stranger = cards.desk.rows(CardOperation)
    cards.desk.change(CardOperation, CardOperation.id == unknown.id, state="unknown")
    new = cards.desk.simulator.ledger()["stored_cards"][0]
    post = transport.post

    def answered_meanwhile(*args: Any, **options: Any) -> Any:
        answer = post(*args, **options)
        settle.settle(unknown.id, CardStored(KeptCard(new["customer_card_id"], "1111", "Visa")))
        return answer

    cards.due()
    with monkeypatch.context() as patch:
        patch.setattr(transport, "post", answered_meanwhile)
        cards.desk.run("reconcile_cards")
    settle_all(cards)
    assert cards.linked() == "Visa 1111"
    assert "1111" in cards.kept()


# ---- errors of ours ----------------------------------------------------------------------------------


@pytest.mark.req("P-05")
def test_an_error_of_ours_after_sending_is_no_refusal(cards: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card may be kept by now: it is looked for, not sent again."""
    post = transport.post

    def break_on_the_answer(*args: Any, **options: Any) -> Any:
        post(*args, **options)
        raise KeyError("a field that was always there")

    cards.order(ALWAYS)
    with monkeypatch.context() as patch:
        patch.setattr(transport, "post", break_on_the_answer)
        cards.desk.run("dispatch_cards")
    assert cards.operations() == [("store", "unknown")]
    assert settle_all(cards) == ("Visa 1111 01/40", ["1111"])
    assert cards.desk.telegrams("025") == 1


def test_an_error_of_ours_before_sending_sent_nothing(cards: Cards, clock: MovableClock) -> None:
    """A token that cannot be opened – the key of the shop was changed: nobody is asked about a call that never was."""
    cards.order(ALWAYS)
    cards.desk.change(CardOperation, sealed=b"sealed with another key")
    cards.desk.run("dispatch_cards")
    assert cards.operations() == [("store", "intended")]
    clock.advance(settle.TOKEN_LIFE.total_seconds())
    cards.desk.run("dispatch_cards")
    assert (cards.operations(), cards.events()) == ([("store", "dropped")], ["クレジットカードを登録できませんでした"])
    assert "025" not in cards.desk.simulator.ledger()["telegrams"]


@pytest.mark.parametrize("given_up", ["by who asks", "by its caller"])
def test_a_registration_given_up_is_not_sent_again(cards: Cards, given_up: str) -> None:
    """Its token is erased, so word that nothing was sent comes too late."""
    cards.order(ALWAYS)
    cards.desk.change(CardOperation, state="sent")
    (sent,) = cards.desk.rows(CardOperation)
    apply(cards, sent, Unknown("reset")) if given_up == "by its caller" else cards.desk.call(reconcile.check, sent.id)
    (unknown,) = cards.desk.rows(CardOperation)
    assert (unknown.state, unknown.sealed) == ("unknown", None)
    assert not apply(cards, unknown, NotSent("refused"))
    assert cards.operations() == [("store", "unknown")]


@pytest.mark.req("R-142")
def test_what_a_member_was_told_is_not_done_is_not_done_later(linked: Cards) -> None:
    linked.desk.change(CardOperation, state="sent", actor="member", sealed=b"a token")
    (pressed,) = linked.desk.rows(CardOperation)
    assert apply(linked, pressed, NotSent("refused"))
    assert linked.operations() == [("store", "dropped")]


# ---- ends once ---------------------------------------------------------------------------------------


@pytest.mark.req("R-137", "P-03")
@pytest.mark.parametrize("state", ["waiting", "intended", "succeeded", "declined", "absent", "dropped"])
def test_what_is_not_under_way_takes_no_result(linked: Cards, state: str) -> None:
    """The first word counts: a settled operation stays settled, whatever answer comes late, and so does what was never sent."""
    (done,) = linked.desk.rows(CardOperation)
    for actor in ("member", "order"):
        linked.desk.change(CardOperation, state=state, actor=actor, sealed=b"a token")
        before = effects(linked)
        assert not any(apply(linked, done, result) for result in RESULTS)
        assert not linked.desk.call(_absent, done.id)
        assert effects(linked) == before


def _absent(operation_id: int) -> bool:
    with db.write() as session:
        return settle.settle_absent(session, operation_id, now())


def test_while_its_caller_is_at_work_no_card_is_called_absent(linked: Cards) -> None:
    (done,) = linked.desk.rows(CardOperation)
    linked.desk.change(CardOperation, state="sent")
    assert not linked.desk.call(_absent, done.id)
    linked.desk.change(CardOperation, state="unknown")
    assert linked.desk.call(_absent, done.id)


@pytest.mark.req("R-137")
def test_a_provider_that_keeps_the_new_card_under_the_old_name_loses_none(linked: Cards) -> None:
    """Some keep one card a customer and change it where it stands."""
    (link,) = linked.desk.rows(StoredCard)
    linked.order(ALWAYS, card=JCB)
    queued = linked.desk.rows(CardOperation)[-1]
    linked.desk.change(CardOperation, CardOperation.id == queued.id, state="sent")
    assert apply(linked, queued, CardStored(KeptCard(link.card_ref, "1000", "JCB")))
    assert (linked.linked(), linked.operations()[-1]) == ("JCB 1000", ("store", "succeeded"))


@pytest.mark.req("R-133")
def test_the_shop_is_told_of_a_card_that_could_not_be_removed(linked: Cards) -> None:
    """Nobody waits for the removal that follows an order; who presses 削除 reads the refusal."""
    refuse = partial(linked.desk.simulator.control, "paygent/merchants", connect_password="renewed1")
    alarms = partial(linked.desk.rows, OutboxMail, kind="card_kept")
    refuse()
    assert (linked.remove(), alarms()) == ("refused", [])
    linked.desk.simulator.control("paygent/merchants", connect_password=MERCHANT.connect_password)
    linked.order(NEVER, stored=True)
    refuse()
    linked.run()
    assert linked.operations()[1:] == [("remove", "declined")] * 2
    (alarm,) = alarms()
    assert f"m{linked.public_id}" in alarm.body


# ---- one account, one contract -----------------------------------------------------------------------


@pytest.mark.req("R-140")
def test_a_card_that_vanished_at_one_provider_is_linked_at_the_other(linked: Cards) -> None:
    def elsewhere() -> None:
        with db.write() as session:
            other = ProviderAccount(provider="paygent", name="-", key="another", created_at=now())
            session.add(other)
            session.flush()
            facts = {"account_version_id": 1, "customer_ref": "x", "card_ref": "1", "last_four": "2222", "created_at": now()}
            session.add(StoredCard(member_id=linked.member_id, account_id=other.id, **facts))

    linked.desk.call(elsewhere)
    linked.desk.simulator.control("paygent/cards/delete", customer=f"m{linked.public_id}")
    linked.order(ALWAYS, stored=True)
    assert [each.last_four for each in linked.desk.rows(StoredCard)] == ["2222"]


@pytest.mark.req("R-133", "P-28")
def test_no_card_stays_with_an_earlier_contract(linked: Cards) -> None:
    """One is kept under the contract before, another one is on its way under today's: a no takes both."""
    new = {"merchant_id": "100077", "connect_id": "conn0077", "connect_password": "another7"}

    def contract() -> None:
        with db.write() as session:
            assert accounts.save_settings(session, linked.account_id, new, now())

    linked.desk.simulator.control("paygent/merchants", **new)
    linked.desk.call(contract)
    order = partial(linked.order, token=partial(linked.desk.token, merchant_id="100077"))
    linked.desk.simulator.fault("reset", kind="025", phase="after")
    order(ALWAYS, card=JCB)
    linked.desk.run("dispatch_cards")
    order(NEVER, card=JCB)
    assert settle_all(linked) == ("", [])


def test_without_its_token_nothing_is_asked_for(linked: Cards) -> None:
    """The page could not have a second one (R-136): the order stands, the card that is linked stays."""
    assert linked.order(ALWAYS, card=JCB, link_token="").state == "placed"
    assert (settle_all(linked), len(linked.operations())) == (("Visa 1111 01/40", ["1111"]), 1)


# ---- who leaves --------------------------------------------------------------------------------------


@pytest.mark.req("R-276")
def test_no_card_is_registered_of_who_has_left(cards: Cards) -> None:
    """Pressed before 退会, and settled, or come to its turn, after it."""
    order = cards.order(ALWAYS, then=lambda _order_id: cards.leave())
    assert cards.operations() == [("store", "dropped")], "with the order, and not only at its turn"
    assert (order.state, cards.change(JCB)) == ("placed", "nothing")
    assert settle_all(cards) == ("", [])
    assert (cards.operations(), cards.desk.row(CardOperation).sealed) == ([("store", "dropped")], None)


@pytest.mark.req("R-276")
def test_a_press_that_overlapped_with_leaving_registers_no_card(cards: Cards) -> None:
    """Its page was judged while the buyer was a member, and its draft written when they had left."""
    cards.leave()
    order = cards.order(ALWAYS)
    assert (order.state, cards.operations()) == ("placed", [("store", "dropped")])
    assert settle_all(cards) == ("", [])


# ---- ご登録カード管理 -----------------------------------------------------------------------------------


@pytest.mark.req("R-141", "T-024")
def test_no_card_is_managed_where_nothing_can_be_paid(cards: Cards) -> None:
    """A practice account in a shop that sells."""
    with_demo(cards.desk, False)
    assert cards.desk.call(lambda: book.managed(db.db.session())) == []
