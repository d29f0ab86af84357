"""``make run`` is one command: shop and practice provider start, a card buys, a second start keeps the order."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.buying import Buyer
from tests.support.net import free_port
from tests.support.shop import ROOT


def launch(instance: Path, port: int, simulator_port: int) -> tuple["subprocess.Popen[str]", str]:
    """Start the launcher and wait until it says where everything is; returns it and what it said."""
    environment = os.environ | {
        "FORM_SECONDS": "0",
        "SHOP_INSTANCE": str(instance), "PORT": str(port), "SIMULATOR_PORT": str(simulator_port),
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "shop.demo.launch"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    watchdog = threading.Timer(50, process.kill)
    watchdog.start()
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("practice:"):
            break
    watchdog.cancel()
    return process, said


def stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    assert process.stdout
    process.stdout.close()


@pytest.mark.timeout(150)
@pytest.mark.req("R-312", "R-028")
def test_one_command_sells_and_a_second_start_keeps_the_order(tmp_path: Path) -> None:
    instance, port, simulator_port = tmp_path / "shop", free_port(), free_port()
    process, said = launch(instance, port, simulator_port)
    try:
        assert "log-in: owner" in said
        assert "log-in: hanako" in said
        buyer = Buyer(f"http://127.0.0.1:{port}")
        buyer.put_into_cart("T-001")
        placed = buyer.place(buyer.confirm(), buyer.card_token())
        assert placed.public_id, placed.url
    finally:
        stop(process)
    process, again = launch(instance, port, simulator_port)
    try:
        assert again == said
        assert buyer.get(placed.path).status_code == 200
    finally:
        stop(process)
