"""Wide pictures: the front page of the season, one banner for each family, and the shop's mark."""

from __future__ import annotations

from collections.abc import Callable

from shop.demo.artwork import cloth, dry_sweets, plants, sweets, tea, tearoom, vessels
from shop.demo.artwork.palette import (
    AMBER,
    ASH,
    AZUKI,
    INDIGO,
    MATCHA,
    MOSS,
    PAPER,
    PERSIMMON,
    RAW,
    SNOW,
    deep,
    light,
    mix,
)
from shop.demo.artwork.shapes import Points, Turned, polygon, ribbon, segment, spline
from shop.demo.artwork.sheet import Sheet

Thing = Callable[[Sheet], None]


def early_winter(s: Sheet) -> None:
    """A low table by the window: kettle, cup, sweets and a persimmon branch."""
    s.wash(0, 0, 1600, 900, s.linear(((0, PAPER, 1), (1, mix(RAW, PAPER, 0.35), 1)), 40))
    _window(s)
    for left, width in ((960, 190), (1200, 130)):
        beam = polygon(((left, -20), (left + width, -20), (left + width + 330, 640), (left + 330, 640)), 2)
        s.fill(beam, s.linear(((0, SNOW, 0.75), (1, SNOW, 0)), 90))
    _table(s)
    s.soft(640, 800, 520, 60, SNOW, 0.5)
    _stand(s, tea.hojicha_pouch, 292, 748, 0.46)
    _stand(s, vessels.tetsubin, 634, 770, 0.7)
    s.steam(818, 596, 330)
    _branch_in_jar(s)
    _stand(s, sweets.yokan, 962, 836, 0.46)
    _stand(s, vessels.striped_cup, 432, 846, 0.38)


def _window(s: Sheet) -> None:
    """Paper screen, far mountains with the first snow, a bare tree that kept three fruits."""
    wood = mix(AMBER, ASH, 0.35)
    view: Points = polygon(((110, 40), (900, 40), (900, 560), (110, 560)), 3)
    s.fill(view, s.linear(((0, mix(INDIGO, PAPER, 0.78), 1), (0.7, mix(PAPER, PERSIMMON, 0.12), 1)), 90))
    with s.inside(view):
        ridge = (
            (60, 330),
            (200, 262),
            (300, 292),
            (410, 196),
            (476, 236),
            (570, 150),
            (660, 232),
            (740, 214),
            (860, 300),
            (960, 290),
        )
        far: Points = [*spline(ridge), (960.0, 620.0), (60.0, 620.0)]
        blue = mix(INDIGO, PAPER, 0.52)
        s.fill(far, s.linear(((0, blue, 1), (1, mix(blue, PAPER, 0.6), 1)), 90), waver=3)
        with s.inside(far):
            line = (
                (330, 300),
                (372, 244),
                (398, 268),
                (430, 232),
                (470, 272),
                (512, 226),
                (540, 262),
                (574, 214),
                (606, 268),
                (650, 240),
                (700, 262),
                (752, 222),
                (800, 226),
            )
            s.fill([*spline(line, per=3), (800.0, 100.0), (330.0, 100.0)], SNOW, 0.95, 2)
        near = spline(((60, 470), (240, 420), (380, 452), (560, 400), (760, 440), (960, 410)))
        green = mix(MOSS, PAPER, 0.42)
        s.fill(
            [*near, (960.0, 640.0), (60.0, 640.0)],
            s.linear(((0, green, 1), (1, mix(green, PAPER, 0.5), 1)), 90),
            waver=4,
        )
        bark = mix(AMBER, ASH, 0.6)
        for knots, widths in (
            (((770, 580), (762, 470), (776, 380), (760, 270)), (22, 16, 11, 4)),
            (((768, 450), (700, 380), (664, 300)), (10, 6, 2)),
            (((774, 400), (826, 330), (844, 240)), (9, 6, 2)),
            (((764, 330), (724, 270), (720, 210)), (6, 4, 2)),
            (((806, 360), (866, 340), (890, 300)), (5, 3, 2)),
        ):
            s.fill(ribbon(knots, widths), bark)
        s.dots([(676, 334), (842, 290), (722, 240)], 19, mix(PERSIMMON, PAPER, 0.15))
        s.soft(300, 560, 420, 120, PAPER, 0.7)
    screen = polygon(((110, 40), (372, 40), (372, 560), (110, 560)), 3)
    s.fill(screen, s.linear(((0, SNOW, 1), (1, mix(PAPER, RAW, 0.3), 1)), 50))
    bars: list[Points] = [segment((x, 44), (x, 556)) for x in (176, 241, 306)]
    bars += [segment((112, y), (370, y)) for y in (127, 214, 301, 388, 475)]
    for bar in bars:
        s.line(bar, 6, wood, 0.9, waver=0.8)
    s.form(polygon(((360, 40), (384, 40), (384, 560), (360, 560)), 3), s.slanted(wood), 2)
    for frame in (
        ((84, 14), (926, 14), (926, 46), (84, 46)),
        ((84, 40), (116, 40), (116, 580), (84, 580)),
        ((894, 40), (926, 40), (926, 580), (894, 580)),
        ((60, 556), (952, 556), (952, 592), (60, 592)),
    ):
        s.form(polygon(frame, 3), s.slanted(wood, 1.3), 2.2)
    s.soft(560, 604, 480, 18, deep(ASH, 0.4), 0.4)


