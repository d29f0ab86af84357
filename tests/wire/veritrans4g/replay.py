"""Captured requests made again by our own gateway: what the caller of the vendor's client had set, in the words of the contract."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from providers import transport
from providers.charge import Browser, Cardholder, CardSource, Charge, Reauthorization
from providers.kept_cards import StoredCardSource
from providers.veritrans4g import mpi
from providers.veritrans4g.adapter import Veritrans4GGateway

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOWHERE = "http://nowhere.invalid"

Vector = Mapping[str, Any]
Play = Callable[[Veritrans4GGateway, Mapping[str, str]], object]

#: Keeping and removing a card take two requests of ours: the captured ones that come before and after.
BEFORE = {"op_card_info_add_token": ["op_account_add"], "op_card_info_delete": ["op_card_info_add_token"]}
AFTER = {"op_account_add": ["op_card_info_add_token"]}

#: Member → what we send of it (``None``: nothing) where the captured caller chose otherwise, and why.
CHOICES: dict[str, tuple[Any, str]] = {
    "jpo": ("10", "the shop always says how it is paid; left out, 10 is meant"),
    "withCapture": ("false", "the shop always says whether it takes the money; left out, false is meant"),
    "payNowIdParam.memo1": (None, "the shop keeps its notes itself"),
    "payNowIdParam.freeKey": (None, "the shop searches by the order's id alone"),
    "payNowIdParam.accountParam.accountBasicParam.createDate": (None, "the provider knows the day"),
    "payNowIdParam.accountParam.cardParam.defaultCardId": (None, "which card follows is the provider's choice: the shop names the card it charges"),
    "serviceTypeCd": (["card", "mpi"], "an authenticated order may be listed under either service"),
    "newerFlag": ("false", "all transactions of an order are added up, not its latest alone"),
    "browserDeviceCategory": ("0", "a phone's browser shows the same page"),
    "cardholderName": (None, "the token brings the name along"),
    "cardholderNameOmitFlag": ("true", "of a kept card the provider may have no name"),
    "deviceChannel": ("02", "left out, the old 3-D Secure could be meant"),
    "verifyResultLink": ("1", "left out, a registered value would decide what a return tells"),
    "verifyTimeout": ("15", "goods are held for 20 minutes; the buyer's time ends before"),
}
_ISSUER = ["browserDeviceCategory", "verifyResultLink", "verifyTimeout"]
#: Captured request → where ours differs from it.
DIFFERENT = {
    "op_account_add": ["payNowIdParam.accountParam.accountBasicParam.createDate"],
    "op_card_authorize_account_cardid": ["jpo", "payNowIdParam.memo1", "payNowIdParam.freeKey"],
    "op_card_http_500": ["jpo", "withCapture"],
    "op_card_info_delete": ["payNowIdParam.accountParam.cardParam.defaultCardId"],
    "op_mpi_authorize_account": [*_ISSUER, "jpo", "withCapture", "cardholderNameOmitFlag"],
    "op_mpi_authorize_company": _ISSUER,
    "op_mpi_authorize_complete": ["verifyTimeout", "cardholderName"],
    "op_mpi_authorize_merchant_minimal": [*_ISSUER, "jpo", "withCapture", "deviceChannel"],
    "op_search_order_card": ["serviceTypeCd", "newerFlag"],
}


@dataclass
class Wire:
    """Stands where the network is: writes down what is sent – path and ``params`` – and answers with what was captured."""

    key: str
    replies: list[Mapping[str, str]]
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def post(self, url: str, content: bytes, headers: Mapping[str, str], **_: object) -> transport.Answer:
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.sent.append((url.removeprefix(NOWHERE), self._params(content)))
        reply = self.replies[len(self.sent) - 1]
        return transport.Answer(int(reply["status"].split()[0]), {}, reply["body"].encode())

    def _params(self, content: bytes) -> dict[str, Any]:
        """Read as the provider reads them: the hash is over the text as it came."""
        text, _, digest = unquote_plus(content.decode("ascii")).removeprefix('{"params":').removesuffix('"}').partition(',"authHash":"')
        told: dict[str, Any] = json.loads(text)
        assert digest == hashlib.sha256((told["merchantCcid"] + text + self.key).encode()).hexdigest()
        return told


def gateway(vector: Vector) -> Veritrans4GGateway:
    """Opened with the keys of a capture."""
    given = vector["inputs"]
    settings = {"merchant_ccid": given["merchant_ccid"], "merchant_key": given["merchant_secret_key"], "dummy": given["dummy_request"]}
    return Veritrans4GGateway(settings, NOWHERE, before_send=lambda: None, record=lambda _: None)


def wire(vector: Vector, answers: Iterable[Vector]) -> Wire:
    return Wire(vector["inputs"]["merchant_secret_key"], [each["server_reply"] for each in answers])


def flat(members: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Members by their whole way: ``payNowIdParam.token``."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        found |= flat(value, f"{within}{name}.") if isinstance(value, dict) else {within + name: value}
    return found


def differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What we send, by member, wherever it is not what was captured; ``None`` for what we leave out."""
    mine, other = flat(ours), flat(theirs)
    return {name: mine.get(name) for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)}


