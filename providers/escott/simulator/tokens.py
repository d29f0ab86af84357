"""Card tokens: made for the page's script, shown by the merchant once (protocol §4)."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from providers.escott.simulator import cards
from providers.escott.simulator.issuer import validity
from providers.escott.simulator.items import FORMS
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.records import Merchant, Token
from providers.escott.simulator.wire import OK, Refusal
from providers.sandbox.clock import Clock

#: OURS: tokens of up to 100 of these are well-formed (KHX); ours are 40 letters and digits.
FORM = re.compile(r"[0-9A-Za-z+/=_-]{1,100}")
LENGTH = 20

#: Items of the script's call -> the item of a message that has the same form
SCRIPT_ITEMS = {"cardNo": "CardNo", "exp": "CardExp", "secCd": "SecCd", "birth": "BirthDay", "tel4": "TelNo"}
UNKNOWN_CODE = "KI1"


class TokenDesk:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    # ---- in the browser --------------------------------------------------------------------------

    def answer(self, sent: dict[str, str]) -> dict[str, str]:
        """What the script gets: token and masked number, or the codes of what is wrong with the input.

        A token is made whether or not the card is valid; 1TokenSearch tells that (protocol §4).
        """
        code = sent.get("k_TokenNinsyoCode", "")
        merchant = next((one for one in self._ledger.merchants() if code and one.token_code == code), None)
        if merchant is None:
            raise Refusal(UNKNOWN_CODE)
        values = sent | {
            "exp": sent.get("expYY", "") + sent.get("expMM", ""),
            "birth": sent.get("birthMM", "") + sent.get("birthDD", ""),
        }
        needed = ("cardNo", "exp")
        wrong = [
            FORMS[item][0]
            for name, item in SCRIPT_ITEMS.items()
            if (values.get(name) or name in needed) and not FORMS[item][1](values.get(name, ""))
        ]
        if wrong:
            raise Refusal(*wrong)
        token = self.make(merchant, values["cardNo"], values["exp"], values.get("secCd", ""))
        return {"token": token, "card": cards.masked(values["cardNo"])}

    def make(self, merchant: Merchant, number: str, expiry: str, security_code: str) -> str:
        token = Token(
            token=secrets.token_hex(LENGTH),
            merchant_id=merchant.merchant_id,
            number=cards.kept_number(number),
            expiry=expiry,
            security_code=checked(security_code),
            made_at=self._clock.now(),
        )
        self._ledger.save(token)
        return token.token

    # ---- in messages -----------------------------------------------------------------------------

    def presented(self, merchant: Merchant, name: str) -> Token:
        """The token, if it is still good."""
        if not FORM.fullmatch(name):
            raise Refusal("KHX")
        token = self._ledger.token(merchant.merchant_id, name)
        if token is None:
            raise Refusal("KHZ")
        if token.used:
            raise Refusal("KI2")
        if token.made_at + merchant.token_seconds < self._clock.now():
            raise Refusal("KI3")
        return token

    def spend(self, token: Token) -> None:
        self._ledger.save(replace(token, used=True))

    def search(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        """1TokenSearch: did the query work, and is the token good; it does not spend the token (protocol §4.1).

        OURS: a used token is known and answered, every other token that is no good fails the query as well.
        """
        try:
            token = self.presented(merchant, sent["Token"])
        except Refusal as refusal:
            if refusal.code == "KI2":
                return {"ResponseCd": OK, "TokenResponseCd": refusal.code}
            refusal.answered = {"TokenResponseCd": refusal.code}
            raise
        return {"ResponseCd": OK, "TokenResponseCd": validity(token.card, self._clock.now()) or OK}


def checked(security_code: str) -> str:
    """The result of the security code's check, empty where none was sent."""
    if not security_code:
        return ""
    return cards.MISMATCH if security_code == cards.WRONG_SECURITY_CODE else cards.MATCH
