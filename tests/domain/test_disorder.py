"""P-09: notices in any order, any number and any time, between them the buyer's returns, the late answer and the jobs –
the end is that of the run in which each came once, at once and in order.

On the services themselves, because HTTP would be too slow for ten thousand; the same over HTTP and with parallel workers
stands in ``tests/race/test_notices.py``. A few dozen transactions are made once and frozen; every round thaws them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import pytest

from providers.contract import Approved
from shop.core import db
from shop.core.config import Config
from shop.core.runtime import now
from shop.jobs import selfcheck
from shop.payments import accounts, hop, inbox, reconcile, settle
from shop.payments.models import Payment, PaymentMethod, PaymentOperation, ProviderNotice
from tests.crash.stores import open_store
from tests.domain.desk import Desk, Placed, body, notice
from tests.support.evidence import Series
from tests.support.issuer import FRICTIONLESS, beyond
from tests.support.pages import Page
from tests.support.shop import MovableClock

#: What is known when the disorder begins – the answer came, was lost, or is still on its way – and what the shopkeeper does
#: on the provider's console. What was undone there before we knew of it comes to no order at all: no disorder of notices.
STORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("known", ("capture",)), ("known", ("capture", "refund")), ("known", ("void",)), ("known", ("amount",)),
    ("lost", ()), ("lost", ("capture",)), ("late", ()), ("late", ("capture",)),
)  # fmt: skip
_EACH = 6
_HOUR = 3600.0
_LONGEST_DELAY = 72 * _HOUR
_JOBS = ("inbox", "inbox", "reconcile", "release_holds", "dispatch", "poll_notices")
_STEPS_OF_TIME = 20

Event = Callable[[], object]


@dataclass
class Transaction:
    """One authenticated card payment, what the provider has to say of it, and how it must end."""

    placed: Placed
    back: str
    #: The provider's answer to the authorization, for stories in which it comes late.
    answer: Approved | None = None
    notices: tuple[bytes, ...] = ()
    end: object = None


class World:
    """The shop with its transactions, frozen at the moment before the first notice."""

    def __init__(self, desk: Desk, clock: MovableClock, config: Config) -> None:
        self.desk, self.clock = desk, clock
        self.key = desk.account().key
        self._store = open_store(config.database_url, config.instance)
        desk.change(PaymentMethod, PaymentMethod.kind == "card", options='{"use_3ds": "1", "attempt_control": "low"}')
        self.transactions = [self._begin(*story) for story in STORIES for _ in range(_EACH)]
        self._store.freeze("begun")
        self._offset = clock.offset()
        self._theirs = self._their_books()

    # ---- the stories -------------------------------------------------------------------------------------------------

    def _begin(self, known: str, steps: tuple[str, ...]) -> Transaction:
        """Once in order, for the end that must be; once up to the moment before its first notice."""
        example = self._paid("known")
        for step in ("", *steps):
            self._at_console(example, step)
            for data in self._notices(example)[len(example.notices) :]:
                self.receive(data)
                self.desk.run("inbox")
            example.notices = self._notices(example)
        made = self._paid(known)
        for step in steps:
            self._at_console(made, step)
        made.notices, made.end = self._notices(made), self.end(example)
        return made

    def _paid(self, known: str) -> Transaction:
        desk = self.desk
        placed = desk.placed(desk.press(*desk.confirmed(), desk.token(FRICTIONLESS)))
        made = Transaction(placed, self._way_back(placed))
        if known != "known":
            desk.simulator.fault("reset", kind="020", phase="after")
        self.come_back(made)
        if known == "late":
            made.answer = desk.call(self._answer, placed)
            desk.change(PaymentOperation, PaymentOperation.id == placed.operation_id, state="sent")
        return made

    def _way_back(self, placed: Placed) -> str:
        public_id = self.desk.operation(placed).public_id
        path = f"/pay/h/{public_id}/{self.desk.call(hop.token, public_id)}"
        back = urlsplit(beyond(Page(self.desk.app.test_client().get(path).text), self.desk.simulator.url))
        return f"{back.path}?{back.query}"

    def _answer(self, placed: Placed) -> Approved:
        """What the provider answered, as it shows it."""
        version = db.db.session.get_one(Payment, placed.payment_id).account_version_id
        assert version is not None
        gateway = accounts.open_gateway(db.db.session(), version, accounts.Tape())
        db.end_read()
        shown = gateway.query(merchant_ref=placed.ref)
        decision = reconcile.decide("authorize", False, placed.yen, now(), shown, now(), 0)
        assert isinstance(decision, Approved)
        return decision

    def _at_console(self, made: Transaction, step: str) -> None:
        if step:
            self.desk.console(made.placed, step, **{"amount": str(made.placed.yen - 100)} if step == "amount" else {})

    def _notices(self, made: Transaction) -> tuple[bytes, ...]:
        """All that the provider has queued about a transaction, oldest first, as it pushes them."""
        payments = {each["payment_id"]: each for each in self.desk.remote_payments(made.placed)}
        queued = [each for each in self.desk.simulator.ledger()["notices"] if each["payment_id"] in payments]
        return tuple(
            body(
                notice(
                    made.placed, each["payment_id"], each["id"], each["status"],
                    payment_amount=str(payments[each["payment_id"]]["amount"]),
                    related_payment_id=payments[each["payment_id"]]["base_payment_id"],
                )
            )
            for each in sorted(queued, key=lambda each: int(each["id"]))
        )  # fmt: skip

    # ---- events ------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        assert self.desk.call(inbox.receive, self.key, "POST", data, "", "192.0.2.7").reading

    def come_back(self, made: Transaction) -> None:
        assert self.desk.app.test_client().get(made.back).status_code == 303

    def arrive(self, made: Transaction) -> None:
        self.desk.call(settle.settle, made.placed.operation_id, made.answer, "answer")

    def _events(self, made: Transaction, series: Series) -> Iterator[Event]:
        for data in made.notices:
            # One to twenty times, mostly a few.
            copies = 1 + int(20 * series.chance.random() ** 8)
            yield from [partial(self.receive, data)] * copies
        yield from [partial(self.come_back, made)] * series.chance.randrange(3)
        if made.answer:
            yield partial(self.arrive, made)

    # ---- one round ---------------------------------------------------------------------------------------------------

    def round(self, series: Series) -> None:
        """Thaw, throw everything into disorder, come to rest, compare."""
        self._thaw()
        chance = series.chance
        events: list[Event] = [event for made in self.transactions for event in self._events(made, series)]
        events += [partial(self.desk.run, chance.choice(_JOBS)) for _ in range(_STEPS_OF_TIME)]
        delays = [chance.uniform(0, _LONGEST_DELAY / _STEPS_OF_TIME) for _ in range(_STEPS_OF_TIME)]
        events += [partial(self.clock.advance, delay) for delay in delays]
        chance.shuffle(events)
        for event in events:
            event()
        self._rest()
        for made in self.transactions:
            assert self.end(made) == made.end, made
        assert self._their_books() == self._theirs, "money was moved"
        assert {each.state for each in self.desk.rows(ProviderNotice)} == {"done"}
        assert self.desk.call(selfcheck.differences) == []
        series.done += len(self.transactions)

    def _thaw(self) -> None:
        self.desk.call(lambda: db.db.engine.dispose())
        self._store.thaw("begun")
        self.clock.advance(self._offset - self.clock.offset())

    def _rest(self) -> None:
        """What every job leaves when the last notice has come."""
        for _ in range(3):
            self.clock.advance(60)
            self.desk.run("inbox", "reconcile", "dispatch", "release_holds")

    def end(self, made: Transaction) -> object:
        """Everything that must not depend on the way the news came."""
        placed, desk = made.placed, self.desk
        return (
            desk.order(placed).state, desk.money(placed), Counter(desk.steps(placed)), desk.holds(placed),
            desk.mails(placed.order_id), len(desk.history(placed)),
        )  # fmt: skip

    def _their_books(self) -> object:
        """What the provider has, and how often it was asked to move money."""
        books = self.desk.simulator.ledger()
        moving = {kind: count for kind, count in books["telegrams"].items() if kind not in ("091", "094")}
        return books["payments"], moving


@pytest.fixture
def world(desk: Desk, clock: MovableClock, settings: Config) -> World:
    return World(desk, clock, settings)


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-09", "T-022")
def test_ten_thousand_sequences(world: World, settings: Config) -> None:
    """Half of them on each database."""
    series = Series("sequences of notices", 5000, settings.database_url.split(":")[0], minutes=8)
    while series.more():
        world.round(series)
    series.end(f"{len(world.transactions)} at a time")
