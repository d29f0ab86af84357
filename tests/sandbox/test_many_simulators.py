"""The practice world with a second provider beside a real simulator: each has its own, and what is shared reaches all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from providers.paygent.simulator import PaygentSimulator
from providers.sandbox.app import create_app
from providers.sandbox.clock import Clock
from providers.sandbox.faults import FaultBook
from providers.sandbox.practice import BookedCard, BookedPayment, Books, Call, State, TestCard


class Small:
    """The least that a simulator can be: no switches, no part of the start page."""

    code = "small"
    title = "小さな決済会社"
    test_cards: tuple[TestCard, ...] = (TestCard("4242424242424242", "承認されます"),)

    def __init__(self, path: Path, clock: Clock, faults: FaultBook) -> None:
        self.faults = faults
        self.told: list[object] = []

    def provider_side(self) -> Iterable[Blueprint]:
        side = Blueprint("small_wire", __name__)

        @side.post("/pay")
        def pay() -> str:
            fault = self.faults.take("Pay", "authorize")
            return fault.mode if fault else "paid"

        yield side

    def console(self) -> Blueprint:
        pages = Blueprint("small_console", __name__)
        pages.add_url_rule("/", view_func=lambda: "console")
        return pages

    def switches(self) -> None:
        return None

    def token(self, card: Mapping[str, str], merchant: str = "") -> str:
        return f"{card['number']} of {merchant}"

    def books(self) -> Books:
        return Books(
            (BookedPayment("m", "o1", "1", State.CAPTURED, 500, (State.AUTHORIZED, State.CAPTURED)),),
            (BookedCard("m", "c", "1", "4242", alive=True),),
            (Call("Pay", "authorize", "o1"),),
            busy=2,
        )

    def console_act(self, handle: str, act: str) -> None:
        self.told.append((handle, act))

    def set_notices(self, switches: Mapping[str, Any]) -> None:
        self.told.append(dict(switches))

    def register(self, push_url: str) -> None:
        self.told.append(push_url)

    def reset(self) -> None:
        self.told.append("reset")

    def close(self) -> None: ...


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "small.sqlite3", Clock(tmp_path), FaultBook())


@pytest.fixture
def hosting(small: Small, tmp_path: Path) -> Iterator[Flask]:
    clock, faults = Clock(tmp_path), FaultBook()
    small.faults = faults.of("small")
    paygent = PaygentSimulator(tmp_path / "paygent.sqlite3", clock, faults.of("paygent"))
    yield create_app({"paygent": paygent, "small": small}, clock, faults)
    paygent.close()


@pytest.fixture
def client(hosting: Flask) -> FlaskClient:
    return hosting.test_client()


def test_both_are_on_the_pages(client: FlaskClient) -> None:
    start = client.get("/").text
    assert start.count("小さな決済会社") > 1
    assert start.index("4111111111111111") < start.index("4242424242424242")
    assert [client.get(f"/console/{code}/").status_code for code in ("paygent", "small")] == [200, 200]


def test_books_are_merged_or_of_one(client: FlaskClient) -> None:
    found = client.get("/books.json").get_json()
    assert found == client.get("/books.json?provider=small").get_json()
    assert [(row["provider"], row["state"], row["history"]) for row in found["payments"]] == [
        ("small", "captured", ["authorized", "captured"])
    ]
    assert (found["cards"][0]["provider"], found["calls"][0]["verb"], found["busy"]) == ("small", "authorize", 2)
    assert client.get("/books.json?provider=paygent").get_json()["busy"] == 0


def test_a_fault_hits_whom_it_is_for(client: FlaskClient) -> None:
    client.post("/control/faults", json={"kind": "authorize", "mode": "half", "provider": "paygent"})
    assert client.post("/small/pay").text == "paid"
    client.post("/control/faults", json={"kind": "authorize", "mode": "empty"})
    assert [client.post("/small/pay").text for _ in range(2)] == ["empty", "paid"]
    client.post("/control/faults", json={"kind": "Pay", "mode": "garbage", "provider": "small"})
    assert client.post("/paygent/n/card/request").status_code == 200
    assert client.post("/small/pay").text == "garbage"


def test_switches_reach_the_one_or_all(client: FlaskClient, small: Small) -> None:
    client.post("/control/notices", json={"mode": "hold"})
    client.post("/control/register", json={"provider": "small", "push_url": "http://shop.invalid"})
    client.post("/control/register", json={"provider": "paygent", "push_url": "http://other.invalid"})
    client.post("/control/act", json={"provider": "small", "handle": 1, "act": "void"})
    client.post("/control/reset")
    assert small.told == [{"mode": "hold"}, "http://shop.invalid", ("1", "void"), "reset"]
    asked = {"provider": "small", "number": 42, "merchant": "m"}
    assert client.post("/control/token", json=asked).get_json() == {"token": "42 of m"}
    assert client.post("/control/small/anything", json={}).status_code == 404


def test_the_provider_s_own_addresses_are_no_pages_of_this_machine(client: FlaskClient) -> None:
    foreign = {"Origin": "https://shop.example"}
    assert client.post("/small/pay", headers=foreign).status_code == 200
    assert client.post("/smaller/pay", headers=foreign).status_code == 403
    assert "Content-Security-Policy" not in client.post("/small/pay").headers
