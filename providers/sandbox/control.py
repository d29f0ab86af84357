"""``/control/...``: the switches of the whole practice world as a JSON API, for tests and tools on this machine.

What belongs to one provider is asked for by its code ``provider``; switches that only it has stand below ``/control/<code>/``.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify

from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.faults import FaultBook
from providers.sandbox.practice import Simulator
from providers.sandbox.switchboard import asked, switchboard


def control_api(simulators: Mapping[str, Simulator], clock: Clock, faults: FaultBook) -> Blueprint:
    api = switchboard("control", __name__)

    @api.post("/reset")
    def reset() -> Response:
        """A new world; the clock stays, it belongs to the shop as well."""
        faults.clear()
        for simulator in simulators.values():
            simulator.reset()
        return jsonify(ok=True)

    @api.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.listed())

    @api.post("/faults")
    def set_fault() -> Response:
        """See FaultBook.switch."""
        sent = asked()
        if sent.get("provider", "") not in ("", *simulators):
            raise ValueError(f"provider must be one of {', '.join(simulators)}")
        return jsonify(faults.switch(sent))

    @api.post("/notices")
    def set_notices() -> Response:
        """How every provider pushes its notices; what is left out stays (practice.Disorder)."""
        sent = asked()
        for simulator in simulators.values():
            simulator.set_notices(sent)
        return jsonify(ok=True)

    @api.post("/register")
    def register() -> Response:
        """The demo merchant's address for notices: {"provider": …, "push_url": …}."""
        sent = asked()
        simulators[sent["provider"]].register(str(sent["push_url"]))
        return jsonify(ok=True)

    @api.post("/token")
    def token() -> Response:
        """What the browser's script would get: {"provider": …, "number": …, "expiry": "YYMM", "cvc": …, "name": …, "merchant": …}."""
        sent = {name: str(value) for name, value in asked().items()}
        return jsonify(token=simulators[sent["provider"]].token(sent, sent.get("merchant", "")))

    @api.post("/act")
    def act() -> Response:
        """A button of the management console: {"provider": …, "handle": …, "act": …}."""
        sent = asked()
        simulators[sent["provider"]].console_act(str(sent["handle"]), str(sent["act"]))
        return jsonify(ok=True)

    @api.get("/clock")
    def show_clock() -> Response:
        return _clock(clock)

    @api.post("/clock")
    def move_clock() -> Response:
        sent = asked()
        if sent.get("reset"):
            clock.reset()
        clock.advance(float(sent.get("advance", 0)))
        return _clock(clock)

    return api


def _clock(clock: Clock) -> Response:
    return jsonify(offset=clock.offset, now=wire_time(clock.now()))
