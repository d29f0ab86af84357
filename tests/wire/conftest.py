"""The practice world of the wire tests: new for each test, on one server for all of a file."""

from collections.abc import Iterator

import pytest

from tests.support.world import Simulator


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    world = Simulator(tmp_path_factory.mktemp("practice"))
    yield world
    world.close()


@pytest.fixture
def world(running: Simulator) -> Simulator:
    running.control("reset")
    running.control("clock", reset=True)
    running.control("notices", delay=0)
    return running
