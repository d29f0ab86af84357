"""通知受信箱: a notice is checked, stored and acknowledged; it is never believed, only a reason to ask."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from providers.codecs import parse_form
from providers.contract import Category, Unreadable
from providers.ports import Endpoint
from shop.core import db
from shop.core.runtime import now
from shop.payments import accounts, attention, inbox, observe
from shop.payments.engine import engine
from shop.payments.models import ProviderNotice, RejectedNotice
from tests.domain.desk import Desk, Placed, body, notice, signature
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock


def arrive(desk: Desk, fields: dict[str, str] | bytes) -> int:
    """A notice through the shop's door; returns the HTTP status, and the acknowledgement must fit it."""
    data = fields if isinstance(fields, bytes) else body(fields)
    answer = desk.app.test_client().post(
        f"/pay/n/{desk.account().key}", data=data, content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code == 200) == (answer.data == b"result=0")
    return answer.status_code


def states(desk: Desk) -> list[tuple[str, str, int]]:
    return [(each.serial, each.state, each.received) for each in desk.rows(ProviderNotice)]


def lost_answer(desk: Desk) -> tuple[Placed, str]:
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    return placed, desk.remote_payments(placed)[0]["payment_id"]


def receive(desk: Desk, fields: dict[str, str] | bytes) -> inbox.Received:
    """Stored without waking anybody: processing is the job's turn."""
    data = fields if isinstance(fields, bytes) else body(fields)
    return desk.call(inbox.receive, desk.account().key, "POST", data, "", "192.0.2.7")


@pytest.mark.req("P-09", "S-016", "S-018")
def test_notice_instead_of_the_answer(desk: Desk) -> None:
    placed, handle = lost_answer(desk)
    receive(desk, notice(placed, handle, 7))
    assert desk.order(placed).state == "draft"  # stored and acknowledged before anything else happens
    desk.run("inbox")
    assert desk.order(placed).state == "placed"
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]
    assert states(desk) == [("7", "done", 1)]


@pytest.mark.req("P-10", "T-021")
def test_a_notice_is_not_believed(desk: Desk) -> None:
    """Rightly signed and saying captured – but the provider, asked, says something else."""
    placed = desk.place()
    receive(desk, notice(placed, desk.payment(placed).handle, 7, status="40"))
    desk.run("inbox")
    assert desk.telegrams("094") == 1
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.steps(placed) == [("authorize", "shop", "succeeded")]


@pytest.mark.req("P-09", "R-105", "T-022")
def test_notice_twenty_times(desk: Desk) -> None:
    placed, handle = lost_answer(desk)
    for _ in range(20):
        assert arrive(desk, notice(placed, handle, 7)) == 200
    desk.run("inbox")
    assert [(serial, received) for serial, _, received in states(desk)] == [("7", 20)]
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


def test_the_same_notice_at_the_same_moment(desk: Desk) -> None:
    placed, handle = lost_answer(desk)
    desk.together(*[lambda: receive(desk, notice(placed, handle, 7))] * 4)
    desk.together(*[lambda: desk.run("inbox")] * 3)
    assert states(desk) == [("7", "done", 4)]
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]


@pytest.mark.req("P-09", "T-022")
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_disorder_never_lowers_a_state(desk: Desk, order: tuple[int, ...]) -> None:
    placed = desk.place()
    handle = desk.payment(placed).handle
    desk.console(placed, "capture")
    desk.console(placed, "refund")
    for serial in order:
        receive(desk, notice(placed, handle, serial, status={1: "20", 2: "40", 3: "60"}[serial]))
        desk.run("inbox")
    assert desk.money(placed) == ("refunded", placed.yen, placed.yen, placed.yen)
    assert len(desk.steps(placed)) == 3


