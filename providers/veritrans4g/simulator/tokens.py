"""The token server: card data from the browser in, a token out, and what a token is good for (protocol §6)."""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.sandbox.card_numbers import brand_of, check_sum
from providers.sandbox.clock import Clock, japan_time, wire_time
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator.checks import HOLDER
from providers.veritrans4g.simulator.envelope import TOKEN_UNUSABLE, Refusal
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import Merchant, Token

VALIDITY = 15 * 60.0

#: code -> message in Japanese and English. The last four codes are OURS.
MESSAGES = {
    "success": ("成功", "Success"),
    "missing_card_number": ("カード番号を入力してください。", "Card number is required."),
    "invalid_card_number": ("カード番号が正しくありません。", "Card number is invalid."),
    "digit_check_error": ("カード番号が正しくありません。", "Card number is invalid."),
    "missing_card_expire": ("有効期限を入力してください。", "Expiry is required."),
    "invalid_card_expire": ("有効期限が正しくありません。", "Expiry is invalid."),
    "missing_security_code": ("セキュリティコードを入力してください。", "Security code is required."),
    "invalid_security_code": ("セキュリティコードが正しくありません。", "Security code is invalid."),
    "invalid_cardholder_name": ("カード名義人が正しくありません。", "Cardholder name is invalid."),
    "invalid_token_api_key": ("トークンAPIキーが正しくありません。", "Token API key is invalid."),
    "invalid_request": ("リクエストが正しくありません。", "Request is invalid."),
    "system_error": ("システムエラーが発生しました。", "System error."),
}


@dataclass(eq=False)
class BadCard(Exception):
    code: str


class TokenDesk:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def issue(self, sent: Mapping[str, Any]) -> Token:
        """A new token for the card."""
        fields = {name: value if isinstance(value, str) else "" for name, value in sent.items()}
        merchant = self._merchant(fields.get("token_api_key", ""))
        number = fields.get("card_number", "")
        if not number:
            raise BadCard("missing_card_number")
        if not re.fullmatch(r"[0-9]{13,19}", number) or not brand_of(number):
            raise BadCard("invalid_card_number")
        if check_sum(number):
            raise BadCard("digit_check_error")
        expire = fields.get("card_expire", "")
        if not expire:
            raise BadCard("missing_card_expire")
        # OURS: a date that is over is seen here already. A stored card's date runs out at the card company.
        today = f"{japan_time(self._clock.now()):%y%m}"
        if not re.fullmatch(r"(0[1-9]|1[0-2])/[0-9]{2}", expire) or expire[3:] + expire[:2] < today:
            raise BadCard("invalid_card_expire")
        code = fields.get("security_code", "")
        if not code and merchant.security_code:
            raise BadCard("missing_security_code")
        if code and not re.fullmatch(r"[0-9]{3,4}", code):
            raise BadCard("invalid_security_code")
        holder = fields.get("cardholder_name", "")
        if holder and not re.fullmatch(HOLDER, holder):
            raise BadCard("invalid_cardholder_name")
        token = Token(
            **cards.kept(number, expire, holder),
            token=str(uuid.uuid4()),
            merchant_ccid=merchant.merchant_ccid,
            valid_until=self._clock.now() + VALIDITY,
        )
        self._ledger.save(token)
        return token

    def _merchant(self, api_key: str) -> Merchant:
        for merchant in self._ledger.all(Merchant, "withdrawn = 0"):
            if api_key and hmac.compare_digest(merchant.token_api_key.encode(), api_key.encode("utf-8", "replace")):
                return merchant
        raise BadCard("invalid_token_api_key")

    def spend(self, merchant: Merchant, token_id: str) -> Token:
        """The token, which is good for nothing afterwards. OURS: spent as soon as it is presented, whatever comes of it."""
        token = self._ledger.one(Token, "token = ? AND merchant_ccid = ?", token_id, merchant.merchant_ccid)
        if token is None or token.used or token.valid_until < self._clock.now():
            raise Refusal(TOKEN_UNUSABLE)
        self._ledger.save(replace(token, used=True))
        return token


def token_answer(issued: Token | None, code: str, lang: str) -> dict[str, str]:
    known = (
        {
            "token": issued.token,
            "token_expire_date": wire_time(issued.valid_until),
            "req_card_number": issued.masked,
        }
        if issued
        else {}
    )
    japanese, english = MESSAGES.get(code, MESSAGES["system_error"])
    status = "success" if issued else "failure"
    return known | {"status": status, "code": code, "message": english if lang == "en" else japanese}
