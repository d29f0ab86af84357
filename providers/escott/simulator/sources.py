"""The card of a message: by a token, in clear, or kept for a member."""

from __future__ import annotations

from dataclasses import dataclass, replace

from providers.escott.simulator import cards
from providers.escott.simulator.items import ASSISTS
from providers.escott.simulator.members import MemberBook
from providers.escott.simulator.records import Card, Merchant, Token
from providers.escott.simulator.tokens import TokenDesk, checked


@dataclass(frozen=True)
class Source:
    card: Card
    token: Token | None = None
    kaiin_id: str = ""
    #: what charging the kept card is answered, whatever the card itself would say
    stored_code: str = ""


class Sources:
    def __init__(self, tokens: TokenDesk, members: MemberBook) -> None:
        self._tokens = tokens
        self._members = members

    def of(self, merchant: Merchant, sent: dict[str, str]) -> Source:
        """The form was checked before: there is exactly one way to the card (items.py)."""
        if "KaiinId" not in sent:
            return self.entered(merchant, sent)
        member = self._members.chargeable(merchant, sent)
        card = replace(member.card, security_code=checked(sent.get("SecCd", "")))
        code = self._members.stored_code(merchant.merchant_id, member.kaiin_id)
        return Source(card, kaiin_id=member.kaiin_id, stored_code=code)

    def entered(self, merchant: Merchant, sent: dict[str, str]) -> Source:
        """The card that the buyer has just entered."""
        if "Token" in sent:
            token = self._tokens.presented(merchant, sent["Token"])
            return Source(token.card, token)
        number = cards.kept_number(sent["CardNo"])
        return Source(Card(number, sent["CardExp"], checked(sent.get("SecCd", ""))))

    def spend(self, source: Source) -> None:
        if source.token:
            self._tokens.spend(source.token)


def assist_results(source: Source, sent: dict[str, str]) -> dict[str, str]:
    """Mc…: of the checks that were asked for. OURS: all but the security code always match."""
    results = {reply: cards.MATCH for item, reply in ASSISTS.items() if item in sent}
    if source.card.security_code:
        results["McSecCd"] = source.card.security_code
    return results
