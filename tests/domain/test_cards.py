"""ご登録カード: what orders and マイページ do to a member's one card, checked in the provider's books of cards."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from providers.contract import NotSent
from providers.kept_cards import Linking
from shop.core import db
from shop.core.runtime import now
from shop.members import with_order
from shop.members.models import Member
from shop.orders import settlement
from shop.orders.models import Order
from shop.payments import accounts
from shop.payments.cards import book, manage, reconcile, settle
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.models import PaymentMethod, PaymentOperation, ProviderExchange
from tests.domain.cards import JCB, MASTER, REFUSED, VISA, Cards
from tests.domain.desk import look_together
from tests.support.shop import MovableClock

ALWAYS, ASK, NEVER = Linking.ALWAYS, Linking.ASK, Linking.NEVER
LOST = ["reset", "half", "garbage", "http_500"]
#: Long after the caller is believed to be at work, and after "no such card" is believed.
LATE = 200


# ---- after an order ----------------------------------------------------------------------------------


@pytest.mark.req("R-130", "R-150")
def test_an_order_links_its_card_by_exactly_one_more_call(cards: Cards) -> None:
    order = cards.order(ALWAYS)
    assert (order.state, cards.linked()) == ("placed", "")
    cards.run()
    assert cards.linked() == "Visa 1111 01/40"
    assert cards.kept() == ["1111"]
    assert cards.desk.simulator.ledger()["telegrams"] == {"020": 1, "025": 1}
    assert [each["status"] for each in cards.desk.simulator.payments()] == ["20"]  # no validity check made another


@pytest.mark.req("R-130", "R-137")
def test_another_card_takes_the_place_of_the_first(linked: Cards) -> None:
    linked.order(ALWAYS, card=JCB)
    linked.run()
    assert (linked.linked(), linked.kept()) == ("JCB 1000 01/40", ["1000"])
    assert linked.operations() == [("store", "succeeded"), ("store", "succeeded"), ("remove", "succeeded")]


def test_the_old_card_goes_also_when_the_shop_stopped_in_between(linked: Cards) -> None:
    linked.order(ALWAYS, card=JCB)
    linked.desk.run("dispatch_cards")
    assert sorted(linked.kept()) == ["1000", "1111"]
    assert linked.linked().startswith("JCB")
    linked.desk.run("dispatch_cards")
    assert linked.kept() == ["1000"]


def test_an_order_by_the_linked_card_makes_the_calls_of_a_guest(linked: Cards) -> None:
    before = linked.desk.simulator.ledger()["telegrams"].get("020", 0)
    order = linked.order(ALWAYS, stored=True)
    linked.run()
    assert order.state == "placed"
    assert linked.desk.simulator.ledger()["telegrams"] == {"020": before + 1, "025": 1}
    assert linked.kept() == ["1111"]


@pytest.mark.req("R-132")
@pytest.mark.parametrize("stored", [True, False])
def test_the_unchecked_box_ends_the_link(linked: Cards, stored: bool) -> None:
    linked.order(ASK, card=JCB, stored=stored, keep=False)
    assert linked.linked() == ""  # with the order itself: the next checkout shows the form
    linked.run()
    assert linked.kept() == []
    assert linked.desk.telegrams("025") == 1


@pytest.mark.req("R-132")
def test_the_checked_box_links_the_card_that_was_used(linked: Cards) -> None:
    linked.order(ASK, card=JCB, keep=True)
    linked.run()
    assert (linked.linked(), linked.kept()) == ("JCB 1000 01/40", ["1000"])
    linked.order(ASK, stored=True, keep=True)
    linked.run()
    assert linked.kept() == ["1000"]


def put_off(cards: Cards) -> None:
    """What is queued was certainly not sent: it comes again in ten seconds."""
    (queued,) = cards.desk.rows(CardOperation, state="intended")
    cards.desk.change(CardOperation, CardOperation.id == queued.id, state="sent")
    assert cards.desk.call(settle.settle, queued.id, NotSent("refused"))


def settle_all(cards: Cards) -> tuple[str, list[str]]:
    """Everything queued or unknown has come to its end: what the shop links, what the provider keeps."""
    for _ in range(4):
        cards.due()
        cards.run()
    assert not cards.desk.rows(CardOperation, state="intended")
    return cards.linked(), cards.kept()


@pytest.mark.req("R-130", "R-132", "R-137")
@pytest.mark.parametrize("keep", [False, True])
def test_a_registration_not_yet_sent_never_undoes_a_later_order(cards: Cards, keep: bool) -> None:
    """The provider was away after the first order; the second one says no, or links another card."""
    cards.order(ASK, keep=True)
    put_off(cards)
    cards.order(ASK, card=JCB, keep=keep)
    assert settle_all(cards) == (("JCB 1000 01/40", ["1000"]) if keep else ("", []))
    assert cards.operations()[0] == ("store", "dropped")
    assert not [each for each in cards.desk.rows(CardOperation) if each.sealed]
    assert cards.desk.telegrams("025") == int(keep)


@pytest.mark.req("R-132", "R-133", "R-137")
@pytest.mark.parametrize(("mode", "first"), [(ASK, "order"), (ASK, "order, answer lost"), (NEVER, "page, answer lost")])
def test_an_order_that_keeps_none_takes_the_card_along_that_is_on_its_way(linked: Cards, mode: Linking, first: str) -> None:
    """A card is linked and another one is about to replace it: neither is left, and none is said to have been linked."""
    if "lost" in first:
        linked.desk.simulator.fault("reset", kind="025", phase="after")
    if "page" in first:
        assert linked.change(JCB) == "pending"
    else:
        linked.order(ASK, card=JCB, keep=True)
        linked.desk.run("dispatch_cards") if "lost" in first else None
    linked.order(mode, stored=True, keep=False)
    assert linked.linked() == ""
    assert settle_all(linked) == ("", [])
    assert [event.partition("（")[0] for event in linked.events()] == ["クレジットカード"] * 2  # Visa: registered, removed


@pytest.mark.req("R-137")
def test_a_removal_put_off_never_takes_a_card_linked_later(cards: Cards) -> None:
    """The removal of whatever may have come of a lost registration stays before the next registration, whichever is due."""
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    cards.order(ASK, keep=True)
    cards.desk.run("dispatch_cards")
    cards.order(ASK, card=JCB, keep=False)
    cards.due()
    cards.desk.run("reconcile_cards")  # the lost one is found: nothing is under way
    put_off(cards)
    cards.order(ASK, card=MASTER, keep=True)
    cards.desk.run("dispatch_cards")
    assert cards.operations()[-1] == ("store", "intended")
    assert settle_all(cards) == ("Mastercard 1001 01/40", ["1001"])


@pytest.mark.req("R-136", "R-142")
@pytest.mark.parametrize(("mode", "last"), [(ALWAYS, "change"), (ALWAYS, "remove"), (NEVER, "change"), (NEVER, "refused")])
def test_an_order_that_stands_late_undoes_nothing_done_meanwhile(linked: Cards, mode: Linking, last: str) -> None:
    """While the buyer is at the issuer's page, マイページ is used in another tab: that was said later than 注文する."""

    def meanwhile(_order_id: int) -> None:
        if last == "remove":
            assert linked.remove() == "removed"
        elif last == "change":
            assert linked.change(MASTER) == "changed"
        else:
            assert linked.desk.call(
                manage.change, linked.member_id, linked.account_id, "tok_unheard_of", "", linked.who
            ).kind == "refused"

    linked.order(mode, card=JCB, then=meanwhile)
    ordered = ("JCB 1000 01/40", ["1000"]) if mode == ALWAYS else ("", [])
    done = {"change": ("Mastercard 1001 01/40", ["1001"]), "remove": ("", []), "refused": ordered}
    assert settle_all(linked) == done[last]


