"""Cards of the practice world: brands, companies, and what the last four digits make the provider answer."""

from __future__ import annotations

from dataclasses import dataclass

from providers.sandbox.card_numbers import check_sum
from providers.sandbox.faults import Fault
from providers.sandbox.practice import TestCard


@dataclass(frozen=True)
class KnownCard(TestCard):
    """A number to type in. Only the last four digits count for what comes of it."""

    #: answer to an authorisation, empty = accepted
    code: str = ""
    #: the code lies in the card and not in the amount, so a validity check tells it as well
    at_check: bool = False
    #: largest amount that is authorised; above it G55
    limit: int = 0
    #: the authorisation is booked in spite of its code
    booked: bool = False
    #: what happens to the answer of 1Auth and 1Gathering, or of the message that the fault names
    fault: Fault | None = None
    #: answer to registering it
    storing: str = ""
    #: answer to charging it as a member's card
    stored: str = ""

    @property
    def last_four(self) -> str:
        return self.number[-4:]


#: The kind under which a test card's trouble hits both Master messages
CHARGE = "charge"


def _spoiled(mode: str, phase: str = "after", kind: str = CHARGE, seconds: float | None = None) -> Fault:
    return Fault(kind, mode, phase, seconds=seconds)


def _bad(number: str, code: str, effect: str) -> KnownCard:
    return KnownCard(number, f"{code} {effect}（有効性確認でも）", code, at_check=True)


TEST_CARDS = (
    KnownCard("4111111111111111", "承認されます"),
    KnownCard("5555555555554444", "承認されます"),
    KnownCard("3530111333300000", "承認されます"),
    KnownCard("378282246310005", "承認されます"),
    KnownCard("30569309025904", "承認されます"),
    KnownCard("4980000000058202", "G55 拒否（限度額超過）", "G55"),
    KnownCard("4980000000000055", "G55 拒否（限度額超過）", "G55"),
    KnownCard("4980000000067955", "1 万円まで承認され、超えると G55 拒否（限度額超過）", limit=10_000),
    KnownCard("4980000000000030", "G30 拒否（判定保留）", "G30"),
    _bad("4980000000038261", "G61", "拒否（無効カード）"),
    _bad("4980000000020061", "G61", "拒否（無効カード）"),
    _bad("4980000000020012", "G12", "拒否（カード使用不可）"),
    _bad("4980000000058244", "G44", "拒否（セキュリティコード誤り）"),
    _bad("4980000000040044", "G44", "拒否（セキュリティコード誤り）"),
    _bad("4980000000008256", "G56", "拒否（無効カード）"),
    _bad("4980000000090056", "G56", "拒否（無効カード）"),
    _bad("4980000000030060", "G60", "拒否（事故カード）"),
    _bad("4980000000098265", "G65", "拒否（カード番号誤り）"),
    _bad("4980000000080065", "G65", "拒否（カード番号誤り）"),
    _bad("4980000000078283", "G83", "拒否（有効期限誤り）"),
    _bad("4980000000060083", "G83", "拒否（有効期限誤り）"),
    _bad("4980000000037016", "C17", "拒否（お取扱いできないカード）"),
    _bad("4980000000067054", "KI5", "拒否（同じカード番号の試行が多すぎます）"),
    KnownCard("4980000000098000", "C80 カード会社センター閉局", "C80"),
    KnownCard("4980000000090080", "C80 カード会社センター閉局", "C80"),
    KnownCard("4980000000080099", "K99 その他の異常", "K99"),
    KnownCard("4980000000079000", "K96 タイムアウト（与信はされていません）", "K96"),
    KnownCard("4980000000067096", "K96 タイムアウト（実は与信されています）", "K96", booked=True),
    KnownCard("4980000000077012", "承認され、12 秒後に応答します", fault=_spoiled("slow", seconds=12.0)),
    KnownCard(
        "4980000000037040",
        "40 秒止まってから承認します",
        fault=_spoiled("stall", "before", seconds=40.0),
    ),
    KnownCard("4980000000007050", "承認され、応答は失われます（接続リセット）", fault=_spoiled("reset")),
    KnownCard("4980000000090098", "承認され、応答なしで切断されます", fault=_spoiled("close")),
    KnownCard("4980000000087060", "承認され、応答は意味のないバイト列です", fault=_spoiled("garbage")),
    KnownCard("4980000000027025", "承認され、会員登録（4MemAdd）は K99 で失敗します", storing="K99"),
    KnownCard(
        "4980000000017026",
        "承認・会員登録でき、会員での決済は G61 拒否（無効カード）",
        stored="G61",
    ),
    KnownCard(
        "4980000000007027",
        "承認され、会員登録（4MemAdd）もされますが、その応答は失われます（接続リセット）",
        fault=_spoiled("reset", kind="4MemAdd"),
    ),
)

#: The security code that does not match, with every card (K40)
WRONG_SECURITY_CODE = "999"

#: Results of the security code's check, McSecCd (protocol §3.2)
MATCH, MISMATCH = "0", "1"

_BY_LAST_FOUR = {card.last_four: card for card in TEST_CARDS}
_PLAIN = TEST_CARDS[0]
_NUMBERS = frozenset(card.number for card in TEST_CARDS)


def known_card(number: str) -> KnownCard:
    return _BY_LAST_FOUR.get(number[-4:], _PLAIN)


def wire_fault(kind: str, number: str) -> Fault | None:
    """What happens to the answer of a message about the card."""
    fault = known_card(number).fault
    names = (kind, CHARGE) if kind in ("1Auth", "1Gathering") else (kind,)
    return fault if fault and fault.kind in names else None


# ---- what the number itself tells ----------------------------------------------------------------


def kept_number(number: str) -> str:
    """The number as the books keep it.

    4MemRef answers it in clear. OURS: of a number that is no test card, typed in by mistake, the middle is not kept;
    a check digit that was right or wrong stays so.
    """
    if number in _NUMBERS:
        return number
    blank = "0" * (len(number) - 9)
    candidates = (f"{number[:4]}{blank}{digit}{number[-4:]}" for digit in "0123456789")
    return next(candidate for candidate in candidates if check_sum(candidate) == check_sum(number))


def masked(number: str) -> str:
    """The first and the last four digits stay readable (protocol §5.2)."""
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


#: CompanyCd by brand; OURS, the provider's list of companies is not known
COMPANIES = {"VISA": "Y2", "MASTER": "Y3", "JCB": "J1", "AMEX": "A1", "DINERS": "D1", "": ""}

#: 支払区分 that a brand knows, others are refused by the issuer; brands left out know all (protocol §3.5)
PAY_TYPES_OF_BRANDS = {
    "AMEX": frozenset(["01", "03", "05", "06", "10", "12", "15", "18", "20", "24", "80"]),
    "DINERS": frozenset(["01", "80", "88"]),
}
