"""Settings of a Paygent contract and of a card method under it (shop guide §3-3, and what the guide leaves out)."""

from providers.contract import N_, Setting

SETTINGS = (
    Setting("merchant_id", N_("マーチャントID")),
    Setting("connect_id", N_("接続ID")),
    Setting("connect_password", N_("接続ID/パスワード"), secret=True, kind="secret"),
    Setting("token_generate_key", N_("トークン生成鍵")),
    Setting(
        "notice_hash_key", N_("差分通知 ハッシュ値生成キー"), secret=True, kind="secret", required=False,
        help=N_("空欄のままだと、決済結果の通知はすべて拒否されます（照会だけで運用します）。"),
    ),
    Setting("site_id", N_("サイトID"), required=False),
    Setting(
        "client_certificate", N_("クライアント証明書（PEM）"), secret=True, kind="pem", required=False,
        help=N_("本番環境では必須です。ペイジェントから発行されたPEMファイルの内容を貼り付けてください。"),
    ),
    Setting("client_key", N_("クライアント証明書の秘密鍵（PEM）"), secret=True, kind="pem", required=False),
    Setting("client_key_password", N_("秘密鍵のパスワード"), secret=True, kind="secret", required=False),
    Setting("ca_certificates", N_("CA証明書（PEM）"), kind="pem", required=False),
    Setting(
        "use_3ds", N_("3Dセキュア2.0 (本人認証) の利用"), kind="choice", default="1", scope="method",
        choices=(("1", N_("利用する")), ("0", N_("利用しない"))),
    ),
    Setting("merchant_name", N_("加盟店名(英字)"), required=False),
    Setting("three_ds_hash_key", N_("3Dセキュア結果受付ハッシュ鍵"), secret=True, kind="secret", required=False),
    Setting(
        "attempt_control", N_("Attemptオーソリ制御区分"), kind="choice", default="low", scope="method",
        choices=(
            ("low", N_("セキュリティ低(全て実施)")), ("middle", N_("セキュリティ中(正常時のみ実施)")),
            ("high", N_("セキュリティ高(全て実施しない)")),
        ),
    ),
    Setting(
        "instalments", N_("支払回数"), kind="choice", default="split", scope="method",
        choices=(("split", N_("分割あり")), ("once", N_("一括のみ"))),
    ),
    Setting(
        "bonus", N_("ボーナス一括払いを含める"), kind="choice", default="0", scope="method",
        choices=(("0", N_("含めない")), ("1", N_("含める"))),
    ),
    Setting(
        "instalments_note", N_("支払回数欄の注意書き"), required=False, scope="method",
        default="ご利用のカードによっては選択できない回数があります。",
    ),
)  # fmt: skip