NO, JCB_PLEASE, THE_LINKED_ONE = {"card": MASTER}, {"card": JCB, "keep": True}, {"stored": True, "keep": True}
VISA_LEFT = ("Visa 1111 01/40", ["1111"])


@pytest.mark.req("R-131", "R-136")
@pytest.mark.parametrize(
    ("has_card", "first", "last", "left"),
    [
        (False, JCB_PLEASE, NO, ("", [])), (True, JCB_PLEASE, NO, ("", [])), (True, JCB_PLEASE, THE_LINKED_ONE, VISA_LEFT),
        (True, NO, THE_LINKED_ONE, VISA_LEFT),
    ],
)  # fmt: skip
def test_the_last_press_decides_whichever_order_stands_first(
    cards: Cards, has_card: bool, first: dict[str, Any], last: dict[str, Any], left: tuple[str, list[str]]
) -> None:
    """The first order is at the issuer while the member places another one, from a cart of its own."""
    if has_card:
        assert cards.change(VISA) == "registered"
    cards.order(ASK, **first, then=lambda _: cards.order(ASK, **last))
    assert settle_all(cards) == left


@pytest.mark.req("R-133")
@pytest.mark.parametrize("stored", [True, False])
def test_no_link_is_left_where_none_is_wanted(linked: Cards, stored: bool) -> None:
    linked.order(NEVER, card=JCB, stored=stored)
    linked.run()
    assert (linked.linked(), linked.kept()) == ("", [])


