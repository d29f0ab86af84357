"""The paper: the one place where shapes become SVG.

Every stroke wavers a little from a seed taken from the picture's name, so pictures are drawn by hand and
still come out the same, byte for byte. Only presentation attributes are written: a strict content security
policy forbids styles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import cos, radians, sin
from random import Random

from shop.demo.artwork.palette import RAW, SUMI, deep, light, mix
from shop.demo.artwork.pen import extent, number, path, step, wavering
from shop.demo.artwork.shapes import Points

Stops = Sequence[tuple[float, str, float]]


class Paper:
    """A picture in the making; later marks lie on earlier ones."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.name = name
        self.width = width
        self.height = height
        self.rng = Random(name)
        self._defs: dict[tuple[str, str, str], int] = {}
        self._marks: list[str] = []
        self._scale = 1.0

    # -- paint ---------------------------------------------------------------------------------------------

    def linear(self, stops: Stops, angle: float = 0) -> str:
        """A wash across a shape; 0° runs to the right, 90° downwards. Returns the paint for ``fill``."""
        dx, dy = cos(radians(angle)) / 2, sin(radians(angle)) / 2
        ends = (("x1", 0.5 - dx), ("y1", 0.5 - dy), ("x2", 0.5 + dx), ("y2", 0.5 + dy))
        attributes = "".join(f' {name}="{number(value, 3)}"' for name, value in ends)
        return self._define("linearGradient", attributes, _stops(stops))

    def radial(self, stops: Stops) -> str:
        """A wash from the middle of a shape outwards."""
        return self._define("radialGradient", "", _stops(stops))

    def rounded(self, base: str, contrast: float = 1.0) -> str:
        """The wash that makes a turned body round: light from the left, core shade, a little light back."""
        stops = (
            (0, light(base, 0.22 * contrast), 1),
            (0.22, light(base, 0.34 * contrast), 1),
            (0.55, base, 1),
            (0.86, deep(base, 0.34 * contrast), 1),
            (1, deep(base, 0.2 * contrast), 1),
        )
        return self.linear(stops, 8)

    def slanted(self, base: str, contrast: float = 1.0) -> str:
        """The wash for flat things: a lighter corner towards the window, a deeper one away from it."""
        return self.linear(((0, light(base, 0.2 * contrast), 1), (1, deep(base, 0.16 * contrast), 1)), 50)

    def print_of(
        self, width: float, height: float, marks: str, matrix: Sequence[float] = (1, 0, 0, 1, 0, 0)
    ) -> str:
        """A repeated print as a paint: dyed cloth is the one thing here that is truly regular."""
        placed = " ".join(number(value, 3) for value in matrix)
        attributes = (
            f' width="{number(width)}" height="{number(height)}" patternUnits="userSpaceOnUse"'
            f' patternTransform="matrix({placed})"'
        )
        return self._define("pattern", attributes, marks)

    # -- marks ---------------------------------------------------------------------------------------------

    def wash(self, x: float, y: float, width: float, height: float, paint: str) -> None:
        """A plain rectangle of colour, for the paper itself."""
        box = (("x", x), ("y", y), ("width", width), ("height", height))
        self._mark(
            "<rect" + "".join(f' {name}="{number(value)}"' for name, value in box) + f' fill="{paint}"/>'
        )

    def fill(self, points: Points, paint: str, opacity: float = 1, waver: float = 1.2) -> None:
        """Colour without a line."""
        self._mark(f'<path d="{self._drawn(points, True, waver)}" fill="{paint}"{_opacity(opacity)}/>')

    def line(
        self,
        points: Points,
        width: float = 3,
        colour: str = SUMI,
        opacity: float = 0.8,
        closed: bool = False,
        waver: float = 1.2,
        dashes: str = "",
    ) -> None:
        """A pen stroke."""
        self._pen(self._drawn(points, closed, waver), width / self._scale**0.6, colour, opacity, dashes)

    def form(
        self, points: Points, paint: str, width: float = 2.6, waver: float = 1.3, ink: str = SUMI
    ) -> None:
        """A thing: its colour and its outline, twice if it is large, so that the line swells and thins."""
        self._mark(
            f'<path d="{self._drawn(points, True, waver)}" fill="{paint}" stroke="{mix(ink, RAW, 0.22)}" '
            f'stroke-width="{number(width / self._scale**0.6)}" stroke-linejoin="round"/>'
        )
        if extent(points) * self._scale > 260:
            self.line(points, width * 0.55, ink, 0.5, closed=True, waver=waver * 1.6)

    def forms(self, shapes: Sequence[Points], paint: str, width: float, ink: str) -> None:
        """Many equal small things in one path."""
        d = "".join(path(shape, True) for shape in shapes)
        stroke = f'stroke="{ink}" stroke-width="{number(width)}" stroke-linejoin="round"'
        self._mark(f'<path d="{d}" fill="{paint}" {stroke}/>')

    def soft(
        self, cx: float, cy: float, rx: float, ry: float, colour: str, opacity: float, turn: float = 0
    ) -> None:
        """Colour that fades out: shadows on the table, shine on a glaze, a blush on a fruit."""
        paint = self.radial(((0, colour, 1), (0.45, colour, 0.62), (1, colour, 0)))
        rotate = f' transform="rotate({number(turn)} {number(cx)} {number(cy)})"' if turn else ""
        box = (("cx", cx), ("cy", cy), ("rx", rx), ("ry", ry))
        place = "".join(f' {name}="{number(value)}"' for name, value in box)
        self._mark(f'<ellipse{place} fill="{paint}"{_opacity(opacity)}{rotate}/>')

    def dots(self, points: Points, size: float, colour: str, opacity: float = 1) -> None:
        """Many small round marks in one path: specks, seeds, grains of sugar."""
        d, x, y = "M0 0", 0, 0
        for px, py in points:
            d += f"m{step((round(px) - x) * 10).lstrip()}{step((round(py) - y) * 10)}h0"
            x, y = round(px), round(py)
        self._pen(d, size, colour, opacity)

    def strokes(
        self, lines: Sequence[Points], width: float, colour: str, opacity: float = 1, dashes: str = ""
    ) -> None:
        """Many short marks in one path: leaves, grain, stitches. Three points or more make a bend."""
        d = "".join(path(line, False, thin=False) for line in lines)
        self._pen(d, width, colour, opacity, dashes)

    def arches(
        self, places: Sequence[tuple[float, float, float, float]], width: float, colour: str, opacity: float
    ) -> None:
        """Upper halves of ellipses (middle, radii) in one path: printed waves."""
        d = "".join(
            f"M{number(x - rx)} {number(y)}a{number(rx)} {number(ry)} 0 0 1 {number(2 * rx)} 0"
            for x, y, rx, ry in places
        )
        self._pen(d, width, colour, opacity)

    def ring(self, outer: Points, hole: Points, colour: str, opacity: float) -> None:
        """Colour between two outlines."""
        d = self._drawn(outer, True, 0.6) + self._drawn(hole, True, 0.6)
        self._mark(f'<path d="{d}" fill="{colour}" fill-rule="evenodd"{_opacity(opacity)}/>')

    # -- places --------------------------------------------------------------------------------------------

    @contextmanager
    def inside(self, points: Points) -> Iterator[None]:
        """Marks made here end at the outline."""
        reference = self._define("clipPath", "", f'<path d="{path(points, True)}"/>')
        self._mark(f'<g clip-path="{reference}">')
        yield
        self._mark("</g>")

    @contextmanager
    def moved(self, x: float, y: float, scale: float = 1, turn: float = 0) -> Iterator[None]:
        """Marks made here are put elsewhere; lines keep most of their weight when things get smaller."""
        rotate = f" rotate({number(turn)})" if turn else ""
        place = f"translate({number(x)} {number(y)}){rotate} scale({number(scale, 3)})"
        self._mark(f'<g transform="{place}">')
        before, self._scale = self._scale, self._scale * scale
        yield
        self._scale = before
        self._mark("</g>")

    def svg(self) -> str:
        """The finished picture."""
        definitions = "".join(
            f'<{tag} id="{self.name}-{index}"{attributes}>{body}</{tag}>'
            for (tag, attributes, body), index in self._defs.items()
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}">'
            f"<defs>{definitions}</defs>{''.join(self._marks)}</svg>\n"
        )

    # -- inner workings ------------------------------------------------------------------------------------

    def _pen(self, d: str, width: float, colour: str, opacity: float, dashes: str = "") -> None:
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._mark(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{number(width)}" '
            f'stroke-linecap="round"{dash}{_opacity(opacity)}/>'
        )

    def _mark(self, text: str) -> None:
        self._marks.append(text)

    def _define(self, tag: str, attributes: str, body: str) -> str:
        index = self._defs.setdefault((tag, attributes, body), len(self._defs))
        return f"url(#{self.name}-{index})"

    def _drawn(self, points: Points, closed: bool, waver: float) -> str:
        hand = waver / self._scale**0.5
        return path(wavering(points, closed, hand, self.rng) if waver else points, closed)


def _opacity(value: float) -> str:
    return f' opacity="{number(value, 2)}"' if value < 1 else ""


def _stops(stops: Stops) -> str:
    return "".join(
        f'<stop offset="{number(at, 2)}" stop-color="{colour}"'
        + (f' stop-opacity="{number(opacity, 2)}"' if opacity < 1 else "")
        + "/>"
        for at, colour, opacity in stops
    )
