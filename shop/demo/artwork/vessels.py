"""Pots, bowls and tools: clay, iron, bamboo."""

from __future__ import annotations

from math import cos, radians, sin

from shop.demo.artwork import plants
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
from shop.demo.artwork.shapes import Points, Turned, ellipse, ribbon, spline
from shop.demo.artwork.sheet import Sheet


def kyusu(s: Sheet) -> None:
    """Red clay teapot with the handle at its side."""
    with s.moved(-44, -72, 1.12):
        clay = mix(PERSIMMON, AZUKI, 0.42)
        s.shadow(380, 590, 200)
        body = Turned(370, ((372, 96), (392, 150), (450, 196), (520, 190), (575, 140), (596, 112)))
        spout = ribbon(((230, 500), (176, 452), (142, 398)), (92, 56, 34))
        s.form(spout, s.rounded(clay))
        lip = ellipse(141, 398, 20, 11)
        s.form(lip, deep(clay, 0.55), 2)
        s.turned(body, clay, 0.42)
        for y in (430, 462, 494):
            s.line(body.ring(y, 168, 12), 1.6, light(clay, 0.35), 0.35)
        handle = Turned(0, ((-112, 20), (-104, 28), (0, 33), (100, 44), (112, 42)), 0.3)
        with s.moved(612, 418, 1, 62):
            s.turned(handle, clay, 0.4)
            s.form(ellipse(0, -112, 20, 7), s.slanted(deep(clay, 0.3)), 2)
        s.form(ellipse(370, 384, 112, 33), s.slanted(deep(clay, 0.12)))
        lid = Turned(370, ((342, 8), (346, 46), (360, 86), (380, 102)))
        s.turned(lid, clay, 0.35)
        knob = Turned(370, ((300, 10), (306, 25), (320, 29), (336, 17), (346, 19)))
        s.turned(knob, clay, 0.5)


def tetsubin(s: Sheet) -> None:
    """Iron kettle covered with hailstone dots, under its arched handle."""
    iron = mix(SUMI, INDIGO, 0.2)
    s.shadow(400, 628, 200)
    arch = [(400 + 168 * cos(radians(a)), 386 + 232 * sin(radians(a))) for a in range(180, 361, 12)]
    s.form(
        ribbon(arch, (17, 18, 21, 24, 21, 18, 17), per=2), s.linear(((0, light(iron, 0.3), 1), (1, iron, 1)))
    )
    s.form(ribbon(((560, 500), (628, 452), (664, 398)), (84, 50, 30)), s.rounded(iron))
    s.form(ellipse(665, 397, 17, 9), deep(iron, 0.7), 2)
    body = Turned(400, ((372, 92), (388, 142), (430, 190), (500, 214), (560, 204), (612, 150), (634, 126)))
    s.turned(body, iron, 0.3)
    with s.inside(body.outline()):
        lit: Points = []
        for row in range(9):
            y = 408 + row * 16.5
            lit += [body.at(a + (5 if row % 2 else 0), y) for a in range(12, 172, 10)]
        s.dots([(x + 1.5, y + 2) for x, y in lit], 9, deep(iron, 0.7), 0.9)
        s.dots(lit, 7.5, light(iron, 0.26), 0.9)
        s.dots([(x - 1.5, y - 1.5) for x, y in lit if x < 470], 3, light(iron, 0.62), 0.8)
        s.soft(560, 560, 150, 190, deep(iron, 0.5), 0.75)
    for x in (236, 564):
        s.form(ellipse(x, 396, 17, 23), s.rounded(iron), 2.2)
    s.form(ellipse(400, 380, 106, 31), s.slanted(light(iron, 0.08)))
    lid = Turned(400, ((346, 10), (350, 50), (362, 84), (376, 96)))
    s.turned(lid, iron, 0.28)
    s.turned(Turned(400, ((302, 12), (310, 27), (326, 29), (340, 15), (350, 19))), iron, 0.5)


