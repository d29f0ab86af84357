"""Paygent (ペイジェント), module type with card tokens. See README.md for sources, limits and what is inferred."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from providers.base import CardProvider
from providers.contract import N_, BeforeSend, Category, MoneyStatus, Now, Recorder
from providers.paygent import connection, errors
from providers.paygent.adapter import PaygentGateway
from providers.paygent.capabilities import PaygentCapabilities
from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.paygent.settings import MARKS, SETTINGS
from providers.ports import BrowserTokens, BuyerMessage, Endpoint, Gateway
from providers.settings import Setting

_LIVE_SCRIPT = "https://token.paygent.co.jp/js/PaygentToken.js"


class Paygent(CardProvider):
    """The provider as the shop sees it."""

    code = "paygent"
    live_url = "https://module.paygent.co.jp"
    name = N_("ペイジェント")
    method_name = N_("クレジットカード決済(トークン方式)")
    system_name = N_("ペイジェント クレジットカード決済(トークン式)")
    settings: tuple[Setting, ...] = SETTINGS
    marks: Mapping[str, str] = MARKS
    capabilities = PaygentCapabilities()
    console_name = N_("ペイジェント管理画面")
    sends_notices = True
    console_search = N_("マーチャント取引ID")
    #: 決済状況 as the shop guide words it (§7-3); it has no word for an authorization that ran out.
    status_words: Mapping[MoneyStatus, str] = {
        MoneyStatus.AUTHORIZED: N_("オーソリOK"),
        MoneyStatus.CAPTURED: N_("消込済"),
        MoneyStatus.VOIDED: N_("キャンセル済"),
        MoneyStatus.REFUNDED: N_("キャンセル済"),
        MoneyStatus.EXPIRED: N_("期限切れ"),
    }

    #: §7-4 ①.
    unreadable_words = (N_("決済状況が取得できませんでした。"), N_("・接続ID、接続IDパスワードが正しくない。"))

    def open(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder, now: Now,
        keys: str = "", seed: str = "",
    ) -> Gateway:  # fmt: skip
        return PaygentGateway(settings, base_url, before_send=before_send, record=record)

    def browser(self, settings: Mapping[str, str], base_url: str, endpoint: Endpoint) -> BrowserTokens:
        """The live script comes from the provider's token host, the practice one from the simulator."""
        script = _LIVE_SCRIPT if endpoint == Endpoint.LIVE else f"{base_url}/js/PaygentToken.js"
        parts = urlsplit(script)
        public = {key: settings[key] for key in ("merchant_id", "token_generate_key")}
        return BrowserTokens(script, (f"{parts.scheme}://{parts.netloc}",), public)

    def buyer_message(self, category: Category, code: str) -> BuyerMessage:
        return errors.buyer_message(category, code)

    def unreadable(self, code: str, *, earlier_contract: bool) -> str:
        return connection.unreadable(code, earlier_contract)

    def browser_messages(self) -> Mapping[str, BuyerMessage]:
        return errors.browser_messages()

    def practice_settings(self) -> Mapping[str, str]:
        merchant = DEMO_PAYGENT_MERCHANT
        return {
            "merchant_id": merchant.merchant_id,
            "connect_id": merchant.connect_id,
            "connect_password": merchant.connect_password,
            "token_generate_key": merchant.token_generate_key,
            "notice_hash_key": merchant.notice_hash_key,
            "merchant_name": merchant.merchant_name,
            "three_ds_hash_key": merchant.threeds_hash_key,
        }


PROVIDER = Paygent()
