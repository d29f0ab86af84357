import pytest

from providers.payresort import PROVIDER as PAYRESORT
from providers.veritrans4g.product import Product
from providers.veritrans4g.provider import PROVIDER as VERITRANS4G
from tests.support.world import Simulator
from tests.wire.veritrans4g.practice import Practice


@pytest.fixture
def practice(world: Simulator) -> Practice:
    """ベリトランス4G, which offers all that the protocol can."""
    return Practice(world, VERITRANS4G)


@pytest.fixture(params=[VERITRANS4G, PAYRESORT], ids=lambda product: product.code)
def either(request: pytest.FixtureRequest, world: Simulator) -> Practice:
    """Each product on the protocol."""
    product: Product = request.param
    return Practice(world, product)
