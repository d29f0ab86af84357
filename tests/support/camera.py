"""What takes the pictures of ``docs/screens``."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import DESKTOP, PHONE

#: A page is cut off below this many pixels.
_TALLEST = 2600
_QUALITY = 45


@dataclass
class Camera:
    """Writes pictures and remembers which there are."""

    folder: Path
    taken: set[str] = field(default_factory=set)

    def shoot(self, page: Page, name: str, *, whole: bool = True) -> None:
        """One page at both widths; ``whole`` takes what is below the window as well."""
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.evaluate("() => Promise.allSettled(document.getAnimations().map(each => each.finished))")
            if whole:  # pictures further down are loaded when they come into sight
                page.evaluate("() => scrollTo(0, 0)")
                page.evaluate("() => document.querySelectorAll('img').forEach(each => { each.loading = 'eager'; })")
                page.wait_for_function("() => [...document.images].every(each => each.complete)")
            self._write(page, f"{name}-{size['width']}.webp", size, whole=whole)

    def _write(self, page: Page, file: str, size: ViewportSize, *, whole: bool) -> None:
        height = min(page.evaluate("() => document.documentElement.scrollHeight"), _TALLEST) if whole else size["height"]
        session = page.context.new_cdp_session(page)
        picture = session.send(
            "Page.captureScreenshot",
            {
                "format": "webp", "quality": _QUALITY, "captureBeyondViewport": whole,
                "clip": {"x": 0, "y": 0 if whole else page.evaluate("() => scrollY"), "width": size["width"], "height": height, "scale": 1},
            },
        )  # fmt: skip
        session.detach()
        (self.folder / file).write_bytes(base64.b64decode(picture["data"]))
        self.taken.add(file)

    def tidy(self) -> None:
        """Remove the pictures of pages that are gone."""
        for old in self.folder.glob("*.webp"):
            if old.name not in self.taken:
                old.unlink()
