"""What one running application carries: configuration, clock, vault. Handed to the domain so that nothing is global."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from shop.core.clock import Clock
from shop.core.config import Config
from shop.core.crypto import Vault


@dataclass(frozen=True, slots=True)
class Runtime:
    """The instance's ports to the world outside the database."""

    config: Config
    clock: Clock
    vault: Vault


def install(app: Flask, config: Config) -> Runtime:
    """Build the runtime for ``app``. The clock is movable in demo and tests only."""
    movable = config.instance / "clock_offset" if config.demo else None
    built = Runtime(config=config, clock=Clock(movable), vault=Vault(config.secret_key))
    app.extensions["shop.runtime"] = built
    return built


def runtime() -> Runtime:
    """The runtime of the current application. Raises ``RuntimeError`` outside an application context."""
    built = current_app.extensions["shop.runtime"]
    assert isinstance(built, Runtime)
    return built


def now() -> datetime:
    """The shop's moment now, aware, UTC."""
    return runtime().clock.now()
