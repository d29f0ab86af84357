"""P-11: a provider that stalls occupies its own slots and nothing else."""

import statistics

import pytest

from tests.race import stall
from tests.race.books import assert_books_agree
from tests.race.products import PLAIN, Product, Turns
from tests.race.shopping import Shop

_TURNS = Turns()


@pytest.mark.req("P-11", "P-31")
@_TURNS.each(PLAIN)
def test_the_shop_window_stays_open_while_the_provider_stalls(shop: Shop, product: Product) -> None:
    """Half of the threads wait for the provider, everybody else who pays is told it is busy, and pages are served."""
    before = shop.newest_order()
    idle = stall.times(shop, 40)
    storm = stall.Storm(shop, 3.0)
    storm.wait_for_rest()
    held = storm.waiting()
    stalled = stall.times(shop, 40)
    assert storm.waiting() == held, "the provider let go during the measurement: nothing was shown"
    slots = shop.server.workers * shop.config.threads // 2
    assert 0 < held <= slots
    # Who found no slot was sent back to the form at once; nothing of theirs was written.
    assert storm.locations == ["/checkout/zero"] * (stall.BUYERS - held)
    assert shop.value("SELECT count(*) FROM shop_order WHERE id > :id", id=before) == held
    storm.join()
    assert set(storm.statuses) == {303}
    shop.settle()
    assert shop.value("SELECT count(*) FROM shop_order WHERE id > :id AND state = 'placed'", id=before) == held
    assert_books_agree(shop)
    ratio = statistics.median(stalled) / statistics.median(idle)
    print(f"{held} of {slots} slots held: median {statistics.median(stalled) * 1000:.1f} ms, {ratio:.2f} times the idle one")