@pytest.mark.req("R-105", "S-025", "T-027")
def test_unknown_order_is_stored_acknowledged_and_shown(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place()
    stranger = notice(placed, "123456789012345678", 9, trading_id="order_of_another_shop")
    assert arrive(desk, stranger) == 200
    for _ in range(12):
        clock.advance(3600)
        desk.run("inbox")
    assert states(desk) == [("9", "unmatched", 1)]
    assert arrive(desk, stranger) == 200
    assert states(desk) == [("9", "unmatched", 2)]


@pytest.mark.req("S-025", "S-032", "S-030")
def test_notice_before_the_payment_is_known_waits_for_it(desk: Desk, clock: MovableClock) -> None:
    placed, handle = lost_answer(desk)
    desk.simulator.fault("close", kind="094")
    receive(desk, notice(placed, handle, 7))
    desk.run("inbox")
    assert states(desk) == [("7", "waiting", 1)]
    clock.advance(15)
    desk.run("inbox")
    assert states(desk) == [("7", "done", 1)]
    assert desk.order(placed).state == "placed"


def test_notice_that_tells_nothing_new_asks_nobody(desk: Desk) -> None:
    placed = desk.place()
    receive(desk, notice(placed, desk.payment(placed).handle, 7))
    desk.run("inbox")
    assert states(desk) == [("7", "done", 1)]
    assert desk.telegrams("094") == 0


# ---- forged ---------------------------------------------------------------------------------------------------


@pytest.mark.req("T-020", "T-021", "T-027")
@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda good: good | {"hc": ""}, id="empty"),
        pytest.param(lambda good: {k: v for k, v in good.items() if k != "hc"}, id="missing"),
        pytest.param(lambda good: good | {"hc": good["hc"][:-1]}, id="truncated"),
        pytest.param(lambda good: good | {"hc": good["hc"].upper()}, id="other case"),
        pytest.param(lambda good: good | {"hc": signature(good, "another shop's key")}, id="another key"),
        pytest.param(lambda good: good | {"hc": signature(good, "")}, id="no key"),
        pytest.param(lambda good: good | {"payment_amount": "1"}, id="another amount"),
        pytest.param(lambda good: good | {"trading_id": "90000000000000000001"}, id="another order"),
        pytest.param(lambda good: good | {"payment_id": "1"}, id="another payment"),
    ],
)
def test_forged_notice_is_refused_counted_and_not_stored(desk: Desk, bend) -> None:
    placed = desk.place()
    assert arrive(desk, bend(notice(placed, desk.payment(placed).handle, 7, status="60"))) == 403
    assert desk.rows(ProviderNotice) == []
    assert desk.account().rejected_notices == 1
    assert desk.telegrams("094") == 0
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)


@pytest.mark.req("T-021")
def test_right_signature_over_another_orders_fields(desk: Desk) -> None:
    """The digest is plain concatenation: digits can move between neighbouring fields. Then nothing must match."""
    placed = desk.place()
    handle = desk.payment(placed).handle
    good = notice(placed, handle, 77)
    bent = good | {"payment_notice_id": "7", "payment_id": "7" + handle}
    assert signature(bent) == good["hc"]
    assert arrive(desk, bent) == 200
    desk.run("inbox")
    assert desk.money(placed) == ("authorized", placed.yen, 0, 0)
    assert desk.steps(placed) == [("authorize", "shop", "succeeded")]


@pytest.mark.req("P-10", "T-020", "T-025")
def test_no_mutation_of_a_good_notice_is_accepted(desk: Desk) -> None:
    placed = desk.place()
    good = notice(placed, desk.payment(placed).handle, 77, status="40")
    data = body(good)
    with desk.app.app_context():
        account = accounts.all_accounts(db.db.session())[0]
        version = accounts.current_version(db.db.session(), account.id)
        gateway = accounts.open_gateway(db.db.session(), version.id, accounts.Tape())
    signed = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount", "hc")
    text = "".join(good[name] for name in signed)
    assert gateway.read_notice("POST", data, {}).genuine
    seen = 0

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def mutate(drawn: st.DataObject) -> None:
        nonlocal seen
        at = drawn.draw(st.integers(0, len(data)))
        end = drawn.draw(st.integers(at, min(at + 12, len(data))))
        new = drawn.draw(st.one_of(st.binary(max_size=6), st.sampled_from([b"0", b"%30", b"&", b"&hc=0", b"=", b"+", b"%"])))
        bent = data[:at] + new + data[end:]
        assume(bent != data)
        seen += 1
        reading = gateway.read_notice("POST", bent, {})
        if reading.genuine:
            fields = dict(parse_form(bent, "cp932"))
            # Genuine may only be what says the same under the signature: unsigned fields, other spellings of it.
            assert "".join(fields.get(name, "") for name in signed) == text

    mutate()
    assert seen >= 300


@pytest.mark.req("T-025")
@pytest.mark.parametrize("tail", [b"\n", b"&payment_amount=1", b"&hc=0", b"%0A"])
def test_appended_bytes(desk: Desk, tail: bytes) -> None:
    placed = desk.place()
    assert arrive(desk, body(notice(placed, desk.payment(placed).handle, 7)) + tail) == 403


def test_rejected_notices_are_kept_up_to_a_cap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_REJECTED_KEPT", 5)
    for _ in range(8):
        assert receive(desk, b"hc=0&payment_notice_id=1").stored == ()
    assert desk.account().rejected_notices == 8
    kept = desk.rows(RejectedNotice)
    assert len(kept) == 5
    assert kept[0].id == 4
    assert kept[0].address == "192.0.2.7"


def test_no_such_account(desk: Desk) -> None:
    assert desk.app.test_client().post("/pay/n/nobody", data=b"x").status_code == 404
    assert desk.rows(RejectedNotice) == []


