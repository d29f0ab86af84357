from collections.abc import Iterator

import pytest

from tests.wire.paygent.serving import Wire, serving


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as wire:
        yield wire
