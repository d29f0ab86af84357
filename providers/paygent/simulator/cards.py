"""Cards of the practice world: brands, acquirers, and what the last four digits make the provider answer.

The last four digits XYZZ decide, as in the provider's own test environment (protocol §7.3), for every number:

====  =============================================================================================
X     effect
====  =============================================================================================
2     authorised and captured, but 021 and 023 are refused (2002)
3     authorised and captured, but the first 021 or 023 times out (2008) and stays half done
7     OURS: the table ``TEST_CARDS`` (the provider's rule would accept these)
8     authorisation refused: Y=1 2002 "1Czz", Y=2 "1Gzz", Y=5 2002 "1Kzz", Y=6 "1Pzz", other 2002 "2999"
9     authorisation times out (2008)
else  accepted
====  =============================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.sandbox.card_numbers import brand_of
from providers.sandbox.faults import Fault


@dataclass(frozen=True)
class Answer:
    """What a telegram about a card is answered; no code = accepted."""

    code: str = ""
    detail: str = ""


ACCEPTED = Answer()
TIMED_OUT = Answer("2008")

#: Card network details that make a refusal an input error (2003) or a system error (2002), protocol §7.2.
INPUT_ERRORS = frozenset(["1G44", "1G45", "1G65", "1G74", "1G78", "1G83", "1P65", "1P74", "1P78", "1P83"])
SYSTEM_ERRORS = frozenset(["1P01", "1P30"])


@dataclass(frozen=True)
class TestCard:
    """A number to type in, and what comes of it. Only the last four digits count."""

    number: str
    brand: str
    effect: str
    #: answer of 020, for our own entries (X=7)
    answer: Answer = ACCEPTED
    #: result code of the browser script
    script_code: str = "0000"
    #: what happens to the answer of the telegram that the fault names
    fault: Fault | None = None
    #: answer of the first 022, which stays half done
    capture: Answer = ACCEPTED
    #: answer of 450
    threeds_answer: Answer = ACCEPTED
    #: how 3-D Secure ends without asking the buyer (outcomes.py), empty = the buyer is asked
    threeds_plan: str = ""
    #: answer of 025
    storing: Answer = ACCEPTED
    #: answer of every 020 and validity check of the stored card
    stored: Answer = ACCEPTED

    __test__ = False  # no test class, in spite of its name

    @property
    def last_four(self) -> str:
        return self.number[-4:]


def _answered(mode: str, seconds: float | None = None, phase: str = "after", kind: str = "020") -> Fault:
    return Fault(kind, mode, phase, seconds=seconds)


TEST_CARDS = (
    TestCard("4111111111111111", "VISA", "承認されます"),
    TestCard("5555555555554444", "MASTER", "承認されます"),
    TestCard("3530111333300000", "JCB", "承認されます"),
    TestCard("378282246310005", "AMEX", "承認されます"),
    TestCard("30569309025904", "DINERS", "承認されます"),
    TestCard("4000000000000002", "VISA", "海外発行カード。一括払いだけ承認されます"),
    TestCard(
        "4980000000077301", "VISA", "トークン作成が 1301（カード番号の書式）になります", script_code="1301"
    ),
    TestCard("4980000000047502", "VISA", "トークン作成が 1502（有効期限）になります", script_code="1502"),
    TestCard(
        "4980000000047700", "VISA", "トークン作成が 1700（カード名義の文字）になります", script_code="1700"
    ),
    TestCard("4980000000038261", "VISA", '2001 拒否（無効カード "1G61"）'),
    TestCard("4980000000058202", "VISA", '2001 拒否（残高・限度額 "1G02"）'),
    TestCard("4980000000008256", "VISA", '2001 拒否（カード取込 "1G56"）'),
    TestCard("4980000000098000", "VISA", '2002 カード会社のシステム異常（"2999"）'),
    TestCard("4980000000058244", "VISA", '2003 セキュリティコード誤り（"1G44"、再試行可）'),
    TestCard("4980000000098265", "VISA", '2003 カード番号誤り（"1G65"、再試行可）'),
    TestCard("4980000000078283", "VISA", '2003 有効期限誤り（"1G83"、再試行可）'),
    TestCard("4980000000079000", "VISA", "2008 タイムアウト"),
    TestCard("4980000000037016", "VISA", "2016 お取扱いできないカード", Answer("2016")),
    TestCard("4980000000007001", "VISA", "31001 お取扱いできないカード", Answer("31001")),
    TestCard(
        "4980000000097010",
        "VISA",
        "P010 不正な値",
        Answer("P010", '"card_token"パラメータの値は不正な値です。'),
    ),
    TestCard(
        "4980000000067054",
        "VISA",
        "2054 大量取引の遮断（カード登録も）",
        Answer("2054"),
        storing=Answer("2054"),
    ),
    TestCard("4980000000017901", "VISA", "E001 システムエラー（決済は作られません）", Answer("E001")),
    TestCard("4980000000077012", "VISA", "承認され、12 秒後に応答します", fault=_answered("slow", 12.0)),
    TestCard(
        "4980000000037040", "VISA", "40 秒止まってから承認します", fault=_answered("stall", 40.0, "before")
    ),
    TestCard(
        "4980000000007050", "VISA", "承認され、応答は失われます（接続リセット）", fault=_answered("reset")
    ),
    TestCard(
        "4980000000087060", "VISA", "承認され、応答は意味のないバイト列です", fault=_answered("garbage")
    ),
    TestCard(
        "4980000000057022",
        "VISA",
        "承認され、最初の売上（022）が 2008 で売上要求中（30）に残ります",
        capture=TIMED_OUT,
    ),
    TestCard("4980000000022000", "VISA", "承認・売上でき、取消（021・023）は 2002 で失敗します"),
    TestCard(
        "4980000000003000",
        "VISA",
        "承認・売上でき、最初の取消（021・023）は 2008 で取消中（31・42）に残ります",
    ),
    TestCard("4980000000057600", "VISA", "本人認証: 画面なしで成功します", threeds_plan="success"),
    TestCard("4980000000037610", "VISA", "本人認証: 画面なしで Attempt 正常（0）", threeds_plan="attempt_0"),
    TestCard("4980000000027611", "VISA", "本人認証: 画面なしで Attempt 注意（1）", threeds_plan="attempt_1"),
    TestCard(
        "4980000000087607", "VISA", "本人認証: 画面なしで 31007（認証失敗）になります", threeds_plan="refused"
    ),
    TestCard(
        "4980000000067690",
        "VISA",
        "本人認証: 決済会社のエラー画面で止まり、お店に戻りません（30 分後に時間切れの通知）",
        threeds_plan="error_page",
    ),
    TestCard(
        "4980000000047601",
        "VISA",
        "本人認証: 認証の申込み（450）が 31001 になります",
        threeds_answer=Answer("31001"),
    ),
    TestCard(
        "4980000000027603",
        "VISA",
        "本人認証: 認証の申込み（450）が 31003（トークン期限切れ）になります",
        threeds_answer=Answer("31003"),
    ),
    TestCard(
        "4980000000017612",
        "VISA",
        "本人認証: 認証の申込み（450）が 31012（未対応のブランド）になります",
        threeds_answer=Answer("31012"),
    ),
    TestCard(
        "4980000000027025",
        "VISA",
        "承認され、カード登録（025）は E001 で失敗します",
        storing=Answer("E001"),
    ),
    TestCard(
        "4980000000017026",
        "VISA",
        '承認・登録でき、登録したカードでの決済は 2001 拒否（無効カード "1G61"）',
        stored=Answer("2001", '"1G61"'),
    ),
    TestCard(
        "4980000000007027",
        "VISA",
        "承認され、カード登録（025）もされますが、その応答は失われます（接続リセット）",
        fault=_answered("reset", kind="025"),
    ),
)

#: Our own entries, those of X=7; all other rows of the table follow from the provider's rule.
_OURS = {card.last_four: card for card in TEST_CARDS if card.last_four.startswith("7")}
_PLAIN = TEST_CARDS[0]


def _own_entry(last_four: str) -> TestCard:
    return _OURS.get(last_four, _PLAIN)


def script_code(last_four: str) -> str:
    """Result code of the browser script for a number that is otherwise in order."""
    return _own_entry(last_four).script_code


def wire_fault(kind: str, last_four: str) -> Fault | None:
    """What happens to the answer of a telegram about the card."""
    fault = _own_entry(last_four).fault
    return fault if fault and fault.kind == kind else None


def storing_answer(last_four: str) -> Answer:
    """Answer to 025, apart from a validity check."""
    return _own_entry(last_four).storing


def stored_answer(last_four: str) -> Answer:
    """What charging the stored card is answered, over and above the card's own answer."""
    return _own_entry(last_four).stored


