import pytest

from tests.support.world import Simulator
from tests.wire.escott.desk import Desk


@pytest.fixture
def desk(world: Simulator, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(world, monkeypatch)
