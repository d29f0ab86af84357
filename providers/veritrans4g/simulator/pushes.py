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
from dataclasses import replace
from urllib.parse import urlencode

from providers.sandbox.clock import Clock, wire_time
from providers.sandbox.faults import TroubleBook
from providers.sandbox.outgoing import Pusher, post_form
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import Merchant, Order, Push

TROUBLES = ("wrong_key", "tampered", "other_merchant", "no_header", "unsigned_v_only", "multi")

#: Records of one push of mode multi
TOGETHER = 3


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


class PushQueue(Pusher[Push]):
    #: our choice, the provider does not tell
    tries = 30
    _ledger: Ledger

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(ledger, Push)
        self._clock = clock
        self.troubles = TroubleBook("push", TROUBLES)

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
        self._ledger.save(
            Push(None, order.merchant_ccid, order.handle, order.push_url, json.dumps(record), **self.queued())
        )

    def send(self, notice: Push) -> None:
        merchant = self._ledger.merchant(notice.merchant_ccid)
        if merchant is None:
            return
        mode = self.troubles.take_mode()
        records = [json.loads(notice.record)]
        if mode == "multi":
            records = self._earlier(notice) + records
        # OURS: a number of its own for every attempt. Whether it stays on resending is open, so no shop may lean on it.
        body = push_body(records, self._clock.now(), self._ledger.next_number())
        answer = post_form(notice.url, *spoil(merchant, body, mode))
        # The acknowledgement is HTTP 200, whatever the body says.
        self.note(notice, answer is not None and answer.status_code == 200)

    def _earlier(self, push: Push) -> list[dict[str, str]]:
        """Records of orders before; where there are none, the same one once more."""
        found = self._ledger.all(
            Push, "merchant_ccid = ? AND id < ? ORDER BY id DESC LIMIT ?", push.merchant_ccid, push.id, TOGETHER - 1
        )
        return [json.loads(other.record) for other in reversed(found)] or [json.loads(push.record)]
