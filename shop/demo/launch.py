"""``make run``: the demo shop and the provider's practice world side by side, until Ctrl-C.

Two processes on two hosts names (127.0.0.1 and localhost), so that cookies and CSP behave as with a real provider.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

_WAIT = 30.0


def main() -> int:
    """Load the demo, start both processes, print the addresses, wait; returns the exit code of whoever ends first."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in its background deaf to Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    port, simulator_port = os.environ.get("PORT", "5000"), os.environ.get("SIMULATOR_PORT", "5001")
    root = Path(__file__).resolve().parents[2]
    instance = Path(os.environ.get("SHOP_INSTANCE") or root / "instance").resolve()
    environment = os.environ | {"SHOP_DEMO": "1", "FLASK_APP": "app", "SHOP_INSTANCE": str(instance)}
    load = [sys.executable, "-m", "flask", "demo", "load"]
    said = subprocess.run(load, env=environment, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    owner, member, *accounts = said.splitlines()
    simulator = subprocess.Popen(
        [sys.executable, "-m", "providers.sandbox", "--host", "127.0.0.1", "--port", simulator_port,
         "--state", str(instance)],
        env=environment, cwd=root,
    )  # fmt: skip
    processes = [simulator]
    try:
        _wait_for(f"http://127.0.0.1:{simulator_port}/")
        for account in accounts:
            _register(f"http://127.0.0.1:{simulator_port}", account)
        processes.append(subprocess.Popen(server_command(port), env=environment, cwd=root))
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        print(f"\nshop:       http://127.0.0.1:{port}\n{owner}\n{member}", flush=True)
        print(f"practice:   http://localhost:{simulator_port} (test cards, console, faults)\n", flush=True)
        return _wait(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=10)


def server_command(port: str) -> list[str]:
    """The production server (decision 10), here with two workers."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port, "--workers", "2",
        "--blocking-threads", os.environ.get("SHOP_THREADS", "16"), "--log-level", "warning",
        "--respawn-failed-workers", "--workers-kill-timeout", "5", "--factory", "app:serve",
    ]  # fmt: skip


def _wait_for(url: str) -> None:
    until = time.monotonic() + _WAIT
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _register(simulator: str, account: str) -> None:
    """Tell the practice provider where this shop takes notifications, as the contract form does in real life."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{simulator}/control/register", account.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=5):
        pass


def _wait(processes: list["subprocess.Popen[bytes]"]) -> int:
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    return next(code for process in processes if (code := process.poll()) is not None)


if __name__ == "__main__":
    sys.exit(main())
