"""P-22: failures of cards at the provider are counted by who tries them, whatever runs in parallel; the provider's ledger is the oracle."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from providers.contract import Category, Declined
from shop.catalogue.models import Variant
from shop.checkout import confirm, placement
from shop.core import db, ids
from shop.core.runtime import now
from shop.jobs import joblist
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments import cardalarm, cardguard, settle, stepup
from shop.payments.guard_models import CardGuard, CardProof, CardTry
from shop.payments.models import PaymentMethod, PaymentOperation
from shop.promotions.models import Coupon
from shop.staff.models import StaffLog
from tests.domain.desk import REFUSED, Desk, card_of
from tests.domain.test_coupons import CODE
from tests.support.shop import MovableClock
from tests.support.world import VISA

#: The limits a shop begins with.
PER_SESSION, PER_ADDRESS, WINDOW = 6, 10, 30 * 60
SHOP_FAILURES = 20
HOME, NEIGHBOUR, ELSEWHERE = "61.200.3.4", "61.200.3.99", "61.200.4.4"


class Visitor:
    """Somebody at the checkout, from a browser and an address, with a mailbox and a door of their own."""

    def __init__(self, desk: Desk, address: str = HOME, member_id: int | None = None, browser: str = "") -> None:
        self.desk, self.address, self.member_id = desk, address, member_id
        self.browser, self.cart = browser or ids.public_id(), ids.public_id()
        self.email, self.door = f"{self.cart}@example.jp", f"千代田区千代田{self.cart}"

    def ready(self, card: str = REFUSED, coupon: str = "") -> tuple[str, str]:
        """A confirmation of this browser's cart, and a card token."""
        confirmation, _key = self.desk.confirmed(key=self.cart, email=self.email, address1=self.door, coupon=coupon)
        return confirmation, self.desk.token(card)

    def press(self, confirmation: str, card_token: str) -> str:
        """注文する; in a word what came of it."""
        with self.desk.app.app_context():
            found = confirm.find(db.db.session(), confirmation, self.cart)
            assert found
            found.member_id = self.member_id  # logged in when they confirmed
            buyer = placement.Buyer("PC", self.address, "ja", self.browser, self.member_id)
            try:
                order_id = placement.place(found, self.cart, card_of(found, card_token), buyer).order_id
            except cardguard.TooMany:
                return "too many"
            except cardguard.StepUp:
                return "step up"
            except placement.TryLater:
                return "crowded"
            except placement.ConfirmAgain as error:
                return error.problem
            return {"placed": "ordered", "lapsed": "refused", "draft": "away"}[db.db.session.get_one(Order, order_id).state]

    def try_card(self, card: str = REFUSED, coupon: str = "") -> str:
        return self.press(*self.ready(card, coupon))

    def standing(self) -> cardguard.Standing:
        with self.desk.app.app_context():
            who = cardguard.Who(self.browser, self.address, member_id=self.member_id)
            return cardguard.standing(db.db.session(), who, now())


def reached_the_provider(desk: Desk) -> int:
    """Authorisations that the provider was asked for."""
    return desk.telegrams("020")


def alarms(desk: Desk, kind: str) -> list[str]:
    return [mail.body for mail in desk.rows(OutboxMail, kind=kind)]


def all_from_elsewhere(desk: Desk, tries: int, card: str = REFUSED) -> list[str]:
    """So many tries, each from a browser and a network of its own."""
    return [Visitor(desk, f"61.{number // 250}.{number % 250}.9").try_card(card) for number in range(tries)]


@pytest.mark.req("P-22", "T-084", "R-147")
def test_one_browser_reaches_its_limit_and_is_let_in_again(desk: Desk, clock: MovableClock) -> None:
    buyer = Visitor(desk)
    tries = [buyer.try_card() for _ in range(PER_SESSION)]
    assert tries == ["refused"] * PER_SESSION
    assert [buyer.try_card() for _ in range(3)] == ["too many"] * 3
    assert reached_the_provider(desk) == PER_SESSION
    assert desk.rows(Order, state="draft") == []
    assert len(alarms(desk, "card_limit")) == 1, "the shop is told once, not at each further try"
    assert "同じブラウザ" in alarms(desk, "card_limit")[0]

    clock.advance(WINDOW - 60)
    assert buyer.try_card() == "too many"
    clock.advance(61)
    assert buyer.standing().left == PER_SESSION
    assert buyer.try_card(VISA) == "ordered"


