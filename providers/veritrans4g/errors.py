"""vResultCode in the words of the contract, and what buyers read. The sentences are ours.

The vendor says that codes outside its list can come at any time: ``mstatus`` alone tells success from failure, and an unknown
code gets the general sentence, with the code shown.
"""

from collections.abc import Mapping

from providers.contract import N_, Category
from providers.ports import BuyerMessage

#: By the longest beginning that fits. Blocks: A card, G 3-D Secure, N search and order control, O token, X PayNowID.
_CATEGORIES = {
    "ACD3": Category.DEADLINE,
    "AC": Category.CARD_DATA,
    "AG": Category.CARD_REFUSED,
    "GC": Category.CARD_DATA,
    "GE": Category.AUTHENTICATION,
    "G": Category.AUTHENTICATION,
    "NH36": Category.DEADLINE,
    # What the gateway itself has to say of a request – who sends it, what it may – is the shop's affair, not the buyer's.
    "N": Category.CONFIGURATION,
    "OC09": Category.CARD_DATA,
    "MA": Category.CONFIGURATION,
}

_TEXTS = {
    Category.CARD_DATA: N_("カード番号、有効期限、セキュリティコード、名義人のいずれかに誤りがあります。ご確認のうえ入力し直してください。"),
    Category.CARD_REFUSED: N_("カード会社の承認が得られませんでした。別のカードをお試しいただくか、カード会社へお問い合わせください。"),
    Category.AUTHENTICATION: N_("本人認証（3Dセキュア）が完了しませんでした。もう一度お試しいただくか、別のカード・お支払方法をお選びください。"),
    Category.TEMPORARY: N_("決済代行会社が混み合っています。少し待ってから、もう一度お試しください。"),
    Category.STORED_CARD_GONE: N_("ご登録のクレジットカードは、決済代行会社での登録がなくなっていました。お手数ですが、カード情報を入力してください。"),
}
_TOKEN_TEXT = N_("入力から時間がたったため、カード情報の受付が切れました。もう一度カード情報を入力してください。")
_DEFAULT_TEXT = N_("お支払いの手続きを完了できませんでした。別の支払方法をお選びいただくか、ショップへお問い合わせください。")

_SCRIPT_TEXTS = {
    "missing_card_number": N_("カード番号を入力してください。"),
    "invalid_card_number": N_("カード番号の形式が正しくありません。数字だけで、末尾に空白がないかご確認ください。"),
    "digit_check_error": N_("カード番号に誤りがあります。カードの表示をご確認ください。"),
    "missing_card_expire": N_("有効期限を入力してください。"),
    "invalid_card_expire": N_("有効期限が正しくないか、期限の切れたカードです。カードの表示をご確認ください。"),
    "missing_security_code": N_("セキュリティコードを入力してください。"),
    "invalid_security_code": N_("セキュリティコードの形式が正しくありません。"),
    "no_answer": N_("カード会社の受付に接続できませんでした。通信をご確認のうえ、もう一度お試しください。"),
}
_SCRIPT_DEFAULT = N_("カード情報を受け付けられませんでした。時間をおいてもう一度お試しください。")


def shown(code: str) -> str:
    """A code as people quote it: without the blocks that nothing ran in."""
    blocks = _blocks(code)
    while len(blocks) > 1 and blocks[-1] == "0000":
        blocks.pop()
    return "".join(blocks)


def of_card(code: str) -> str:
    """The card's own code out of one that begins with 3-D Secure."""
    return next((block for block in _blocks(code) if block.startswith("A")), code)


def _blocks(code: str) -> list[str]:
    """Four letters each: the service that was asked, then whatever ran in the same request."""
    return [code[at : at + 4] for at in range(0, len(code), 4)]


def category(code: str, *, stored: bool = False) -> Category:
    """The contract's word for a code. ``stored``: a kept card was charged, so trouble of PayNowID means that it is gone – unless the
    first block tells of the card itself: then it was there."""
    found = next((each for length in (4, 2, 1) if (each := _CATEGORIES.get(code[:length]))), Category.OTHER)
    if stored and found in (Category.CONFIGURATION, Category.OTHER) and any(map(_is_trouble, _blocks(code))):
        return Category.STORED_CARD_GONE
    return found


def _is_trouble(block: str) -> bool:
    """Whether PayNowID says anything but that all is well."""
    return block.startswith("X") and block != "X001"


def buyer_message(category: Category, code: str) -> BuyerMessage:
    """Our words and the code – but nothing technical where our own settings were refused (R-046)."""
    if category == Category.CONFIGURATION:
        return BuyerMessage(_DEFAULT_TEXT)
    if code.startswith("OC09"):
        return BuyerMessage(_TOKEN_TEXT, shown(code))
    return BuyerMessage(_TEXTS.get(category, _DEFAULT_TEXT), shown(code))


def browser_messages() -> Mapping[str, BuyerMessage]:
    messages = {code: BuyerMessage(text) for code, text in _SCRIPT_TEXTS.items()}
    return messages | {"": BuyerMessage(_SCRIPT_DEFAULT)}
