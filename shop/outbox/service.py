"""Promise a mail, send what is due, keep what failed in sight.

Sending is at least once: a crash between hand-over and its note sends again, under the same Message-ID, so the copies
thread and can be told apart. So does a sender that was stopped on the line for minutes, taken for dead, and goes on: SMTP has
no way to ask it back. What is promised twice under one key is promised once.
"""

import logging
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from shop.core import db, ids, shopinfo
from shop.core.batch import due, each
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.core.text import clean_line
from shop.outbox import sending
from shop.outbox.models import WAITING, OutboxMail

log = logging.getLogger(__name__)

#: Where the secret of a mail goes; nobody can type it: control characters are taken out of all that is typed.
SECRET = "\x1a"

_PROMISE = insert(OutboxMail.__table__)  # type: ignore[arg-type]
_BATCH = 20
#: Within ten minutes of a mail server's return everything has left (P-04), so no wait is longer than half of that.
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 300.0
#: After this many tries – two days of waiting – a person is asked; told to try again, we do as often once more.
_GIVE_UP = 580
#: A sender that has not reported for this long is taken for dead …
_LEASE = timedelta(minutes=2)
#: … and not before another has seen it so for as many seconds of a clock that cannot jump: the other one may have been moved
#: while the mail was on the line.
#: A hand-over waits for at most thirteen answers (TLS and login among them), and nobody else may send before it has ended.
_SEEN_FOR = 15 * sending.TIMEOUT
#: Message-ID and try of such claims, and when this process saw each first.
_overdue: dict[tuple[str, int], float] = {}


def queue(
    session: Session,
    kind: str,
    order_id: int | None,
    recipient: str,
    subject: str,
    body: str,
    now: datetime,
    key: str = "",
    *,
    secret: str = "",
    copy_of: int | None = None,
) -> None:
    """Promise one mail inside the caller's transaction. Header fields are single lines, whatever a buyer typed (R-224).

    A ``secret`` is for the reader alone: it is kept sealed until it is sent, and takes the place of :data:`SECRET` in the
    body only then. Whoever opens the outbox or the database finds no link that would open somebody's account.
    """
    message_id = f"<{ids.public_id()}@{runtime().config.host}>"
    sealed = runtime().vault.seal({"secret": secret}, message_id) if secret else None
    session.execute(
        _PROMISE,
        {
            "dedupe_key": key or f"{kind}:{order_id}",
            "kind": kind,
            "order_id": order_id,
            "copy_of": copy_of,
            "recipient": clean_line(recipient),
            "subject": clean_line(subject)[:300],
            "body": body,
            "sealed": sealed,
            "message_id": message_id,
            "state": "queued",
            "attempts": 0,
            "next_at": now,
            "created_at": now,
            "last_error": "",
        },
    )


def is_promised(session: Session, key: str) -> bool:
    """Whether a mail was promised under this key, sent or not."""
    return session.scalar(select(OutboxMail.id).where(OutboxMail.dedupe_key == key)) is not None


def run() -> int:
    """Send what is due. Returns how many mails were handed over."""
    found = db.db.session.execute(
        select(OutboxMail.id, OutboxMail.state, OutboxMail.message_id, OutboxMail.attempts)
        .where(WAITING, _due(moment()))
        .order_by(OutboxMail.next_at)
        .limit(_BATCH)
    ).all()
    claimed = {row.id: (row.message_id, row.attempts) for row in found if row.state == "sending"}
    for gone in _overdue.keys() - claimed.values():
        _overdue.pop(gone, None)
    return each([(row.id, row.attempts) for row in found if row.id not in claimed or _abandoned(claimed[row.id])], _send)


def _abandoned(claim: tuple[str, int]) -> bool:
    """Whether the sender of this claim must be dead. Writing a file takes no time in which a clock could be moved."""
    if not runtime().config.smtp_url:
        return True
    return monotonic() - _overdue.setdefault(claim, monotonic()) >= _SEEN_FOR


def _send(seen: tuple[int, int]) -> bool:
    """Send one mail, given with the tries it was seen with, unless somebody took it since. Returns whether it was handed over."""
    mail_id, tries = seen
    if not _claim(mail_id, tries, moment()):
        return False
    mail = db.db.session.get_one(OutboxMail, mail_id)
    reply_to = shopinfo.get(db.db.session()).email
    letter = sending.Letter(mail.message_id, mail.recipient, mail.subject, whole_body(mail), mail.created_at, reply_to)
    db.end_read()
    try:
        sending.hand_over(letter, runtime().config)
    except sending.NotHandedOver as error:
        _put_off(mail_id, tries + 1, str(error), permanent=error.permanent)
        return False
    except Exception as error:
        # Ours to mend; meanwhile it is put off and given up like any other, in sight of a person.
        log.exception("mail not handed over", extra={"mail": mail_id})
        _put_off(mail_id, tries + 1, type(error).__name__, permanent=False)
        return False
    with db.write() as session:
        session.execute(
            # Whoever has claimed it since: it has gone out.
            update(OutboxMail)
            .where(OutboxMail.id == mail_id)
            .values(state="sent", sent_at=moment(), last_error="", **_forgotten())
        )
    return True


def whole_body(mail: OutboxMail) -> str:
    """The body with its secret, for the reader – and, in the demo, for whoever tries it out."""
    if mail.sealed is None:
        return mail.body
    return mail.body.replace(SECRET, runtime().vault.open(mail.sealed, mail.message_id)["secret"])


def _forgotten() -> dict[str, None]:
    return {} if runtime().config.demo else {"sealed": None}


def _due(now: datetime) -> ColumnElement[bool]:
    """A mail that was never tried is due whatever the clock says: it may have been set back."""
    return or_(due(OutboxMail.next_at, now), OutboxMail.attempts == 0)


def _claim(mail_id: int, tries: int, now: datetime) -> bool:
    """Take the mail as it was seen: a claim made since is another's, however far the clock has been moved (P-16)."""
    with db.write() as session:
        claimed = session.execute(
            update(OutboxMail)
            .where(
                OutboxMail.id == mail_id,
                OutboxMail.attempts == tries,
                or_(OutboxMail.state == "queued", OutboxMail.state == "sending"),
                _due(now),
            )
            .values(state="sending", attempts=tries + 1, next_at=now + _LEASE)
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def _put_off(mail_id: int, attempts: int, error: str, *, permanent: bool) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
    state = "failed" if permanent or attempts % _GIVE_UP == 0 else "queued"
    with db.write() as session:
        session.execute(
            update(OutboxMail)
            # Only as long as the claim is ours: who wakes up late has nothing to put off, another may have sent it (P-04).
            .where(OutboxMail.id == mail_id, OutboxMail.state == "sending", OutboxMail.attempts == attempts)
            .values(state=state, next_at=moment() + timedelta(seconds=wait), last_error=error[:500])
        )


def retry(session: Session, mail_id: int) -> bool:
    """Queue a failed mail again, due whatever the clock says, on a staff member's word. Returns ``False`` when it had not failed.

    Its tries go on being counted: by their number a sender knows its own claim.
    """
    changed = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id, OutboxMail.state == "failed")
        .values(state="queued", next_at=OutboxMail.created_at)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def queue_alarm(session: Session, kind: str, body: str, now: datetime, key: str) -> None:
    """Tell the shop about something a person must look at; once per ``key``."""
    if session.scalar(select(OutboxMail.id).where(OutboxMail.dedupe_key == key)) is None:
        info = shopinfo.get(session)
        queue(session, kind, None, info.email, f"【要確認】{info.name}", body, now, key)
