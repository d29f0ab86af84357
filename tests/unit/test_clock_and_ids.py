"""One clock for shop and simulators, and ids nobody can guess."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from shop.core import ids, runtime
from shop.core.clock import Clock, jst
from shop.core.config import load


def test_real_time_cannot_be_moved(tmp_path: Path) -> None:
    (tmp_path / "clock_offset").write_text("3600")
    clock = Clock(None)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    with pytest.raises(RuntimeError):
        clock.advance(1)
    clock.reset()


@pytest.mark.req("T-024")
@pytest.mark.parametrize("demo", [True, False])
def test_only_a_demo_has_a_clock_that_moves(tmp_path: Path, demo: bool) -> None:
    """A file left behind by a demo does not move the time of a real shop."""
    (tmp_path / "clock_offset").write_text("86400")
    built = runtime.install(Flask("shop"), load({"SHOP_INSTANCE": str(tmp_path), "SHOP_DEMO": str(int(demo))}))
    assert built.clock.offset() == (86_400 if demo else 0)


def test_moving_and_back(tmp_path: Path) -> None:
    clock, other = Clock(tmp_path / "offset"), Clock(tmp_path / "offset")
    before = clock.now()
    clock.advance(86_400)
    clock.advance(-3600)
    assert other.offset() == 82_800
    assert (other.now() - before).total_seconds() == pytest.approx(82_800, abs=5)
    other.reset()
    assert clock.offset() == 0


@pytest.mark.parametrize("written", ["", "no number", "1,5"])
def test_a_broken_file_is_real_time(tmp_path: Path, written: str) -> None:
    (tmp_path / "offset").write_text(written)
    assert Clock(tmp_path / "offset").offset() == 0


def test_the_business_day_is_japans(monkeypatch: pytest.MonkeyPatch) -> None:
    evening = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    monkeypatch.setattr("time.time", evening.timestamp)
    assert Clock().now() == evening
    assert Clock().today() == date(2026, 11, 21)
    assert jst(evening).hour == 0


def test_public_ids() -> None:
    made = {ids.public_id() for _ in range(5000)}
    assert len(made) == 5000
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{22}", each) for each in made)
    assert {letter for each in made for letter in each} == set("0123456789abcdefghjkmnpqrstvwxyz")
    assert len(ids.public_id(6)) == 6
