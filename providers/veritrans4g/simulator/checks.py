"""Fields of requests: form and length, as tables (protocol §7, §8.1, §9.3, §11.1). Unknown members pass."""

from __future__ import annotations

import re
from typing import Any

from providers.veritrans4g.simulator.envelope import BAD_FIELD, MISSING_FIELD, NOT_IN_CONTRACT, Refusal, Sent
from providers.veritrans4g.simulator.records import Merchant

ORDER_ID = r"[A-Za-z0-9_-]{1,100}"
AMOUNT = r"[0-9]{1,8}"
DAY = r"[0-9]{8}"
TRUTH = r"true|false"
HOLDER = r"(?=.*[^ ])[ -~]{2,45}"


def _upto(length: int) -> str:
    return rf"(?s).{{1,{length}}}"


#: Members that card and mpi share
PAYMENT = {
    "orderId": ORDER_ID, "originalOrderId": ORDER_ID, "amount": AMOUNT, "jpo": r"[0-9A-Z]{2,138}", "withCapture": TRUTH,
    "salesDay": DAY, "cancelDay": DAY, "securityCode": r"[0-9]{3,4}", "cardholderName": HOLDER, "itemCode": r"[0-9]{7}",
    "cardOptionType": r"mpi|house|elio", "cardCenter": r"jcn|sln|cafis", "acquirerCode": r"[0-9]{2}", "currencyUnit": r"[a-z]{3}",
    "firstPayment": r"[0-9]{4}", "bonusFirstPayment": r"[0-9]{4}", "exSlipInfo": _upto(25),
    "dddMessageVersion": _upto(10), "dddTransactionId": _upto(28), "dddTransactionStatus": r"[A-Z]", "dddCavvAlgorithm": r"[0-9]",
    "dddCavv": _upto(28), "dddEci": r"[0-9]{2}", "dddDsTransactionId": _upto(36), "dddServerTransactionId": _upto(36),
}  # fmt: skip

#: Members that only mpi has
MPI = {
    "serviceOptionType": r"mpi-(none|complete|company|merchant)", "redirectionUri": r"https?://[!-~]{1,1016}",
    "pushUrl": r"https?://[!-~]{1,248}", "browserDeviceCategory": r"[01]", "deviceChannel": r"02", "verifyResultLink": r"[012]",
    "verifyTimeout": r"[1-9][0-9]{0,2}", "cardholderNameOmitFlag": TRUTH, "cardholderEmail": r"[^@\s]{1,190}@[^@\s]{1,63}",
    "cardholderHomePhoneCountry": r"[0-9]{1,3}", "cardholderHomePhoneNumber": r"[0-9]{1,15}",
    "cardholderMobilePhoneCountry": r"[0-9]{1,3}", "cardholderMobilePhoneNumber": r"[0-9]{1,15}",
    "cardholderWorkPhoneCountry": r"[0-9]{1,3}", "cardholderWorkPhoneNumber": r"[0-9]{1,15}",
    "customerIp": r"[0-9A-Fa-f.:]{2,45}", "accountType": r"0[1-3]", "authenticationIndicator": r"0[1-7]", "messageCategory": r"0[12]",
    "withChallenge": TRUTH, "requestorChallengeIndicator": r"[0-9]{2}", "addressMatchIndicator": r"[YN]", "mpiAcquirerCode": r"[0-9]{2}",
    **{f"{kind}Address{part}": pattern for kind in ("billing", "shipping") for part, pattern in {
        "City": _upto(50), "Country": r"[0-9]{3}", "Line1": _upto(50), "Line2": _upto(50), "Line3": _upto(50),
        "PostalCode": _upto(16), "State": r"[0-9A-Z]{1,3}"}.items()},
    **dict.fromkeys(("accountDate", "accountChangeDate", "accountPasswordChangeDate", "paymentAccountAge", "shipAddressUsageDate"), DAY),
    **dict.fromkeys(("accountAgeIndicator", "accountChangeIndicator", "accountPasswordChangeIndicator", "paymentAccountAgeIndicator",
                     "shipAddressUsageIndicator", "shipNameIndicator", "shipIndicator", "suspiciousAccountActivity",
                     "preOrderPurchaseIndicator", "reorderItemsIndicator", "authMethod"), r"[0-9]{2}"),
    "accountPurchaseCount": r"[0-9]{1,4}",
    **dict.fromkeys(("accountProvisioningAttempts", "accountDayTransactions", "accountYearTransactions"), r"[0-9]{1,3}"),
    "deliveryEmailAddress": _upto(254), "authTimestamp": r"[0-9]{12}", "authData": _upto(2048), "tempRegistration": r"[01]",
}  # fmt: skip