@pytest.mark.req("R-134")
@pytest.mark.parametrize(("mode", "guest"), [(NEVER, False), (NEVER, True), (ASK, False), (ASK, True), (ALWAYS, True)])
def test_nothing_is_kept_of_who_did_not_ask_for_it(cards: Cards, mode: Linking, guest: bool) -> None:
    cards.order(mode, member_id=None if guest else 0)
    cards.run()
    assert (cards.operations(), cards.desk.simulator.ledger()["stored_cards"]) == ([], [])


@pytest.mark.req("R-136")
@pytest.mark.parametrize("mode", Linking)
def test_a_failed_order_changes_no_link(linked: Cards, mode: Linking) -> None:
    order = linked.order(mode, card=REFUSED, keep=True)
    linked.run()
    assert (order.state, linked.linked(), linked.kept()) == ("lapsed", "Visa 1111 01/40", ["1111"])
    (expected,) = linked.desk.rows(CardOperation, order_id=order.id)
    assert (expected.state, expected.sealed) == ("dropped", None)


@pytest.mark.req("R-136")
def test_an_attempt_given_up_changes_no_link_even_when_money_comes_late(linked: Cards) -> None:
    def give_up(order_id: int) -> None:
        with db.write() as session:
            assert settlement.abandon(session, order_id, "buyer", now())

    linked.order(NEVER, card=JCB, then=give_up)
    linked.run()
    assert linked.kept() == ["1111"]
    assert linked.linked().startswith("Visa")


@pytest.mark.req("R-136")
@pytest.mark.parametrize("ended", ["given up", "in time"])
def test_the_token_of_a_card_goes_with_its_attempt(cards: Cards, ended: str) -> None:
    """At once, and not only when the provider has answered – if it ever does."""

    def end(order_id: int) -> None:
        if ended == "in time":
            cards.desk.change(PaymentOperation, state="absent")  # a hold that is over waits for an open one
        with db.write() as session:
            by = settlement.release_expired if ended == "in time" else partial(settlement.abandon, by="buyer")
            assert by(session, order_id, now=now())
        (void,) = cards.desk.rows(CardOperation)
        assert (void.state, void.sealed) == ("dropped", None)

    assert cards.order(ALWAYS, then=end).state == "lapsed"
    cards.run()
    assert cards.kept() == []