@pytest.mark.req("P-22", "T-084", "R-147")
def test_one_network_reaches_its_limit_with_a_fresh_browser_each_time(desk: Desk) -> None:
    """A good card in between changes nothing: a bot may have one."""
    for number in range(PER_ADDRESS):
        assert Visitor(desk, HOME if number % 2 else NEIGHBOUR).try_card() == "refused"
        if number == PER_ADDRESS // 2:
            assert Visitor(desk).try_card(VISA) == "ordered"
    assert [Visitor(desk, NEIGHBOUR).try_card(), Visitor(desk, ELSEWHERE).try_card(VISA)] == ["too many", "ordered"]
    assert len(alarms(desk, "card_limit")) == 1
    assert "61.200.3.0/24" in alarms(desk, "card_limit")[0]


@pytest.mark.one_database
@pytest.mark.req("T-091", "R-147")
def test_nobody_locks_a_member_but_who_is_logged_in_as_them(desk: Desk) -> None:
    """Strangers who type a victim's mail address fail as long as they like."""
    desk.change(CardGuard, per_member=3)
    assert {Visitor(desk, ELSEWHERE).try_card() for _ in range(5)} == {"refused"}
    victim = Visitor(desk, member_id=7)
    assert [victim.try_card(), victim.standing().left] == ["refused", 2]
    for browser in range(2):
        assert Visitor(desk, f"61.9.{browser}.1", member_id=7).try_card() == "refused"
    assert Visitor(desk, "61.9.7.1", member_id=7).try_card(VISA) == "too many"
    assert [body for body in alarms(desk, "card_limit") if "会員（ID 7）" in body], "the shop is mailed (R-147)"
    assert Visitor(desk, "61.9.7.1", member_id=8).try_card(VISA) == "ordered"


@pytest.mark.req("P-22", "T-084")
def test_parallel_presses_do_not_all_pass_at_the_same_count(desk: Desk) -> None:
    """Ten browsers of one network press at once when four more failures are allowed."""
    desk.change(CardGuard, per_address=6)
    assert [Visitor(desk).try_card() for _ in range(2)] == ["refused"] * 2
    crowd = [Visitor(desk) for _ in range(7)]
    ready = [buyer.ready() for buyer in crowd]
    came = desk.together(*(lambda b=b, r=r: b.press(*r) for b, r in zip(crowd, ready, strict=True)))  # type: ignore[misc]
    assert reached_the_provider(desk) == 6, came
    assert sorted(set(came) - {"refused"}) in (["crowded"], ["too many"], ["crowded", "too many"]), came
    assert len(alarms(desk, "card_limit")) == 1


@pytest.mark.req("P-22", "T-082")
def test_who_waited_for_their_turn_takes_no_stage_back(desk: Desk) -> None:
    """A failure that was settled a moment before the shop went up a stage, and counted after it."""
    desk.change(CardGuard, shop_failures=1, shop_most=1, stage="stopped", stage_since=desk.call(now), stage_until=None)

    def late(tell: Callable[[Session, str, datetime], object]) -> None:
        reference = ids.public_id()
        with db.write() as session:
            session.add(CardTry(reference=reference, session_key="a", address="", at=now()))
            session.flush()
            tell(session, reference, now() - timedelta(seconds=1))

    for tell in (
        lambda session, reference, before: cardguard.note(session, reference, "declined", Category.CARD_REFUSED, before),
        lambda session, reference, before: cardguard.recognise(session, reference, "", before),
    ):  # fmt: skip
        desk.call(late, tell)
        assert desk.row(CardGuard).stage == "stopped"
    with desk.app.app_context(), db.write() as session, pytest.raises(cardguard.Stopped):
        cardguard.admit(session, cardguard.Who("b", ""), "next", now() - timedelta(seconds=1))


