"""The pages of 3-D Secure: the buyer's browser comes from the shop and goes back.

Whoever comes again – reload, back button – is sent back with the result that was found the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.sandbox.issuer import ABANDON, AUTHENTICATE, challenge_page, fence
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator.records import Order
from providers.veritrans4g.simulator.returns import BY_GET, return_early, with_query
from providers.veritrans4g.simulator.threeds import CHALLENGED, ERROR_PAGE, FRICTIONLESS

if TYPE_CHECKING:
    from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator

#: Buttons of the page and the EMV status each stands for. OURS: every password is right.
CHOICES = {AUTHENTICATE: "Y", "refused": "N", "attempt_0": "A", "unable": "U"}
LABELS = {"refused": "認証に失敗（N）", "attempt_0": "Attempt（A）", "unable": "認証できず（U）"}


def issuer_pages(simulator: VeriTrans4GSimulator) -> Blueprint:
    pages = Blueprint("veritrans4g_pages", __name__, template_folder="templates", static_folder="static", static_url_path="/3ds/static")
    fence(pages)
    ledger = simulator.ledger

    @pages.route("/3ds/start", methods=["GET", "POST"])
    def start() -> Response | str:
        """authStartUrl, and where resResponseContents leads."""
        order = _order(request.values.get("r", ""))
        plan = cards.plan_of(order).frictionless
        if order.mpi_mstatus:
            return _sent_back(order)
        if plan == ERROR_PAGE:
            return render_template("veritrans4g/not_sent.html", order=order, problem=True)
        if plan:
            return _decided(order, plan, FRICTIONLESS)
        return redirect(url_for(".challenge", key=order.page_key), 303)

    @pages.get("/3ds/<key>")
    def challenge(key: str) -> Response | str:
        order = _order(key)
        if order.mpi_mstatus:
            return _sent_back(order)
        if cards.plan_of(order).frictionless:
            abort(404)
        return challenge_page(_shop(order), order.requested, order.brand, order.masked, LABELS)

    @pages.post("/3ds/<key>")
    def answer(key: str) -> Response | str:
        order = _order(key)
        choice = request.form.get("choice", "")
        if choice not in (*CHOICES, ABANDON) or cards.plan_of(order).frictionless:
            abort(400)
        if order.mpi_mstatus:
            return _sent_back(order)
        if choice == ABANDON:
            return render_template("veritrans4g/not_sent.html", order=order, problem=False)
        return _decided(order, CHOICES[choice], CHALLENGED)

    def _order(key: str) -> Order:
        simulator.catch_up()
        return (ledger.one(Order, "page_key = ?", key) if key else None) or abort(404)

    def _shop(order: Order) -> str:
        merchant = ledger.merchant(order.merchant_ccid)
        return merchant.title if merchant else ""

    def _decided(order: Order, status: str, txn_type: str) -> Response | str:
        order = simulator.threeds.decide(order, status, txn_type)
        simulator.pushes.push_before_answer()
        return _sent_back(order)

    def _sent_back(order: Order) -> Response | str:
        """Back to the shop with the outcome."""
        mode = simulator.return_troubles.take_mode()
        if mode == "never" or not order.redirect_uri:
            return render_template("veritrans4g/not_sent.html", order=order, problem=True)
        merchant = ledger.merchant(order.merchant_ccid) or abort(404)
        fields = simulator.returns.fields(merchant, order, mode)
        if mode == "twice":
            return_early(order, fields)
        if order.result_link == BY_GET:
            return redirect(with_query(order.redirect_uri, fields), 303)
        return render_template("veritrans4g/return.html", order=order, fields=fields)

    return pages
