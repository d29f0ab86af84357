"""The provider's management console as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.sandbox.clock import wire_time
from providers.sandbox.practice import State
from providers.veritrans4g.simulator.orders import ACTS
from providers.veritrans4g.simulator.records import Merchant, Order, StoredCard

if TYPE_CHECKING:
    from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator

PAGE = 50

STATE_NAMES = {
    State.PENDING: "手続き中・結果不明",
    State.AUTHORIZED: "与信",
    State.CAPTURED: "売上",
    State.CANCELLED: "取消",
    State.REFUSED: "失敗",
    State.EXPIRED: "与信期限切れ",
}
LABELS = (("capture", "売上"), ("void", "取消（与信）"), ("refund", "取消（返品）"))


def console_pages(simulator: VeriTrans4GSimulator) -> Blueprint:
    pages = Blueprint("veritrans4g_console", __name__, template_folder="templates")
    ledger = simulator.ledger

    @pages.get("/")
    def index() -> str:
        simulator.catch_up()
        search = request.args.get("q", "").strip()
        before = request.args.get("before", type=int) or 10**18
        condition = "CAST(handle AS INTEGER) < ? AND (? = '' OR order_id = ?)"
        found = ledger.all(
            Order, f"{condition} ORDER BY CAST(handle AS INTEGER) DESC LIMIT {PAGE + 1}", before, search, search
        )
        following = found[PAGE - 1].handle if len(found) > PAGE else None
        titles = {merchant.merchant_ccid: merchant.title for merchant in ledger.all(Merchant)}
        return render_template(
            "veritrans4g/payments.html", orders=found[:PAGE], following=following, search=search, titles=titles
        )

    @pages.get("/payments/<handle>")
    def payment(handle: str) -> str:
        simulator.catch_up()
        order = ledger.handled(handle) or abort(404)
        return render_template(
            "veritrans4g/payment.html",
            order=order,
            merchant=ledger.merchant(order.merchant_ccid),
            steps=ledger.steps(handle),
            transactions=ledger.transactions(handle),
            labels=LABELS,
            offered={act for act, state in ACTS.items() if state == order.state},
            problem=request.args.get("problem"),
        )

    @pages.post("/payments/<handle>/<any(capture, void, refund):act>")
    def perform(handle: str, act: str) -> Response:
        if ledger.handled(handle) is None:
            abort(404)
        problem = None
        try:
            simulator.console_act(handle, act)
        except ValueError as error:
            problem = str(error)
        return redirect(url_for(".payment", handle=handle, problem=problem), 303)

    @pages.get("/cards")
    def stored_cards() -> str:
        search = request.args.get("q", "").strip()
        found = ledger.all(
            StoredCard, f"? = '' OR account_id = ? ORDER BY card_id DESC LIMIT {PAGE}", search, search
        )
        return render_template("veritrans4g/stored_cards.html", cards=found, search=search)

    @pages.post("/cards/<card_id>/delete")
    def delete_stored_card(card_id: str) -> Response:
        """The card vanishes without the shop knowing."""
        with ledger.transaction():
            card = ledger.one(StoredCard, "card_id = ?", card_id) or abort(404)
            if card.deleted_at is None:
                simulator.paynowid.vanish(card)
        return redirect(url_for(".stored_cards"), 303)

    @pages.context_processor
    def words() -> dict[str, object]:
        return {"shown_time": _shown_time, "state_names": STATE_NAMES}

    return pages


def _shown_time(seconds: float | None) -> str:
    text = wire_time(seconds)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}" if text else ""
