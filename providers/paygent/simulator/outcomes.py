"""How an authentication by EMV 3-D Secure ends, and what makes it end so (protocol §5.5, §5.6).

Four things decide, the first that applies: a field the 3-D Secure server chokes on, the cardholder's name, the
amount (both as in the provider's own test environment, for every brand), the card's last four digits (cards.py).
Whatever none of them claims gets the issuer's page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from providers.paygent.simulator import cards


@dataclass(frozen=True)
class Outcome:
    #: 0 or 1
    result: str
    #: empty, 0 (Attempt 正常), 1 (Attempt 注意)
    attempt_kbn: str = ""
    response_code: str = ""
    server_error_code: str = ""


#: Errors of the 3-D Secure server (protocol §5.1, traps)
FIELD_ERROR, ISO_CODE_ERROR = "203", "304"

SUCCESS = Outcome("0")
TIMED_OUT = Outcome("1", response_code="31013")

#: Ends by name. Which server error comes with an Attempt 注意 is our choice.
OUTCOMES = {
    "success": SUCCESS,
    "attempt_0": Outcome("0", "0"),
    "attempt_1": Outcome("0", "1", server_error_code=FIELD_ERROR),
    "refused": Outcome("1", response_code="31007"),
}

#: Plans that are no end: the issuer asks the buyer; the provider shows an error and sends nobody back
CHALLENGE, ERROR_PAGE = "challenge", "error_page"

#: Amount, cardholder's name, what they bring about
_TRIGGERS = (
    ("313510", "BAJYA", "success"),
    ("313520", "BAJAA", "attempt_0"),
    ("313550", "BAJUA", "attempt_1"),
    ("313560", "BAJRA", "refused"),
    ("313610", "BADYA", "success"),
    ("313620", "BADAA", "attempt_0"),
    ("313640", "BADNA", "refused"),
    ("313650", "BADUA", "attempt_1"),
    ("313660", "BADRA", "refused"),
    ("313710", "BAAYA", "success"),
    ("313740", "BAANA", "refused"),
    ("313750", "BAAAA", "attempt_0"),
    ("313751", "BAAUA", "attempt_1"),
    ("313760", "BAARA", "refused"),
    ("314010", "BAVYA", "success"),
    ("314020", "BAVAA", "attempt_0"),
    ("314040", "BAVNA", "refused"),
    ("314050", "BAVUA", "attempt_1"),
    ("314060", "BAVRA", "refused"),
    ("315010", "BAMYA", "success"),
    ("315020", "BAMAA", "attempt_0"),
    ("315040", "BAMNA", "refused"),
    ("315050", "BAMUA", "attempt_1"),
    ("315060", "BAMRA", "refused"),
    ("221001", "BBERRABAB", "attempt_1"),
    ("130000", "BCERRTIMEOUT", "attempt_1"),
    ("140000", "BDERRINVALIDINPUT", "attempt_1"),
)
_BY_AMOUNT = {int(amount): plan for amount, _, plan in _TRIGGERS} | dict.fromkeys(
    (0, 1, 200_000, 400_000), CHALLENGE
)
_BY_NAME = {name: plan for _, name, plan in _TRIGGERS} | dict.fromkeys(
    ("BAJCA", "BADCA", "BAACA", "BAVCA", "BAMCA"), CHALLENGE
)

#: Passwords of the issuer's page: the brand's three digits, one for the end, and a 2
_PASSWORD_BRANDS = {"JCB": "135", "DINERS": "136", "AMEX": "137", "VISA": "140", "MASTER": "150"}
_PASSWORD_ENDS = {"1": "success", "4": "refused", "5": "attempt_1"}
_PASSWORD_ERRORS = ("51001", "30000", "40000")


def plan_of(holder_name: str, amount: int, last_four: str) -> str:
    """What the issuer will do; the name goes before the amount."""
    by_name = _BY_NAME.get(holder_name.strip().upper())
    return by_name or _BY_AMOUNT.get(amount) or cards.threeds_plan(last_four) or CHALLENGE


def outcome_of_password(brand: str, password: str) -> Outcome:
    """The provider's test passwords; every other one, and none, is right."""
    if password in _PASSWORD_ERRORS:
        return OUTCOMES["attempt_1"]
    found = re.fullmatch(rf"{_PASSWORD_BRANDS.get(brand, 'x')}([145])2", password)
    return OUTCOMES[_PASSWORD_ENDS[found[1]] if found else "success"]


# ---- what the 3-D Secure server chokes on --------------------------------------------------------

_EMAIL = r"[^@\s.]+(\.[^@\s.]+)*@[^@\s.]+(\.[^@\s.]+)*"
#: home_phone_cc goes with home_phone_subscriber, and so on
_PHONES = ("home_phone", "mobile_phone", "work_phone")
_ADDRESSES = ("bill_address", "ship_address")
JAPAN = "392"


def server_error(sent: dict[str, str]) -> str:
    """The code of fields that do not fail 450 but turn its result into Attempt 注意, empty for good ones.

    Blanks only, a malformed e-mail address and unknown ISO codes are documented. OURS: half a telephone number
    and a prefecture without a country count as malformed, and a country is known when its number is in range.
    """
    blank = any(value and not value.strip() for value in sent.values())
    email = sent.get("email_address", "")
    halves = any(bool(sent.get(f"{phone}_cc")) != bool(sent.get(f"{phone}_subscriber")) for phone in _PHONES)
    if blank or halves or (email and not re.fullmatch(_EMAIL, email)):
        return FIELD_ERROR
    codes = [_address_error(sent, address) for address in _ADDRESSES]
    return next((code for code in codes if code), "")


def _address_error(sent: dict[str, str], address: str) -> str:
    country, state = sent.get(f"{address}_country", ""), sent.get(f"{address}_state", "")
    if state and not country:
        return FIELD_ERROR
    known = not country or (re.fullmatch(r"[0-9]{3}", country) and 4 <= int(country) <= 894)
    prefecture = not state or country != JAPAN or (re.fullmatch(r"[0-9]{2}", state) and 1 <= int(state) <= 47)
    return "" if known and prefecture else ISO_CODE_ERROR
