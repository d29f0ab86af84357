"""The practice world: provider simulators that answer over real HTTP.

A separate process (``python -m providers.sandbox``) or, for tests, threads of this one (``serve``).
Nothing here knows the shop, and nothing here is used with a live account.
"""

from __future__ import annotations

from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from providers.sandbox.server import Sandbox


def serve(host: str, port: int, state_dir: str | Path, ssl_context: SSLContext | None = None) -> Sandbox:
    """Start the practice world; port 0 takes a free one. Every call is an independent world."""
    # Imported late: the simulators that the server makes import from this package themselves.
    from providers.sandbox.server import Sandbox

    return Sandbox(host, port, Path(state_dir), ssl_context)
