"""操作履歴 – what a member did, or what was done for them, in their own language when they read it (R-149)."""

import json
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from shop.core import card_numbers
from shop.core.i18n import gettext
from shop.core.paging import Rows
from shop.members.models import MemberEvent

_LINE = insert(MemberEvent.__table__)  # type: ignore[arg-type]


def note(session: Session, member_id: int, text: str, now: datetime, **values: str) -> None:
    """Append one line. ``text`` is a marked text (``N_``); ``values`` fill its places. Never a secret, and of a
    card never more than ``brand`` and ``last_four``: together they fill its place ``card``."""
    session.execute(
        _LINE, {"member_id": member_id, "at": now, "text": text, "values": json.dumps(values, ensure_ascii=False)}
    )


def events(member_id: int) -> Rows:
    """All lines of a member, as columns for a page of a list."""
    wanted = (MemberEvent.id, MemberEvent.at, MemberEvent.text, MemberEvent.values)
    return select(*wanted).where(MemberEvent.member_id == member_id)


def said(text: str, values: str) -> str:
    """A line in the language of who reads it."""
    known = json.loads(values)
    if "last_four" in known:
        known["card"] = card_numbers.shown(known["brand"], known["last_four"])
    return gettext(text, **known)
