"""The operations of OCRP005: 4MemAdd 4MemChg 4MemInval 4MemUnInval 4MemDel 4MemRef 4MemRefM (protocol §5.2)."""

from __future__ import annotations

from dataclasses import replace

from providers.escott.simulator import cards
from providers.escott.simulator.issuer import is_expired, validity
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.members import MemberBook, check_usable
from providers.escott.simulator.records import Card, Member, MemberStatus, Merchant
from providers.escott.simulator.sources import Source, Sources, assist_results
from providers.escott.simulator.wire import OK, Refusal
from providers.sandbox.card_numbers import brand_of
from providers.sandbox.clock import Clock, japan_time

#: Where a member must stand for an operation, and what it is answered elsewhere.
#: OURS: an invalid card may be changed at once, a locked or invalid member must be un-invalidated first.
STANDING: dict[str, tuple[frozenset[MemberStatus], dict[MemberStatus, str]]] = {
    "4MemInval": (
        frozenset([MemberStatus.VALID, MemberStatus.CARD_INVALID]),
        {MemberStatus.LOCKED: "K79", MemberStatus.INVALID: "K75"},
    ),
    "4MemUnInval": (
        frozenset([MemberStatus.CARD_INVALID, MemberStatus.LOCKED, MemberStatus.INVALID]),
        {MemberStatus.VALID: "K73"},
    ),
    "4MemDel": (
        frozenset([MemberStatus.INVALID]),
        {MemberStatus.VALID: "K70", MemberStatus.CARD_INVALID: "K70", MemberStatus.LOCKED: "K70"},
    ),
}


class MemberOperations:
    def __init__(self, ledger: Ledger, clock: Clock, members: MemberBook, sources: Sources) -> None:
        self._ledger = ledger
        self._clock = clock
        self._members = members
        self._sources = sources

    def add(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        check_contract(merchant)
        source = self._sources.entered(merchant, sent)
        # OURS: an id stays taken when its member is deleted, the stricter of two readings.
        if self._ledger.member(merchant.merchant_id, sent["KaiinId"]):
            raise Refusal("K69")
        self._accept(source, sent)
        if code := cards.known_card(source.card.number).storing:
            raise Refusal(code)
        member = Member(
            merchant_id=merchant.merchant_id,
            kaiin_id=sent["KaiinId"],
            kaiin_pass=sent["KaiinPass"],
            number=source.card.number,
            expiry=source.card.expiry,
            status=MemberStatus.VALID,
            enabled_at=self._clock.now(),
        )
        self._members.save(member)
        return accepted(member) | assist_results(source, sent)

    def change(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        check_contract(merchant)
        entered = "Token" in sent or "CardNo" in sent
        source = self._sources.entered(merchant, sent) if entered else None
        member = self._members.named(merchant, sent)
        if member.status != MemberStatus.CARD_INVALID:
            check_usable(member)
        if source is None and "CardExp" in sent:
            source = Source(Card(member.number, sent["CardExp"]))
        results: dict[str, str] = {}
        if source:
            self._accept(source, sent)
            results = assist_results(source, sent)
            member = replace(
                member,
                number=source.card.number,
                expiry=source.card.expiry,
                status=MemberStatus.VALID,
                # Another card: what was wrong with the old one is over.
                decline="" if entered else member.decline,
            )
        member = self._members.save(
            replace(member, kaiin_pass=sent.get("NewKaiinPass", member.kaiin_pass))
        )
        return accepted(member) | results

    def _accept(self, source: Source, sent: dict[str, str]) -> None:
        """A card is kept only if it is valid; the token is spent either way."""
        self._sources.spend(source)
        if code := validity(source.card, self._clock.now()):
            raise Refusal(code, answered=assist_results(source, sent))

    def invalidate(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        self._move(merchant, sent, MemberStatus.INVALID)
        return {"ResponseCd": OK}

    def delete(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        self._move(merchant, sent, MemberStatus.DELETED)
        return {"ResponseCd": OK}

    def revive(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        return accepted(self._move(merchant, sent, MemberStatus.VALID))

    def _move(self, merchant: Merchant, sent: dict[str, str], status: MemberStatus) -> Member:
        check_contract(merchant)
        member = self._members.named(merchant, sent)
        standing, otherwise = STANDING[sent["OperateId"]]
        if (now := MemberStatus(member.status)) not in standing:
            raise Refusal(otherwise[now])
        if status == MemberStatus.VALID and is_expired(member.card, self._clock.now()):
            # OURS: which code an expired card gets here is not known.
            raise Refusal("C13")
        return self._members.save(replace(member, status=status, failures=0))

    def show(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        """OURS: a deleted member is still shown, with its status, since clients know that status."""
        check_contract(merchant)
        member = self._members.named(merchant, sent, deleted=True)
        clear = sent["OperateId"] == "4MemRef"
        return {
            "ResponseCd": OK,
            "CardNo": member.number if clear else cards.masked(member.number),
            "CardExp": member.expiry,
            "CompanyCd": company(member),
            "KaiinStatus": member.status,
            "KaiinEnableDate": japan_time(member.enabled_at).strftime("%Y%m%d"),
        }


def check_contract(merchant: Merchant) -> None:
    if not merchant.members:
        raise Refusal("K68")


def company(member: Member) -> str:
    return cards.COMPANIES[brand_of(member.number)]


def accepted(member: Member) -> dict[str, str]:
    return {"ResponseCd": OK, "CompanyCd": company(member)}
