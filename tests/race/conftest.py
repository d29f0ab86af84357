"""One demo shop per run, on two real worker processes; every test starts with a calm provider."""

from collections.abc import Callable, Iterator

import pytest

from tests.race.books import explained_money
from tests.race.products import Product
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
def pay_by(shop: Shop) -> Iterator[Callable[[Product], None]]:
    """Lets the shop pay by another product while a test runs."""
    before = shop.paid_by()
    yield shop.pay_by
    shop.pay_by(before)


@pytest.fixture
def product(request: pytest.FixtureRequest, pay_by: Callable[[Product], None]) -> Product:
    """The product of this test's turn, at work (:mod:`tests.race.products`)."""
    pay_by(request.param)
    return request.param
