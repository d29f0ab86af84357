"""serviceType ``card``: Authorize, ReAuthorize, Capture, Cancel, Retry (protocol §8)."""

from __future__ import annotations

from typing import Any

from providers.sandbox.clock import wire_time
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.checks import check_payment_form
from providers.veritrans4g.simulator.envelope import Answered, Refusal, Sent
from providers.veritrans4g.simulator.orders import SUCCESS, Orders, Verdict
from providers.veritrans4g.simulator.paynowid import Chosen, PayNowId
from providers.veritrans4g.simulator.records import Merchant, Order

CENTRE = "jcn"


class CardService:
    def __init__(self, orders: Orders, paynowid: PayNowId) -> None:
        self._orders = orders
        self._paynowid = paynowid

    def authorise(self, merchant: Merchant, sent: Sent) -> Answered:
        chosen = choose(self._orders, self._paynowid, merchant, sent)
        order = self._orders.begin(merchant, sent, chosen.card, **chosen.fields())
        return self._told(self._orders.authorise(order, sent.command))

    def retry(self, merchant: Merchant, sent: Sent) -> Answered:
        return self._told(self._orders.retry(self._orders.named(merchant, sent)))

    def capture(self, merchant: Merchant, sent: Sent) -> Answered:
        order = self._orders.named(merchant, sent)
        captured = self._orders.capture(order, _amount(sent))
        return Answered(card_fields(captured, captured.amount))

    def cancel(self, merchant: Merchant, sent: Sent) -> Answered:
        order = self._orders.named(merchant, sent)
        given = _amount(sent)
        return Answered(card_fields(self._orders.cancel(order, given), given or order.amount))

    def _told(self, verdict: Verdict) -> Answered:
        fields = card_fields(verdict.order, verdict.order.amount)
        if verdict.mstatus != SUCCESS:
            raise Refusal(verdict.code, extra=fields, mstatus=verdict.mstatus)
        block, part = self._paynowid.register_paid(verdict.order)
        return Answered(fields, verdict.code + block, part)


def choose(orders: Orders, paynowid: PayNowId, merchant: Merchant, sent: Sent) -> Chosen:
    """The card that a new order charges. What is wrong with the card uses the orderId up, what is wrong with the form not."""
    check_payment_form(merchant, sent.text("jpo") or "10")
    if sent.text("cardNumber"):
        # Bare card numbers need a contract of their own.
        raise Refusal(code_of.NOT_IN_CONTRACT, "cardNumber")
    again = sent.command == "ReAuthorize"
    original = orders.original(merchant, sent) if again else None
    orders.demand_new(merchant, sent.text("orderId"))
    if original:
        return Chosen(original, original.account_id if original.card_id else "", original.card_id)
    try:
        return paynowid.chosen(merchant, sent)
    except Refusal as refusal:
        if refusal.code != code_of.MISSING_FIELD:
            orders.use_up(merchant, sent, sent.command, refusal.code)
        raise


def card_fields(order: Order, amount: int) -> dict[str, Any]:
    """What every answer about a card tells (protocol §8.3); ``amount`` is the request's own."""
    _, acquirer, kind = cards.BRANDS.get(order.brand, ("", "", ""))
    centre = wire_time(order.centre_at)
    approved = bool(order.auth_code)
    return {
        "cardTransactiontype": order.transaction_type,
        "gatewayRequestDate": centre,
        "gatewayResponseDate": centre,
        "centerRequestDate": centre,
        "centerResponseDate": centre,
        "pending": "1" if order.transaction_type.endswith("p") else "0",
        "loopback": "0",
        "connectedCenterId": CENTRE,
        "reqCardNumber": order.masked,
        "reqCardExpire": "*****",
        "reqAmount": str(amount),
        "reqJpoInformation": order.jpo,
        "reqWithCapture": "true" if order.with_capture else "false",
        "resAuthCode": order.auth_code,
        "resActionCode": "000" if approved else "",
        "acquirerCode": acquirer,
        "kindCode": kind,
    }


def _amount(sent: Sent) -> int | None:
    return int(sent.text("amount")) if sent.text("amount") else None
