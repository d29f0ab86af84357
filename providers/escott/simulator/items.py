"""The items of a request: their form, and which of them an operation needs (protocol §3.1, §5.2, §6.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from providers.escott.simulator.records import PAY_TYPES
from providers.escott.simulator.wire import MASTER, MEMBER

Check = Callable[[str], bool]


def _like(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def is_date(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{8}", value):
        return False
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 – a day, no moment
    except ValueError:
        return False
    return True


def _is_amount(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,8}", value) is not None and int(value) > 0


#: OURS: the provider names no length; any text is good that has no control characters and no broken UTF-8.
_FREE = _like(r"[^\x00-\x1f\x7f\ufffd]{1,100}")

_EXPIRY = _like(r"[0-9]{2}(0[1-9]|1[0-2])")
_KANA = _like(r"[ァ-ヶーｦ-ﾟ]{1,10}")
#: OURS: letters and digits are known, the lengths are not.
_NAME = _like(r"[0-9A-Za-z]{1,20}")
_PASS = _like(r"[0-9A-Za-z]{1,20}")
_PROCESS = _like(r"[0-9A-Za-z]{32}")

#: Item -> its code and its form
FORMS: dict[str, tuple[str, Check]] = {
    "MerchantFree1": ("K07", _FREE),
    "MerchantFree2": ("K08", _FREE),
    "MerchantFree3": ("K09", _FREE),
    "ProcessId": ("K10", _PROCESS),
    "ProcessPass": ("K11", _PROCESS),
    "CardNo": ("K20", _like(r"[0-9]{14,16}")),
    "CardExp": ("K21", _EXPIRY),
    "PayType": ("K22", lambda value: value in PAY_TYPES),
    "Amount": ("K23", _is_amount),
    "SecCd": ("K24", _like(r"[0-9]{3,4}")),
    "KanaSei": ("K25", _KANA),
    "KanaMei": ("K26", _KANA),
    "BirthDay": ("K27", lambda value: is_date(f"2000{value}")),
    "TelNo": ("K28", _like(r"[0-9]{4}")),
    "SalesDate": ("K39", is_date),
    "KaiinId": ("K45", _NAME),
    "KaiinPass": ("K46", _PASS),
    "NewKaiinPass": ("K47", _PASS),
    "EnableCheckUseKbn": ("K48", _like(r"[01]")),
    "KaiinIdAutoRiyoFlg": ("KIW", _like(r"0")),
}

FREE = ("MerchantFree1", "MerchantFree2", "MerchantFree3")
PAIR = ("ProcessId", "ProcessPass")
MEMBER_PAIR = ("KaiinId", "KaiinPass")
#: 認証アシスト and what reply field tells its result
ASSISTS = {
    "SecCd": "McSecCd",
    "KanaSei": "McKanaSei",
    "KanaMei": "McKanaMei",
    "BirthDay": "McBirthDay",
    "TelNo": "McTelNo",
}
CARD = ("CardNo", "CardExp", *ASSISTS)

#: Operation -> the items it cannot do without, besides a card (K01)
MANDATORY: dict[str, tuple[str, ...]] = {
    "1Check": (),
    "1Auth": ("PayType", "Amount"),
    "1Gathering": ("PayType", "Amount"),
    "1Capture": ("SalesDate", *PAIR),
    "1Change": ("Amount", *PAIR),
    "1Delete": PAIR,
    "1Search": PAIR,
    "1ReAuth": ("Amount", *PAIR),
    "4MemAdd": MEMBER_PAIR,
    "4MemChg": MEMBER_PAIR,
    "4MemInval": MEMBER_PAIR,
    "4MemUnInval": MEMBER_PAIR,
    "4MemDel": MEMBER_PAIR,
    "4MemRef": MEMBER_PAIR,
    "4MemRefM": MEMBER_PAIR,
    "1TokenSearch": ("Token",),
}

#: Operation -> items it uses besides, where they are sent. Whatever else is sent is passed over, whatever its form.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "1Check": (*CARD, *MEMBER_PAIR),
    "1Auth": (*CARD, *MEMBER_PAIR),
    "1Gathering": (*CARD, *MEMBER_PAIR),
    "1Capture": MEMBER_PAIR,
    "1Change": MEMBER_PAIR,
    "1Delete": MEMBER_PAIR,
    "1ReAuth": ("SalesDate", *MEMBER_PAIR),
    "4MemAdd": (*CARD, "EnableCheckUseKbn", "KaiinIdAutoRiyoFlg"),
    "4MemChg": (*CARD, "EnableCheckUseKbn", "NewKaiinPass"),
}

#: Operations that must name the shop (K04); a Process message may.
WITH_TENANT = (*MASTER, *MEMBER, "1TokenSearch")


def problems(operation: str, sent: dict[str, str]) -> list[str]:
    """The codes of all items that the operation uses and that are not as they must be, K01 first."""
    used = (*FREE, *MANDATORY[operation], *OPTIONAL.get(operation, ()))
    malformed = [FORMS[name][0] for name in used if name in sent and name in FORMS and not FORMS[name][1](sent[name])]
    return (["K01"] if _incomplete(operation, sent) else []) + malformed


def _incomplete(operation: str, sent: dict[str, str]) -> bool:
    """Something is missing, or the ways to name the card exclude each other."""
    if any(name not in sent for name in MANDATORY[operation]):
        return True
    token, number = "Token" in sent, "CardNo" in sent
    if operation in MASTER:
        member = any(name in sent for name in MEMBER_PAIR)
        half = member and any(name not in sent for name in MEMBER_PAIR)
        # OURS: two sources at once are refused; every client avoids it.
        return half or (number and "CardExp" not in sent) or token + number + member != 1
    if operation == "4MemAdd":
        return (number and "CardExp" not in sent) or token + number != 1
    if operation == "4MemChg":
        # The expiry alone may be changed, or the password; OURS: nothing at all may not.
        return token + number > 1 or not any(name in sent for name in ("Token", "CardExp", "NewKaiinPass"))
    return False