def test_the_card_of_who_registers_with_the_order(cards: Cards) -> None:
    new, public_id = cards.member(state="provisional")

    def register(order_id: int) -> None:
        cards.desk.change(Order, Order.id == order_id, member_id=new)

    cards.order(ALWAYS, member_id=None, registering=True, then=register)
    cards.run()
    assert cards.linked(new) == "Visa 1111 01/40"
    assert cards.kept(public_id) == ["1111"]
    (mail,) = cards.mails()
    assert "本登録のあとで" in mail.body
    assert not [way for way in ("/mypage", "パスワードを変更") if way in mail.body], "仮登録 opens no log-in"
    cards.order(ALWAYS, member_id=None, registering=True)  # and did not become a member after all
    cards.run()
    assert cards.operations()[-1] == ("store", "dropped")


def test_a_brand_is_one_of_those_there_are(cards: Cards) -> None:
    """The browser's word for it is shown, so not any word will do."""
    told = cards.desk.call(manage.change, cards.member_id, cards.account_id, cards.desk.token(), "<b>Gold</b>", cards.who)
    assert (told.kind, cards.linked()) == ("registered", "1111 01/40")
    cards.order(ALWAYS, card=JCB, brand="<b>Gold</b>")
    assert settle_all(cards)[0] == "1000 01/40"


def test_a_refused_registration_never_fails_the_order(cards: Cards) -> None:
    def use_up(order_id: int) -> None:
        (waiting,) = cards.desk.rows(CardOperation, order_id=order_id)
        spoilt = cards.desk.call(lambda: settle.purpose(waiting))
        sealed = cards.desk.app.extensions["shop.runtime"].vault.seal({"token": "tok_unheard_of"}, spoilt)
        cards.desk.change(CardOperation, CardOperation.id == waiting.id, sealed=sealed)

    order = cards.order(ALWAYS, then=use_up)
    cards.run()
    assert (order.state, cards.linked()) == ("placed", "")
    (refused,) = cards.desk.rows(CardOperation)
    assert (refused.state, refused.result_code, refused.sealed) == ("declined", "2021", None)
    assert cards.events() == ["クレジットカードを登録できませんでした"]


@pytest.mark.req("R-140")
def test_a_card_that_vanished_gives_way_to_the_form(linked: Cards) -> None:
    linked.desk.simulator.control("paygent/cards/delete", customer=f"m{linked.public_id}")
    order = linked.order(ALWAYS, stored=True)
    assert (order.state, linked.linked()) == ("lapsed", "")
    assert linked.events()[-1] == "ご登録のクレジットカードは、決済代行会社での登録がなくなっていました"
    assert linked.order(ALWAYS, card=JCB).state == "placed"
    linked.run()
    assert linked.kept() == ["1000"]


def test_a_card_registered_meanwhile_is_not_the_one_that_vanished(linked: Cards, clock: MovableClock) -> None:
    def replace(_order_id: int) -> None:
        clock.advance(1)
        manage.change(linked.member_id, linked.account_id, linked.desk.token(JCB), "JCB", linked.who)

    assert linked.order(ALWAYS, stored=True, then=replace).state == "lapsed"
    assert (linked.linked(), linked.kept()) == ("JCB 1000 01/40", ["1000"])


# ---- nobody knows the outcome ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", LOST)
def test_lost_answer_of_a_registration_that_happened(cards: Cards, mode: str) -> None:
    cards.desk.simulator.fault(mode, kind="025", phase="after")
    assert cards.change(JCB) == "pending"
    cards.due()
    cards.desk.run("reconcile_cards")
    assert (cards.linked(), cards.kept(), cards.desk.telegrams("025")) == ("JCB 1000 01/40", ["1000"], 1)
    assert cards.operations() == [("store", "succeeded")]


