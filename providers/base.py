"""What providers of card payments have in common. A folder's class derives from it and says what is its own; :class:`providers.ports.Provider`
says what each member means."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from zoneinfo import ZoneInfo

from providers.contract import N_, MoneyStatus
from providers.ports import Endpoint

_JST = ZoneInfo("Asia/Tokyo")


class CardProvider:
    """A provider of card payments by token."""

    code: str
    #: Where it is reached with a live account.
    live_url: str
    marks: Mapping[str, str] = {}
    sends_notices = False
    reference_name = N_("取引ID")
    status_words: Mapping[MoneyStatus, str] = {
        MoneyStatus.AUTHORIZED: N_("与信"),
        MoneyStatus.CAPTURED: N_("売上確定済"),
        MoneyStatus.VOIDED: N_("キャンセル済"),
        MoneyStatus.REFUNDED: N_("キャンセル済"),
        MoneyStatus.EXPIRED: N_("期限切れ"),
    }

    @property
    def protocol(self) -> str:
        """The folder whose browser module and simulator it uses: its own, unless it is a second product on a protocol."""
        return self.code

    @property
    def browser_module(self) -> str:
        return resources.files(f"providers.{self.protocol}").joinpath("browser.js").read_text(encoding="utf-8")

    def base_url(self, endpoint: Endpoint, simulator_url: str) -> str:
        return self.live_url if endpoint == Endpoint.LIVE else f"{simulator_url}/{self.protocol}"

    def new_merchant_ref(self, now: datetime) -> str:
        """20 digits – ``9``, the day, then random ones –, which people can read out. A provider need not check that none comes twice, so
        it holds beyond a reinstalled shop's counters."""
        day = now.astimezone(_JST).strftime("%y%m%d")
        return f"9{day}{secrets.randbelow(10**13):013d}"

    def customer_ref(self, member_public_id: str, registration: int) -> str:
        """A member keeps this name for ever."""
        return f"m{member_public_id}"

    def refusal(self, code: str) -> str:
        """The code unchanged."""
        return ""
