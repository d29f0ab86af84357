"""ソニーペイメントサービス (Sony Payment Services, e-SCOTT Smart), cards by token. See README.md for sources, limits and what is
inferred."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from providers.base import CardProvider
from providers.contract import N_, BeforeSend, Category, Now, Recorder
from providers.escott import cards, client, errors
from providers.escott.adapter import EscottGateway
from providers.escott.capabilities import EscottCapabilities
from providers.escott.demo import DEMO_MERCHANT
from providers.escott.settings import MARKS, SETTINGS
from providers.ports import BrowserTokens, BuyerMessage, Endpoint, Gateway
from providers.settings import Setting


class Escott(CardProvider):
    """The provider as the shop sees it."""

    code = "escott"
    live_url = "https://www.e-scott.jp"
    name = N_("ソニーペイメントサービス")
    method_name = N_("クレジットカード決済(トークン方式)")
    system_name = N_("ソニーペイメントサービス クレジットカード決済(トークン方式)")
    settings: tuple[Setting, ...] = SETTINGS
    marks: Mapping[str, str] = MARKS
    capabilities = EscottCapabilities()
    console_name = N_("ソニーペイメント管理画面")
    console_search = N_("自由領域1")
    reference_name = N_("決済番号")

    #: §7-5.
    unreadable_words = (N_("決済状況が確認できません"), N_("・マーチャントID、マーチャントパスワード、店舗コードが正しくない。"))

    def open(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder, now: Now,
        keys: str = "", seed: str = "",
    ) -> Gateway:  # fmt: skip
        return EscottGateway(settings, base_url, before_send=before_send, record=record, now=now, keys=keys, seed=seed)

    def browser(self, settings: Mapping[str, str], base_url: str, endpoint: Endpoint) -> BrowserTokens:
        """The module loads the script itself: its tag needs attributes that no other provider's has."""
        script = f"{base_url}{client.SCRIPT}?k_TokenNinsyoCode={quote(settings['token_code'], safe='')}"
        parts = urlsplit(script)
        return BrowserTokens("", (f"{parts.scheme}://{parts.netloc}",), {"script_url": script})

    def customer_ref(self, member_public_id: str, registration: int) -> str:
        """A KaiinId, fresh for each registration."""
        return cards.kaiin_id(member_public_id, registration)

    def buyer_message(self, category: Category, code: str) -> BuyerMessage:
        return errors.buyer_message(category, code)

    def refusal(self, code: str) -> str:
        """K99 alone is put into words for staff as well (guide §7-4)."""
        return errors.refusal(code)

    def unreadable(self, code: str, *, earlier_contract: bool) -> str:
        if earlier_contract:
            return N_("以前の契約（別のマーチャントID）で行われた取引です。以前の契約が終了している場合、照会はできません。")
        if set(code.split("|")) & {"K02", "K03", "K04", "K13", "KG8"}:
            return N_("決済状況が確認できません。マーチャントID、マーチャントパスワード、店舗コードの設定をご確認ください。")
        if code == "K12":
            return N_(
                "決済会社で取引が見つかりません。保存期間が過ぎているか、お店で控えている取引の番号が決済会社のものと違っています。"
                "決済会社の管理画面でご確認ください。"
            )
        return ""

    def browser_messages(self) -> Mapping[str, BuyerMessage]:
        return errors.browser_messages()

    def practice_settings(self) -> Mapping[str, str]:
        merchant = DEMO_MERCHANT
        return {
            "merchant_id": merchant.merchant_id, "merchant_pass": merchant.merchant_pass, "token_code": merchant.token_code,
            "tenant_id": merchant.tenant_id,
        }  # fmt: skip


PROVIDER = Escott()