@pytest.mark.req("P-22")
def test_what_was_no_failure_is_taken_back(desk: Desk, clock: MovableClock) -> None:
    """More good cards than any limit, and a refusal that is the shop's own fault, from one network."""
    desk.change(CardGuard, per_session=3, per_address=3)
    assert [Visitor(desk).try_card(VISA) for _ in range(5)] == ["ordered"] * 5
    ours = "4980000000097010"
    assert [Visitor(desk).try_card(ours) for _ in range(4)] == ["refused"] * 4
    assert [each.state for each in desk.rows(CardTry)] == ["passed"] * 5, "what says nothing about a card is not kept at all"
    assert Visitor(desk).standing().left == 3


def test_an_unknown_outcome_counts_until_it_is_known(desk: Desk, clock: MovableClock) -> None:
    buyer = Visitor(desk)
    desk.simulator.fault("http_500", kind="020")
    assert buyer.try_card() == "away"
    (operation,) = desk.rows(PaymentOperation)
    assert buyer.standing().left == PER_SESSION - 1
    with desk.app.app_context():
        assert settle.settle(operation.id, Declined(Category.CARD_REFUSED, "2001"), "query")
        assert not settle.settle(operation.id, Declined(Category.CARD_REFUSED, "2001"), "notice")
    assert [each.state for each in desk.rows(CardTry)] == ["failed"]
    assert buyer.standing().left == PER_SESSION - 1


@pytest.mark.req("P-22")
def test_an_authentication_that_failed_or_was_left_is_a_failure(desk: Desk) -> None:
    use_3ds(desk)
    for number in range(2):
        assert Visitor(desk).try_card(VISA) == "away"
        operation = desk.rows(PaymentOperation)[-1]
        assert (operation.state, desk.rows(CardTry)[-1].state) == ("parked", "open")
        with desk.app.app_context():
            if number:
                with db.write() as session:
                    assert settle.lapse(session, operation.id, "buyer", now())
            else:
                assert settle.settle(operation.id, Declined(Category.AUTHENTICATION, "3d"), "answer")
    assert [each.state for each in desk.rows(CardTry)] == ["failed"] * 2
    assert Visitor(desk).standing().left == min(PER_SESSION, PER_ADDRESS - 2)


@pytest.mark.req("P-22", "T-084")
def test_one_card_reaches_its_limit_from_wherever_it_is_tried(desk: Desk, clock: MovableClock) -> None:
    """A browser and a network for each try, one card: the answer before 本人認証 names it by its fingerprint."""
    use_3ds(desk)
    desk.change(CardGuard, per_card=3)
    for number in range(3):
        assert Visitor(desk, f"61.{number}.0.9").try_card(VISA) == "away"
        with desk.app.app_context():
            assert settle.settle(desk.rows(PaymentOperation)[-1].id, Declined(Category.AUTHENTICATION, "3d"), "answer")
    assert len({each.card for each in desk.rows(CardTry)} - {""}) == 1
    for number in range(2):
        assert Visitor(desk, f"61.9.{number}.9").try_card(VISA) == "refused", "nobody is sent to the issuer"
    assert (desk.rows(PaymentOperation, state="parked"), len(desk.rows(CardTry))) == ([], 3), "and it prolongs nothing"
    (told,) = alarms(desk, "card_limit")
    assert "同じカード" in told
    assert Visitor(desk, ELSEWHERE).try_card("3580000000001000") == "away", "another card goes on"
    clock.advance(WINDOW + 1)
    assert Visitor(desk, ELSEWHERE).try_card(VISA) == "away"
    assert reached_the_provider(desk) == 0


