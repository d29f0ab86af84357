"""Switches that only this provider has: the JSON API under ``/control/paygent``, and the forms of its part of the start page."""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.paygent.simulator.records import Authentication, Merchant
from providers.paygent.simulator.returns import TROUBLES
from providers.paygent.simulator.simulator import Provider
from providers.sandbox.switchboard import asked, asked_of, switchboard

DEMO = DEMO_PAYGENT_MERCHANT


def own_switches(simulator: Provider) -> Blueprint:
    api = switchboard("paygent_switches", __name__)
    ledger = simulator.ledger

    @api.get("/merchants")
    def merchants() -> Response:
        return jsonify([asdict(merchant) for merchant in ledger.merchants()])

    @api.post("/merchants")
    def save_merchant() -> Response:
        """Creates or changes; what is left out stays, in a new merchant as the demo merchant has it."""
        sent = asked_of(Merchant)
        merchant_id = str(sent.get("merchant_id", DEMO.merchant_id))
        known = ledger.merchant(merchant_id) or Merchant(**asdict(DEMO))
        merchant = replace(known, **sent | {"merchant_id": merchant_id})
        ledger.save(merchant)
        return jsonify(asdict(merchant))

    @api.post("/merchants/replace")
    def replace_merchant() -> Response:
        """A new merchant number {"by": …} with the same keys; the old one, with all its payments, is closed."""
        sent = asked()
        old = str(sent.get("merchant_id", DEMO.merchant_id))
        return jsonify(asdict(ledger.replace_merchant(old, str(sent["by"]))))

    @api.post("/cards/delete")
    def delete_stored_cards() -> Response:
        """Lets {"customer": …, "card": …} vanish, without the latter all cards of the customer."""
        sent = asked()
        merchant_id = str(sent.get("merchant_id", DEMO.merchant_id))
        named = (str(sent["customer"]), str(sent.get("card", "")))
        with ledger.transaction():
            found = simulator.card_book.of_customer(merchant_id, *named)
            if not found:
                raise ValueError("no such stored card")
            simulator.card_book.delete(found, by="control")
        return jsonify(deleted=[card.customer_card_id for card in found])

    @api.get("/returns")
    def list_troubles() -> Response:
        return jsonify(simulator.return_troubles.listed())

    @api.post("/returns")
    def set_trouble() -> Response:
        """Spoils the way back from 3-D Secure: {"mode": …, "times": 1}, or {"clear": true}; see returns.py."""
        return jsonify(simulator.return_troubles.switch(asked()))

    @api.post("/timeouts")
    def tell_time_out() -> Response:
        """Sends the time-out notice now: {"auth_id": …, "copies": 1}, without auth_id of the latest 450."""
        sent = asked()
        latest = "1 ORDER BY created_at DESC LIMIT 1"
        condition, values = ("auth_id = ?", [sent["auth_id"]]) if "auth_id" in sent else (latest, [])
        found = ledger.all(Authentication, condition, *values)
        if not found:
            raise ValueError("no such authentication")
        statuses = simulator.time_outs.send_now(found[0], int(sent.get("copies", 1)))
        return jsonify(auth_id=found[0].auth_id, statuses=statuses)

    # ---- forms of the start page -----------------------------------------------------------------

    @api.post("/forms/returns")
    def add_trouble() -> AnyResponse:
        if request.form.get("mode") in TROUBLES:
            times = request.form.get("times", type=int) or None
            simulator.return_troubles.switch({"mode": request.form["mode"], "times": times})
        return _back()

    @api.post("/forms/returns/clear")
    def clear_troubles() -> AnyResponse:
        simulator.return_troubles.clear()
        return _back()

    @api.post("/forms/merchant/<any(password, number, restore):change>")
    def change_merchant(change: str) -> AnyResponse:
        """What makes a shop's look-ups fail: other credentials, another merchant number; and back."""
        known = ledger.demo_merchant()
        if change == "password":
            ledger.save(replace(known, connect_password="changed"))
        elif change == "restore":
            ledger.save(replace(known, connect_password=DEMO.connect_password, closed=False))
        elif not known.closed:
            latest = max(int(merchant.merchant_id) for merchant in ledger.merchants())
            ledger.replace_merchant(DEMO.merchant_id, str(latest + 1))
        return _back()

    def _back() -> AnyResponse:
        return redirect(url_for("start.start"), 303)

    return api
