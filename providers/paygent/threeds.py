"""EMV 3-D Secure at Paygent: what telegram 450 says of the buyer, what the return means, who bears the loss.

450 reserves nothing. Money moves in the shop's own 020 only, so a lost 450, a lost browser or a forged return costs
nobody anything.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from providers.charge import Cardholder, CardSource, Charge, ReturnFields
from providers.codecs import same_digest
from providers.contract import (
    Authentication,
    AuthenticationOutcome,
    Category,
    Declined,
    Liability,
    ReturnReading,
)
from providers.kept_cards import StoredCardSource
from providers.paygent import cards, client

#: Paygent waits this long for the buyer (protocol §5.4).
LIFE = timedelta(minutes=30)
#: The brand has no 3-D Secure: the one error of 450 after which a shop may go on, at its own risk.
UNSUPPORTED = "31012"
#: JIS order, which is that of ISO 3166-2:JP.
_PREFECTURES = (
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 "
    "山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 "
    "香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県"
).split()
_CITY = re.compile(r".{1,20}?[市区町村](?:.{1,6}?区)?")
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_TAKEN = Authentication(AuthenticationOutcome.AUTHENTICATED, Liability.ISSUER)
_ATTEMPTED = Authentication(AuthenticationOutcome.ATTEMPTED, Liability.ISSUER)
_UNCERTAIN = Authentication(AuthenticationOutcome.UNCERTAIN, Liability.MERCHANT)
WITHOUT = Authentication(AuthenticationOutcome.UNSUPPORTED, Liability.MERCHANT)
#: By attempt_kbn.
_OUTCOMES = {"": _TAKEN, "0": _ATTEMPTED, "1": _UNCERTAIN}
#: Attemptオーソリ制御区分 (shop guide §3-3 ⑪): which outcomes may be authorized.
_ALLOWED: Mapping[str, tuple[Authentication, ...]] = {
    "low": (_TAKEN, _ATTEMPTED, _UNCERTAIN, WITHOUT),
    "middle": (_TAKEN, _ATTEMPTED),
    "high": (_TAKEN,),
}


@dataclass(frozen=True, slots=True)
class Secret:
    """What must survive the buyer's way to the issuer and back."""

    auth_id: str
    token: str
    control: str
    #: Of a kept card instead of a token.
    customer_ref: str = ""
    card_ref: str = ""

    @classmethod
    def of(cls, auth_id: str, source: CardSource | StoredCardSource, control: str) -> "Secret":
        if isinstance(source, StoredCardSource):
            return cls(auth_id, "", control, source.customer_ref, source.card_ref)
        return cls(auth_id, source.token, control)

    @property
    def source(self) -> CardSource | StoredCardSource:
        """The card that was authenticated, for the 020 that follows."""
        return StoredCardSource(self.customer_ref, self.card_ref) if self.card_ref else CardSource(self.token)

    def packed(self) -> str:
        return json.dumps([self.auth_id, self.token, self.control, self.customer_ref, self.card_ref])

    @classmethod
    def unpacked(cls, packed: str) -> "Secret":
        return cls(*json.loads(packed))

    def __repr__(self) -> str:
        return f"Secret(auth_id={self.auth_id!r}, token=[hidden])"


def request(charge: Charge, merchant_name: str) -> list[tuple[str, str]]:
    """The fields of 450 after the header. Blank ones are left out: they would spoil the result, not the telegram."""
    fields = [
        ("term_url", charge.return_url),
        ("merchant_name", merchant_name),
        ("authentication_type", "01"),
        *cards.authenticated(charge.source),
        ("payment_amount", str(charge.amount_yen)),
        ("login_type", "01"),
        *_address(charge.cardholder),
        *_reachable(charge.cardholder),
    ]
    return [(key, value.strip()) for key, value in fields if value.strip()]


def _address(buyer: Cardholder) -> list[tuple[str, str]]:
    if buyer.prefecture not in _PREFECTURES:
        return []
    city = _CITY.match(buyer.address1)
    return [
        ("bill_address_city", (city[0] if city else buyer.address1)[:50]),
        ("bill_address_country", "392"),
        ("bill_address_line1", buyer.address1[:50]),
        ("bill_address_line2", buyer.address2[:50]),
        ("bill_address_post_code", buyer.postal_code),
        ("bill_address_state", f"{_PREFECTURES.index(buyer.prefecture) + 1:02d}"),
    ]


def _reachable(buyer: Cardholder) -> list[tuple[str, str]]:
    """E-mail and phone; an address outside the strict form would turn the result into 注意."""
    fields = [("email_address", buyer.email)] if _PLAIN_EMAIL.fullmatch(buyer.email) and len(buyer.email) <= 254 else []
    digits = re.sub(r"\D", "", buyer.phone)
    if digits.startswith("0") and 10 <= len(digits) <= 11:
        kind = "mobile" if digits[:3] in ("070", "080", "090") else "home"
        fields += [(f"{kind}_phone_cc", "81"), (f"{kind}_phone_subscriber", digits[1:])]
    return fields


def read_return(secret: Secret, fields: ReturnFields, key: str) -> ReturnReading:
    """Genuine only with the right digest under the shop's key, and for this very authentication. Of a repeated parameter
    the last one is checked, and :func:`judge` goes by the same."""
    named = dict(fields)
    if not key or not same_digest(named.get("hc", ""), client.return_digest(named, key)):
        return ReturnReading(False, "digest")
    if named.get("3ds_auth_id") != secret.auth_id:
        return ReturnReading(False, "another authentication")
    return ReturnReading(True)


def shown(fields: Mapping[str, str]) -> Authentication | None:
    """The authentication in an answer of 094; ``None`` where none took place (an empty version; one blank is EMV too)."""
    if not fields.get("3dsecure_message_version"):
        return None
    return _OUTCOMES.get(fields.get("attempt_kbn", ""))


def judge(fields: ReturnFields, control: str) -> Authentication | Declined:
    """What a genuine return allows under the shop's Attemptオーソリ制御区分."""
    named = dict(fields)
    if named.get("result") != "0":
        code = named.get("response_code", "")
        return Declined(Category.AUTHENTICATION, code, named.get("response_detail", ""))
    outcome = _OUTCOMES.get(named.get("attempt_kbn", ""))
    if outcome is None:
        return Declined(Category.AUTHENTICATION, "", "unknown attempt_kbn")
    return outcome if allowed(outcome, control) else Declined(Category.AUTHENTICATION, "2015", "Attempt")


def allowed(outcome: Authentication, control: str) -> bool:
    """Whether the shop's setting lets this outcome pass; an unknown setting is the strictest."""
    return outcome in _ALLOWED.get(control, _ALLOWED["high"])
