"""Leaves, a flower and a fruit that keep the goods company."""

from __future__ import annotations

from math import cos, pi, radians, sin

from shop.demo.artwork.palette import (
    AMBER,
    AZUKI,
    CAMELLIA,
    GOLD,
    MOSS,
    PAPER,
    PERSIMMON,
    SNOW,
    deep,
    light,
    mix,
)
from shop.demo.artwork.shapes import Points, ellipse, spline
from shop.demo.artwork.sheet import Sheet


def ginkgo_leaf(s: Sheet) -> None:
    """One yellow ginkgo leaf, its stalk at the origin."""
    gold = mix(AMBER, GOLD, 0.66)
    fan = spline(
        (
            (0, 0),
            (-44, -40),
            (-98, -58),
            (-92, -86),
            (-48, -112),
            (-10, -108),
            (2, -78),
            (12, -110),
            (56, -112),
            (94, -82),
            (98, -54),
            (44, -36),
        ),
        True,
        4,
    )
    s.form(fan, s.slanted(gold, 1.5), 2.2)
    veins = [
        [(0.0, -4.0), (x * 0.5, y * 0.55), (x * 0.9, y * 0.92)]
        for x, y in ((-88, -66), (-62, -92), (-30, -104), (34, -104), (62, -92), (88, -62))
    ]
    s.strokes(veins, 1.5, deep(gold, 0.35), 0.5)
    s.line(spline(((0, -4), (8, 30), (28, 58))), 4.5, deep(gold, 0.3), 0.95)


def leaf(s: Sheet, colour: str) -> None:
    """A glossy evergreen leaf pointing right from the origin."""
    blade = spline(((0, 0), (40, -30), (88, -26), (128, 4), (84, 28), (36, 22)), True, 4)
    s.form(
        blade, s.linear(((0, light(colour, 0.28), 1), (0.5, colour, 1), (1, deep(colour, 0.35), 1)), 80), 2.2
    )
    s.line([(4.0, 0.0), (60.0, 1.0), (116.0, 3.0)], 1.8, light(colour, 0.5), 0.7)


def camellia(s: Sheet) -> None:
    """A red camellia seen a little from the side."""
    red = mix(AZUKI, CAMELLIA, 0.62)
    for angle in (200, 250, 300, 350, 140, 40, 90):
        x, y = 46 * cos(radians(angle)), 40 * sin(radians(angle))
        s.form(ellipse(x, y, 48, 42), s.slanted(red, 1.3), 2.2)
    s.form(ellipse(2, 2, 34, 30), s.slanted(deep(red, 0.2)), 1.6)
    gold = GOLD
    s.strokes(
        [[(2.0, 4.0), (2 + 24 * cos(a * pi / 7), 2 + 21 * sin(a * pi / 7))] for a in range(14)],
        3,
        mix(PAPER, gold, 0.4),
    )
    s.dots([(2 + 26 * cos(a * pi / 7), 2 + 23 * sin(a * pi / 7)) for a in range(14)], 8, gold)


def persimmon(s: Sheet) -> None:
    """A fresh round persimmon with its four-part calyx."""
    fruit = spline(
        (
            (0, -46),
            (44, -50),
            (68, -18),
            (62, 26),
            (30, 54),
            (0, 58),
            (-30, 54),
            (-62, 26),
            (-68, -18),
            (-44, -50),
        ),
        True,
    )
    skin = mix(PERSIMMON, GOLD, 0.32)
    s.form(
        fruit,
        s.linear(((0, light(skin, 0.3), 1), (0.5, skin, 1), (1, deep(mix(skin, AZUKI, 0.3), 0.22), 1)), 45),
    )
    with s.inside(fruit):
        s.soft(-26, -8, 22, 30, SNOW, 0.7, 20)
    calyx: Points = [(0, -62), (14, -48), (46, -46), (18, -34), (4, -12), (-12, -34), (-46, -42), (-16, -50)]
    s.form(spline(calyx, True, 3), s.slanted(mix(MOSS, AMBER, 0.4)), 2)
