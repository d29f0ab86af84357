"""The books of this provider. Card numbers never get here; a token knows only mask and fingerprint."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from pathlib import Path

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from providers.paygent.simulator.records import (
    Authentication,
    Merchant,
    Payment,
    Request,
    StatusNotice,
    Step,
    StoredCard,
    TelegramCount,
    Token,
)
from providers.sandbox import ledger
from providers.sandbox.faults import Fault

#: How many of the latest telegrams are remembered one by one
REQUESTS_KEPT = 500


class Ledger(ledger.Ledger):
    tables = {
        Merchant: ("merchants", "merchant_id"),
        Token: ("tokens", "token"),
        StoredCard: ("stored_cards", "customer_card_id"),
        Authentication: ("authentications", "auth_id"),
        Payment: ("payments", "payment_id"),
        Step: ("history", "id"),
        StatusNotice: ("notices", "merchant_id, notice_id"),
        Request: ("requests", "id"),
        TelegramCount: ("telegrams", "kind"),
    }
    indexes = """
        CREATE INDEX IF NOT EXISTS stored_cards_by_customer ON stored_cards (merchant_id, customer_id);
        CREATE UNIQUE INDEX IF NOT EXISTS authentications_by_page ON authentications (page_key);
        CREATE INDEX IF NOT EXISTS authentications_open ON authentications (created_at) WHERE result = '';
        CREATE INDEX IF NOT EXISTS authentications_to_notice ON authentications (notice_due) WHERE notice_due IS NOT NULL;
        CREATE INDEX IF NOT EXISTS payments_by_trading ON payments (merchant_id, trading_id);
        CREATE INDEX IF NOT EXISTS payments_by_deadline ON payments (deadline) WHERE deadline IS NOT NULL;
        CREATE INDEX IF NOT EXISTS history_by_payment ON history (payment_id);
        CREATE INDEX IF NOT EXISTS notices_to_push ON notices (push_due) WHERE push_due IS NOT NULL;
        CREATE INDEX IF NOT EXISTS notices_to_fetch ON notices (merchant_id, notice_id) WHERE fetched = 0;
    """

    def __init__(self, path: Path) -> None:
        _take_over(path)
        super().__init__(path)

    def found(self) -> None:
        self.set("fingerprint_secret", secrets.token_hex(32))
        self.save(self.demo_merchant())

    # ---- merchants -------------------------------------------------------------------------------

    def merchant(self, merchant_id: str) -> Merchant | None:
        return self.one(Merchant, "merchant_id = ?", merchant_id)

    def demo_merchant(self) -> Merchant:
        """As it stands, or as it is in a new world."""
        return self.merchant(DEMO_PAYGENT_MERCHANT.merchant_id) or Merchant(**asdict(DEMO_PAYGENT_MERCHANT))

    def merchants(self) -> list[Merchant]:
        return self.all(Merchant, "1 ORDER BY merchant_id")

    def replace_merchant(self, old: str, new: str) -> Merchant:
        """A new number for a contract, as after a change of the merchant's name; the old one is closed."""
        with self.transaction():
            known = self.merchant(old)
            if known is None or self.merchant(new):
                raise ValueError("replaces an existing merchant by a new one")
            successor = replace(known, merchant_id=new)
            self.save(replace(known, closed=True))
            self.save(successor)
        return successor

    # ---- what is asked for again and again -------------------------------------------------------

    def token(self, merchant_id: str, token: str) -> Token | None:
        return self.one(Token, "token = ? AND merchant_id = ?", token, merchant_id)

    def authentication(self, auth_id: str) -> Authentication | None:
        return self.one(Authentication, "auth_id = ?", auth_id)

    def payment(self, payment_id: str) -> Payment | None:
        return self.one(Payment, "payment_id = ?", payment_id)

    def history(self, payment_id: str) -> list[Step]:
        return self.all(Step, "payment_id = ? ORDER BY id", payment_id)

    # ---- telegrams received ----------------------------------------------------------------------

    def add_request(self, at: float, kind: str, sent: dict[str, str], fault: Fault | None) -> Request:
        """Notes a telegram as it comes in; its answer is added when there is one."""
        named = {name: sent.get(name, "") for name in ("trading_id", "payment_id", "customer_id")}
        with self.transaction():
            request = Request(None, kind, **named, fault=fault.mode if fault else "", at=at)
            number = self.save(request)
            self.change("DELETE FROM requests WHERE id <= ?", number - REQUESTS_KEPT)
            count = self.one(TelegramCount, "kind = ?", kind) or TelegramCount(kind, 0)
            self.save(replace(count, count=count.count + 1))
        return replace(request, id=number)


def _take_over(path: Path) -> None:
    """Books of a version that knew one provider only go on; their file was not named after it."""
    if not path.exists():
        for part in ("", "-wal", "-shm"):
            earlier = path.with_name(f"simulator.sqlite3{part}")
            if earlier.exists():
                earlier.rename(f"{path}{part}")
