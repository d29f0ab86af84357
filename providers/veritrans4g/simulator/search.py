"""serviceType ``search`` (protocol §12)."""

from __future__ import annotations

from typing import Any

from providers.sandbox.clock import japan_time
from providers.sandbox.practice import State
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.envelope import Answered, Refusal, Sent
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import Merchant, Order, Transaction

#: OURS: which word stands for which state is open, the words are the provider's.
STATUS_WORDS = {
    State.AUTHORIZED: "end",
    State.CAPTURED: "end",
    State.CANCELLED: "end",
    State.REFUSED: "error",
    State.EXPIRED: "expired",
}
TRUE = ("true", "1")
#: Orders of one answer, unless the request says less; our choice
LIMIT = 100


def status_word(order: Order) -> str:
    """OURS: with the buyer at the issuer's page it is end_presentation, with a card company that is silent pending."""
    if order.state == State.PENDING and order.service == "mpi" and not order.mpi_mstatus:
        return "end_presentation"
    if not order.paid_by_card and order.mpi_mstatus == "success":
        return "end"
    return STATUS_WORDS.get(order.state, "pending")


class SearchService:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def search(self, merchant: Merchant, sent: Sent) -> Answered:
        if sent.params.get("masterNames"):
            raise Refusal(code_of.NOT_OFFERED, "masterNames")
        found = [order for order in self._candidates(merchant, sent) if self._fits(order, sent)]
        most = sent.text("maxCount")
        if most and not most.isdecimal():
            raise Refusal(code_of.BAD_FIELD, "maxCount")
        limit = int(most) if most else LIMIT
        newer = sent.text("newerFlag") in TRUE
        return Answered(
            {
                "overMaxCountFlag": "true" if len(found) > limit else "false",
                "searchCount": str(min(len(found), limit)),
                "orderInfos": {
                    "orderInfo": [self._shown(place, order, newer) for place, order in enumerate(found[:limit])]
                },
            }
        )

    def _candidates(self, merchant: Merchant, sent: Sent) -> list[Order]:
        condition, values = "merchant_ccid = ?", [merchant.merchant_ccid]
        for column, wanted in (
            ("request_id", sent.text("requestId")),
            ("order_id", sent.text("searchParameters", "common", "orderId")),
        ):
            if wanted:
                condition += f" AND {column} = ?"
                values.append(wanted)
        if sent.text("containDummyFlag") not in TRUE:
            condition += " AND dummy = 0"
        return self._ledger.all(Order, f"{condition} ORDER BY CAST(handle AS INTEGER)", *values)

    def _fits(self, order: Order, sent: Sent) -> bool:
        common = _object(_object(sent.params.get("searchParameters")).get("common"))
        listed = self._ledger.transactions(order.handle)
        services = _words(sent.params.get("serviceTypeCd"))
        if services and not services & _services(order):
            return False
        if common.get("orderStatus") and common["orderStatus"] != status_word(order):
            return False
        for name in ("command", "mstatus"):
            wanted = _words(common.get(name))
            if wanted and not any(getattr(line, name) in wanted for line in listed):
                return False
        return any(
            _within(f"{japan_time(line.at):%Y%m%d%H%M}", common.get("txnDatetime"))
            and _within(f"{line.amount:012}", common.get("amount"), 12)
            for line in listed
        )

    def _shown(self, place: int, order: Order, newer: bool) -> dict[str, Any]:
        listed = self._ledger.transactions(order.handle)
        good = [line for line in listed if line.mstatus == "success"]
        notes = {"memo1": order.memo1, "memo2": order.memo2, "memo3": order.memo3, "freeKey": order.free_key}
        proper = {"amount": str(order.requested), "balance": str(order.balance), "settlementMethod": "card"}
        proper |= {"cardExpire": "*****", "requestCurrencyUnit": "jpy"}
        if order.service == "mpi":
            proper |= {"merchantRedirectUri": order.redirect_uri, "deviceChannel": "02"}
        return {
            "index": place,
            "serviceTypeCd": order.service,
            "orderId": order.order_id,
            "orderStatus": status_word(order),
            "lastSuccessTxnType": good[-1].command if good else "",
            "successDetailTxnType": order.transaction_type,
            **{name: value for name, value in notes.items() if value},
            **({"accountId": order.account_id} if order.account_id else {}),
            "properOrderInfo": proper,
            "transactionInfos": {
                "transactionInfo": [_line(order, line) for line in (listed[-1:] if newer else listed)]
            },
        }


def _line(order: Order, line: Transaction) -> dict[str, Any]:
    approved = line.mstatus == "success" and bool(line.transaction_type)
    proper = {
        "cardTransactionType": line.transaction_type,
        "reqCardNumber": order.masked,
        "reqAmount": str(line.amount),
        "reqJpoInformation": order.jpo,
        "reqWithCapture": "true" if order.with_capture else "false",
        "resAuthCode": order.auth_code if approved else "",
        "resActionCode": "000" if approved else "",
        "centerRequestDate": f"{japan_time(line.at):%Y%m%d%H%M%S}",
    }
    if line.command == "Verify":
        proper["res3dTransactionStatus"] = order.trans_status
    return {
        "txnId": line.txn_id,
        "command": line.command,
        "mstatus": line.mstatus,
        "vResultCode": line.code,
        "txnDatetime": f"{japan_time(line.at):%Y-%m-%d %H:%M:%S}.0",
        "amount": str(line.amount),
        "properTransactionInfo": proper,
    }


def _services(order: Order) -> set[str]:
    """OURS: a 3-D Secure order that went on to the card is found as a card's, too."""
    return {order.service} | ({"card"} if order.card_mstatus else set())


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> set[str]:
    return {value} if isinstance(value, str) and value else {str(word) for word in value} if isinstance(value, list) else set()


def _within(text: str, limits: Any, width: int = 0) -> bool:
    """Texts of the same length compare like the numbers they are."""
    if not isinstance(limits, dict):
        return True
    low, high = (str(limits.get(end, "")).rjust(width, "0") if limits.get(end) else "" for end in ("from", "to"))
    return (not low or text >= low) and (not high or text <= high)
