"""PUSH: results of 3-D Secure on their way to the shop (protocol §13), and what can be spoiled about them:

=============== ==================================================================================
wrong_key       signed with another key
tampered        outcomes turned round after signing
other_merchant  signed rightly, but ``s`` names another merchant
no_header       no content-hmac
unsigned_v_only the header has only its ``v=``, which no verifier takes
multi           several records in one: those of earlier orders first
=============== ==================================================================================
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import requests

from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.faults import Fault, FaultBook
from providers.sandbox.practice import Disorder
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import Merchant, Order, Push

log = logging.getLogger(__name__)

TROUBLES = ("wrong_key", "tampered", "other_merchant", "no_header", "unsigned_v_only", "multi")

#: Seconds to wait for the merchant's answer, and how often it is tried; our choice, the provider does not tell
PUSH_TIMEOUT = 10.0
ATTEMPTS = 30
#: Records of one push of mode multi
TOGETHER = 3


@dataclass
class Trouble(Fault):
    """One spoiled push; of a fault it has the mode and how often it hits."""

    def __post_init__(self) -> None:
        if self.mode not in TROUBLES:
            raise ValueError(f"mode must be one of {', '.join(TROUBLES)}")


def signature(merchant: Merchant, body: bytes) -> str:
    """The key as 32 bytes here, not as text."""
    return hmac.new(bytes.fromhex(merchant.merchant_key), body, hashlib.sha256).hexdigest()


def push_body(records: list[dict[str, str]], at: float, push_id: int) -> bytes:
    head = {"numberOfNotify": str(len(records)), "pushTime": wire_time(at), "pushId": f"{push_id % 10**8:08}"}
    numbered = {f"{name}{place:04}": value for place, record in enumerate(records) for name, value in record.items()}
    return urlencode(head | numbered).encode()


def spoil(merchant: Merchant, body: bytes, trouble: str) -> tuple[bytes, dict[str, str]]:
    """The body as it goes out, and its header."""
    digest = signature(merchant, body)
    named = merchant.merchant_ccid
    if trouble == "wrong_key":
        digest = signature(replace(merchant, merchant_key=hashlib.sha256(b"another").hexdigest()), body)
    elif trouble == "tampered":
        body = body.replace(b"=failure", b"=#").replace(b"=success", b"=failure").replace(b"=#", b"=success")
    elif trouble == "other_merchant":
        named = f"{named[:18]}othrcc"
    if trouble == "no_header":
        return body, {}
    if trouble == "unsigned_v_only":
        return body, {"content-hmac": f"v={digest}"}
    return body, {"content-hmac": f"h=HmacSHA256;s={named};v={digest}"}


class PushQueue:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        #: held while pushes are on their way
        self.pushing = threading.Lock()
        self.disorder = Disorder()
        self.troubles = FaultBook()

    def announce(self, order: Order) -> None:
        """Queues the result of an order's 3-D Secure; nothing where no address is known."""
        if not order.push_url:
            return
        record = {
            "orderId": order.order_id,
            "vResultCode": order.mpi_code,
            "txnType": order.txn_type,
            "mpiMstatus": order.mpi_mstatus,
            "cardMstatus": order.card_mstatus,
            "dummy": "1" if order.dummy else "0",
        }
        waits = 0.0 if self.disorder.mode == "before_answer" else self.disorder.delay
        self._ledger.save(
            Push(
                None,
                order.merchant_ccid,
                order.handle,
                order.push_url,
                json.dumps(record),
                due=time.time() + waits,
                held=self.disorder.mode == "hold",
                copies=1 + self.disorder.duplicate,
            )
        )

    def release(self) -> None:
        """Lets held pushes go."""
        with self._ledger.transaction():
            for push in self._ledger.all(Push, "held = 1"):
                self._ledger.save(replace(push, held=False, due=time.time()))

    def push_due(self) -> None:
        """Sends every push whose time has come, once."""
        order = "DESC" if self.disorder.reorder else "ASC"
        with self.pushing:
            for push in self._ledger.all(Push, f"due <= ? AND held = 0 ORDER BY id {order}", time.time()):
                merchant = self._ledger.merchant(push.merchant_ccid)
                if merchant:
                    self._push(merchant, push)

    def _push(self, merchant: Merchant, push: Push) -> None:
        trouble = self.troubles.take("push")
        mode = trouble.mode if trouble else ""
        records = [json.loads(push.record)]
        if mode == "multi":
            records = self._earlier(push) + records
        # OURS: a number of its own for every attempt. Whether it stays on resending is open, so no shop may lean on it.
        body = push_body(records, self._clock.now(), self._ledger.next_number())
        accepted = _posted(push.url, *spoil(merchant, body, mode))
        attempts = push.attempts + 1
        if accepted:
            left = push.copies - 1
            told = replace(push, acknowledged=True, copies=left, due=time.time() if left else None)
        else:
            again = attempts < ATTEMPTS
            told = replace(push, due=time.time() + self.disorder.retry_seconds if again else None)
        self._ledger.save(replace(told, attempts=attempts))

    def _earlier(self, push: Push) -> list[dict[str, str]]:
        """Records of orders before; where there are none, the same one once more."""
        found = self._ledger.all(
            Push, "merchant_ccid = ? AND id < ? ORDER BY id DESC LIMIT ?", push.merchant_ccid, push.id, TOGETHER - 1
        )
        return [json.loads(other.record) for other in reversed(found)] or [json.loads(push.record)]


def _posted(url: str, body: bytes, header: dict[str, str]) -> bool:
    """True for the acknowledgement, which is HTTP 200 whatever the body says."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of this machine has no business between simulator and shop
        try:
            answer = session.post(
                url,
                data=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"} | header,
                timeout=PUSH_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
    return answer.status_code == 200


class Heartbeat:
    """The provider's own activity between requests: a thread that runs ``beat`` every tenth of a second. A beat that fails is
    logged, and the next one comes all the same."""

    def __init__(self, beat: Callable[[], Any]) -> None:
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
