"""serviceType ``mpi``: 3-D Secure, and the card authorisation that follows it inside the provider (protocol §9)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

from providers.sandbox.clock import Clock, japan_time, wire_time
from providers.sandbox.practice import State
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.card_service import CENTRE, choose
from providers.veritrans4g.simulator.envelope import Answered, Refusal, Sent, full_code
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.orders import FAILURE, SUCCESS, Orders
from providers.veritrans4g.simulator.paynowid import PayNowId
from providers.veritrans4g.simulator.records import Merchant, Order

#: EMV status -> option types that go on to the card. OURS where mpi-merchant is concerned: the exact list is open.
GOES_ON = {
    "Y": ("mpi-complete", "mpi-company", "mpi-merchant"),
    "A": ("mpi-company", "mpi-merchant"),
    "U": ("mpi-merchant",),
    "N": (),
    "R": (),
}
#: First block of mpiVresultCode where 3-D Secure went well. OURS: what sets G012 apart is open; here it is all but Y.
WELL = {"Y": "G011"}
ECI = {"Y": "05", "A": "06"}

FRICTIONLESS, CHALLENGED = "AuthorizeConfirm", "VerifyNotify"
ERROR_PAGE = "error"
VERSION = "2.2.0"

START_PAGE = (
    '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>本人認証</title></head>'
    '<body onload="document.forms[0].submit()"><form method="post" action="{address}">'
    '<input type="hidden" name="r" value="{key}"><p>本人認証サービスに進みます。</p>'
    "<p><button>進む</button></p></form></body></html>"
)


class ThreeDSecure:
    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        orders: Orders,
        paynowid: PayNowId,
        announce: Callable[[Order], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._orders = orders
        self._paynowid = paynowid
        self._announce = announce

    # ---- requests --------------------------------------------------------------------------------

    def authorise(self, merchant: Merchant, sent: Sent, start: str) -> Answered:
        """Begins; ``start`` is the address of the page that the buyer's browser is to be sent to."""
        if not merchant.mpi:
            raise Refusal(code_of.MPI_NOT_CONTRACTED)
        if not (sent.text("deviceChannel") or merchant.device_channel):
            # OURS: without a channel the real service falls back to 3-D Secure 1.0.2, which is no more.
            raise Refusal(code_of.MISSING_FIELD, "deviceChannel")
        chosen = choose(self._orders, self._paynowid, merchant, sent)
        now = self._clock.now()
        minutes = sent.text("verifyTimeout")
        order = self._orders.begin(
            merchant,
            sent,
            chosen.card,
            **chosen.fields(),
            option_type=sent.text("serviceOptionType"),
            page_key=secrets.token_hex(16),
            redirect_uri=sent.text("redirectionUri") or merchant.redirect_url,
            push_url=sent.text("pushUrl") or merchant.push_url,
            result_link=sent.text("verifyResultLink") or merchant.verify_result_link,
            deadline=now + int(minutes) * 60 if minutes else None,
        )
        refusal = cards.plan_of(order).mpi_refusal
        if not refusal and not _has_holder(order, sent):
            refusal = code_of.AUTHENTICATION_FAILED
        if refusal:
            order = self._ledger.move(order, now, sent.command, state=State.REFUSED)
            self._orders.note(order, sent.command, FAILURE, refusal, order.amount, "", sent.command)
            raise Refusal(refusal, extra=_echo(order, sent))
        order = self._ledger.move(order, now, sent.command, state=State.PENDING)
        self._orders.note(order, sent.command, SUCCESS, "G001", order.amount, "", sent.command)
        began = _long_time(japan_time(now))
        brand, acquirer, kind = cards.BRANDS[order.brand]
        return Answered(
            _echo(order, sent)
            | {
                "mpiTransactiontype": "auth",
                "authStartUrl": f"{start}?r={quote(order.page_key)}" if merchant.start_url else "",
                "resResponseContents": START_PAGE.format(address=escape(start), key=escape(order.page_key)),
                "resCorporationId": acquirer,
                "resBrandId": brand,
                "res3dMessageVersion": VERSION,
                "authRequestDatetime": began,
                "authResponseDatetime": began,
                "kindCode": kind,
            }
        )

    def result(self, merchant: Merchant, sent: Sent) -> Answered:
        """GetResult. OURS: before the buyer has finished, the question is answered without any outcome."""
        order = self._orders.named(merchant, sent)
        if order.service != "mpi":
            raise Refusal(code_of.NO_SUCH_ORDER)
        told: dict[str, Any] = {
            "requestId": order.request_id,
            "reqAmount": str(order.requested),
            "reqCardNumber": order.masked,
            "reqCurrencyUnit": "jpy",
        }
        if order.mpi_mstatus:
            told |= {
                "mpiMstatus": order.mpi_mstatus,
                "mpiVresultCode": order.mpi_code,
                "txnType": order.txn_type,
            }
            told |= outcome_fields(order)
        return Answered(told, "G021")

    # ---- the buyer -------------------------------------------------------------------------------

    def decide(self, order: Order, status: str, txn_type: str) -> Order:
        """How 3-D Secure ended, and with it the card; only the first time. The push follows by itself."""
        with self._ledger.transaction():
            order = self._ledger.handled(order.handle) or order
            if order.mpi_mstatus:
                return order
            order = replace(order, trans_status=status, txn_type=txn_type, finished_at=self._clock.now())
            order = self._went_on(order) if self._goes_on(order) else self._stopped(order, code_of.AUTHENTICATION_FAILED)
            self._announce(order)
        return order

    def expire_due(self) -> None:
        now = self._clock.now()
        for order in self._ledger.all(Order, "mpi_mstatus = '' AND deadline <= ? AND state = ?", now, State.PENDING):
            # OURS: told like any other end, with a push; whether the real service pushes here is open.
            self._announce(self._stopped(replace(order, finished_at=now), code_of.AUTHENTICATION_TIMED_OUT))

    def _goes_on(self, order: Order) -> bool:
        if order.option_type == "mpi-none":
            return order.trans_status in ("Y", "A")
        return order.option_type in GOES_ON[order.trans_status]

    def _went_on(self, order: Order) -> Order:
        well = WELL.get(order.trans_status, "G012")
        verified = replace(order, mpi_mstatus=SUCCESS, mpi_code=full_code(well))
        self._orders.note(verified, "Verify", SUCCESS, well, order.amount, "", "buyer")
        if not order.paid_by_card:
            return self._ledger.move(verified, self._clock.now(), "buyer")
        verdict = self._orders.authorise(verified, "Authorize")
        block, _ = self._paynowid.register_paid(verdict.order) if verdict.mstatus == SUCCESS else ("", {})
        code = full_code(well, verdict.code, block)
        return self._ledger.move(
            verdict.order, self._clock.now(), "buyer", mpi_code=code, card_mstatus=verdict.mstatus
        )

    def _stopped(self, order: Order, code: str) -> Order:
        self._orders.note(order, "Verify", FAILURE, code, order.amount, "", "buyer")
        return self._ledger.move(
            order, self._clock.now(), "buyer", state=State.REFUSED, mpi_mstatus=FAILURE, mpi_code=full_code(code)
        )