@pytest.mark.parametrize("mode", ["reset", "http_500"])
def test_lost_request_of_a_registration(cards: Cards, clock: MovableClock, mode: str) -> None:
    cards.desk.simulator.fault(mode, kind="025", phase="before")
    cards.order(ALWAYS)
    cards.desk.run("dispatch_cards")
    cards.due()
    cards.desk.run("reconcile_cards")
    assert cards.operations() == [("store", "unknown")]  # it may still be on its way
    clock.advance(LATE)
    cards.desk.run("reconcile_cards")
    (gone,) = cards.desk.rows(CardOperation)
    assert (gone.state, gone.sealed, cards.linked(), cards.kept()) == ("absent", None, "", [])
    assert cards.events() == ["クレジットカードを登録できませんでした"]


def test_a_lost_replacement_is_found_beside_the_old_card_which_then_goes(linked: Cards) -> None:
    linked.desk.simulator.fault("reset", kind="025", phase="after")
    assert linked.change(MASTER) == "pending"
    assert sorted(linked.kept()) == ["1001", "1111"]
    linked.due()
    linked.desk.run("reconcile_cards", "dispatch_cards")
    assert (linked.linked(), linked.kept()) == ("Mastercard 1001 01/40", ["1001"])


def test_lost_request_of_a_replacement(linked: Cards, clock: MovableClock) -> None:
    linked.desk.simulator.fault("reset", kind="025", phase="before")
    assert linked.change(MASTER) == "pending"
    clock.advance(LATE)
    linked.desk.run("reconcile_cards", "dispatch_cards")
    assert (linked.linked(), linked.kept()) == ("Visa 1111 01/40", ["1111"])
    assert linked.operations()[-1] == ("store", "absent")


def test_cards_nobody_knows_of_are_removed(cards: Cards, clock: MovableClock) -> None:
    """An earlier registration was believed absent and came to life after that."""
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    cards.change(VISA)
    cards.desk.change(CardOperation, state="absent")
    clock.advance(1)
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    cards.change(JCB)
    cards.due()
    cards.desk.run("reconcile_cards", "dispatch_cards")
    assert (cards.linked(), cards.kept()) == ("JCB 1000 01/40", ["1000"])


@pytest.mark.parametrize(("phase", "mode"), [("after", mode) for mode in LOST] + [("before", "reset")])
def test_lost_answer_of_a_removal(linked: Cards, clock: MovableClock, phase: str, mode: str) -> None:
    linked.desk.simulator.fault(mode, kind="026", phase=phase)
    assert linked.remove() == "pending"
    assert linked.linked()  # not said to be removed before it is known
    linked.due()
    linked.desk.run("reconcile_cards")
    if phase == "before":
        assert linked.operations()[-1] == ("remove", "unknown")
        clock.advance(LATE)
        linked.desk.run("reconcile_cards", "dispatch_cards")
    assert (linked.linked(), linked.kept()) == ("", [])
    assert linked.operations()[-1] == ("remove", "succeeded")


def test_a_removal_of_a_card_that_is_gone_is_done(linked: Cards) -> None:
    linked.desk.simulator.control("paygent/cards/delete", customer=f"m{linked.public_id}")
    assert (linked.remove(), linked.linked()) == ("removed", "")


def test_what_was_certainly_not_sent_is_sent_again_as_long_as_its_token_may_live(
    cards: Cards, clock: MovableClock
) -> None:
    cards.order(ALWAYS)
    (queued,) = cards.desk.rows(CardOperation)

    def fail() -> CardOperation:
        cards.desk.change(CardOperation, state="sent")
        assert cards.desk.call(settle.settle, queued.id, NotSent("refused"))
        return cards.desk.row(CardOperation)

    assert (fail().state, cards.desk.row(CardOperation).sealed is None) == ("intended", False)
    clock.advance(11 * 60)
    assert (fail().state, cards.desk.row(CardOperation).sealed) == ("dropped", None)