def charge(given: Mapping[str, str]) -> Charge:
    stored = "accountId" in given
    return Charge(
        given["orderId"], int(given["amount"]),
        StoredCardSource(given["accountId"], given["cardId"]) if stored else CardSource(given["token"]),
        capture=given.get("withCapture") == "true", instalments=_count(given.get("jpo", "10")),
        options={"authentication": given.get("serviceOptionType", "").removeprefix("mpi-")},
        return_url=given.get("redirectionUri", ""), notice_url=given.get("pushUrl", ""), started_at=NOW,
        cardholder=Cardholder(email=given.get("cardholderEmail", "")),
        browser=Browser(given.get("httpUserAgent", ""), given.get("httpAccept", ""), given.get("customerIp", "")),
    )  # fmt: skip


def _count(jpo: str) -> int:
    return 1 if jpo == "10" else int(jpo.removeprefix("61C"))


def _reauthorize(gateway: Veritrans4GGateway, given: Mapping[str, str]) -> object:
    earlier = given["originalOrderId"]
    return gateway.reauthorize(
        Reauthorization(given["orderId"], int(given["amount"]), earlier, earlier, instalments=_count(given["jpo"]))
    )


def _resume(gateway: Veritrans4GGateway, given: Mapping[str, str]) -> object:
    """Of a payment of 1,980 yen, which the captured answer speaks of."""
    order_id = given["orderId"]
    return gateway.resume(Charge(order_id, 1980, CardSource(""), capture=False), mpi.Secret(order_id, 1980, "company").packed(), [])


#: By the class of the vendor's client that made the request.
PLAYS: Mapping[str, Play] = {
    "CardAuthorizeRequestDto": lambda gateway, given: gateway.authorize(charge(given)),
    "CardCaptureRequestDto": lambda gateway, given: gateway.capture(given["orderId"], int(given["amount"])),
    "CardCancelRequestDto": lambda gateway, given: gateway.void(given["orderId"]),
    "CardReAuthorizeRequestDto": _reauthorize,
    "MpiAuthorizeRequestDto": lambda gateway, given: gateway.authorize(charge(given)),
    "MpiGetResultRequestDto": _resume,
    "SearchRequestDto": lambda gateway, given: gateway.query(merchant_ref=_order_asked_for(given)),
    "AccountAddRequestDto": lambda gateway, given: gateway.store_card(given["accountId"], CardSource("any")),
    "CardInfoAddRequestDto": lambda gateway, given: gateway.store_card(given["accountId"], CardSource(given["token"])),
    "CardInfoGetRequestDto": lambda gateway, given: gateway.list_cards(given["accountId"]),
    "CardInfoDeleteRequestDto": lambda gateway, given: gateway.remove_card(given["accountId"], given["cardId"]),
}


def _order_asked_for(given: Mapping[str, Any]) -> str:
    asked: str = given["searchParameters"]["set"]["common"]["set"]["orderId"]
    return asked
