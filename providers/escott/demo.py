"""Credentials of the e-SCOTT merchant that exists in every new practice world; the shop's demo data copies them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EscottMerchantKeys:
    """What an e-SCOTT merchant gets with the contract."""

    #: マーチャントID
    merchant_id: str
    #: マーチャントパスワード
    merchant_pass: str
    #: 店舗コード
    tenant_id: str
    #: トークン決済認証コード, public in the page
    token_code: str


DEMO_MERCHANT = EscottMerchantKeys(
    merchant_id="90000001",
    merchant_pass="demoPass0001",
    tenant_id="0001",
    token_code="DEMOtokenNinsyoCode0000000000001",
)
