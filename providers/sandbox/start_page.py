"""The start page for people: what this is, test cards, merchants, switches as forms."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.paygent.simulator import PaygentSimulator
from providers.paygent.simulator.cards import TEST_CARDS
from providers.sandbox.clock import Clock
from providers.sandbox.faults import MODES, PHASES, Fault, FaultBook

#: What the switches can hit: a telegram, the token endpoint, or anything
FAULT_KINDS = ("*", "020", "021", "022", "023", "091", "094", "token")

#: Steps of the clock in seconds and their labels
CLOCK_STEPS = {3600: "1 時間進める", 86_400: "1 日進める", 60 * 86_400: "60 日進める"}


def start_page(paygent: PaygentSimulator, clock: Clock, faults: FaultBook) -> Blueprint:
    pages = Blueprint("start", __name__)

    @pages.get("/")
    def start() -> str:
        return render_template(
            "start.html",
            cards=TEST_CARDS,
            merchants=paygent.ledger.merchants(),
            faults=faults.listed(),
            fault_kinds=FAULT_KINDS,
            fault_modes=MODES,
            fault_phases=PHASES,
            clock=clock,
            clock_steps=CLOCK_STEPS,
        )

    @pages.post("/switches/clock")
    def move_clock() -> Response:
        step = request.form.get("step", type=int)
        if step in CLOCK_STEPS:
            clock.advance(step)
        else:
            clock.reset()
        return _back()

    @pages.post("/switches/faults")
    def set_fault() -> Response:
        form = request.form
        if form.get("kind") in FAULT_KINDS and form.get("mode") in MODES and form.get("phase") in PHASES:
            fault = Fault(
                form["kind"], form["mode"], form["phase"], times=form.get("times", type=int) or None
            )
            fault.seconds = form.get("seconds", type=float)
            fault.code = form.get("code", "")
            faults.add(fault)
        return _back()

    @pages.post("/switches/faults/clear")
    def clear_faults() -> Response:
        faults.clear()
        return _back()

    def _back() -> Response:
        return redirect(url_for("start.start"), 303)

    return pages
