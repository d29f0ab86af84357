"""Notices of status changes: the queue that 091 reads and the push sender empties (protocol §6.2, §6.3)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from urllib.parse import urlencode

from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Merchant, Payment, StatusNotice
from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.outgoing import Pusher, post_form

#: Card statuses with a notice (protocol §9). 10 is sent only where the contract says so.
NOTICED = frozenset(["11", "20", "32", "33", "40", "41", "60"])
APPLIED = "10"

#: Seconds a notice can be fetched (protocol §6.2)
KEPT = 7 * 86_400.0
#: Failures in a row that make all notices of a merchant rest, and for how many seconds (protocol §6.3)
FAILURES_BEFORE_PAUSE = 5
PAUSE = 15 * 60.0

#: Fields that every contract gets (protocol §6.2); those that must be ordered are left out
NOTICE_FIELDS = (
    "payment_notice_id",
    "change_date",
    "payment_id",
    "trading_id",
    "payment_type",
    "payment_status",
    "payment_amount",
    "payment_init_date",
    "payment_limit_date",
    "early_notice_date",
    "cancel_date",
    "user_payment_date",
    "payment_date",
    "bank_code",
    "cvs_company_id",
    "related_payment_id",
    "bar_code",
)


def notice_hash(notice: dict[str, str], key: str) -> str:
    """``hc`` of a pushed notice (protocol §6.3)."""
    signed = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
    return hashlib.sha256(("".join(notice[name] for name in signed) + key).encode()).hexdigest()


class NoticeQueue(Pusher[StatusNotice]):
    numbered_by = "notice_id"
    _ledger: Ledger

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(ledger, StatusNotice)
        self._clock = clock

    def announce(self, payment: Payment, at: float) -> None:
        """Queues the notice of a status that was just reached, if that status has one."""
        merchant = self._ledger.merchant(payment.merchant_id)
        noticed = payment.status in NOTICED or (
            payment.status == APPLIED and merchant and merchant.notify_applied
        )
        if merchant is None or not noticed:
            return
        latest = self._ledger.one(StatusNotice, "merchant_id = ? ORDER BY notice_id DESC LIMIT 1", merchant.merchant_id)
        notice_id = latest.notice_id + 1 if latest else 1
        # Without a registered address nothing is pushed later either: the backlog is for 091.
        queued = self.queued() | ({} if merchant.push_url else {"push_due": None})
        self._ledger.save(
            StatusNotice(
                merchant.merchant_id,
                notice_id,
                payment.payment_id,
                payment.status,
                payment.site_id,
                at,
                json.dumps(_notice_fields(notice_id, payment, at)),
                **queued,
            )
        )

    # ---- 091 -------------------------------------------------------------------------------------

    def fetch_next(self, merchant: Merchant, site_id: str) -> tuple[dict[str, str] | None, bool]:
        """The next unread notice, and whether older unread ones were purged since the last call."""
        unread = "merchant_id = ? AND site_id = ? AND fetched = 0"
        keys = (merchant.merchant_id, site_id)
        limit = self._clock.now() - KEPT
        with self._ledger.transaction():
            notice = self._ledger.one(
                StatusNotice, f"{unread} AND changed_at >= ? ORDER BY notice_id LIMIT 1", *keys, limit
            )
            if notice is None:
                return None, False
            # The gap is reported once, together with the first notice after it.
            purged = self._ledger.all(StatusNotice, f"{unread} AND changed_at < ?", *keys, limit)
            for each in purged:
                self._ledger.update(each, fetched=True)
            return self._read(notice), bool(purged)

    def fetch(self, merchant: Merchant, notice_id: int) -> dict[str, str] | None:
        """A notice by its number, also a second time, until it is purged."""
        notice = self._ledger.one(
            StatusNotice,
            "merchant_id = ? AND notice_id = ? AND changed_at >= ?",
            merchant.merchant_id,
            notice_id,
            self._clock.now() - KEPT,
        )
        return self._read(notice) if notice else None

    def _read(self, notice: StatusNotice) -> dict[str, str]:
        self._ledger.update(notice, fetched=True)
        fields: dict[str, str] = json.loads(notice.fields)
        return fields

    # ---- push ------------------------------------------------------------------------------------

    def send(self, notice: StatusNotice) -> None:
        merchant = self._ledger.merchant(notice.merchant_id)
        if merchant is None or not merchant.push_url or merchant.push_paused_until > self._clock.now():
            return
        fields: dict[str, str] = json.loads(notice.fields)
        fields["hc"] = notice_hash(fields, merchant.notice_hash_key)
        answer = post_form(merchant.push_url, urlencode(fields, encoding="cp932"))
        # The exact acknowledgement: this body and nothing else.
        accepted = answer is not None and answer.status_code == 200 and answer.content == b"result=0"
        with self._ledger.transaction():
            self._count(merchant.merchant_id, accepted)
            # A pushed and acknowledged notice counts as read for 091; that is our choice, not documented.
            self.note(notice, accepted, **({"fetched": True} if accepted else {}))

    def _count(self, merchant_id: str, accepted: bool) -> None:
        merchant = self._ledger.merchant(merchant_id)
        if merchant is None:
            return
        failures = 0 if accepted else merchant.push_failures + 1
        if failures >= FAILURES_BEFORE_PAUSE:
            merchant, failures = replace(merchant, push_paused_until=self._clock.now() + PAUSE), 0
        self._ledger.save(replace(merchant, push_failures=failures))


def _notice_fields(notice_id: int, payment: Payment, at: float) -> dict[str, str]:
    known = {
        "payment_notice_id": str(notice_id),
        "change_date": wire_time(at),
        "payment_id": payment.payment_id,
        "trading_id": payment.trading_id,
        "payment_type": "02",
        "payment_status": payment.status,
        "payment_amount": str(payment.amount),
        "payment_init_date": wire_time(payment.created_at),
        "cancel_date": wire_time(payment.cancelled_at),
        "payment_date": wire_time(payment.captured_at),
        # The field is named, not explained: the payment that this one replaces, in all notices of the new one.
        "related_payment_id": payment.base_payment_id,
    }
    return {name: known.get(name, "") for name in NOTICE_FIELDS}
