"""Mails: promised with what made them due, sent at least once, and never promised twice – against a real SMTP server."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from functools import partial

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.exc import IntegrityError

from shop.core import db
from shop.core.batch import each
from shop.core.runtime import Runtime, now
from shop.outbox import sending, service
from shop.outbox.models import OutboxMail
from tests.domain.desk import Desk, look_together
from tests.support.net import free_port
from tests.support.shop import MovableClock
from tests.web.counter import everything_stored


class Post:
    """An SMTP server that answers as a test says; the last answer stays."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.at_rcpt = ["250 OK"]
        self.at_data = ["250 OK"]
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_RCPT(  # noqa: N802 – the name is the library's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.at_rcpt.pop(0) if len(self.at_rcpt) > 1 else self.at_rcpt[0]
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 – the name is the library's
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = self.at_data.pop(0) if len(self.at_data) > 1 else self.at_data[0]
        if answer in ("250 OK", "drop"):
            assert isinstance(envelope.content, bytes)
            self.received.append(message_from_bytes(envelope.content, policy=modern))  # type: ignore[arg-type]
            self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
        if answer == "drop":
            assert server.transport
            server.transport.close()
        return answer

    def close(self) -> None:
        self._controller.stop()


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    yield server
    server.close()


def deliver_to(desk: Desk, url: str, *, demo: bool = True) -> None:
    known: Runtime = desk.app.extensions["shop.runtime"]
    config = replace(known.config, smtp_url=url, mail_from="つきのわ商店 <shop@example.jp>", demo=demo)
    desk.app.extensions["shop.runtime"] = replace(known, config=config)


def promise(desk: Desk, recipient: str = "hanako@example.jp", subject: str = "件名", body: str = "本文\n", key: str = "k1") -> int:
    with desk.app.app_context(), db.write() as session:
        service.queue(session, "thanks", 1, recipient, subject, body, now(), key)
    return desk.row(OutboxMail, dedupe_key=key).id


def state(desk: Desk, key: str = "k1") -> tuple[str, int]:
    mail = desk.row(OutboxMail, dedupe_key=key)
    return mail.state, mail.attempts


def test_a_mail_arrives_readable(desk: Desk, post: Post) -> None:
    deliver_to(desk, post.url)
    promise(desk, subject="【つきのわ商店】髙﨑様", body="〜①㈱ 𠮷 ¥1,280\n。\n.\nFrom here\n")
    assert desk.run("outbox") == {"outbox": 1}
    (mail,) = post.received
    assert mail["Subject"] == "【つきのわ商店】髙﨑様"
    assert mail.get_content().splitlines() == ["〜①㈱ 𠮷 ¥1,280", "。", ".", "From here"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert post.envelopes == [("shop@example.jp", ["hanako@example.jp"])]
    assert state(desk) == ("sent", 1)
    assert desk.run("outbox") == {"outbox": 0}


@pytest.mark.req("T-038")
def test_a_secret_is_for_the_reader_alone(desk: Desk, post: Post, clock: MovableClock) -> None:
    """It is sealed while it waits, also after a refusal, and gone once a real shop has sent it."""
    deliver_to(desk, post.url, demo=False)
    post.at_data = ["451 later", "250 OK"]
    with desk.app.app_context(), db.write() as session:
        body = f"https://shop.example/{service.SECRET}\n"
        service.queue(session, "member_reset", None, "hanako@example.jp", "件名", body, now(), "k1", secret="open-sesame")
    assert "open-sesame" not in everything_stored(desk.app)
    desk.run("outbox")
    assert state(desk) == ("queued", 1)
    assert "open-sesame" not in everything_stored(desk.app)
    clock.advance(31)
    desk.run("outbox")
    (mail,) = post.received
    assert mail.get_content().strip() == "https://shop.example/open-sesame"
    assert desk.row(OutboxMail, dedupe_key="k1").sealed is None


@pytest.mark.req("R-154", "S-061", "P-04")
def test_an_order_stands_while_the_mail_server_is_away(desk: Desk, clock: MovableClock, post: Post) -> None:
    deliver_to(desk, f"smtp://127.0.0.1:{free_port()}")
    placed = desk.place()
    assert desk.order(placed).state == "placed"
    desk.run("outbox")
    mails = desk.rows(OutboxMail, order_id=placed.order_id)
    assert [(mail.state, mail.last_error) for mail in mails] == [("queued", "ConnectionRefusedError")] * 2
    deliver_to(desk, post.url)
    clock.advance(31)
    assert desk.run("outbox") == {"outbox": 2}
    assert sorted(mail["To"] for mail in post.received) == sorted([mails[0].recipient, mails[1].recipient])


def hang_up() -> Iterator[str]:
    """A server that closes every connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        def serve() -> None:
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"smtp://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)


def test_a_server_that_hangs_up(desk: Desk) -> None:
    for url in hang_up():
        deliver_to(desk, url)
        promise(desk)
        desk.run("outbox")
    assert state(desk) == ("queued", 1)


@pytest.mark.req("R-154")
@pytest.mark.parametrize("answers", [{"at_rcpt": ["450 later", "250 OK"]}, {"at_data": ["451 later", "250 OK"]}], ids=str)
def test_a_temporary_refusal_is_tried_again(desk: Desk, clock: MovableClock, post: Post, answers: dict[str, list[str]]) -> None:
    vars(post).update(answers)
    deliver_to(desk, post.url)
    promise(desk)
    desk.run("outbox")
    assert state(desk) == ("queued", 1)
    desk.run("outbox")
    assert state(desk) == ("queued", 1)  # not before its time
    clock.advance(31)
    desk.run("outbox")
    assert state(desk) == ("sent", 2)
    assert len(post.received) == 1


@pytest.mark.req("R-154")
@pytest.mark.parametrize("answers", [{"at_rcpt": ["550 nobody"]}, {"at_data": ["554 no"]}], ids=str)
def test_a_final_refusal_is_shown_and_can_be_sent_again(
    desk: Desk, post: Post, clock: MovableClock, answers: dict[str, list[str]]
) -> None:
    vars(post).update(answers)
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    desk.run("outbox")
    assert state(desk) == ("failed", 1)
    post.at_rcpt = post.at_data = ["250 OK"]
    desk.run("outbox")
    assert post.received == []
    with desk.app.app_context(), db.write() as session:
        assert service.retry(session, mail_id)
        assert not service.retry(session, mail_id)
    clock.advance(-3600)
    desk.run("outbox")
    assert state(desk) == ("sent", 2)


@pytest.mark.req("P-04")
def test_a_mail_tried_again_knows_its_senders_apart(desk: Desk, post: Post) -> None:
    """The first try wakes up after staff had the mail sent again: what it has to say is not about this try."""
    post.at_data = ["554 no"]
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    desk.run("outbox")
    with desk.app.app_context(), db.write() as session:
        assert service.retry(session, mail_id)
    assert desk.call(service._claim, mail_id, 1, desk.call(now))
    desk.call(partial(service._put_off, mail_id, 1, "connection lost", permanent=False))
    assert state(desk) == ("sending", 2)


@pytest.mark.req("S-064")
def test_a_copy_after_a_lost_acknowledgement_has_the_same_message_id(desk: Desk, clock: MovableClock, post: Post) -> None:
    post.at_data = ["drop", "250 OK"]
    deliver_to(desk, post.url)
    promise(desk)
    desk.run("outbox")
    assert state(desk) == ("queued", 1)
    clock.advance(31)
    desk.run("outbox")
    first, second = post.received
    assert first["Message-ID"] == second["Message-ID"] == desk.row(OutboxMail).message_id
    assert state(desk) == ("sent", 2)


def test_waits_grow_and_end(desk: Desk, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_GIVE_UP", 7)
    deliver_to(desk, f"smtp://127.0.0.1:{free_port()}")
    promise(desk)
    waits = []
    for attempt in range(1, 8):
        desk.run("outbox")
        assert state(desk)[1] == attempt
        waits.append(round((desk.row(OutboxMail).next_at - desk.call(now)).total_seconds(), -1))
        clock.advance(waits[-1] + 5)
    assert waits == [30, 60, 120, 240, 300, 300, 300]
    assert state(desk) == ("failed", 7)
    desk.run("outbox")
    assert state(desk) == ("failed", 7)


@pytest.mark.req("R-154")
def test_a_mail_that_cannot_even_be_tried_ends_in_sight(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of our own – a password that SMTP cannot carry – is put off and given up like a refusal."""
    monkeypatch.setattr(service, "_GIVE_UP", 2)
    monkeypatch.setattr("shop.outbox.sending.hand_over", lambda *_: "ä".encode("ascii"))
    mail_id = promise(desk)
    for _ in range(2):
        desk.change(OutboxMail, OutboxMail.id == mail_id, next_at=desk.call(now))
        desk.run("outbox")
    assert state(desk) == ("failed", 2)
    assert desk.row(OutboxMail).last_error == "UnicodeEncodeError"


@pytest.mark.req("P-04")
def test_after_an_outage_of_six_hours_everything_leaves_within_minutes(desk: Desk, post: Post, clock: MovableClock) -> None:
    deliver_to(desk, f"smtp://127.0.0.1:{free_port()}")
    promise(desk)
    for _ in range(6 * 12):
        desk.run("outbox")
        clock.advance(300)
    tried = state(desk)[1]
    while state(desk) == ("queued", tried):
        clock.advance(30)
        desk.run("outbox")
    assert state(desk) == ("queued", tried + 1), "a try fails just before the server is well"
    deliver_to(desk, post.url)
    clock.advance(300)
    desk.run("outbox")
    assert len(post.received) == 1


def test_two_senders_send_once(desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver_to(desk, post.url)
    promise(desk)
    look_together(monkeypatch, service, 3)
    desk.together(*[lambda: desk.run("outbox")] * 3)
    assert len(post.received) == 1


@pytest.fixture
def wait(clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time passes by both clocks: the one that can be moved and the steady one."""
    passed = [time.monotonic()]
    monkeypatch.setattr(service, "monotonic", lambda: passed[0])

    def both(seconds: float) -> None:
        clock.advance(seconds)
        passed[0] += seconds

    return both


def taken_over(desk: Desk, wait: Callable[[float], None]) -> None:
    """Two minutes after it was claimed a mail is looked at, and five minutes later it is believed abandoned."""
    wait(121)
    desk.run("outbox")
    wait(290)
    desk.run("outbox")
    assert desk.row(OutboxMail).attempts == 1, "the longest hand-over may still go on"
    wait(11)
    desk.run("outbox")


def test_a_sender_that_died_is_replaced_after_its_time(desk: Desk, post: Post, wait: Callable[[float], None]) -> None:
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    assert desk.call(service._claim, mail_id, 0, desk.call(now))
    desk.run("outbox")
    assert post.received == []
    taken_over(desk, wait)
    assert len(post.received) == 1


@pytest.mark.req("P-16", "P-04")
def test_a_clock_moved_during_a_hand_over_sends_nothing_twice(desk: Desk, post: Post, clock: MovableClock) -> None:
    """The mail is on the line when the clock is put an hour ahead: another leader does not send it as well."""
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    assert desk.call(service._claim, mail_id, 0, desk.call(now))
    clock.advance(3600)
    for _ in range(3):
        desk.run("outbox")
    assert post.received == []
    assert state(desk) == ("sending", 1)


@pytest.mark.req("P-16", "P-04")
def test_a_mail_claimed_since_it_was_seen_is_left_alone(
    desk: Desk, post: Post, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as queued, then another put it on the line, then the clock is put an hour ahead."""
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    work_off = each

    def overtaken(rows: list[tuple[int, int]], work: Callable[[tuple[int, int]], bool]) -> int:
        assert service._claim(mail_id, 0, now())
        clock.advance(3600)
        return work_off(rows, work)

    monkeypatch.setattr(service, "each", overtaken)
    desk.run("outbox")
    assert post.received == []
    assert state(desk) == ("sending", 1)


@pytest.mark.req("P-04")
def test_who_wakes_up_late_puts_nothing_off(desk: Desk, post: Post, wait: Callable[[float], None]) -> None:
    """A worker stopped before its mail had left; another took it over and sent it; then the first one goes on and fails."""
    deliver_to(desk, post.url)
    mail_id = promise(desk)
    assert desk.call(service._claim, mail_id, 0, desk.call(now))
    taken_over(desk, wait)
    desk.call(partial(service._put_off, mail_id, 1, "connection lost", permanent=False))
    assert state(desk) == ("sent", 2)
    wait(3600)
    desk.run("outbox")
    assert len(post.received) == 1


@pytest.mark.req("P-16")
def test_a_clock_set_back_holds_no_mail(desk: Desk, post: Post, clock: MovableClock) -> None:
    deliver_to(desk, post.url)
    promise(desk)
    post.at_rcpt = ["451 later", "250 OK"]
    clock.advance(-300)
    desk.run("outbox")
    assert state(desk) == ("queued", 1)
    clock.advance(-3600)
    desk.run("outbox")
    assert state(desk) == ("sent", 2)


def test_the_same_mail_is_promised_once(desk: Desk) -> None:
    promise(desk)
    with pytest.raises(IntegrityError):
        promise(desk)
    with desk.app.app_context(), db.write() as session:
        for _ in range(2):
            service.queue_alarm(session, "self_check", "x", now(), key="alarm")
    assert len(desk.rows(OutboxMail, dedupe_key="alarm")) == 1


def test_a_promise_dies_with_its_transaction(desk: Desk) -> None:
    with suppress(KeyboardInterrupt), desk.app.app_context(), db.write() as session:
        service.queue(session, "thanks", 1, "a@example.jp", "s", "b", now())
        raise KeyboardInterrupt
    assert desk.rows(OutboxMail) == []


@pytest.mark.req("R-224", "T-075", "T-044")
@pytest.mark.parametrize("attack", ["x\r\nBcc: victim@example.jp", "x\nBcc: victim@example.jp", "x\u2028Bcc: victim@example.jp", "x\x00\x0bBcc: v", "x=?utf-8?q?=0d=0aBcc:_victim@example.jp?="])
def test_line_breaks_make_no_headers(desk: Desk, post: Post, attack: str) -> None:
    deliver_to(desk, post.url)
    promise(desk, subject=attack, body=attack.replace("\x00", "") + "\r\n.\r\nMAIL FROM:<x@y>\r\n")
    promise(desk, recipient=f"hanako@example.jp{attack[1:]}", key="k2")
    desk.run("outbox")
    assert state(desk) == ("sent", 1)
    for mail in post.received:
        assert mail["Bcc"] is None
    assert all(to == ["hanako@example.jp"] for _, to in post.envelopes)
    assert all(len(f"{mail.recipient}{mail.subject}".splitlines()) == 1 for mail in desk.rows(OutboxMail))


@pytest.mark.parametrize("recipient", ["", "no address", "a@b@c", "<", "a@example.jp, b@example.jp", "山田@例え.jp", "=?utf-8?b?DQpCY2M6IHZAZXhhbXBsZS5qcA0K?=@example.jp"])
def test_an_impossible_recipient_stops_nobody_else(desk: Desk, post: Post, recipient: str) -> None:
    deliver_to(desk, post.url)
    promise(desk, recipient=recipient)
    promise(desk, key="k2")
    desk.run("outbox")
    assert state(desk, "k2") == ("sent", 1)
    assert state(desk)[0] in ("failed", "queued", "sent")
    assert all(mail["Bcc"] is None for mail in post.received)
    assert all(len(to) == 1 for _, to in post.envelopes)


def test_without_a_server_the_demo_writes_files(desk: Desk) -> None:
    promise(desk)
    desk.run("outbox")
    (mail,) = (desk.app.extensions["shop.runtime"].config.instance / "mails").glob("*.eml")
    assert message_from_bytes(mail.read_bytes(), policy=modern)["Subject"] == "件名"
    assert state(desk) == ("sent", 1)


def test_a_letter_with_a_bent_header_is_refused_for_good() -> None:
    letter = sending.Letter("<1@x>", "a@example.jp", "two\nlines", "b", datetime(2026, 11, 21, tzinfo=UTC))
    with pytest.raises(ValueError, match="Header"):
        sending.compose(letter, "shop@example.jp")
