"""094 payment look-up and 091 difference query (protocol §6.1, §6.2)."""

from __future__ import annotations

from providers.paygent.simulator import cards
from providers.paygent.simulator.card_telegrams import find_payment
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.notices import NoticeQueue
from providers.paygent.simulator.records import Merchant, Payment
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import wire_time

CARD_PAYMENT = "02"


class Lookups:
    def __init__(self, ledger: Ledger, notices: NoticeQueue) -> None:
        self._ledger = ledger
        self._notices = notices

    def payment(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        """094. payment_type narrows the search; card payments are all there are."""
        payment = find_payment(self._ledger, merchant, sent, none="13001", several="13002")
        if sent.get("payment_type", "") not in ("", CARD_PAYMENT):
            raise Refusal("13001")
        return payment_fields(payment)

    def notice(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        """091. success_code: 0 data, 1 none, 2 data after a purged gap; the detail repeats it."""
        purged = False
        if sent.get("payment_notice_id"):
            notice = self._notices.fetch(merchant, int(sent["payment_notice_id"]))
        else:
            notice, purged = self._notices.fetch_next(merchant, sent.get("site_id", ""))
        if notice is None:
            return {"success_code": "1", "success_detail": "1"}
        return {"success_code": "2" if purged else "0", "success_detail": "2" if purged else ""} | notice


def payment_fields(payment: Payment) -> dict[str, str]:
    authorised = payment.authorized_at is not None
    return {
        "payment_id": payment.payment_id,
        "trading_id": payment.trading_id,
        "payment_type": CARD_PAYMENT,
        "site_id": payment.site_id,
        "payment_status": payment.status,
        "payment_amount": str(payment.amount),
        "payment_init_date": wire_time(payment.created_at),
        "authorized_date": wire_time(payment.authorized_at),
        "cancel_date": wire_time(payment.cancelled_at),
        "payment_date": wire_time(payment.captured_at),
        "acq_id": payment.acquirer_id,
        "acq_name": cards.ACQUIRERS.get(payment.acquirer_id, ""),
        "joho_code": payment.joho_code,
        "joho_issur_type": payment.issuer_class,
        "payment_class": payment.payment_class,
        "summer_bonus": "",
        "winter_bonus": "",
        "split_count": payment.split_count,
        "issur_code": "",
        "issur_name": cards.ISSUER_NAMES.get(payment.brand, ""),
        "3dsecure_ryaku": payment.threeds_omitted,
        "attempt_kbn": payment.attempt_kbn,
        "authrized_number": payment.payment_id[-7:] if authorised else "",
        "receipt_number": payment.payment_id.zfill(22) if authorised else "",
        "currency_code": "JPY",
        "sales_convert_amount": "",
        "cancel_convert_amount": "",
        "running_id": "",
        "fingerprint": payment.fingerprint,
        "masked_card_number": payment.masked_card_number,
        "card_valid_term": payment.valid_term,
        "customer_id": payment.customer_id,
        "customer_card_id": payment.customer_card_id,
        "3dsecure_message_version": payment.threeds_version,
    }
