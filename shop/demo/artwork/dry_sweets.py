"""Things that keep: sugar stars, crackers, dried fruit."""

from __future__ import annotations

from math import cos, pi, radians, sin

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
    Points,
    Turned,
    ellipse,
    polygon,
    ribbon,
    segment,
    spline,
)
from shop.demo.artwork.sheet import Sheet

SUGAR = (
    SNOW,
    mix(PERSIMMON, PAPER, 0.5),
    mix(MATCHA, PAPER, 0.35),
    mix(GOLD, PAPER, 0.3),
    mix(INDIGO, PAPER, 0.62),
)


def _stars(s: Sheet, places: Points, r: float, colour: str) -> None:
    """Grains of konpeito of one colour, each turned its own way, with a light on each."""
    shapes: list[Points] = []
    for x, y in places:
        turn = s.rng.uniform(0, pi)
        reach = ((r if i % 2 else r * 0.74, turn + i * pi / 7) for i in range(14))
        shapes.append([(x + size * cos(a), y + size * sin(a)) for size, a in reach])
    s.forms(shapes, colour, 1.6, deep(colour, 0.42))
    s.dots([(x + r * 0.2, y + r * 0.24) for x, y in places], r, deep(colour, 0.12), 0.5)
    s.dots([(x - r * 0.22, y - r * 0.26) for x, y in places], r * 0.6, SNOW, 0.85)


def konpeito_jar(s: Sheet) -> None:
    """Sugar stars in a corked jar, some let out."""
    glass = mix(PAPER, ASH, 0.3)
    s.shadow(385, 620, 140)
    jar = Turned(
        380,
        ((276, 96), (292, 94), (318, 112), (352, 142), (420, 150), (560, 150), (600, 142), (618, 118)),
        0.27,
    )
    outline = jar.outline()
    s.fill(outline, s.rounded(glass, 0.8), 0.7)
    with s.inside(outline):
        s.soft(460, 560, 130, 120, deep(ASH, 0.4), 0.4)
        grains: Points = []
        for row in range(7):
            for column in range(8):
                x = 256 + column * 37 + (18 if row % 2 else 0) + s.rng.uniform(-6, 6)
                if abs(x - 380) < 136 - max(0, row - 4) * 6:
                    grains.append((x, 414 + row * 33 + s.rng.uniform(-7, 7)))
        s.rng.shuffle(grains)
        for number, colour in enumerate(SUGAR):
            _stars(s, grains[number :: len(SUGAR)], 22, colour)
        s.soft(500, 470, 60, 190, deep(ASH, 0.5), 0.35)
        s.fill(ribbon(((262, 364), (252, 440), (256, 560)), (6, 22, 6)), SNOW, 0.6)
        s.fill(ribbon(((502, 360), (512, 440)), (5, 9)), SNOW, 0.5)
    s.line(outline, 2.8, opacity=0.7, closed=True)
    s.line(outline, 1.4, opacity=0.5, closed=True, waver=2)
    s.line(ellipse(380, 276, 96, 26), 2.6, opacity=0.6, closed=True)
    cork = mix(RAW, AMBER, 0.38)
    stopper = Turned(380, ((214, 84), (222, 90), (280, 82), (290, 80)), 0.27, True)
    s.turned(stopper, cork, 0.2)
    s.form(ellipse(380, 214, 84, 23), s.slanted(light(cork, 0.15)))
    s.dots(
        [stopper.at(s.rng.uniform(10, 170), s.rng.uniform(222, 280)) for _ in range(26)],
        4,
        deep(cork, 0.4),
        0.5,
    )
    for x, y, pick in ((576, 640, 1), (636, 668, 3), (560, 700, 0), (690, 640, 2), (620, 716, 4)):
        s.shadow(x + 3, y + 20, 24, 9)
        _stars(s, [(x, y)], 26, SUGAR[pick])


