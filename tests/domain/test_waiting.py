"""Whose outcome is open for minutes gets one mail with the way back, and only they."""

import logging

import pytest

from shop.core import db
from shop.core.runtime import now
from shop.orders import settlement, waiting
from shop.outbox.models import OutboxMail
from shop.payments.models import PaymentOperation
from tests.domain.desk import Desk, Placed, look_together
from tests.support.shop import MovableClock


@pytest.fixture
def open_order(desk: Desk) -> Placed:
    """A card order whose answer was lost, at a provider that does not answer questions either."""
    desk.simulator.fault("reset", kind="020", phase="after")
    desk.simulator.fault("http_500", kind="094", times=None)
    return desk.place()


@pytest.mark.req("U-041", "P-05")
def test_one_mail_with_the_way_back_once_five_minutes_are_over(
    desk: Desk, open_order: Placed, clock: MovableClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock.advance(290)
    desk.run("reconcile")
    assert desk.run("still_open") == {"still_open": 0}
    clock.advance(15)
    look_together(monkeypatch, waiting, 2)
    assert sorted(desk.together(*[lambda: desk.run("still_open")["still_open"]] * 2)) == [0, 1], "two leaders, one mail"
    monkeypatch.undo()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    mail, order = desk.row(OutboxMail), desk.order(open_order)
    assert (mail.kind, mail.recipient, order.state) == ("still_open", "hanako@example.jp", "draft")
    for words in ("もう一度注文しないでください", "メールでお知らせします", f"{order.total_yen:,}円", order.public_id):
        assert words in mail.body, words
    desk.simulator.control("faults", clear=True)
    clock.advance(600)
    desk.run()
    desk.run("still_open")
    assert desk.mails(open_order.order_id) == ["order_notice", "still_open", "thanks"]


@pytest.mark.req("U-041")
def test_nobody_else_gets_it(desk: Desk, open_order: Placed, clock: MovableClock) -> None:
    """Neither whose buyer is at the issuer's page, nor who gave the attempt up."""
    clock.advance(301)
    desk.change(PaymentOperation, state="parked")
    assert desk.run("still_open") == {"still_open": 0}
    desk.change(PaymentOperation, state="unknown")

    def given_up() -> None:
        with db.write() as session:
            settlement.abandon(session, open_order.order_id, "buyer", now())

    desk.call(given_up)
    assert desk.run("still_open") == {"still_open": 0}
    desk.place()
    desk.run("still_open")
    assert desk.mails(open_order.order_id) == []
