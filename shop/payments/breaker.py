"""休止 – a provider that does not answer is rested, and buyers are led to the methods that work (P-11).

Counted at the provider's account, for all workers: calls in a row that brought no answer. Any answer, also a refusal or
the answer to a question, ends the count. While it rests nobody new is sent there; what is under way goes on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from providers.contract import Exchange
from shop.core import db
from shop.core.clock import jst
from shop.core.i18n import gettext as _
from shop.outbox import service as outbox
from shop.payments.models import ProviderAccount

log = logging.getLogger(__name__)

#: So many calls in a row without an answer.
FAILURES = 3
#: Then, after the newest of them, for so long; the next buyer's press shows whether it answers again.
REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """The account a call goes to, and how many before it had no answer."""

    account_id: int
    failures: int


def rests(account: ProviderAccount | None, now: datetime) -> bool:
    """Whether buyers are led past the methods of this account now."""
    if account is None or account.silent_calls < FAILURES or account.silent_since is None:
        return False
    return now < account.silent_since + REST


def answered(line: Line, exchanges: Sequence[Exchange]) -> None:
    """After a call: an answer ends the count. Writes only when there is something to end."""
    if line.failures and exchanges and exchanges[-1].answered:
        with db.write() as session:
            _count(session, line, silent_calls=0, silent_since=None)


def note(line: Line, exchanges: Sequence[Exchange], now: datetime) -> None:
    """After a call that a buyer or staff waited for: count it when it brought no answer, or end the count. The shop is
    told by mail when the rest begins. Does nothing for a call that never reached the line."""
    if not exchanges or exchanges[-1].answered:
        answered(line, exchanges)
        return
    with db.write() as session:
        _count(session, line, silent_calls=ProviderAccount.silent_calls + 1, silent_since=now)
        account = session.get_one(ProviderAccount, line.account_id, populate_existing=True)
        if account.silent_calls == FAILURES:
            log.warning("provider rests", extra={"account": account.id, "until": (now + REST).isoformat()})
            outbox.queue_alarm(session, "provider_silent", _words(account), now, f"provider_silent:{account.id}:{jst(now):%F %H}")


def _count(session: Session, line: Line, **values: object) -> None:
    session.execute(update(ProviderAccount).where(ProviderAccount.id == line.account_id).values(**values))


def _words(account: ProviderAccount) -> str:
    return _(
        "決済代行会社（%(name)s）への通信が%(count)s回続けて応答を得られませんでした。\n"
        "応答が戻るまで、注文画面ではほかのお支払方法を案内します。結果の分からない決済は、自動で確かめ続けています。\n"
        "長く続くときは、決済代行会社の障害情報と、支払方法設定の「接続テスト」を確かめてください。\n",
        name=account.name, count=FAILURES,
    )  # fmt: skip
