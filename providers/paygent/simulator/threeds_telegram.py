"""450 EMV 3-D Secure (protocol §5.1, §5.2): checks the token without using it up and answers with a page.

Not documented and therefore OURS: a merchant_name other than the registered one and a term_url that is no web
address are P010; a field that belongs to another card_set_method, or none that belongs to this one, is 31002; a
security code token is no card token (31004); several stored cards and none named are 31006. Google Pay is not
contracted.
"""

from __future__ import annotations

import re

from flask import url_for
from markupsafe import escape

from providers.paygent.simulator import cards, outcomes
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Authentication, Merchant, StoredCard, Token
from providers.paygent.simulator.stored_cards import CardBook
from providers.paygent.simulator.threeds import Authentications
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock

#: card_set_method -> the fields that must name the card, and those that may
METHOD_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "token": (("card_token",), ()),
    "customer": (("customer_id",), ("customer_card_id",)),
    "direct": (("card_number", "card_valid_term"), ()),
}
CARD_FIELDS = ("card_token", "customer_id", "customer_card_id", "card_number", "card_valid_term")

#: out_acs_html. The shop shows it unchanged; the script may be forbidden there, then the button leads on.
START_DOCUMENT = """<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="UTF-8">
<title>本人認証（3Dセキュア）</title>
</head>
<body>
<form action="{action}" method="post">
<input type="hidden" name="id" value="{key}">
<p>カード会社の本人認証へ進みます。画面が変わらないときは、ボタンを押してください。</p>
<button type="submit">本人認証へ進む</button>
</form>
<script>document.forms[0].submit();</script>
</body>
</html>""".replace("\n", "\r\n")


class ThreeDSTelegram:
    def __init__(
        self, ledger: Ledger, clock: Clock, authentications: Authentications, card_book: CardBook
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._authentications = authentications
        self._card_book = card_book

    def authenticate(self, merchant: Merchant, sent: dict[str, str]) -> dict[str, str]:
        if not re.match(r"https?://[^/]", sent["term_url"]):
            raise Refusal("P010", field="term_url")
        if merchant.merchant_name and sent["merchant_name"] != merchant.merchant_name:
            raise Refusal("P010", field="merchant_name")
        card = self._card(merchant, sent)
        answer = cards.threeds_answer(card.last_four)
        if not card.brand or answer.code:
            raise Refusal(answer.code or "31001", answer.detail)
        return answer_fields(self._opened(merchant, card, sent))

    def _card(self, merchant: Merchant, sent: dict[str, str]) -> Token | StoredCard:
        method = sent["card_set_method"]
        if method == "google":
            raise Refusal("P007")
        demanded, allowed = METHOD_FIELDS[method]
        given = {name for name in CARD_FIELDS if sent.get(name)}
        if not given.issuperset(demanded) or not given.issubset((*demanded, *allowed)):
            raise Refusal("31002")
        if method == "customer":
            card_id = sent.get("customer_card_id", "")
            return self._card_book.find(merchant, sent["customer_id"], card_id, none="31006")
        if method == "direct":
            raise Refusal("2023")
        token = self._ledger.token(merchant.merchant_id, sent["card_token"])
        if token is None or token.cvc_only:
            raise Refusal("31004")
        if token.used:
            raise Refusal("31005")
        if token.valid_until < self._clock.now():
            raise Refusal("31003")
        return token

    def _opened(
        self, merchant: Merchant, card: Token | StoredCard, sent: dict[str, str]
    ) -> Authentication:
        server_error_code = outcomes.server_error(sent)
        holder_name = sent.get("cardholder_name") or card.holder_name
        plan = outcomes.plan_of(holder_name, int(sent["payment_amount"]), card.last_four)
        if server_error_code:
            plan = "attempt_1"
        return self._authentications.open(merchant, card, sent, plan, server_error_code)


def answer_fields(authentication: Authentication) -> dict[str, str]:
    return {
        "card_brand": authentication.brand,
        "acq_id": authentication.acquirer_id,
        "3ds_auth_id": authentication.auth_id,
        "issur_class": authentication.issuer_class,
        "acq_name": cards.ACQUIRERS[authentication.acquirer_id],
        "issur_name": cards.ISSUER_NAMES[authentication.brand],
        "issur_id": "",
        "fingerprint": authentication.fingerprint,
        "masked_card_number": authentication.masked_card_number,
        "out_acs_html": START_DOCUMENT.format(
            action=escape(url_for("paygent_issuer.start", _external=True)), key=escape(authentication.page_key)
        ),
    }
