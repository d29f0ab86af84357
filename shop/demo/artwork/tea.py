"""Tea and what it is kept in."""

from __future__ import annotations

from math import radians, sin

from shop.demo.artwork.palette import (
    AMBER,
    ASH,
    AZUKI,
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

GREEN_LEAF = (deep(MOSS, 0.35), MOSS, mix(MOSS, MATCHA, 0.5))
ROASTED = (mix(AMBER, SUMI, 0.45), mix(AMBER, SUMI, 0.2), AMBER, mix(AMBER, RAW, 0.35))


def canister(
    s: Sheet, cx: float, top: float, bottom: float, r: float, colour: str, label: Point = (0.2, 0.76)
) -> None:
    """A tin wrapped in printed paper under its lid; ``label`` is where the label begins and ends."""
    body = Turned(cx, ((top, r), (top + 10, r + 2), (bottom - 10, r + 2), (bottom, r)), sharp=True)
    s.turned(body, colour, 0.35)
    seam = top + (bottom - top) * 0.3
    with s.inside(body.outline()):
        waves = []
        for row in range(round((bottom - top) / 38) + 1):
            for angle in range(12 if row % 2 else 1, 180, 22 if r > 100 else 32):
                x, y = body.at(angle, top + 14)
                narrow = abs(sin(radians(angle)))
                waves += [
                    (x, y + row * 38, size * narrow + 1, size) for size in ((15, 8) if r > 100 else (13,))
                ]
        s.arches(waves, 2, light(colour, 0.6), 0.5)
        s.soft(cx + r * 0.75, (top + bottom) / 2, r * 0.6, (bottom - top) * 0.7, deep(colour, 0.6), 0.45)
    s.line(body.ring(seam, 180, 0), 3.4, deep(colour, 0.6), 0.8)
    s.line([(x, y + 4) for x, y in body.ring(seam, 176, 4)], 1.6, light(colour, 0.5), 0.5)
    s.form(ellipse(cx, top, r, r * body.tilt), s.slanted(light(colour, 0.18)))
    s.line(ellipse(cx, top + 3, r * 0.86, r * 0.86 * body.tilt), 1.6, opacity=0.3, closed=True)
    high, low = (seam + (bottom - seam) * share for share in label)
    paper = [body.at(a, high) for a in range(132, 59, -6)] + [body.at(a, low) for a in range(60, 133, 6)]
    s.form(paper, s.rounded(mix(PAPER, RAW, 0.25), 0.6), 1.8)
    x, y = body.at(96, (high + low) / 2)
    s.moon_ring(x, y, r * 0.24, colour, squash=0.94)


def sencha_canister(s: Sheet) -> None:
    """Moss-green tin with the leaves it holds."""
    s.shadow(385, 640, 146)
    canister(s, 380, 236, 636, 138, MOSS)
    heap = s.scatter(590, 668, 92, 30, 110)
    s.soft(600, 676, 130, 40, deep(ASH, 0.5), 0.5)
    s.needles(heap, 34, 5.5, GREEN_LEAF)


def hojicha_pouch(s: Sheet) -> None:
    """Paper bag folded over and tied, roasted stems spilled in front."""
    kraft = mix(RAW, AMBER, 0.45)
    s.shadow(400, 636, 170)
    side: Points = polygon(((560, 250), (604, 272), (616, 618), (566, 644)), 6)
    s.form(side, s.slanted(deep(kraft, 0.28)))
    front = polygon(((214, 246), (562, 250), (570, 646), (206, 640)), 8)
    s.form(front, s.linear(((0, light(kraft, 0.32), 1), (0.55, kraft, 1), (1, deep(kraft, 0.2), 1)), 25))
    with s.inside(front):
        for x, bend in ((250, 14), (520, -22), (330, 8)):
            s.line(
                spline(((x, 330), (x + bend, 450), (x - bend * 0.4, 560), (x + bend, 640))),
                2,
                deep(kraft, 0.4),
                0.22,
                waver=3,
            )
        s.soft(300, 380, 120, 190, PAPER, 0.3, 10)
        s.soft(400, 340, 230, 40, deep(kraft, 0.5), 0.4)
    flap = polygon(((206, 196), (400, 190), (610, 204), (606, 312), (400, 322), (204, 308)), 7)
    s.form(
        flap,
        s.linear(((0, light(kraft, 0.4), 1), (0.6, light(kraft, 0.08), 1), (1, deep(kraft, 0.14), 1)), 35),
    )
    s.line(segment((212, 216), (604, 222)), 1.6, deep(kraft, 0.4), 0.4)
    for y in (252, 262):
        s.line(spline(((203, y), (300, y + 6), (420, y + 5), (608, y + 2))), 4, mix(AZUKI, SUMI, 0.1), 0.9)
    for knots in (
        ((404, 258), (360, 226), (330, 246), (398, 262)),
        ((410, 258), (452, 222), (484, 242), (412, 262)),
    ):
        s.line(spline(knots), 4.4, AZUKI, 0.95)
    s.line(spline(((402, 262), (388, 306), (372, 340))), 4, AZUKI, 0.95)
    s.line(spline(((412, 262), (430, 300), (424, 346))), 4, AZUKI, 0.95)
    label = polygon(((314, 398), (464, 400), (466, 578), (312, 574)), 4)
    s.form(label, s.slanted(PAPER), 1.8)
    s.moon_ring(390, 466, 42, mix(AMBER, SUMI, 0.35))
    s.strokes([[(354.0, 536), (426, 537)], [(366.0, 551), (414, 552)]], 3, deep(AMBER, 0.4), 0.5)
    stems = s.scatter(232, 690, 120, 28, 46) + s.scatter(330, 700, 80, 18, 20)
    s.soft(262, 704, 160, 30, deep(ASH, 0.5), 0.5)
    s.needles(stems, 56, 7, ROASTED)


def genmaicha_dish(s: Sheet) -> None:
    """Leaves and toasted rice in a shallow dish, a scoop across it."""
    clay = mix(ASH, SUMI, 0.35)
    s.shadow(408, 580, 250, 90)
    dish = Turned(400, ((480, 268), (500, 262), (548, 190), (580, 120)), 0.4)
    s.turned(dish, clay, 0.3)
    edge = s.mouth(dish, clay, light(clay, 0.1), 12)
    with s.inside(edge):
        mound = spline(
            (
                (190, 500),
                (240, 440),
                (330, 404),
                (420, 396),
                (510, 414),
                (580, 454),
                (612, 500),
                (540, 560),
                (400, 580),
                (260, 560),
            ),
            True,
        )
        s.fill(mound, s.linear(((0, MOSS, 1), (1, deep(MOSS, 0.5), 1)), 50))
        s.needles(s.scatter(400, 488, 206, 88, 150), 34, 5.5, GREEN_LEAF)
        rice = s.scatter(400, 482, 196, 82, 90)
        s.needles(rice[:60], 17, 9, (mix(AMBER, RAW, 0.3), mix(AMBER, RAW, 0.55), mix(AMBER, SUMI, 0.1)))
        popped = rice[60:]
        s.dots([(x + 2, y + 3) for x, y in popped], 17, deep(RAW, 0.45), 0.7)
        s.dots(popped, 15, SNOW)
        s.dots([(x + 8, y - 5) for x, y in popped], 11, PAPER)
    s.line(edge[: len(edge) // 2 + 1], 2.2, opacity=0.55)
    wood = mix(AMBER, RAW, 0.35)
    s.soft(610, 470, 130, 30, SUMI, 0.3, -30)
    with s.moved(498, 456, 1, -31):
        s.form(polygon(((60, -14), (266, -11), (268, 11), (60, 14)), 8), s.slanted(wood))
        bowl = spline(
            ((-70, 0), (-52, -38), (10, -48), (64, -24), (72, 0), (64, 24), (10, 48), (-52, 38)), True, 4
        )
        s.form(bowl, s.slanted(wood, 1.2))
        hollow = spline(
            ((-56, 2), (-40, -26), (8, -34), (50, -16), (56, 2), (48, 20), (8, 36), (-42, 28)), True, 4
        )
        s.fill(hollow, deep(wood, 0.3))
        with s.inside(hollow):
            s.needles(s.scatter(0, 4, 50, 26, 34), 26, 5, GREEN_LEAF)
            s.dots(s.scatter(0, 4, 46, 24, 12), 9, SNOW)


def black_tea_bags(s: Sheet) -> None:
    """Amber tea in a white cup, its tag over the rim, two pyramid bags beside."""
    white, tea = mix(PAPER, ASH, 0.12), mix(PERSIMMON, AMBER, 0.45)
    s.shadow(336, 602, 150)
    s.form(ellipse(325, 596, 214, 62), s.rounded(deep(white, 0.05), 0.7))
    s.form(ellipse(325, 588, 212, 58), s.slanted(white))
    s.soft(356, 600, 130, 32, deep(ASH, 0.5), 0.6)
    loop = [(486, 420), (540, 400), (572, 440), (540, 494), (470, 516)]
    s.form(ribbon(loop, (20, 22, 22, 20, 18)), s.rounded(white))
    cup = Turned(320, ((362, 186), (400, 182), (480, 160), (550, 112), (586, 84), (596, 82)), 0.3)
    s.turned(cup, white, 0.45, 0.85)
    edge = s.mouth(cup, white, white, 8)
    s.poured(cup, edge, 16, tea, 10)
    s.line(spline(((372, 388), (392, 412), (404, 424), (408, 470), (402, 506))), 2.2, deep(ASH, 0.2), 0.95)
    tag = polygon(((374, 506), (430, 504), (434, 568), (376, 572)), 4)
    s.form(tag, s.slanted(PAPER), 2)
    s.moon_ring(404, 538, 19, AZUKI)
    s.steam(310, 346, 150)
    for x, y, size, turn in ((642, 668, 1.0, 0), (520, 700, 0.84, -6)):
        s.shadow(x + 4, y, 78 * size, 20)
        with s.moved(x, y, size, turn):
            _pyramid(s)


def _pyramid(s: Sheet) -> None:
    gauze = mix(PAPER, RAW, 0.5)
    whole: Points = polygon(((0, -150), (84, -8), (4, 18), (-88, -14)), 5)
    s.fill(whole, gauze, 0.75)
    with s.inside(whole):
        s.fill(
            spline(((-90, -50), (-30, -66), (30, -58), (90, -40), (60, 30), (-60, 30)), True),
            mix(AMBER, SUMI, 0.6),
            0.85,
        )
        s.needles(s.scatter(0, -26, 84, 40, 60), 24, 5, (SUMI, mix(AMBER, SUMI, 0.65), mix(AMBER, SUMI, 0.3)))
        s.strokes([[(-120.0 + i * 19, 20.0), (-10.0 + i * 19, -160.0)] for i in range(11)], 0.9, PAPER, 0.5)
        s.strokes([[(-120.0 + i * 19, -160.0), (-10.0 + i * 19, 20.0)] for i in range(11)], 0.9, PAPER, 0.5)
    s.fill(polygon(((0, -150), (84, -8), (4, 18)), 3), deep(gauze, 0.4), 0.25)
    s.line(whole, 2.2, opacity=0.6, closed=True)
    s.line(segment((0, -148), (4, 16)), 1.8, opacity=0.45)
    s.line(spline(((0, -148), (10, -190), (50, -196), (74, -160))), 2.2, deep(ASH, 0.2), 0.9)


def matcha_tin(s: Sheet) -> None:
    """Small dark tin, a heap of matcha on paper and the bamboo scoop."""
    lacquer = mix(AZUKI, SUMI, 0.28)
    s.shadow(330, 560, 128)
    tin = Turned(320, ((300, 112), (316, 124), (330, 126), (540, 126), (558, 118)), sharp=True)
    s.turned(tin, lacquer, 0.4)
    s.form(ellipse(320, 300, 112, 31), s.slanted(light(lacquer, 0.14)))
    s.line(tin.ring(386, 180, 0), 3.2, deep(lacquer, 0.6), 0.9)
    band = tin.band(418, 500)
    s.fill(band, s.rounded(mix(PAPER, RAW, 0.3), 0.8))
    for y in (418, 500):
        s.line(tin.ring(y, 180, 0), 2.2, opacity=0.55)
    s.moon_ring(304, 494, 30, MOSS, squash=0.95)
    sheet = onto((360, 640), (320, -70), (92, 92))
    s.soft(600, 680, 210, 60, deep(ASH, 0.5), 0.45)
    s.form(polygon([sheet(0, 0), sheet(1, 0), sheet(1, 1), sheet(0, 1)], 4), s.slanted(PAPER, 0.8), 2)
    s.soft(610, 652, 110, 32, deep(MOSS, 0.5), 0.4)
    powder = mix(MATCHA, MOSS, 0.12)
    hill = spline(
        (
            (478, 648),
            (520, 616),
            (556, 572),
            (586, 554),
            (618, 580),
            (650, 618),
            (690, 644),
            (640, 668),
            (580, 676),
            (516, 668),
        ),
        True,
    )
    s.form(
        hill,
        s.linear(((0, light(powder, 0.3), 1), (0.5, powder, 1), (1, deep(powder, 0.35), 1)), 25),
        1.6,
        ink=deep(MOSS, 0.4),
    )
    with s.inside(hill):
        s.dots(s.scatter(590, 626, 90, 56, 90), 3, deep(powder, 0.35), 0.5)
        s.dots(s.scatter(556, 616, 60, 46, 50), 3, light(powder, 0.5), 0.7)
    s.dots(s.scatter(586, 664, 140, 26, 46), 3.4, powder, 0.9)
    bamboo = mix(RAW, AMBER, 0.4)
    scoop = ((590, 566), (612, 548), (650, 520), (700, 470), (752, 402))
    s.line([(x + 6, y + 9) for x, y in spline(scoop)], 12, deep(ASH, 0.5), 0.28)
    s.form(ribbon(scoop, (30, 22, 12, 13, 15)), s.slanted(bamboo, 1.3), 2.2)
    s.line(segment((664, 506), (672, 514)), 3, deep(AMBER, 0.4), 0.8)
    s.fill(ellipse(596, 560, 16, 9), powder)


def tea_gift_box(s: Sheet) -> None:
    """Three small tins standing in a cypress box, its lid leaning behind."""
    wood = mix(RAW, AMBER, 0.24)
    s.shadow(420, 640, 300, 54)
    lid = polygon(((170, 214), (664, 196), (676, 470), (160, 480)), 6)
    s.form(lid, s.slanted(light(wood, 0.2)))
    with s.inside(lid):
        _grain(s, (170, 220), 500, 250, wood)
        s.soft(560, 420, 260, 120, deep(wood, 0.5), 0.5)
    s.form(polygon(((122, 500), (168, 446), (642, 446), (690, 500)), 4), s.slanted(deep(wood, 0.45)))
    for x, colour in ((244, MOSS), (406, mix(AMBER, AZUKI, 0.4)), (566, mix(AMBER, RAW, 0.4))):
        s.soft(x + 44, 484, 96, 22, SUMI, 0.6)
        canister(s, x, 276, 520, 74, colour, (0.08, 0.6))
    front = polygon(((118, 500), (694, 500), (688, 646), (124, 646)), 5)
    s.form(front, s.linear(((0, light(wood, 0.32), 1), (0.6, wood, 1), (1, deep(wood, 0.18), 1)), 20))
    with s.inside(front):
        _grain(s, (118, 506), 580, 150, wood)
        s.moon_ring(406, 574, 34, mix(AMBER, SUMI, 0.35), 0.75)
    joints = [
        polygon(((x, y), (x + 20, y), (x + 20, y + 22), (x, y + 22)), 2)
        for x in (120, 673)
        for y in (524, 562, 600)
    ]
    s.forms(joints, deep(wood, 0.24), 1.6, deep(wood, 0.6))


def _grain(s: Sheet, corner: Point, width: float, height: float, wood: str) -> None:
    """Long soft lines of straight-grained wood."""
    x, y = corner
    lines: list[Points] = []
    for i in range(9):
        at = y + height * (i + 0.5) / 9
        bend = at - 8 + s.rng.uniform(-6, 6)
        lines.append(
            [(x - 20, at), (x + width * 0.3, bend), (x + width * 0.65, bend), (x + width + 30, at - 20)]
        )
    s.strokes(lines, 1.6, deep(wood, 0.3), 0.28)
