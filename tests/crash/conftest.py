"""The stage of the crash suite: one per worker and database, used by one test after another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.scenarios import base
from tests.crash.stage import Stage, State
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def stage(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    url = databases.copy("demo", folder)
    made = Stage(folder, url)
    yield made
    made.close()
    databases.drop(url)


@pytest.fixture(scope="session")
def beginning(stage: Stage) -> State:
    """The demo shop before anything is sold."""
    return base(stage)