@pytest.mark.req("T-028")
def test_oversized_notice(desk: Desk) -> None:
    answer = desk.app.test_client().post(f"/pay/n/{desk.account().key}", data=b"a=" + b"x" * 70_000)
    assert answer.status_code == 413
    assert desk.account().rejected_notices == 0


def test_reading_the_door_moves_nothing(desk: Desk) -> None:
    assert desk.app.test_client().get(f"/pay/n/{desk.account().key}").status_code == 405


@pytest.mark.req("T-021")
def test_a_notice_reaches_payments_of_its_own_account_only(desk: Desk) -> None:
    placed = desk.place()
    with desk.app.app_context(), db.write() as session:
        provider = next(iter(engine().registry))
        other = accounts.create(session, provider, Endpoint.PRACTICE, provider.practice_settings(), now())
        key, account_id = other.key, other.id
    desk.call(inbox.receive, key, "POST", body(notice(placed, desk.payment(placed).handle, 7)), "", "x")
    desk.run("inbox")
    (stored,) = desk.rows(ProviderNotice, account_id=account_id)
    assert (stored.payment_id, stored.state) == (None, "waiting")
    assert desk.telegrams("094") == 0


# ---- the feed and the real push ---------------------------------------------------------------------------------


@pytest.mark.req("R-105", "S-029")
def test_the_feed_fills_what_pushing_left(desk: Desk) -> None:
    placed, _ = lost_answer(desk)
    desk.run("poll_notices", "inbox")
    assert desk.order(placed).state == "placed"
    assert desk.run("poll_notices") == {"poll_notices": 0}


@pytest.mark.req("P-09", "S-016")
@pytest.mark.parametrize("switches", [{"mode": "before_answer"}, {"duplicate": 3}, {"reorder": True}], ids=str)
def test_pushed_notices_and_the_answer_meet(live_server: LiveServer, desk: Desk, switches: dict[str, object]) -> None:
    desk.simulator.control("notices", **{"mode": "normal"} | switches)
    placed = desk.place()
    desk.console(placed, "capture")
    _eventually(desk, placed)
    assert desk.money(placed) == ("captured", placed.yen, placed.yen, 0)
    assert desk.steps(placed) == [("authorize", "shop", "succeeded"), ("capture", "provider", "succeeded")]
    assert desk.mails(placed.order_id) == ["order_notice", "thanks"]
    assert desk.account().rejected_notices == 0
    assert all(each["acknowledged"] for each in desk.simulator.ledger()["notices"])


def _eventually(desk: Desk, placed: Placed) -> None:
    limit = time.monotonic() + 10
    while desk.payment(placed).status != "captured" or not all(
        each["acknowledged"] for each in desk.simulator.ledger()["notices"]
    ):
        assert time.monotonic() < limit, "the notice did not take effect"
        desk.run("inbox")
        time.sleep(0.1)


@pytest.mark.req("P-10", "T-021")
def test_a_genuine_notice_that_names_another_of_our_payments_moves_nothing(desk: Desk, clock: MovableClock) -> None:
    """Our own reference of one order with the payment_id of another: what is learnt of the second says nothing of the
    first, and a state that cannot be read there is no problem here."""
    first, second, third = desk.place(), desk.place(), desk.place()
    other, standing = desk.payment(second).handle, desk.payment(third).handle
    desk.console(second, "void")
    key = desk.account().key
    for serial, handle in ((78, other), (79, "999999999999"), (80, standing)):
        # Past the door, which would look into it on a thread of its own: the job does it here, while we wait.
        data = body(notice(first, handle, serial, status="32"))
        assert desk.call(lambda data=data: inbox.receive(key, "POST", data, {}, "test")).stored
    for _ in range(8):
        desk.run("inbox")
        clock.advance(301)
    assert desk.money(first) == ("authorized", first.yen, 0, 0)
    assert desk.payment(first).remote_problem == ""
    assert desk.payment(first).handle != other
    # The provider has said that they are none of ours: a person looks, and nobody asks for days.
    assert states(desk) == [(serial, "unmatched", 1) for serial in ("78", "79", "80")]
    with desk.app.app_context():
        titles = [item.title for item in attention.items(db.db.session(), now()) if item.order_id == first.order_id]
    assert titles == ["受注の決済として確かめられなかった決済通知"] * 3


