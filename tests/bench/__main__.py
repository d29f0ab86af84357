"""``python -m tests.bench``: measure, print milliseconds and ratios, fail above a limit."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from flask import Flask

from app import create_app
from shop.core.config import Config
from tests.bench import orders, pages, phone
from tests.bench.figures import LIMITS, Line
from tests.race import stall
from tests.support import machine, shop
from tests.support.buying import Buyer, any_product
from tests.support.databases import SqliteDatabases
from tests.support.net import free_port, reserved_port
from tests.support.servers import LiveServer
from tests.support.world import Simulator


@contextmanager
def demo_shop(folder: Path) -> Iterator[tuple[Flask, Config]]:
    """A demo shop on SQLite with its simulator, as the tests have it."""
    databases = SqliteDatabases(folder)
    base = partial(shop.settings, folder, port=5000, simulator_port=5001)

    def build(url: str) -> None:
        shop.migrate(base(url))
        shop.load_demo(base(url))

    databases.add_template("demo", build)
    instance = folder / "instance"
    instance.mkdir()
    simulator = Simulator(instance)
    config = shop.settings(instance, databases.copy("demo", instance), free_port(), simulator.port)
    app = create_app(config)
    try:
        yield app, config
    finally:
        shop.dispose(app)
        simulator.close()


def figures(app: Flask, config: Config, folder: Path) -> Iterator[Line]:
    with reserved_port() as door:
        server = LiveServer(app, door)
        product = any_product(Buyer(server.url))
        counted = list(pages.statements(app, server, product))
        pressed = list(orders.in_steps(app, config, folder, server.url))
        server.close()
    seen = phone.largest_paints(config, product)
    return chain(pages.latencies(config, product), seen, counted, orders.figures(app, config, folder), pressed, stalled())


def stalled() -> Iterator[Line]:
    """The product list beside a provider that holds every slot for 30 seconds (P-11)."""
    idle, busy = stall.measure()
    yield Line("list: one look after the other", idle, "ms")
    yield Line("list: while the provider stalls", busy, "ms", note=f"{stall.BUYERS} buyers paying")
    yield Line("stall: ratio", busy / idle, "times", LIMITS["ratio"]["stall"])


def main() -> int:
    above = []
    machine.chromium()  # ``tests.bench.phone`` needs it: better told now than after minutes
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    if busy > cores / 2:
        print(f"this machine is busy (load {busy:.1f} on {cores} cores): the figures say little", flush=True)
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name, demo_shop(Path(name)) as (app, config):
        for line in figures(app, config, Path(name)):
            print(line, flush=True)
            if line.above:
                above.append(line.name)
    print(f"above the limit: {', '.join(above)}" if above else "within all limits")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
