"""メールアドレスの確認 – while the shop is on its guard, a card goes out only after the buyer typed a code mailed to the
order's address (P-22). One more step and no puzzle (WCAG 3.3.8); an address proven once stays proven for an hour.

The press on 注文する waits meanwhile, encrypted: what came with it goes on when the code is right.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.core import ids, shopinfo, throttle
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.core.throttle import Limit
from shop.outbox import service as outbox
from shop.payments.guard_models import CardProof

#: A code can be typed for so long, and so often wrongly.
CODE_LIFE = timedelta(minutes=10)
TRIES = 5
_PROOF_LIFE = timedelta(hours=1)
#: Codes that are mailed within an hour: for one browser, from one range of addresses, and to one mailbox – whoever asks; a range
#: that has asked for none yet gets one all the same (:func:`~shop.core.throttle.named`).
_SENDS, _SENDS_RANGE, _SENDS_MAILBOX = 5, 20, 10
_SENDS_WINDOW = timedelta(hours=1)


class TooManyCodes(Exception):
    """No further code is mailed before ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Waiting:
    """A press that waits for its code."""

    confirmation: str
    email: str
    #: What came with the press.
    press: Mapping[str, str]
    #: Wrong codes that may still be typed; 0: another code is needed.
    left: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a typed code came to: ``right``, ``wrong`` or ``over`` – its time or its tries are."""

    word: str
    waiting: Waiting | None


def is_proven(session: Session, browser: str, email: str, now: datetime) -> bool:
    """Whether this browser has proven this address, and not too long ago."""
    proven_at = session.scalar(
        select(CardProof.proven_at).where(CardProof.session_key == browser, CardProof.email == email)
    )
    return proven_at is not None and timedelta(0) <= now - proven_at < _PROOF_LIFE


def begin(
    session: Session, browser: str, address: str, email: str, confirmation: str, press: Mapping[str, str], now: datetime
) -> None:
    """Keep a press and mail its code. The same press again – a double click – mails nothing while its code can be typed.

    ``address`` is the range the press came from. Raises :class:`TooManyCodes`; the transaction must then end.
    """
    row = _row(session, browser)
    sealed = runtime().vault.seal(dict(press), _purpose(confirmation))
    if row and (row.confirmation, row.email) == (confirmation, email) and _can_be_typed(row, now):
        row.sealed = sealed
        return
    if row is None:
        row = CardProof(session_key=browser)
        session.add(row)
    row.email, row.confirmation, row.sealed, row.proven_at = email, confirmation, sealed, None
    _send(session, row, address, now)


def send_again(session: Session, browser: str, address: str, now: datetime) -> bool:
    """Mail another code; the one before is void. Returns ``False`` when no press waits. Raises :class:`TooManyCodes`."""
    row = _row(session, browser)
    if row is None:
        return False
    _send(session, row, address, now)
    return True


def waiting(session: Session, browser: str, now: datetime) -> Waiting | None:
    """The press of this browser that waits for its code, also when that is void by now. Reads only."""
    row = session.scalar(select(CardProof).where(CardProof.session_key == browser))
    return _opened(row, now) if row and row.proven_at is None else None


def prove(session: Session, browser: str, code: str, now: datetime) -> Verdict:
    """Judge a typed code. Typed rightly a second time – a double click – it is right again, for the same press."""
    row = _row(session, browser)
    if row is None or not _can_be_typed(row, now):
        return Verdict("over", _opened(row, now) if row else None)
    if not hmac.compare_digest(row.code_digest, _digest(row, code)):
        row.tries += 1
        return Verdict("wrong" if row.tries < TRIES else "over", _opened(row, now))
    row.proven_at = row.proven_at or now
    return Verdict("right", _opened(row, now))


def _row(session: Session, browser: str) -> CardProof | None:
    """Locked: what one browser sends is looked at one by one."""
    throttle.take_turn(session, "card-code", browser)
    query = select(CardProof).where(CardProof.session_key == browser).execution_options(populate_existing=True)
    return session.scalar(query)


def _can_be_typed(row: CardProof, now: datetime) -> bool:
    return row.tries < TRIES and abs(now - row.sent_at) < CODE_LIFE


def _opened(row: CardProof, now: datetime) -> Waiting:
    press = runtime().vault.open(row.sealed, _purpose(row.confirmation))
    left = TRIES - row.tries if _can_be_typed(row, now) else 0
    return Waiting(row.confirmation, row.email, press, left)


def _purpose(confirmation: str) -> str:
    return f"card-press:{confirmation}"


def _digest(row: CardProof, code: str) -> str:
    """Bound to browser, confirmation and address: a code opens nothing else."""
    said = "\0".join(("card-code", row.session_key, row.confirmation, row.email, code))
    return hmac.new(runtime().config.secret_key.encode(), said.encode(), hashlib.sha256).hexdigest()


def _send(session: Session, row: CardProof, address: str, now: datetime) -> None:
    code = f"{secrets.randbelow(10**6):06d}"
    row.code_digest, row.tries, row.sent_at = _digest(row, code), 0, now
    _within_sends(session, row, address, now)
    info = shopinfo.get(session)
    subject = _("【%(shop)s】ご注文の確認番号", shop=info.called)
    body = _(
        "ご注文の手続きで、次の番号を画面に入力してください。\n\n%(code)s\n\n"
        "番号は%(minutes)s分間有効です。まだご注文は確定しておらず、請求もされていません。\n"
        "お心当たりのない場合は、このメールを破棄してください。\n\n%(shop)s\n",
        code=code, minutes=CODE_LIFE // timedelta(minutes=1), shop=info.called,
    )  # fmt: skip
    outbox.queue(session, "card_code", None, row.email, subject, body, now, f"card_code:{ids.public_id()}")


def _within_sends(session: Session, row: CardProof, address: str, now: datetime) -> None:
    """Nobody's mailbox is to be flooded from here – nor are the codes its owner needs to be used up by strangers."""
    limits = [
        Limit("card-code-browser", row.session_key, _SENDS, _SENDS_WINDOW),
        Limit("card-code-range", address, _SENDS_RANGE, _SENDS_WINDOW),
    ]
    to = Limit("card-code-mailbox", throttle.mailbox(row.email), _SENDS_MAILBOX, _SENDS_WINDOW)
    turn = throttle.count(session, [*limits, *throttle.named(session, to, address, now)], now)
    if turn.blocked_until:
        raise TooManyCodes(turn.blocked_until)
