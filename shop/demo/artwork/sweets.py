"""Soft sweets: bean jelly, wafers, cakes and buns."""

from __future__ import annotations

from math import cos, pi, sin

from shop.demo.artwork.palette import (
    AMBER,
    ASH,
    AZUKI,
    GOLD,
    INDIGO,
    MATCHA,
    MOSS,
    PAPER,
    PERSIMMON,
    RAW,
    SNOW,
    SUMI,
    deep,
    light,
    mix,
)
from shop.demo.artwork.shapes import (
    Point,
    Points,
    Turned,
    ellipse,
    onto,
    polygon,
    ribbon,
    segment,
    spline,
)
from shop.demo.artwork.sheet import Sheet

BAKED = mix(AMBER, PERSIMMON, 0.22)


def yokan(s: Sheet) -> None:
    """A dark bar of bean jelly with two slices cut from its end, on a long dish."""
    jelly, dish = mix(AZUKI, SUMI, 0.48), mix(ASH, INDIGO, 0.22)
    s.shadow(420, 606, 320, 60)
    rim = onto((64, 612), (590, 0), (104, -128))
    s.form(
        [(x, y + 16) for x, y in polygon([rim(0, 0), rim(1, 0), rim(1, 1), rim(0, 1)], 20)],
        s.rounded(deep(dish, 0.35)),
    )
    s.form(polygon([rim(0, 0), rim(1, 0), rim(1, 1), rim(0, 1)], 20), s.slanted(light(dish, 0.2), 1.4))
    for x, length in ((148, 246), (436, 46), (530, 46)):
        _slab(s, x, 572, length, jelly)
    wood = mix(AMBER, RAW, 0.3)
    s.form(ribbon(((196, 600), (300, 594), (404, 596)), (4, 11, 14)), s.slanted(wood), 2)


def _slab(s: Sheet, x: float, bottom: float, length: float, colour: str) -> None:
    """A piece of the bar: long side to the front, cut side to the right."""
    height, back = 138, (74, -66)
    s.soft(x + length + 70, bottom - 16, 74, 30, SUMI, 0.55, -20)
    front = polygon(
        ((x, bottom - height), (x + length, bottom - height), (x + length, bottom), (x, bottom)), 6
    )
    cut = onto((x + length, bottom - height), back, (0, height))
    top = onto((x, bottom - height), (length, 0), back)
    s.form(front, s.linear(((0, light(colour, 0.14), 1), (1, deep(colour, 0.4), 1)), 70))
    s.form(polygon([cut(0, 0), cut(1, 0), cut(1, 1), cut(0, 1)], 5), s.slanted(deep(colour, 0.35)))
    s.form(polygon([top(0, 0), top(1, 0), top(1, 1), top(0, 1)], 5), s.slanted(light(colour, 0.3), 1.4))
    with s.inside(front):
        s.soft(x + min(length * 0.3, 60), bottom - height * 0.7, min(length * 0.4, 80), 30, PAPER, 0.24, -14)
    s.line(
        segment((x + 6, bottom - height), (x + length - 4, bottom - height)), 2.4, light(colour, 0.65), 0.7
    )


def monaka(s: Sheet) -> None:
    """Chrysanthemum wafers: one whole, one open with paste in it."""
    wafer = mix(RAW, AMBER, 0.4)
    s.shadow(300, 560, 176, 50)
    _wafer(s, 292, 482, 172, wafer, 0)
    s.shadow(560, 640, 160, 44)
    with s.moved(556, 572):
        rim = _petals(0, 0, 156, 96, 16)
        s.form([(x, y + 34) for x, y in rim], s.rounded(deep(wafer, 0.2)))
        s.form(rim, s.slanted(light(wafer, 0.2)))
        s.fill(_petals(0, 2, 138, 82, 16), deep(wafer, 0.25))
        paste = spline(
            (
                (-122, 0),
                (-96, -50),
                (-30, -84),
                (50, -80),
                (108, -42),
                (124, 4),
                (70, 56),
                (-20, 70),
                (-92, 46),
            ),
            True,
        )
        s.form(
            paste, s.linear(((0, light(AZUKI, 0.25), 1), (0.5, AZUKI, 1), (1, deep(AZUKI, 0.5), 1)), 50), 2
        )
        _beans(s, paste, (0, -8), 100, 56)


