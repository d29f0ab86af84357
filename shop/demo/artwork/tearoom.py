"""What a bowl of matcha is made with: the whisk and the bowl."""

from __future__ import annotations

from math import cos, radians, sin

from shop.demo.artwork.palette import (
    AMBER,
    MATCHA,
    PAPER,
    PERSIMMON,
    RAW,
    SNOW,
    SUMI,
    deep,
    light,
    mix,
)
from shop.demo.artwork.shapes import Turned, ellipse, spline
from shop.demo.artwork.sheet import Sheet


def tea_whisk(s: Sheet) -> None:
    """Bamboo whisk: eighty tines, black thread."""
    bamboo = mix(RAW, AMBER, 0.42)
    s.shadow(405, 652, 92)
    outer = Turned(400, ((196, 150), (232, 168), (300, 158), (372, 122), (440, 88), (470, 80)))
    fan = outer.outline()
    s.fill(fan, s.linear(((0, light(bamboo, 0.2), 0.9), (0.6, bamboo, 0.95), (1, deep(bamboo, 0.25), 1))))
    with s.inside(fan):
        s.soft(430, 240, 130, 150, deep(AMBER, 0.55), 0.6)
    for inner in (False, True):
        tines = []
        for i in range(30):
            angle = 4 + i * 172 / 29
            reach = 0.62 if inner else 1.0
            tines.append(
                [
                    (400 + (outer.at(angle, y)[0] - 400) * (reach if y < 400 else 1), outer.at(angle, y)[1])
                    for y in (200, 240, 310, 380, 462)
                ]
            )
        s.strokes(tines, 3.2, deep(bamboo, 0.42 if inner else 0.2), 0.6 if inner else 0.9)
        s.strokes([[(x - 1.5, y) for x, y in tine] for tine in tines], 2, light(bamboo, 0.45), 0.9)
    curls = [
        ellipse(400 + 146 * cos(radians(a)), 200 + 40 * sin(radians(a)), 8, 12, 150, 380)
        for a in range(0, 360, 14)
    ]
    s.strokes(curls, 2.6, deep(bamboo, 0.25), 0.9)
    core = Turned(400, ((210, 44), (300, 36), (420, 30)))
    s.strokes(
        [[core.at(a, y) for y in (210, 300, 400)] for a in range(10, 172, 16)], 3, deep(bamboo, 0.3), 0.55
    )
    grip = Turned(400, ((462, 82), (500, 80), (640, 80), (654, 77)))
    s.turned(grip, bamboo, 0.4)
    with s.inside(grip.outline()):
        s.strokes(
            [[grip.at(a, y) for y in (500, 570, 655)] for a in range(14, 170, 13)],
            1.6,
            deep(bamboo, 0.3),
            0.35,
        )
        s.line(grip.ring(604, 180, 0), 3, deep(AMBER, 0.4), 0.5)
    for y in (452, 461, 470, 479):
        s.line(ellipse(400, y - 4, 84, 23, 178, 2), 4.4, SUMI, 0.9)


def shino_bowl(s: Sheet) -> None:
    """Thick white glaze over blushing clay, whisked matcha inside."""
    snow, blush, clay = mix(PAPER, RAW, 0.24), mix(PERSIMMON, RAW, 0.42), mix(PERSIMMON, AMBER, 0.5)
    s.shadow(405, 624, 168)
    s.turned(Turned(400, ((590, 100), (628, 94)), sharp=True), clay, 0.1)
    body = Turned(
        400, ((330, 204), (352, 208), (420, 198), (500, 202), (568, 178), (600, 120), (610, 98)), 0.32
    )
    s.turned(body, snow, 0.5, 0.85)
    with s.inside(body.outline()):
        for x, y, rx, ry in ((250, 520, 90, 60), (470, 590, 150, 50), (560, 430, 60, 90), (330, 400, 80, 30)):
            s.soft(x, y, rx, ry, blush, 0.75)
        bare = [(200, 560), (260, 590), (330, 574), (400, 606), (470, 590), (540, 616), (600, 580)]
        s.fill([*spline(bare), (620.0, 720.0), (180.0, 720.0)], s.rounded(clay))
        s.line(spline(bare), 5, mix(snow, SNOW, 0.5), 0.9)
        s.line([(x, y + 5) for x, y in spline(bare)], 2, deep(clay, 0.3), 0.5)
        s.dots(
            [body.at(s.rng.uniform(8, 172), s.rng.uniform(350, 560)) for _ in range(70)],
            3.4,
            deep(blush, 0.3),
            0.5,
        )
        for x, y in ((452, 470), (496, 462), (470, 500)):
            s.line(spline(((x, y + 34), (x + 10, y), (x + 26, y - 26))), 4, deep(AMBER, 0.55), 0.65)
        s.soft(270, 440, 44, 96, SNOW, 0.7, 5)
    edge = s.mouth(body, snow, mix(snow, blush, 0.3), 15)
    s.poured(body, edge, 26, MATCHA, 16)
    with s.inside(edge):
        s.dots(s.scatter(392, 366, 130, 34, 70), 7, light(MATCHA, 0.5), 0.75)
        s.dots(s.scatter(392, 366, 130, 34, 50), 4, light(MATCHA, 0.75), 0.8)
