"""Cards of the practice world, and what comes of them.

Two rules decide. The last four digits of a number that begins with 4980 (``PLANS``) are ours; they mean the same in the
other simulators of this world. The expiry dates of the years 98 and 99 (``EXPIRY_REFUSALS``) are the provider's own list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.sandbox.card_numbers import brand_of
from providers.sandbox.faults import Fault
from providers.sandbox.practice import TestCard
from providers.veritrans4g.simulator.records import Card

OURS_PREFIX = "4980"


@dataclass(frozen=True)
class Plan:
    """What a number makes happen; a plain card does nothing of this."""

    #: refusal of the card company, first block of vResultCode
    refusal: str = ""
    #: the card company gives no answer; Retry ends in this code (empty = authorised)
    pending: bool = False
    retry_refusal: str = ""
    #: refusal of every Cancel
    cancel_refusal: str = ""
    #: how 3-D Secure ends without asking the buyer: an EMV status, or ``error`` for a page that leads nowhere
    frictionless: str = ""
    #: Authorize/mpi itself fails
    mpi_refusal: str = ""
    #: the card cannot be stored
    storing_refusal: str = ""
    #: refusal of every payment with the stored card
    stored_refusal: str = ""
    #: what happens to the answer of the request that the fault names
    fault: Fault | None = None


def _answered(mode: str, seconds: float | None = None, phase: str = "after", kind: str = "Authorize/card") -> Fault:
    return Fault(kind, mode, phase, seconds=seconds)


#: OURS: the provider names no numbers that are refused. Meanings of single AG codes are open except AG41.
PLANS = {
    "8261": Plan(refusal="AG61"),
    "8202": Plan(refusal="AG33"),
    "8256": Plan(refusal="AG39"),
    "8000": Plan(refusal="AG72"),
    "8244": Plan(refusal="AG41"),
    "9000": Plan(pending=True),
    "9001": Plan(pending=True, retry_refusal="AG33"),
    "7012": Plan(fault=_answered("slow", 12.0)),
    "7040": Plan(fault=_answered("stall", 40.0, "before")),
    "7050": Plan(fault=_answered("reset")),
    "7060": Plan(fault=_answered("garbage")),
    "2000": Plan(cancel_refusal="AG72"),
    "7600": Plan(frictionless="Y"),
    "7610": Plan(frictionless="A"),
    "7607": Plan(frictionless="N"),
    "7612": Plan(frictionless="U"),
    "7690": Plan(frictionless="error"),
    "7601": Plan(mpi_refusal="GE23"),
    "7025": Plan(storing_refusal="AG33"),
    "7026": Plan(stored_refusal="AG61"),
    "7027": Plan(fault=_answered("reset", kind="Add/cardinfo")),
}
_PLAIN = Plan()

#: Expiry MM/YY -> refusal (the provider's own list for test transactions)
EXPIRY_REFUSALS = {
    **dict(zip((f"{month:02}/99" for month in range(1, 13)),
               "AG33 AG41 AG64 AG39 AG45 AG70 AG46 AG72 AG61 AG49 AG48 AG44".split(), strict=True)),
    "01/98": "AG47", "02/98": "AG71", "03/98": "AG51",
}  # fmt: skip

TEST_CARDS: tuple[TestCard, ...] = (
    TestCard("4111111111111111", "VISA 承認されます（本人認証は画面あり）。有効期限 01/99〜12/99・01/98〜03/98 は AG.. の拒否（02/99 はセキュリティコード誤り）"),
    TestCard("5555555555554444", "Mastercard 承認されます"),
    TestCard("3528000000000007", "JCB 承認されます"),
    TestCard("3530111333300000", "JCB 承認されます"),
    TestCard("378282246310005", "American Express 承認されます"),
    TestCard("36666666666660", "Diners 承認されます"),
    TestCard("4980000000058202", "AG33 拒否（残高・限度額）"),
    TestCard("4980000000038261", "AG61 拒否（無効カード）"),
    TestCard("4980000000008256", "AG39 拒否（カード取込）"),
    TestCard("4980000000098000", "AG72 拒否（カード会社のシステム異常）"),
    TestCard("4980000000058244", "AG41 拒否（セキュリティコード誤り）"),
    TestCard("4980000000079000", "AE10 結果不明（pending）。Retry で承認になります"),
    TestCard("4980000000069001", "AE10 結果不明（pending）。Retry で AG33 の拒否になります"),
    TestCard("4980000000077012", "承認され、12 秒後に応答します"),
    TestCard("4980000000037040", "40 秒止まってから承認します"),
    TestCard("4980000000007050", "承認され、応答は失われます（接続リセット）"),
    TestCard("4980000000087060", "承認され、応答は意味のないバイト列です"),
    TestCard("4980000000022000", "承認・売上でき、取消は AG72 で失敗します"),
    TestCard("4980000000057600", "本人認証: 画面なしで成功します（Y）"),
    TestCard("4980000000037610", "本人認証: 画面なしで Attempt（A）。完全認証では支払われません"),
    TestCard("4980000000087607", "本人認証: 画面なしで失敗します（N）"),
    TestCard("4980000000017612", "本人認証: 未対応のカード（U）。加盟店リスク負担でだけ支払われます"),
    TestCard("4980000000067690", "本人認証: 決済会社のエラー画面で止まり、お店に戻りません（verifyTimeout で失敗）"),
    TestCard("4980000000047601", "本人認証: 申込み（Authorize/mpi）が GE23 で失敗します"),
    TestCard("4980000000027025", "承認され、カード登録は失敗します"),
    TestCard("4980000000017026", "承認・登録でき、登録したカードでの決済は AG61 の拒否になります"),
    TestCard("4980000000007027", "承認され、カード登録（Add/cardinfo）もされますが、その応答は失われます（接続リセット）"),
)  # fmt: skip

#: Brand -> resBrandId, acquirer code, kindCode. The kind code's values are OURS.
BRANDS = {
    "VISA": ("4", "05", "001"),
    "MASTER": ("5", "05", "002"),
    "JCB": ("35", "02", "003"),
    "DINERS": ("36", "02", "004"),
    "AMEX": ("37", "07", "005"),
}


def kept(number: str, expire: str, holder: str) -> dict[str, Any]:
    """What the books keep of a card."""
    return {
        "masked": f"{number[:6]}{'*' * (len(number) - 8)}{number[-2:]}",
        "masked_long": f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}",
        "last_four": number[-4:],
        "brand": brand_of(number),
        "expire": expire,
        "holder": holder,
        "plan": number[-4:] if number.startswith(OURS_PREFIX) else "",
    }


def plan_of(card: Card) -> Plan:
    return PLANS.get(card.plan, _PLAIN)


def refusal_of(card: Card, today: str, *, stored: bool) -> str:
    """The code with which the card company refuses, empty = it does not. ``today`` is YYMM."""
    plan = plan_of(card)
    if card.expire in EXPIRY_REFUSALS:
        return EXPIRY_REFUSALS[card.expire]
    # OURS: a card past its date. AG39 is one of the refusals whose meaning is not told.
    if card.expire[3:] + card.expire[:2] < today:
        return "AG39"
    return plan.refusal or (plan.stored_refusal if stored else "")
