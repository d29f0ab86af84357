"""What stands behind the browser script: card data in, token out, and what a token is good for (protocol §3)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from providers.paygent.simulator import cards
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.records import Merchant, Token
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.card_numbers import brand_of
from providers.sandbox.clock import Clock, japan_time, wire_time

#: Seconds a token lives; our choice, the provider does not document it
VALIDITY = 3600.0

INTERNAL_ERROR = "9000"

#: Half-width letters, digits, symbols, katakana and the space
HOLDER_NAME = r"[ -~｡-ﾟ]{0,64}"


class ScriptError(Exception):
    """A result code of the script other than 0000."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TokenDesk:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def answer(self, sent: dict[str, str]) -> dict[str, object]:
        """The object that the page's callback gets."""
        try:
            merchant = self._merchant(sent)
            token = self._security_code_token(merchant, sent) if sent.get("cvc_only_flg") == "1" else None
            token = token or self._card_token(merchant, sent)
        except ScriptError as error:
            return {"result": error.code}
        self._ledger.save(token)
        tokenized = {"token": token.token, "valid_until": wire_time(token.valid_until)}
        if token.cvc_only:
            return {"result": "0000", "tokenizedCardObject": tokenized}
        tokenized |= {"masked_card_number": token.masked_card_number, "fingerprint": token.fingerprint}
        answer: dict[str, object] = {"result": "0000", "tokenizedCardObject": tokenized}
        if merchant.token_hash_key:
            answer["hc"] = token_hash(token, merchant.token_hash_key)
        return answer

    # ---- in telegrams ----------------------------------------------------------------------------

    def presented(self, merchant: Merchant, token_id: str, *, cvc_only: bool) -> Token:
        """The token of the wanted kind, if it is still good. It is spent by a normal answer only."""
        token = self._ledger.token(merchant.merchant_id, token_id)
        if token is None:
            raise Refusal("2021")
        if token.used:
            raise Refusal("2022")
        if token.valid_until < self._clock.now():
            raise Refusal("2020")
        if token.cvc_only != cvc_only:
            raise Refusal("2026")
        return token

    def spend(self, token: Token) -> None:
        self._ledger.save(replace(token, used=True))

    # ---- in the browser --------------------------------------------------------------------------

    def _merchant(self, sent: dict[str, str]) -> Merchant:
        if not sent.get("merchant_id"):
            raise ScriptError("1100")
        if not sent.get("token_generate_key"):
            raise ScriptError("1200")
        merchant = self._ledger.merchant(sent["merchant_id"])
        if merchant is None or merchant.closed or merchant.token_generate_key != sent["token_generate_key"]:
            raise ScriptError("1201")
        return merchant

    def _security_code_token(self, merchant: Merchant, sent: dict[str, str]) -> Token:
        code = sent.get("card_cvc", "")
        if not code:
            raise ScriptError("1601")
        check_pattern(r"[0-9]{3,4}", code, "1600")
        return Token(
            masked_card_number="",
            fingerprint="",
            brand="",
            acquirer_id="",
            issuer_class="",
            valid_term="",
            **self._token_fields(merchant, cvc_only=True),
        )

    def _card_token(self, merchant: Merchant, sent: dict[str, str]) -> Token:
        number = present(sent, "card_number", "1300")
        check_pattern(r"[0-9]{14,16}", number, "1301")
        year = present(sent, "card_expire_year", "1400")
        check_pattern(r"[0-9]{1,2}", year, "1401")
        month = present(sent, "card_expire_month", "1500")
        check_pattern(r"[0-9]{1,2}", month, "1501")
        check_expiry(int(year), int(month), japan_time(self._clock.now()))
        check_pattern(r"([0-9]{3,4})?", sent.get("card_cvc", ""), "1600")
        check_pattern(HOLDER_NAME, sent.get("card_name", ""), "1700")
        if (code := cards.script_code(number[-4:])) != "0000":
            raise ScriptError(code)
        return Token(
            masked_card_number="*" * (len(number) - 4) + number[-4:],
            fingerprint=self._fingerprint(merchant, number),
            brand=brand_of(number),
            acquirer_id=cards.acquirer_of(number),
            issuer_class="1" if cards.is_foreign(number) else "0",
            valid_term=f"{int(month):02}{int(year):02}",
            holder_name=sent.get("card_name", ""),
            **self._token_fields(merchant, cvc_only=False, has_security_code=bool(sent.get("card_cvc"))),
        )

    def _token_fields(
        self, merchant: Merchant, *, cvc_only: bool, has_security_code: bool = True
    ) -> dict[str, Any]:
        return {
            "token": f"tok_{secrets.token_hex(12)}",
            "merchant_id": merchant.merchant_id,
            "cvc_only": cvc_only,
            "has_security_code": has_security_code,
            "valid_until": self._clock.now() + VALIDITY,
        }

    def _fingerprint(self, merchant: Merchant, number: str) -> str:
        """Same card and merchant, same value. Keyed, so that the books do not give the number away."""
        secret = self._ledger.setting("fingerprint_secret")
        return hmac.new(
            secret.encode(), f"{merchant.merchant_id}:{number}".encode(), hashlib.sha256
        ).hexdigest()


def token_hash(token: Token, key: str) -> str:
    """``hc`` of the script's answer (protocol §3)."""
    text = token.token + token.masked_card_number + wire_time(token.valid_until) + token.fingerprint + key
    return hashlib.sha256(text.encode()).hexdigest()


def present(sent: dict[str, str], name: str, code: str) -> str:
    if not sent.get(name):
        raise ScriptError(code)
    return sent[name]


def check_pattern(pattern: str, value: str, code: str) -> None:
    if not re.fullmatch(pattern, value):
        raise ScriptError(code)


def check_expiry(year: int, month: int, today: datetime) -> None:
    """From this month to less than 20 years ahead, in Japan (protocol §3)."""
    months_ahead = (2000 + year - today.year) * 12 + month - today.month
    if not 1 <= month <= 12 or not 0 <= months_ahead < 20 * 12:
        raise ScriptError("1502")
