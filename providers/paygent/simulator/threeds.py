"""EMV 3-D Secure in the books: an authentication from 450 over its result to the 020 that uses it (protocol §5).

Not documented and therefore OURS: a missing or failed result is refused with 31007, another site's identification
with 31011, another card with P010; the amount may differ and another token of the same card will do; the
identification is used up as soon as a 020 has made a payment with it, also a refused one, while the repetition of
that payment after code 2003 may name it again; 3dsecure_ryaku=1 beside an identification does no harm (one open
client sends both). A merchant that demands 3-D Secure (a switch, off) still charges
the card of an earlier order without it, but no stored card: there the buyer is present.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace

from providers.paygent.simulator.ledger import Ledger
from providers.paygent.simulator.outcomes import TIMED_OUT, Outcome
from providers.paygent.simulator.records import Authentication, Card, Merchant
from providers.paygent.simulator.wire import Refusal
from providers.sandbox.clock import Clock

#: Seconds after the answer of 450 when the provider gives up (protocol §5.4)
PERIOD = 30 * 60.0

#: 3dsecure_message_version of payments that rest on an authentication
VERSION = "2.2.0"


class Authentications:
    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def open(
        self, merchant: Merchant, card: Card, sent: dict[str, str], plan: str, server_error_code: str
    ) -> Authentication:
        authentication = Authentication(
            **card.card_fields(),
            auth_id=str(uuid.uuid4()),
            page_key=secrets.token_urlsafe(24),
            merchant_id=merchant.merchant_id,
            trading_id=sent.get("trading_id", ""),
            site_id=sent.get("site_id", ""),
            term_url=sent["term_url"],
            shop_name=sent["merchant_name"],
            amount=int(sent["payment_amount"]),
            created_at=self._clock.now(),
            plan=plan,
            server_error_code=server_error_code,
        )
        self._ledger.save(authentication)
        return authentication

    # ---- the result ------------------------------------------------------------------------------

    def decide(self, auth_id: str, outcome: Outcome, at: float | None = None) -> Authentication:
        """The authentication with its result. The first result stays; later ones change nothing."""
        with self._ledger.transaction():
            known = self._ledger.all(Authentication, "auth_id = ?", auth_id)[0]
            if known.result:
                return known
            finished_at = self._clock.now() if at is None else at
            decided = replace(
                known,
                result=outcome.result,
                attempt_kbn=outcome.attempt_kbn,
                response_code=outcome.response_code,
                server_error_code=known.server_error_code or outcome.server_error_code,
                finished_at=finished_at,
                notice_due=finished_at if outcome == TIMED_OUT else None,
            )
            self._ledger.save(decided)
            return decided

    def expire_due(self) -> None:
        """Ends what has had no result for thirty minutes; the shop will be told (returns.py)."""
        limit = self._clock.now() - PERIOD
        for overdue in self._ledger.all(Authentication, "result = '' AND created_at <= ?", limit):
            self.decide(overdue.auth_id, TIMED_OUT, at=overdue.created_at + PERIOD)

    # ---- 020 -------------------------------------------------------------------------------------

    def presented(self, merchant: Merchant, sent: dict[str, str]) -> Authentication | None:
        """What an authorisation rests on; None where 3-D Secure is declared as left out (protocol §4.1, §5.5)."""
        auth_id = sent.get("3ds_auth_id", "")
        if sent.get("3dsecure_use_type") == "2":
            if not merchant.threeds:
                raise Refusal("P063")
            return self._usable(merchant, auth_id, sent)
        if auth_id:
            raise Refusal("31008")
        # Beside a stored card the reference counts for nothing.
        earlier_order = sent.get("ref_trading_id") and sent.get("stock_card_mode") != "1"
        demanded = merchant.threeds_required and not earlier_order
        if sent.get("3dsecure_ryaku") != "1" or demanded:
            raise Refusal("P010", field="3dsecure_ryaku")
        return None

    def _usable(self, merchant: Merchant, auth_id: str, sent: dict[str, str]) -> Authentication:
        if not auth_id:
            raise Refusal("31009")
        found = self._ledger.authentication(auth_id)
        if (
            found is None
            or found.merchant_id != merchant.merchant_id
            or found.site_id != sent.get("site_id", "")
        ):
            raise Refusal("31011")
        if found.used_by and found.used_by != sent.get("payment_id"):
            raise Refusal("31010")
        if found.result != "0":
            raise Refusal("31007")
        return found

    def use(self, authentication: Authentication, payment_id: str) -> None:
        self._ledger.update(authentication, used_by=payment_id)
