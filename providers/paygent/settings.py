"""Settings of a Paygent contract and of a card method under it (shop guide §3-3, and what the guide leaves out).

⑰ (subscriptions) is not here: the guide shows it only where subscriptions are on, and the shop has none yet.
"""

from collections.abc import Mapping

from providers.contract import N_
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Setting

_CONTRACT = N_("加盟店情報")
_CONNECTION = N_("証明書・通知")
_PAYMENT = N_("決済手続設定")
_CARDS = N_("クレジットカード紐づけ設定")
_WITH_3DS = ("use_3ds", "1")

#: ⑬–⑯ are fields of every method.
MARKS: Mapping[str, str] = {"name": "⑬", "conditions": "⑭", "note": "⑮", "logo": "⑯"}

SETTINGS = (
    Setting("merchant_id", N_("マーチャントID"), contract=True, group=_CONTRACT, mark="①"),
    Setting("connect_id", N_("接続ID"), group=_CONTRACT, mark="②"),
    Setting("connect_password", N_("接続ID/パスワード"), secret=True, kind="secret", group=_CONTRACT, mark="③"),
    Setting("token_generate_key", N_("トークン生成鍵"), group=_CONTRACT, mark="④"),
    Setting(
        CAPTURE, N_("同時売上フラグ"), kind="radio", default=CAPTURE_LATER, scope="method", group=_PAYMENT, mark="⑤",
        choices=((CAPTURE_LATER, N_("オーソリのみ")), (CAPTURE_AT_ONCE, N_("オーソリ+売上"))),
        help=N_("※オーソリのみを設定された場合は、売上の確定処理が手動で必要となります。"),
    ),
    Setting(
        "instalments", N_("支払回数"), kind="radio", default="split", scope="method", group=_PAYMENT, mark="⑥",
        choices=(("split", N_("分割あり")), ("once", N_("一括のみ"))),
    ),
    Setting(
        "bonus", N_("ボーナス一括払いを含める"), kind="check", default="0", required=False, scope="method",
        group=_PAYMENT, only_if=("instalments", "split"),
    ),
    Setting(
        "instalments_note", N_("支払回数欄の注意書き"), kind="lines", required=False, scope="method", group=_PAYMENT,
        mark="⑦", only_if=("instalments", "split"), default="ご利用のカードによっては選択できない回数があります。",
    ),
    Setting(
        "use_3ds", N_("3Dセキュア2.0 (本人認証) の利用"), kind="radio", default="1", scope="method", group=_PAYMENT,
        mark="⑧", choices=(("1", N_("利用する")), ("0", N_("利用しない"))),
        help=N_("※3Dセキュア未契約の場合は利用しないを選択してください。※ご契約状況はペイジェントへご確認ください。"),
    ),
    Setting(
        "merchant_name", N_("加盟店名(英字)"), group=_PAYMENT, mark="⑨", only_if=_WITH_3DS,
        pattern=r"[\x20-\x7e]{1,40}", pattern_help=N_("半角の英字、数字、記号で、40文字以内で入力してください。"),
        help=N_("※ペイジェントに申し込された際の加盟店名(英字)をご登録ください。"),
    ),
    Setting(
        "three_ds_hash_key", N_("3Dセキュア結果受付ハッシュ鍵"), secret=True, kind="secret", group=_PAYMENT, mark="⑩",
        only_if=_WITH_3DS,
    ),
    Setting(
        "attempt_control", N_("Attemptオーソリ制御区分"), kind="radio", default="low", scope="method", group=_PAYMENT,
        mark="⑪", only_if=_WITH_3DS,
        choices=(
            ("low", N_("セキュリティ低(全て実施)")), ("middle", N_("セキュリティ中(正常時のみ実施)")),
            ("high", N_("セキュリティ高(全て実施しない)")),
        ),
        help=N_("※加盟店様の8～9割がセキュリティレベル低を選択していますが、どの設定とするのが最適かご不明な場合、詳細はペイジェントへご確認ください。"),
    ),
    Setting(
        "card_linking", N_("クレジットカード紐づけ設定"), kind="radio", default="always", scope="method", group=_CARDS, mark="⑫",
        choices=(  # 12-1, 12-2 and 12-3 of §3-4
            ("always", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 全注文者が自動的にカード番号を次回利用できるようにする")),
            ("ask", N_("カード情報を会員データに紐づける。(次回購入時に利用可能) + 注文時にカード番号の次回利用を選択できるようにする")),
            ("never", N_("カード情報を会員データに紐づけない。(次回購入時に利用しない)")),
        ),
        help=N_(
            "※ペイジェントのカード情報お預かり機能のオプションが利用可能である必要があります。オプションの利用状況が不明な場合はペイジェントへお問い合わせください。オプション契約がない場合は「紐づけない」だけが利用できます。\n"
            "※クレジットカード情報の保持はペイジェントで行っております。ショップでは保持しておりません。\n"
            "※会員のカードのお預かりについての設定です。会員以外の方のご注文には影響しません。"
        ),
    ),
    Setting(
        "notice_hash_key", N_("差分通知 ハッシュ値生成キー"), secret=True, kind="secret", required=False, group=_CONNECTION,
        help=N_("空欄のままだと、決済結果の通知はすべて拒否されます（照会だけで運用します）。"),
    ),
    Setting(
        "site_id", N_("サイトID"), required=False, contract=True, group=_CONNECTION, pattern="[0-9A-Za-z]{1,4}",
        pattern_help=N_("半角英数字4文字以内で入力してください。"),
        help=N_("ひとつの契約で複数のサイトを使うときだけ入力します。"),
    ),
    Setting(
        "client_certificate", N_("クライアント証明書（PEM）"), secret=True, kind="pem", required=False, group=_CONNECTION,
        help=N_("本番環境では必須です。ペイジェントから発行されたPEMファイルの内容を貼り付けてください。"),
    ),
    Setting(
        "client_key", N_("クライアント証明書の秘密鍵（PEM）"), secret=True, kind="pem", required=False, group=_CONNECTION,
        help=N_("証明書と同じファイルに入っているときは、空欄のままにします。"),
    ),
    Setting("client_key_password", N_("秘密鍵のパスワード"), secret=True, kind="secret", required=False, group=_CONNECTION),
    Setting(
        "ca_certificates", N_("CA証明書（PEM）"), kind="pem", required=False, group=_CONNECTION,
        help=N_("空欄のままだと、このサーバーに入っている認証局を信頼します。"),
    ),
)  # fmt: skip
