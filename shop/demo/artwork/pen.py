"""From points to path data, with the small waver of a hand.

Numbers are written as short as they can be: a page shows many pictures, and their size is mostly numbers.
"""

from __future__ import annotations

from itertools import pairwise
from math import hypot, pi, sin
from random import Random

from shop.demo.artwork.shapes import Point, Points


def extent(points: Points) -> float:
    """The length of a line."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def wavering(points: Points, closed: bool, amount: float, rng: Random) -> Points:
    """Push points sideways along two slow waves, whole numbers of them so that closed lines meet."""
    length = extent(points) or 1
    amount *= min(1.0, length / 500)
    slow, quick = (max(1, round(length / size)) * 2 * pi / length for size in (210, 67))
    slow_phase, quick_phase = rng.uniform(0, 2 * pi), rng.uniform(0, 2 * pi)
    result: Points = []
    travelled = 0.0
    for i, (x, y) in enumerate(points):
        ax, ay = points[i - 1] if closed or i else points[i]
        bx, by = points[(i + 1) % len(points)] if closed or i + 1 < len(points) else points[i]
        norm = hypot(bx - ax, by - ay) or 1
        push = amount * (sin(slow * travelled + slow_phase) + 0.4 * sin(quick * travelled + quick_phase))
        result.append((x - (by - ay) / norm * push, y + (bx - ax) / norm * push))
        nx, ny = points[(i + 1) % len(points)]
        travelled += hypot(nx - x, ny - y)
    return result


def path(points: Points, closed: bool, thin: bool = True) -> str:
    """A smooth path: the points pull the line, the middles between them lie on it."""
    points = _thinned(points) if thin else points
    if len(points) == 2:
        return _polyline(points)
    if closed:
        start = ((points[-1][0] + points[0][0]) / 2, (points[-1][1] + points[0][1]) / 2)
        return _curves(start, points, start) + "z"
    return _curves(points[0], points[1:-1], points[-1])


def _curves(start: Point, pulls: Points, end: Point) -> str:
    """One curve per pull, ending half-way to the next.

    There the next pull is the mirror image of the last one, which SVG's ``t`` leaves out: half the numbers.
    Mirroring is done on the rounded numbers, so that rounding never adds up.
    """
    x, y = round(start[0] * 10), round(start[1] * 10)
    px, py = round(pulls[0][0] * 10), round(pulls[0][1] * 10)
    d = f"M{number(start[0])} {number(start[1])}q{step(px - x).lstrip()}{step(py - y)}"
    for index, following in enumerate([*pulls[1:], None]):
        goal = end if following is None else (px / 20 + following[0] / 2, py / 20 + following[1] / 2)
        ex, ey = round(goal[0] * 10), round(goal[1] * 10)
        d += step(ex - x) + step(ey - y) + ("t" if following and not index else "")
        x, y, px, py = ex, ey, 2 * ex - px, 2 * ey - py
    return d.replace("t ", "t")


def _polyline(points: Points) -> str:
    tenths = [(round(x * 10), round(y * 10)) for x, y in points]
    steps = "".join(step(c - a) + step(d - b) for (a, b), (c, d) in pairwise(tenths))
    return f"M{number(points[0][0])} {number(points[0][1])}l{steps.lstrip()}"


def step(tenths: int) -> str:
    """A difference, with the blank or the minus that parts it from the number before."""
    text = f"{abs(tenths) / 10:g}".removeprefix("0") or "0"
    return f"-{text}" if tenths < 0 else f" {text}"


def _thinned(points: Points) -> Points:
    """Keep the points that matter: where the line has turned, or run straight for a while."""
    far = min(28.0, extent(points) / 8)
    kept = [points[0]]
    for point, after in pairwise(points[1:]):
        way = (point[0] - kept[-1][0], point[1] - kept[-1][1])
        distance, ahead = hypot(*way), hypot(after[0] - point[0], after[1] - point[1])
        turn = way[0] * (after[1] - point[1]) - way[1] * (after[0] - point[0])
        if distance >= far or (distance > 1.5 and abs(turn) > 0.24 * distance * ahead):
            kept.append(point)
    return [*kept, points[-1]]


def number(value: float, digits: int = 1) -> str:
    """A number in as few signs as it takes."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
