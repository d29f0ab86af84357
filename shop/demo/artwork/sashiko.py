"""Stitched coasters and the patterns on them."""

from __future__ import annotations

from math import cos, pi, radians, sin

from shop.demo.artwork.palette import ASH, AZUKI, INDIGO, PAPER, RAW, deep, light, mix
from shop.demo.artwork.shapes import Points, polygon, segment
from shop.demo.artwork.sheet import Sheet


def sashiko_coasters(s: Sheet) -> None:
    """Four stitched squares fanned on the table."""
    raw = mix(PAPER, RAW, 0.45)
    for x, y, turn, cloth, thread, pattern in (
        (262, 330, -11, INDIGO, PAPER, _rings()),
        (530, 356, 8, raw, INDIGO, _crosses()),
        (300, 582, 6, raw, AZUKI, _hemp_square()),
        (560, 602, -9, INDIGO, PAPER, _boxes()),
    ):
        s.soft(x + 26, y + 30, 180, 168, deep(ASH, 0.5), 0.6)
        with s.moved(x, y, 1.08, turn):
            square = polygon(((-108, -108), (108, -108), (108, 108), (-108, 108)), 12)
            s.form(polygon(((-104, -102), (114, -102), (114, 115), (-104, 115)), 12), deep(cloth, 0.35))
            s.form(square, s.slanted(cloth, 1.2))
            with s.inside(square):
                s.strokes(
                    [[(-108.0, i * 9.0), (108.0, i * 9.0)] for i in range(-12, 13)],
                    1,
                    light(cloth, 0.5),
                    0.18,
                )
            s.strokes(pattern, 4, thread, 0.95, dashes="10 7")
            s.line(
                polygon(((-98, -98), (98, -98), (98, 98), (-98, 98)), 8),
                3,
                thread,
                0.8,
                closed=True,
                dashes="9 7",
            )


def _rings() -> list[Points]:
    centres = [(x, y) for x in (-70, 0, 70) for y in (-70, 0, 70)] + [
        (x, y) for x in (-35, 35) for y in (-35, 35)
    ]
    arcs: list[Points] = []
    for x, y in centres:
        kept = [
            a
            for a in range(0, 361, 30)
            if abs(x + 35 * cos(radians(a))) < 84 and abs(y + 35 * sin(radians(a))) < 84
        ]
        runs = [kept] if len(kept) == 13 else _runs(kept)
        arcs += [
            [(x + 35 * cos(radians(a)), y + 35 * sin(radians(a))) for a in run]
            for run in runs
            if len(run) > 2
        ]
    return arcs


def _runs(angles: list[int]) -> list[list[int]]:
    """Angles grouped where they follow each other."""
    groups: list[list[int]] = []
    for angle in angles:
        if groups and angle - groups[-1][-1] == 30:
            groups[-1].append(angle)
        else:
            groups.append([angle])
    return groups


def _crosses() -> list[Points]:
    lines: list[Points] = []
    for x in (-60, -20, 20, 60):
        for y in (-60, -20, 20, 60):
            lines += [[(x - 12.0, y), (x + 12.0, y)], [(x, y - 12.0), (x, y + 12.0)]]
    return lines


def _hemp_square() -> list[Points]:
    star = [(80 * cos(i * pi / 3), 80 * sin(i * pi / 3)) for i in range(6)]
    lines: list[Points] = [[(0.0, 0.0), p] for p in star]
    for i, corner in enumerate(star):
        after = star[(i + 1) % 6]
        middle = ((corner[0] + after[0]) / 3, (corner[1] + after[1]) / 3)
        lines += [
            [(0.0, 0.0), middle],
            segment(corner, middle),
            segment(middle, after),
            segment(corner, after),
        ]
    return lines


def _boxes() -> list[Points]:
    squares = [
        [
            *segment((-r, -r), (r, -r)),
            *segment((r, -r), (r, r)),
            *segment((r, r), (-r, r)),
            *segment((-r, r), (-r, -r)),
        ]
        for r in (16.0, 37.0, 58.0, 79.0)
    ]
    return [*squares, *([(x, y), (x * 3.6, y * 3.6)] for x in (-21.0, 21.0) for y in (-21.0, 21.0))]
