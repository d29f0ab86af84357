"""The start page for people: what this is, test cards, merchants, switches as forms."""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.paygent.simulator import PaygentSimulator
from providers.paygent.simulator.cards import TEST_CARDS
from providers.paygent.simulator.records import Merchant
from providers.paygent.simulator.returns import Trouble
from providers.sandbox.clock import Clock
from providers.sandbox.demo import DEMO_PAYGENT_MERCHANT
from providers.sandbox.faults import MODES, PHASES, Fault, FaultBook

#: What the switches can hit: a telegram, the token endpoint, or anything
FAULT_KINDS = (
    *("*", "020", "021", "022", "023", "025", "026", "027", "028", "029", "091", "094", "116", "450"),
    "token",
)

#: Steps of the clock in seconds and their labels
CLOCK_STEPS = {1800: "30 分進める", 3600: "1 時間進める", 86_400: "1 日進める", 60 * 86_400: "60 日進める"}

#: What can happen to the browser on its way back from 3-D Secure
TROUBLE_NAMES = {
    "never": "戻らない（決済会社のエラー画面で止まる）",
    "twice": "2 回戻る（Cookie なしの呼出しが先に届く）",
    "bent_hc": "hc が違う",
    "bent_result": "結果だけ成功に書き換わる（hc は元のまま）",
    "no_hc": "hc がない",
}


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
            troubles=paygent.return_troubles.listed(),
            trouble_names=TROUBLE_NAMES,
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

    @pages.post("/switches/returns")
    def set_trouble() -> Response:
        if request.form.get("mode") in TROUBLE_NAMES:
            paygent.return_troubles.add(
                Trouble("return", request.form["mode"], times=request.form.get("times", type=int) or None)
            )
        return _back()

    @pages.post("/switches/returns/clear")
    def clear_troubles() -> Response:
        paygent.return_troubles.clear()
        return _back()

    @pages.post("/switches/merchant/<any(password, number, restore):change>")
    def change_merchant(change: str) -> Response:
        """What makes a shop's look-ups fail: other credentials, another merchant number; and back."""
        demo = Merchant(**asdict(DEMO_PAYGENT_MERCHANT))
        known = paygent.ledger.merchant(demo.merchant_id) or demo
        if change == "password":
            paygent.ledger.save_merchant(replace(known, connect_password="changed"))
        elif change == "restore":
            restored = replace(known, connect_password=demo.connect_password, closed=False)
            paygent.ledger.save_merchant(restored)
        elif not known.closed:
            latest = max(int(merchant.merchant_id) for merchant in paygent.ledger.merchants())
            paygent.ledger.replace_merchant(demo.merchant_id, str(latest + 1))
        return _back()

    def _back() -> Response:
        return redirect(url_for("start.start"), 303)

    return pages
