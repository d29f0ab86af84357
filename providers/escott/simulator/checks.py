"""What is checked of every request before its operation begins: who asks, what for, in which form (protocol §12)."""

from __future__ import annotations

from dataclasses import replace

from providers.escott.simulator.items import FORMS, WITH_TENANT, is_date, problems
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.records import Merchant
from providers.escott.simulator.wire import OPERATIONS, Refusal

#: Wrong passwords in a row that lock the merchant out
ATTEMPTS = 5


def authenticated(ledger: Ledger, sent: dict[str, str]) -> Merchant:
    """Level 1. OURS: a number that nobody has is answered like a wrong password and locks nobody out."""
    missing = {"MerchantId": "K02", "MerchantPass": "K03"}
    if codes := [code for name, code in missing.items() if name not in sent]:
        raise Refusal(*codes)
    merchant = ledger.merchant(sent["MerchantId"])
    if merchant is None:
        raise Refusal("K03")
    if merchant.locked:
        raise Refusal("KG8")
    if merchant.merchant_pass != sent["MerchantPass"]:
        failures = merchant.failures + 1
        ledger.save(replace(merchant, failures=failures, locked=failures >= ATTEMPTS))
        raise Refusal("K03")
    if merchant.failures:
        merchant = replace(merchant, failures=0)
        ledger.save(merchant)
    return merchant


def check_request(merchant: Merchant, address: str, sent: dict[str, str]) -> None:
    """Levels 2 and 3. A level tells all that is wrong in it; the next one is looked at when nothing is."""
    if codes := _envelope(merchant, address, sent):
        raise Refusal(*codes)
    if codes := problems(sent["OperateId"], sent):
        raise Refusal(*codes)


def _envelope(merchant: Merchant, address: str, sent: dict[str, str]) -> list[str]:
    codes = []
    operation = sent.get("OperateId", "")
    if operation not in OPERATIONS[address]:
        codes.append("K06")
    # OURS: any day is taken; that it is today's is the merchant's business.
    if not is_date(sent.get("TransactionDate", "")):
        codes.append("K05")
    tenant = sent.get("TenantId", "")
    if not tenant:
        codes += ["K04"] if operation in WITH_TENANT else []
    elif len(tenant) != 4 or not FORMS["KaiinId"][1](tenant):
        codes.append("K04")
    elif tenant not in merchant.tenant_id.split(","):
        codes.append("K13")
    return codes