def use_3ds(desk: Desk, *, on: bool = True) -> None:
    options = f'{{"instalments": "split", "bonus": "0", "use_3ds": "{int(on)}", "attempt_control": "low"}}'
    desk.change(PaymentMethod, PaymentMethod.kind == "card", options=options)


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("61.200.3.4", "61.200.3.250", "61.200.4.4"),
        ("::ffff:61.200.3.4", "61.200.3.1", "61.200.2.1"),
        ("2400:4000:1:2::1", "2400:4000:1:2:ffff::9", "2400:4000:1:3::1"),
    ],
)
@pytest.mark.one_database
def test_neighbours_are_one(address: str, same: str, other: str) -> None:
    assert cardguard.address_range(address) == cardguard.address_range(same) != cardguard.address_range(other)


@pytest.mark.one_database
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "172.17.0.1", "::1", "fe80::1", "", "unix:", "1.2.3.4, 5.6.7.8"])
def test_an_address_that_is_nobody_s_own_tells_nobody_apart(address: str) -> None:
    """Behind a proxy that is not declared all buyers have it: they must not lock each other out."""
    assert cardguard.address_range(address) == ""


# ---- the whole shop ----


@pytest.mark.req("P-22", "T-085", "T-082")
def test_a_spread_attack_puts_the_shop_on_its_guard(desk: Desk, clock: MovableClock) -> None:
    came = all_from_elsewhere(desk, SHOP_FAILURES + 5)
    assert came == ["refused"] * SHOP_FAILURES + ["step up"] * 5
    assert reached_the_provider(desk) == SHOP_FAILURES
    assert len(alarms(desk, "card_testing")) == 1
    assert [(line.actor, line.text[:12]) for line in desk.rows(StaffLog)] == [(cardalarm.ACTOR, "注文者のメール確認を開始")]
    assert Visitor(desk, "61.99.1.1").try_card(VISA) == "step up", "the one step more, for everybody"
    clock.advance(60 * 60 + 1)
    assert Visitor(desk, "61.99.1.1").try_card(VISA) == "ordered", "it ends by itself"
    assert len(alarms(desk, "card_testing")) == 1


@pytest.mark.req("P-22", "T-082")
def test_cards_left_at_their_issuer_put_the_shop_on_its_guard(desk: Desk, clock: MovableClock) -> None:
    """The answer before 本人認証 and the issuer's page tell a bot enough: it need not wait to fail."""
    use_3ds(desk)
    desk.change(CardGuard, shop_most=5)
    assert all_from_elsewhere(desk, 7, VISA) == ["away"] * 5 + ["step up"] * 2
    (told,) = alarms(desk, "card_testing")
    assert "結果を待っているカードは5件" in told
    clock.advance(60 * 60 + 1)
    use_3ds(desk, on=False)
    assert all_from_elsewhere(desk, 2, VISA) == ["ordered"] * 2
    use_3ds(desk)
    assert "step up" not in all_from_elsewhere(desk, 6, VISA), "where two of eight were bought it is a busy hour"


@pytest.mark.req("T-085")
def test_an_attack_that_goes_on_behind_the_proof_stops_cards_alone(desk: Desk, clock: MovableClock) -> None:
    desk.change(CardGuard, shop_failures=5)
    all_from_elsewhere(desk, 5)
    for number in range(5):
        bot = Visitor(desk, f"61.100.{number}.1")
        confirmation, card_token = bot.ready()
        assert bot.press(confirmation, card_token) == "step up"
        prove(bot, confirmation)
        assert bot.press(confirmation, card_token) == "refused"
    with pytest.raises(confirm.CannotConfirm, match="stopped"):
        Visitor(desk, "61.99.1.1").ready(VISA)
    cash, key = desk.confirmed(method="cash_on_delivery")
    assert desk.press(cash, key)
    assert len(alarms(desk, "card_testing")) == 2
    assert "受付を止めました" in alarms(desk, "card_testing")[1]
    clock.advance(60 * 60 + 1)
    assert Visitor(desk, "61.99.1.1").try_card(VISA) == "ordered"


