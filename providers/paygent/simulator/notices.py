"""Notices of status changes: the queue that 091 reads and the push sender empties (protocol §6.2, §6.3)."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import requests

from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Merchant, Payment
from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.practice import Disorder

log = logging.getLogger(__name__)

#: Card statuses with a notice (protocol §9). 10 is sent only where the contract says so.
NOTICED = frozenset(["11", "20", "32", "33", "40", "41", "60"])
APPLIED = "10"

#: Seconds a notice can be fetched (protocol §6.2)
KEPT = 7 * 86_400.0
#: Failures in a row that make all notices of a merchant rest, and for how many seconds (protocol §6.3)
FAILURES_BEFORE_PAUSE = 5
PAUSE = 15 * 60.0
#: Seconds to wait for the merchant's answer; our choice
PUSH_TIMEOUT = 10.0

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


class NoticeQueue:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        #: held while notices are on their way
        self.pushing = threading.Lock()
        self.disorder = Disorder()

    def announce(self, payment: Payment, at: float) -> None:
        """Queues the notice of a status that was just reached, if that status has one."""
        merchant = self._ledger.merchant(payment.merchant_id)
        noticed = payment.status in NOTICED or (
            payment.status == APPLIED and merchant and merchant.notify_applied
        )
        if merchant is None or not noticed:
            return
        latest = self._ledger.one(
            "SELECT max(notice_id) AS id FROM notices WHERE merchant_id = ?", merchant.merchant_id
        )
        notice_id = ((latest and latest["id"]) or 0) + 1
        waits = 0.0 if self.disorder.mode == "before_answer" else self.disorder.delay
        self._ledger.save(
            "notices",
            {
                "merchant_id": merchant.merchant_id,
                "notice_id": notice_id,
                "payment_id": payment.payment_id,
                "status": payment.status,
                "site_id": payment.site_id,
                "changed_at": at,
                "fields": json.dumps(_notice_fields(notice_id, payment, at)),
                # Without a registered address nothing is pushed later either: the backlog is for 091.
                "push_due": time.time() + waits if merchant.push_url else None,
                "copies": 1 + self.disorder.duplicate,
                "held": self.disorder.mode == "hold",
                "attempts": 0,
                "acknowledged": 0,
                "fetched": 0,
            },
        )

    def release(self) -> None:
        """Lets held notices go."""
        self._ledger.change(
            "UPDATE notices SET held = 0, push_due = ? WHERE held = 1 AND push_due > 0", time.time()
        )

    # ---- 091 -------------------------------------------------------------------------------------

    def fetch_next(self, merchant: Merchant, site_id: str) -> tuple[dict[str, str] | None, bool]:
        """The next unread notice, and whether older unread ones were purged since the last call."""
        unread = "merchant_id = ? AND site_id = ? AND fetched = 0"
        keys = (merchant.merchant_id, site_id)
        limit = self._clock.now() - KEPT
        with self._ledger.transaction():
            purged = self._ledger.one(
                f"SELECT 1 FROM notices WHERE {unread} AND changed_at < ?", *keys, limit
            )
            row = self._ledger.one(
                f"SELECT * FROM notices WHERE {unread} AND changed_at >= ? ORDER BY notice_id LIMIT 1",
                *keys,
                limit,
            )
            if row is None:
                return None, False
            # The gap is reported once, together with the first notice after it.
            self._ledger.change(
                f"UPDATE notices SET fetched = 1 WHERE {unread} AND changed_at < ?", *keys, limit
            )
            return self._read(row), purged is not None

    def fetch(self, merchant: Merchant, notice_id: int) -> dict[str, str] | None:
        """A notice by its number, also a second time, until it is purged."""
        row = self._ledger.one(
            "SELECT * FROM notices WHERE merchant_id = ? AND notice_id = ? AND changed_at >= ?",
            merchant.merchant_id,
            notice_id,
            self._clock.now() - KEPT,
        )
        return self._read(row) if row else None

    def _read(self, row: sqlite3.Row) -> dict[str, str]:
        self._mark(row, fetched=1)
        fields: dict[str, str] = json.loads(row["fields"])
        return fields

    def _mark(self, row: sqlite3.Row, **values: Any) -> None:
        changes = ", ".join(f"{name} = ?" for name in values)
        self._ledger.change(
            f"UPDATE notices SET {changes} WHERE merchant_id = ? AND notice_id = ?",
            *values.values(),
            row["merchant_id"],
            row["notice_id"],
        )

    # ---- push ------------------------------------------------------------------------------------

    def push_due(self) -> None:
        """Sends every notice whose time has come, once."""
        order = "DESC" if self.disorder.reorder else "ASC"
        due = f"SELECT * FROM notices WHERE push_due <= ? AND held = 0 ORDER BY notice_id {order}"
        with self.pushing:
            for row in self._ledger.all(due, time.time()):
                merchant = self._ledger.merchant(row["merchant_id"])
                if merchant and merchant.push_url and merchant.push_paused_until <= self._clock.now():
                    self._push(merchant, row)

    def _push(self, merchant: Merchant, row: sqlite3.Row) -> None:
        fields: dict[str, str] = json.loads(row["fields"])
        fields["hc"] = notice_hash(fields, merchant.notice_hash_key)
        accepted = _posted(merchant.push_url, fields)
        with self._ledger.transaction():
            self._count(merchant.merchant_id, accepted)
            values: dict[str, Any] = {"attempts": row["attempts"] + 1}
            if accepted:
                # A pushed and acknowledged notice counts as read for 091; that is our choice, not documented.
                left = row["copies"] - 1
                values |= {
                    "acknowledged": 1,
                    "fetched": 1,
                    "copies": left,
                    "push_due": time.time() if left else None,
                }
            else:
                values |= {"push_due": time.time() + self.disorder.retry_seconds}
            self._mark(row, **values)

    def _count(self, merchant_id: str, accepted: bool) -> None:
        merchant = self._ledger.merchant(merchant_id)
        if merchant is None:
            return
        failures = 0 if accepted else merchant.push_failures + 1
        if failures >= FAILURES_BEFORE_PAUSE:
            merchant, failures = replace(merchant, push_paused_until=self._clock.now() + PAUSE), 0
        self._ledger.save_merchant(replace(merchant, push_failures=failures))


def _posted(url: str, fields: dict[str, str]) -> bool:
    """True for the exact acknowledgement: HTTP 200 with the body ``result=0`` and nothing else."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of this machine has no business between simulator and shop
        try:
            answer = session.post(
                url,
                data=urlencode(fields, encoding="cp932"),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=PUSH_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
    return answer.status_code == 200 and answer.content == b"result=0"


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


class Heartbeat:
    """The provider's own activity between telegrams: a thread that runs ``beat`` every tenth of a second. A beat that fails is
    logged, and the next one comes all the same."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            try:
                self._beat()
            except Exception:
                log.exception("the provider's own activity failed")

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
