"""The provider's management console as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.sandbox.clock import shown_time
from providers.sandbox.console import newest
from providers.sandbox.practice import State
from providers.veritrans4g.simulator.orders import ACTS
from providers.veritrans4g.simulator.records import Merchant, Order, StoredCard

if TYPE_CHECKING:
    from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator

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
        found, paging = newest(ledger, Order, "handle", "order_id")
        titles = {merchant.merchant_ccid: merchant.title for merchant in ledger.all(Merchant)}
        return render_template("veritrans4g/payments.html", orders=found, titles=titles, **paging)

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
        found, paging = newest(ledger, StoredCard, "card_id", "account_id")
        return render_template("veritrans4g/stored_cards.html", cards=found, **paging)

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
        return {"shown_time": shown_time, "state_names": STATE_NAMES}

    return pages