@pytest.mark.one_database
@pytest.mark.req("P-22")
def test_few_refusals_and_a_busy_day_s_refusals_are_no_attack(desk: Desk) -> None:
    """A quiet shop with three refusals and nothing else; then enough refusals, but among as many sales."""
    desk.change(CardGuard, shop_failures=6)
    assert all_from_elsewhere(desk, 3) == ["refused"] * 3
    for number in range(4):
        mixed = [Visitor(desk, f"61.50.{number}.{i}").try_card(card) for i, card in enumerate((VISA, REFUSED))]
        assert mixed == ["ordered", "refused"]
    assert alarms(desk, "card_testing") == []


@pytest.mark.one_database
@pytest.mark.req("P-22", "T-082", "T-085")
def test_neither_sales_nor_junk_hide_an_attack(desk: Desk, clock: MovableClock) -> None:
    """A shop that sells twice for each stolen card: so many failures are too many whatever their share. Junk in between –
    a token that is none, a refusal of our settings – costs a bot no card, so it must not thin out the failures either."""
    desk.change(CardGuard, shop_failures=4, shop_most=6)
    came = []
    for number in range(8):
        near = [Visitor(desk, f"61.60.{number}.{i}") for i in range(3)]
        came.append([near[0].try_card(VISA), near[1].try_card(VISA), near[2].try_card()])
    assert came == [["ordered", "ordered", "refused"]] * 6 + [["step up"] * 3] * 2
    with desk.app.app_context():
        assert cardalarm.figures(db.db.session(), cardalarm.guard(db.db.session()), now()) == cardalarm.Figures(0, 0, 0), "begins anew with the stage"
    assert len(alarms(desk, "card_testing")) == 1
    clock.advance(60 * 60 + 1)
    asked = reached_the_provider(desk)
    for number in range(4):
        bot = Visitor(desk, f"61.70.{number}.9")
        confirmation, _token = bot.ready()
        assert bot.press(confirmation, "x" * 31) == "refused"
        assert bot.standing().left == PER_SESSION
        assert Visitor(desk, f"61.71.{number}.9").try_card("4980000000097010") == "refused"
        assert Visitor(desk, f"61.72.{number}.9").try_card() == "refused"
    assert reached_the_provider(desk) - asked == 8, "a token that no field holds is not sent"
    assert Visitor(desk, "61.99.1.1").try_card(VISA) == "step up"


@pytest.mark.one_database
def test_behind_the_proof_honest_refusals_stop_no_cards(desk: Desk) -> None:
    """Sales beside them: more failures than ``shop_most``, but not most of all tries."""
    desk.change(CardGuard, shop_failures=3, shop_most=3, stage="step_up", stage_since=desk.call(now))
    came = []
    for number, card in enumerate((VISA, REFUSED) * 4):
        buyer = Visitor(desk, f"61.80.{number}.1")
        confirmation, card_token = buyer.ready(card)
        prove(buyer, confirmation)
        came.append(buyer.press(confirmation, card_token))
    assert came == ["ordered", "refused"] * 4
    assert alarms(desk, "card_testing") == []


@pytest.mark.req("T-085")
def test_a_person_stops_cards_and_lets_go_of_everything(desk: Desk, clock: MovableClock) -> None:
    locked = Visitor(desk)
    for _ in range(PER_SESSION):
        locked.try_card()
    with desk.app.app_context(), db.write() as session:
        cardalarm.stop(session, now())
    clock.advance(24 * 3600)
    with pytest.raises(confirm.CannotConfirm, match="stopped"):
        locked.ready(VISA)
    clock.advance(-24 * 3600 + 60)
    with desk.app.app_context(), db.write() as session:
        cardalarm.release(session, now())
    assert locked.try_card(VISA) == "ordered"


@pytest.mark.one_database
def test_a_clock_set_back_ends_a_stage(desk: Desk, clock: MovableClock) -> None:
    desk.change(CardGuard, shop_failures=5)
    all_from_elsewhere(desk, 5)
    clock.advance(-600)
    assert Visitor(desk, "61.99.1.1").try_card(VISA) == "ordered"


# ---- the proof of the mail address ----


def code_of(desk: Desk) -> str:
    return desk.rows(OutboxMail, kind="card_code")[-1].body.split("\n\n")[1]


