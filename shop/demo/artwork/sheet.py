"""A sheet of the shop's picture book: paper, plus the things and the room that many pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from shop.demo.artwork.palette import ASH, PAPER, RAW, SNOW, deep, light, mix
from shop.demo.artwork.paper import Paper
from shop.demo.artwork.shapes import Point, Points, Turned, ellipse, ribbon


class Sheet(Paper):
    """One picture of つきのわ商店."""

    def shadow(self, cx: float, cy: float, rx: float, ry: float = 0) -> None:
        """The shadow a thing drops on the table, away from the window, darkest where it touches."""
        ry = ry or rx * 0.26
        self.soft(cx + rx * 0.3, cy + ry * 0.22, rx * 1.4, ry * 1.25, deep(ASH, 0.45), 0.5)
        self.soft(cx + rx * 0.08, cy, rx * 1.08, ry * 0.95, deep(ASH, 0.75), 0.6)

    def turned(self, body: Turned, base: str, gloss: float = 0.4, contrast: float = 1.0) -> None:
        """A body from the wheel, without its mouth."""
        outline = body.outline()
        self.form(outline, self.rounded(base, contrast))
        top, bottom = body.levels[0][0], body.levels[-1][0]
        widest = max(r for _, r in body.levels)
        with self.inside(outline):
            self.soft(
                body.cx + widest * 0.2,
                bottom + widest * body.tilt,
                widest * 1.3,
                (bottom - top) * 0.34,
                deep(base, 0.6),
                0.5,
            )
            self.soft(
                body.cx - widest * 0.46,
                top + (bottom - top) * 0.36,
                widest * 0.24,
                (bottom - top) * 0.34,
                PAPER,
                gloss,
                6,
            )

    def mouth(self, body: Turned, rim: str, inner: str, lip: float = 9) -> Points:
        """The open top of a body; returns the inner edge so that something can be poured in."""
        y, r = body.profile[0]
        self.form(
            ellipse(body.cx, y, r, r * body.tilt), self.linear(((0, light(rim, 0.25), 1), (1, rim, 1))), 2.2
        )
        edge = ellipse(body.cx, y + lip * 0.2, r - lip, (r - lip) * body.tilt)
        self.fill(
            edge, self.linear(((0, deep(inner, 0.34), 1), (0.5, inner, 1), (1, light(inner, 0.28), 1)), 25)
        )
        self.line(edge, 1.8, opacity=0.45, closed=True)
        return edge

    def poured(self, body: Turned, edge: Points, depth: float, colour: str, lip: float = 9) -> None:
        """A drink standing some way below the rim."""
        y = body.profile[0][0] + depth
        r = min(body.radius(y), body.profile[0][1]) - lip
        surface = ellipse(body.cx, y, r, r * body.tilt)
        with self.inside(edge):
            self.fill(
                surface,
                self.linear(((0, deep(colour, 0.18), 1), (0.6, colour, 1), (1, light(colour, 0.3), 1)), 20),
            )
            self.line(surface, 1.6, light(colour, 0.5), 0.6, closed=True)
            self.soft(body.cx + r * 0.35, y + r * body.tilt * 0.35, r * 0.4, r * body.tilt * 0.3, PAPER, 0.35)

    def steam(self, x: float, y: float, height: float) -> None:
        """Two breaths of steam that thin out as they rise."""
        veil = light(ASH, 0.72)
        breath = self.linear(((0, veil, 0), (0.45, veil, 0.7), (1, PAPER, 0.25)), 90)
        for shift, share in ((-22, 1.0), (24, 0.74)):
            rise = height * share / 6
            trail = [(x + shift + sin(i * 1.15 + shift) * (5 + i * 2.4), y - rise * i) for i in range(7)]
            self.fill(ribbon(trail, (5, 18, 24, 15, 2), per=4), breath)

    def scatter(self, cx: float, cy: float, rx: float, ry: float, count: int) -> Points:
        """Places strewn over an ellipse, thicker towards the middle."""
        places = []
        for _ in range(count):
            angle, reach = self.rng.uniform(0, 2 * pi), self.rng.random() ** 0.7
            places.append((cx + rx * reach * cos(angle), cy + ry * reach * sin(angle)))
        return places

    def needles(self, places: Points, length: float, width: float, colours: Sequence[str]) -> None:
        """Twisted leaves or stems lying every which way."""
        for number, colour in enumerate(colours):
            marks = []
            for x, y in places[number :: len(colours)]:
                angle, reach = self.rng.uniform(-0.9, 0.9), length * self.rng.uniform(0.55, 1.1) / 2
                dx, dy = cos(angle) * reach, sin(angle) * reach * 0.8
                bend = self.rng.uniform(-0.25, 0.25) * length
                marks.append([(x - dx, y - dy), (x + bend * 0.2, y + bend * 0.4), (x + dx, y + dy)])
            self.strokes(marks, width, colour)

    def moon_ring(
        self, cx: float, cy: float, r: float, colour: str, opacity: float = 0.9, squash: float = 1
    ) -> None:
        """The shop's sign: a ring that swells on one side like a moon with a halo."""
        outer = ellipse(cx, cy, r * squash, r)
        hole = ellipse(cx + r * 0.12 * squash, cy - r * 0.1, r * 0.7 * squash, r * 0.7)[::-1]
        self.ring(outer, hole, colour, opacity)

    def ground(self, tint: str, moon: Point, moon_radius: float, table: float) -> None:
        """Paper, a pale moon behind, and the edge of a table: the same room for every picture."""
        w, h = self.width, self.height
        self.wash(0, 0, w, h, self.linear(((0, PAPER, 1), (1, mix(PAPER, RAW, 0.28), 1)), 55))
        disc = ellipse(moon[0], moon[1], moon_radius, moon_radius)
        pale = mix(PAPER, tint, 0.3)
        self.fill(disc, self.linear(((0, pale, 0.75), (0.75, pale, 0.35), (1, pale, 0.1)), 80), waver=0.8)
        edge: Points = [(x, table + sin(x / w * 5) * 2) for x in range(-40, w + 41, 40)]
        top = mix(RAW, ASH, 0.12)
        wash = self.linear(((0, top, 0.75), (0.3, top, 0.5), (1, mix(top, PAPER, 0.3), 0.6)), 90)
        self.fill([*edge, (w + 400.0, h + 400.0), (-400.0, h + 400.0)], wash, waver=1.5)
        self.line(edge, 1.6, deep(RAW, 0.4), 0.35)
        self.soft(0, 0, w * 0.75, h * 0.8, SNOW, 0.75)
        fibres = [(self.rng.uniform(0, w), self.rng.uniform(0, h)) for _ in range(w // 16)]
        self.dots(fibres[::2], 2.2, deep(RAW, 0.35), 0.16)
        self.strokes(
            [[(x, y), (x + self.rng.uniform(-14, 14), y + self.rng.uniform(-9, 9))] for x, y in fibres[1::2]],
            1.2,
            deep(RAW, 0.3),
            0.15,
        )
