"""The checker is worth what it can see: every kind of damage, planted on purpose, must turn it red."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from shop.catalogue.models import StockHold, Variant
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment, PaymentOperation, ProviderExchange
from tests.crash.checker import Books, look, problems
from tests.crash.points import deliveries
from tests.crash.scenarios import placed
from tests.crash.stage import Stage, State

Plant = Callable[[Stage], None]
#: An id that no row of a run has: numbers go on counting when a state is put back.
FAR_AWAY = 1_000_000_000


@pytest.fixture(scope="session")
def finished(stage: Stage, beginning: State) -> State:
    """One card order, authorised, its two mails sent."""
    stage.resume(beginning)
    buyer = stage.resume(placed(stage))
    stage.ask("sweep")
    return stage.freeze("finished", buyer)


def judge(stage: Stage) -> tuple[Books, list[str]]:
    stocked = {variant.id: variant.on_hand for variant in stage.rows(Variant)}
    books = look(stage, stocked)
    return books, problems(books)


def test_nothing_is_wrong_with_a_finished_order(stage: Stage, finished: State) -> None:
    stage.thaw(finished)
    books, found = judge(stage)
    assert not found
    assert (len(books.orders), len(books.remote), len(books.letters)) == (1, 1, 2)


# ---- what can be planted ---------------------------------------------------------------------------------------------


def orphan(stage: Stage) -> None:
    stage.provider.authorise("9261121000000000001", 1000)


def double_charge(stage: Stage) -> None:
    (payment,) = stage.rows(Payment)
    stage.provider.authorise(payment.merchant_ref, payment.authorized_yen)


def double_charge_with_an_attempt(stage: Stage) -> None:
    """A second operation of the same order: each looks right by itself."""
    (operation,) = stage.rows(PaymentOperation)
    twin = dict(operation._mapping) | {"id": FAR_AWAY, "public_id": "twin", "merchant_ref": "9261121000000000002"}
    stage.change(sa.insert(PaymentOperation).values(twin))
    stage.provider.authorise(twin["merchant_ref"], operation.amount_yen)


def wrong_amount(stage: Stage) -> None:
    stage.change(sa.update(Order).values(total_yen=Order.total_yen + 1))


def void_that_we_do_not_know(stage: Stage) -> None:
    (payment,) = stage.rows(Payment)
    stage.provider.act_on_console(payment.handle, "void")


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


def token_in_the_timeline(stage: Stage) -> None:
    stage.change(sa.update(ProviderExchange).values(request="card_token=tok_canary"))


@pytest.mark.req("P-35", "P-01", "P-03")
@pytest.mark.parametrize(
    ("plant", "seen"),
    [
        (orphan, "orphan:"),
        (double_charge, "double: order"),
        (double_charge_with_an_attempt, "double: order"),
        (wrong_amount, "amount:"),
        (void_that_we_do_not_know, "status:"),
        (money_of_a_lapsed_order, "orphan:"),
        (changed_cache, "cache:"),
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
        (token_in_the_timeline, "secret:"),
    ],
)  # fmt: skip
def test_damage_is_seen(stage: Stage, finished: State, plant: Plant, seen: str) -> None:
    stage.thaw(finished)
    plant(stage)
    books, _ = judge(stage)
    books.secrets = ["tok_canary"]
    assert any(problem.startswith(seen) for problem in problems(books)), problems(books)


@pytest.mark.req("P-35", "R-151")
def test_a_promise_to_the_buyer_without_an_order_is_seen(stage: Stage, finished: State) -> None:
    stage.thaw(finished)
    books, _ = judge(stage)
    books.told_complete = [books.orders[0].public_id, "an-order-that-was-lost"]
    assert problems(books) == ["lost: a buyer was told that an-order-that-was-lost is complete"]
