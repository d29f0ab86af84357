"""One demo shop per run, on two real worker processes; every test starts with a calm provider."""

import json
from collections.abc import Callable, Iterator

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
    running_shop.forget_card_failures()
    explained = explained_money(running_shop)
    live = running_shop.practice.live().items()
    running_shop.orphans = {ref: yen for ref, yen in live if explained.get(ref) != yen}
    return running_shop


@pytest.fixture
def use_3ds(shop: Shop) -> Iterator[Callable[[bool], None]]:
    """Switches 本人認証 on and off while a test runs."""
    before = shop.value("SELECT options FROM payment_method WHERE kind = 'card'")

    def options(value: str) -> None:
        shop.change("UPDATE payment_method SET options = :options WHERE kind = 'card'", options=value)

    def use(wanted: bool) -> None:
        three_ds = {"use_3ds": str(int(wanted)), "attempt_control": "low"}
        options(json.dumps({"instalments": "split", "bonus": "0"} | three_ds))

    yield use
    options(before)


@pytest.fixture
def secured(use_3ds: Callable[[bool], None]) -> None:
    """本人認証 switched on while a test runs."""
    use_3ds(True)