def _petals(cx: float, cy: float, rx: float, ry: float, count: int) -> Points:
    points = []
    for i in range(count * 6):
        angle = 2 * pi * i / (count * 6)
        bulge = 1 + 0.05 * abs(sin(angle * count / 2)) - 0.03
        points.append((cx + rx * bulge * cos(angle), cy + ry * bulge * sin(angle)))
    return points


def _wafer(s: Sheet, cx: float, cy: float, r: float, colour: str, turn: float) -> None:
    with s.moved(cx, cy, 1, turn):
        lower = [(x, y + 58) for x, y in _petals(0, 0, r, r * 0.62, 16)]
        s.form(lower, s.rounded(deep(colour, 0.22)))
        s.line(ellipse(0, 34, r * 0.98, r * 0.6, 4, 176), 8, AZUKI, 0.9)
        upper = _petals(0, 0, r, r * 0.62, 16)
        s.form([(x, y + 18) for x, y in upper], s.rounded(deep(colour, 0.1)))
        s.form(
            upper, s.linear(((0, light(colour, 0.45), 1), (0.5, colour, 1), (1, deep(colour, 0.25), 1)), 50)
        )
        rays = [
            [(0.3 * r * cos(a), 0.19 * r * sin(a)), (0.93 * r * cos(a), 0.57 * r * sin(a))]
            for a in (2 * pi * i / 16 for i in range(16))
        ]
        s.strokes(rays, 3, deep(colour, 0.35), 0.6)
        s.strokes([[(x + 3, y + 3) for x, y in ray] for ray in rays], 3, light(colour, 0.6), 0.6)
        s.line(ellipse(0, 0, r * 0.3, r * 0.19), 2.6, deep(colour, 0.4), 0.6, closed=True)
        s.moon_ring(0, 0, r * 0.14, deep(colour, 0.35), 0.7, squash=1.5)
        s.soft(-r * 0.4, -r * 0.28, r * 0.4, r * 0.2, SNOW, 0.5, -20)


def _beans(s: Sheet, area: Points, middle: Point, rx: float, ry: float) -> None:
    """Whole beans in the paste."""
    with s.inside(area):
        beans = s.scatter(middle[0], middle[1], rx, ry, 28)
        s.needles([(x + 2, y + 4) for x, y in beans], 20, 14, (deep(AZUKI, 0.6),))
        s.needles(beans, 18, 12, (light(AZUKI, 0.12), AZUKI, light(AZUKI, 0.26)))
        s.dots([(x - 3, y - 4) for x, y in beans], 4, PAPER, 0.5)


def dorayaki(s: Sheet) -> None:
    """Two whole ones stacked, a half in front showing its bean paste."""
    s.shadow(360, 590, 210, 54)
    for y in (488, 372):
        _bun(s, 350, y, 196)
    s.shadow(560, 668, 130, 34)
    with s.moved(556, 560, 1, 10):
        edge = deep(BAKED, 0.25)
        crumb = mix(RAW, GOLD, 0.45)
        face = spline(
            (
                (-150, 30),
                (-128, -22),
                (-60, -58),
                (20, -66),
                (96, -44),
                (146, 4),
                (156, 42),
                (130, 78),
                (60, 104),
                (-30, 106),
                (-112, 84),
            ),
            True,
        )
        s.form([(x + 16, y - 14) for x, y in face], s.slanted(BAKED, 1.4))
        s.form(face, s.slanted(crumb))
        with s.inside(face):
            paste = [
                *spline(((-170, 30), (-80, 4), (30, 2), (180, 34))),
                *spline(((170, 52), (40, 50), (-60, 54), (-170, 48))),
            ]
            s.form(paste, s.linear(((0, light(AZUKI, 0.1), 1), (1, deep(AZUKI, 0.45), 1)), 90), 2)
            _beans(s, paste, (0, 28), 140, 20)
            s.dots(s.scatter(0, -28, 120, 30, 40) + s.scatter(0, 80, 110, 20, 30), 4, deep(crumb, 0.3), 0.5)
        s.line(face, 9, edge, 0.75, closed=True)
        s.line(face, 2.4, opacity=0.6, closed=True)


