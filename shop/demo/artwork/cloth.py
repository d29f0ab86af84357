"""Cotton and hemp: folded and hung."""

from __future__ import annotations

from shop.demo.artwork.palette import (
    AMBER,
    ASH,
    AZUKI,
    INDIGO,
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
from shop.demo.artwork.shapes import Point, onto, polygon, ribbon, segment, spline
from shop.demo.artwork.sheet import Sheet


def furoshiki(s: Sheet) -> None:
    """A box tied up in moss-green cotton, the other two colours folded in front."""
    s.shadow(410, 560, 226, 66)
    bundle = spline(
        (
            (178, 396),
            (196, 356),
            (290, 330),
            (400, 322),
            (510, 330),
            (606, 352),
            (630, 392),
            (632, 480),
            (622, 552),
            (560, 582),
            (400, 594),
            (246, 584),
            (186, 556),
            (174, 480),
        ),
        True,
    )
    s.form(bundle, s.linear(((0, light(MOSS, 0.3), 1), (0.5, MOSS, 1), (1, deep(MOSS, 0.32), 1)), 35))
    with s.inside(bundle):
        s.fill(
            [(174, 390), *spline(((174, 392), (260, 410), (400, 330))), (400, 330), (174, 320)],
            light(MOSS, 0.28),
            0.6,
        )
        s.fill([*spline(((400, 332), (520, 470), (640, 540))), (650, 330)], deep(MOSS, 0.16), 0.5)
        for knots in (
            ((400, 330), (330, 420), (184, 520)),
            ((400, 330), (470, 430), (630, 510)),
            ((398, 330), (380, 470), (330, 590)),
            ((404, 330), (440, 470), (500, 590)),
            ((392, 330), (290, 372), (180, 400)),
            ((410, 330), (520, 366), (628, 396)),
        ):
            s.line(spline(knots), 2.6, deep(MOSS, 0.55), 0.5, waver=3)
            s.line([(x - 4, y - 2) for x, y in spline(knots)], 4, light(MOSS, 0.5), 0.22, waver=3)
    for centre, widths in (
        (((396, 326), (330, 284), (262, 252), (200, 262)), (30, 84, 92, 30)),
        (((410, 326), (468, 262), (536, 216), (612, 216)), (30, 86, 90, 26)),
        (((388, 330), (330, 332), (286, 372)), (30, 50, 5)),
        (((416, 328), (480, 340), (530, 392)), (30, 50, 5)),
    ):
        ear = ribbon(centre, widths)
        s.form(ear, s.slanted(MOSS, 1.5))
        s.line(spline(centre)[3:-3], 2, deep(MOSS, 0.5), 0.5)
    knot = spline(((366, 326), (378, 292), (410, 286), (440, 304), (442, 342), (408, 360), (374, 350)), True)
    s.form(knot, s.slanted(light(MOSS, 0.1), 1.6))
    s.line(spline(((384, 342), (396, 310), (430, 300))), 2.2, deep(MOSS, 0.5), 0.6)
    _folded(s, (70, 640), PERSIMMON)
    _folded(s, (480, 646), INDIGO)


def _folded(s: Sheet, corner: Point, colour: str) -> None:
    """A square folded small: three layers of one cloth."""
    x, y = corner
    s.shadow(x + 126, y + 62, 130, 26)
    for layer in (2, 1, 0):
        base = y + layer * 20
        side = spline(
            (
                (x, base),
                (x - 8, base + 14),
                (x + 4, base + 26),
                (x + 216, base + 44),
                (x + 228, base + 30),
                (x + 214, base + 16),
            )
        )
        s.form(side, s.linear(((0, light(colour, 0.2), 1), (1, deep(colour, 0.2), 1))), 2.2)
    top = polygon(((x, y + 2), (x + 56, y - 52), (x + 262, y - 38), (x + 214, y + 18)), 8)
    s.form(top, s.slanted(light(colour, 0.12), 1.3), 2.2)
    s.line(segment((x + 14, y + 2), (x + 212, y + 14)), 1.8, light(colour, 0.6), 0.7, waver=0.6, dashes="7 6")


def tenugui_waves(s: Sheet) -> None:
    """Indigo waves on a cloth hung over a bamboo rod."""
    bamboo = mix(RAW, AMBER, 0.4)
    s.fill(polygon(((262, 170), (584, 170), (604, 690), (274, 700)), 10), deep(ASH, 0.3), 0.22)
    cloth = [
        *segment((244, 148), (560, 148)),
        *spline(((562, 150), (568, 330), (556, 500), (564, 686))),
        *spline(((562, 688), (480, 676), (400, 694), (320, 680), (246, 692))),
        *spline(((244, 690), (250, 520), (238, 340), (244, 150))),
    ]
    s.form(cloth, s.slanted(mix(PAPER, RAW, 0.16)))
    waves = _waves(s)
    s.fill(cloth, waves)
    with s.inside(cloth):
        _hanging_light(s, (248, 560), (140, 700), 0.45)
    s.line(cloth, 2.4, opacity=0.6, closed=True)
    s.form(
        ribbon(((150, 146), (400, 140), (652, 146)), (24, 25, 24)),
        s.linear(((0, light(bamboo, 0.4), 1), (0.5, bamboo, 1), (1, deep(bamboo, 0.4), 1)), 90),
    )
    for x in (216, 430, 604):
        s.line(segment((x, 132), (x, 157), 8), 3, deep(bamboo, 0.45), 0.7)
    over = [
        *segment((244, 128), (560, 126)),
        (563, 140),
        (562, 166),
        *segment((560, 168), (244, 168)),
        (241, 150),
    ]
    s.form(
        over, s.linear(((0, PAPER, 1), (0.5, mix(PAPER, RAW, 0.3), 1), (1, mix(RAW, ASH, 0.3), 1)), 90), 2.2
    )
    s.fill(over, waves, 0.9)
    s.line(over, 2.2, opacity=0.6, closed=True)


def _waves(s: Sheet) -> str:
    """Overlapping wave scales, lower rows before upper ones."""
    r, ground = 30, mix(PAPER, RAW, 0.16)
    marks = ""
    for row in range(-2, 5):
        for column in (-1, 0, 1):
            x, y = column * 2 * r + (r if row % 2 else 0) + r, row * r / 2 + r
            for share in (0.94, 0.68, 0.42):
                marks += f'<circle cx="{x}" cy="{y:g}" r="{r * share:.1f}"/>'
    return s.print_of(2 * r, r, f'<g fill="{ground}" stroke="{INDIGO}" stroke-width="4">{marks}</g>')


def _hanging_light(s: Sheet, span: Point, height: Point, shine: float) -> None:
    """Soft folds of hanging cloth: shade and light in upright bands."""
    left, right = span
    for share, colour, opacity in (
        (0.06, PAPER, shine),
        (0.3, SUMI, 0.18),
        (0.48, PAPER, shine * 0.8),
        (0.72, SUMI, 0.2),
        (0.99, SUMI, 0.28),
    ):
        x, y = left + (right - left) * share, (height[0] + height[1]) / 2
        s.soft(x, y, (right - left) * 0.15, (height[1] - height[0]) * 0.7, colour, opacity)


def tenugui_hemp(s: Sheet) -> None:
    """A long cloth with hemp leaves, folded small, one corner turned back."""
    red, ground = mix(AZUKI, PERSIMMON, 0.16), mix(PAPER, RAW, 0.14)
    place = onto((96, 520), (470, 66), (170, -214))
    under = [place(-0.02, -0.02), place(1, -0.05), place(1.05, 1), place(0.1, 1)]
    for spread, dark in ((22, 0.16), (12, 0.22), (4, 0.3)):
        s.fill(polygon([(x + spread, y + 58 + spread * 0.5) for x, y in under], 14), deep(ASH, 0.5), dark)
    for layer in (3, 2, 1):
        sheet = [(x, y + layer * 19) for x, y in (place(0, 0), place(1, 0), place(1, 1), place(0, 1))]
        s.form(polygon(sheet, 10), s.linear(((0, ground, 1), (1, mix(RAW, ASH, 0.4), 1)), 15), 2.2)
        s.line(segment(sheet[0], sheet[1]), 5, light(red, 0.3), 0.35, dashes="16 12 30 9")
    corners = [place(0, 0), place(0.66, 0), place(1, 0.48), place(1, 1), place(0, 1)]
    top = polygon(corners, 5)
    s.form(top, s.slanted(ground))
    across, down = (470 / 8, 66 / 8), (170 / 5, -214 / 5)
    print_ = s.print_of(1, 1, _hemp_tile(red), (*across, *down, 96, 520))
    s.fill(top, print_)
    with s.inside(top):
        s.soft(250, 400, 170, 90, SNOW, 0.5)
        s.soft(500, 540, 150, 60, SUMI, 0.4, -30)
    s.line(top, 2.6, opacity=0.65, closed=True)
    flap = polygon((place(0.66, 0), place(1, 0.48), place(0.62, 0.5)), 6)
    s.form(flap, s.slanted(mix(ground, red, 0.22), 1.4))
    s.fill(flap, print_, 0.22)


def _hemp_tile(colour: str) -> str:
    """One tile of the hemp-leaf print in a unit square: rhombs with a spine and folded corners."""
    d = ""
    for x, y in ((0, 0), (0.5, 0.5), (1, 0), (0, 1), (1, 1)):
        high, low = f"{x} {y - 0.5}", f"{x} {y + 0.5}"
        for tip, fold in ((x - 0.5, x - 0.18), (x + 0.5, x + 0.18)):
            d += f"M{high}L{tip} {y}L{low}M{high}L{fold:g} {y}L{low}M{fold:g} {y}L{tip} {y}"
        d += f"M{x} {y - 0.5}V{y + 0.5}"
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width=".055"/>'


def noren(s: Sheet) -> None:
    """Two indigo panels with the moon ring, stirred by the door."""
    wood = mix(AMBER, SUMI, 0.25)
    s.fill(polygon(((170, 176), (650, 176), (676, 650), (190, 664)), 10), deep(ASH, 0.3), 0.25)
    panels = (
        [
            *segment((146, 156), (396, 156)),
            *spline(((398, 160), (392, 340), (404, 500), (388, 648))),
            *spline(((386, 650), (320, 636), (240, 656), (140, 640))),
            *spline(((138, 640), (152, 480), (138, 320), (146, 158))),
        ],
        [
            *segment((404, 156), (654, 156)),
            *spline(((656, 160), (662, 340), (650, 500), (672, 640))),
            *spline(((672, 642), (590, 660), (500, 640), (420, 656))),
            *spline(((418, 654), (424, 500), (398, 340), (404, 158))),
        ],
    )
    for number, panel in enumerate(panels):
        s.form(
            panel, s.linear(((0, light(INDIGO, 0.14), 1), (0.5, INDIGO, 1), (1, deep(INDIGO, 0.3), 1)), 30)
        )
        with s.inside(panel):
            s.moon_ring(400, 410, 150, mix(PAPER, RAW, 0.12), 0.95)
            _hanging_light(s, (140 + number * 262, 396 + number * 270), (150, 660), 0.16)
            weave: list[list[Point]] = [
                [(140 + number * 262, y), (400 + number * 270, y + 2)] for y in range(170, 650, 12)
            ]
            s.strokes(weave, 1, light(INDIGO, 0.6), 0.16)
        s.line([(x, y - 12) for x, y in panel if y > 632], 1.6, light(INDIGO, 0.6), 0.5, dashes="8 7")
    s.form(
        ribbon(((84, 140), (400, 136), (716, 140)), (22, 22, 22)),
        s.linear(((0, light(wood, 0.4), 1), (1, deep(wood, 0.4), 1)), 90),
    )
    for x in (160, 250, 340, 424, 514, 604):
        loop = polygon(((x, 118), (x + 42, 118), (x + 43, 172), (x - 1, 172)), 5)
        s.form(
            loop, s.linear(((0, light(INDIGO, 0.3), 1), (0.5, INDIGO, 1), (1, deep(INDIGO, 0.2), 1)), 90), 2.2
        )


def apron(s: Sheet) -> None:
    """Heavy canvas apron with striped ties, a pocket and a fringe."""
    canvas = mix(SUMI, MOSS, 0.42)
    s.fill(polygon(((222, 190), (596, 190), (616, 660), (232, 668)), 12), deep(ASH, 0.3), 0.25)
    for side in (-1, 1):
        tie = [
            (400 + side * 180, 178),
            (400 + side * 252, 196),
            (400 + side * 268, 300),
            (400 + side * 236, 400),
            (400 + side * 262, 510),
        ]
        s.form(ribbon(tie, (34, 30, 27, 26, 30)), s.slanted(mix(PAPER, RAW, 0.2)), 2.2)
        s.line(spline(tie), 7, mix(PERSIMMON, AZUKI, 0.45), 0.95, waver=0.5)
    body = [
        *segment((204, 160), (596, 160)),
        *spline(((598, 162), (604, 330), (598, 480), (606, 606))),
        *spline(((606, 608), (500, 602), (400, 612), (300, 602), (196, 608))),
        *spline(((196, 606), (202, 480), (196, 330), (204, 162))),
    ]
    fringe = [
        [(200.0 + i * 7, 600.0), (200.0 + i * 7 + s.rng.uniform(-5, 5), 650 + s.rng.uniform(-7, 7))]
        for i in range(59)
    ]
    s.strokes(fringe, 4.6, deep(canvas, 0.15), 0.95)
    s.strokes([[(x - 1, y) for x, y in line] for line in fringe[::2]], 1.8, light(canvas, 0.35), 0.8)
    s.form(body, s.linear(((0, light(canvas, 0.2), 1), (0.5, canvas, 1), (1, deep(canvas, 0.35), 1)), 40))
    with s.inside(body):
        s.strokes(
            [[(196.0 + i * 12, 160.0), (196.0 + i * 12, 612.0)] for i in range(36)],
            1,
            light(canvas, 0.5),
            0.16,
        )
        s.moon_ring(400, 344, 92, mix(PAPER, RAW, 0.16), 0.94)
        for y in (548, 566):
            s.line(segment((190, y), (612, y)), 6 if y == 548 else 3, mix(PAPER, RAW, 0.2), 0.8, waver=0.8)
        _hanging_light(s, (200, 600), (160, 610), 0.14)
    s.form(polygon(((198, 144), (602, 144), (604, 188), (196, 188)), 6), s.slanted(mix(PAPER, RAW, 0.2)), 2.2)
    s.line(segment((200, 166), (600, 166)), 9, mix(PERSIMMON, AZUKI, 0.45), 0.95, waver=0.6)
    pocket = polygon(((236, 458), (338, 458), (336, 536), (238, 536)), 8)
    s.form(pocket, s.slanted(light(canvas, 0.06)), 2)
    s.line(
        polygon(((243, 465), (331, 465), (329, 529), (245, 529)), 6),
        1.6,
        light(canvas, 0.6),
        0.7,
        closed=True,
        dashes="7 6",
    )
