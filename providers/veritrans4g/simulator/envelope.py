"""A request as it comes in and an answer as it goes out: paths, the two body encodings, ``authHash``, result codes.

The first letter of a code tells the module. OURS: codes whose second letter is Z. The protocol does not tell what the real
service answers there, so a shop must live with any code; those of ours cannot be taken for a known one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Response

from providers.veritrans4g.simulator.records import Merchant

TXN_VERSION = "2.0.0"

ADDRESS = re.compile(
    r"(?P<test>test-)?(?P<base>paynow/v2|paynow-search/v2|paynowid/v1)/(?P<command>[A-Z][A-Za-z]*)/(?P<service>[A-Za-z]+)"
)
SERVICES = {"paynow/v2": ("card", "mpi"), "paynow-search/v2": ("search",), "paynowid/v1": ("account", "cardinfo")}
#: First letter of codes of a service that succeeded
LETTERS = {"card": "A", "mpi": "G", "search": "N", "account": "X", "cardinfo": "X"}

#: The provider's operations and what the switches call them. A Cancel is a refund where the money was taken.
VERBS = {
    "Authorize/card": "authorize",
    "Capture/card": "capture",
    "Cancel/card": "void",
    "ReAuthorize/card": "reauthorize",
    "Retry/card": "query",
    "Authorize/mpi": "authenticate",
    "GetResult/mpi": "query",
    "ReAuthorize/mpi": "reauthorize",
    "Search/search": "query",
    "Add/account": "store",
    "Update/account": "store",
    "Restore/account": "store",
    "Delete/account": "remove",
    "Add/cardinfo": "store",
    "Update/cardinfo": "store",
    "Delete/cardinfo": "remove",
    "Get/cardinfo": "list",
    "token": "token",
}
REFUND = "refund"

# ---- codes ----
TOKEN_UNUSABLE = "OC09"
AUTHORISATION_EXPIRED = "ACD3"
ORDER_EXPIRED = "NH36"
OTHER_MODE = "NH41"
PENDING = "AE10"
UNREADABLE = "NZ01"
UNKNOWN_MERCHANT = "NZ02"
BAD_HASH = "NZ03"
WRONG_PATH_FOR_MODE = "NZ04"
WITHDRAWN = "NZ05"
NOT_OFFERED = "NZ06"
MISSING_FIELD = "NZ10"
BAD_FIELD = "NZ11"
NOT_IN_CONTRACT = "NZ12"
ORDER_USED = "NZ20"
NO_SUCH_ORDER = "NZ21"
WRONG_STATE = "NZ22"
AMOUNT_TOO_LARGE = "NZ23"
SYSTEM_ERROR = "NZ99"
MPI_NOT_CONTRACTED = "GZ01"
PAYNOWID_NOT_CONTRACTED = "XZ01"
NO_SUCH_MEMBER = "XZ02"
NO_SUCH_CARD = "XZ03"
MEMBER_EXISTS = "XZ04"
CARD_NOT_STORED = "XZ05"
NO_DEFAULT_CARD = "XZ06"
AUTHENTICATION_FAILED = "GE23"
AUTHENTICATION_TIMED_OUT = "G083"

SUCCESS_TEXT = "処理が成功しました。"
TEXTS = {
    TOKEN_UNUSABLE: "トークンがご利用になれません。",
    AUTHORISATION_EXPIRED: "与信の有効期限が切れています。",
    ORDER_EXPIRED: "取引の有効期限が切れています。",
    OTHER_MODE: "ダミー取引と本番取引が一致しません。",
    PENDING: "カード会社の結果が不明です。",
    UNREADABLE: "電文の形式が正しくありません。",
    UNKNOWN_MERCHANT: "マーチャントCCIDが正しくありません。",
    BAD_HASH: "マーチャント認証に失敗しました。",
    WRONG_PATH_FOR_MODE: "ダミー取引のフラグと接続先が一致しません。",
    WITHDRAWN: "ご契約が終了しています。",
    NOT_OFFERED: "ご利用になれないサービスです。",
    MISSING_FIELD: "必須項目が設定されていません。",
    BAD_FIELD: "項目の値が正しくありません。",
    NOT_IN_CONTRACT: "ご契約にない支払方法です。",
    ORDER_USED: "取引IDがすでに使われています。",
    NO_SUCH_ORDER: "取引が見つかりません。",
    WRONG_STATE: "取引の状態が正しくありません。",
    AMOUNT_TOO_LARGE: "金額が取引の金額を超えています。",
    SYSTEM_ERROR: "システムエラーが発生しました。",
    MPI_NOT_CONTRACTED: "本人認証のご契約がありません。",
    PAYNOWID_NOT_CONTRACTED: "PayNowIDのご契約がありません。",
    NO_SUCH_MEMBER: "未登録の会員です。",
    NO_SUCH_CARD: "未登録のカードです。",
    MEMBER_EXISTS: "登録済みの会員です。",
    CARD_NOT_STORED: "カードを登録できませんでした。",
    NO_DEFAULT_CARD: "標準カードの指定が正しくありません。",
    AUTHENTICATION_FAILED: "本人認証に失敗しました。",
    AUTHENTICATION_TIMED_OUT: "本人認証の有効時間を過ぎました。",
}
REFUSED_TEXT = "カード会社がお取扱いできないと回答しました。"


@dataclass(eq=False)
class Refusal(Exception):
    """``mstatus`` other than success. ``extra`` are fields of the result all the same."""

    code: str
    detail: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    mstatus: str = "failure"
    #: PayNowID's own part, which fails only where the trouble is its own
    paynowid: dict[str, Any] = field(default_factory=dict)


def full_code(*blocks: str) -> str:
    return "".join(blocks).ljust(16, "0")


def text_of(code: str) -> str:
    return TEXTS.get(code[:4], REFUSED_TEXT)


@dataclass(frozen=True)
class Sent:
    """A request that could be read; whether it is genuine is not yet looked at."""

    command: str
    service: str
    params: dict[str, Any]
    #: the exact text that was signed
    signed_text: str
    auth_hash: str

    def text(self, *path: str) -> str:
        """A scalar of ``params``, empty where there is none."""
        found: Any = self.params
        for name in path:
            found = found.get(name, "") if isinstance(found, dict) else ""
        return found if isinstance(found, str) else ""


def read_kind(path: str) -> str:
    """The operation's name in the books, also of one that is not offered."""
    found = ADDRESS.fullmatch(path)
    return f"{found['command']}/{found['service']}" if found else path


