"""020 authorise, 021 void, 022 capture, 023 refund (protocol §4.1-4.3)."""

from __future__ import annotations

from dataclasses import replace

from providers.paygent.simulator import cards
from providers.paygent.simulator.checks import demand
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.payments import APPLIED, BLOCKED, DAY, REFUSED, VERBS, Payments, Terms
from providers.paygent.simulator.records import (
    ATTEMPT_CONTROLS,
    Authentication,
    Card,
    Merchant,
    Payment,
    StoredCard,
    Token,
)
from providers.paygent.simulator.stored_cards import CardBook
from providers.paygent.simulator.threeds import VERSION, Authentications
from providers.paygent.simulator.tokens import TokenDesk
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock

#: Repeated authorisations of one payment after code 2003 (protocol §4.1)
RETRIES = 3
#: How long the card of an earlier order can be used again, 14 months (protocol §4.1)
REFERENCE_KEPT = 426 * DAY

DIRECT_CARD = ("card_number", "card_valid_term", "card_conf_number")


class CardTelegrams:
    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        payments: Payments,
        authentications: Authentications,
        tokens: TokenDesk,
        card_book: CardBook,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._payments = payments
        self._authentications = authentications
        self._tokens = tokens
        self._card_book = card_book

    # ---- 021 022 023 -----------------------------------------------------------------------------

    def follow_up(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        payment = find_payment(self._ledger, merchant, sent, none="2006", several="2005")
        self._payments.perform(VERBS[sent["telegram_kind"]], payment, by=sent["telegram_kind"])
        return {"payment_id": payment.payment_id, "trading_id": payment.trading_id}

    # ---- 020 -------------------------------------------------------------------------------------

    def authorise(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        """Errors of parameter, token and system (P..., 202x, E001) leave no payment, a refusal does."""
        try:
            return self._authorise(merchant, sent)
        except Refusal as refusal:
            # A refusal echoes the trading_id only, and the payment_id where it can be retried.
            refusal.answered = {"trading_id": sent.get("trading_id", "")} | refusal.answered
            raise

    def _authorise(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        terms = read_terms(merchant, sent)
        authentication = self._authentications.presented(merchant, sent)
        check_ways(merchant, sent)
        stored = self._stored_card(merchant, sent)
        token = self._token(merchant, sent)
        card = stored or token or self._card_of_earlier_order(merchant, sent)
        if authentication:
            terms = authenticated_terms(terms, card, authentication)
        check_security_code(sent, token)
        answer = card_answer(merchant, card, terms)
        if stored and not answer.code:
            answer = self._card_book.answer(stored)
        if answer.code.startswith(("P", "E")):
            raise Refusal(answer.code, answer.detail)
        if sent.get("payment_id"):
            payment = self._retried(merchant, sent, card, terms)
        else:
            payment = self._payments.open(merchant, card, terms, by="020")
        if authentication:
            self._authentications.use(authentication, payment.payment_id)
        if answer.code:
            self._refuse(payment, answer)
        payment = self._payments.authorise(payment, sent.get("sales_mode") == "1", by="020")
        if token:
            self._tokens.spend(token)
        if stored:
            self._card_book.note_use(stored)
        return authorised_fields(payment)

    def _stored_card(self, merchant: Merchant, sent: dict[str, str]) -> StoredCard | None:
        if not charges_stored_card(sent):
            return None
        customer_id, card_id = demand(sent, "customer_id"), demand(sent, "customer_card_id")
        return self._card_book.find(merchant, customer_id, card_id, none="P025")

    def _token(self, merchant: Merchant, sent: dict[str, str]) -> Token | None:
        """The card's token, or beside a stored card the security code's; None where neither is asked for."""
        cvc_only = sent.get("security_code_token") == "1"
        if not cvc_only and (charges_stored_card(sent) or sent.get("ref_trading_id")):
            return None
        return self._tokens.presented(merchant, demand(sent, "card_token"), cvc_only=cvc_only)

    def _card_of_earlier_order(self, merchant: Merchant, sent: dict[str, str]) -> Payment:
        earlier = self._ledger.all(
            Payment,
            "merchant_id = ? AND trading_id = ? AND status NOT IN (?, ?) AND created_at >= ?"
            " ORDER BY payment_id DESC LIMIT 1",
            merchant.merchant_id,
            sent["ref_trading_id"],
            APPLIED,
            REFUSED,
            self._clock.now() - REFERENCE_KEPT,
        )
        if not earlier:
            raise Refusal("2009")
        return earlier[0]

    def _retried(self, merchant: Merchant, sent: dict[str, str], card: Card, terms: Terms) -> Payment:
        """The payment of an earlier code 2003, with this telegram's card and terms (protocol §4.1, §7.2)."""
        payment = self._ledger.payment(sent["payment_id"])
        if (
            payment is None
            or payment.merchant_id != merchant.merchant_id
            or payment.trading_id != terms.trading_id
        ):
            raise Refusal("2001", '"P901"')
        if payment.status != APPLIED:
            raise Refusal("2001", '"P902"')
        if payment.retries >= RETRIES:
            self._payments.refuse(payment, cards.Answer("2001", '"P903"'), REFUSED, by="020")
            raise Refusal("2001", '"P903"')
        return replace(payment, retries=payment.retries + 1, **vars(terms), **card.card_fields())

    def _refuse(self, payment: Payment, answer: cards.Answer) -> None:
        status = {"2003": APPLIED, "2054": BLOCKED}.get(answer.code, REFUSED)
        self._payments.refuse(payment, answer, status, by="020")
        answered = {"payment_id": payment.payment_id} if status == APPLIED else {}
        raise Refusal(answer.code, answer.detail, answered=answered)


def charges_stored_card(sent: dict[str, str]) -> bool:
    return sent.get("stock_card_mode") == "1"


def check_ways(merchant: Merchant, sent: dict[str, str]) -> None:
    """The ways to name the card exclude each other; a stored card outdoes number and reference (protocol §4.1)."""
    stored = charges_stored_card(sent)
    direct = any(sent.get(name) for name in DIRECT_CARD)
    reference = bool(sent.get("ref_trading_id"))
    cvc_only = sent.get("security_code_token") == "1"
    if stored and not merchant.stored_cards:
        raise Refusal("P024")
    if cvc_only and (direct or reference):
        raise Refusal("2025")
    if sent.get("card_token") and not cvc_only and (stored or direct or reference):
        raise Refusal("2024")
    if direct and not stored:
        raise Refusal("2023")
    if cvc_only and not stored:
        demand(sent, "stock_card_mode")
        raise Refusal("P010", field="stock_card_mode")


def check_security_code(sent: dict[str, str], token: Token | None) -> None:
    if sent.get("security_code_use") == "1" and not (token and token.has_security_code):
        raise Refusal("P010", field="security_code_use")


def read_terms(merchant: Merchant, sent: dict[str, str]) -> Terms:
    amount = int(sent["payment_amount"])
    if amount == 0:
        raise Refusal("P014")
    payment_class = sent.get("payment_class") or "10"
    split_count = sent.get("split_count", "")
    if payment_class not in merchant.payment_classes.split(","):
        raise Refusal("P030")
    if payment_class == "61" and demand(sent, "split_count") not in merchant.split_counts.split(","):
        raise Refusal("P030")
    return Terms(
        trading_id=sent.get("trading_id", ""),
        site_id=sent.get("site_id", ""),
        amount=amount,
        payment_class=payment_class,
        split_count=split_count if payment_class == "61" else "",
        threeds_omitted=sent.get("3dsecure_ryaku", ""),
        customer_id=sent.get("customer_id", "") if charges_stored_card(sent) else "",
        customer_card_id=sent.get("customer_card_id", "") if charges_stored_card(sent) else "",
    )


def authenticated_terms(terms: Terms, card: Card, authentication: Authentication) -> Terms:
    if authentication.fingerprint != card.fingerprint:
        raise Refusal("P010", field="3ds_auth_id")
    return replace(
        terms,
        threeds_auth_id=authentication.auth_id,
        attempt_kbn=authentication.attempt_kbn,
        threeds_version=VERSION,
    )


def card_answer(merchant: Merchant, card: Card, terms: Terms) -> cards.Answer:
    if not card.brand:
        return cards.Answer("2016")
    if terms.attempt_kbn and terms.attempt_kbn in ATTEMPT_CONTROLS[merchant.attempt_control]:
        return cards.Answer("2015")
    if card.issuer_class == "1" and terms.payment_class != "10":
        # Foreign cards pay at once only (protocol §8).
        return cards.Answer("2003", '"1G78"')
    return cards.authorisation_answer(card.last_four)


def authorised_fields(payment: Payment) -> dict[str, str]:
    return {
        "payment_id": payment.payment_id,
        "trading_id": payment.trading_id,
        "issur_class": payment.issuer_class,
        "acq_id": payment.acquirer_id,
        "acq_name": cards.ACQUIRERS[payment.acquirer_id],
        "issur_name": cards.ISSUER_NAMES[payment.brand],
        "attempt_kbn": payment.attempt_kbn,
        "fingerprint": payment.fingerprint,
        "masked_card_number": payment.masked_card_number,
        "card_valid_term": payment.valid_term,
    }


def find_payment(
    ledger: Ledger, merchant: Merchant, sent: dict[str, str], none: str, several: str
) -> Payment:
    """The payment that payment_id and trading_id name; if both are given both must match (protocol §2.4)."""
    payment_id, trading_id = sent.get("payment_id", ""), sent.get("trading_id", "")
    if not trading_id:
        demand(sent, "payment_id")
    if payment_id:
        payment = ledger.payment(payment_id)
        fits = (
            payment and payment.merchant_id == merchant.merchant_id and trading_id in ("", payment.trading_id)
        )
        found = [payment] if payment and fits else []
    else:
        found = ledger.all(
            Payment,
            "merchant_id = ? AND trading_id = ? LIMIT 2", merchant.merchant_id, trading_id
        )
    if not found:
        raise Refusal(none)
    if len(found) > 1:
        raise Refusal(several)
    return found[0]