def _table(s: Sheet) -> None:
    wood = mix(RAW, AMBER, 0.36)
    top = polygon(((-60, 662), (1660, 656), (1660, 872), (-60, 872)), 3, 120)
    s.soft(800, 660, 1100, 40, deep(ASH, 0.4), 0.35)
    s.form(top, s.linear(((0, light(wood, 0.42), 1), (0.5, wood, 1), (1, deep(wood, 0.14), 1)), 20), 2.2)
    with s.inside(top):
        for y in range(676, 872, 17):
            grain: Points = [(x, y + s.rng.uniform(-4, 4)) for x in range(-60, 1700, 240)]
            s.line(grain, 2, deep(wood, 0.35), 0.22, waver=2)
    edge = s.linear(((0, deep(wood, 0.22), 1), (1, deep(wood, 0.4), 1)), 90)
    s.form(polygon(((-40, 870), (1660, 870), (1660, 960), (-40, 960)), 3), edge, 2.2)


def _branch_in_jar(s: Sheet) -> None:
    """A tall grey jar with the branch from the garden, six persimmons and the last leaves."""
    bark, clay = mix(AMBER, ASH, 0.45), mix(ASH, INDIGO, 0.25)
    for knots, widths in (
        (((1280, 540), (1288, 420), (1240, 290), (1130, 190), (1020, 140)), (16, 14, 11, 8, 4)),
        (((1280, 450), (1350, 340), (1400, 230), (1480, 130)), (12, 10, 8, 4)),
        (((1252, 320), (1284, 220), (1276, 96)), (8, 6, 3)),
        (((1372, 290), (1450, 290), (1516, 330)), (7, 5, 3)),
    ):
        s.form(ribbon(knots, widths), s.slanted(bark), 2)
    s.shadow(1285, 784, 120)
    jar = Turned(1280, ((520, 62), (536, 54), (560, 60), (610, 118), (680, 134), (740, 112), (786, 82)), 0.24)
    s.turned(jar, clay, 0.45)
    s.mouth(jar, clay, deep(clay, 0.45), 7)
    with s.moved(1280, 520):
        s.form(ribbon(((0, 8), (4, -30), (8, -90)), (16, 15, 14)), s.slanted(bark), 2)
    rust = mix(PERSIMMON, AZUKI, 0.35)
    leaves = (
        (1112, 178, 214, rust),
        (1280, 132, -52, mix(AMBER, MOSS, 0.4)),
        (1436, 184, 22, rust),
        (1196, 240, 128, AMBER),
    )
    for x, y, turn, colour in leaves:
        with s.moved(x, y, 0.66, turn):
            plants.leaf(s, colour)
    for x, y in ((1036, 212), (1166, 306), (1306, 236), (1466, 218), (1392, 372), (1508, 400)):
        s.line(spline(((x, y - 42), (x + 2, y - 58), (x + 8, y - 72))), 5, bark, 1)
        with s.moved(x, y, 0.84):
            plants.persimmon(s)


def _stand(s: Sheet, thing: Thing, x: float, y: float, scale: float) -> None:
    """Put a product on the table, its middle above ``x`` and its foot near ``y``."""
    with s.moved(x - 400 * scale, y - 630 * scale, scale):
        thing(s)


def _row(tint: str, *things: tuple[Thing, float, float, float]) -> Callable[[Sheet], None]:
    """A banner: some products of one family in front of their moon."""

    def paint(s: Sheet) -> None:
        s.ground(tint, (1130, 220), 210, 400)
        for thing, x, y, scale in things:
            _stand(s, thing, x, y, scale)

    return paint


SCENES: dict[str, tuple[int, int, Callable[[Sheet], None]]] = {
    "early-winter": (1600, 900, early_winter),
    "tea": (
        1600,
        600,
        _row(
            MATCHA,
            (tea.hojicha_pouch, 420, 490, 0.66),
            (tea.sencha_canister, 760, 508, 0.66),
            (tea.genmaicha_dish, 1150, 520, 0.7),
        ),
    ),
    "vessels": (
        1600,
        600,
        _row(
            ASH,
            (vessels.tetsubin, 460, 500, 0.66),
            (vessels.sake_flask, 800, 496, 0.6),
            (tearoom.shino_bowl, 1190, 520, 0.62),
        ),
    ),
    "cloth": (
        1600,
        600,
        _row(
            INDIGO,
            (cloth.noren, 430, 372, 0.6),
            (cloth.furoshiki, 830, 500, 0.66),
            (cloth.tenugui_hemp, 1290, 486, 0.6),
        ),
    ),
    "sweets": (
        1600,
        600,
        _row(
            PERSIMMON,
            (dry_sweets.konpeito_jar, 430, 490, 0.62),
            (sweets.chestnut_manju, 790, 510, 0.66),
            (sweets.dorayaki, 1200, 500, 0.62),
        ),
    ),
}


def mark(s: Sheet) -> None:
    """The moon ring that stands for the shop's name."""
    s.moon_ring(32, 32, 27, deep(MOSS, 0.25), 1)
