"""A contract whose credentials the provider does not accept is asked again once in a while, not once an order.

At some providers a few wrong passwords lock the contract. So the first such answer lets every job leave the contract alone for
a time – until its credentials are entered anew, or the time is over and one question shows whether they are accepted again.
What a person or a buyer asks for is sent. Kept in memory: jobs run in one process, and one that starts anew asks once.
"""

import logging
from datetime import timedelta

from providers.contract import Category, Declined, Unreadable
from shop.core import db
from shop.core.runtime import now
from shop.payments import accounts
from shop.payments.engine import engine
from shop.payments.models import AccountVersion

log = logging.getLogger(__name__)

#: Short enough that what waited is settled within five minutes after the provider lets the contract in again (P-03).
REST = timedelta(minutes=3)


def note(version_id: int, answer: object) -> None:
    """After an answer that names no card – one about a card may be refused for what that card is."""
    if not isinstance(answer, (Declined, Unreadable)) or answer.category != Category.CONFIGURATION or rests(version_id):
        return
    newest = _newest(version_id)
    engine().turned_away[newest] = now()
    log.warning("credentials not accepted", extra={"account_version": newest, "code": answer.code})


def rests(version_id: int) -> bool:
    """Whether jobs leave the contract of these credentials alone now."""
    noted = engine().turned_away
    since = noted.get(_newest(version_id)) if noted else None
    # Either way: a clock that was set back must not keep it resting.
    return since is not None and abs(now() - since) < REST


def _newest(version_id: int) -> int:
    """Today's credentials of the same contract: those that are used. Ends the read view."""
    session = db.db.session()
    newest = accounts.newest_of_contract(session, session.get_one(AccountVersion, version_id)).id
    db.end_read()
    return newest