def threeds_answer(last_four: str) -> Answer:
    """Answer to 450."""
    return _own_entry(last_four).threeds_answer


def threeds_plan(last_four: str) -> str:
    """How 3-D Secure ends without asking the buyer, empty = the buyer is asked."""
    return _own_entry(last_four).threeds_plan


def authorisation_answer(last_four: str) -> Answer:
    stub, kind, detail = last_four[0], last_four[1], last_four[2:]
    if stub == "9":
        return TIMED_OUT
    if stub != "8":
        return _own_entry(last_four).answer
    family = {"1": "1C", "2": "1G", "5": "1K", "6": "1P"}.get(kind)
    return _network_refusal(f"{family}{detail}" if family else "2999")


def _network_refusal(detail: str) -> Answer:
    if detail in INPUT_ERRORS:
        code = "2003"
    elif detail[:2] in ("1G", "1P") and detail not in SYSTEM_ERRORS:
        code = "2001"
    else:
        code = "2002"
    return Answer(code, f'"{detail}"')


def capture_answer(last_four: str) -> Answer:
    return _own_entry(last_four).capture


def cancel_answer(last_four: str) -> Answer:
    """Answer to 021 and 023."""
    stub, kind, detail = last_four[0], last_four[1], last_four[2:]
    if stub == "3":
        return TIMED_OUT
    if stub == "2" and kind != "2":
        family = {"1": "1C", "5": "1K", "6": "1P"}.get(kind)
        return Answer("2002", f'"{family}{detail}"' if family else '"2999"')
    return ACCEPTED


