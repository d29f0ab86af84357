"""Outlines as plain lists of points.

Nothing here knows about SVG: the paper turns points into drawn lines, so that every line of every
picture passes through the same hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, hypot, pi, radians, sin

Point = tuple[float, float]
Points = list[Point]


def ellipse(cx: float, cy: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Points:
    """Points on an ellipse from one angle to another (degrees, clockwise because y points down)."""
    steps = max(4, round(abs(end - start) / 360 * max(14, (rx + ry) / 10)))
    count = steps if abs(end - start) == 360 else steps + 1
    return [
        (
            cx + rx * cos(radians(start + (end - start) * i / steps)),
            cy + ry * sin(radians(start + (end - start) * i / steps)),
        )
        for i in range(count)
    ]


def polygon(corners: Sequence[Point], radius: float = 8, step: float = 34) -> Points:
    """A closed outline with softened corners and enough points along its sides to look drawn."""
    result: Points = []
    count = len(corners)
    for i, corner in enumerate(corners):
        before, after = corners[i - 1], corners[(i + 1) % count]
        entry, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        result += [entry, _middle(corner, _middle(corner, _middle(entry, leave))), leave]
        target = _towards(after, corner, radius)
        result += _between(leave, target, step)
    return result


def segment(start: Point, end: Point, step: float = 30) -> Points:
    """A straight stroke with points on the way for the hand to waver at."""
    return [start, *_between(start, end, step), end]


def spline(knots: Sequence[Point], closed: bool = False, per: int = 6) -> Points:
    """A smooth curve through all knots (Catmull–Rom)."""
    count = len(knots)
    result: Points = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (knots[(i + j) % count] for j in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (knots[min(max(i + j, 0), count - 1)] for j in (-1, 0, 1, 2))
        result += [_catmull(p0, p1, p2, p3, step / per) for step in range(per)]
    return result if closed else [*result, knots[-1]]


def ribbon(knots: Sequence[Point], widths: Sequence[float], per: int = 6) -> Points:
    """The closed outline of a stroke whose width changes on its way: handles, leaves, twigs, brush marks."""
    centre = spline(knots, per=per)
    left: Points = []
    right: Points = []
    for i, (x, y) in enumerate(centre):
        ax, ay = centre[max(i - 1, 0)]
        bx, by = centre[min(i + 1, len(centre) - 1)]
        length = hypot(bx - ax, by - ay) or 1
        half = _at(widths, i / (len(centre) - 1)) / 2
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def onto(origin: Point, across: Point, down: Point) -> Callable[[float, float], Point]:
    """A mapping of the unit square onto a parallelogram, for everything that lies flat on the table."""

    def place(u: float, v: float) -> Point:
        return (origin[0] + across[0] * u + down[0] * v, origin[1] + across[1] * u + down[1] * v)

    return place


@dataclass(frozen=True)
class Turned:
    """A body thrown on a wheel: a profile of (height, radius) seen from slightly above.

    ``tilt`` is how open its circles look. The outline is the true silhouette of that body, so bowls, bottles
    and tins stand on one table.
    """

    cx: float
    profile: tuple[Point, ...]
    tilt: float = 0.28
    sharp: bool = False

    @property
    def levels(self) -> Points:
        """The profile in small steps from top to bottom."""
        if not self.sharp:
            return spline(self.profile)
        return [self.profile[0]] + [
            (a[0] + (b[0] - a[0]) * i / 6, a[1] + (b[1] - a[1]) * i / 6)
            for a, b in pairwise(self.profile)
            for i in range(1, 7)
        ]

    def outline(self) -> Points:
        """What the eye sees against the paper."""
        levels = self.levels
        right: list[tuple[float, float, float]] = []
        for i, (y, r) in enumerate(levels):
            ya, ra = levels[max(i - 1, 0)]
            yb, rb = levels[min(i + 1, len(levels) - 1)]
            rise = -self.tilt * (rb - ra) / (yb - ya) if yb != ya else 2.0
            if abs(rise) <= 1:
                right.append((y, r, asin(rise)))
        top, bottom = right[0], right[-1]
        sides = [(self.cx + r * cos(t), y + self.tilt * r * sin(t)) for y, r, t in right]
        mirrored = [(2 * self.cx - x, y) for x, y in reversed(sides)]
        return (
            sides
            + self._arc(bottom[0], bottom[1], bottom[2], pi - bottom[2])[1:-1]
            + mirrored
            + self._arc(top[0], top[1], pi - top[2], 2 * pi + top[2])[1:-1]
        )

    def ring(self, y: float, start: float = 0, end: float = 180, grow: float = 0) -> Points:
        """The visible front of the circle at one height."""
        r = self.radius(y) + grow
        return ellipse(self.cx, y, r, r * self.tilt, start, end)

    def band(self, above: float, below: float) -> Points:
        """The front of the surface between two heights: glazes, wrappers, labels."""
        edge = [above + (below - above) * i / 8 for i in range(1, 8)]
        right = [(self.cx + self.radius(y), y) for y in edge]
        left = [(self.cx - self.radius(y), y) for y in reversed(edge)]
        return self.ring(above, 180, 0) + right + self.ring(below, 0, 180) + left

    def at(self, angle: float, y: float) -> Point:
        """A point of the surface: 0° at the right edge, 90° facing us, 180° at the left edge."""
        r = self.radius(y)
        return (self.cx + r * cos(radians(angle)), y + self.tilt * r * sin(radians(angle)))

    def radius(self, y: float) -> float:
        """The radius at one height."""
        levels = self.levels
        for (ya, ra), (yb, rb) in pairwise(levels):
            if ya <= y <= yb and ya != yb:
                return ra + (rb - ra) * (y - ya) / (yb - ya)
        return levels[0][1] if y < levels[0][0] else levels[-1][1]

    def _arc(self, y: float, r: float, start: float, end: float) -> Points:
        return ellipse(self.cx, y, r, r * self.tilt, start * 180 / pi, end * 180 / pi)


def _towards(start: Point, goal: Point, distance: float) -> Point:
    length = hypot(goal[0] - start[0], goal[1] - start[1]) or 1
    share = min(distance / length, 0.45)
    return (start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share)


def _middle(a: Point, b: Point) -> Point:
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _between(start: Point, end: Point, step: float) -> Points:
    count = max(2, round(hypot(end[0] - start[0], end[1] - start[1]) / step))
    return [
        (start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count)
        for i in range(1, count)
    ]


def _catmull(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    def axis(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        )

    return (axis(p0[0], p1[0], p2[0], p3[0]), axis(p0[1], p1[1], p2[1], p3[1]))


def _at(values: Sequence[float], share: float) -> float:
    position = share * (len(values) - 1)
    index = min(int(position), len(values) - 2)
    return values[index] + (values[index + 1] - values[index]) * (position - index)
