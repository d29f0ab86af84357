"""How a result reaches the shop: the browser's way back, and the provider's own call after a time-out (§5.3, §5.4).

Both are a GET of term_url with the result in the query. The troubles here spoil the way back:

===========  ====================================================================================
never        the provider shows an error page; no result is stored, so the time-out notice follows
twice        the provider calls the same address itself, without cookies, before the browser comes
bent_hc      hc with another last digit
bent_result  success without attempt_kbn, under the hc of the true result
no_hc        no hc at all
===========  ====================================================================================
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from urllib.parse import urlencode

from providers.paygent.simulator import cards
from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.outcomes import SUCCESS, TIMED_OUT
from providers.paygent.simulator.records import Authentication, Merchant
from providers.paygent.simulator.threeds import Authentications
from providers.paygent.simulator.wire import TEXTS
from providers.sandbox.clock import Clock
from providers.sandbox.outgoing import call_shop

#: Until a repeated notice, and how many repetitions there are (protocol §5.4)
REPEATED_AFTER = 3600.0
REPETITIONS = 3

TROUBLES = ("never", "twice", "bent_hc", "bent_result", "no_hc")


def return_hash(result: str, auth_id: str, attempt_kbn: str, key: str) -> str:
    """``hc`` of a result (protocol §5.3)."""
    return hashlib.sha256((result + auth_id + attempt_kbn + key).encode()).hexdigest()


def return_address(merchant: Merchant, authentication: Authentication, trouble: str = "") -> str:
    """term_url with the result; hc only for a merchant that has registered a key."""
    hc = return_hash(
        authentication.result, authentication.auth_id, authentication.attempt_kbn, merchant.threeds_hash_key
    )
    if trouble == "bent_hc":
        hc = hc[:-1] + ("0" if hc[-1] != "0" else "1")
    if trouble == "bent_result":
        authentication = replace(authentication, result=SUCCESS.result, attempt_kbn="", response_code="")
    signature = {"hc": hc} if merchant.threeds_hash_key and trouble != "no_hc" else {}
    return _with_query(authentication.term_url, _result_fields(authentication) | signature)


def _result_fields(authentication: Authentication) -> dict[str, str]:
    timed_out = authentication.response_code == TIMED_OUT.response_code
    fields = {
        "result": authentication.result,
        "3ds_auth_id": authentication.auth_id,
        "card_brand": authentication.brand,
        "issur_class": authentication.issuer_class,
        "acq_name": cards.ACQUIRERS.get(authentication.acquirer_id, ""),
        "acq_id": authentication.acquirer_id,
        "issur_name": cards.ISSUER_NAMES.get(authentication.brand, ""),
        "issur_id": "",
        "fingerprint": "XXXX" if timed_out else authentication.fingerprint,
        "masked_card_number": "XXXX" if timed_out else authentication.masked_card_number,
        "3dsecure_requestor_error_code": "",
        "3dsecure_server_error_code": authentication.server_error_code,
    }
    if authentication.result == SUCCESS.result:
        return fields | {"attempt_kbn": authentication.attempt_kbn}
    code = authentication.response_code
    return fields | {"response_code": code, "response_detail": TEXTS[code]}


def _with_query(address: str, fields: dict[str, str]) -> str:
    """The address with more parameters; its own query and fragment stay as they are."""
    page, hash_sign, fragment = address.partition("#")
    joint = "" if page.endswith(("?", "&")) else "&" if "?" in page else "?"
    return page + joint + urlencode(fields) + hash_sign + fragment


class TimeOutNotices:
    """The provider's calls about results that did not come in time."""

    def __init__(self, ledger: Ledger, clock: Clock, authentications: Authentications) -> None:
        self._ledger = ledger
        self._clock = clock
        self._authentications = authentications
        #: held while notices are on their way
        self.sending = threading.Lock()

    def send_due(self) -> None:
        with self.sending:
            for authentication in self._ledger.all(Authentication, "notice_due <= ?", self._clock.now()):
                self._send(authentication)

    def send_now(self, authentication: Authentication, copies: int = 1) -> list[int | None]:
        """Ahead of time, several times, or although there is another result: it stays what it was in the books."""
        with self.sending:
            authentication = self._authentications.decide(authentication.auth_id, TIMED_OUT)
            return [self._send(authentication) for _ in range(copies)]

    def _send(self, authentication: Authentication) -> int | None:
        merchant = self._ledger.merchant(authentication.merchant_id)
        if merchant is None:
            return None
        told = replace(
            authentication,
            result=TIMED_OUT.result,
            attempt_kbn="",
            response_code=TIMED_OUT.response_code,
            server_error_code="",
        )
        answer = call_shop("GET", return_address(merchant, told))
        self._note(authentication.auth_id, accepted=answer is not None and answer.ok)
        return None if answer is None else answer.status_code

    def _note(self, auth_id: str, *, accepted: bool) -> None:
        with self._ledger.transaction():
            now = self._ledger.all(Authentication, "auth_id = ?", auth_id)[0]
            attempts = now.notice_attempts + 1
            again = now.notice_due is not None and not accepted and attempts <= REPETITIONS
            self._ledger.save(
                replace(
                    now,
                    notice_attempts=attempts,
                    notice_acknowledged=now.notice_acknowledged or accepted,
                    notice_due=self._clock.now() + REPEATED_AFTER if again else None,
                )
            )
