"""Which product a test pays by: in the short form each test meets one, and a file's tests meet all of them in turn; in the long form
each meets every product. None is named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module

import pytest

from providers.contract import Capabilities, MoneyStatus, Reason, Recovery, Snapshot, Verb
from providers.installed import INSTALLED
from providers.kept_cards import Linking
from providers.ports import Provider
from tests.support import turns
from tests.support.files import ROOT
from tests.support.world import world_code


@dataclass(frozen=True)
class Product:
    """A provider and the settings that the shop's card method has."""

    provider: Provider
    options: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.provider.code} 3ds" if self.sends_away else self.provider.code

    @property
    def rules(self) -> Capabilities:
        return self.provider.capabilities

    @property
    def sends_away(self) -> bool:
        """Whether buyers go to the issuer's page."""
        return self.rules.authenticates(self.options)

    @property
    def asks_people(self) -> bool:
        """Whether only a person can find out what became of an authorization."""
        return self.rules.recovery[Verb.AUTHORIZE] == Recovery.BY_CONSOLE

    @property
    def first_call(self) -> str:
        """What 注文する sends, as the switches call it."""
        return "authenticate" if self.sends_away else "authorize"

    @property
    def decides_while_away(self) -> bool:
        """Whether the provider itself authorizes while the buyer is at the issuer's page; the shop then asks."""
        return self.sends_away and self.rules.charges_while_away

    @property
    def opening_call(self) -> str:
        """Without which nothing is reserved, and without whose answer nobody knows."""
        return "authenticate" if self.decides_while_away else "authorize"

    @property
    def deciding_call(self) -> str:
        """Whose answer tells that the money is reserved."""
        return "query" if self.decides_while_away else "authorize"


def _set_up(provider: Provider) -> list[Product]:
    """With the defaults of its settings form, and with each single value changed."""
    usual = {setting.key: setting.default for setting in provider.settings if setting.scope == "method"}
    return [Product(provider, usual), *_changed(Product(provider, usual))]


def _changed(product: Product) -> list[Product]:
    """With each single value of its settings form changed."""
    fields = [setting for setting in product.provider.settings if setting.scope == "method"]
    return [replace(product, options={**product.options, each.key: value}) for each in fields for value, _ in each.choices]


def _all(*, sending_away: bool) -> tuple[Product, ...]:
    """Of each provider that can be set up so, the first that is."""
    found = [next((each for each in _set_up(provider) if each.sends_away == sending_away), None) for provider in INSTALLED]
    return tuple(each for each in found if each)


#: Without 本人認証 and with it.
PLAIN, AUTHENTICATED = _all(sending_away=False), _all(sending_away=True)
EVERY = (*PLAIN, *AUTHENTICATED)
#: That keep members' cards, set up so that the member decides, order by order (12-2).
ASKING = tuple(
    next(each for each in _changed(product) if product.rules.linking(each.options) == Linking.ASK)
    for product in PLAIN if product.rules.tokens_to_link
)  # fmt: skip
#: Of whose payments notices come: who authorizes while the buyer is away tells of nothing else.
TELLING = tuple(
    product for product in EVERY
    if product.provider.sends_notices and (product.sends_away or not product.rules.charges_while_away)
)  # fmt: skip


def updates(product: Product) -> bool:
    """Whether staff can have another amount authorized for an order."""
    now = datetime.now(UTC)
    asked = Snapshot(MoneyStatus.AUTHORIZED, 1000, 1100, False, MoneyStatus.AUTHORIZED, 1000, True, now)
    return product.rules.verdict(product.rules.update_verb, asked, now).reason == Reason.NONE


def codes(product: Product, what: str) -> tuple[str, ...]:
    """Error codes of its protocol, in its own language, where its tests tell them: ``REFUSING``, or ``DOUBTFUL`` – after these nobody knows whether it happened."""
    protocol = world_code(product.provider)
    if not (ROOT / "tests/wire" / protocol / "codes.py").exists():
        return ()
    found: tuple[str, ...] = getattr(import_module(f"tests.wire.{protocol}.codes"), what)
    return found


class Turns(turns.Turns[Product]):
    """Every product, in turn. One for each file, so that what a test meets depends on that file alone."""

    def __init__(self) -> None:
        super().__init__(EVERY)


def rounds(of: Iterable[Product] = EVERY) -> pytest.MarkDecorator:
    """``products`` for a test that tries many times: all of them in turn or, as evidence, each one alone."""
    able = tuple(of)
    rows = [pytest.param(able, id="in turn"), *[pytest.param((each,), id=str(each), marks=pytest.mark.evidence) for each in able]]
    return pytest.mark.parametrize("products", rows)
