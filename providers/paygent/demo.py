"""Credentials of the merchant that exists in every new practice world; the shop's demo data copies them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaygentMerchantKeys:
    """What a Paygent merchant gets with the contract, and what it registers there."""

    merchant_id: str
    connect_id: str
    connect_password: str
    #: トークン生成鍵, public in the page
    token_generate_key: str
    #: トークン受取ハッシュ鍵, signs the token script's answer
    token_hash_key: str
    #: ハッシュ値生成キー, signs status notices
    notice_hash_key: str
    #: 3Dセキュア結果受付ハッシュ鍵
    threeds_hash_key: str
    #: 差分通知先URL, empty = notices are only fetched
    push_url: str = ""
    #: 加盟店名(英字) registered for EMV 3-D Secure, empty = any name is taken
    merchant_name: str = ""


DEMO_PAYGENT_MERCHANT = PaygentMerchantKeys(
    merchant_id="100001",
    connect_id="conn0001",
    connect_password="Pw0rd0001",
    token_generate_key="test_demoTokenKey0000000001",
    token_hash_key="ch_DEMO0001",
    notice_hash_key="noticekey_DEMO0001",
    threeds_hash_key="3dskey_DEMO_0001",
    merchant_name="TSUKINOWA SHOP",
)
