"""One demo shop per run, on two real worker processes; every test starts with a calm provider."""

import json
from collections.abc import Iterator

import pytest

from tests.race.books import explained_money
from tests.race.shopping import Shop
from tests.support.databases import Databases
from tests.support.net import free_port
from tests.support.shop import settings


@pytest.fixture(scope="session")
def running_shop(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Shop]:
    instance = tmp_path_factory.mktemp("race")
    url = databases.copy("demo", instance)
    shop = Shop(settings(instance, url, free_port(), free_port()))
    try:
        shop.start()
        yield shop
    finally:
        shop.close()
        databases.drop(url)


@pytest.fixture
def shop(running_shop: Shop) -> Shop:
    running_shop.practice.calm()
    explained = explained_money(running_shop)
    live = running_shop.practice.live().items()
    running_shop.orphans = {ref: yen for ref, yen in live if explained.get(ref) != yen}
    return running_shop


@pytest.fixture
def secured(shop: Shop) -> Iterator[None]:
    """本人認証 switched on while a test runs."""
    before = shop.value("SELECT options FROM payment_method WHERE kind = 'card'")
    _use(shop, json.dumps({"instalments": "split", "bonus": "0", "use_3ds": "1", "attempt_control": "low"}))
    yield
    _use(shop, before)


def _use(shop: Shop, options: str) -> None:
    shop.change("UPDATE payment_method SET options = :options WHERE kind = 'card'", options=options)