def read_body(body: bytes) -> tuple[dict[str, Any], str, str]:
    """``params``, its exact text, and ``authHash``. The text is cut out, not built again: order and escapes are the client's."""
    if body[:1] == b"%":
        body = unquote_to_bytes(body.replace(b"+", b" "))
    try:
        text = body.decode("utf-8")
        whole = json.loads(text)
        # Half a letter (a lone \ud800) can be escaped in JSON and be nowhere kept.
        json.dumps(whole, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Refusal(UNREADABLE) from None
    head, seam = '{"params":', ',"authHash":"'
    cut = text.rfind(seam)
    if not isinstance(whole, dict) or list(whole) != ["params", "authHash"] or not isinstance(whole["params"], dict):
        raise Refusal(UNREADABLE)
    if not text.startswith(head) or cut < 0:
        raise Refusal(UNREADABLE, "空白を入れずに送ってください。")
    return whole["params"], text[len(head) : cut], str(whole["authHash"])


def auth_hash(merchant: Merchant, signed_text: str) -> str:
    return hashlib.sha256((merchant.merchant_ccid + signed_text + merchant.merchant_key).encode()).hexdigest()


def check_envelope(path: str, sent: Sent, merchant: Merchant | None) -> Merchant:
    """Everything about a request that has nothing to do with its operation."""
    if merchant is None:
        raise Refusal(UNKNOWN_MERCHANT)
    if not hmac.compare_digest(auth_hash(merchant, sent.signed_text).encode(), sent.auth_hash.encode()):
        raise Refusal(BAD_HASH)
    if merchant.withdrawn:
        raise Refusal(WITHDRAWN)
    if not re.fullmatch(r"\d\.\d\.\d", sent.text("txnVersion")):
        raise Refusal(BAD_FIELD, "txnVersion")
    if sent.text("dummyRequest") not in ("0", "1"):
        raise Refusal(BAD_FIELD, "dummyRequest")
    if path.startswith("test-") != (sent.text("dummyRequest") == "1"):
        raise Refusal(WRONG_PATH_FOR_MODE)
    return merchant


def check_address(path: str) -> None:
    found = ADDRESS.fullmatch(path)
    if found is None or found["service"] not in SERVICES[found["base"]]:
        raise Refusal(NOT_OFFERED)


@dataclass(frozen=True)
class Answered:
    """What an operation answers besides the common fields."""

    fields: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    paynowid: dict[str, Any] = field(default_factory=dict)


def answer(
    service: str, order_id: str, number: int, outcome: Answered | Refusal, day: str
) -> Response:
    """The JSON of an answer. ``number`` becomes marchTxn, custTxn and processId."""
    if isinstance(outcome, Refusal):
        mstatus, code, extra = outcome.mstatus, outcome.code, outcome.extra
        message = text_of(code) + (f"[{outcome.detail}]" if outcome.detail else "")
    else:
        mstatus, extra = "success", outcome.fields
        code, message = outcome.code or f"{LETTERS[service]}001", SUCCESS_TEXT
    failed = code.startswith("X") and mstatus == "failure"
    part: dict[str, Any] = {"processId": f"{day}{number % 10**12:012}", "status": "failure" if failed else "success"}
    if service in ("account", "cardinfo") or failed or outcome.paynowid:
        part["message"] = message
    common = {
        "serviceType": service,
        "mstatus": mstatus,
        "vResultCode": full_code(code),
        "merrMsg": message,
        "marchTxn": str(number),
        "orderId": order_id,
        "custTxn": str(number),
        "txnVersion": TXN_VERSION,
    }
    whole = {"payNowIdResponse": part | outcome.paynowid, "result": common | extra}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type="application/json; charset=UTF-8")
