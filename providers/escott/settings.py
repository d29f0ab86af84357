"""Settings ①–⑬ of the shop guide §3-3. ⑭ (subscriptions) is not here: the guide shows it only where subscriptions are on, and the
shop has none yet."""

from collections.abc import Mapping

from providers.contract import N_
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Setting

_CONTRACT = N_("加盟店情報")
_PAYMENT = N_("決済手続設定")
_CARDS = N_("クレジットカードの紐づけ設定")

MARKS: Mapping[str, str] = {"name": "⑩", "conditions": "⑪", "note": "⑫", "logo": "⑬"}

SETTINGS = (
    Setting(
        CAPTURE, N_("売上方式"), kind="radio", default=CAPTURE_LATER, scope="method", group=_PAYMENT, mark="①",
        choices=((CAPTURE_LATER, N_("与信")), (CAPTURE_AT_ONCE, N_("与信売上計上"))),
        help=N_("※ソニーペイメントサービスとのご契約と同じ売上方式を選択してください。"),
    ),
    Setting("merchant_id", N_("マーチャントID"), contract=True, group=_CONTRACT, mark="②"),
    Setting("merchant_pass", N_("マーチャントパスワード"), secret=True, kind="secret", group=_CONTRACT, mark="③"),
    Setting("token_code", N_("トークン決済認証コード"), group=_CONTRACT, mark="④"),
    Setting(
        "tenant_id", N_("店舗コード"), group=_CONTRACT, mark="⑤", pattern="[0-9A-Za-z]{4}",
        pattern_help=N_("半角英数字4文字で入力してください。"),
    ),
    Setting(
        "instalments", N_("支払回数選択を表示する"), kind="check", required=False, default="0", scope="method", group=_PAYMENT, mark="⑥",
        help=N_("選択できる支払回数は、ソニーペイメントサービスが定めるものです。表示しないときは、すべて一括払いになります。"),
    ),
    Setting(
        "card_linking", N_("クレジットカードの紐づけ設定"), kind="radio", default="always", scope="method", group=_CARDS, mark="⑦",
        choices=(  # ⑦-1, ⑦-2 and ⑦-3
            ("always", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 全注文者が自動的にカード番号を次回利用できるようにする")),
            ("ask", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 注文時にカード番号の次回利用を選択できるようにする")),
            ("never", N_("カード情報を会員データに紐づけない。(次回購入時に利用しない)")),
        ),
        help=N_(
            "※ソニーペイメントサービスの会員登録機能（カード情報お預かり）が利用可能である必要があります。\n"
            "※クレジットカード情報の保持はソニーペイメントサービスで行っております。ショップでは保持しておりません。"
        ),
    ),
    Setting("card_lead", N_("クレジットカード情報入力箇所注意書き"), kind="lines", required=False, scope="method", group=_PAYMENT, mark="⑧"),
    Setting("instalments_note", N_("支払回数欄の注意書き"), kind="lines", required=False, scope="method", group=_PAYMENT, mark="⑨"),
)  # fmt: skip