def _bun(s: Sheet, cx: float, y: float, r: float) -> None:
    """One whole dorayaki lying on its side of paste."""
    lower = Turned(cx, ((y + 42, r * 0.96), (y + 62, r), (y + 92, r * 0.9), (y + 108, r * 0.66)), 0.26)
    s.turned(lower, mix(RAW, BAKED, 0.55), 0.2)
    s.fill(Turned(cx, ((y + 30, r * 0.9), (y + 52, r * 0.93)), 0.26, True).outline(), s.rounded(AZUKI))
    s.line(ellipse(cx, y + 50, r * 0.93, r * 0.25, 4, 176), 2, opacity=0.5)
    upper = Turned(
        cx, ((y - 34, r * 0.1), (y - 26, r * 0.56), (y - 2, r * 0.92), (y + 24, r), (y + 36, r * 0.95)), 0.26
    )
    s.form(upper.outline(), s.rounded(mix(RAW, BAKED, 0.6)))
    brown = ellipse(cx, y - 6, r * 0.9, r * 0.3)
    with s.inside(upper.outline()):
        s.fill(brown, s.linear(((0, light(BAKED, 0.16), 1), (0.5, BAKED, 1), (1, deep(BAKED, 0.35), 1)), 25))
        s.line(brown, 3, deep(BAKED, 0.3), 0.35, closed=True)
        s.soft(cx - r * 0.4, y - 24, r * 0.36, r * 0.09, SNOW, 0.7, -8)
        s.dots(
            [(cx + s.rng.uniform(-0.7, 0.7) * r, y + s.rng.uniform(-26, 34)) for _ in range(26)],
            3.4,
            deep(BAKED, 0.4),
            0.35,
        )


def chestnut_manju(s: Sheet) -> None:
    """Three glazed buns in the shape of chestnuts, poppy seeds at the foot, on bamboo leaf."""
    green = mix(MOSS, MATCHA, 0.25)
    blade = ribbon(((76, 600), (220, 640), (420, 650), (620, 628), (750, 560)), (4, 120, 170, 130, 3))
    s.soft(440, 690, 330, 50, deep(ASH, 0.5), 0.6)
    s.form(blade, s.linear(((0, light(green, 0.3), 1), (0.5, green, 1), (1, deep(green, 0.3), 1)), 60))
    with s.inside(blade):
        veins: list[Points] = [
            [(76, 600), (220, 640 + shift * 0.8), (420, 652 + shift), (630, 632 + shift * 0.8), (750, 560)]
            for shift in range(-66, 70, 15)
        ]
        s.strokes(veins, 1.4, light(green, 0.5), 0.4)
    for x, y, size, turn in ((290, 490, 1.0, -5), (516, 484, 0.98, 7), (406, 580, 1.06, 0)):
        s.soft(x + 24, y + 84 * size, 150 * size, 30, SUMI, 0.5)
        with s.moved(x, y, size, turn):
            _chestnut(s)


def _chestnut(s: Sheet) -> None:
    glaze, foot = mix(AMBER, AZUKI, 0.3), mix(RAW, AMBER, 0.3)
    bun = spline(
        (
            (0, -112),
            (34, -92),
            (92, -54),
            (128, 6),
            (112, 66),
            (56, 92),
            (0, 96),
            (-56, 92),
            (-112, 66),
            (-128, 6),
            (-92, -54),
            (-34, -92),
        ),
        True,
    )
    s.form(bun, s.linear(((0, light(glaze, 0.3), 1), (0.45, glaze, 1), (1, deep(glaze, 0.35), 1)), 45))
    with s.inside(bun):
        sole = [
            *spline(((-150, 30), (-70, 58), (0, 64), (70, 56), (150, 26))),
            (160.0, 130.0),
            (-160.0, 130.0),
        ]
        s.fill(sole, s.rounded(foot))
        s.line(spline(((-150, 30), (-70, 58), (0, 64), (70, 56), (150, 26))), 2.6, deep(glaze, 0.3), 0.6)
        s.dots(s.scatter(0, 78, 106, 16, 60), 4.4, deep(AMBER, 0.5), 0.75)
        s.soft(-44, -34, 40, 52, SNOW, 0.75, 34)
        s.strokes(
            [[(0.0, -104.0), (x * 0.5, -30.0), (x, 40.0)] for x in (-80, -44, 0, 44, 80)],
            1.8,
            deep(glaze, 0.45),
            0.28,
        )
