"""Settings of a contract on this protocol and of a card method under it, by their names in the shop guides."""

from providers.contract import N_
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Setting

MDK = N_("MDK API 設定")
TOKEN = N_("Token 設定")
CARD = N_("クレジットカード決済の設定")
_KEPT = N_("クレジットカード紐づけ設定")

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def contract(ccid_mark: str, token_mark: str) -> tuple[Setting, ...]:
    """マーチャント CCID, マーチャント認証鍵 and Token Api Key, with the numbers that the guide of the product gives them."""
    return (
        Setting(
            "merchant_ccid", N_("マーチャント CCID"), contract=True, group=MDK, mark=ccid_mark, pattern="[0-9A-Za-z]{24}",
            pattern_help=N_("半角英数字24文字で入力してください。"),
        ),
        Setting(
            "merchant_key", N_("マーチャント認証鍵"), secret=True, kind="secret", group=MDK, pattern="[0-9a-f]{64}",
            pattern_help=N_("半角の数字とa～fの英字、64文字で入力してください。"),
        ),
        Setting(
            "token_api_key", N_("Token Api Key"), group=TOKEN, mark=token_mark, pattern=_UUID,
            pattern_help=N_("管理画面に表示されているとおり、ハイフンを含む36文字で入力してください。"),
        ),
    )  # fmt: skip


def capture(mark: str) -> Setting:
    return Setting(
        CAPTURE, N_("クレジットカード決済の設定"), kind="radio", default=CAPTURE_LATER, scope="method", group=CARD, mark=mark,
        choices=((CAPTURE_LATER, N_("与信のみを実行する")), (CAPTURE_AT_ONCE, N_("与信と売上を実行する"))),
        help=N_("※与信のみを実行する場合は、商品の発送後に受注明細で売上確定を行ってください。"),
    )


AUTHENTICATION_TYPES = (
    ("company", N_("通常認証（カード会社リスク負担）")),
    ("merchant", N_("通常認証（カード会社、加盟店リスク負担）")),
    ("complete", N_("完全認証")),
)


def instalments(mark: str) -> Setting:
    return Setting(
        "instalments", N_("支払回数設定"), kind="radio", default="split", scope="method", group=CARD, mark=mark,
        choices=(("split", N_("分割あり")), ("once", N_("一括のみ"))),
        help=N_("分割あり：一括払いと、3・6・10・12・15・18・20・24回払いから選べます。"),
    )


SETTINGS = (
    *contract("", ""),
    capture(""),
    Setting(
        "authentication", N_("本人認証タイプ（3D セキュア）"), kind="radio", default="company", scope="method", group=CARD,
        choices=(*AUTHENTICATION_TYPES, ("off", N_("利用しない"))),
        help=N_("※利用しない場合、不正利用の損失はショップの負担になります。"),
    ),
    instalments(""),
    Setting("instalments_note", N_("支払回数欄の注意書き"), kind="lines", required=False, scope="method", group=CARD),
    Setting(
        "card_linking", N_("クレジットカード紐づけ設定"), kind="radio", default="never", scope="method", group=_KEPT,
        choices=(
            ("always", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 全注文者が自動的にカード番号を次回利用できるようにする")),
            ("ask", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 注文時にカード番号の次回利用を選択できるようにする")),
            ("never", N_("カード情報を会員データに紐づけない。(次回購入時に利用しない)")),
        ),
        help=N_(
            "※会員ID決済（PayNowID）の契約が必要です。契約がない場合は「紐づけない」だけが利用できます。\n"
            "※カードの登録時には、カード会社へ有効性の確認（2円、請求はされません）が行われます。\n"
            "※クレジットカード情報の保持は決済会社で行っております。ショップでは保持しておりません。"
        ),
    ),
)  # fmt: skip
