"""Colours a shop chooses: how one is written, whether words in it – or on it – can be read, what follows from it."""

import re

#: The accent of a shop that chose none, and what stands behind an accent (``--ground``) and on it (``--on-accent``);
#: ``static/css/tokens.css`` says the same.
STANDARD, GROUND, ON_ACCENT = "#3d5733", "#faf7f0", "#fffdf8"
#: Words, small words, and what stands back from the ground (``--ink``, ``--ink-soft``, ``--sunken``).
INK, INK_SOFT, SUNKEN = "#26241f", "#5c574b", "#f2ede1"
#: WCAG 2, 1.4.3: text of ordinary size.
NEEDED = 4.5

_HEX = re.compile(r"#?([0-9a-f]{6})")


def parse(text: str) -> str | None:
    """``#rrggbb`` for six hexadecimal digits in whatever case, with or without ``#``; ``None`` for anything else."""
    found = _HEX.fullmatch(text.lower())
    return f"#{found[1]}" if found else None


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2 between two colours: 1 to 21, in any order."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readability(accent: str) -> float:
    """The lower of the two ratios that count: links in ``accent`` on the ground, and words on a button of it."""
    return min(contrast(accent, GROUND), contrast(accent, ON_ACCENT))


def readable(accent: str) -> str:
    """``accent`` if it is dark enough, else the nearest darker shade of it that is."""
    shades = (_mix(accent, "#000000", step / 50) for step in range(51))
    return next(shade for shade in shades if readability(shade) >= NEEDED)


def bearing(ground: str) -> float:
    """The ratio that counts for a ground: small words on it. Where they can be read, so can all others of the shop."""
    return contrast(INK_SOFT, ground)


def bearable(ground: str) -> str:
    """``ground`` if it is pale enough, else the nearest paler shade of it that is."""
    shades = (_mix(ground, "#ffffff", step / 50) for step in range(51))
    return next(shade for shade in shades if bearing(shade) >= NEEDED)


def palette(accent: str) -> dict[str, str]:
    """The custom properties of ``tokens.css`` that follow the accent: itself, darker for links, pale as a ground."""
    return {
        "--accent": accent,
        "--accent-strong": _mix(accent, "#000000", 0.28),
        "--accent-tint": _mix(accent, GROUND, 0.9),
    }


def sheet(accent: str = "", ground: str = "", heading: str = "", confirm_heading: str = "") -> dict[str, str]:
    """The custom properties that follow from what a shop chose, ``""`` for nothing."""
    chosen = {"--sunken": ground, "--heading": heading, "--confirm-heading": confirm_heading}
    return (palette(accent) if accent else {}) | {name: value for name, value in chosen.items() if value}


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _mix(colour: str, other: str, share: float) -> str:
    """``colour`` with this share (0–1) of ``other`` in it."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