def outcome_fields(order: Order) -> dict[str, str]:
    """What GetResult and the browser's return tell of the card, or with mpi-none of 3-D Secure itself."""
    if not order.paid_by_card:
        return {
            "dddMessageVersion": VERSION,
            "dddTransactionId": order.request_id[:28],
            "dddDsTransactionId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"ds{order.request_id}")),
            "dddServerTransactionId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"server{order.request_id}")),
            "dddTransactionStatus": order.trans_status,
            "dddTransactionStatusReason": "",
            "dddCavvAlgorithm": "2",
            "dddCavv": "AAABBEg0VhI0VniQEjRWAAAAAAA=" if order.trans_status in ECI else "",
            "dddEci": ECI.get(order.trans_status, "07"),
        }
    _, acquirer, _ = cards.BRANDS.get(order.brand, ("", "", ""))
    asked = bool(order.card_mstatus)
    centre = wire_time(order.finished_at) if asked else ""
    began = {SUCCESS: "ac" if order.with_capture else "a", "pending": "acp" if order.with_capture else "ap"}
    # OURS: after Retry the answer is the card's new state; later captures and cancels change nothing here.
    mstatus = order.card_mstatus
    if mstatus == "pending" and order.state != State.PENDING:
        mstatus = FAILURE if order.state == State.REFUSED else SUCCESS
    return {
        "cardMstatus": mstatus,
        "cardTransactionType": began.get(mstatus, ""),
        "centerRequestDate": centre,
        "centerResponseDate": centre,
        "connectedCenterId": CENTRE if asked else "",
        "acquirerCode": acquirer,
        "authCode": order.auth_code,
        "fdResult": "",
    }


def _has_holder(order: Order, sent: Sent) -> bool:
    """A name must be in the request, in the token, or be left out on purpose."""
    given = sent.text("cardholderName") or order.holder
    return sent.text("cardholderNameOmitFlag") == "true" or bool(given)


def _echo(order: Order, sent: Sent) -> dict[str, str]:
    echoed = {
        "reqItemCode": "itemCode",
        "reqCardCenter": "cardCenter",
        "reqSalesDay": "salesDay",
        "reqAcquirerCode": "acquirerCode",
        "reqRedirectionUri": "redirectionUri",
        "reqHttpUserAgent": "httpUserAgent",
        "reqHttpAccept": "httpAccept",
    }
    return {
        "reqCardNumber": order.masked,
        "reqCardExpire": "*****",
        "reqSecurityCode": "000",
        "reqAmount": str(order.requested),
        "reqJpoInformation": order.jpo,
        "reqWithCapture": "true" if order.with_capture else "false",
        "reqCurrencyUnit": "jpy",
    } | {name: sent.text(source) for name, source in echoed.items()}


_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _long_time(at: datetime) -> str:
    """``EEE MMM dd HH:mm:ss JST yyyy``, in English whatever the machine speaks."""
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} JST {at:%Y}"
