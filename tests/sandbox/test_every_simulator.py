"""What the practice world asks of every simulator, asked over real sockets of all that are installed."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import requests

from providers.sandbox import serve
from providers.sandbox.clock import Clock
from providers.sandbox.faults import Fault, FaultBook
from providers.sandbox.installed import SIMULATORS
from providers.sandbox.practice import VERBS, Simulator
from providers.sandbox.start_page import VERB_NAMES
from tests.sandbox.conftest import World

NEW: dict[str, object] = {"payments": [], "cards": [], "calls": [], "busy": 0}
CODES = [simulator.code for simulator in SIMULATORS]
#: Number, month and name that every provider takes.
CARD = {"expiry": "4001", "cvc": "123", "name": "TARO YAMADA"}


@pytest.fixture(params=CODES)
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def simulator(world: World, code: str) -> Simulator:
    return world.sandbox.simulators[code]


def books(world: World, **only: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{world.url}/books.json", params=only, timeout=10).json()
    return found


def misused(world: World, switch: str, **values: Any) -> str:
    answer = requests.post(f"{world.url}/control/{switch}", json=values, timeout=10)
    assert answer.status_code == 400
    return str(answer.json()["error"])


# ---- the interface -------------------------------------------------------------------------------


def test_codes_are_names_of_addresses() -> None:
    assert len(set(CODES)) == len(CODES)
    taken = {"console", "control", "static", "switches", "books.json"}
    assert all(code.isalnum() and code.islower() for code in CODES)
    assert not taken & set(CODES)


@pytest.mark.parametrize("made", SIMULATORS, ids=CODES)
def test_the_interface_is_complete(made: type[Simulator]) -> None:
    wanted = {name: each for name, each in vars(Simulator).items() if inspect.isfunction(each) and not name.startswith("_")}
    assert wanted
    for name, each in wanted.items():
        assert list(inspect.signature(getattr(made, name)).parameters) == list(inspect.signature(each).parameters), name
    assert made.title


def test_test_cards_are_unique_and_have_words(simulator: Simulator) -> None:
    cards = simulator.test_cards
    assert cards
    assert len({card.number for card in cards}) == len(cards)
    assert all(card.number.isdigit() and card.effect.strip() for card in cards)


def test_every_verb_has_a_name_on_the_start_page() -> None:
    assert tuple(VERB_NAMES) == VERBS


# ---- pages ---------------------------------------------------------------------------------------


def test_the_start_page_shows_it(world: World, simulator: Simulator) -> None:
    start = requests.get(world.url, timeout=10).text
    assert simulator.title in start
    assert f'href="/console/{simulator.code}/"' in start
    assert all(card.number in start and card.effect.split('"')[0] in start for card in simulator.test_cards)


def test_its_console_opens_from_the_list_of_consoles(world: World, code: str) -> None:
    listed = requests.get(f"{world.url}/console", timeout=10).text
    assert f'href="/console/{code}/"' in listed
    opened = requests.get(f"{world.url}/console/{code}/", timeout=10)
    assert opened.status_code == 200
    assert "frame-ancestors 'none'" in opened.headers["Content-Security-Policy"]


def test_its_own_addresses_are_open_to_the_world_and_the_others_are_not(world: World, code: str) -> None:
    foreign = {"Origin": "https://evil.example"}
    for path in (f"/console/{code}/", f"/control/{code}/x", "/control/reset", "/switches/clock"):
        assert requests.post(f"{world.url}{path}", json={}, headers=foreign, timeout=10).status_code == 403
    assert requests.post(f"{world.url}/{code}/nothing/here", headers=foreign, timeout=10).status_code != 403


# ---- books ---------------------------------------------------------------------------------------


def test_a_new_world_has_empty_books(world: World, code: str) -> None:
    assert books(world) == NEW
    assert books(world, provider=code) == NEW


def test_nobody_keeps_books_for_an_unknown_provider(world: World) -> None:
    assert requests.get(f"{world.url}/books.json", params={"provider": "nobody"}, timeout=10).status_code == 404


def test_a_token_is_made_and_moves_no_money(world: World, simulator: Simulator) -> None:
    asked = CARD | {"number": simulator.test_cards[0].number, "provider": simulator.code}
    made = {world.control("token", **asked)["token"] for _ in range(2)}
    assert len(made) == 2
    assert "" not in made
    found = books(world)
    assert (found["payments"], found["cards"], found["busy"]) == ([], [], 0)


def test_no_token_for_a_card_that_is_over(world: World, simulator: Simulator) -> None:
    asked = CARD | {"number": simulator.test_cards[0].number, "provider": simulator.code, "expiry": "0101"}
    assert world.control("token", **asked) == {"token": ""}


def test_no_token_for_an_unknown_merchant(world: World, simulator: Simulator) -> None:
    asked = CARD | {"number": simulator.test_cards[0].number, "provider": simulator.code, "merchant": "nobody"}
    assert world.control("token", **asked) == {"token": ""}


def test_a_reset_leaves_nothing(world: World, simulator: Simulator) -> None:
    world.control("token", **CARD | {"number": simulator.test_cards[0].number, "provider": simulator.code})
    world.control("faults", kind="authorize", mode="half", provider=simulator.code)
    world.control("notices", mode="hold")
    world.control("reset")
    assert books(world) == NEW
    assert requests.get(f"{world.url}/control/faults", timeout=10).json() == []


# ---- switches ------------------------------------------------------------------------------------


def test_switches_of_all_take_the_provider_by_its_code(world: World, code: str) -> None:
    world.control("register", provider=code, push_url="http://shop.invalid/notices")
    world.control("register", provider=code, push_url="")
    world.control("notices", mode="hold", delay=0, duplicate=1, reorder=True, retry_seconds=0.1)
    world.control("notices", mode="normal", release=True)
    for switch in ("register", "token", "act"):
        assert misused(world, switch, provider="nobody", push_url="", handle="1", act="void") == "'nobody'"
    assert "provider" in misused(world, "token", number="4111111111111111")


def test_the_console_acts_on_nothing_that_is_not_there(world: World, code: str) -> None:
    for act in ("capture", "void", "refund", "praise"):
        assert misused(world, "act", provider=code, handle="1", act=act)


def test_misused_switches_say_what_is_wrong(world: World) -> None:
    assert "provider must be one of" in misused(world, "faults", mode="half", provider="nobody")
    assert requests.post(f"{world.url}/control/faults", json=[], timeout=10).status_code == 400


def test_the_form_of_the_start_page_sets_a_fault_of_one_provider(world: World, simulator: Simulator) -> None:
    asked = {"mode": "half", "phase": "after", "times": "2", "provider": simulator.code}
    start = world.page("/switches/faults", kind=" capture ", **asked).text
    (fault,) = requests.get(f"{world.url}/control/faults", timeout=10).json()
    assert (fault["kind"], fault["times"], fault["provider"]) == ("capture", 2, simulator.code)
    assert f"{simulator.title} capture（売上）" in start
    world.page("/switches/faults", kind="capture", **asked | {"provider": "nobody"})
    world.page("/switches/faults", kind=" ", **asked)
    assert len(requests.get(f"{world.url}/control/faults", timeout=10).json()) == 1


# ---- faults --------------------------------------------------------------------------------------


def test_a_fault_hits_by_kind_or_verb_and_only_its_provider() -> None:
    book = FaultBook()
    here, there = book.of("here"), book.of("there")
    book.add(Fault("capture", "half", provider="here"))
    book.add(Fault("022", "empty"))
    assert there.take("021", "void") is None
    assert here.take("021", "void") is None
    taken = [view.take("022", "capture") for view in (there, here)]
    assert [fault.mode for fault in taken if fault] == ["empty", "half"]
    assert book.listed() == []
    here.add(Fault("*", "half", times=None))
    assert there.take("anything")
    there.clear()
    assert book.listed() == []


def test_each_keeps_its_books_in_a_file_of_its_own(tmp_path: Path) -> None:
    serve("127.0.0.1", 0, tmp_path).close()
    assert {path.name for path in tmp_path.glob("*.sqlite3")} == {f"{code}.sqlite3" for code in CODES}


@pytest.mark.parametrize("made", SIMULATORS, ids=CODES)
def test_a_simulator_stands_alone(made: type[Simulator], tmp_path: Path) -> None:
    alone = made(tmp_path / "books.sqlite3", Clock(tmp_path), FaultBook())
    try:
        alone.set_notices({"mode": "hold"})
        alone.register("http://shop.invalid/")
        alone.reset()
        assert alone.books().payments == ()
    finally:
        alone.close()
