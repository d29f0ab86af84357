import pytest
from flask import Flask

from tests.domain.desk import Desk
from tests.support.shop import MovableClock
from tests.support.world import Simulator


@pytest.fixture
def desk(demo_app: Flask, simulator: Simulator, clock: MovableClock) -> Desk:
    """The demo shop's services, its database and the provider's ledger."""
    return Desk(demo_app, simulator)
