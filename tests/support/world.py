"""The practice world of a test: the provider simulators over real sockets, and their ledger – the oracle for money."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from providers.ports import Endpoint, Provider
from providers.sandbox import serve

#: Card numbers by what comes of them; only the last four digits count (see the simulator's start page).
VISA = "4111111111111111"


def card_token(address: str, provider: Provider, number: str, **card: str) -> str:
    """A token of the provider's practice contract, by the switch of the practice world at ``address``."""
    asked = {
        "provider": world_code(provider), "merchant": merchant(provider), "number": number, "expiry": "4001", "cvc": "123",
        "name": "HANAKO YAMADA",
    }  # fmt: skip
    answer = requests.post(address, json=asked | card, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["token"])


def world_code(provider: Provider) -> str:
    """Which simulator stands behind a provider's practice account: products on one protocol share one."""
    return provider.base_url(Endpoint.PRACTICE, "").strip("/")


def merchant(provider: Provider) -> str:
    """The merchant of a provider's practice contract."""
    key = next(setting.key for setting in provider.settings if setting.contract)
    return provider.practice_settings()[key]


@cache
def _new_books() -> dict[str, bytes]:
    """What a world begins with, by file: laid out once and copied, as the shop's databases are."""
    with TemporaryDirectory() as folder:
        serve("127.0.0.1", 0, folder).close()
        return {books.name: books.read_bytes() for books in Path(folder).glob("*.sqlite3")}


class Simulator:
    """One independent world, in threads of the test process: it survives whatever happens to a shop's process."""

    def __init__(self, state: Path) -> None:
        for name, begun in _new_books().items():
            if not (state / name).exists():
                (state / name).write_bytes(begun)
        self._server = serve("127.0.0.1", 0, state)
        self.port = self._server.port
        self.url = f"http://localhost:{self.port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()
        self._server.close()

    def control(self, switch: str, **values: Any) -> Any:
        """Turn a switch under ``/control``: ``faults``, ``notices``, ``register``, ``token``, ``act``, ``clock``, ``reset``, or one that only
        one provider has (``paygent/merchants``)."""
        answer = self._session.post(f"{self.url}/control/{switch}", json=values)
        answer.raise_for_status()
        return answer.json()

    def fault(self, mode: str, kind: str = "*", phase: str = "before", **values: Any) -> None:
        """Make the next matching request go wrong."""
        self.control("faults", mode=mode, kind=kind, phase=phase, **values)

    def push_notices_to(self, url: str, mode: str = "normal") -> None:
        """Register the shop's address for notifications, as the contract form does. ``hold`` lets none go yet."""
        self.control("register", provider="paygent", push_url=url)
        self.control("notices", delay=0, mode=mode)

    def token(self, provider: Provider, number: str = VISA, **card: str) -> str:
        """A card token of the provider's practice contract, as its script would make one."""
        return card_token(f"{self.url}/control/token", provider, number, **card)

    def books(self) -> dict[str, Any]:
        """What all providers' sides know, in words that they share (:mod:`providers.sandbox.practice`)."""
        found: dict[str, Any] = self._session.get(f"{self.url}/books.json").json()
        return found

    def ledger(self) -> dict[str, Any]:
        """All that the provider's side knows."""
        books: dict[str, Any] = self._session.get(f"{self.url}/console/paygent/ledger.json").json()
        return books

    def payments(self) -> list[dict[str, Any]]:
        payments: list[dict[str, Any]] = self.ledger()["payments"]
        return payments
