"""What staff do about payments that only a person can look up: they look, say what is there, and do what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.contract import Recovery, Verb
from providers.installed import INSTALLED
from tests.race.practice import HOLDING
from tests.support.world import world_code
from tests.web.counter import Desk

if TYPE_CHECKING:
    from tests.race.shopping import Shop

#: Of the page, where money stands that no order wants.
RELEASE_IT = "決済会社の管理画面で与信を取り消してください"
_LOOKED_UP = {
    provider.code: world_code(provider) for provider in INSTALLED
    if provider.capabilities.recovery[Verb.AUTHORIZE] == Recovery.BY_CONSOLE
}  # fmt: skip


def look(shop: Shop) -> None:
    """Answer truthfully for each payment that waits for a person."""
    waiting = shop.rows(
        "SELECT o.payment_id, o.merchant_ref, a.provider FROM payment_operation o JOIN provider_account a ON a.id = o.account_id"
        " WHERE o.verb = 'authorize' AND o.state = 'unknown'"
    )
    asked = [row for row in waiting if row.provider in _LOOKED_UP]
    if not asked:
        return
    desk = Desk(shop.server.url)
    held = {payment["reference"]: payment["handle"] for payment in shop.practice.payments() if payment["state"] in HOLDING}
    for row in asked:
        path = f"/admin/payments/{row.payment_id}/console"
        told = desk.submit(path, path, said="found" if row.merchant_ref in held else "not_found")
        assert told.status_code == 200
        if RELEASE_IT in told.text:
            act = {"handle": held[row.merchant_ref], "act": "void"}
            shop.practice.control("act", provider=_LOOKED_UP[row.provider], **act)
