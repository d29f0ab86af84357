"""お届け先リスト at the checkout: a member ships to an address they keep, by one press instead of a form."""

import re
from collections.abc import Sequence

from flask import request
from werkzeug.datastructures import MultiDict

from shop.core.db import db
from shop.members import addresses
from shop.members.models import MemberAddress
from shop.web.member import current_member

_CHOSEN = re.compile(r"book-([0-9]{1,9})")


def offered() -> Sequence[MemberAddress]:
    """The addresses of who is logged in; none for guests."""
    member = current_member()
    return addresses.of_member(db.session(), member.member_id) if member else ()


def posted() -> MultiDict[str, str]:
    """The form as it was sent, an address chosen from the list written out as 別のお届け先. An address that is not the
    member's own stays a choice that the form does not know (T-051)."""
    sent = MultiDict(request.form)
    member, chosen = current_member(), _CHOSEN.fullmatch(sent.get("ship_to", ""))
    address = addresses.find(db.session(), member.member_id, int(chosen[1])) if member and chosen else None
    if address is not None:
        sent["ship_to"] = "other"
        for name in addresses.COLUMNS:
            sent[f"ship_{name}"] = getattr(address, name)
    return sent
