"""The checker is worth what it can see: every kind of damage, planted on purpose, must turn it red."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from providers.installed import INSTALLED
from providers.ports import Provider
from shop.catalogue.models import StockHold, Variant
from shop.checkout.models import Confirmation
from shop.members.models import Member
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.models import Payment, PaymentOperation, ProviderExchange
from shop.promotions.models import Coupon, CouponUse
from tests.crash.checker import Books, look, problems
from tests.crash.moments import placed, registering_in_steps
from tests.crash.points import deliveries
from tests.crash.products import keeps_cards, tells_all
from tests.crash.stage import Stage, State
from tests.support.world import world_code

Plant = Callable[[Stage], None]
#: An id that no row of a run has: numbers go on counting when a state is put back.
FAR_AWAY = 1_000_000_000


def _finish(stage: Stage, beginning: State) -> State:
    stage.resume(beginning)
    buyer = stage.resume(placed(stage))
    stage.ask("sweep")
    return stage.freeze(f"finished_{stage.product.code}", buyer)


@pytest.fixture(scope="session")
def finish(stage: Stage, beginnings: Callable[[Provider], State]) -> Callable[[Provider], State]:
    """One card order by a product, authorised, its two mails sent."""

    made: dict[str, State] = {}

    def finish(product: Provider) -> State:
        if product.code not in made:
            made[product.code] = _finish(stage, beginnings(product))
        return made[product.code]

    return finish


@pytest.fixture(scope="session")
def finished(finish: Callable[[Provider], State]) -> State:
    """By a product that charges the same order twice when asked to."""
    return finish(next(product for product in INSTALLED if tells_all(product)))


by_every_product = pytest.mark.parametrize("product", INSTALLED, ids=[product.code for product in INSTALLED])


def judge(stage: Stage) -> tuple[Books, list[str]]:
    stocked = {variant.id: variant.on_hand for variant in stage.rows(Variant)}
    books = look(stage, stocked)
    return books, problems(books)


@by_every_product
def test_nothing_is_wrong_with_a_finished_order(stage: Stage, finish: Callable[[Provider], State], product: Provider) -> None:
    stage.thaw(finish(product))
    books, found = judge(stage)
    assert not found
    assert (len(books.orders), len(books.remote), len(books.letters)) == (1, 1, 2)


@pytest.fixture(scope="session")
def joined(stage: Stage, beginnings: Callable[[Provider], State]) -> State:
    """A guest became a member with the order, the card it was paid with is linked, all mails are sent."""
    stage.resume(beginnings(next(product for product in INSTALLED if tells_all(product) and keeps_cards(product))))
    buyer = stage.resume(state := registering_in_steps(stage))
    stage.press(buyer, state.path, state.fields)
    stage.ask("sweep")
    return stage.freeze("joined", buyer)


def test_nothing_is_wrong_with_a_member_who_joined(stage: Stage, joined: State) -> None:
    stage.thaw(joined)
    books, found = judge(stage)
    assert not found
    assert (len(books.members), len(books.links), len(books.kept)) == (1, 1, 1)


# ---- what can be planted ---------------------------------------------------------------------------------------------


def orphan(stage: Stage) -> None:
    stage.world.authorise(stage.product, "9261121000000000001", 1000)


def double_charge(stage: Stage) -> None:
    (payment,) = stage.rows(Payment)
    stage.world.authorise(stage.product, payment.merchant_ref, payment.authorized_yen)


def double_charge_with_an_attempt(stage: Stage) -> None:
    """A second operation of the same order: each looks right by itself."""
    (operation,) = stage.rows(PaymentOperation)
    twin = dict(operation._mapping) | {"id": FAR_AWAY, "public_id": "twin", "merchant_ref": "9261121000000000002"}
    stage.change(sa.insert(PaymentOperation).values(twin))
    stage.world.authorise(stage.product, twin["merchant_ref"], operation.amount_yen)


def wrong_amount(stage: Stage) -> None:
    stage.change(sa.update(Order).values(total_yen=Order.total_yen + 1))


def void_that_we_do_not_know(stage: Stage) -> None:
    (payment,) = stage.books()["payments"]
    stage.world.switch("act", provider=payment["provider"], handle=payment["handle"], act="void")


def reference_of_another_payment(stage: Stage) -> None:
    stage.change(sa.update(Payment).values(merchant_ref="9261121000000000003"))


def handle_of_another_payment(stage: Stage) -> None:
    stage.change(sa.update(Payment).values(handle="1234567890"))


def money_of_a_lapsed_order(stage: Stage) -> None:
    stage.change(sa.update(Order).values(state="lapsed", number=None))


def changed_cache(stage: Stage) -> None:
    stage.change(sa.update(Payment).values(captured_yen=1))


def open_operation(stage: Stage) -> None:
    stage.change(sa.update(PaymentOperation).values(state="unknown"))


def draft(stage: Stage) -> None:
    stage.change(sa.update(Order).values(state="draft", number=None))


def lost_letter(stage: Stage) -> None:
    next(iter((stage.folder / "mails").iterdir())).unlink()


def lost_promise(stage: Stage) -> None:
    stage.change(sa.delete(OutboxMail).where(OutboxMail.kind == "thanks"))


def lost_mail_without_a_trace(stage: Stage) -> None:
    (mail,) = [mail for mail in stage.rows(OutboxMail) if mail.kind == "thanks"]
    (stage.folder / "mails" / f"{mail.message_id.strip('<>').split('@')[0]}.eml").unlink()
    lost_promise(stage)


def doubled_mail(stage: Stage) -> None:
    letter = next(iter((stage.folder / "mails").iterdir()))
    twin = letter.read_bytes().replace(letter.stem.encode(), b"twin")
    letter.with_name("twin.eml").write_bytes(twin)


def mail_handed_over_again(stage: Stage) -> None:
    """Under its own Message-ID: the sink looks as before."""
    (mail,) = [mail for mail in stage.rows(OutboxMail) if mail.kind == "thanks"]
    deliveries(stage.journal).write_text(f"{mail.message_id}\n" * 2)


def mail_that_never_leaves(stage: Stage) -> None:
    stage.change(sa.update(OutboxMail).where(OutboxMail.kind == "order_notice").values(state="sending"))


def leaked_hold(stage: Stage) -> None:
    (line,) = stage.rows(OrderLine)
    (hold,) = stage.rows(StockHold)
    leak = dict(hold._mapping) | {"id": FAR_AWAY, "order_id": FAR_AWAY, "state": "held", "ended_at": None}
    stage.change(sa.insert(StockHold).values(leak))
    stage.change(sa.update(Variant).where(Variant.id == line.variant_id).values(held=Variant.held + hold.quantity))


def leaked_units(stage: Stage) -> None:
    (line,) = stage.rows(OrderLine)
    stage.change(sa.update(Variant).where(Variant.id == line.variant_id).values(held=Variant.held + 1))


def unsold_units(stage: Stage) -> None:
    (line,) = stage.rows(OrderLine)
    stage.change(sa.update(Variant).where(Variant.id == line.variant_id).values(allocated=0))


def leaked_use(stage: Stage) -> None:
    stage.change(sa.update(Coupon).values(held=1))


def unused_coupon(stage: Stage) -> None:
    stage.change(sa.update(Coupon).values(used=0))


def lost_use(stage: Stage) -> None:
    stage.change(sa.delete(CouponUse))


def token_in_the_timeline(stage: Stage) -> None:
    stage.change(sa.update(ProviderExchange).values(request="card_token=tok_canary"))


@pytest.mark.req("P-35", "P-01", "P-03")
@pytest.mark.parametrize(
    ("plant", "seen"),
    [
        (orphan, "orphan:"),
        (double_charge, "double: order"),
        (double_charge_with_an_attempt, "double: order"),
        (open_operation, "open:"),
        (draft, "draft:"),
        (lost_letter, "mail:"),
        (lost_promise, "mail: 0 × thanks"),
        (lost_mail_without_a_trace, "mail: 0 × thanks"),
        (doubled_mail, "mail:"),
        (mail_handed_over_again, "mail: <"),
        (mail_that_never_leaves, "mail: order_notice"),
        (leaked_hold, "hold:"),
        (leaked_units, "stock:"),
        (unsold_units, "stock:"),
        (leaked_use, "coupon:"),
        (unused_coupon, "coupon:"),
        (lost_use, "coupon:"),
        (token_in_the_timeline, "secret:"),
    ],
)  # fmt: skip
def test_damage_is_seen(stage: Stage, finished: State, plant: Plant, seen: str) -> None:
    stage.thaw(finished)
    plant(stage)
    books, _ = judge(stage)
    books.secrets = ["tok_canary"]
    assert any(problem.startswith(seen) for problem in problems(books)), problems(books)


@pytest.mark.req("P-35", "P-01", "P-03")
@by_every_product
@pytest.mark.parametrize(
    ("plant", "seen"),
    [
        (wrong_amount, "amount:"),
        (void_that_we_do_not_know, "status:"),
        (reference_of_another_payment, "orphan:"),
        (handle_of_another_payment, "orphan:"),
        (money_of_a_lapsed_order, "orphan:"),
        (changed_cache, "cache:"),
    ],
)
def test_damage_is_seen_in_the_books_of_every_product(
    stage: Stage, finish: Callable[[Provider], State], product: Provider, plant: Plant, seen: str
) -> None:
    stage.thaw(finish(product))
    plant(stage)
    _, found = judge(stage)
    assert any(problem.startswith(seen) for problem in found), found


def card_twice_at_the_provider(stage: Stage) -> None:
    (link,) = stage.rows(StoredCard)
    stage.world.keep_card(stage.product, link.customer_ref)


def link_without_a_card(stage: Stage) -> None:
    (link,) = stage.rows(StoredCard)
    provider = world_code(stage.product)
    stage.world.switch(f"{provider}/cards/delete", customer=link.customer_ref, card=link.card_ref)


def card_lost_on_both_sides(stage: Stage) -> None:
    link_without_a_card(stage)
    stage.change(sa.delete(StoredCard))


def token_that_stays(stage: Stage) -> None:
    stage.change(sa.update(CardOperation).values(sealed=b"sealed"))


def card_that_waits_for_ever(stage: Stage) -> None:
    stage.change(sa.update(CardOperation).values(state="waiting"))


def link_by_a_lapsed_order(stage: Stage) -> None:
    stage.change(sa.update(Order).values(state="lapsed", number=None))


def member_twice(stage: Stage) -> None:
    (member,) = stage.rows(Member)
    twin = {"id": FAR_AWAY, "public_id": "twin", "login": "twin", "email_key": "twin"}
    stage.change(sa.insert(Member).values(dict(member._mapping) | twin))


def member_without_an_order(stage: Stage) -> None:
    stage.change(sa.update(Confirmation).values(token="another"))


def order_without_its_member(stage: Stage) -> None:
    stage.change(sa.update(Order).values(member_id=None))


def unwelcomed(stage: Stage) -> None:
    stage.change(sa.update(OutboxMail).where(OutboxMail.kind == "member_welcome").values(kind="other"))


def hash_that_stays(stage: Stage) -> None:
    stage.change(sa.update(Order).values(registration="{}"))


@pytest.mark.req("P-35", "R-136", "R-137")
@pytest.mark.parametrize(
    ("plant", "seen"),
    [
        (card_twice_at_the_provider, "is kept and no link names it"),
        (link_without_a_card, "which is not kept"),
        (card_lost_on_both_sides, "registered one and has 0"),
        (token_that_stays, "secret: the token of card operation"),
        (card_that_waits_for_ever, "open: store of a card"),
        (link_by_a_lapsed_order, "led to a store"),
        (member_twice, "member: 2 ×"),
        (member_without_an_order, "member: 1 ×"),
        (order_without_its_member, "member: 1 ×"),
        (unwelcomed, "was welcomed 0 times"),
        (hash_that_stays, "keeps a password's hash"),
    ],
)
def test_damage_to_members_and_cards_is_seen(stage: Stage, joined: State, plant: Plant, seen: str) -> None:
    stage.thaw(joined)
    plant(stage)
    _, found = judge(stage)
    assert any(seen in problem for problem in found), found


@pytest.mark.req("P-35", "R-151")
def test_a_promise_to_the_buyer_without_an_order_is_seen(stage: Stage, finished: State) -> None:
    stage.thaw(finished)
    books, _ = judge(stage)
    books.told_complete = [books.orders[0].public_id, "an-order-that-was-lost"]
    assert problems(books) == ["lost: a buyer was told that an-order-that-was-lost is complete"]


@pytest.mark.req("P-35", "P-03")
@pytest.mark.parametrize("stays", [{"half_done": True}, {"state": "pending"}, {"state": "expired"}], ids=str)
def test_what_does_not_last_is_seen(stage: Stage, finished: State, stays: dict[str, object]) -> None:
    stage.thaw(finished)
    books, _ = judge(stage)
    books.remote[0] |= stays
    assert any(problem.startswith("half done:") for problem in problems(books)), problems(books)