def senbei(s: Sheet) -> None:
    """A pile of soy-glazed crackers, one standing against it wrapped in nori."""
    soy = mix(AMBER, SUMI, 0.14)
    s.shadow(360, 626, 210, 56)
    for i in range(6):
        x, y, r = 346 + (-7, 9, -4, 11, -9, 3)[i], 596 - i * 38, 186 + (4, -5, 6, -3, 3, 0)[i]
        tone = mix(soy, PERSIMMON, (0.1, 0.26, 0.04, 0.2, 0.12, 0.16)[i])
        s.form(ellipse(x, y + 20, r, r * 0.3), s.rounded(deep(tone, 0.3)), waver=3)
        s.form(
            ellipse(x, y, r, r * 0.3),
            s.linear(((0, light(tone, 0.34), 1), (0.5, tone, 1), (1, deep(tone, 0.25), 1)), 20),
            waver=3,
        )
    top = ellipse(349, 406, 184, 54)
    with s.inside(top):
        for x, y, rx, ry in (
            (270, 398, 44, 11),
            (350, 386, 30, 8),
            (400, 418, 50, 12),
            (310, 430, 34, 8),
            (440, 396, 28, 8),
        ):
            s.soft(x, y, rx, ry, light(soy, 0.7), 0.75)
            s.line(ellipse(x, y, rx * 0.8, ry * 0.8, 20, 200), 2, deep(soy, 0.5), 0.4)
        s.soft(300, 384, 110, 20, SNOW, 0.4)
    s.shadow(576, 680, 140, 34)
    with s.moved(566, 562, 1, -7):
        face = ellipse(0, 0, 126, 132)
        s.form([(x + 14, y + 4) for x, y in face], s.rounded(deep(soy, 0.35)))
        s.form(
            face,
            s.linear(
                ((0, light(soy, 0.4), 1), (0.5, mix(soy, PERSIMMON, 0.15), 1), (1, deep(soy, 0.25), 1)), 45
            ),
        )
        with s.inside(face):
            for x, y, r in (
                (-60, -56, 26),
                (30, -84, 20),
                (70, -30, 24),
                (-84, 10, 18),
                (6, -40, 16),
                (-30, 30, 22),
                (80, 40, 16),
            ):
                s.soft(x, y, r, r * 0.86, light(soy, 0.75), 0.8)
                s.line(ellipse(x, y, r * 0.8, r * 0.7, 10, 190), 2.2, deep(soy, 0.5), 0.45)
            nori = polygon(((-64, 4), (62, -2), (66, 150), (-60, 150)), 6)
            s.form(nori, s.slanted(mix(SUMI, MOSS, 0.35), 1.4), 2)
            s.strokes(
                [[(-56.0 + i * 14, 10.0), (-54.0 + i * 14, 140.0)] for i in range(9)],
                1.6,
                light(MOSS, 0.3),
                0.28,
            )


def dried_persimmon(s: Sheet) -> None:
    """Persimmons drying on their straw rope, blooming white."""
    straw = mix(RAW, AMBER, 0.3)
    rope = spline(((372, 40), (380, 200), (366, 380), (378, 560), (370, 690)))
    s.line([(x + 26, y + 12) for x, y in rope], 12, deep(ASH, 0.4), 0.22)
    for x, y, size, turn in (
        (286, 196, 0.9, 8),
        (474, 268, 0.94, -9),
        (270, 398, 1.0, 6),
        (486, 474, 1.0, -7),
        (288, 600, 1.04, 5),
    ):
        s.soft(x + 46, y + 70, 120 * size, 130 * size, deep(ASH, 0.4), 0.42)
        s.line(
            spline(((372, y - 92), ((x + 372) / 2, y - 102), (x, y - 78 * size))), 5, deep(AMBER, 0.5), 0.95
        )
        with s.moved(x, y, size, turn):
            _persimmon(s)
    s.line(rope, 15, deep(straw, 0.25), 1)
    s.line(rope, 11, straw, 1)
    s.strokes(
        [[(367.0 + 6 * sin(y / 70), y + 7.0), (380.0 + 6 * sin(y / 70), y)] for y in range(48, 690, 13)],
        2.4,
        deep(straw, 0.45),
        0.7,
    )
    s.strokes([[(371.0, 688.0), (352 + i * 9, 742 + (i % 3) * 7)] for i in range(5)], 4, straw)


def _persimmon(s: Sheet) -> None:
    flesh = mix(PERSIMMON, AZUKI, 0.3)
    fruit = spline(
        (
            (0, -74),
            (50, -72),
            (84, -34),
            (86, 14),
            (58, 66),
            (16, 104),
            (0, 110),
            (-18, 104),
            (-60, 64),
            (-88, 12),
            (-82, -36),
            (-46, -72),
        ),
        True,
    )
    s.form(fruit, s.linear(((0, light(flesh, 0.26), 1), (0.5, flesh, 1), (1, deep(flesh, 0.4), 1)), 40))
    with s.inside(fruit):
        folds: list[Points] = [
            [(-30, -70), (-44, -20), (-44, 30), (-22, 84)],
            [(4, -70), (12, -10), (10, 50), (2, 100)],
            [(36, -68), (52, -20), (50, 30), (26, 80)],
            [(-56, -50), (-74, 0), (-50, 60)],
        ]
        s.strokes(folds, 3, deep(flesh, 0.5), 0.4)
        s.strokes([[(x + 5, y) for x, y in fold] for fold in folds], 5, light(flesh, 0.5), 0.25)
        s.soft(-34, -4, 56, 84, PAPER, 0.75, 8)
        s.soft(40, 50, 40, 50, PAPER, 0.45)
        s.dots(s.scatter(-10, 16, 74, 76, 60), 3.6, SNOW, 0.6)
    calyx = [
        (r * cos(radians(a)), -74 + r * 0.42 * sin(radians(a)))
        for a, r in ((0, 58), (45, 24), (90, 60), (135, 24), (180, 58), (225, 24), (270, 40), (315, 24))
    ]
    s.form(spline(calyx, True, 3), s.slanted(mix(AMBER, MOSS, 0.45)), 2)
    s.line(segment((-14, -84), (14, -84), 12), 7, deep(AMBER, 0.45), 0.95)