# ---- what the number itself tells ----------------------------------------------------------------

#: Acquirers by number, wire id -> name (protocol §4.2).
ACQUIRERS = {
    "50001": "NICOS",
    "99661": "JCB",
    "99660": "Diners",
    "99819": "AMEX",
    "99665": "UC",
    "10035": "Saison",
    "99663": "三井住友",
}

#: First four digits with an acquirer of their own (protocol §7.3); otherwise the brand decides.
_ACQUIRER_BY_PREFIX = {
    "4980": "99663",
    "5304": "99663",
    "5250": "99665",
    "4542": "99665",
    "4541": "10035",
    "5252": "10035",
    "3528": "10035",
}
_ACQUIRER_BY_BRAND = {"VISA": "50001", "MASTER": "50001", "JCB": "99661", "AMEX": "99819", "DINERS": "99660"}

ISSUER_NAMES = {"VISA": "ﾋﾞｻﾞ", "MASTER": "ﾏｽﾀｰ", "JCB": "ｼﾞｪｰｼｰﾋﾞｰ", "AMEX": "ｱﾒｯｸｽ", "DINERS": "ﾀﾞｲﾅｰｽ"}

#: Numbers of cards issued abroad (protocol §7.3)
FOREIGN_PREFIX = "40000000"


def acquirer_of(number: str) -> str:
    return _ACQUIRER_BY_PREFIX.get(number[:4]) or _ACQUIRER_BY_BRAND.get(brand_of(number), "")


def is_foreign(number: str) -> bool:
    return number.startswith(FOREIGN_PREFIX)