def test_an_answer_about_an_id_that_was_replaced_meanwhile_is_not_believed(desk: Desk) -> None:
    """Two notices of one change on the console are read at once: the slower one asked about the old id."""
    placed = desk.place()
    old = desk.payment(placed).handle
    desk.console(placed, "amount", amount=str(placed.yen - 100))
    desk.run("poll_notices", "inbox")
    assert desk.payment(placed).handle != old
    late = Unreadable(Category.STATE_CONFLICT, "13002")
    assert desk.call(lambda: observe.observe(placed.payment_id, late, asked_as=old)) is False
    assert desk.payment(placed).remote_problem == ""
    assert desk.call(lambda: observe.ask(placed.payment_id, handle=old)) is True
    assert desk.money(placed) == ("authorized", placed.yen - 100, 0, 0)


# ---- the provider cannot be asked for a while ----


@pytest.mark.req("P-03", "P-09")
def test_a_notice_outlives_an_outage_of_the_look_up(desk: Desk, clock: MovableClock) -> None:
    """020's answer lost and believed absent; then its notice comes while nobody can be asked for an hour. Minutes after the
    provider is well the money is given back – not at the nightly look."""
    desk.simulator.fault("code", kind="094", code="13001", phase="before")
    desk.simulator.fault("reset", kind="020", phase="after")
    placed = desk.place()
    clock.advance(200)
    desk.run("reconcile")
    assert desk.operation(placed).state == "absent"
    desk.simulator.fault("http_500", kind="094", times=None)
    receive(desk, notice(placed, desk.remote_payments(placed)[0]["payment_id"], 7))
    for _ in range(60):
        clock.advance(60)
        desk.run("inbox")
    with desk.app.app_context():
        (item,) = [each for each in attention.items(db.db.session(), now()) if each.kind == "notice"]
        assert item.order_id == placed.order_id
        assert item.title.startswith("決済代行会社に確かめている決済通知")
    desk.simulator.control("faults", clear=True)
    clock.advance(300)
    desk.run("inbox", "dispatch")
    assert desk.remote(placed) == [("32", placed.yen)]
    assert desk.money(placed) == ("voided", 0, 0, 0)
    assert states(desk) == [("7", "done", 1)]
    with desk.app.app_context():
        assert not [each for each in attention.items(db.db.session(), now()) if each.kind == "notice"]


def test_a_notice_that_cannot_be_looked_into_comes_to_sight(
    desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is broken in us while we look: the notice waits, and a person is told."""
    placed = desk.place()

    def broken(*_: object) -> None:
        raise LookupError

    receive(desk, notice(placed, desk.payment(placed).handle, 7, status="40"))
    monkeypatch.setattr(inbox, "find_payment", broken)
    for _ in range(13):
        desk.run("inbox")
        clock.advance(300)
    assert states(desk) == [("7", "waiting", 1)]
    with desk.app.app_context():
        (item,) = [each for each in attention.items(db.db.session(), now()) if each.kind == "notice"]
        assert item.title.startswith("決済代行会社に確かめている決済通知")


@pytest.mark.req("P-09", "T-022")
def test_a_serial_that_comes_again_with_another_status_is_looked_at_again(desk: Desk) -> None:
    placed = desk.place()
    handle = desk.payment(placed).handle
    receive(desk, notice(placed, handle, 7, status="20"))
    desk.run("inbox")
    desk.console(placed, "capture")
    receive(desk, notice(placed, handle, 7, status="40"))
    desk.run("inbox")
    assert states(desk) == [("7", "done", 2)]
    assert desk.money(placed)[0] == "captured"


def test_a_notice_that_changes_while_it_is_looked_into_is_looked_at_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = desk.place()
    handle = desk.payment(placed).handle
    receive(desk, notice(placed, handle, 7, status="20"))
    look = inbox._understood

    def overtaken(*arguments: Any) -> bool | None:
        found = look(*arguments)
        desk.console(placed, "capture")
        receive(desk, notice(placed, handle, 7, status="40"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_understood", overtaken)
        desk.run("inbox")
    assert states(desk) == [("7", "waiting", 2)]
    desk.run("inbox")
    assert states(desk) == [("7", "done", 2)]
    assert desk.money(placed)[0] == "captured"


def test_of_the_feed_only_what_was_kept_is_fetched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider shows a notice once: killed while one is stored, the shop has not yet fetched the next."""
    placed = desk.place()
    desk.console(placed, "capture")
    desk.run("poll_notices", "inbox")
    first, second = desk.place(), desk.place()
    desk.console(first, "capture")
    desk.console(second, "capture")
    asked = desk.telegrams("091")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inbox, "_store", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.call(inbox.poll)
    assert desk.telegrams("091") == asked + 1


@pytest.mark.req("P-16")
def test_a_clock_set_back_keeps_no_notice_waiting(desk: Desk, clock: MovableClock) -> None:
    placed = desk.place()
    desk.console(placed, "capture")
    receive(desk, notice(placed, desk.payment(placed).handle, 7, status="40"))
    clock.advance(-3600)
    desk.run("inbox")
    assert desk.money(placed)[0] == "captured"