def begin(who: Visitor, confirmation: str, email: str = "") -> None:
    with who.desk.app.app_context(), db.write() as session:
        browser, address = cardguard.session_key(who.browser), cardguard.address_range(who.address)
        stepup.begin(session, browser, address, email or who.email, confirmation, {"card_token": "tok_1"}, now())


def judge(who: Visitor, code: str) -> stepup.Verdict:
    with who.desk.app.app_context(), db.write() as session:
        return stepup.prove(session, cardguard.session_key(who.browser), code, now())


def prove(who: Visitor, confirmation: str) -> None:
    begin(who, confirmation)
    verdict = judge(who, code_of(who.desk))
    assert verdict.word == "right"
    assert verdict.waiting
    assert verdict.waiting.press == {"card_token": "tok_1"}


def proven(who: Visitor, email: str = "") -> bool:
    with who.desk.app.app_context():
        return stepup.is_proven(db.db.session(), cardguard.session_key(who.browser), email or who.email, now())


def test_a_code_proves_one_address_in_one_browser_for_an_hour(desk: Desk, clock: MovableClock) -> None:
    buyer, other = Visitor(desk), Visitor(desk)
    begin(buyer, "c1")
    begin(other, "c2")
    assert judge(buyer, code_of(desk)).word == "wrong", "the other browser's"
    prove(buyer, "c1b")
    assert [proven(buyer), proven(other), proven(buyer, "taro@example.jp")] == [True, False, False]
    clock.advance(3601)
    assert not proven(buyer)


def test_a_code_ends_with_its_tries_and_with_its_time(desk: Desk, clock: MovableClock) -> None:
    buyer = Visitor(desk)
    begin(buyer, "c1")
    begin(buyer, "c1")
    assert len(desk.rows(OutboxMail, kind="card_code")) == 1, "a double click mails one code"
    code = code_of(desk)
    wrong = "000000" if code != "000000" else "000001"
    assert [judge(buyer, wrong).word for _ in range(stepup.TRIES)] == ["wrong"] * (stepup.TRIES - 1) + ["over"]
    assert judge(buyer, code).word == "over"
    with desk.app.app_context(), db.write() as session:
        assert stepup.send_again(session, cardguard.session_key(buyer.browser), "", now())
    clock.advance(stepup.CODE_LIFE.total_seconds() + 1)
    assert judge(buyer, code_of(desk)).word == "over"
    begin(buyer, "c1")
    assert judge(buyer, code_of(desk)).word == "right"
    assert judge(buyer, code_of(desk)).word == "right", "a double click on the button"


@pytest.mark.one_database
@pytest.mark.req("T-045", "T-091")
def test_nobody_s_mailbox_is_flooded_and_its_owner_gets_a_code_all_the_same(desk: Desk) -> None:
    def asked(whence: str, email: str = "victim@example.jp") -> bool:
        try:
            begin(Visitor(desk, whence), ids.public_id(), email)
        except stepup.TooManyCodes:
            return False
        return True

    spellings = ("victim@example.jp", "Victim+1@Example.jp", "ｖｉｃｔｉｍ＋2@example.jp")
    assert [asked("61.70.0.1", spellings[number % 3]) for number in range(12)] == [True] * 10 + [False] * 2
    assert [asked("61.70.1.1"), asked("61.70.1.9"), asked("61.70.0.7")] == [True, False, False], "one for the owner's network"
    everywhere = [asked(f"61.71.{number}.1") for number in range(25)]
    assert (sum(everywhere), len(desk.rows(OutboxMail, kind="card_code"))) == (19, 30), "not one for each of many"
    stubborn = Visitor(desk)
    for number in range(5):
        begin(stubborn, f"s{number}")
    with pytest.raises(stepup.TooManyCodes):
        begin(stubborn, "s5")


# ---- holds, age, purge ----


