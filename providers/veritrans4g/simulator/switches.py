"""``/control/veritrans4g/…``: switches that only this provider has, as a JSON API for tests and tools on this machine."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from providers.sandbox.switchboard import asked, switchboard
from providers.veritrans4g.demo import DEMO_MERCHANT
from providers.veritrans4g.simulator.ledger import demo_merchants
from providers.veritrans4g.simulator.records import Merchant, StoredCard

if TYPE_CHECKING:
    from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator


def switches(simulator: VeriTrans4GSimulator) -> Blueprint:
    api = switchboard("veritrans4g_switches", __name__)
    ledger = simulator.ledger

    @api.get("/returns")
    def list_returns() -> Response:
        return jsonify(simulator.return_troubles.listed())

    @api.post("/returns")
    def spoil_returns() -> Response:
        """Spoils the way back from 3-D Secure: {"mode": …, "times": 1}, or {"clear": true}; see returns.py."""
        return jsonify(simulator.return_troubles.switch(asked()))

    @api.get("/pushes")
    def list_pushes() -> Response:
        return jsonify(simulator.pushes.troubles.listed())

    @api.post("/pushes")
    def spoil_pushes() -> Response:
        """Spoils the next pushes: {"mode": …, "times": 1}, or {"clear": true}; see pushes.py."""
        return jsonify(simulator.pushes.troubles.switch(asked()))

    @api.get("/merchants")
    def list_merchants() -> Response:
        return jsonify([asdict(merchant) for merchant in ledger.all(Merchant)])

    @api.post("/merchants")
    def save_merchant() -> Response:
        """Changes {"merchant_ccid": …, …}, the demo merchant if none is named; an unknown one is new. What is left out stays,
        in a new merchant as the demo merchant has it."""
        sent = asked()
        ccid = str(sent.pop("merchant_ccid", DEMO_MERCHANT.merchant_ccid))
        unknown = sent.keys() - {field.name for field in fields(Merchant)}
        if unknown:
            raise ValueError(f"a merchant has no {', '.join(sorted(unknown))}")
        with ledger.transaction():
            known = ledger.merchant(ccid) or replace(demo_merchants()[0], merchant_ccid=ccid)
            for name, value in sent.items():
                if type(value) is not type(getattr(known, name)):
                    raise ValueError(f"{name} is of another type")
            ledger.save(replace(known, **sent))
        return jsonify(asdict(replace(known, **sent)))

    @api.post("/cards/delete")
    def delete_cards() -> Response:
        """Lets {"customer": …, "card": …} vanish, without the latter all cards of the member."""
        sent = asked()
        ccid = str(sent.get("merchant_ccid", DEMO_MERCHANT.merchant_ccid))
        wanted = str(sent.get("card", ""))
        with ledger.transaction():
            found = ledger.all(
                StoredCard,
                "merchant_ccid = ? AND account_id = ? AND deleted_at IS NULL AND (? = '' OR card_id = ?)",
                ccid,
                str(sent["customer"]),
                wanted,
                wanted,
            )
            if not found:
                raise ValueError("no such stored card")
            for card in found:
                # Looked at again: the one before may have made this one the default.
                simulator.paynowid.vanish(ledger.one(StoredCard, "card_id = ?", card.card_id) or card)
        return jsonify(deleted=[card.card_id for card in found])

    return api
