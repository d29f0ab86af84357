"""The brand colour's arithmetic: what is a colour, whether words in it can be read, what follows from it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core import colour
from tests.support.files import ROOT

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
TOKENS = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")))


@pytest.mark.parametrize("text", ["#3d5733", "3D5733", "#3D5733"])
def test_what_is_a_colour(text: str) -> None:
    assert colour.parse(text) == "#3d5733"


@pytest.mark.parametrize("text", ["", "#fff", "red", "#3d573", "#3d57333", "#3d573g", "#3d5733;", "##3d573", "\n#3d5733", "#3d5733\n"])
def test_what_is_none(text: str) -> None:
    assert colour.parse(text) is None


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.478), ("#ff0000", "#ffffff", 3.998), ("#123456", "#123456", 1)]
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert colour.contrast(one, other) == pytest.approx(ratio, abs=0.001)
    assert colour.contrast(other, one) == colour.contrast(one, other)


def test_the_style_sheet_says_the_same() -> None:
    assert (TOKENS["--accent"], TOKENS["--ground"], TOKENS["--on-accent"]) == (colour.STANDARD, colour.GROUND, colour.ON_ACCENT)
    assert (TOKENS["--ink"], TOKENS["--ink-soft"], TOKENS["--sunken"]) == (colour.INK, colour.INK_SOFT, colour.SUNKEN)


@given(COLOURS)
def test_all_that_follows_from_a_readable_colour_can_be_read(typed: str) -> None:
    """Links on every ground of the shop, and the words of a button at rest and under the pointer."""
    accent = colour.readable(typed)
    assert colour.readability(accent) >= colour.NEEDED
    assert accent == typed or colour.readability(typed) < colour.NEEDED
    made = colour.palette(accent)
    for ground in (colour.GROUND, TOKENS["--surface"], TOKENS["--sunken"], made["--accent-tint"]):
        assert colour.contrast(made["--accent-strong"], ground) >= colour.NEEDED
    for button in (made["--accent"], made["--accent-strong"]):
        assert colour.contrast(colour.ON_ACCENT, button) >= colour.NEEDED


@given(COLOURS, COLOURS)
def test_all_words_of_the_shop_can_be_read_on_a_ground_that_is_taken(typed: str, accent: str) -> None:
    """Small words, the message of a line that ran short, and links in whatever accent is taken."""
    ground = colour.bearable(typed)
    assert ground == typed or colour.bearing(typed) < colour.NEEDED
    links = colour.palette(colour.readable(accent))["--accent-strong"]
    for words in (TOKENS["--ink"], TOKENS["--ink-soft"], TOKENS["--bad"], links):
        assert colour.contrast(words, ground) >= colour.NEEDED, (words, ground)


def test_a_sheet_says_only_what_was_chosen() -> None:
    assert colour.sheet() == {}
    assert colour.sheet(ground="#e4ecf7", confirm_heading="#7a2f1d") == {"--sunken": "#e4ecf7", "--confirm-heading": "#7a2f1d"}
    assert colour.sheet("#24508c") == colour.palette("#24508c")
    assert colour.sheet(heading="#7a2f1d") == {"--heading": "#7a2f1d"}