@pytest.mark.req("T-087")
def test_one_network_holds_its_share_of_the_stock_at_most(desk: Desk) -> None:
    """Four units and a bot that opens 本人認証 and leaves: its first attempt may take what an order takes, further ones only
    up to half of the shelf – also from one browser that changes networks. Somebody elsewhere still gets his."""
    use_3ds(desk)
    desk.change(Variant, Variant.id == desk.variant_id, on_hand=4, allocated=0)
    assert [Visitor(desk, browser="b").try_card(VISA), Visitor(desk).try_card(VISA)] == ["away", "away"]
    assert [Visitor(desk).try_card(VISA) for _ in range(2)] == ["crowded", "crowded"]
    assert Visitor(desk, "61.9.9.1", browser="b").try_card(VISA) == "away"
    desk.change(CardGuard, hold_shop_percent=100)  # or the share of all would refuse it as well
    assert Visitor(desk, ELSEWHERE, browser="b").try_card(VISA) == "crowded"
    assert desk.stock() == (4, 0, 3)


@pytest.mark.req("T-091")
def test_one_network_holds_its_share_of_a_coupon_at_most(desk: Desk) -> None:
    """Four uses and a bot that opens 本人認証 and leaves: as with units."""
    use_3ds(desk)
    desk.change(Coupon, Coupon.code == CODE, uses=4)
    came = [Visitor(desk).try_card(VISA, coupon=CODE) for _ in range(3)]
    assert came == ["away", "away", "coupon_busy"]
    assert Visitor(desk).try_card(VISA) == "away", "without it there is no queue"
    others = [Visitor(desk, address).try_card(VISA, coupon=CODE) for address in (ELSEWHERE, "61.9.9.1")]
    assert others == ["away", "away"], "who comes from elsewhere may have the last use"
    assert desk.row(Coupon, code=CODE).held == 4


@pytest.mark.req("T-087")
def test_all_who_wait_at_the_issuer_never_hold_the_whole_shelf(desk: Desk) -> None:
    """Four units and a bot with a network for each attempt: the last unit is left to those who pay at once, and to the next
    one as soon as one of the waiting is over."""
    use_3ds(desk)
    desk.change(Variant, Variant.id == desk.variant_id, on_hand=4, allocated=0)
    crowd = [Visitor(desk, f"61.{number}.0.9") for number in range(6)]
    ready = [each.ready(VISA) for each in crowd]
    came = desk.together(*(lambda v=v, r=r: v.press(*r) for v, r in zip(crowd, ready, strict=True)))  # type: ignore[misc]
    assert (came.count("away"), came.count("crowded")) == (3, 3), "however they come together"
    honest = Visitor(desk, ELSEWHERE)
    assert honest.try_card(VISA) == "crowded"
    cash, key = desk.confirmed(method="cash_on_delivery")
    assert desk.press(cash, key)
    desk.change(Variant, Variant.id == desk.variant_id, on_hand=5)
    with desk.app.app_context(), db.write() as session:
        assert settle.lapse(session, desk.rows(PaymentOperation, state="parked")[0].id, "buyer", now())
    assert honest.try_card(VISA) == "away"


@pytest.mark.one_database
@pytest.mark.req("T-083")
def test_an_old_confirmation_is_confirmed_again(desk: Desk, clock: MovableClock) -> None:
    buyer = Visitor(desk)
    confirmation, card_token = buyer.ready(VISA)
    clock.advance(confirm.CONFIRMATION_LIFE.total_seconds() + 1)
    assert buyer.press(confirmation, card_token) == "expired"
    assert reached_the_provider(desk) == 0
    confirmation, card_token = buyer.ready(VISA)
    assert buyer.press(confirmation, card_token) == "ordered"
    clock.advance(confirm.CONFIRMATION_LIFE.total_seconds() + 1)
    assert buyer.press(confirmation, card_token) == "ordered", "the order it led to is still found"


@pytest.mark.one_database
def test_tries_and_proofs_are_forgotten(desk: Desk, clock: MovableClock) -> None:
    Visitor(desk).try_card()
    begin(Visitor(desk), "c1")
    clock.advance(timedelta(days=3).total_seconds())
    with desk.app.app_context():
        joblist.by_name("purge").run()
    assert (desk.rows(CardTry), desk.rows(CardProof)) == ([], [])
