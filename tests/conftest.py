"""Fixtures for every suite: a fresh shop on SQLite or PostgreSQL, its clock, its practice provider, its servers.

``app`` is an empty shop; ask for ``demo_app`` as well and it is the demo shop. Whoever needs an application context
asks for ``context`` – clients and servers do not, because a context around a request would be shared with it.
"""

import gc
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.core import db
from shop.core.config import Config
from shop.demo import seed
from shop.payments import accounts
from tests.support import shop
from tests.support.assembly import assemble
from tests.support.buying import Purchase, buy
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.net import Guard, reserved_port
from tests.support.postgres import PrivatePostgres
from tests.support.servers import GranianServer, LiveServer
from tests.support.world import Simulator

pytest_plugins = ["pytester", "tests.support.requirements"]

# `make test` tries the same examples on every machine: chance decides no build. `make evidence` looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("new", max_examples=2_000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")

_POSTGRES = "SHOP_TEST_POSTGRES"
#: When Python looks for garbage: a request makes thousands of objects and leaves hardly a ring of them (docs/decisions/0010).
_GARBAGE = (50_000, 20, 20)
_guard = Guard()
_own_postgres: list[PrivatePostgres] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db", choices=("sqlite", "postgresql"), default="sqlite", help="database of the tests that use one"
    )


def pytest_configure(config: pytest.Config) -> None:
    _guard.close_door()
    wanted = config.getoption("--db") == "postgresql"
    # Workers inherit the address from the process that started them.
    if wanted and not os.environ.get(_POSTGRES):
        _own_postgres.append(PrivatePostgres())
        os.environ[_POSTGRES] = _own_postgres[0].url


def pytest_unconfigure() -> None:
    _guard.open_door()
    for server in _own_postgres:
        server.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "databases" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
    # Whole servers take longest: begun first, so that no worker waits for another one's at the end.
    items.sort(key=_is_short)


def _is_short(item: pytest.Item) -> bool:
    return "granian_server" not in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: nobody walks through it again in search of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[None]:
    """Fails a test that tried to reach another machine, even when the code under test took it calmly."""
    _guard.attempts.clear()
    yield
    assert not _guard.attempts, f"the test tried to leave this machine: {', '.join(_guard.attempts)}"


# ---- databases ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Two templates, made when they are wanted: ``empty``, migrated once per worker, and ``demo`` on top of it."""
    folder = tmp_path_factory.mktemp("templates")
    made: SqliteDatabases | PostgresDatabases
    if request.config.getoption("--db") == "postgresql":
        made = PostgresDatabases(os.environ[_POSTGRES])
    else:
        made = SqliteDatabases(folder)

    def at(url: str) -> Config:
        return shop.settings(folder, url, 5000, 5001)

    made.add_template("empty", lambda url: shop.migrate(at(url)))
    made.add_template("demo", lambda url: shop.load_demo(at(url)), on="empty")
    yield made
    if isinstance(made, PostgresDatabases):
        made.close()


@pytest.fixture(scope="session")
def demo_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's pictures, drawn once."""
    folder = tmp_path_factory.mktemp("demo")
    seed.draw(folder)
    return folder / "media"


# ---- one shop -------------------------------------------------------------------------------------------------------


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The instance folder of this test's shop."""
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


@pytest.fixture
def simulator(instance: Path) -> Iterator[Simulator]:
    """The practice provider of this test; reads the same clock as the shop."""
    world = Simulator(instance)
    yield world
    world.close()


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """The port of this test's shop, kept for it until a server opens it."""
    with reserved_port() as bound:
        yield bound


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, instance: Path, databases: Databases, door: socket.socket
) -> Iterator[Config]:
    """Settings of this test's shop with a fresh database."""
    demo = "demo_app" in request.fixturenames
    world = request.getfixturevalue("simulator") if "simulator" in request.fixturenames else None
    if demo:
        (instance / "media").symlink_to(request.getfixturevalue("demo_media"))
        (instance / "demo-password").write_text(shop.OWNER_PASSWORD)
    url = databases.copy("demo" if demo else "empty", instance)
    port: int = door.getsockname()[1]
    # Without a simulator the provider's address is this shop's own closed door: refused at once.
    yield shop.settings(instance, url, port, world.port if world else port)
    databases.drop(url)


@pytest.fixture
def app(settings: Config) -> Iterator[Flask]:
    """A shop of its own: fresh database, own instance folder, movable clock, no job runner."""
    made = assemble(settings)
    yield made
    shop.dispose(made)


@pytest.fixture
def demo_app(app: Flask, simulator: Simulator) -> Flask:
    """``app`` with the demo shop in it, its practice account talking to ``simulator``."""
    return app


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An application context for tests that call services. Not for tests that also send requests."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def clock(instance: Path) -> shop.MovableClock:
    """Moves shop and simulator alike: ``clock.advance(seconds)``."""
    return shop.MovableClock(instance)


# ---- servers and buyers ---------------------------------------------------------------------------------------------


@pytest.fixture
def live_server(
    request: pytest.FixtureRequest, app: Flask, settings: Config, door: socket.socket
) -> Iterator[LiveServer]:
    """The shop over HTTP in threads of this process, at :attr:`Config.base_url`. Jobs run by ``run_jobs`` only, and
    notices wait until a test lets them go: none depends on when one happened to arrive."""
    server = LiveServer(app, door)
    _connect_notices(request, app, settings, mode="hold")
    yield server
    server.close()


@pytest.fixture
def granian_server(
    request: pytest.FixtureRequest, app: Flask, settings: Config, door: socket.socket
) -> Iterator[GranianServer]:
    """The shop as production runs it: two workers in processes of their own, jobs included."""
    door.close()
    _connect_notices(request, app, settings, mode="normal")
    server = GranianServer(settings)
    server.start()
    yield server
    server.stop()


def _connect_notices(request: pytest.FixtureRequest, app: Flask, settings: Config, mode: str) -> None:
    if "demo_app" not in request.fixturenames:
        return
    with app.app_context():
        (account,) = accounts.all_accounts(db.db.session())
        address = f"{settings.base_url}/pay/n/{account.key}"
    request.getfixturevalue("simulator").push_notices_to(address, mode)


@pytest.fixture
def purchase(live_server: LiveServer, demo_app: Flask) -> Callable[..., Purchase]:
    """``buy`` at this test's live server."""
    return partial(buy, live_server.url)
