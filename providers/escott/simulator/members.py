"""Members (カード会員): who may use the card that is kept for them, and where a member stands."""

from __future__ import annotations

from dataclasses import replace

from providers.escott.simulator import cards
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.records import Member, MemberStatus, Merchant
from providers.escott.simulator.wire import Refusal

#: Wrong KaiinPass in a row that lock the member
ATTEMPTS = 3

#: OURS: what a member that cannot be used is answered (K75 and K79 both fit); deleted ones are no members (K71).
UNUSABLE = {
    MemberStatus.CARD_INVALID: "K75",
    MemberStatus.LOCKED: "K79",
    MemberStatus.INVALID: "K75",
}


class MemberBook:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def named(self, merchant: Merchant, sent: dict[str, str], *, deleted: bool = False) -> Member:
        """The member whose KaiinId and KaiinPass were sent; ``deleted``: one that is no longer will do as well."""
        member = self._ledger.member(merchant.merchant_id, sent["KaiinId"])
        if member is None or (member.status == MemberStatus.DELETED and not deleted):
            raise Refusal("K71")
        if member.kaiin_pass != sent["KaiinPass"]:
            raise Refusal(self._count_failure(member))
        if member.failures and member.status != MemberStatus.LOCKED:
            member = self.save(replace(member, failures=0))
        return member

    def _count_failure(self, member: Member) -> str:
        """OURS: only a member that could log in is locked; an invalid or deleted one stays what it is."""
        if member.status == MemberStatus.LOCKED:
            return "K74"
        if member.status in (MemberStatus.INVALID, MemberStatus.DELETED):
            return "K71"
        failures = member.failures + 1
        locked = failures >= ATTEMPTS
        self.save(
            replace(member, failures=failures, status=MemberStatus.LOCKED if locked else member.status)
        )
        return "K74" if locked else "K71"

    def chargeable(self, merchant: Merchant, sent: dict[str, str]) -> Member:
        if not merchant.members:
            raise Refusal("K68")
        member = self.named(merchant, sent)
        check_usable(member)
        return member

    def stored_code(self, merchant_id: str, kaiin_id: str) -> str:
        """What charging the kept card is answered over and above the card's own answer."""
        member = self._ledger.member(merchant_id, kaiin_id)
        return (member.decline or cards.known_card(member.number).stored) if member else ""

    def save(self, member: Member) -> Member:
        self._ledger.save(member)
        return member

    # ---- behind the shop's back ------------------------------------------------------------------

    def vanish(self, merchant_id: str, kaiin_id: str) -> Member:
        return self.save(replace(self._known(merchant_id, kaiin_id), status=MemberStatus.DELETED))

    def decline(self, merchant_id: str, kaiin_id: str, code: str) -> Member:
        return self.save(replace(self._known(merchant_id, kaiin_id), decline=code))

    def set_status(self, merchant_id: str, kaiin_id: str, status: str) -> Member:
        member = self._known(merchant_id, kaiin_id)
        return self.save(replace(member, status=MemberStatus(status), failures=0))

    def _known(self, merchant_id: str, kaiin_id: str) -> Member:
        member = self._ledger.member(merchant_id, kaiin_id)
        if member is None or member.status == MemberStatus.DELETED:
            raise ValueError("no such member")
        return member


def check_usable(member: Member) -> None:
    if code := UNUSABLE.get(MemberStatus(member.status)):
        raise Refusal(code)
