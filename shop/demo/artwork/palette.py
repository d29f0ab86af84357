"""A dozen colours and the ways to lean one towards another.

Every tone in the pictures is one of these or a mixture, which keeps four families of goods in one hand.
"""

from __future__ import annotations

SNOW = "#fffaf0"
PAPER = "#f7f2e7"
RAW = "#e2d3b6"
ASH = "#a39c8e"
SUMI = "#322c28"
MOSS = "#566440"
MATCHA = "#93a052"
INDIGO = "#324a66"
PERSIMMON = "#cf7440"
AZUKI = "#70363a"
CAMELLIA = "#d0453c"
AMBER = "#a8733b"
GOLD = "#efc15a"


def mix(colour: str, towards: str, share: float) -> str:
    """The colour moved by ``share`` (0–1) towards another one."""
    pairs = ((int(colour[i : i + 2], 16), int(towards[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def light(colour: str, share: float) -> str:
    """The colour where the window light falls: towards warm paper, never towards blue-white."""
    return mix(colour, PAPER, share)


def deep(colour: str, share: float) -> str:
    """The colour in its own shade: towards warm ink, never towards black."""
    return mix(colour, SUMI, share)
