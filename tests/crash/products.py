"""What a product can, asked of its capabilities: which scenarios it plays, and by which settings."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any

from providers.contract import MoneyStatus, Recovery, Snapshot, Verb
from providers.kept_cards import Linking
from providers.ports import Provider
from tests.support.forging import forge

Needs = Callable[[Provider], bool]


def options(product: Provider, *, secure: bool, linking: Linking) -> dict[str, str]:
    """Settings of the card method that come nearest to this: 3-D Secure, クレジットカード紐づけ設定."""
    can = product.capabilities
    return _deciding(product, can.authenticates, secure) | _deciding(product, can.linking, linking)


def _deciding(product: Provider, judged: Callable[[dict[str, str]], Hashable], wanted: Hashable) -> dict[str, str]:
    """The choice that makes the capabilities say ``wanted``; empty where the shopkeeper has none."""
    for setting in product.settings:
        if setting.scope == "method":
            said = {judged({setting.key: value}): value for value, _ in reversed(setting.choices)}
            if len(said) > 1:
                return {setting.key: said[wanted]}
    return {}


# ---- needs of scenarios ---------------------------------------------------------------------------------------------


def anything(_: Provider) -> bool:
    return True


def keeps_cards(product: Provider) -> bool:
    return product.capabilities.tokens_to_link > 0


def charges_directly(product: Provider) -> bool:
    """Without sending the buyer away, if the shopkeeper wants it so."""
    return not product.capabilities.authenticates(options(product, secure=False, linking=Linking.NEVER))


def sends_away(product: Provider) -> bool:
    return product.capabilities.authenticates(options(product, secure=True, linking=Linking.NEVER))


def leaves_the_choice(product: Provider) -> bool:
    return charges_directly(product) and sends_away(product)


def charges_while_away(product: Provider) -> bool:
    return sends_away(product) and product.capabilities.charges_while_away


def asks_people(product: Provider) -> bool:
    """Whether only a person can find out what became of an authorisation."""
    return product.capabilities.recovery[Verb.AUTHORIZE] == Recovery.BY_CONSOLE


def can_be_asked(product: Provider) -> bool:
    return charges_directly(product) and not asks_people(product)


def tells_while_away(product: Provider) -> bool:
    """Whether a notice comes of what was charged while the buyer was away."""
    return charges_while_away(product) and product.sends_notices


def tells_all(product: Provider) -> bool:
    """Whether each change of a payment comes as a notice, those included that staff make on the provider's console."""
    return can_be_asked(product) and product.sends_notices and bool(forge(product).TELLS_CONSOLE)


def refunds(product: Provider) -> bool:
    """What was taken at once."""
    return _allows(product, Verb.REFUND, status=MoneyStatus.CAPTURED, remote_status=MoneyStatus.CAPTURED, capture_at_once=True)


def changes(product: Provider) -> bool:
    """The amount of an authorisation, upwards."""
    return _allows(product, product.capabilities.update_verb, order_total_yen=1100)


def replaces(product: Provider) -> bool:
    """… by a second authorisation, after which the first one is voided."""
    return changes(product) and product.capabilities.update_verb == Verb.REAUTHORIZE


def _allows(product: Provider, verb: Verb, **facts: Any) -> bool:
    now = datetime.now(UTC)
    usual: dict[str, Any] = {
        "status": MoneyStatus.AUTHORIZED, "authorized_yen": 1000, "order_total_yen": 1000, "capture_at_once": False,
        "remote_status": MoneyStatus.AUTHORIZED, "remote_amount_yen": 1000, "remote_readable": True, "authorized_at": now,
    }  # fmt: skip
    return product.capabilities.verdict(verb, Snapshot(**(usual | facts)), now).allowed