FLAG = r"[01]"
#: Members of payNowIdParam, by their place
PAYNOWID = {
    ("token",): _upto(36), ("tanking",): FLAG, ("memo1",): _upto(256), ("memo2",): _upto(256), ("memo3",): _upto(256),
    ("freeKey",): _upto(256), ("accountParam", "accountId"): r"[A-Za-z0-9._@-]{1,100}",
    ("accountParam", "accountBasicParam", "createDate"): DAY, ("accountParam", "accountBasicParam", "deleteDate"): DAY,
    ("accountParam", "accountBasicParam", "forceDeleteDate"): FLAG, ("accountParam", "accountBasicParam", "deleteCardInfo"): FLAG,
    ("accountParam", "cardParam", "cardId"): r"[A-Za-z0-9]{1,24}", ("accountParam", "cardParam", "defaultCardId"): r"[A-Za-z0-9]{1,24}",
    ("accountParam", "cardParam", "token"): _upto(36), ("accountParam", "cardParam", "defaultCard"): FLAG,
    ("accountParam", "cardParam", "cardExpire"): r"(0[1-9]|1[0-2])/[0-9]{2}", ("accountParam", "cardParam", "withAuthorize"): FLAG,
    ("accountParam", "cardParam", "updater"): FLAG, ("accountParam", "cardParam", "cardNumberMaskType"): r"[0-9]",
    ("accountParam", "cardParam", "cardholderName"): HOLDER,
}  # fmt: skip

#: What must be there; several names in one entry: each of them
REQUIRED = {
    "Authorize/card": ("orderId", "amount"),
    "ReAuthorize/card": ("orderId", "originalOrderId", "amount"),
    "Capture/card": ("orderId",),
    "Cancel/card": ("orderId",),
    "Retry/card": ("orderId",),
    "Authorize/mpi": ("serviceOptionType", "orderId", "amount"),
    "ReAuthorize/mpi": ("serviceOptionType", "orderId", "originalOrderId", "amount"),
    "GetResult/mpi": ("orderId",),
}

_BONUS = r"(2[1-5]|3[1-4]|6[239])[0-9A-Z]*"


def check_fields(kind: str, sent: Sent) -> None:
    for name in REQUIRED.get(kind, ()):
        if not sent.text(name):
            raise Refusal(MISSING_FIELD, name)
    # Search nests its own objects and arrays; it looks only for what it knows.
    if sent.service == "search":
        return
    _check_texts(sent.params)
    patterns = PAYMENT | (MPI if sent.service == "mpi" else {})
    for name, pattern in patterns.items():
        _check(name, sent.text(name), pattern)
    for place, pattern in PAYNOWID.items():
        _check(".".join(place), sent.text("payNowIdParam", *place), pattern)
    if sent.text("amount") and not int(sent.text("amount")):
        raise Refusal(BAD_FIELD, "amount")
    if sent.text("salesDay") and kind != "Capture/card" and sent.text("withCapture") != "true":
        raise Refusal(BAD_FIELD, "salesDay")


def _check(name: str, value: str, pattern: str) -> None:
    if value and not re.fullmatch(pattern, value):
        raise Refusal(BAD_FIELD, name)


def _check_texts(node: dict[str, Any], place: str = "") -> None:
    """OURS: what is not a text is refused. Every client seen sends amounts and truths as texts too."""
    for name, value in node.items():
        if isinstance(value, dict):
            _check_texts(value, f"{place}{name}.")
        elif not isinstance(value, (str, list)):
            raise Refusal(BAD_FIELD, place + name)


def check_payment_form(merchant: Merchant, jpo: str) -> None:
    """Is the 支払方法 in the contract? Which numbers are is the acquirer's and the brand's; here it is the merchant's row."""
    counted = re.fullmatch(r"61C([0-9]{2})", jpo)
    if counted:
        allowed = str(int(counted[1])) in merchant.instalments.split(",")
    elif re.fullmatch(_BONUS, jpo):
        allowed = merchant.bonus
    elif jpo in ("10", "80"):
        allowed = jpo == "10" or merchant.revolving
    else:
        raise Refusal(BAD_FIELD, "jpo")
    if not allowed:
        raise Refusal(NOT_IN_CONTRACT, "jpo")