def test_two_askers_settle_once(cards: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    cards.change()
    cards.due()
    look_together(monkeypatch, reconcile, 2)
    cards.desk.together(lambda: cards.desk.run("reconcile_cards"), lambda: cards.desk.run("reconcile_cards"))
    assert len(cards.desk.rows(StoredCard)) == len(cards.mails()) == 1


# ---- マイページ ----------------------------------------------------------------------------------------


@pytest.mark.req("R-137")
def test_two_tabs_leave_one_card(cards: Cards) -> None:
    outcomes = cards.desk.together(lambda: cards.change(VISA), lambda: cards.change(JCB))
    assert set(outcomes) <= {"registered", "changed", "busy"}
    cards.run()
    assert len(cards.kept()) == 1
    assert cards.kept()[0] in cards.linked()


def test_two_operations_under_way_for_one_member_cannot_be_written(linked: Cards) -> None:
    (done,) = linked.desk.rows(CardOperation)

    def another() -> None:
        with db.write() as session:
            for _ in range(2):
                settle.queue_removal(session, session.get_one(CardOperation, done.id), "1", "member", now()).state = "sent"

    with pytest.raises(IntegrityError):
        linked.desk.call(another)


@pytest.mark.req("T-047", "R-149")
def test_the_member_is_told_of_every_change(cards: Cards) -> None:
    assert (cards.change(VISA), cards.change(JCB), cards.remove()) == ("registered", "changed", "removed")
    assert cards.events() == [
        "クレジットカード（%(card)s）を登録しました", "クレジットカードを変更しました（%(card)s）",
        "クレジットカード（%(card)s）を削除しました",
    ]  # fmt: skip
    mails = cards.mails()
    assert {mail.recipient for mail in mails} == {f"{cards.public_id}@example.jp"}
    for mail, said in zip(mails, ("（Visa 下4桁 *****1111）を登録", "変更しました（JCB 下4桁 *****1000）", "（JCB 下4桁 *****1000）を削除"), strict=True):
        assert said in mail.body
        assert "/mypage/cards\n" in mail.body
        assert "4111" not in mail.body


@pytest.mark.req("R-146")
def test_changes_are_limited_before_the_provider_is_called(cards: Cards, clock: MovableClock) -> None:
    for _ in range(4):
        assert cards.change() in ("registered", "changed")
    cards.desk.simulator.fault("http_500", kind="025", phase="before")
    assert cards.change() == "pending"  # counted, whatever comes of it
    clock.advance(LATE)
    cards.desk.run("reconcile_cards")
    assert (cards.change(), cards.desk.telegrams("025")) == ("limited", 5)
    free_at = cards.desk.call(lambda: manage.limit(db.db.session(), cards.member_id, now()).free_at)
    assert free_at is not None
    assert cards.remove() == "removed"  # a removal is no registration
    clock.advance((free_at - cards.desk.call(now)).total_seconds() + 1)
    assert cards.change() == "registered"


def test_parallel_changes_cannot_pass_the_limit(cards: Cards) -> None:
    for _ in range(4):
        cards.change()
    outcomes = cards.desk.together(*[cards.change] * 3)
    assert cards.desk.telegrams("025") == 5
    assert sum(outcome in ("changed", "pending") for outcome in outcomes) == 1


@pytest.mark.req("R-141")
def test_the_page_is_there_as_long_as_a_method_is_configured(cards: Cards) -> None:
    def shown() -> list[int]:
        return cards.desk.call(lambda: [each.account_id for each in book.managed(db.db.session())])

    assert shown() == [cards.account_id]
    cards.desk.change(PaymentMethod, PaymentMethod.kind == "card", configured=False)
    assert shown() == []
    cards.desk.change(PaymentMethod, PaymentMethod.kind == "card", configured=True, removed_at=cards.desk.call(now))
    assert shown() == []


@pytest.mark.req("R-276")
def test_who_leaves_leaves_no_card_behind(linked: Cards) -> None:
    linked.desk.change(Member, Member.id == linked.member_id, proven_at=linked.desk.call(now))
    linked.order(ALWAYS, card=JCB)  # queued, not sent yet
    linked.leave()
    assert linked.linked() == ""
    linked.run()
    assert linked.kept() == []
    assert linked.desk.telegrams("025") == 1
    assert not [each for each in linked.desk.rows(CardOperation) if each.sealed]
    said = linked.mails()[-1].body
    assert "を削除しました" in said
    assert not [way for way in ("/mypage", "パスワード") if way in said], "who has left logs in no more"


@pytest.mark.req("T-089", "R-276")
def test_of_an_account_that_ends_unproven_nobody_is_written_to(linked: Cards) -> None:
    """Its address may be a stranger's."""
    assert linked.desk.row(Member, id=linked.member_id).proven_at is None
    before = len(linked.mails())
    linked.leave()
    linked.run()
    assert (linked.kept(), len(linked.mails()) - before) == ([], 0)


@pytest.mark.req("R-276")
def test_a_provisional_member_that_ends_leaves_no_card_behind(cards: Cards) -> None:
    new, public_id = cards.member(state="provisional")
    cards.order(ALWAYS, member_id=new)
    cards.run()
    assert cards.kept(public_id) == ["1111"]

    def end() -> None:
        with db.write() as session:
            with_order.end_by_order(session, new, now())

    cards.desk.call(end)
    cards.run()
    assert cards.kept(public_id) == []


def test_a_registration_under_way_does_not_outlive_its_member(cards: Cards) -> None:
    cards.desk.simulator.fault("reset", kind="025", phase="after")
    assert cards.change() == "pending"
    cards.leave()
    cards.due()
    cards.run()
    cards.due()
    cards.run()
    assert (cards.linked(), cards.kept()) == ("", [])


# ---- contracts and traces ----------------------------------------------------------------------------


@pytest.mark.req("P-28")
def test_a_card_goes_on_under_the_contract_it_was_made_with(linked: Cards) -> None:
    def contract(**changed: Any) -> None:
        with db.write() as session:
            assert accounts.save_settings(session, linked.account_id, changed, now())

    desk = linked.desk
    desk.simulator.control("paygent/merchants", connect_password="renewed1")
    desk.call(lambda: contract(connect_password="renewed1"))
    assert linked.order(ALWAYS, stored=True).state == "placed"
    desk.simulator.control("paygent/merchants", merchant_id="100077", connect_id="conn0077", connect_password="another7")
    desk.call(lambda: contract(merchant_id="100077", connect_id="conn0077", connect_password="another7"))
    found = desk.call(lambda: book.source_for(db.db.session(), linked.member_id, linked.account_id))
    assert found is None  # another contract does not know the card
    assert desk.call(manage.change, linked.member_id, linked.account_id, desk.token(JCB, "100077"), "", linked.who).kind == "changed"
    held = desk.simulator.ledger()["stored_cards"]
    assert [(each["merchant_id"], bool(each["deleted_at"])) for each in held] == [("100001", True), ("100077", False)]


def test_the_timeline_of_the_order_shows_its_card_without_a_number_or_token(cards: Cards) -> None:
    order = cards.order(ALWAYS)
    cards.run()
    (stored,) = cards.desk.rows(ProviderExchange, label="025")
    assert stored.payment_id is not None
    assert stored.card_operation_id == cards.desk.row(CardOperation, order_id=order.id).id
    text = stored.request + stored.response
    assert "tok_" not in text
    assert "4111" not in text


def test_a_settled_order_locks_its_member_before_their_cart(cards: Cards) -> None:
    """As a log-in does, which brings two carts together: the other way round each waits for the other."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(" ".join(statement.split()))

    with cards.desk.app.app_context():
        engine = db.db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        cards.order(ALWAYS)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    locks = [word for statement in said for word in ("member.state", "UPDATE cart SET") if word in statement]
    assert locks[:2] == ["member.state", "UPDATE cart SET"]
