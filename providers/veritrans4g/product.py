"""What products on this protocol have in common, seen from the shop. A product is this class with its own name, settings and
capabilities: see :mod:`providers.payresort` for a second one."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from providers.contract import N_, BeforeSend, Capabilities, Category, MoneyStatus, Now, Recorder
from providers.ports import BrowserTokens, BuyerMessage, Endpoint, Gateway
from providers.settings import Setting
from providers.veritrans4g import errors
from providers.veritrans4g.adapter import Veritrans4GGateway
from providers.veritrans4g.demo import VeriTrans4GMerchantKeys

_LIVE = "https://api3.veritrans.co.jp"
#: Where the practice world answers, whatever the product is called.
_PRACTICE_CODE = "veritrans4g"


class Product:
    """A provider on the MDK protocol. Subclasses say how it is called and what it offers."""

    code: str
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
    status_words: Mapping[MoneyStatus, str] = {
        MoneyStatus.AUTHORIZED: N_("与信"),
        MoneyStatus.CAPTURED: N_("売上確定済"),
        MoneyStatus.VOIDED: N_("キャンセル済"),
        MoneyStatus.REFUNDED: N_("キャンセル済"),
        MoneyStatus.EXPIRED: N_("期限切れ"),
    }

    unreadable_words = (N_("決済状況が取得できませんでした。"), N_("・マーチャント CCID、マーチャント認証鍵が正しくない。"))

    @property
    def browser_module(self) -> str:
        """Source of our ES module; it asks the token server itself, so there is no script of the provider's."""
        return resources.files("providers.veritrans4g").joinpath("browser.js").read_text(encoding="utf-8")

    def open(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder, now: Now,
        keys: str = "", seed: str = "",
    ) -> Gateway:  # fmt: skip
        return Veritrans4GGateway(settings, base_url, before_send=before_send, record=record)

    def base_url(self, endpoint: Endpoint, simulator_url: str) -> str:
        return _LIVE if endpoint == Endpoint.LIVE else f"{simulator_url}/{_PRACTICE_CODE}"

    def browser(self, settings: Mapping[str, str], base_url: str, endpoint: Endpoint) -> BrowserTokens:
        url = f"{base_url}/4gtoken"
        parts = urlsplit(url)
        public = {"token_api_key": settings["token_api_key"], "token_url": url}
        return BrowserTokens("", (f"{parts.scheme}://{parts.netloc}",), public)

    def new_merchant_ref(self, now: datetime) -> str:
        """An orderId: unique across services, worlds and reinstalled shops, of digits so that people can read it out."""
        day = now.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%y%m%d")
        return f"9{day}{secrets.randbelow(10**13):013d}"

    def customer_ref(self, member_public_id: str, registration: int) -> str:
        """An accountId; a member keeps it for ever."""
        return f"m{member_public_id}"

    def buyer_message(self, category: Category, code: str) -> BuyerMessage:
        return errors.buyer_message(category, code)

    def refusal(self, code: str) -> str:
        """The code unchanged (R-044)."""
        return ""

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
