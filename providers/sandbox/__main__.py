"""``python -m providers.sandbox --host 127.0.0.1 --port 5001 --state DIR``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from providers.sandbox import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m providers.sandbox", description="provider simulators")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5001)
    parser.add_argument(
        "--state", type=Path, required=True, help="folder of the ledger and the movable clock"
    )
    options = parser.parse_args()

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    sandbox = serve(options.host, options.port, options.state)
    print(f"provider simulators: {sandbox.url}", flush=True)
    stop.wait()
    sandbox.close()


if __name__ == "__main__":
    main()
