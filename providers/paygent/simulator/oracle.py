"""The books as JSON, for tests that ask what really happened at the provider."""

from __future__ import annotations

from typing import Any

from providers.paygent.simulator.records import Authentication, Payment
from providers.paygent.simulator.simulator import PaygentSimulator
from providers.sandbox.clock import wire_time


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
        "authentications": [
            _authentication_as_json(found)
            for found in ledger.authentications(f"{condition} ORDER BY created_at", *values)
        ],
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
        "threeds_omitted": payment.threeds_omitted,
        "threeds_auth_id": payment.threeds_auth_id,
        "attempt_kbn": payment.attempt_kbn,
        "base_payment_id": payment.base_payment_id,
        "history": history,
    }


def _authentication_as_json(found: Authentication) -> dict[str, Any]:
    return {
        "auth_id": found.auth_id,
        "trading_id": found.trading_id,
        "merchant_id": found.merchant_id,
        "site_id": found.site_id,
        "state": found.state,
        "result": found.result,
        "attempt_kbn": found.attempt_kbn,
        "response_code": found.response_code,
        "amount": found.amount,
        "brand": found.brand,
        "masked_card_number": found.masked_card_number,
        "created_at": wire_time(found.created_at),
        "finished_at": wire_time(found.finished_at),
        "used_by": found.used_by,
        "page": f"/paygent/3ds/{found.page_key}",
        "returns": found.returns,
        "notices": found.notice_attempts,
        "notice_acknowledged": bool(found.notice_acknowledged),
    }
