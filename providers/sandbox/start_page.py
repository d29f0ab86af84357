"""The start page for people – what this is, test cards, switches as forms – and the list of the consoles.

A simulator with more to tell has a template ``<code>/start.html``; it stands below its test cards and gets the ``simulator``.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.sandbox.clock import Clock, shown_time
from providers.sandbox.faults import MODES, PHASES, Fault, FaultBook
from providers.sandbox.practice import Simulator

#: What the switches call operations of all providers (practice.VERBS)
VERB_NAMES = {
    "authorize": "オーソリ",
    "authenticate": "本人認証の申込み",
    "capture": "売上",
    "void": "オーソリ取消",
    "refund": "売上取消",
    "change": "金額変更",
    "reauthorize": "再オーソリ",
    "query": "照会",
    "store": "カードの登録",
    "list": "登録カードの照会",
    "remove": "登録カードの削除",
    "token": "トークン作成",
    "search": "トークンの照会",
}

#: Steps of the clock in seconds and their labels
CLOCK_STEPS = {1800: "30 分進める", 3600: "1 時間進める", 86_400: "1 日進める", 60 * 86_400: "60 日進める"}


def start_page(simulators: Mapping[str, Simulator], clock: Clock, faults: FaultBook) -> Blueprint:
    pages = Blueprint("start", __name__)

    @pages.get("/")
    def start() -> str:
        return render_template(
            "start.html",
            faults=faults.listed(),
            verb_names=VERB_NAMES,
            fault_modes=MODES,
            fault_phases=PHASES,
            clock=clock,
            clock_steps=CLOCK_STEPS,
        )

    @pages.get("/console")
    def consoles() -> str:
        return render_template("consoles.html")

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
        known = form.get("mode") in MODES and form.get("phase") in PHASES and form.get("provider", "") in ("", *simulators)
        if known and (kind := form.get("kind", "").strip()):
            faults.add(
                Fault(
                    kind,
                    form["mode"],
                    form["phase"],
                    times=form.get("times", type=int) or None,
                    seconds=form.get("seconds", type=float),
                    code=form.get("code", ""),
                    provider=form.get("provider", ""),
                )
            )
        return _back()

    @pages.post("/switches/faults/clear")
    def clear_faults() -> Response:
        faults.clear()
        return _back()

    @pages.app_context_processor
    def every_page() -> dict[str, object]:
        return {"simulators": simulators}

    pages.add_app_template_filter(shown_time, "wire_time")

    def _back() -> Response:
        return redirect(url_for("start.start"), 303)

    return pages
