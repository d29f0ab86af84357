"""Credentials of the two merchants that the practice world knows; the shop's practice settings copy them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VeriTrans4GMerchantKeys:
    """What a merchant gets with the contract."""

    #: マーチャントCCID, 24 characters
    merchant_ccid: str
    #: マーチャント認証鍵, 64 hex digits: text in one signature, 32 bytes in the other
    merchant_key: str
    #: Token API Key, public in the page
    token_api_key: str


#: VeriTrans4G with PayNowID (stored cards) and 3-D Secure.
DEMO_MERCHANT = VeriTrans4GMerchantKeys(
    merchant_ccid="A10000000000000000democc",
    merchant_key="de30000000000000000000000000000000000000000000000000000000004001",
    token_api_key="de300000-0000-4000-8000-000000004001",
)

#: りそな PayResort (token): no PayNowID, instalments of its own, 3-D Secure.
DEMO_RESONA = VeriTrans4GMerchantKeys(
    merchant_ccid="A100000000000000resonacc",
    merchant_key="de30000000000000000000000000000000000000000000000000000000004002",
    token_api_key="de300000-0000-4000-8000-000000004002",
)
