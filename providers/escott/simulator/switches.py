"""``/control/escott/...``: what only this simulator can be told, as a JSON API."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify

from providers.escott.demo import DEMO_MERCHANT
from providers.escott.simulator.records import Member, Merchant
from providers.sandbox.switchboard import asked, asked_of, switchboard

if TYPE_CHECKING:
    from providers.escott.simulator.simulator import EscottSimulator


def control_api(simulator: EscottSimulator) -> Blueprint:
    api = switchboard("escott_control", __name__)
    ledger = simulator.ledger

    @api.get("/merchants")
    def merchants() -> Response:
        return jsonify([asdict(merchant) for merchant in ledger.merchants()])

    @api.post("/merchants")
    def save_merchant() -> Response:
        """Creates or changes; what is left out stays, in a new merchant as the demo merchant has it."""
        sent = asked_of(Merchant)
        merchant_id = str(sent.get("merchant_id", DEMO_MERCHANT.merchant_id))
        with ledger.transaction():
            known = ledger.merchant(merchant_id) or Merchant(**asdict(DEMO_MERCHANT))
            if sent.get("locked") is False:
                sent["failures"] = 0
            merchant = replace(known, **sent | {"merchant_id": merchant_id})
            ledger.save(merchant)
        return jsonify(asdict(merchant))

    @api.get("/replies")
    def replies() -> Response:
        return jsonify(asdict(simulator.dialect))

    @api.post("/replies")
    def set_replies() -> Response:
        """How replies are written: {"encoding": "raw" | "percent", "pad": false, "order": "normal" | "shuffled"}."""
        simulator.dialect = replace(simulator.dialect, **asked())
        return jsonify(asdict(simulator.dialect))

    @api.get("/members")
    def members() -> Response:
        return jsonify([_shown(member) for member in ledger.members()])

    @api.post("/members")
    def set_status() -> Response:
        """KaiinStatus by hand: {"customer": KaiinId, "status": "0" … "3"}."""
        sent = asked()
        status = str(sent["status"])
        if status not in ("0", "1", "2", "3"):
            raise ValueError("status is 0 to 3; cards/delete removes a member")
        return jsonify(_shown(simulator.members.set_status(*_named(sent), status)))

    @api.post("/cards/delete")
    def delete_card() -> Response:
        """Lets the member {"customer": KaiinId} vanish."""
        return jsonify(_shown(simulator.members.vanish(*_named(asked()))))

    @api.post("/cards/decline")
    def decline_card() -> Response:
        """The member's card is declined from now on: {"customer": KaiinId, "code": "G55"}; without a code no longer."""
        sent = asked()
        return jsonify(_shown(simulator.members.decline(*_named(sent), str(sent.get("code", "")))))

    return api


def _named(sent: dict[str, Any]) -> tuple[str, str]:
    return str(sent.get("merchant_id", DEMO_MERCHANT.merchant_id)), str(sent["customer"])


def _shown(member: Member) -> dict[str, Any]:
    """Without the password, which is the shop's secret."""
    shown = asdict(member)
    del shown["kaiin_pass"]
    return shown
