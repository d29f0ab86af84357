"""Settings of a Paygent contract and of a card method under it (shop guide §3-3, and what the guide leaves out)."""

from providers.contract import Setting

SETTINGS = (
    Setting("merchant_id", "マーチャントID"),
    Setting("connect_id", "接続ID"),
    Setting("connect_password", "接続ID/パスワード", secret=True, kind="secret"),
    Setting("token_generate_key", "トークン生成鍵"),
    Setting(
        "notice_hash_key", "差分通知 ハッシュ値生成キー", secret=True, kind="secret", required=False,
        help="空欄のままだと、決済結果の通知はすべて拒否されます（照会だけで運用します）。",
    ),
    Setting("site_id", "サイトID", required=False),
    Setting(
        "client_certificate", "クライアント証明書（PEM）", secret=True, kind="pem", required=False,
        help="本番環境では必須です。ペイジェントから発行されたPEMファイルの内容を貼り付けてください。",
    ),
    Setting("client_key", "クライアント証明書の秘密鍵（PEM）", secret=True, kind="pem", required=False),
    Setting("client_key_password", "秘密鍵のパスワード", secret=True, kind="secret", required=False),
    Setting("ca_certificates", "CA証明書（PEM）", kind="pem", required=False),
    Setting(
        "instalments", "支払回数", kind="choice", default="split", scope="method",
        choices=(("split", "分割あり"), ("once", "一括のみ")),
    ),
    Setting(
        "bonus", "ボーナス一括払いを含める", kind="choice", default="0", scope="method",
        choices=(("0", "含めない"), ("1", "含める")),
    ),
    Setting(
        "instalments_note", "支払回数欄の注意書き", required=False, scope="method",
        default="ご利用のカードによっては選択できない回数があります。",
    ),
)  # fmt: skip
