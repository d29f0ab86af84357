"""A recorded exchange once more, by our adapter: the inputs of the recorded request go in, its answer comes back.

Which messages ours never sends, and in which fields it chose otherwise than the recorded client, is said here, each with its reason.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from providers import transport
from providers.charge import CardSource, Charge, Reauthorization
from providers.escott import PROVIDER, cards
from providers.escott.adapter import Chain
from providers.kept_cards import StoredCardSource
from providers.ports import Gateway

HOST, SEED = "https://provider.example", "seed of this account"
#: What a payment goes by in the shop.
HANDLE = "1000000099999"

MASTER = ("1Auth", "1Gathering")
FOLLOW_UPS = ("1Capture", "1Change", "1Delete", "1ReAuth")
MEMBERS = ("4MemAdd", "4MemRefM", "4MemInval", "4MemDel")

#: Messages of the cards' addresses that ours does not send.
NEVER_SENT = {
    "1TokenSearch": "asks whether a token is good before it is charged; ours charges it and reads the refusal",
    "4MemChg": "puts another card into a member; ours makes a member of its own for each registration",
    "4MemUnInval": "makes an invalid or locked member valid; ours leaves that to the console",
    "4MemRef": "answers with the whole card number; ours asks 4MemRefM, which masks it",
}


class Difference(NamedTuple):
    field: str
    operations: tuple[str, ...]
    reason: str


#: Fields that other clients send with these messages, and ours does not.
THEIRS_ONLY = [
    Difference("MerchantFree3", (*MASTER, *FOLLOW_UPS, "1Search", *MEMBERS), "their customer's number, or their own mark: nothing reads it back"),
    Difference("MerchantFree2", (*FOLLOW_UPS, "1Search", *MEMBERS), "their own mark; ours is the buyer's name, and goes with the order alone"),
    Difference("MerchantFree1", MEMBERS, "the order at hand; a member of ours belongs to no order"),
    Difference("TenantId", FOLLOW_UPS, "optional there: Welcart sends it with everything, EC-CUBE and W2 as ours does with orders and members"),
    Difference("Amount", MEMBERS, "left over from the order at hand: members have none"),
    Difference("KaiinIdAutoRiyoFlg", ("4MemAdd",), "0 says that the shop makes the id, as it does for all others without saying so"),
    *(
        Difference(field, ("1Auth",), "of 3-D Secure, which this integration does not have (R-088)")
        for field in (
            "MessageVersionNo3D", "TransactionStatus3D", "CAVVAlgorithm3D", "ECI3D", "CAVV3D", "SecureResultCode", "DSTransactionId",
            "ThreeDSServerTransactionId",
        )
    ),
]  # fmt: skip
#: Fields that ours sends and the recorded client does not.
OURS_ONLY = [Difference("SalesDate", ("1ReAuth",), "EC-CUBE sends it for what began as a sale only; Welcart, as ours, always")]
#: A value that ours makes by a rule of its own, as every client does.
OWN_RULE = {"KaiinPass": "made from the account's seed"}
#: Steps that ours takes beside a recorded message: what the card looks like, and that a member is invalid.
BESIDE = {"4MemAdd": ("4MemRefM",), "4MemInval": ("4MemRefM",), "4MemDel": ("4MemInval",)}
_BESIDE_ANSWER = "TransactionId=1&OperateId=%s&ResponseCd=OK&CardNo=4111********1111&CardExp=2812&KaiinStatus=0"


class Exchange(NamedTuple):
    name: str
    address: str
    line: str
    status: int
    answer: str

    @property
    def fields(self) -> dict[str, str]:
        """Of the request, empty ones left out: they count as absent."""
        return dict(parse_qsl(self.line))

    @property
    def told(self) -> dict[str, str]:
        return dict(parse_qsl(self.answer))

    @property
    def operation(self) -> str:
        return self.fields["OperateId"]


class Replay(NamedTuple):
    #: Address and fields of every message, in order.
    sent: list[tuple[str, dict[str, str]]]
    result: Any


def replay(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Replay:
    sent: list[tuple[str, dict[str, str]]] = []

    def post(url: str, body: bytes, headers: dict[str, str], **_: Any) -> transport.Answer:
        fields = dict(parse_qsl(body.decode("ascii"), strict_parsing=True))
        sent.append((urlsplit(url).path, fields))
        if fields["OperateId"] != exchange.operation:
            return transport.Answer(200, {}, (_BESIDE_ANSWER % fields["OperateId"]).encode())
        return transport.Answer(exchange.status, {}, _echoing(exchange.answer, fields).encode())

    monkeypatch.setattr(transport, "post", post)
    return Replay(sent, _VERBS[exchange.operation](_gateway(exchange.fields), exchange.fields))


def wanted(exchange: Exchange) -> dict[str, str]:
    """The message as ours must be: the recorded one, but for the differences above."""
    fields, operation = exchange.fields, exchange.operation
    ours = {name: value for name, value in fields.items() if difference(THEIRS_ONLY, operation, name) is None}
    if difference(OURS_ONLY, operation, "SalesDate"):
        ours["SalesDate"] = fields["TransactionDate"]
    if "KaiinPass" in fields:
        ours["KaiinPass"] = cards.kaiin_pass(SEED, fields["KaiinId"])
    return ours


def difference(among: list[Difference], operation: str, field: str) -> Difference | None:
    return next((each for each in among if each.field == field and operation in each.operations), None)


def chain(fields: dict[str, str], pair: dict[str, str], began_as_sale: bool = False) -> Chain:
    """What holds a payment together whose request had ``fields`` and whose pair is that of ``pair``."""
    return Chain(pair["ProcessId"], pair["ProcessPass"], fields.get("KaiinId", ""), fields.get("MerchantFree1", ""), began_as_sale)


def _gateway(fields: dict[str, str]) -> Gateway:
    settings = {
        "merchant_id": fields["MerchantId"], "merchant_pass": fields["MerchantPass"], "tenant_id": fields.get("TenantId", ""),
        "token_code": "",
    }  # fmt: skip
    noon = datetime.strptime(fields["TransactionDate"], "%Y%m%d").replace(hour=12, tzinfo=ZoneInfo("Asia/Tokyo"))
    return PROVIDER.open(
        settings, HOST, before_send=lambda: None, record=lambda _: None, now=lambda: noon, seed=SEED,
        keys=chain(fields, fields).packed() if "ProcessId" in fields else "",
    )  # fmt: skip


def _echoing(answer: str, fields: dict[str, str]) -> str:
    """The recorded answer to ours: 自由領域1 comes back only where it went out."""
    kept = [part for part in answer.split("&") if "MerchantFree1" in fields or not part.startswith("MerchantFree1=")]
    return "&".join(kept)


def _charge(fields: dict[str, str]) -> Charge:
    member = fields.get("KaiinId")
    return Charge(
        fields["MerchantFree1"], int(fields["Amount"]), StoredCardSource(member, member) if member else CardSource(fields["Token"]),
        capture=fields["OperateId"] == "1Gathering", instalments=0 if fields["PayType"] == "80" else int(fields["PayType"]),
        buyer_name=fields.get("MerchantFree2", ""),
    )  # fmt: skip


_VERBS: dict[str, Callable[[Gateway, dict[str, str]], Any]] = {
    "1Auth": lambda gateway, fields: gateway.authorize(_charge(fields)),
    "1Gathering": lambda gateway, fields: gateway.authorize(_charge(fields)),
    "1Capture": lambda gateway, fields: gateway.capture(HANDLE, 4980),
    "1Change": lambda gateway, fields: gateway.change(HANDLE, int(fields["Amount"])),
    "1Delete": lambda gateway, fields: gateway.void(HANDLE),
    "1ReAuth": lambda gateway, fields: gateway.reauthorize(Reauthorization("9" * 20, int(fields["Amount"]), "", HANDLE)),
    "1Search": lambda gateway, fields: gateway.query(handle=HANDLE),
    "4MemAdd": lambda gateway, fields: gateway.store_card(fields["KaiinId"], CardSource(fields["Token"])),
    "4MemRefM": lambda gateway, fields: gateway.list_cards(fields["KaiinId"]),
    "4MemInval": lambda gateway, fields: gateway.remove_card(fields["KaiinId"], fields["KaiinId"]),
    "4MemDel": lambda gateway, fields: gateway.remove_card(fields["KaiinId"], fields["KaiinId"]),
}
