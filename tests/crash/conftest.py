"""The stage of the crash suite: one per worker and database, used by one test after another."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from providers.ports import Provider
from tests.crash.moments import base, rehearsed
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
def beginnings(stage: Stage) -> Callable[[Provider], State]:
    """The demo shop with any product, before anything is sold."""
    untouched = rehearsed(stage)
    made: dict[str, State] = {}

    def beginning(product: Provider) -> State:
        if product.code not in made:
            made[product.code] = base(stage, untouched, product)
        return made[product.code]

    return beginning
