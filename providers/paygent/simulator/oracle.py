"""The books as JSON, for tests that ask what really happened at the provider.

``stored_cards`` are all cards that were ever stored, in the order of their registration; asked for one trading_id,
those that its payments charged. Whether a customer has exactly one card is told by the rows that are ``alive``::

    customer_card_id     18 digits
    merchant_id, customer_id
    masked_card_number   ************1111
    brand                VISA MASTER JCB AMEX DINERS, empty for others
    card_valid_term      MMYY
    fingerprint          the same for the same card, also under another number or customer
    state                alive | deleted
    stored_at            time of the 025
    last_used_at         time of the last authorisation, at first that of the 025
    deleted_at           empty while it is alive
    deleted_by           026 | console | control, empty while it is alive
    checked_at           time of its last validity check, empty without one

``customer_id`` of a request is what was sent; ``customer_id`` and ``customer_card_id`` of a payment are empty unless
a stored card was charged.
"""

from __future__ import annotations

from typing import Any

from providers.paygent.simulator.records import (
    Authentication,
    Payment,
    Request,
    StatusNotice,
    Step,
    StoredCard,
    TelegramCount,
)
from providers.paygent.simulator.simulator import Provider
from providers.sandbox.clock import wire_time


def ledger_as_json(simulator: Provider, trading_id: str | None) -> dict[str, Any]:
    """Everything in the books, or what belongs to one trading_id. Times are YYYYMMDDhhmmss in Japan."""
    ledger = simulator.ledger
    condition, values = ("1", []) if trading_id is None else ("trading_id = ?", [trading_id])
    payments = ledger.all(Payment, f"{condition} ORDER BY payment_id", *values)
    chosen = f"payment_id IN (SELECT payment_id FROM payments WHERE {condition})"
    histories: dict[str, list[dict[str, str]]] = {payment.payment_id: [] for payment in payments}
    for step in ledger.all(Step, f"{chosen} ORDER BY id", *values):
        told = {"at": wire_time(step.at), "from": step.from_status, "to": step.to_status, "by": step.by}
        histories[step.payment_id].append(told)
    return {
        "authentications": [
            _authentication_as_json(found)
            for found in ledger.all(Authentication, f"{condition} ORDER BY created_at", *values)
        ],
        "stored_cards": [
            _stored_card_as_json(card)
            for card in ledger.all(
                StoredCard,
                f"? IS NULL OR customer_card_id IN (SELECT customer_card_id FROM payments WHERE {condition})"
                " ORDER BY customer_card_id",
                trading_id,
                *values,
            )
        ],
        "payments": [_payment_as_json(payment, histories[payment.payment_id]) for payment in payments],
        "notices": [
            {
                "id": notice.notice_id,
                "merchant_id": notice.merchant_id,
                "payment_id": notice.payment_id,
                "status": notice.status,
                "change_date": wire_time(notice.changed_at),
                "attempts": notice.attempts,
                "acknowledged": notice.acknowledged,
            }
            for notice in ledger.all(StatusNotice, f"{chosen} ORDER BY merchant_id, notice_id", *values)
        ],
        "telegrams": {each.kind: each.count for each in ledger.all(TelegramCount, "1 ORDER BY kind")},
        "requests": [
            {
                "kind": asked.kind,
                "trading_id": asked.trading_id,
                "payment_id": asked.payment_id,
                "customer_id": asked.customer_id,
                "result": asked.result,
                "response_code": asked.response_code,
                "fault": asked.fault,
                "at": wire_time(asked.at),
            }
            for asked in ledger.all(Request, f"{condition} OR {chosen} ORDER BY id", *values, *values)
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
        "customer_id": payment.customer_id,
        "customer_card_id": payment.customer_card_id,
        "history": history,
    }


def _stored_card_as_json(card: StoredCard) -> dict[str, Any]:
    return {
        "customer_card_id": card.customer_card_id,
        "merchant_id": card.merchant_id,
        "customer_id": card.customer_id,
        "masked_card_number": card.masked_card_number,
        "brand": card.brand,
        "card_valid_term": card.valid_term,
        "fingerprint": card.fingerprint,
        "state": "alive" if card.deleted_at is None else "deleted",
        "stored_at": wire_time(card.stored_at),
        "last_used_at": wire_time(card.last_used_at),
        "deleted_at": wire_time(card.deleted_at),
        "deleted_by": card.deleted_by,
        "checked_at": wire_time(card.checked_at),
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
        "notice_acknowledged": found.notice_acknowledged,
    }
