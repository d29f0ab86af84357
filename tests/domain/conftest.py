import pytest
from flask import Flask

from tests.domain.cards import VISA, Cards
from tests.domain.desk import Desk
from tests.support.shop import MovableClock
from tests.support.world import Simulator


@pytest.fixture
def desk(demo_app: Flask, simulator: Simulator, clock: MovableClock) -> Desk:
    """The demo shop's services, its database and the provider's ledger."""
    return Desk(demo_app, simulator)


@pytest.fixture
def cards(desk: Desk) -> Cards:
    """A member without a card."""
    return Cards(desk)


@pytest.fixture
def linked(cards: Cards) -> Cards:
    """A member with a card."""
    assert cards.change(VISA) == "registered"
    return cards
