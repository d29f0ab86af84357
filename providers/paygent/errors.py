"""Codes of Paygent in the words of the contract, and what buyers read.

Two name spaces that look alike and must not be mixed: answers of telegrams (``2003``) and results of the browser
script (``1502``). Buyers see the code (seed 001 §10); the sentences are ours.
"""

import re
from collections.abc import Mapping

from providers.contract import N_, Category
from providers.ports import BuyerMessage

#: Telegram codes after which the outcome is *not* known: asked for by 094, never repeated blindly.
#: That a 020 answered so may have succeeded is inferred (see README).
AMBIGUOUS = frozenset({"2008", "E001", "E002", "9004", "9005"})

_CATEGORIES = {
    "2001": Category.CARD_REFUSED,
    "2002": Category.CARD_REFUSED,
    "2003": Category.CARD_DATA,
    "2004": Category.STATE_CONFLICT,
    "2005": Category.STATE_CONFLICT,
    "2006": Category.STATE_CONFLICT,
    "2007": Category.DEADLINE,
    "2009": Category.STATE_CONFLICT,
    "2015": Category.CARD_REFUSED,
    "2016": Category.NOT_ACCEPTED,
    "2020": Category.CARD_DATA,
    "2021": Category.CARD_DATA,
    "2022": Category.CARD_DATA,
    "2023": Category.CONFIGURATION,
    "2024": Category.CONFIGURATION,
    "2025": Category.CONFIGURATION,
    "2026": Category.CONFIGURATION,
    "2054": Category.CARD_REFUSED,
    "13002": Category.STATE_CONFLICT,
    "31001": Category.NOT_ACCEPTED,
    "31002": Category.CONFIGURATION,
    "31003": Category.CARD_DATA,
    "31004": Category.CARD_DATA,
    "31005": Category.CARD_DATA,
    "31006": Category.STORED_CARD_GONE,
    "31007": Category.AUTHENTICATION,
    "31008": Category.STATE_CONFLICT,
    "31009": Category.STATE_CONFLICT,
    "31010": Category.STATE_CONFLICT,
    "31011": Category.STATE_CONFLICT,
    "31012": Category.NOT_ACCEPTED,
    "31013": Category.AUTHENTICATION,
    "P010": Category.CONFIGURATION,
    "P011": Category.CARD_REFUSED,
    "P017": Category.TEMPORARY,
    "P018": Category.TEMPORARY,
    "P023": Category.STATE_CONFLICT,
    "P025": Category.STORED_CARD_GONE,
    "P030": Category.CARD_DATA,
}

_CARD_AGAIN = N_("カード情報を確認できませんでした。もう一度カード情報を入力してください。")
_AUTHENTICATION_TEXT = N_(
    "本人認証（3Dセキュア）が完了しませんでした。もう一度お試しいただくか、別のカード・お支払方法をお選びください。"
)

_DATA_TEXT = N_("カード番号、有効期限、セキュリティコード、名義人のいずれかに誤りがあります。ご確認のうえ入力し直してください。")
_REFUSED_TEXT = N_("カード会社の承認が得られませんでした。別のカードをお試しいただくか、カード会社へお問い合わせください。")

_TELEGRAM_TEXTS = {
    "2001": _REFUSED_TEXT,
    "2002": N_("カード会社との通信が完了しませんでした。少し待ってからもう一度お試しください。"),
    "2003": _DATA_TEXT,
    "2016": N_("このカードはお取り扱いできません。番号をご確認いただくか、別のカードをお試しください。"),
    "31001": N_("このカードはお取り扱いできません。番号をご確認いただくか、別のカードをお試しください。"),
    "31003": N_("入力から時間がたったため、カード情報の受付が切れました。もう一度カード情報を入力してください。"),
    "31004": _CARD_AGAIN,
    "31005": _CARD_AGAIN,
    "31012": N_("このカードは本人認証（3Dセキュア）に対応していないため、ご利用いただけません。別のカードをお試しください。"),
    "31013": N_("本人認証（3Dセキュア）の時間が切れました。もう一度お試しください。"),
    "P010": N_("この支払方法は現在ご利用いただけません。カードの有効期限をご確認いただくか、別の支払方法をお選びください。"),
    "2054": N_("入力されたカードはご利用いただけません。別のカードをお試しください。"),
    "2020": N_("入力から時間がたったため、カード情報の受付が切れました。もう一度カード情報を入力してください。"),
    "2021": _CARD_AGAIN,
    "2022": _CARD_AGAIN,
}
#: Where the code, or its lack – a refusal found by a look at the payment –, says nothing of its own.
_CATEGORY_TEXTS = {
    Category.AUTHENTICATION: _AUTHENTICATION_TEXT,
    Category.CARD_DATA: _DATA_TEXT,
    Category.TEMPORARY: N_("決済代行会社が混み合っています。少し待ってから、もう一度お試しください。"),
    Category.CARD_REFUSED: _REFUSED_TEXT,
    Category.STORED_CARD_GONE: N_("ご登録のクレジットカードは、決済代行会社での登録がなくなっていました。お手数ですが、カード情報を入力してください。"),
}
_DEFAULT_TEXT = N_("お支払いの手続きを完了できませんでした。別の支払方法をお選びいただくか、ショップへお問い合わせください。")

_SCRIPT_TEXTS = {
    "1300": N_("カード番号を入力してください。"),
    "1301": N_("カード番号の形式が正しくありません。数字だけで、末尾に空白がないかご確認ください。"),
    "1400": N_("有効期限（年）を入力してください。"),
    "1401": N_("有効期限（年）の形式が正しくありません。"),
    "1500": N_("有効期限（月）を入力してください。"),
    "1501": N_("有効期限（月）の形式が正しくありません。"),
    "1502": N_("有効期限が正しくないか、期限の切れたカードです。カードの表示をご確認ください。"),
    "1600": N_("セキュリティコードの形式が正しくありません。"),
    "1601": N_("セキュリティコードを入力してください。"),
    "1700": N_("カード名義人に使えない文字があります。半角の英字で、姓と名の間は半角の空白にしてください。"),
    "7000": N_("お使いのブラウザーではカード決済をご利用いただけません。"),
    "7001": N_("カード会社の受付に接続できませんでした。通信をご確認のうえ、もう一度お試しください。"),
    "8000": N_("カード決済はメンテナンス中です。別の支払方法をお選びください。"),
}
_SCRIPT_DEFAULT = N_("カード情報を受け付けられませんでした。時間をおいてもう一度お試しください。")


def is_refusal(code: str) -> bool:
    """Whether a code surely means that nothing was done: a documented refusal or a parameter error. Any other code –
    also one we do not know – leaves the outcome open."""
    return code in _CATEGORIES or bool(re.fullmatch(r"P\d{3}", code))


def category(code: str) -> Category:
    """The contract's word for a telegram code. Credentials and other ``P…`` faults are the shop's configuration."""
    if code in _CATEGORIES:
        return _CATEGORIES[code]
    if code.startswith("P"):
        return Category.CONFIGURATION
    return Category.TEMPORARY if code in AMBIGUOUS else Category.OTHER


def buyer_message(category: Category, code: str) -> BuyerMessage:
    return BuyerMessage(_TELEGRAM_TEXTS.get(code) or _CATEGORY_TEXTS.get(category, _DEFAULT_TEXT), code)


def browser_messages() -> Mapping[str, BuyerMessage]:
    messages = {code: BuyerMessage(text, code) for code, text in _SCRIPT_TEXTS.items()}
    return messages | {"": BuyerMessage(_SCRIPT_DEFAULT)}
