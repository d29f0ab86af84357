"""休止 – a provider that does not answer is rested, and buyers are led to the methods that work (P-11).

Counted at the provider's account, for all workers: calls in a row that were to move money and brought no answer. An
answer to such a call, also a refusal, ends the count; one to a question of the reconciler says nothing – look-ups
often work while payments do not. While the account rests nobody new is sent there; what is under way goes on.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update

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


def rests(account: ProviderAccount | None, now: datetime) -> bool:
    """Whether buyers are led past the methods of this account now."""
    if account is None or account.silent_calls < FAILURES or account.silent_since is None:
        return False
    # Either way: a clock that was set back must not keep it resting.
    return abs(now - account.silent_since) < REST


def note(account_id: int, exchanges: Sequence[Exchange], now: datetime) -> None:
    """After a call that was to move money: count it when it brought no answer, or end the count. The shop is
    told by mail when the rest begins. Does nothing when nothing was sent, and writes nothing while all is well."""
    answers = [exchange.answered for exchange in exchanges if exchange.answered is not None]
    if not answers:
        return
    counting = db.db.session.scalar(select(ProviderAccount.silent_calls).where(ProviderAccount.id == account_id))
    db.end_read()
    if not answers[-1]:
        _count(account_id, now)
    elif counting:
        with db.write() as session:
            session.execute(_of(account_id).values(silent_calls=0, silent_since=None))


def _count(account_id: int, now: datetime) -> None:
    with db.write() as session:
        session.execute(_of(account_id).values(silent_calls=ProviderAccount.silent_calls + 1, silent_since=now))
        account = session.get_one(ProviderAccount, account_id, populate_existing=True)
        if account.silent_calls == FAILURES:
            log.warning("provider rests", extra={"account": account.id, "until": (now + REST).isoformat()})
            outbox.queue_alarm(session, "provider_silent", _words(account), now, f"provider_silent:{account.id}:{jst(now):%F %H}")


def _of(account_id: int) -> Update:
    return update(ProviderAccount).where(ProviderAccount.id == account_id)


def _words(account: ProviderAccount) -> str:
    return _(
        "決済代行会社（%(name)s）への通信が%(count)s回続けて応答を得られませんでした。\n"
        "応答が戻るまで、注文画面ではほかのお支払方法を案内します。結果の分からない決済は、自動で確かめ続けています。\n"
        "長く続くときは、決済代行会社の障害情報と、支払方法設定の「接続テスト」を確かめてください。\n",
        name=account.name, count=FAILURES,
    )  # fmt: skip
