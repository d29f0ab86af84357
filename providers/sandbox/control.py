"""``/control/...``: the switches as a JSON API, for tests and tools on this machine."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from providers.paygent.simulator import PaygentSimulator
from providers.paygent.simulator.records import Merchant
from providers.paygent.simulator.returns import Trouble
from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.demo import DEMO_PAYGENT_MERCHANT
from providers.sandbox.faults import Fault, FaultBook


def control_api(paygent: PaygentSimulator, clock: Clock, faults: FaultBook) -> Blueprint:
    api = Blueprint("control", __name__, url_prefix="/control")

    @api.errorhandler(KeyError)
    @api.errorhandler(ValueError)
    @api.errorhandler(TypeError)
    def misused(error: Exception) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @api.post("/reset")
    def reset() -> Response:
        paygent.reset()
        return jsonify(ok=True)

    @api.get("/merchants")
    def merchants() -> Response:
        return jsonify([asdict(merchant) for merchant in paygent.ledger.merchants()])

    @api.post("/merchants")
    def save_merchant() -> Response:
        """Creates or changes; what is left out stays, in a new merchant as the demo merchant has it.

        A shop sends its whole contract: what the practice provider does not keep of it is passed over.
        """
        kept = {field.name for field in fields(Merchant)}
        sent = {name: value for name, value in _sent().items() if name in kept}
        merchant_id = str(sent.get("merchant_id", DEMO_PAYGENT_MERCHANT.merchant_id))
        known = paygent.ledger.merchant(merchant_id) or Merchant(**asdict(DEMO_PAYGENT_MERCHANT))
        merchant = replace(known, **sent | {"merchant_id": merchant_id})
        paygent.ledger.save_merchant(merchant)
        return jsonify(asdict(merchant))

    @api.post("/merchants/replace")
    def replace_merchant() -> Response:
        """A new merchant number {"by": …} with the same keys; the old one, with all its payments, is closed."""
        sent = _sent()
        old = str(sent.get("merchant_id", DEMO_PAYGENT_MERCHANT.merchant_id))
        return jsonify(asdict(paygent.ledger.replace_merchant(old, str(sent["by"]))))

    @api.post("/cards/delete")
    def delete_stored_cards() -> Response:
        """Lets {"customer_id": …, "customer_card_id": …} vanish, without the latter all cards of the customer."""
        sent = _sent()
        merchant_id = str(sent.get("merchant_id", DEMO_PAYGENT_MERCHANT.merchant_id))
        named = (str(sent["customer_id"]), str(sent.get("customer_card_id", "")))
        with paygent.ledger.transaction():
            found = paygent.card_book.of_customer(merchant_id, *named)
            if not found:
                raise ValueError("no such stored card")
            paygent.card_book.delete(found, by="control")
        return jsonify(deleted=[card.customer_card_id for card in found])

    @api.get("/returns")
    def list_troubles() -> Response:
        return jsonify(paygent.return_troubles.listed())

    @api.post("/returns")
    def set_trouble() -> Response:
        """Spoils the way back from 3-D Secure: {"mode": …, "times": 1}, or {"clear": true}; see returns.py."""
        sent = _sent()
        if sent.pop("clear", False):
            paygent.return_troubles.clear()
        if sent:
            paygent.return_troubles.add(Trouble(**{"kind": "return"} | sent))
        return jsonify(paygent.return_troubles.listed())

    @api.post("/timeouts")
    def tell_time_out() -> Response:
        """Sends the time-out notice now: {"auth_id": …, "copies": 1}, without auth_id of the latest 450."""
        sent = _sent()
        latest = "1 ORDER BY created_at DESC LIMIT 1"
        condition, values = ("auth_id = ?", [sent["auth_id"]]) if "auth_id" in sent else (latest, [])
        found = paygent.ledger.authentications(condition, *values)
        if not found:
            raise ValueError("no such authentication")
        statuses = paygent.time_outs.send_now(found[0], int(sent.get("copies", 1)))
        return jsonify(auth_id=found[0].auth_id, statuses=statuses)

    @api.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.listed())

    @api.post("/faults")
    def set_fault() -> Response:
        """Adds one fault, or with {"clear": true} removes all (and adds the one given with it, if any)."""
        sent = _sent()
        if sent.pop("clear", False):
            faults.clear()
        if sent:
            faults.add(Fault(**{"kind": "*"} | sent))
        return jsonify(faults.listed())

    @api.get("/notices")
    def show_disorder() -> Response:
        return jsonify(asdict(paygent.notices.disorder))

    @api.post("/notices")
    def set_disorder() -> Response:
        sent = _sent()
        release = sent.pop("release", False)
        paygent.notices.disorder = replace(paygent.notices.disorder, **sent)
        if release:
            paygent.notices.release()
        return jsonify(asdict(paygent.notices.disorder))

    @api.get("/clock")
    def show_clock() -> Response:
        return _clock(clock)

    @api.post("/clock")
    def move_clock() -> Response:
        sent = _sent()
        if sent.get("reset"):
            clock.reset()
        clock.advance(float(sent.get("advance", 0)))
        return _clock(clock)

    return api


def _clock(clock: Clock) -> Response:
    return jsonify(offset=clock.offset, now=wire_time(clock.now()))


def _sent() -> dict[str, Any]:
    """The JSON object of the request; a foreign web page cannot send that content type unasked."""
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400)
    return sent