def rice_bowl(s: Sheet) -> None:
    """White-slip bowl with an unglazed foot, heaped with chestnut rice."""
    slip = mix(PAPER, RAW, 0.38)
    foot = mix(AMBER, AZUKI, 0.45)
    s.shadow(405, 612, 140)
    s.turned(Turned(400, ((566, 84), (606, 80), (618, 76)), sharp=True), foot, 0.1)
    body = Turned(400, ((384, 210), (430, 204), (500, 172), (556, 108), (584, 84)), 0.3)
    s.turned(body, slip, 0.5, 0.8)
    with s.inside(body.outline()):
        s.fill(
            spline(((250, 566), (320, 588), (400, 580), (470, 596), (560, 560), (560, 660), (250, 660))),
            foot,
            0.8,
        )
        s.dots([body.at(s.rng.uniform(10, 170), s.rng.uniform(400, 560)) for _ in range(34)], 4, foot, 0.5)
        s.soft(290, 470, 60, 90, SNOW, 0.5, 12)
    edge = s.mouth(body, slip, mix(slip, ASH, 0.25), 10)
    with s.inside([(180.0, 200.0), (620.0, 200.0), *ellipse(400, 386, 200, 60, 0, 180)]):
        heap = spline(
            ((206, 392), (250, 346), (330, 306), (410, 296), (490, 312), (556, 350), (594, 392), (400, 460)),
            True,
        )
        s.form(
            heap,
            s.linear(((0, SNOW, 1), (0.6, mix(PAPER, RAW, 0.25), 1), (1, mix(RAW, ASH, 0.3), 1)), 40),
            1.6,
        )
        grains = s.scatter(400, 366, 170, 56, 120)
        s.needles(grains, 15, 6, (mix(RAW, ASH, 0.28), SNOW, mix(PAPER, RAW, 0.4)))
        for x, y, r in (
            (320, 350, 30),
            (402, 326, 33),
            (480, 356, 31),
            (386, 384, 28),
            (540, 382, 24),
            (268, 386, 22),
        ):
            nut = mix(AMBER, GOLD, 0.62)
            s.form(
                spline(
                    (
                        (x - r, y + 6),
                        (x - r * 0.5, y - r * 0.7),
                        (x + r * 0.6, y - r * 0.6),
                        (x + r, y + 8),
                        (x, y + r * 0.7),
                    ),
                    True,
                ),
                s.slanted(nut, 1.6),
                2,
            )
            s.line(
                [(x - r * 0.4, y - r * 0.1), (x, y + 2), (x + r * 0.5, y - r * 0.05)],
                1.6,
                deep(AMBER, 0.2),
                0.5,
            )
        s.dots(s.scatter(400, 352, 150, 44, 40), 4, SUMI, 0.75)
    s.line(edge[: len(edge) // 2 + 1], 2, opacity=0.5)


def brushed_plate(s: Sheet) -> None:
    """Dark clay plate with one turn of white slip, and a leaf from the tree outside."""
    clay = mix(AMBER, SUMI, 0.5)
    s.shadow(408, 560, 290, 110)
    s.form(ellipse(400, 540, 285, 138), s.rounded(deep(clay, 0.2)))
    s.form(ellipse(400, 516, 300, 144), s.slanted(clay))
    well = ellipse(400, 524, 244, 112)
    with s.inside(ellipse(400, 516, 296, 140)):
        for turn in range(26):
            share = turn / 25
            rx, ry = 90 + 196 * share, 40 + 92 * share
            start = s.rng.uniform(-30, 40) + 150
            sweep = ellipse(400, 518 + 6 * (1 - share), rx, ry, start, start + s.rng.uniform(215, 320))
            s.line(
                sweep,
                s.rng.uniform(3, 9),
                mix(PAPER, RAW, s.rng.uniform(0.1, 0.5)),
                s.rng.uniform(0.4, 0.85),
                waver=2,
            )
        s.soft(560, 600, 210, 110, deep(clay, 0.4), 0.5)
        s.soft(250, 446, 130, 60, SNOW, 0.55)
    s.line(well, 2, opacity=0.35, closed=True, waver=2)
    s.soft(452, 540, 96, 40, SUMI, 0.35)
    with s.moved(440, 520, 1.05, -22):
        plants.ginkgo_leaf(s)


def striped_cup(s: Sheet) -> None:
    """Porcelain cup with cobalt stripes, tea in it."""
    white = mix(PAPER, ASH, 0.16)
    s.shadow(405, 632, 120)
    body = Turned(400, ((262, 146), (300, 158), (400, 166), (520, 154), (600, 118), (632, 98)))
    s.turned(body, white, 0.5, 0.9)
    with s.inside(body.outline()):
        for number, angle in enumerate(range(4, 180, 12)):
            stripe = [body.at(angle, y) for y in range(292, 612, 32)]
            s.line(stripe, 7 if number % 2 else 3.4, INDIGO, 0.86, waver=1.6)
        for y in (284, 606):
            s.line(body.ring(y, 182, -2), 3.4, INDIGO, 0.85)
        s.soft(520, 500, 90, 240, deep(INDIGO, 0.4), 0.4)
        s.soft(316, 420, 40, 170, SNOW, 0.75, 3)
    edge = s.mouth(body, white, white)
    s.poured(body, edge, 16, mix(MATCHA, AMBER, 0.45))
    s.steam(400, 250, 150)


def sake_flask(s: Sheet) -> None:
    """Amber flask with a run of glaze, and two small cups."""
    glaze, clay = mix(AMBER, PERSIMMON, 0.2), mix(AMBER, SUMI, 0.42)
    s.shadow(340, 606, 128)
    s.shadow(560, 652, 76)
    flask = Turned(
        330, ((180, 52), (196, 42), (246, 38), (308, 62), (400, 124), (500, 136), (576, 112), (606, 94))
    )
    s.turned(flask, clay, 0.3)
    with s.inside(flask.outline()):
        drips = [(484 - 38 * i, 452 + s.rng.uniform(0, 26) + 46 * (i % 3 == 1)) for i in range(9)]
        run = [(470.0, 140.0), *spline(drips), (180.0, 140.0)]
        s.fill(run, s.rounded(glaze, 1.1))
        s.line(spline(drips), 2.4, deep(glaze, 0.5), 0.5)
        s.soft(286, 390, 26, 150, SNOW, 0.8, 9)
        s.soft(420, 500, 70, 170, deep(AZUKI, 0.3), 0.5)
    s.mouth(flask, glaze, deep(glaze, 0.5), 8)
    for x, y, tone in ((556, 566, glaze), (672, 508, mix(AMBER, SUMI, 0.22))):
        if x > 600:
            s.shadow(x, y + 84, 62)
        cup = Turned(x, ((y, 74), (y + 34, 70), (y + 66, 52), (y + 82, 44)), 0.34)
        s.turned(cup, tone, 0.55)
        edge = s.mouth(cup, tone, mix(RAW, tone, 0.35), 7)
        s.poured(cup, edge, 12, mix(PAPER, RAW, 0.5), 7)


def bud_vase(s: Sheet) -> None:
    """Unglazed vase with one camellia."""
    clay = mix(RAW, AMBER, 0.34)
    s.shadow(400, 656, 104)
    stem = spline(((404, 430), (418, 340), (396, 262), (420, 200)))
    s.line(stem, 9, deep(AMBER, 0.5), 0.95)
    s.line(spline(((408, 330), (470, 286), (520, 280))), 6, deep(AMBER, 0.5), 0.95)
    vase = Turned(400, ((412, 30), (424, 26), (452, 36), (500, 92), (566, 122), (620, 108), (656, 84)))
    s.turned(vase, clay, 0.25)
    with s.inside(vase.outline()):
        ash_fall = [(270.0, 470.0), (330, 452), (420, 470), (450, 540), (400, 590), (340, 560), (280, 600)]
        s.fill(spline(ash_fall, True), mix(PERSIMMON, AMBER, 0.4), 0.28)
        s.dots(
            [vase.at(s.rng.uniform(8, 172), s.rng.uniform(470, 640)) for _ in range(60)],
            3.6,
            deep(AMBER, 0.4),
            0.4,
        )
        s.dots([vase.at(s.rng.uniform(60, 172), s.rng.uniform(470, 620)) for _ in range(24)], 5, PAPER, 0.6)
    s.mouth(vase, clay, deep(clay, 0.5), 6)
    for x, y, turn, size in (
        (506, 284, 18, 1.15),
        (352, 322, 158, 1.1),
        (452, 356, 52, 0.9),
        (334, 216, 208, 1.0),
        (480, 176, -34, 0.95),
    ):
        with s.moved(x, y, size, turn):
            plants.leaf(s, MOSS)
    with s.moved(412, 196, 1.12):
        plants.camellia(s)
