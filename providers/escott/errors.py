"""ResponseCd in the words of the contract, and what buyers and staff read (shop guide §7-4, §10)."""

from collections.abc import Mapping, Sequence

from providers.contract import N_, Category
from providers.ports import BuyerMessage

#: After these nobody knows whether it happened. Every code not named here, of the classes below, says that it did not: a check that
#: failed, a rule, a door that is closed (K97, C80), an original that could not be told (K88, KBZ) – and K99 "other", by which the shop
#: guide ends an order with a sentence of its own.
AMBIGUOUS = frozenset({
    # Time-outs: of the provider (K96), of 3-D Secure (KHW, U96).
    "K96", "KHW", "U96",
    # Something broke while it was at it: inside the provider (K98, C02, U95, W03, W06), on its lines (C03).
    "K98", "C02", "C03", "U95", "W03", "W06",
    # Received twice, or still being worked on: what became of the first one is not said.
    "KBX", "KBY", "U07", "U08",
    # In so many words: outcome unknown.
    "KH0",
    # "Other", "unexpected": nobody says what.
    "C98", "C99", "U99", "W99",
})  # fmt: skip
#: Codes of these classes are known here. ``K`` the provider's checks, ``C`` its rules, ``G`` card network and issuer, ``U`` 3-D Secure,
#: ``W`` services. Others – ``R``, ``P`` – belong to products that the shop does not use, and so decide nothing.
_CLASSES = "KCGUW"

#: The first that fits a code counts, and of several codes the one that stands here first.
_CATEGORIES = {
    "K71": Category.STORED_CARD_GONE,
    "K74": Category.STORED_CARD_GONE,
    "K75": Category.STORED_CARD_GONE,
    "K79": Category.STORED_CARD_GONE,
    "K02": Category.CONFIGURATION,
    "K03": Category.CONFIGURATION,
    "K04": Category.CONFIGURATION,
    "K13": Category.CONFIGURATION,
    "K68": Category.CONFIGURATION,
    "KG8": Category.CONFIGURATION,
    "C01": Category.CONFIGURATION,
    "C10": Category.CONFIGURATION,
    "C12": Category.CONFIGURATION,
    "C17": Category.NOT_ACCEPTED,
    "C18": Category.NOT_ACCEPTED,
    "K12": Category.DEADLINE,
    "K14": Category.STATE_CONFLICT,
    "C14": Category.STATE_CONFLICT,
    "K69": Category.STATE_CONFLICT,
    "C13": Category.CARD_EXPIRED,
    "G83": Category.CARD_DATA,
    "G44": Category.CARD_DATA,
    "G45": Category.CARD_DATA,
    "G65": Category.CARD_DATA,
    "C16": Category.CARD_DATA,
    "K20": Category.CARD_DATA,
    "K21": Category.CARD_DATA,
    "K24": Category.CARD_DATA,
    "K40": Category.CARD_DATA,
    "K82": Category.CARD_DATA,
    "K83": Category.CARD_DATA,
    "KHX": Category.CARD_DATA,
    "KHZ": Category.CARD_DATA,
    "KI2": Category.CARD_DATA,
    "KI3": Category.CARD_DATA,
    "KI5": Category.CARD_REFUSED,
    "KI6": Category.CARD_REFUSED,
    "K97": Category.TEMPORARY,
    "C02": Category.TEMPORARY,
    "C03": Category.TEMPORARY,
    "C80": Category.TEMPORARY,
    "G95": Category.TEMPORARY,
    "G": Category.CARD_REFUSED,
}

#: The guide's own words (§10-1, §10-2): no code and no reason, so that nobody can test cards by them.
_CARD_COMPANY = N_("クレジットカード会社にお問い合わせください")
_SHOP = N_("ショップ様にお問い合わせください")
_PROVIDER = N_("ソニーペイメント取引の処理に失敗いたしました。詳細につきましては、ソニーペイメントまでお問い合わせください")
_GENERAL = N_("決済処理エラーが発生しました")
_CARD_GONE = N_("ご登録のクレジットカードは、決済代行会社での登録がなくなっていました。お手数ですが、カード情報を入力してください。")

_SCRIPT_TEXTS = {
    "no_script": N_("カード会社の受付に接続できませんでした。通信をご確認のうえ、もう一度お試しください。"),
    "no_token": N_("カード情報を受け付けられませんでした。カードの表示をご確認のうえ、入力し直してください。"),
}
_SCRIPT_DEFAULT = N_("カード情報を受け付けられませんでした。時間をおいてもう一度お試しください。")


def is_refusal(codes: Sequence[str]) -> bool:
    """Whether these codes surely mean that nothing happened. One that leaves it open is enough to leave it open."""
    return bool(codes) and all(code[0] in _CLASSES and code not in AMBIGUOUS for code in codes)


def category(codes: Sequence[str]) -> Category:
    """The contract's word for one code or several."""
    for known, found in _CATEGORIES.items():
        if any(code.startswith(known) for code in codes):
            return found
    return Category.OTHER


def buyer_message(category: Category, code: str) -> BuyerMessage:
    """By the beginning of the code alone (R-081 … R-083, R-085); a registered card that is gone asks for another one."""
    codes = code.split("|") if code else []
    if category == Category.STORED_CARD_GONE:
        return BuyerMessage(_CARD_GONE)
    if "K68" in codes:
        return BuyerMessage(_GENERAL)
    if any(each.startswith("G") for each in codes):
        return BuyerMessage(_CARD_COMPANY)
    return BuyerMessage(_PROVIDER if "K99" in codes else _SHOP)


def refusal(code: str) -> str:
    return _PROVIDER if code == "K99" else ""


def browser_messages() -> Mapping[str, BuyerMessage]:
    messages = {code: BuyerMessage(text) for code, text in _SCRIPT_TEXTS.items()}
    return messages | {"": BuyerMessage(_SCRIPT_DEFAULT)}
