"""Many names tried once or twice each, from many connections: one password for all, or a list of stolen ones (リスト型攻撃).

It reaches no limit of a name or a connection (T-040). The shop is told, and nothing is closed: whoever could close the log-in by
guessing would (decision record 14).
"""

import logging
from datetime import datetime

from shop.core.clock import jst
from shop.core.db import write
from shop.core.guessing import Door
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.outbox import service as outbox

log = logging.getLogger(__name__)


def refused(door: Door, words: str, now: datetime) -> None:
    """After a refused try at ``door``: count it and, past the bound, mail the shop the ``words`` – a msgid with ``count`` –, once a
    day. Opens its own transaction."""
    with write() as session:
        if not door.refused(session, now):
            return
        with force_locale(DEFAULT):
            body = _(words, count=door.shop)
        outbox.queue_alarm(session, "log_in_guessing", body, now, f"{door.scope}:{jst(now):%F}")
    log.warning("many log-ins refused", extra={"door": door.scope})
