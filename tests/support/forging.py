"""Notices and returns as the provider sends them and as an attacker would, for tests that name no provider: each protocol's own stand
in ``tests/wire/<protocol>/forging.py`` (docs/providers.md, "What is tested for you")."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import quote_from_bytes

from providers.ports import Provider
from tests.support.files import ROOT
from tests.support.world import world_code

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Push:
    """One request of a provider."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """The payment that a notice speaks of. ``serial``: the number of the notice."""

    serial: int
    handle: str
    reference: str
    amount_yen: int


class Spoiling(Protocol):
    """Where returns or notices are signed, by which modes the simulator spoils them – what an attacker can make of genuine ones without
    a key. A protocol names what it has."""

    #: Modes of ``/control/<protocol>/returns``: returns of a buyer who has not paid …
    FORGED_RETURNS: tuple[str, ...]
    #: … and of one who has: they lead to no wrong outcome, but must not be believed.
    DAMAGED_RETURNS: tuple[str, ...]
    #: Modes of ``/control/<protocol>/pushes``, and the reason with which such a notice is refused.
    FORGED_PUSHES: tuple[str, ...]
    REFUSED: str


class Forge(Protocol):
    """What a protocol's notices can be made to say."""

    #: All that a notice can say of a payment, something nobody has heard of included.
    SAYINGS: tuple[str, ...]
    #: Whether what staff do on the provider's console is told.
    TELLS_CONSOLE: bool

    def notice(self, provider: Provider, about: About, said: str = "") -> Push:
        """A genuine one."""
        ...

    def forged(self, provider: Provider, about: About) -> list[Push]:
        """None of them is to be believed."""
        ...

    def untrue(self, provider: Provider, about: About) -> list[Push]:
        """Rightly signed, and without effect on a payment that stands otherwise in the provider's books."""
        ...

    def of_another(self, provider: Provider, about: About) -> Push:
        """Signed by another merchant."""
        ...


class Nothing:
    """Of a protocol that brings no forging."""

    SAYINGS = ()
    TELLS_CONSOLE = False


def forge(provider: Provider) -> Any:
    """The :class:`Forge` of a provider's protocol – or :class:`Nothing`."""
    protocol = world_code(provider)
    if not (ROOT / "tests/wire" / protocol / "forging.py").exists():
        return Nothing
    return import_module(f"tests.wire.{protocol}.forging")


def makes_notices(provider: Provider) -> bool:
    return forge(provider) is not Nothing and provider.sends_notices


def spoiled(providers: Iterable[Provider], what: str) -> Iterator[tuple[list[Provider], tuple[str, ...]]]:
    """The products of each protocol, and the modes by which its simulator spoils something, where it names any: :class:`Spoiling`."""
    protocols: dict[str, list[Provider]] = {}
    for provider in providers:
        protocols.setdefault(world_code(provider), []).append(provider)
    for products in protocols.values():
        if modes := getattr(forge(products[0]), what, ()):
            yield products, modes


#: Values put into a field: nothing, more, less, other widths and signs, control characters, very long.
BENDS = (
    lambda value: "",
    lambda value: value + "1",
    lambda value: value[:-1] or "9",
    lambda value: " " + value,
    lambda value: value + "\n",
    lambda value: "-" + value,
    lambda value: value.translate(str.maketrans("0123456789", "０１２３４５６７８９")) or "０",
    lambda value: value + "\x00",
    lambda value: "9" * 3000,
)


def broken(body: bytes, covered: int = 0) -> Iterator[bytes]:
    """Cut off, a bit flipped at or behind the place ``covered``, in other encodings, no form at all."""
    for end in range(0, len(body) - 1, 7):
        yield body[:end]
    dice = random.Random(20261121)
    for _ in range(40):
        place = dice.randrange(covered, len(body))
        yield body[:place] + bytes([body[place] ^ 1 << dice.randrange(4)]) + body[place + 1 :]
    yield b""
    yield b"\x00" * 400
    yield "\ufeff".encode() + body
    yield b'{"payment_status": "40"}'
    yield quote_from_bytes(body).encode()
    yield body.decode().encode("utf-16")
