"""本人認証 (3-D Secure 2) by the service ``mpi``: the request, the buyer's signed return, and what GetResult says.

The provider itself authorizes the card when the buyer comes back from the issuer. The return of the browser never proves
that: whoever received a genuine one can relabel, drop or shift its values without knowing the key, or show an old one again.
It is checked strictly and then only makes us ask – GetResult decides.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from providers.charge import Charge, ReturnFields
from providers.contract import Authentication, AuthenticationOutcome, Liability, ReturnReading
from providers.kept_cards import StoredCardSource
from providers.veritrans4g.client import Answer, Merchant, return_is_signed, signed_names

#: Minutes a buyer may take at the issuer's page; less than a shop holds goods, so that nothing is authorized afterwards.
MINUTES = 15
#: How long the shop waits for the buyer: the provider's time, and the moment it needs to say that it is over.
LIFE = timedelta(minutes=MINUTES + 1)

#: 本人認証タイプ: setting → ``serviceOptionType``.
TYPES = {"company": "mpi-company", "merchant": "mpi-merchant", "complete": "mpi-complete"}
#: Who bears a chargeback once the provider let the buyer pass. ``merchant`` lets pass what nobody insures, too.
_PASSED = {
    "complete": Authentication(AuthenticationOutcome.AUTHENTICATED, Liability.ISSUER),
    "company": Authentication(AuthenticationOutcome.PASSED, Liability.ISSUER),
    "merchant": Authentication(AuthenticationOutcome.PASSED, Liability.MERCHANT),
}
#: Values a return is signed over, at least; and all that this protocol knows of.
_SIGNED = frozenset({"OrderId", "mpiMstatus", "cardMstatus", "vResultCode", "reqAmount"})
_KNOWN = _SIGNED | {
    "RequestId", "reqCardNumber", "reqCurrencyUnit", "cardTransactionType", "centerRequestDate", "centerResponseDate",
    "connectedCenterId", "acquirerCode", "authCode", "tradUrl", "fdResult",
}  # fmt: skip
_WORDS = {"mpiMstatus": ("success", "failure"), "cardMstatus": ("success", "failure", "pending", "")}


@dataclass(frozen=True, slots=True)
class Secret:
    """What the shop keeps, encrypted, while the buyer is away."""

    order_id: str
    amount_yen: int
    kind: str

    def packed(self) -> str:
        return json.dumps([self.order_id, self.amount_yen, self.kind])

    @classmethod
    def unpacked(cls, text: str) -> "Secret":
        return cls(*json.loads(text))


def request(charge: Charge, kind: str) -> dict[str, Any]:
    """The members of Authorize/mpi that Authorize/card has not."""
    buyer, browser = charge.cardholder, charge.browser
    stored = isinstance(charge.source, StoredCardSource)
    return {
        "serviceOptionType": TYPES[kind],
        "redirectionUri": charge.return_url,
        "pushUrl": charge.notice_url,
        "httpAccept": browser.accept,
        "httpUserAgent": browser.user_agent,
        "browserDeviceCategory": "0",
        "deviceChannel": "02",
        "verifyResultLink": "1",
        "verifyTimeout": str(MINUTES),
        # A token brings the name along; of a kept card the provider may have none.
        "cardholderNameOmitFlag": "true" if stored else "",
        "cardholderEmail": buyer.email,
        "cardholderMobilePhoneCountry": "81" if buyer.phone else "",
        "cardholderMobilePhoneNumber": "".join(filter(str.isdigit, buyer.phone)),
        "customerIp": browser.address,
    }


def read_return(secret: Secret, fields: ReturnFields, merchant: Merchant) -> ReturnReading:
    """Whether a return is signed, about this order and amount, and says nothing that cannot be."""
    told = dict(fields)
    if not return_is_signed(told, merchant):
        return ReturnReading(False, "signature")
    names = Counter(signed_names(told["authParams"]))
    if any(count > 1 for count in names.values()) or not _SIGNED <= names.keys() <= _KNOWN:
        return ReturnReading(False, "signed names")
    if len(told) != len(fields) or told["OrderId"] != secret.order_id or told["reqAmount"] != str(secret.amount_yen):
        return ReturnReading(False, "another payment")
    if any(told[name] not in words for name, words in _WORDS.items()):
        return ReturnReading(False, "words")
    if told["mpiMstatus"] == "failure" and told["cardMstatus"] == "success":
        return ReturnReading(False, "contradiction")
    return ReturnReading(True)


def passed(kind: str) -> Authentication:
    """What is known of the authentication once the card was authorized after it. How the issuer answered is in no result of
    GetResult: ``company`` lets Attempt pass as well, ``merchant`` even failures – then the shop must be taken to bear the loss."""
    return _PASSED[kind]


def shown(status: str) -> Authentication:
    """What the search says of the authentication; what it does not say counts against the shop."""
    match status:
        case "Y":
            return Authentication(AuthenticationOutcome.AUTHENTICATED, Liability.ISSUER)
        case "A":
            return Authentication(AuthenticationOutcome.ATTEMPTED, Liability.ISSUER)
        case "":
            return Authentication(AuthenticationOutcome.PASSED, Liability.MERCHANT)
        case _:
            return Authentication(AuthenticationOutcome.UNCERTAIN, Liability.MERCHANT)


@dataclass(frozen=True, slots=True)
class Verified:
    """GetResult in two words: ``success``, ``failure``, ``pending``, or empty while there is none."""

    mpi: str
    card: str
    code: str

    @classmethod
    def of(cls, answer: Answer) -> "Verified":
        return cls(answer.text("mpiMstatus"), answer.text("cardMstatus"), answer.text("mpiVresultCode"))


def card_of(source: object, token: str = "") -> Mapping[str, Any]:
    """``payNowIdParam`` of a token or of a kept card."""
    if isinstance(source, StoredCardSource):
        return {"accountParam": {"accountId": source.customer_ref, "cardParam": {"cardId": source.card_ref}}}
    return {"token": token}
