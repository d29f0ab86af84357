"""The provider's management console as pages, and the oracle ``/ledger.json`` for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from providers.paygent.simulator.ledger import Payment
from providers.paygent.simulator.payments import CAPTURE, REFUND, STATUS_NAMES, VOID, Verb
from providers.paygent.simulator.simulator import PaygentSimulator
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import wire_time

PAGE = 50

#: Buttons of a payment's page, and the telegrams they stand for
BUTTONS = {"capture": CAPTURE, "void": VOID, "refund": REFUND}
BY = "console"


def console_pages(simulator: PaygentSimulator) -> Blueprint:
    pages = Blueprint("console", __name__, template_folder="templates")
    ledger = simulator.ledger

    @pages.get("/console")
    def payment_list() -> str:
        simulator.payments.expire_due()
        search = request.args.get("q", "").strip()
        before = request.args.get("before") or "9" * 18
        condition, values = "payment_id < ?", [before]
        if search:
            condition += " AND (payment_id = ? OR trading_id = ?)"
            values += [search, search]
        found = ledger.payments(f"{condition} ORDER BY payment_id DESC LIMIT {PAGE + 1}", *values)
        following = found[PAGE - 1].payment_id if len(found) > PAGE else None
        return render_template(
            "paygent/payments.html", payments=found[:PAGE], following=following, search=search
        )

    @pages.get("/console/payments/<payment_id>")
    def payment_page(payment_id: str) -> str:
        simulator.payments.expire_due()
        payment = _payment(payment_id)
        return render_template(
            "paygent/payment.html",
            payment=payment,
            history=ledger.history(payment_id),
            others=ledger.payments(
                "merchant_id = ? AND trading_id = ? AND payment_id <> ?",
                payment.merchant_id,
                payment.trading_id,
                payment_id,
            ),
            offered={name for name, verb in BUTTONS.items() if payment.status in verb.steps},
            code=request.args.get("code"),
        )

    @pages.post("/console/payments/<payment_id>/<any(capture, void, refund):action>")
    def perform(payment_id: str, action: str) -> AnyResponse:
        verb: Verb = BUTTONS[action]
        return _acted(payment_id, lambda payment: simulator.payments.perform(verb, payment, BY))

    @pages.post("/console/payments/<payment_id>/amount")
    def change_amount(payment_id: str) -> AnyResponse:
        amount = request.form.get("amount", "")
        if not amount.isascii() or not amount.isdigit() or len(amount) > 7:
            abort(400)
        return _acted(payment_id, lambda payment: simulator.payments.change_amount(payment, int(amount), BY))

    @pages.get("/ledger.json")
    def oracle() -> Response:
        simulator.payments.expire_due()
        return jsonify(ledger_as_json(simulator, request.args.get("trading_id")))

    @pages.app_template_filter("wire_time")
    def shown_time(seconds: float | None) -> str:
        text = wire_time(seconds)
        return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}" if text else ""

    @pages.app_template_filter("status_name")
    def status_name(status: str) -> str:
        return f"{status} {STATUS_NAMES.get(status, '')}".strip()

    def _payment(payment_id: str) -> Payment:
        return ledger.payment(payment_id) or abort(404)

    def _acted(payment_id: str, action: Callable[[Payment], Payment]) -> AnyResponse:
        """Carries out one action of the console and shows the payment it ended with."""
        code = None
        with ledger.transaction():
            simulator.payments.expire_due()
            payment = _payment(payment_id)
            try:
                payment = action(payment)
            except Refusal as refusal:
                code = refusal.code
        return redirect(url_for("console.payment_page", payment_id=payment.payment_id, code=code), 303)

    return pages


def ledger_as_json(simulator: PaygentSimulator, trading_id: str | None) -> dict[str, Any]:
    """Everything in the books, or what belongs to one trading_id. Times are YYYYMMDDhhmmss in Japan."""
    ledger = simulator.ledger
    condition, values = ("1", []) if trading_id is None else ("trading_id = ?", [trading_id])
    payments = ledger.payments(f"{condition} ORDER BY payment_id", *values)
    chosen = f"payment_id IN (SELECT payment_id FROM payments WHERE {condition})"
    histories: dict[str, list[dict[str, str]]] = {payment.payment_id: [] for payment in payments}
    for row in ledger.all(f"SELECT * FROM history WHERE {chosen} ORDER BY id", *values):
        step = {
            "at": wire_time(row["at"]),
            "from": row["from_status"],
            "to": row["to_status"],
            "by": row["by"],
        }
        histories[row["payment_id"]].append(step)
    return {
        "payments": [_payment_as_json(payment, histories[payment.payment_id]) for payment in payments],
        "notices": [
            {
                "id": row["notice_id"],
                "merchant_id": row["merchant_id"],
                "payment_id": row["payment_id"],
                "status": row["status"],
                "change_date": wire_time(row["changed_at"]),
                "attempts": row["attempts"],
                "acknowledged": bool(row["acknowledged"]),
            }
            for row in ledger.all(
                f"SELECT * FROM notices WHERE {chosen} ORDER BY merchant_id, notice_id", *values
            )
        ],
        "telegrams": {
            row["kind"]: row["count"] for row in ledger.all("SELECT * FROM telegrams ORDER BY kind")
        },
        "requests": [
            {
                name: row[name]
                for name in ("kind", "trading_id", "payment_id", "result", "response_code", "fault")
            }
            | {"at": wire_time(row["at"])}
            for row in ledger.all(
                f"SELECT * FROM requests WHERE {condition} OR {chosen} ORDER BY id", *values, *values
            )
        ],
    }


def _payment_as_json(payment: Payment, history: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "trading_id": payment.trading_id,
        "merchant_id": payment.merchant_id,
        "status": payment.status,
        "amount": payment.amount,
        "created_at": wire_time(payment.created_at),
        "authorized_at": wire_time(payment.authorized_at),
        "captured_at": wire_time(payment.captured_at),
        "cancelled_at": wire_time(payment.cancelled_at),
        "masked_card_number": payment.masked_card_number,
        "history": history,
    }
