"""りそな PayResort（トークン方式）: the MDK protocol under a bank's name, with less allowed. See README.md."""

from collections.abc import Mapping

from providers.contract import N_, Capabilities, MoneyStatus, Snapshot, Verb
from providers.kept_cards import Linking
from providers.settings import Setting
from providers.veritrans4g import settings as fields
from providers.veritrans4g.capabilities import Veritrans4GCapabilities
from providers.veritrans4g.demo import DEMO_RESONA
from providers.veritrans4g.product import Product

#: 名称, 適用条件, 注意書き and ロゴ are one number in the guide (§3⑦).
MARKS: Mapping[str, str] = {"name": "⑦", "conditions": "⑦", "note": "⑦", "logo": "⑦"}

SETTINGS = (
    *fields.contract("①", "②"),
    fields.capture("③"),
    Setting(
        "authentication", N_("本人認証タイプ（3D セキュア）"), kind="radio", default="company", scope="method", group=fields.CARD,
        mark="④", choices=fields.AUTHENTICATION_TYPES,
    ),
    fields.instalments("⑤"),
    Setting(
        "card_note", N_("カード決済についての注意書き"), kind="lines", required=False, scope="method", group=fields.CARD, mark="⑥",
        help=N_("購入手続き画面の、クレジットカード情報の入力欄の下に表示します。"),
    ),
)  # fmt: skip


class PayResortCapabilities(Veritrans4GCapabilities):
    """What the guide of りそな PayResort leaves to the shop (§2, §4): an authorization can be captured, in full or less, or
    cancelled; nothing after that, and nothing where the amount was taken at once. The protocol could do more."""

    tokens_to_link = 0

    def _never(self, verb: Verb, snapshot: Snapshot) -> bool:
        over = snapshot.status in (MoneyStatus.CAPTURED, MoneyStatus.VOIDED)
        return over or snapshot.capture_at_once or verb not in (Verb.CAPTURE, Verb.VOID)

    def authenticates(self, settings: Mapping[str, str]) -> bool:
        return True

    def linking(self, settings: Mapping[str, str]) -> Linking:
        return Linking.NEVER


class PayResort(Product):
    code = "payresort"
    name = N_("りそな PayResort")
    method_name = N_("クレジットカード決済（りそなPayResort）")
    system_name = N_("りそな PayResort（トークン方式）")
    console_name = N_("りそなPayResort 管理画面")
    settings = SETTINGS
    marks = MARKS
    demo = DEMO_RESONA
    capabilities: Capabilities = PayResortCapabilities()


PROVIDER = PayResort()
