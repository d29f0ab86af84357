"""The provider's management console as pages, and its books ``ledger.json`` for tests."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from providers.paygent.simulator.oracle import ledger_as_json
from providers.paygent.simulator.payments import (
    AUTHORISED,
    CAPTURE,
    CAPTURED,
    REFUND,
    STATUS_NAMES,
    VOID,
    Verb,
)
from providers.paygent.simulator.records import Authentication, Payment, StoredCard
from providers.paygent.simulator.simulator import CONSOLE, Provider
from providers.sandbox.console import PAGE, newest

#: Buttons of a payment's page, and the telegrams they stand for
BUTTONS = {"capture": CAPTURE, "void": VOID, "refund": REFUND}

STATE_NAMES = {
    "pending": "認証中",
    "authenticated": "認証済",
    "refused": "認証失敗",
    "timed_out": "時間切れ",
}


def console_pages(simulator: Provider) -> Blueprint:
    pages = Blueprint("paygent_console", __name__, template_folder="templates")
    ledger = simulator.ledger

    @pages.get("/")
    def payment_list() -> str:
        simulator.catch_up()
        found, paging = newest(ledger, Payment, "payment_id", "payment_id", "trading_id")
        return render_template("paygent/payments.html", payments=found, **paging)

    @pages.get("/payments/<payment_id>")
    def payment_page(payment_id: str) -> str:
        simulator.catch_up()
        payment = ledger.payment(payment_id) or abort(404)
        return render_template(
            "paygent/payment.html",
            payment=payment,
            history=ledger.history(payment_id),
            others=ledger.all(
                Payment,
                "merchant_id = ? AND trading_id = ? AND payment_id <> ?",
                payment.merchant_id,
                payment.trading_id,
                payment_id,
            ),
            changeable=payment.status in (AUTHORISED, CAPTURED),
            offered={name for name, verb in BUTTONS.items() if payment.status in verb.steps},
            code=request.args.get("code"),
        )

    @pages.post("/payments/<payment_id>/<any(capture, void, refund):action>")
    def perform(payment_id: str, action: str) -> AnyResponse:
        verb: Verb = BUTTONS[action]
        return _acted(payment_id, lambda payment: simulator.payments.perform(verb, payment, CONSOLE))

    @pages.post("/payments/<payment_id>/amount")
    def change_amount(payment_id: str) -> AnyResponse:
        amount = request.form.get("amount", "")
        if not amount.isascii() or not amount.isdigit() or len(amount) > 7:
            abort(400)
        return _acted(payment_id, lambda payment: simulator.corrections.change(payment, int(amount), CONSOLE))

    @pages.get("/authentications")
    def authentication_list() -> str:
        simulator.catch_up()
        found = ledger.all(Authentication, f"1 ORDER BY created_at DESC LIMIT {PAGE}")
        return render_template("paygent/authentications.html", authentications=found, states=STATE_NAMES)

    @pages.post("/authentications/<auth_id>/time-out")
    def tell_time_out(auth_id: str) -> AnyResponse:
        simulator.time_outs.send_now(ledger.authentication(auth_id) or abort(404))
        return redirect(url_for("paygent_console.authentication_list"), 303)

    @pages.get("/cards")
    def stored_card_list() -> str:
        found, paging = newest(ledger, StoredCard, "customer_card_id", "customer_id", "customer_card_id")
        return render_template("paygent/stored_cards.html", cards=found, **paging)

    @pages.post("/cards/<customer_card_id>/delete")
    def delete_stored_card(customer_card_id: str) -> AnyResponse:
        """The card vanishes without the shop knowing."""
        with ledger.transaction():
            found = ledger.all(StoredCard, "customer_card_id = ?", customer_card_id) or abort(404)
            simulator.card_book.delete([card for card in found if card.deleted_at is None], CONSOLE)
        return redirect(url_for("paygent_console.stored_card_list"), 303)

    @pages.get("/ledger.json")
    def oracle() -> Response:
        simulator.catch_up()
        return jsonify(ledger_as_json(simulator, request.args.get("trading_id")))

    @pages.app_template_filter("paygent_status")
    def status_name(status: str) -> str:
        return f"{status} {STATUS_NAMES.get(status, '')}".strip()

    def _acted(payment_id: str, action: Callable[[Payment], Payment]) -> AnyResponse:
        """Carries out one action of the console and shows the payment it ended with."""
        try:
            payment, code = simulator.act_on_console(payment_id, action)
        except LookupError:
            abort(404)
        shown = url_for("paygent_console.payment_page", payment_id=payment.payment_id, code=code or None)
        return redirect(shown, 303)

    return pages
