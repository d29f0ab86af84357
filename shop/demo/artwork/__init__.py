"""The shop's pictures, drawn by code: every product, the wide scenes and the mark.

Drawn instead of shipped, so that the whole demo shop is ours, in one hand, and reviewable as text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shop.demo.artwork import (
    cloth,
    dry_sweets,
    sashiko,
    scenes,
    sweets,
    tea,
    tearoom,
    vessels,
)
from shop.demo.artwork.palette import ASH, INDIGO, MATCHA, PERSIMMON
from shop.demo.artwork.sheet import Sheet

_Drawing = Callable[[Sheet], None]

_PRODUCTS: dict[str, tuple[str, _Drawing]] = {
    "sencha-canister": (MATCHA, tea.sencha_canister),
    "hojicha-pouch": (MATCHA, tea.hojicha_pouch),
    "genmaicha-dish": (MATCHA, tea.genmaicha_dish),
    "black-tea-bags": (MATCHA, tea.black_tea_bags),
    "matcha-tin": (MATCHA, tea.matcha_tin),
    "tea-gift-box": (MATCHA, tea.tea_gift_box),
    "kyusu": (ASH, vessels.kyusu),
    "tetsubin": (ASH, vessels.tetsubin),
    "rice-bowl": (ASH, vessels.rice_bowl),
    "brushed-plate": (ASH, vessels.brushed_plate),
    "striped-cup": (ASH, vessels.striped_cup),
    "sake-flask": (ASH, vessels.sake_flask),
    "bud-vase": (ASH, vessels.bud_vase),
    "tea-whisk": (ASH, tearoom.tea_whisk),
    "shino-bowl": (ASH, tearoom.shino_bowl),
    "furoshiki": (INDIGO, cloth.furoshiki),
    "tenugui-waves": (INDIGO, cloth.tenugui_waves),
    "tenugui-hemp": (INDIGO, cloth.tenugui_hemp),
    "noren": (INDIGO, cloth.noren),
    "apron": (INDIGO, cloth.apron),
    "sashiko-coasters": (INDIGO, sashiko.sashiko_coasters),
    "yokan": (PERSIMMON, sweets.yokan),
    "monaka": (PERSIMMON, sweets.monaka),
    "dorayaki": (PERSIMMON, sweets.dorayaki),
    "konpeito-jar": (PERSIMMON, dry_sweets.konpeito_jar),
    "senbei": (PERSIMMON, dry_sweets.senbei),
    "chestnut-manju": (PERSIMMON, sweets.chestnut_manju),
    "dried-persimmon": (PERSIMMON, dry_sweets.dried_persimmon),
}

PRODUCT_KEYS = tuple(_PRODUCTS)
SCENE_NAMES = tuple(scenes.SCENES)


def draw(key: str) -> str:
    """The picture of one product as SVG."""
    tint, drawing = _PRODUCTS[key]
    sheet = Sheet(key, 800, 800)
    sheet.ground(tint, (520, 300), 240, 520)
    drawing(sheet)
    return sheet.svg()


def scene(name: str) -> str:
    """A wide picture as SVG: ``early-winter`` for the front page, a category's code for its banner."""
    width, height, drawing = scenes.SCENES[name]
    sheet = Sheet(f"scene-{name}", width, height)
    drawing(sheet)
    return sheet.svg()


def mark() -> str:
    """The shop's mark as SVG."""
    sheet = Sheet("mark", 64, 64)
    scenes.mark(sheet)
    return sheet.svg()


def write_all(folder: Path) -> list[Path]:
    """Write every picture into a folder; running it again writes the same bytes."""
    pictures = {key: draw(key) for key in PRODUCT_KEYS}
    pictures |= {f"scene-{name}": scene(name) for name in SCENE_NAMES}
    pictures["mark"] = mark()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, svg in pictures.items():
        path = folder / f"{name}.svg"
        path.write_text(svg, encoding="utf-8", newline="\n")
        written.append(path)
    return written
