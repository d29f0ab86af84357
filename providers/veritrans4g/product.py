"""What products on this protocol have in common, seen from the shop. A product is this class with its own name, settings and
capabilities: see :mod:`providers.payresort` for a second one."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from providers.base import CardProvider
from providers.contract import N_, BeforeSend, Capabilities, Category, Now, Recorder
from providers.ports import BrowserTokens, BuyerMessage, Endpoint, Gateway
from providers.settings import Setting
from providers.veritrans4g import errors
from providers.veritrans4g.adapter import Veritrans4GGateway
from providers.veritrans4g.demo import VeriTrans4GMerchantKeys


class Product(CardProvider):
    """A provider on the MDK protocol. Subclasses say how it is called and what it offers."""

    live_url = "https://api3.veritrans.co.jp"
    protocol = "veritrans4g"
    name: str
    method_name: str
    system_name: str
    console_name: str
    sends_notices = True
    console_search = N_("取引ID")
    settings: tuple[Setting, ...]
    marks: Mapping[str, str]
    demo: VeriTrans4GMerchantKeys
    capabilities: Capabilities
    unreadable_words = (N_("決済状況が取得できませんでした。"), N_("・マーチャント CCID、マーチャント認証鍵が正しくない。"))

    def open(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder, now: Now,
        keys: str = "", seed: str = "",
    ) -> Gateway:  # fmt: skip
        return Veritrans4GGateway(settings, base_url, before_send=before_send, record=record)

    def browser(self, settings: Mapping[str, str], base_url: str, endpoint: Endpoint) -> BrowserTokens:
        url = f"{base_url}/4gtoken"
        parts = urlsplit(url)
        public = {"token_api_key": settings["token_api_key"], "token_url": url}
        return BrowserTokens("", (f"{parts.scheme}://{parts.netloc}",), public)

    def buyer_message(self, category: Category, code: str) -> BuyerMessage:
        return errors.buyer_message(category, code)

    def unreadable(self, code: str, *, earlier_contract: bool) -> str:
        if earlier_contract:
            return N_("以前の契約（別のマーチャント CCID）で行われた取引です。以前の契約が終了している場合、照会はできません。")
        if code.startswith("NH41"):
            return N_("決済会社のテスト環境の取引と本番の取引が入れ替わっています。")
        return ""

    def browser_messages(self) -> Mapping[str, BuyerMessage]:
        return errors.browser_messages()

    def practice_settings(self) -> Mapping[str, str]:
        """``dummy``: the provider's own test world. No form offers it: a shop that left it on would sell for nothing."""
        keys = self.demo
        return {
            "merchant_ccid": keys.merchant_ccid, "merchant_key": keys.merchant_key, "token_api_key": keys.token_api_key,
            "dummy": "1",
        }  # fmt: skip
