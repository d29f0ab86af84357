"""A shop's desk at e-SCOTT: gateways into the practice world, what they sent there, and what its books say."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers import transport
from providers.charge import CardSource, Charge
from providers.contract import Approved, Exchange
from providers.escott import PROVIDER
from providers.kept_cards import CardStored, StoredCardSource
from providers.ports import Gateway
from tests.support.world import VISA, Simulator

SEED = "seed of this account"
NAME = "半図太郎"
#: The KaiinId of a member's first registration.
MEMBER = PROVIDER.customer_ref("publicIdOfAMember00001", 1)

Sent = tuple[str, dict[str, str]]


class Desk:
    def __init__(self, world: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.tape: list[Exchange] = []
        #: Path and fields of every request, in order.
        self.sent: list[Sent] = []
        self.before_send = 0
        self._monkeypatch = monkeypatch
        self._ahead = timedelta()
        self._listen(transport.post)

    def _listen(self, post: Any) -> None:
        def spied(url: str, body: bytes, headers: dict[str, str], **more: Any) -> Any:
            self.sent.append((urlsplit(url).path, dict(parse_qsl(body.decode("ascii"), strict_parsing=True))))
            return post(url, body, headers, **more)

        self._monkeypatch.setattr(transport, "post", spied)

    def answering(self, body: bytes, status: int = 200) -> None:
        """From now on every request gets this answer and leaves the practice world alone."""
        self._listen(lambda *_, **__: transport.Answer(status, {}, body))

    # ---- the shop ----------------------------------------------------------------------------------------

    def gateway(self, keys: str = "", seed: str = SEED, **settings: str) -> Gateway:
        def count() -> None:
            self.before_send += 1

        return PROVIDER.open(
            {**PROVIDER.practice_settings(), **settings}, f"{self.world.url}/escott", before_send=count, record=self.tape.append,
            now=self.now, keys=keys, seed=seed,
        )  # fmt: skip

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def charge(
        self, yen: int = 4980, *, capture: bool = False, number: str = VISA, member: str = "", instalments: int = 1, cvc: str = "123",
        name: str = NAME,
    ) -> Charge:  # fmt: skip
        source = StoredCardSource(member, member) if member else CardSource(self.world.token(PROVIDER, number, cvc=cvc))
        return Charge(PROVIDER.new_merchant_ref(self.now()), yen, source, capture, instalments, buyer_name=name)

    def paid(self, yen: int = 4980, **how: Any) -> Approved:
        """A payment that stands."""
        made = self.gateway().authorize(self.charge(yen, **how))
        assert isinstance(made, Approved)
        return made

    def kept(self, member: str = MEMBER, number: str = VISA) -> CardStored:
        """A card that is kept."""
        stored = self.gateway().store_card(member, CardSource(self.world.token(PROVIDER, number)))
        assert isinstance(stored, CardStored)
        return stored

    # ---- the other side ----------------------------------------------------------------------------------

    def fault(self, kind: str, mode: str, phase: str = "before", **values: Any) -> None:
        self.world.fault(mode, kind, phase, provider="escott", **values)

    def pass_days(self, days: int) -> None:
        """On both sides."""
        self._ahead += timedelta(days=days)
        self.world.control("clock", advance=days * 86_400)

    def payments(self) -> list[tuple[str, int]]:
        return [(each["state"], each["amount_yen"]) for each in self.world.books()["payments"]]

    def codes(self) -> list[str]:
        """What was answered, empty for OK."""
        return [each["code"] for each in self.world.books()["calls"]]

    def operations(self) -> list[str]:
        return [fields["OperateId"] for _, fields in self.sent]

    def last(self) -> dict[str, str]:
        return self.sent[-1][1]
